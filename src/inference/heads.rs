//! What the encoder's vectors say: salience of a sentence, stance of a pair.

use super::InferenceError;
use super::linear::Linear;
use super::weights::TensorStore;
use candle_core::{Result, Tensor};

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
    first: Linear,
    first_bias: Tensor,
    second: Linear,
    second_bias: Tensor,
}

impl Perceptron {
    fn load(
        store: &TensorStore,
        name: &str,
        [input, inner, output]: [usize; 3],
    ) -> std::result::Result<Self, InferenceError> {
        let get = |part: &str, shape: &[usize]| store.get(&format!("{name}.{part}"), shape);
        Ok(Self {
            first: Linear::new(&get("0.weight", &[inner, input])?)?,
            first_bias: get("0.bias", &[inner])?,
            second: Linear::new(&get("2.weight", &[output, inner])?)?,
            second_bias: get("2.bias", &[output])?,
        })
    }

    /// [n, input] → [n, output]
    fn forward(&self, rows: &Tensor) -> Result<Tensor> {
        let inner = self.first.forward(rows)?.broadcast_add(&self.first_bias)?;
        self.second
            .forward(&inner.relu()?)?
            .broadcast_add(&self.second_bias)
    }
}

pub(super) struct Heads {
    salience: Perceptron,
    stance: Perceptron,
}

/// Width of the inner layers.
const INNER: usize = 128;

impl Heads {
    pub(super) fn load(
        store: &TensorStore,
        hidden: usize,
    ) -> std::result::Result<Self, InferenceError> {
        Ok(Self {
            salience: Perceptron::load(store, "heads.salience", [hidden, INNER, 1])?,
            stance: Perceptron::load(store, "heads.stance", [3 * hidden, INNER, 4])?,
        })
    }

    /// `sentences`: [n, hidden] → n log-odds.
    pub(super) fn salience(&self, sentences: &Tensor) -> Result<Vec<f32>> {
        self.salience.forward(sentences)?.flatten_all()?.to_vec1()
    }

    /// `sentences`: [n, hidden], `theme`: [1, hidden] → n times four logits.
    pub(super) fn stances(&self, sentences: &Tensor, theme: &Tensor) -> Result<Vec<[f32; 4]>> {
        let repeated = theme.broadcast_as(sentences.shape())?.contiguous()?;
        let features = Tensor::cat(&[sentences, &repeated, &(sentences * &repeated)?], 1)?;
        let logits: Vec<Vec<f32>> = self.stance.forward(&features)?.to_vec2()?;
        Ok(logits
            .into_iter()
            .map(|row| [row[0], row[1], row[2], row[3]])
            .collect())
    }
}
