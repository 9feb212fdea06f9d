//! A checkpoint's tensors as the parts of a layer.

use super::config::Config;
use super::linear::Linear;
use super::ops::{Engine, Norm};
use crate::inference::InferenceError;
use crate::inference::checkpoint::Checkpoint;
use crate::inference::kernels::StoredMatrix;
use candle_core::{DType, Device, Result, Tensor};
use std::ops::Range;
use std::sync::Arc;

const EMBEDDINGS: &str = "model.embed_tokens.weight";
const HEAD: &str = "lm_head.weight";

/// What the parts are made of, and what they will run on.
pub(super) struct Weights<'a> {
    pub checkpoint: &'a Checkpoint,
    pub engine: Engine,
    pub device: &'a Device,
    pub dtype: DType,
}

impl Weights<'_> {
    fn config(&self) -> &Config {
        self.checkpoint.config()
    }

    pub(super) fn norm(
        &self,
        name: &str,
        width: usize,
    ) -> std::result::Result<Norm, InferenceError> {
        let config = self.config();
        let mut numbers = self
            .checkpoint
            .numbers(&format!("{name}.weight"), &[width])?;
        if config.norm_offset {
            numbers.iter_mut().for_each(|number| *number += 1.0);
        }
        Ok(Norm::new(numbers, config.epsilon, self.dtype, self.device)?)
    }

    /// A matrix that is stored by itself. `shape`: [outputs, inputs].
    pub(super) fn linear(
        &self,
        name: &str,
        shape: [usize; 2],
        bias: bool,
    ) -> std::result::Result<Linear, InferenceError> {
        self.linear_part(name, shape, 0..shape[0], bias)
    }

    /// Some rows of a matrix in which several are stored one after the other. `shape`: that of the
    /// whole, [outputs, inputs].
    pub(super) fn linear_part(
        &self,
        name: &str,
        shape: [usize; 2],
        rows: Range<usize>,
        bias: bool,
    ) -> std::result::Result<Linear, InferenceError> {
        let weight = format!("{name}.weight");
        let tensor = |name: &str, shape: &[usize]| {
            let (dtype, device) = (self.dtype, self.device);
            self.checkpoint
                .tensor_rows(name, shape, rows.clone(), dtype, device)
        };
        let bias = match bias {
            true => Some(tensor(&format!("{name}.bias"), &shape[..1])?),
            false => None,
        };
        Ok(match self.engine {
            Engine::Kernels => {
                let matrix = self.checkpoint.matrix(&weight, shape, rows)?;
                Linear::stored(Arc::new(matrix), bias)
            }
            Engine::Candle => Linear::tensor(tensor(&weight, &shape)?, bias),
        })
    }

    /// One number by itself.
    pub(super) fn number(&self, name: &str) -> std::result::Result<f32, InferenceError> {
        Ok(self.checkpoint.numbers(name, &[1])?[0])
    }

    /// The table of embeddings, and the matrix that makes scores of the last states. A model that ties
    /// the two may store either.
    pub(super) fn ends(&self) -> std::result::Result<(Embeddings, Linear), InferenceError> {
        let Config {
            vocabulary,
            hidden,
            tied,
            ..
        } = *self.config();
        let shape = [vocabulary, hidden];
        let table = if tied && !self.checkpoint.has(EMBEDDINGS) {
            HEAD
        } else {
            EMBEDDINGS
        };
        Ok(match self.engine {
            Engine::Kernels => {
                let embeddings = Arc::new(self.checkpoint.matrix(table, shape, 0..vocabulary)?);
                let head = if tied {
                    embeddings.clone()
                } else {
                    Arc::new(self.checkpoint.matrix(HEAD, shape, 0..vocabulary)?)
                };
                (Embeddings::Stored(embeddings), Linear::stored(head, None))
            }
            Engine::Candle => {
                let tensor = |name| {
                    self.checkpoint
                        .tensor(name, &shape, self.dtype, self.device)
                };
                let embeddings = tensor(table)?;
                let head = if tied {
                    embeddings.clone()
                } else {
                    tensor(HEAD)?
                };
                (Embeddings::Tensor(embeddings), Linear::tensor(head, None))
            }
        })
    }
}

/// One vector for each entry of the vocabulary.
pub(super) enum Embeddings {
    Stored(Arc<StoredMatrix>),
    Tensor(Tensor),
}

impl Embeddings {
    /// [tokens, hidden]
    pub(super) fn read(&self, tokens: &[u32]) -> Result<Tensor> {
        match self {
            Self::Stored(table) => {
                let width = table.inputs();
                let mut rows = vec![0.0; tokens.len() * width];
                for (row, &token) in rows.chunks_exact_mut(width).zip(tokens) {
                    table.row(token as usize, row);
                }
                super::ops::tensor(rows, width)
            }
            Self::Tensor(table) => {
                let tokens = Tensor::new(tokens, table.device())?;
                table.index_select(&tokens, 0)
            }
        }
    }
}
