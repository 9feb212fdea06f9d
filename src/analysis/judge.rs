//! The judge: a response in, an [`Analysis`] out.

use super::features::{ResponseFeatures, Themes};
use super::finding::{Analysis, Evidence, Finding, Flag};
use super::fusion::{Fusion, PairJudgement, StanceFeatures};
use super::lexicon::Lexicon;
use super::{summary, whole};
use crate::codebook::{Codebook, Stance};
use crate::corpus::Response;
use crate::inference::{Encoder, InferenceError};

/// Most sentences given as evidence for one stance.
const MOST_EVIDENCE: usize = 6;

/// A sentence below this relevance is no evidence unless there is nothing better.
const EVIDENT: f32 = 0.5;

/// A part of the judge has an opinion when its two sides differ by more than this.
const OPINION: f32 = 0.35;

/// Encoder, lexicon and the weights that make one judgement of the two.
pub struct Judge {
    encoder: Encoder,
    lexicon: Lexicon,
    fusion: Fusion,
}

impl Judge {
    pub fn new(encoder: Encoder, lexicon: Lexicon, fusion: Fusion) -> Self {
        Self {
            encoder,
            lexicon,
            fusion,
        }
    }

    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    pub fn fusion(&self) -> &Fusion {
        &self.fusion
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
        ResponseFeatures::of(response, themes, &self.encoder, &self.lexicon)
    }

    /// Judges a response.
    pub fn analyse(
        &self,
        response: &Response,
        themes: &Themes,
    ) -> Result<Analysis, InferenceError> {
        let codebook = themes.codebook;
        if response.sentences.is_empty() {
            return Ok(silent(codebook));
        }
        let features = self.features(response, themes)?;
        let judgements: Vec<Vec<PairJudgement>> = features
            .pairs
            .iter()
            .map(|pairs| pairs.iter().map(|pair| self.fusion.pair(pair)).collect())
            .collect();
        let abstains = whole::abstains(response, &features.cues);
        let stances: Vec<Finding> = codebook
            .themes
            .iter()
            .enumerate()
            .map(|(index, theme)| {
                let finding = self.finding(response, &features, &judgements[index], index);
                Finding {
                    theme: theme.id.clone(),
                    ..finding
                }
            })
            .collect();
        let stances = if abstains {
            stances.into_iter().map(withdraw).collect()
        } else {
            stances
        };
        let overall = whole::overall(response, &features.cues, &stances, abstains);
        let summary = summary::extract(response, &features.salience, &judgements);
        let mut flags = Vec::new();
        let answers_another = response
            .metadata
            .consultation
            .as_ref()
            .is_some_and(|found| found.value != codebook.consultation);
        if answers_another {
            flags.push(Flag::OtherConsultation);
        }
        Ok(Analysis {
            abstains,
            overall,
            summary,
            stances,
            flags,
        })
    }

    /// The stance on one theme. The caller fills in the theme's id.
    fn finding(
        &self,
        response: &Response,
        features: &ResponseFeatures,
        judgements: &[PairJudgement],
        theme: usize,
    ) -> Finding {
        let probabilities = self.fusion.stance(&StanceFeatures::of(judgements));
        let best = (0..probabilities.len())
            .max_by(|&a, &b| {
                probabilities[a]
                    .total_cmp(&probabilities[b])
                    .then(b.cmp(&a))
            })
            .unwrap_or(0);
        let stance = Stance::ALL[best];
        let score = probabilities[best];
        let cited = cited(stance, judgements);
        let mut flags = Vec::new();
        if score < self.fusion.review_threshold() {
            flags.push(Flag::LowScore);
        }
        if parts_disagree(features, judgements, theme) {
            flags.push(Flag::ModelsDisagree);
        }
        if !cited.is_empty() && cited.iter().all(|&index| features.cues[index].reported) {
            flags.push(Flag::ReportedView);
        }
        if contradicts(stance, judgements) {
            flags.push(Flag::ConflictingEvidence);
        }
        Finding {
            theme: String::new(),
            stance,
            score: f64::from((score * 1000.0).round()) / 1000.0,
            evidence: cited
                .into_iter()
                .map(|index| Evidence::cite(&response.sentences[index], &response.text))
                .collect(),
            flags,
        }
    }
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
                flags: Vec::new(),
            })
            .collect(),
        flags: vec![Flag::NoSentences],
    }
}

/// A respondent that declines to answer has no stance on any theme.
fn withdraw(finding: Finding) -> Finding {
    Finding {
        stance: Stance::NotAddressed,
        evidence: Vec::new(),
        flags: Vec::new(),
        ..finding
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
        encoder += judgement.relevance * (pair.encoder_for.exp() - pair.encoder_against.exp());
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
