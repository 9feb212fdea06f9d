//! The linear part of the judge: weights for the words and letters of a sentence.
//!
//! A logistic model on word unigrams and bigrams and on character n-grams inside words, trained
//! by `models/training/ngrams.py`, whose features these are. An n-gram is known by the CRC-32 of
//! its UTF-8 bytes; the weights are stored for the n-grams that occurred often enough in
//! training, one byte each (`models/embedded/ngrams.safetensors`). Blind to the theme but for
//! words that were seen together with a theme of the same name.

use crate::inference::clean;
use safetensors::{Dtype, SafeTensors};
use thiserror::Error;

const EMBEDDED: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/models/embedded/ngrams.safetensors"
));

/// Outputs of the model: four stances, then `reported`, then salience.
const OUTPUTS: usize = 6;

/// Lengths of the character n-grams.
const LETTERS: std::ops::RangeInclusive<usize> = 3..=5;

/// The weights cannot be used.
#[derive(Debug, Error)]
#[error("the n-gram weights cannot be used: {0}")]
pub struct NgramError(String);

/// A linear model over n-grams.
pub struct Ngrams {
    /// CRC-32 of each known n-gram, ascending.
    keys: Vec<u32>,
    /// One row of weights for each key, in steps of `scale`.
    weights: Vec<[i8; OUTPUTS]>,
    scale: [f32; OUTPUTS],
    bias: [f32; OUTPUTS],
    sha256: String,
}

/// What the n-grams of a sentence say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NgramScores {
    /// Logits in the order for, against, conditional, none.
    pub stance: [f32; 4],
    /// Log-odds that the sentence reports somebody else's view.
    pub reported: f32,
    /// Log-odds that the sentence belongs in a summary.
    pub salience: f32,
}

impl Ngrams {
    /// The weights that the program carries.
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).expect("the embedded n-gram weights are read by a test")
    }

    /// Reads a safetensors file.
    ///
    /// # Errors
    /// It is damaged, or has not the tensors `keys`, `weights`, `scale` and `bias`.
    pub fn parse(bytes: &[u8]) -> Result<Self, NgramError> {
        let file =
            SafeTensors::deserialize(bytes).map_err(|error| NgramError(error.to_string()))?;
        let data = |name: &str, kind: Dtype, size: usize| {
            let view = file
                .tensor(name)
                .map_err(|error| NgramError(error.to_string()))?;
            if view.dtype() != kind {
                return Err(NgramError(format!("`{name}` is not of type {kind:?}")));
            }
            let bytes = view.data().to_vec();
            if !bytes.len().is_multiple_of(size) {
                return Err(NgramError(format!("`{name}` ends in the middle of a row")));
            }
            Ok(bytes)
        };
        let keys: Vec<u32> = data("keys", Dtype::U32, 4)?
            .chunks_exact(4)
            .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        let weights: Vec<[i8; OUTPUTS]> = data("weights", Dtype::I8, OUTPUTS)?
            .chunks_exact(OUTPUTS)
            .map(|row| std::array::from_fn(|index| row[index].cast_signed()))
            .collect();
        let numbers = |name: &str| -> Result<[f32; OUTPUTS], NgramError> {
            let values: Vec<f32> = data(name, Dtype::F32, 4)?
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect();
            values
                .try_into()
                .map_err(|_| NgramError(format!("`{name}` must have {OUTPUTS} numbers")))
        };
        if keys.len() != weights.len() {
            return Err(NgramError("as many rows as keys are needed".to_owned()));
        }
        if !keys.is_sorted_by(|a, b| a < b) {
            return Err(NgramError("the keys must ascend".to_owned()));
        }
        Ok(Self {
            scale: numbers("scale")?,
            bias: numbers("bias")?,
            keys,
            weights,
            sha256: crate::hash::sha256(bytes),
        })
    }

    /// SHA-256 of the file.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Reads a sentence once for all themes.
    pub fn read(&self, sentence: &str) -> Reading {
        let words = words(sentence);
        let mut found = Vec::new();
        for word in &words {
            found.push(key('w', word));
            let padded = format!(" {word} ");
            let mut ends: Vec<usize> = padded.char_indices().map(|(place, _)| place).collect();
            ends.push(padded.len());
            for length in LETTERS {
                for begin_and_end in ends.windows(length + 1) {
                    found.push(key('c', &padded[begin_and_end[0]..begin_and_end[length]]));
                }
            }
        }
        for pair in words.windows(2) {
            found.push(key('w', &pair.join(" ")));
        }
        let mut scores = self.bias;
        self.add(&mut scores, found);
        Reading { words, scores }
    }

    /// The scores of a sentence for a theme.
    pub fn scores(&self, reading: &Reading, theme: &NgramTheme) -> NgramScores {
        let crossed = reading
            .words
            .iter()
            .map(|word| finish(theme.0.clone(), word))
            .collect();
        let mut all = reading.scores;
        self.add(&mut all, crossed);
        NgramScores {
            stance: [all[0], all[1], all[2], all[3]],
            reported: all[4],
            salience: all[5],
        }
    }

    /// Adds the weights of what was found, each n-gram once, divided by the root of their number.
    fn add(&self, scores: &mut [f32; OUTPUTS], mut found: Vec<u32>) {
        found.sort_unstable();
        found.dedup();
        if found.is_empty() {
            return;
        }
        let share = (found.len() as f32).sqrt().recip();
        // Whole numbers: their sum is exact.
        let mut sums = [0_i32; OUTPUTS];
        for key in found {
            if let Ok(place) = self.keys.binary_search(&key) {
                for (sum, weight) in sums.iter_mut().zip(self.weights[place]) {
                    *sum += i32::from(weight);
                }
            }
        }
        for ((score, sum), scale) in scores.iter_mut().zip(sums).zip(self.scale) {
            *score += sum as f32 * scale * share;
        }
    }
}

