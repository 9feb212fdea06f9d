//! The linear layer: the one function that every matrix of the model goes through.

use super::ops::{Engine, tensor, with_slice};
use crate::inference::kernels::StoredMatrix;
use candle_core::{Result, Tensor};
use std::sync::Arc;

/// `x · wᵀ + b`
pub(super) struct Linear {
    weights: Weights,
    /// `[out]`
    bias: Option<Tensor>,
}

enum Weights {
    /// On the processor, in the precision of the file.
    Stored(Arc<StoredMatrix>),
    /// On candle: `w`, [out, in].
    Tensor(Tensor),
}

impl Linear {
    pub(super) fn stored(weights: Arc<StoredMatrix>, bias: Option<Tensor>) -> Self {
        let weights = Weights::Stored(weights);
        Self { weights, bias }
    }

    /// `weights`: [out, in].
    pub(super) fn tensor(weights: Tensor, bias: Option<Tensor>) -> Self {
        let weights = Weights::Tensor(weights);
        Self { weights, bias }
    }

    /// `rows`: [n, in] → [n, out].
    pub(super) fn forward(&self, rows: &Tensor) -> Result<Tensor> {
        let product = match &self.weights {
            Weights::Stored(matrix) => {
                let product = with_slice(rows, |rows| matrix.multiply(rows))?;
                tensor(product, matrix.outputs())?
            }
            Weights::Tensor(weights) => rows.contiguous()?.matmul(&weights.t()?)?,
        };
        match &self.bias {
            Some(bias) => product.broadcast_add(bias),
            None => Ok(product),
        }
    }

    pub(super) fn engine(&self) -> Engine {
        match self.weights {
            Weights::Stored(_) => Engine::Kernels,
            Weights::Tensor(_) => Engine::Candle,
        }
    }
}
