//! What the encoder's vectors say: salience of a sentence, stance of a pair.

use super::InferenceError;
use super::kernels::{Matrix, add, relu};
use super::weights::TensorStore;

/// The classes of the stance head, in the order of its outputs.
pub const STANCE_CLASSES: [&str; 4] = ["for", "against", "conditional", "none"];

/// What the encoder says of one sentence and one theme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairScores {
    /// Log-odds that the sentence concerns the theme.
    pub relevance: f32,
    /// Logits in the order of [`STANCE_CLASSES`].
    pub stance: [f32; 4],
}

/// Two linear layers with bias, and between them whatever is below zero is cut.
struct Perceptron {
    first: Matrix,
    first_bias: Vec<f32>,
    second: Matrix,
    second_bias: Vec<f32>,
}

impl Perceptron {
    fn load(
        store: &TensorStore,
        name: &str,
        [input, inner, output]: [usize; 3],
    ) -> Result<Self, InferenceError> {
        let get = |part: &str, shape: &[usize]| store.numbers(&format!("{name}.{part}"), shape);
        Ok(Self {
            first: Matrix::new(&get("0.weight", &[inner, input])?, inner, input),
            first_bias: get("0.bias", &[inner])?,
            second: Matrix::new(&get("2.weight", &[output, inner])?, output, inner),
            second_bias: get("2.bias", &[output])?,
        })
    }

    /// [count, input] → [count, output]
    fn forward(&self, rows: &[f32], count: usize) -> Vec<f32> {
        let mut inner = vec![0.0; count * self.first.outputs()];
        self.first.multiply(rows, &mut inner);
        for row in inner.chunks_exact_mut(self.first.outputs()) {
            add(row, &self.first_bias);
            row.iter_mut().for_each(|value| *value = relu(*value));
        }
        let mut outer = vec![0.0; count * self.second.outputs()];
        self.second.multiply(&inner, &mut outer);
        for row in outer.chunks_exact_mut(self.second.outputs()) {
            add(row, &self.second_bias);
        }
        outer
    }
}

pub(super) struct Heads {
    salience: Perceptron,
    stance: Perceptron,
    hidden: usize,
}

/// Width of the inner layers.
const INNER: usize = 128;

impl Heads {
    pub(super) fn load(store: &TensorStore, hidden: usize) -> Result<Self, InferenceError> {
        Ok(Self {
            salience: Perceptron::load(store, "heads.salience", [hidden, INNER, 1])?,
            stance: Perceptron::load(store, "heads.stance", [3 * hidden, INNER, 4])?,
            hidden,
        })
    }

    /// `sentences`: [n, hidden] → n log-odds.
    pub(super) fn salience(&self, sentences: &[f32]) -> Vec<f32> {
        self.salience
            .forward(sentences, sentences.len() / self.hidden)
    }

    /// `sentences`: `[n, hidden]`, `theme`: `[hidden]` → n times four logits.
    pub(super) fn stances(&self, sentences: &[f32], theme: &[f32]) -> Vec<[f32; 4]> {
        let mut features = Vec::with_capacity(3 * sentences.len());
        for sentence in sentences.chunks_exact(self.hidden) {
            features.extend_from_slice(sentence);
            features.extend_from_slice(theme);
            features.extend(sentence.iter().zip(theme).map(|(s, t)| s * t));
        }
        self.stance
            .forward(&features, sentences.len() / self.hidden)
            .chunks_exact(4)
            .map(|row| [row[0], row[1], row[2], row[3]])
            .collect()
    }
}
