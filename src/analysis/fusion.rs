//! From features to probabilities: three small logistic models with readable weights.
//!
//! 1. *Relevance*: does this sentence concern this theme?
//! 2. *Sentence stance*: if it does, is it for, against, conditional, or none of them?
//! 3. *Stance*: what do all sentences together make of the theme? Six classes.
//!
//! Each is a linear model over named features, fitted by `models/training/fuse.py` on
//! consultations that the encoder was not trained on, so that its probabilities are calibrated.
//! The weights are in `models/embedded/fusion.json`.

use super::features::PairFeatures;
use crate::codebook::Stance;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use thiserror::Error;

const EMBEDDED: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/models/embedded/fusion.json"
));

/// The weights do not fit this program.
#[derive(Debug, Error)]
#[error("the fusion weights cannot be used: {0}")]
pub struct FusionError(String);

/// One linear model: a score for each class from named features.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Linear {
    /// Names of the features, in the order of each row of `weights`.
    features: Vec<String>,
    /// One row for each class.
    weights: Vec<Vec<f32>>,
    /// One for each class.
    bias: Vec<f32>,
}

impl Linear {
    fn scores(&self, values: &[f32]) -> Vec<f32> {
        self.weights
            .iter()
            .zip(&self.bias)
            .map(|(row, bias)| bias + row.iter().zip(values).map(|(w, x)| w * x).sum::<f32>())
            .collect()
    }

    fn check(&self, name: &str, classes: usize, features: &[&str]) -> Result<(), FusionError> {
        if self.features != features {
            return Err(FusionError(format!(
                "`{name}` is for the features {:?}, the program computes {features:?}",
                self.features
            )));
        }
        let fits = self.weights.len() == classes
            && self.bias.len() == classes
            && self.weights.iter().all(|row| row.len() == features.len());
        if !fits {
            return Err(FusionError(format!(
                "`{name}` must have {classes} rows of {} weights",
                features.len()
            )));
        }
        Ok(())
    }
}

/// The learned weights that make one judgement of encoder and lexicon.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fusion {
    /// How the weights came about; for the reader of the file.
    #[serde(rename = "about")]
    _about: String,
    relevance: Linear,
    sentence_stance: Linear,
    stance: Linear,
    /// A finding whose score is below this is marked for review.
    review_threshold: f32,
    #[serde(skip)]
    sha256: String,
}

/// What a sentence says of a theme, as probabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct PairJudgement {
    pub relevance: f32,
    /// Given that the sentence concerns the theme; the four add up to one.
    pub supporting: f32,
    pub opposing: f32,
    pub conditional: f32,
    pub neutral: f32,
}

impl PairJudgement {
    /// How much the sentence says about the respondent's position on the theme, 0 to 1.
    pub fn weight(&self) -> f32 {
        self.relevance * (1.0 - self.neutral)
    }
}

/// A theme's sentences, added up. The features of the third model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct StanceFeatures {
    pub top_relevance: f32,
    pub relevant: f32,
    pub top_for: f32,
    pub top_against: f32,
    pub top_conditional: f32,
    pub sum_for: f32,
    pub sum_against: f32,
    pub sum_conditional: f32,
    pub share_against: f32,
    pub share_conditional: f32,
}

impl StanceFeatures {
    /// Adds up the judgements of all sentences on one theme.
    pub fn of(judgements: &[PairJudgement]) -> Self {
        let mut sum = Self::default();
        for judgement in judgements {
            let PairJudgement {
                relevance,
                supporting,
                opposing,
                conditional,
                ..
            } = *judgement;
            sum.top_relevance = sum.top_relevance.max(relevance);
            sum.relevant += relevance;
            sum.top_for = sum.top_for.max(relevance * supporting);
            sum.top_against = sum.top_against.max(relevance * opposing);
            sum.top_conditional = sum.top_conditional.max(relevance * conditional);
            sum.sum_for += relevance * supporting;
            sum.sum_against += relevance * opposing;
            sum.sum_conditional += relevance * conditional;
        }
        let position = sum.sum_for + sum.sum_against + sum.sum_conditional + 0.1;
        sum.share_against = sum.sum_against / position;
        sum.share_conditional = sum.sum_conditional / position;
        // Ten sentences say little more than three.
        for total in [
            &mut sum.relevant,
            &mut sum.sum_for,
            &mut sum.sum_against,
            &mut sum.sum_conditional,
        ] {
            *total = total.ln_1p();
        }
        sum
    }

