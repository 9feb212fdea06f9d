//! What a text is about: the sum of its tokens' topic vectors, scaled to length one.
//!
//! The length of a token's vector is its weight. The sum runs over the tokens in their order, so
//! that it is the same bits whatever else is computed.

use super::InferenceError;
use super::kernels::add;
use super::weights::{Table, TensorStore};

/// Numbers in a topic vector.
const WIDTH: usize = 128;

pub(super) struct Topics {
    /// [vocabulary, WIDTH]
    vectors: Table,
    scale: f32,
    bias: f32,
}

impl Topics {
    pub(super) fn load(store: &TensorStore, vocabulary: usize) -> Result<Self, InferenceError> {
        let scalar = |name: &str| {
            let numbers = store.numbers(&format!("heads.relevance.{name}"), &[1])?;
            Ok::<_, InferenceError>(numbers[0])
        };
        Ok(Self {
            vectors: store.table("heads.relevance.vectors.weight", [vocabulary, WIDTH])?,
            scale: scalar("scale")?,
            bias: scalar("bias")?,
        })
    }

    /// The unit vector of a text's tokens; zero where they have none.
    pub(super) fn read(&self, tokens: impl Iterator<Item = u32>) -> Vec<f32> {
        let mut sum = vec![0.0; WIDTH];
        let mut vector = [0.0; WIDTH];
        for token in tokens {
            self.vectors.row(token as usize, &mut vector);
            add(&mut sum, &vector);
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
