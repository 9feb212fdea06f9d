//! From features to probabilities: five small logistic models with readable weights.
//!
//! 1. *Relevance*: does this sentence concern this theme?
//! 2. *Sentence stance*: if it does, is it for, against, conditional, or none of them?
//! 3. *Stance*: what do all sentences together make of the theme? Six classes.
//! 4. *Salience*: does this sentence belong in a summary?
//! 5. *Topic stance*: is a sentence by itself an argument for or against a topic, or none?
//!
//! Each is a linear model over named features, fitted by `models/training/fuse.py` on
//! consultations that the encoder was not trained on, so that its probabilities are calibrated.
//! The weights are in `models/embedded/fusion.json`.
//!
//! Exponentials and logarithms are those of the crate `libm`, here and in `features` and `topic`:
//! the system's differ in the last digit from one processor to the next.

use super::features::{PairFeatures, SalienceFeatures};
use crate::codebook::Stance;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use thiserror::Error;

const EMBEDDED: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/models/embedded/fusion.json"
));

/// The same weights fitted for each part of the judge alone.
const PARTS: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/models/embedded/parts.json"
));

/// One of the three whose opinions the judge joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    Encoder,
    Lexicon,
    Ngrams,
}

impl Part {
    pub const ALL: [Part; 3] = [Part::Encoder, Part::Lexicon, Part::Ngrams];

    /// As it is written in every file.
    pub fn key(self) -> &'static str {
        match self {
            Part::Encoder => "encoder",
            Part::Lexicon => "lexicon",
            Part::Ngrams => "ngrams",
        }
    }
}

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

/// The learned weights that make one judgement of encoder, n-grams and lexicon.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fusion {
    /// How the weights came about; for the reader of the file.
    #[serde(rename = "about")]
    _about: String,
    relevance: Linear,
    sentence_stance: Linear,
    stance: Linear,
    salience: Linear,
    topic_stance: Linear,
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

/// A theme's sentences, added up. The features of the third model. Numbers and sums are
/// logarithms of one plus the value: ten sentences say little more than three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct StanceFeatures {
    pub top_relevance: f32,
    /// How many sentences concern the theme, by the sum of their probabilities.
    pub relevant: f32,
    /// How many sentences the response has.
    pub sentences: f32,
    pub top_for: f32,
    pub top_against: f32,
    pub top_conditional: f32,
    pub sum_for: f32,
    pub sum_against: f32,
    pub sum_conditional: f32,
    pub sum_neutral: f32,
    pub share_for: f32,
    pub share_against: f32,
    pub share_conditional: f32,
    /// The best match of the theme with a heading that has sentences.
    pub heading: f32,
    /// The lexicon's clearest word on a relevant sentence.
    pub clear_for: f32,
    pub clear_against: f32,
    pub clear_conditional: f32,
}

impl StanceFeatures {
    /// Adds up all sentences on one theme.
    pub fn of(pairs: &[PairFeatures], judgements: &[PairJudgement]) -> Self {
        let mut sum = Self::default();
        for (pair, judgement) in pairs.iter().zip(judgements) {
            let PairJudgement {
                relevance,
                supporting,
                opposing,
                conditional,
                neutral,
            } = *judgement;
            let raise = |highest: &mut f32, value: f32| *highest = highest.max(value);
            raise(&mut sum.top_relevance, relevance);
            raise(&mut sum.top_for, relevance * supporting);
            raise(&mut sum.top_against, relevance * opposing);
            raise(&mut sum.top_conditional, relevance * conditional);
            raise(&mut sum.heading, pair.heading_overlap);
            raise(&mut sum.clear_for, relevance * pair.lexicon_for);
            raise(&mut sum.clear_against, relevance * pair.lexicon_against);
            raise(
                &mut sum.clear_conditional,
                relevance * pair.lexicon_conditional,
            );
            sum.relevant += relevance;
            sum.sum_for += relevance * supporting;
            sum.sum_against += relevance * opposing;
            sum.sum_conditional += relevance * conditional;
            sum.sum_neutral += relevance * neutral;
        }
        let position = sum.sum_for + sum.sum_against + sum.sum_conditional + 0.1;
        sum.share_for = sum.sum_for / position;
        sum.share_against = sum.sum_against / position;
        sum.share_conditional = sum.sum_conditional / position;
        sum.sentences = judgements.len() as f32;
        for total in [
            &mut sum.relevant,
            &mut sum.sentences,
            &mut sum.sum_for,
            &mut sum.sum_against,
            &mut sum.sum_conditional,
            &mut sum.sum_neutral,
        ] {
            *total = libm::log1pf(*total);
        }
        sum
    }

