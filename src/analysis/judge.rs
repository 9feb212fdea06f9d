//! The judge: a response in, an [`Analysis`] out.

use super::features::{Cues, PairFeatures, ResponseFeatures, Themes};
use super::finding::{Analysis, Evidence, Finding, Flag};
use super::fusion::{self, Fusion, PairJudgement, Part, StanceFeatures};
use super::lexicon::Lexicon;
use super::ngrams::Ngrams;
use super::{summary, whole};
use crate::codebook::{Codebook, Stance};
use crate::corpus::Response;
use crate::inference::{Encoder, InferenceError};
use std::collections::BTreeMap;

/// Most sentences given as evidence for one stance.
const MOST_EVIDENCE: usize = 6;

/// A sentence below this relevance is no evidence unless there is nothing better.
const EVIDENT: f32 = 0.5;

/// A part of the judge has an opinion when its two sides differ by more than this.
const OPINION: f32 = 0.35;

/// Encoder, lexicon, n-grams, and the weights that make one judgement of the three.
pub struct Judge {
    encoder: Encoder,
    lexicon: Lexicon,
    ngrams: Ngrams,
    fusion: Fusion,
    /// Weights for each part by itself.
    parts: BTreeMap<Part, Fusion>,
}

impl Judge {
    /// A judge with the lexicon, n-grams and weights that the program carries.
    pub fn embedded(encoder: Encoder) -> Self {
        Self {
            encoder,
            lexicon: Lexicon::embedded(),
            ngrams: Ngrams::embedded(),
            fusion: Fusion::embedded(),
            parts: Fusion::parts(),
        }
    }

    /// The same judge with other n-gram weights.
    pub fn with_ngrams(self, ngrams: Ngrams) -> Self {
        Self { ngrams, ..self }
    }

    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    pub fn ngrams(&self) -> &Ngrams {
        &self.ngrams
    }

    pub fn fusion(&self) -> &Fusion {
        &self.fusion
    }

    /// The weights with which a part judges by itself.
    pub fn part(&self, part: Part) -> &Fusion {
        &self.parts[&part]
    }

    /// Computes once what every response is compared with.
    pub fn prepare<'a>(&self, codebook: &'a Codebook) -> Result<Themes<'a>, InferenceError> {
        Themes::prepare(codebook, &self.encoder, &self.lexicon)
    }

    /// Everything that is known of a response before it is judged.
    pub fn features(
        &self,
        response: &Response,
        themes: &Themes,
    ) -> Result<ResponseFeatures, InferenceError> {
        ResponseFeatures::of(response, themes, &self.encoder, &self.lexicon, &self.ngrams)
    }

    /// Says of each sentence by itself whether it argues for the first theme (0), against it (1),
    /// or not at all (2).
    pub fn topic_stances(
        &self,
        sentences: &[&str],
        themes: &Themes,
    ) -> Result<Vec<usize>, InferenceError> {
        let response = Response::of_sentences(sentences);
        let features = self.features(&response, themes)?;
        Ok(features.pairs[0]
            .iter()
            .map(|pair| fusion::likeliest(&self.fusion.topic_stance(pair)))
            .collect())
    }

    /// Judges a response.
    pub fn analyse(
        &self,
        response: &Response,
        themes: &Themes,
    ) -> Result<Analysis, InferenceError> {
        Ok(self.opinion(response, themes)?.analysis)
    }

    /// Judges a response, and says what the judgement is made of.
    pub fn opinion(&self, response: &Response, themes: &Themes) -> Result<Opinion, InferenceError> {
        if response.sentences.is_empty() {
            return Ok(Opinion {
                analysis: silent(themes.codebook),
                cues: Vec::new(),
                parts: Vec::new(),
            });
        }
        let features = self.features(response, themes)?;
        let abstains = whole::abstains(response, &features.cues);
        let analysis = conclude(&self.fusion, response, themes.codebook, &features, abstains);
        let alone = |fusion| {
            let stance = |pairs: &Vec<PairFeatures>| {
                likeliest(stance_of(fusion, pairs, &judged(fusion, pairs))).0
            };
            features.pairs.iter().map(stance).collect()
        };
        let mut opinion = Opinion {
            // Where the respondent abstains, it is the rule that speaks and no part.
            parts: match abstains {
                true => Vec::new(),
                false => (self.parts.iter())
                    .map(|(part, fusion)| (*part, alone(fusion)))
                    .collect(),
            },
            cues: features.cues,
            analysis,
        };
        for index in 0..opinion.analysis.stances.len() {
            let stance = opinion.analysis.stances[index].stance;
            opinion.analysis.stances[index].agreeing = opinion.agreeing(index, stance);
        }
        Ok(opinion)
    }
}

