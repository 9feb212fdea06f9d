//! Whole responses with gold stances, evidence and salient sentences.

use super::labelled::{Consultation, SentenceLabel, WrittenResponse, WrittenSentence};
use super::measures::{Confusion, Found, Scored, rouge_l, rouge_n};
use super::summaries;
use crate::analysis::fusion::{Fusion, Part, likeliest};
use crate::analysis::{Analysis, Flag, Judge, ResponseFeatures, abstains, conclude};
use crate::codebook::Stance;
use crate::corpus::Response;
use crate::inference::InferenceError;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Judge,
    /// One part of the judge with weights of its own.
    Part(Part),
    /// The commonest labels.
    Majority,
    FirstSentences,
    TextRank,
}

/// What is counted of one system in one consultation.
#[derive(Clone)]
pub(super) struct Count {
    /// Stances of responses on themes, in the order of [`Stance::ALL`].
    pub(super) stances: Confusion,
    pub(super) scored: Vec<Scored>,
    /// Findings above the review threshold.
    pub(super) above: Found,
    pub(super) evidence: Found,
    /// Labelled sentence–theme pairs: for, against, conditional, none.
    pub(super) sentences: Confusion,
    pub(super) summaries: Found,
    /// Sums over responses, and their number.
    pub(super) rouge: [f64; 3],
    pub(super) responses: f64,
}

impl Count {
    fn new() -> Self {
        Self {
            stances: Confusion::new(Stance::ALL.len()),
            scored: Vec::new(),
            above: Found::default(),
            evidence: Found::default(),
            sentences: Confusion::new(4),
            summaries: Found::default(),
            rouge: [0.0; 3],
            responses: 0.0,
        }
    }

    fn add(&mut self, other: &Self) {
        self.stances += &other.stances;
        self.scored.extend(&other.scored);
        self.above += &other.above;
        self.evidence += &other.evidence;
        self.sentences += &other.sentences;
        self.summaries += &other.summaries;
        for (sum, value) in self.rouge.iter_mut().zip(other.rouge) {
            *sum += value;
        }
        self.responses += other.responses;
    }

    pub(super) fn total(counts: &[&Count]) -> Count {
        let mut total = Count::new();
        for count in counts {
            total.add(count);
        }
        total
    }
}

/// One system's counts, consultation by consultation.
pub(super) struct System {
    pub(super) kind: Kind,
    pub(super) counts: Vec<Count>,
}

/// The figures of the judge, its parts and the baselines.
pub struct ResponseFigures {
    pub(super) consultations: usize,
    pub(super) responses: usize,
    pub(super) findings: usize,
    pub(super) pairs: usize,
    pub(super) systems: Vec<System>,
}

/// Measures the judge on labelled consultations. `tell` hears of each response that is done.
///
/// # Errors
/// The encoder failed.
pub fn measure_responses(
    judge: &Judge,
    consultations: &[&Consultation],
    mut tell: impl FnMut(),
) -> Result<ResponseFigures, InferenceError> {
    let mut kinds = vec![Kind::Judge];
    kinds.extend(Part::ALL.map(Kind::Part));
    kinds.extend([Kind::Majority, Kind::FirstSentences, Kind::TextRank]);
    let mut systems: Vec<System> = kinds
        .into_iter()
        .map(|kind| System {
            kind,
            counts: Vec::new(),
        })
        .collect();
    let majority = Majority::of(consultations);
    let mut responses = 0;
    for consultation in consultations {
        let codebook = consultation.codebook();
        let themes = judge.prepare(&codebook)?;
        for system in &mut systems {
            system.counts.push(Count::new());
        }
        for written in &consultation.responses {
            let (response, kept) = written.response();
            if response.sentences.is_empty() {
                continue;
            }
            responses += 1;
            let features = judge.features(&response, &themes)?;
            let gold = Gold {
                consultation,
                written,
                response: &response,
                kept: &kept,
            };
            let abstains = abstains(&response, &features.cues);
            let texts: Vec<&str> = response.sentences.iter().map(|s| s.text.as_str()).collect();
            // The baselines of the summary may choose as many sentences as the judge did.
            let mut room = 0;
            for system in &mut systems {
                let count = system.counts.last_mut().expect("pushed above");
                // The rule of abstention reads the lexicon's cues.
                let (fusion, reads_cues) = match system.kind {
                    Kind::Judge => (judge.fusion(), true),
                    Kind::Part(part) => (judge.part(part), part == Part::Lexicon),
                    Kind::Majority => {
                        gold.count_constant(count, majority);
                        continue;
                    }
                    Kind::FirstSentences => {
                        gold.count_summary(count, &summaries::first(&texts, room));
                        continue;
                    }
                    Kind::TextRank => {
                        gold.count_summary(count, &summaries::text_rank(&texts, room));
                        continue;
                    }
                };
                let withdraws = abstains && reads_cues;
                let analysis = conclude(fusion, &response, &codebook, &features, withdraws);
                gold.count_stances(count, &analysis);
                gold.count_sentences(count, fusion, &features, &analysis);
                let chosen: Vec<usize> = analysis
                    .summary
                    .iter()
                    .flat_map(|point| &point.evidence)
                    .map(|evidence| evidence.sentence - 1)
                    .collect();
                if system.kind == Kind::Judge {
                    room = chosen.len();
                }
                gold.count_summary(count, &chosen);
            }
            tell();
        }
    }
    let total = Count::total(&systems[0].counts.iter().collect::<Vec<_>>());
    Ok(ResponseFigures {
        consultations: consultations.len(),
        responses,
        findings: total.scored.len(),
        pairs: total.sentences.total() as usize,
        systems,
    })
}

