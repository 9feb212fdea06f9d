//! The linear layer on candle's tensors, with the promise that makes runs repeatable.
//!
//! A matrix library may add up a row in another order when the matrix has another number of
//! rows, so a sentence could get other bits in other company. Here every product has the same
//! shape: rows are computed in blocks of [`ROWS`], the last one filled with zeros. What a row
//! comes to then depends on that row and the weights alone. A test holds the library of the
//! processor to it.

use candle_core::{Result, Tensor};

/// Rows in each product. Large enough to keep the multiplier busy, small enough that a short
/// response does not pay for a long one.
const ROWS: usize = 128;

/// `x · wᵀ`, without bias.
#[derive(Clone)]
pub(super) struct Linear {
    /// `wᵀ`: [in, out], contiguous.
    transposed: Tensor,
}

impl Linear {
    /// `weight`: [out, in], as checkpoints store it.
    pub(super) fn new(weight: &Tensor) -> Result<Self> {
        Ok(Self {
            transposed: weight.t()?.contiguous()?,
        })
    }

    /// `rows`: [n, in] → [n, out].
    pub(super) fn forward(&self, rows: &Tensor) -> Result<Tensor> {
        let (count, width) = rows.dims2()?;
        let missing = count.next_multiple_of(ROWS) - count;
        let padded = if missing == 0 {
            rows.contiguous()?
        } else {
            let zeros = Tensor::zeros((missing, width), rows.dtype(), rows.device())?;
            Tensor::cat(&[rows, &zeros], 0)?
        };
        let blocks = (0..count.div_ceil(ROWS))
            .map(|block| {
                padded
                    .narrow(0, block * ROWS, ROWS)?
                    .matmul(&self.transposed)
            })
            .collect::<Result<Vec<_>>>()?;
        Tensor::cat(&blocks, 0)?.narrow(0, 0, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Tensor};

    fn random(rows: usize, columns: usize) -> Tensor {
        Tensor::randn(0f32, 1f32, (rows, columns), &Device::Cpu).unwrap()
    }

    #[test]
    fn agrees_with_the_plain_product() {
        let (x, w) = (random(300, 256), random(768, 256));
        let plain = x.matmul(&w.t().unwrap()).unwrap();
        let ours = Linear::new(&w).unwrap().forward(&x).unwrap();
        let difference = (plain - ours).unwrap().abs().unwrap();
        assert!(difference.max_all().unwrap().to_scalar::<f32>().unwrap() < 1e-3);
    }

    #[test]
    fn a_row_has_the_same_bits_in_any_company() {
        for (input, output) in [(256, 768), (256, 256), (256, 1376), (688, 256), (768, 128)] {
            let x = random(301, input);
            let layer = Linear::new(&random(output, input)).unwrap();
            let together = layer.forward(&x).unwrap().to_vec2::<f32>().unwrap();
            for row in [0, 1, 17, 127, 128, 200, 300] {
                let alone = layer.forward(&x.narrow(0, row, 1).unwrap()).unwrap();
                assert_eq!(
                    together[row],
                    alone.to_vec2::<f32>().unwrap()[0],
                    "row {row}"
                );
            }
        }
    }
}