/// What the judge makes of a response, and what it saw in it.
pub struct Opinion {
    pub analysis: Analysis,
    /// What the lexicon says of each sentence.
    pub(super) cues: Vec<Cues>,
    /// What each part comes to by itself, theme by theme; empty where none was asked.
    parts: Vec<(Part, Vec<Stance>)>,
}

impl Opinion {
    /// The parts that come to this stance on a theme by themselves.
    pub(super) fn agreeing(&self, theme: usize, stance: Stance) -> Vec<Part> {
        let same = self.parts.iter().filter(|(_, own)| own[theme] == stance);
        same.map(|(part, _)| *part).collect()
    }
}

/// What the weights make of the features of a response that has sentences. A respondent that
/// `abstains` has no stance on any theme. Which parts agree is not asked.
pub fn conclude(
    fusion: &Fusion,
    response: &Response,
    codebook: &Codebook,
    features: &ResponseFeatures,
    abstains: bool,
) -> Analysis {
    let judgements: Vec<Vec<PairJudgement>> = features
        .pairs
        .iter()
        .map(|pairs| judged(fusion, pairs))
        .collect();
    let stances: Vec<Finding> = codebook
        .themes
        .iter()
        .enumerate()
        .map(|(index, theme)| {
            let pairs = &features.pairs[index];
            let probabilities = stance_of(fusion, pairs, &judgements[index]);
            // A respondent that abstains has no stance on any theme.
            let (stance, score) = if abstains {
                let place = Stance::NotAddressed.place();
                (Stance::NotAddressed, probabilities[place])
            } else {
                likeliest(probabilities)
            };
            let mut flags = Vec::new();
            if score < fusion.review_threshold() {
                flags.push(Flag::LowScore);
            }
            let cited = cited(stance, &judgements[index]);
            if !abstains {
                flags.extend(doubts(features, &judgements[index], index, stance, &cited));
            }
            Finding {
                theme: theme.id.clone(),
                stance,
                score: f64::from((score * 1000.0).round()) / 1000.0,
                evidence: cited
                    .into_iter()
                    .map(|index| Evidence::cite(&response.sentences[index], &response.text))
                    .collect(),
                agreeing: Vec::new(),
                second_opinion: None,
                flags,
            }
        })
        .collect();
    let overall = whole::overall(response, &features.cues, &stances, abstains);
    let salience: Vec<f32> = features
        .salience
        .iter()
        .map(|sentence| fusion.salience(sentence))
        .collect();
    let summary = summary::extract(response, &salience, &judgements);
    let mut flags = Vec::new();
    let answers_another = response
        .metadata
        .consultation
        .as_ref()
        .is_some_and(|found| found.value != codebook.consultation);
    if answers_another {
        flags.push(Flag::OtherConsultation);
    }
    Analysis {
        abstains,
        overall,
        summary,
        stances,
        flags,
    }
}

/// What `fusion` makes of each sentence on one theme.
fn judged(fusion: &Fusion, pairs: &[PairFeatures]) -> Vec<PairJudgement> {
    pairs.iter().map(|pair| fusion.pair(pair)).collect()
}

/// What `fusion` makes of all sentences together on one theme.
fn stance_of(fusion: &Fusion, pairs: &[PairFeatures], judgements: &[PairJudgement]) -> [f32; 6] {
    fusion.stance(&StanceFeatures::of(pairs, judgements))
}

/// The likeliest stance and its probability.
fn likeliest(probabilities: [f32; 6]) -> (Stance, f32) {
    let best = fusion::likeliest(&probabilities);
    (Stance::ALL[best], probabilities[best])
}

/// Why a person should look at a stance, besides its score.
fn doubts(
    features: &ResponseFeatures,
    judgements: &[PairJudgement],
    theme: usize,
    stance: Stance,
    cited: &[usize],
) -> Vec<Flag> {
    let mut flags = Vec::new();
    if parts_disagree(features, judgements, theme) {
        flags.push(Flag::ModelsDisagree);
    }
    if !cited.is_empty() && cited.iter().all(|&index| features.cues[index].reported) {
        flags.push(Flag::ReportedView);
    }
    if contradicts(stance, judgements) {
        flags.push(Flag::ConflictingEvidence);
    }
    flags
}

