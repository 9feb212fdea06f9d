//! What a text is about: the sum of its tokens' topic vectors, scaled to length one.
//!
//! The length of a token's vector is its weight. The sum runs over the tokens in their order, so
//! that it is the same bits whatever else is computed.

use super::InferenceError;
use super::weights::TensorStore;

/// Numbers in a topic vector.
const WIDTH: usize = 128;

pub(super) struct Topics {
    /// [vocabulary, WIDTH], row after row.
    vectors: Vec<f32>,
    scale: f32,
    bias: f32,
}

impl Topics {
    pub(super) fn load(store: &TensorStore, vocabulary: usize) -> Result<Self, InferenceError> {
        let scalar = |name: &str| {
            let tensor = store.get(&format!("heads.relevance.{name}"), &[1])?;
            Ok::<_, InferenceError>(tensor.to_vec1::<f32>()?[0])
        };
        let vectors = store.get("heads.relevance.vectors.weight", &[vocabulary, WIDTH])?;
        Ok(Self {
            vectors: vectors.flatten_all()?.to_vec1()?,
            scale: scalar("scale")?,
            bias: scalar("bias")?,
        })
    }

    /// The unit vector of a text's tokens; zero where they have none.
    pub(super) fn read(&self, tokens: impl Iterator<Item = u32>) -> Vec<f32> {
        let mut sum = vec![0.0; WIDTH];
        for token in tokens {
            let row = token as usize * WIDTH;
            for (total, value) in sum.iter_mut().zip(&self.vectors[row..row + WIDTH]) {
                *total += value;
            }
        }
        let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
        if length > 0.0 {
            sum.iter_mut().for_each(|value| *value /= length);
        }
        sum
    }

    /// Log-odds that a sentence concerns a theme.
    pub(super) fn relevance(&self, sentence: &[f32], theme: &[f32]) -> f32 {
        let cosine: f32 = sentence.iter().zip(theme).map(|(a, b)| a * b).sum();
        self.scale * cosine + self.bias
    }
}