    /// The values with their names, in a fixed order.
    pub fn named(&self) -> [(&'static str, f32); 17] {
        [
            ("top_relevance", self.top_relevance),
            ("relevant", self.relevant),
            ("sentences", self.sentences),
            ("top_for", self.top_for),
            ("top_against", self.top_against),
            ("top_conditional", self.top_conditional),
            ("sum_for", self.sum_for),
            ("sum_against", self.sum_against),
            ("sum_conditional", self.sum_conditional),
            ("sum_neutral", self.sum_neutral),
            ("share_for", self.share_for),
            ("share_against", self.share_against),
            ("share_conditional", self.share_conditional),
            ("heading", self.heading),
            ("clear_for", self.clear_for),
            ("clear_against", self.clear_against),
            ("clear_conditional", self.clear_conditional),
        ]
    }
}

impl Fusion {
    /// The weights that the program carries.
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).expect("the embedded weights are read by a test")
    }

    /// Weights with which each part of the judge judges by itself.
    pub fn parts() -> BTreeMap<Part, Self> {
        let parts: BTreeMap<Part, Self> =
            serde_json::from_str(PARTS).expect("the embedded weights are read by a test");
        for fusion in parts.values() {
            fusion
                .check()
                .expect("the embedded weights are read by a test");
        }
        parts
    }

    /// SHA-256 of the file that [`Fusion::parts`] reads.
    pub fn parts_sha256() -> String {
        crate::hash::sha256(PARTS.as_bytes())
    }

    /// Reads the text of a weight file.
    ///
    /// # Errors
    /// It is not JSON of the right shape, or for other features than the program computes.
    pub fn parse(source: &str) -> Result<Self, FusionError> {
        let mut fusion: Fusion =
            serde_json::from_str(source).map_err(|error| FusionError(error.to_string()))?;
        fusion.check()?;
        fusion.sha256 = crate::hash::sha256(source.as_bytes());
        Ok(fusion)
    }

    /// The weights are for the features that the program computes.
    fn check(&self) -> Result<(), FusionError> {
        let pair = names(&PairFeatures::default().named());
        self.relevance.check("relevance", 1, &pair)?;
        self.sentence_stance.check("sentence_stance", 4, &pair)?;
        let stance = names(&StanceFeatures::default().named());
        self.stance.check("stance", Stance::ALL.len(), &stance)?;
        let salience = names(&SalienceFeatures::default().named());
        self.salience.check("salience", 1, &salience)?;
        self.topic_stance.check("topic_stance", 3, &pair)
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
        let values = values(features.named());
        let relevance = logistic(self.relevance.scores(&values)[0]);
        let stance = softmax(&self.sentence_stance.scores(&values));
        PairJudgement {
            relevance,
            supporting: stance[0],
            opposing: stance[1],
            conditional: stance[2],
            neutral: stance[3],
        }
    }

    /// The probability that a sentence belongs in a summary.
    pub fn salience(&self, features: &SalienceFeatures) -> f32 {
        logistic(self.salience.scores(&values(features.named()))[0])
    }

    /// The probabilities that a sentence by itself argues for a topic, against it, or not at all.
    pub fn topic_stance(&self, features: &PairFeatures) -> [f32; 3] {
        let probabilities = softmax(&self.topic_stance.scores(&values(features.named())));
        std::array::from_fn(|index| probabilities[index])
    }

    /// The probability of each stance, in the order of [`Stance::ALL`].
    pub fn stance(&self, features: &StanceFeatures) -> [f32; 6] {
        let probabilities = softmax(&self.stance.scores(&values(features.named())));
        std::array::from_fn(|index| probabilities[index])
    }
}

/// The place of the largest probability; of equal ones the first.
pub fn likeliest(probabilities: &[f32]) -> usize {
    (0..probabilities.len())
        .max_by(|&a, &b| {
            probabilities[a]
                .total_cmp(&probabilities[b])
                .then(b.cmp(&a))
        })
        .unwrap_or(0)
}

fn names(named: &[(&'static str, f32)]) -> Vec<&'static str> {
    named.iter().map(|(name, _)| *name).collect()
}

fn values<const N: usize>(named: [(&'static str, f32); N]) -> [f32; N] {
    named.map(|(_, value)| value)
}

fn logistic(score: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-score))
}

fn softmax(scores: &[f32]) -> Vec<f32> {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = scores
        .iter()
        .map(|score| libm::expf(score - highest))
        .collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
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
    fn every_part_has_weights_of_its_own() {
        let parts: Vec<Part> = Fusion::parts().into_keys().collect();
        assert_eq!(parts, Part::ALL);
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
        let features = StanceFeatures::of(
            &[PairFeatures::default(); 5],
            &[PairJudgement::default(); 5],
        );
        let probabilities = Fusion::embedded().stance(&features);
        assert_eq!(Stance::ALL[likeliest(&probabilities)], Stance::NotAddressed);
    }
}