/// What is said of a response that has no sentences.
fn silent(codebook: &Codebook) -> Analysis {
    Analysis {
        abstains: false,
        overall: Stance::NoPosition,
        summary: Vec::new(),
        stances: codebook
            .themes
            .iter()
            .map(|theme| Finding {
                theme: theme.id.clone(),
                stance: Stance::NotAddressed,
                score: 1.0,
                evidence: Vec::new(),
                agreeing: Vec::new(),
                second_opinion: None,
                flags: Vec::new(),
            })
            .collect(),
        flags: vec![Flag::NoSentences],
    }
}

/// How well a sentence shows that a stance is the respondent's.
fn shows(stance: Stance, judgement: &PairJudgement) -> f32 {
    let side = match stance {
        Stance::Supports => judgement.supporting,
        Stance::SupportsWithReservations => judgement.supporting + judgement.conditional,
        Stance::Mixed => 1.0 - judgement.neutral,
        Stance::Opposes => judgement.opposing + 0.5 * judgement.conditional,
        Stance::NoPosition => 1.0,
        Stance::NotAddressed => 0.0,
    };
    judgement.relevance * side
}

/// Indices of the sentences that a stance rests on, in source order; at least one unless the
/// theme is not addressed.
fn cited(stance: Stance, judgements: &[PairJudgement]) -> Vec<usize> {
    if stance == Stance::NotAddressed {
        return Vec::new();
    }
    let mut ranked: Vec<(usize, f32)> = judgements
        .iter()
        .map(|judgement| shows(stance, judgement))
        .enumerate()
        .collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let evident = ranked
        .iter()
        .filter(|(index, shown)| judgements[*index].relevance >= EVIDENT && *shown >= EVIDENT / 2.0)
        .count();
    let mut cited: Vec<usize> = ranked
        .into_iter()
        .take(evident.clamp(1, MOST_EVIDENCE))
        .map(|(index, _)| index)
        .collect();
    cited.sort_unstable();
    cited
}

/// Lexicon alone and encoder alone each have an opinion, and the opinions are opposite.
fn parts_disagree(features: &ResponseFeatures, judgements: &[PairJudgement], theme: usize) -> bool {
    let (mut lexicon, mut encoder) = (0.0, 0.0);
    for (pair, judgement) in features.pairs[theme].iter().zip(judgements) {
        lexicon += judgement.relevance * (pair.lexicon_for - pair.lexicon_against);
        let own = libm::expf(pair.encoder_for) - libm::expf(pair.encoder_against);
        encoder += judgement.relevance * own;
    }
    lexicon * encoder < 0.0 && lexicon.abs() > OPINION && encoder.abs() > OPINION
}

/// A one-sided stance although a sentence speaks clearly for the other side.
fn contradicts(stance: Stance, judgements: &[PairJudgement]) -> bool {
    let clearly = |side: fn(&PairJudgement) -> f32| {
        judgements
            .iter()
            .any(|judgement| judgement.relevance * side(judgement) > EVIDENT)
    };
    match stance {
        Stance::Supports | Stance::SupportsWithReservations => clearly(|j| j.opposing),
        Stance::Opposes => clearly(|j| j.supporting),
        Stance::Mixed | Stance::NoPosition | Stance::NotAddressed => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::{DeviceChoice, ModelFiles, open_device};
    use std::path::Path;

    fn judge() -> Judge {
        let device = open_device(DeviceChoice::Cpu).unwrap();
        Judge::embedded(Encoder::load(&ModelFiles::embedded(), &device).unwrap())
    }

    #[test]
    fn a_finding_names_the_parts_that_come_to_it_by_themselves() {
        let codebook = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/themes.toml");
        let codebook = Codebook::read(&codebook).unwrap();
        let judge = judge();
        let themes = judge.prepare(&codebook).unwrap();
        let response = Response::of_sentences(&[
            "Kommunen tillstyrker förslaget om en AI-verkstad.",
            "Kommunen avstyrker förslaget om en regulatorisk sandlåda.",
            "Datadelning mellan myndigheter bör ske under förutsättning att integriteten skyddas.",
        ]);
        let features = judge.features(&response, &themes).unwrap();
        let analysis = judge.analyse(&response, &themes).unwrap();
        for part in Part::ALL {
            let alone = conclude(judge.part(part), &response, &codebook, &features, false);
            for (finding, alone) in analysis.stances.iter().zip(&alone.stances) {
                let named = finding.agreeing.contains(&part);
                assert_eq!(named, finding.stance == alone.stance, "{}", finding.theme);
            }
        }
        let abstains = Response::of_sentences(&["Kommunen avstår från att yttra sig."]);
        let analysis = judge.analyse(&abstains, &themes).unwrap();
        assert!(analysis.abstains);
        assert!(
            analysis
                .stances
                .iter()
                .all(|finding| finding.agreeing.is_empty())
        );
    }
}
