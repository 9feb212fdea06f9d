//! What the encoder's vectors say: salience of a sentence, relevance and stance of a pair.

use super::InferenceError;
use super::linear::Linear;
use super::weights::TensorStore;
use candle_core::{D, Result, Tensor};

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
    relevance_sentence: Linear,
    relevance_theme: Linear,
    relevance_scale: f32,
    relevance_bias: f32,
}

/// Width of the inner layers and of the relevance projections.
const INNER: usize = 128;

impl Heads {
    pub(super) fn load(
        store: &TensorStore,
        hidden: usize,
    ) -> std::result::Result<Self, InferenceError> {
        let projection = |name: &str| {
            let weight = store.get(&format!("heads.relevance.{name}.weight"), &[INNER, hidden])?;
            Ok::<_, InferenceError>(Linear::new(&weight)?)
        };
        let scalar = |name: &str| {
            let tensor = store.get(&format!("heads.relevance.{name}"), &[1])?;
            Ok::<_, InferenceError>(tensor.to_vec1::<f32>()?[0])
        };
        Ok(Self {
            salience: Perceptron::load(store, "heads.salience", [hidden, INNER, 1])?,
            stance: Perceptron::load(store, "heads.stance", [3 * hidden, INNER, 4])?,
            relevance_sentence: projection("sentence")?,
            relevance_theme: projection("theme")?,
            relevance_scale: scalar("scale")?,
            relevance_bias: scalar("bias")?,
        })
    }

    /// `sentences`: [n, hidden] → n log-odds.
    pub(super) fn salience(&self, sentences: &Tensor) -> Result<Vec<f32>> {
        self.salience.forward(sentences)?.flatten_all()?.to_vec1()
    }

    /// `sentences`: [n, hidden], `theme`: [1, hidden] → n scores.
    pub(super) fn pairs(&self, sentences: &Tensor, theme: &Tensor) -> Result<Vec<PairScores>> {
        let repeated = theme.broadcast_as(sentences.shape())?.contiguous()?;
        let features = Tensor::cat(&[sentences, &repeated, &(sentences * &repeated)?], 1)?;
        let stance: Vec<Vec<f32>> = self.stance.forward(&features)?.to_vec2()?;

        let ours = unit(&self.relevance_sentence.forward(sentences)?)?;
        let theirs = unit(&self.relevance_theme.forward(theme)?)?;
        let cosine: Vec<f32> = ours.broadcast_mul(&theirs)?.sum(D::Minus1)?.to_vec1()?;
        Ok(stance
            .into_iter()
            .zip(cosine)
            .map(|(stance, cosine)| PairScores {
                relevance: self.relevance_scale * cosine + self.relevance_bias,
                stance: [stance[0], stance[1], stance[2], stance[3]],
            })
            .collect())
    }
}

/// Rows scaled to length one.
fn unit(rows: &Tensor) -> Result<Tensor> {
    let length = (rows.sqr()?.sum_keepdim(D::Minus1)? + 1e-12)?.sqrt()?;
    rows.broadcast_div(&length)
}
