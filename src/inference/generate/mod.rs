//! A language model asked: prompts in, answers out.
//!
//! [`LanguageTokens`] keeps control and data apart, [`ChatTemplate`] speaks to a model as it was trained to be
//! spoken to, [`label_probabilities`] compares labels by the model's own probabilities, and [`Generator`]
//! writes answers for many prompts at the same time, each under a [`Grammar`].

mod grammar;
mod model;
mod probe;
mod sample;
mod score;
mod template;
mod tokens;
mod write;

pub use grammar::{Grammar, Grammars};
pub use model::LanguageModel;
pub use probe::{Likely, likeliest};
pub use sample::Sampling;
pub use score::{Choice, Chosen, Label, label_probabilities};
pub use template::{ChatTemplate, Marked};
pub use tokens::LanguageTokens;
pub use write::{Answer, End, Generator, Prompt};

use super::decoder::{Sequence, Step, Wanted};
use super::{Decoder, InferenceError};

/// Lets a sequence read tokens, at most `pass_tokens` at once: bounds the memory for a long text.
pub fn read_in_pieces(
    decoder: &Decoder,
    sequence: &mut Sequence,
    tokens: &[u32],
    pass_tokens: usize,
) -> Result<(), InferenceError> {
    for piece in tokens.chunks(pass_tokens) {
        decoder.forward(&mut [Step {
            sequence,
            tokens: piece,
            wanted: Wanted::Nothing,
        }])?;
    }
    Ok(())
}

/// Logits as log-probabilities, in 64 bits and in the order of the vocabulary.
fn log_probabilities(logits: &[f32]) -> Vec<f64> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let highest = f64::from(highest);
    let sum: f64 = logits
        .iter()
        .map(|&logit| libm::exp(f64::from(logit) - highest))
        .sum();
    let total = highest + libm::log(sum);
    logits
        .iter()
        .map(|&logit| f64::from(logit) - total)
        .collect()
}

/// The token with the highest logit of those allowed, of equal ones that with the lower number.
fn highest(logits: &[f32], allowed: impl Fn(u32) -> bool) -> Option<u32> {
    let mut best: Option<(u32, f32)> = None;
    for (token, &logit) in logits.iter().enumerate() {
        let token = token as u32;
        if best.is_none_or(|(_, highest)| logit.total_cmp(&highest).is_gt()) && allowed(token) {
            best = Some((token, logit));
        }
    }
    best.map(|(token, _)| token)
}
