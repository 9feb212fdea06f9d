//! The operations of a layer, on candle's tensors: on a processor by our own kernels, elsewhere by
//! candle.
//!
//! Everything that computes stands here, in [`super::linear`] and in [`super::attention`], each
//! behind one function. The kernels work in 32 bits, and what a row comes to does not
//! depend on the rows beside it.

use super::rotary::Tables;
use crate::inference::kernels::{self, rms_norm};
use candle_core::{D, DType, Device, Result, Storage, Tensor};
use rayon::prelude::*;

/// What the operations run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    /// Our own kernels, on a processor, in 32 bits.
    Kernels,
    /// candle, on any device: the kernels' reference, and what a GPU runs.
    Candle,
}

/// Calls `read` with the numbers of a tensor that lies contiguous in memory, in 32 bits.
pub(super) fn with_slice<T>(tensor: &Tensor, read: impl FnOnce(&[f32]) -> T) -> Result<T> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cpu(storage) = &*storage else {
        candle_core::bail!("the kernels work on the processor's memory");
    };
    let begin = layout.start_offset();
    let numbers = &storage.as_slice::<f32>()?[begin..begin + layout.shape().elem_count()];
    Ok(read(numbers))
}

/// Rows as a tensor on the processor.
pub(super) fn tensor(rows: Vec<f32>, width: usize) -> Result<Tensor> {
    let count = rows.len() / width;
    Tensor::from_vec(rows, (count, width), &Device::Cpu)
}

/// The weight of a root mean square norm (Zhang and Sennrich, arXiv 1910.07467).
pub(super) struct Norm {
    /// `[width]`, an offset already added.
    weight: Tensor,
    numbers: Vec<f32>,
    epsilon: f32,
}

impl Norm {
    /// `numbers` in 32 bits; `weight` is made of them on the device.
    pub(super) fn new(
        numbers: Vec<f32>,
        epsilon: f32,
        dtype: DType,
        device: &Device,
    ) -> Result<Self> {
        let weight = Tensor::from_slice(&numbers, numbers.len(), device)?.to_dtype(dtype)?;
        Ok(Self {
            weight,
            numbers,
            epsilon,
        })
    }

    /// Each stretch of the weight's width by itself: a row, or each head of a row.
    pub(super) fn forward(&self, x: &Tensor, engine: Engine) -> Result<Tensor> {
        let (count, width) = x.dims2()?;
        let own = self.numbers.len();
        if engine == Engine::Candle {
            let heads = x.reshape((count * width / own, own))?;
            let normed = candle_nn::ops::rms_norm(&heads.contiguous()?, &self.weight, self.epsilon);
            return normed?.reshape((count, width));
        }
        let mut rows = vec![0.0; count * width];
        with_slice(x, |x| {
            let pairs = rows.par_chunks_mut(width).zip(x.par_chunks(width));
            pairs.for_each(|(row, x)| rms_norm(x, &self.numbers, self.epsilon, row));
        })?;
        tensor(rows, width)
    }
}

/// Turns every head by its token's position. `x`: [tokens, heads * head width]
pub(super) fn rotate(x: &Tensor, tables: &Tables, engine: Engine) -> Result<Tensor> {
    let (count, width) = x.dims2()?;
    if engine == Engine::Kernels {
        let mut rows = with_slice(x, <[f32]>::to_vec)?;
        tables.turn(&mut rows);
        return tensor(rows, width);
    }
    let shape = (count, 1, tables.half);
    let table =
        |numbers: &[f32]| Tensor::from_slice(numbers, shape, x.device())?.to_dtype(x.dtype());
    let (cosine, sine) = (table(&tables.cosine)?, table(&tables.sine)?);
    let heads = width / tables.head_width;
    let x = x.reshape((count, heads, tables.head_width))?;
    let rotated = 2 * tables.half;
    let front = x.narrow(2, 0, rotated)?;
    let turn = |first: &Tensor, second: &Tensor| {
        let low = (first.broadcast_mul(&cosine)? - second.broadcast_mul(&sine)?)?;
        let high = (second.broadcast_mul(&cosine)? + first.broadcast_mul(&sine)?)?;
        Ok::<_, candle_core::Error>((low, high))
    };
    let turned = if tables.interleaved {
        let pairs = front
            .contiguous()?
            .reshape((count, heads, tables.half, 2))?;
        let part = |i| pairs.narrow(3, i, 1)?.squeeze(3);
        let (low, high) = turn(&part(0)?, &part(1)?)?;
        Tensor::stack(&[low, high], D::Minus1)?.reshape((count, heads, rotated))?
    } else {
        let part = |i| front.narrow(2, i * tables.half, tables.half);
        let (low, high) = turn(&part(0)?, &part(1)?)?;
        Tensor::cat(&[low, high], D::Minus1)?
    };
    let rest = tables.head_width - rotated;
    let turned = match rest {
        0 => turned,
        _ => Tensor::cat(&[turned, x.narrow(2, rotated, rest)?], D::Minus1)?,
    };
    turned.reshape((count, width))
}

/// `cap * tanh(x / cap)`: keeps numbers between `-cap` and `cap`.
pub(super) fn cap(x: &Tensor, cap: f32, engine: Engine) -> Result<Tensor> {
    if engine == Engine::Candle {
        return (x / f64::from(cap))?.tanh()? * f64::from(cap);
    }
    let (_, width) = x.dims2()?;
    let mut rows = with_slice(x, <[f32]>::to_vec)?;
    kernels::cap(&mut rows, cap);
    tensor(rows, width)
}
