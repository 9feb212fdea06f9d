//! What a model would write next: a look inside, for those who choose a model.

use super::{LanguageTokens, log_probabilities};
use crate::inference::decoder::{Sequence, Step, Wanted};
use crate::inference::{Decoder, InferenceError};

/// Tokens read at once: bounds the memory for a long text.
const PIECE: usize = 512;

/// A token that may come next.
#[derive(Clone, Debug, PartialEq)]
pub struct Likely {
    pub token: u32,
    pub text: String,
    /// Natural logarithm of its probability.
    pub log_probability: f64,
}

/// The `count` likeliest tokens after `text`, the likeliest first; of equal ones that with the lower number.
pub fn likeliest(
    decoder: &Decoder,
    tokens: &LanguageTokens,
    text: &str,
    count: usize,
) -> Result<Vec<Likely>, InferenceError> {
    let ids = tokens.beginning(text)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sequence = Sequence::default();
    let (before, last) = ids.split_at(ids.len() - 1);
    super::read_in_pieces(decoder, &mut sequence, before, PIECE)?;
    let logits = decoder.forward(&mut [Step {
        sequence: &mut sequence,
        tokens: last,
        wanted: Wanted::Last,
    }])?;
    let logits = &logits[0][0];
    let mut all: Vec<(usize, f64)> = log_probabilities(logits).into_iter().enumerate().collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all.truncate(count);
    Ok(all
        .into_iter()
        .map(|(id, log_probability)| Likely {
            token: id as u32,
            text: tokens.text(&[id as u32]),
            log_probability,
        })
        .collect())
}