/// A sentence, read by [`Ngrams::read`].
pub struct Reading {
    words: Vec<String>,
    /// What it says whatever the theme.
    scores: [f32; OUTPUTS],
}

impl Reading {
    /// Log-odds that the sentence belongs in a summary, whatever the theme.
    pub fn salience(&self) -> f32 {
        self.scores[5]
    }
}

/// The name of a theme, as far as it is hashed before any word is.
pub struct NgramTheme(crc32fast::Hasher);

impl NgramTheme {
    pub fn new(name: &str) -> Self {
        Self(begin('t', &format!("{}|", words(name).join(" "))))
    }
}

/// Stretches of letters and digits in lower case; every digit counts as `0`.
fn words(text: &str) -> Vec<String> {
    clean(text)
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| {
            word.chars()
                .map(|c| if c.is_ascii_digit() { '0' } else { c })
                .collect()
        })
        .collect()
}

fn key(kind: char, text: &str) -> u32 {
    begin(kind, text).finalize()
}

fn begin(kind: char, text: &str) -> crc32fast::Hasher {
    let mut hasher = crc32fast::Hasher::new();
    let mut buffer = [0; 4];
    hasher.update(kind.encode_utf8(&mut buffer).as_bytes());
    hasher.update(text.as_bytes());
    hasher
}

fn finish(mut begun: crc32fast::Hasher, text: &str) -> u32 {
    begun.update(text.as_bytes());
    begun.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Reference {
        sentence: String,
        theme: String,
        scores: [f32; OUTPUTS],
    }

    /// `ngrams.py` writes what it computes from the weights as stored.
    #[test]
    fn the_scores_are_those_of_training() {
        let text = include_str!("../../models/embedded/ngrams_reference.json");
        let references: Vec<Reference> = serde_json::from_str(text).unwrap();
        assert!(references.len() >= 10);
        let ngrams = Ngrams::embedded();
        for reference in references {
            let read = ngrams.read(&reference.sentence);
            let scores = ngrams.scores(&read, &NgramTheme::new(&reference.theme));
            let [a, b, c, d] = scores.stance;
            let given = [a, b, c, d, scores.reported, scores.salience];
            for (given, expected) in given.into_iter().zip(reference.scores) {
                assert!((given - expected).abs() < 1e-3, "{}", reference.sentence);
            }
        }
    }

    #[test]
    fn damaged_weights_are_refused() {
        assert!(Ngrams::parse(b"no safetensors").is_err());
        assert!(Ngrams::parse(&EMBEDDED[..EMBEDDED.len() - 5]).is_err());
    }
}
