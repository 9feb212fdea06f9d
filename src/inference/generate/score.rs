//! Which of a set of labels a model would write: by its own probabilities, without writing.
//!
//! Labels of several tokens form a tree. Where labels part, the probabilities of the tokens that go on
//! are compared with each other alone; where only one token goes on, it costs nothing. So the
//! probabilities of the labels add up to one, and a long label has no disadvantage. This is the
//! distribution that decoding under a grammar of the labels would draw from.

use super::log_probabilities;
use crate::inference::decoder::{Sequence, Step, Wanted};
use crate::inference::{Decoder, InferenceError};
use std::collections::BTreeMap;

/// The tokens of a label. No label may be the beginning of another.
pub type Label = Vec<u32>;

/// The probability of each label after what `sequence` has read and `prompt`, which must hold at
/// least one token. The sequence is left as it was.
///
/// # Errors
/// Those of [`Decoder::forward`].
///
/// # Panics
/// A label is empty or begins another.
pub fn label_probabilities(
    decoder: &Decoder,
    sequence: &Sequence,
    prompt: &[u32],
    labels: &[Label],
) -> Result<Vec<f64>, InferenceError> {
    for (i, label) in labels.iter().enumerate() {
        let begins = |(j, other): (usize, &Label)| i != j && other.starts_with(label);
        assert!(!label.is_empty(), "label {i} has no tokens");
        assert!(
            !labels.iter().enumerate().any(begins),
            "label {i} begins another"
        );
    }
    let mut probabilities = vec![1.0; labels.len()];
    let everyone: Vec<usize> = (0..labels.len()).collect();
    descend(
        decoder,
        sequence.clone(),
        prompt.to_vec(),
        labels,
        &everyone,
        0,
        &mut probabilities,
    )?;
    Ok(probabilities)
}

/// Shares out probability among `these` labels, which agree in their first `depth` tokens. `unread`:
/// tokens that the sequence has still to read.
fn descend(
    decoder: &Decoder,
    mut sequence: Sequence,
    mut unread: Vec<u32>,
    labels: &[Label],
    these: &[usize],
    depth: usize,
    probabilities: &mut [f64],
) -> Result<(), InferenceError> {
    if these.len() < 2 {
        return Ok(());
    }
    let mut branches: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for &label in these {
        branches
            .entry(labels[label][depth])
            .or_default()
            .push(label);
    }
    if let (1, Some((&token, _))) = (branches.len(), branches.first_key_value()) {
        unread.push(token);
        return descend(
            decoder,
            sequence,
            unread,
            labels,
            these,
            depth + 1,
            probabilities,
        );
    }
    let step = Step {
        sequence: &mut sequence,
        tokens: &unread,
        wanted: Wanted::Last,
    };
    let logits = decoder.forward(&mut [step])?.remove(0).remove(0);
    let logs = log_probabilities(&logits);
    let weights: Vec<f64> = branches
        .keys()
        .map(|&token| libm::exp(logs[token as usize]))
        .collect();
    let total: f64 = weights.iter().sum();
    for (weight, (&token, members)) in weights.into_iter().zip(&branches) {
        // Where the model gives none of them any probability, they are alike.
        let share = if total > 0.0 {
            weight / total
        } else {
            1.0 / branches.len() as f64
        };
        for &label in members {
            probabilities[label] *= share;
        }
        descend(
            decoder,
            sequence.clone(),
            vec![token],
            labels,
            members,
            depth + 1,
            probabilities,
        )?;
    }
    Ok(())
}