/// The commonest gold labels: the best that a constant answer can do.
#[derive(Clone, Copy)]
struct Majority {
    stance: usize,
    sentence: usize,
}

impl Majority {
    fn of(consultations: &[&Consultation]) -> Self {
        let mut stances = [0; Stance::ALL.len()];
        let mut sentences = [0; 4];
        for consultation in consultations {
            for response in &consultation.responses {
                for gold in gold_stances(consultation, response) {
                    stances[gold] += 1;
                }
                let labels = response.sentences.iter().flat_map(|s| s.labels.values());
                for class in labels.filter_map(|&label| class(label)) {
                    sentences[class] += 1;
                }
            }
        }
        let commonest = |counts: &[usize]| (0..counts.len()).max_by_key(|&i| counts[i]);
        Self {
            stance: commonest(&stances).unwrap_or(0),
            sentence: commonest(&sentences).unwrap_or(0),
        }
    }
}

/// The stances of a response on the themes, as places in [`Stance::ALL`].
fn gold_stances(consultation: &Consultation, response: &WrittenResponse) -> Vec<usize> {
    let themes = consultation.themes.iter();
    themes
        .filter_map(|theme| response.stance(&theme.id))
        .map(Stance::place)
        .collect()
}

/// A response with its labels.
struct Gold<'a> {
    consultation: &'a Consultation,
    written: &'a WrittenResponse,
    response: &'a Response,
    /// The labelled sentences, in the order of the response's.
    kept: &'a [&'a WrittenSentence],
}

impl Gold<'_> {
    fn count_stances(&self, count: &mut Count, analysis: &Analysis) {
        for finding in &analysis.stances {
            let Some(gold) = self.written.stance(&finding.theme) else {
                continue;
            };
            let right = gold == finding.stance;
            count.stances.add(gold.place(), finding.stance.place());
            count.scored.push((finding.score, right));
            if !finding.flags.contains(&Flag::LowScore) {
                count.above.right += f64::from(u8::from(right));
                count.above.wrong += f64::from(u8::from(!right));
            }
        }
    }

    fn count_constant(&self, count: &mut Count, majority: Majority) {
        for gold in gold_stances(self.consultation, self.written) {
            count.stances.add(gold, majority.stance);
            count.scored.push((1.0, gold == majority.stance));
        }
        for sentence in self.kept {
            for class in sentence.labels.values().filter_map(|&label| class(label)) {
                count.sentences.add(class, majority.sentence);
            }
        }
    }

    fn count_sentences(
        &self,
        count: &mut Count,
        fusion: &Fusion,
        features: &ResponseFeatures,
        analysis: &Analysis,
    ) {
        for (pairs, finding) in features.pairs.iter().zip(&analysis.stances) {
            let labels: Vec<Option<SentenceLabel>> = self
                .kept
                .iter()
                .map(|sentence| sentence.labels.get(&finding.theme).copied())
                .collect();
            for (pair, label) in pairs.iter().zip(&labels) {
                let Some(class) = label.and_then(class) else {
                    continue;
                };
                let judged = fusion.pair(pair);
                let sides = [
                    judged.supporting,
                    judged.opposing,
                    judged.conditional,
                    judged.neutral,
                ];
                count.sentences.add(class, likeliest(&sides));
            }
            if self.written.stance(&finding.theme).is_none() {
                continue;
            }
            let wanted = evidence(&labels);
            let cited: Vec<usize> = finding.evidence.iter().map(|e| e.sentence - 1).collect();
            // A disputed sentence is neither right nor wrong.
            let cited: Vec<usize> = cited
                .into_iter()
                .filter(|&index| labels[index] != Some(SentenceLabel::Disputed))
                .collect();
            count.evidence += &summaries::overlap(&cited, &wanted);
        }
    }

    fn count_summary(&self, count: &mut Count, chosen: &[usize]) {
        let salient: Vec<usize> = (0..self.kept.len())
            .filter(|&index| self.kept[index].salient)
            .collect();
        if salient.is_empty() {
            return;
        }
        count.summaries += &summaries::overlap(chosen, &salient);
        let text = |indices: &[usize]| {
            let texts = indices
                .iter()
                .map(|&i| self.response.sentences[i].text.as_str());
            texts.collect::<Vec<_>>().join(" ")
        };
        let (given, gold) = (text(chosen), text(&salient));
        count.rouge[0] += rouge_n(1, &given, &gold);
        count.rouge[1] += rouge_n(2, &given, &gold);
        count.rouge[2] += rouge_l(&given, &gold);
        count.responses += 1.0;
    }
}

/// The class of a label among for, against, conditional, none; somebody else's view is none.
fn class(label: SentenceLabel) -> Option<usize> {
    match label {
        SentenceLabel::For => Some(0),
        SentenceLabel::Against => Some(1),
        SentenceLabel::Conditional => Some(2),
        SentenceLabel::None | SentenceLabel::Reported => Some(3),
        SentenceLabel::Disputed => None,
    }
}

/// The sentences that a stance rests on: those that take a position, or, where none does, those
/// that concern the theme.
fn evidence(labels: &[Option<SentenceLabel>]) -> Vec<usize> {
    let among = |wanted: fn(SentenceLabel) -> bool| -> Vec<usize> {
        (0..labels.len())
            .filter(|&index| labels[index].is_some_and(wanted))
            .collect()
    };
    let positions = among(SentenceLabel::is_position);
    if positions.is_empty() {
        among(|label| label != SentenceLabel::Disputed)
    } else {
        positions
    }
}