    /// The values with their names, in a fixed order.
    pub fn named(&self) -> [(&'static str, f32); 10] {
        [
            ("top_relevance", self.top_relevance),
            ("relevant", self.relevant),
            ("top_for", self.top_for),
            ("top_against", self.top_against),
            ("top_conditional", self.top_conditional),
            ("sum_for", self.sum_for),
            ("sum_against", self.sum_against),
            ("sum_conditional", self.sum_conditional),
            ("share_against", self.share_against),
            ("share_conditional", self.share_conditional),
        ]
    }
}

impl Fusion {
    /// The weights that the program carries.
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).expect("the embedded weights are read by a test")
    }

    /// Reads the text of a weight file.
    ///
    /// # Errors
    /// It is not JSON of the right shape, or for other features than the program computes.
    pub fn parse(source: &str) -> Result<Self, FusionError> {
        let mut fusion: Fusion =
            serde_json::from_str(source).map_err(|error| FusionError(error.to_string()))?;
        let pair = names(&PairFeatures::default().named());
        fusion.relevance.check("relevance", 1, &pair)?;
        fusion.sentence_stance.check("sentence_stance", 4, &pair)?;
        let stance = names(&StanceFeatures::default().named());
        fusion.stance.check("stance", Stance::ALL.len(), &stance)?;
        fusion.sha256 = crate::hash::sha256(source.as_bytes());
        Ok(fusion)
    }

    /// SHA-256 of the weight file.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    pub fn review_threshold(&self) -> f32 {
        self.review_threshold
    }

    /// What a sentence says of a theme.
    pub fn pair(&self, features: &PairFeatures) -> PairJudgement {
        let values = values(&features.named());
        let relevance = 1.0 / (1.0 + (-self.relevance.scores(&values)[0]).exp());
        let stance = softmax(&self.sentence_stance.scores(&values));
        PairJudgement {
            relevance,
            supporting: stance[0],
            opposing: stance[1],
            conditional: stance[2],
            neutral: stance[3],
        }
    }

    /// The probability of each stance, in the order of [`Stance::ALL`].
    pub fn stance(&self, features: &StanceFeatures) -> [f32; 6] {
        let probabilities = softmax(&self.stance.scores(&values(&features.named())));
        std::array::from_fn(|index| probabilities[index])
    }
}

fn names(named: &[(&'static str, f32)]) -> Vec<&'static str> {
    named.iter().map(|(name, _)| *name).collect()
}

fn values(named: &[(&'static str, f32)]) -> Vec<f32> {
    named.iter().map(|(_, value)| *value).collect()
}

fn softmax(scores: &[f32]) -> Vec<f32> {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = scores.iter().map(|score| (score - highest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// The names of all features, for the script that fits the weights.
pub fn feature_names() -> BTreeMap<&'static str, Vec<&'static str>> {
    BTreeMap::from([
        ("pair", names(&PairFeatures::default().named())),
        ("stance", names(&StanceFeatures::default().named())),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_weights_fit_the_program() {
        let fusion = Fusion::embedded();
        assert!((0.0..1.0).contains(&fusion.review_threshold()));
        let judgement = fusion.pair(&PairFeatures::default());
        let sum =
            judgement.supporting + judgement.opposing + judgement.conditional + judgement.neutral;
        assert!((sum - 1.0).abs() < 1e-5);
    }

    #[test]
    fn weights_for_other_features_are_refused() {
        let renamed = EMBEDDED.replacen("\"heading_overlap\"", "\"title_overlap\"", 1);
        assert!(
            Fusion::parse(&renamed)
                .unwrap_err()
                .to_string()
                .contains("title_overlap")
        );
    }

    #[test]
    fn nothing_said_is_not_addressed() {
        let features = StanceFeatures::of(&[PairJudgement::default(); 5]);
        let probabilities = Fusion::embedded().stance(&features);
        let best = (0..6)
            .max_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b]))
            .unwrap();
        assert_eq!(Stance::ALL[best], Stance::NotAddressed);
    }
}
