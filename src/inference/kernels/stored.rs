//! A matrix of weights in the precision that its file has, multiplied by several threads.
//!
//! A language model's weights fill the memory, so they stay as small as they are stored and are
//! widened to 32 bits a panel at a time, as they are used. What a product comes to is defined by
//! the widened numbers alone: it is [`super::Matrix`]'s to the last bit, for any number of rows and
//! of threads.

use super::matrix::{PANEL, Processor, multiply_panel};
use candle_core::Device;
use candle_core::quantized::QTensor;
use half::{bf16, f16};
use rayon::prelude::*;

/// Weights, packed for [`StoredMatrix::multiply`].
pub(in crate::inference) struct StoredMatrix {
    inputs: usize,
    outputs: usize,
    panels: Panels,
}

/// `[panel][input][PANEL]`, the last panel filled up with zeros; quantised ones as `[row][input]`.
enum Panels {
    F32(Vec<f32>),
    Bf16(Vec<bf16>),
    F16(Vec<f16>),
    /// At most [`PANEL`] rows each.
    Quantised(Vec<QTensor>),
}

/// Weights as a file has them: [outputs, inputs], row by row.
pub(in crate::inference) enum Rows<'a> {
    F32(&'a [f32]),
    Bf16(&'a [bf16]),
    F16(&'a [f16]),
    /// Tensors of [`PANEL`] rows, the last of those that are left.
    Quantised(Vec<QTensor>),
}

/// Rows in each tensor of [`Rows::Quantised`].
pub(in crate::inference) const QUANTISED_ROWS: usize = PANEL;

impl StoredMatrix {
    pub(in crate::inference) fn new(rows: Rows, outputs: usize, inputs: usize) -> Self {
        assert!(inputs > 0 && outputs > 0, "the matrix is empty");
        let panels = match rows {
            Rows::F32(rows) => Panels::F32(pack(rows, outputs, inputs)),
            Rows::Bf16(rows) => Panels::Bf16(pack(rows, outputs, inputs)),
            Rows::F16(rows) => Panels::F16(pack(rows, outputs, inputs)),
            Rows::Quantised(panels) => {
                assert_eq!(panels.len(), outputs.div_ceil(PANEL), "panels are missing");
                Panels::Quantised(panels)
            }
        };
        Self {
            inputs,
            outputs,
            panels,
        }
    }

    pub(in crate::inference) fn outputs(&self) -> usize {
        self.outputs
    }

    pub(in crate::inference) fn inputs(&self) -> usize {
        self.inputs
    }

    /// The weights of one output: how a table of embeddings is read.
    pub(in crate::inference) fn row(&self, output: usize, values: &mut [f32]) {
        let (panel, lane) = (output / PANEL, output % PANEL);
        let place = |input: usize| (panel * self.inputs + input) * PANEL + lane;
        match &self.panels {
            Panels::F32(packed) => fill(values, |input| packed[place(input)]),
            Panels::Bf16(packed) => fill(values, |input| packed[place(input)].to_f32()),
            Panels::F16(packed) => fill(values, |input| packed[place(input)].to_f32()),
            Panels::Quantised(panels) => {
                let rows = widened(&panels[panel]);
                values.copy_from_slice(&rows[lane * self.inputs..(lane + 1) * self.inputs]);
            }
        }
    }

    /// `rows`: [n, inputs] → [n, outputs]. Panels are shared among the threads of the pool that
    /// this is called in.
    pub(in crate::inference) fn multiply(&self, rows: &[f32]) -> Vec<f32> {
        let (inputs, outputs) = (self.inputs, self.outputs);
        assert_eq!(rows.len() % inputs, 0, "a row is cut short");
        let count = rows.len() / inputs;
        let processor = Processor::detect();
        // [panel][n][PANEL]: each thread writes a stretch of its own.
        let mut sums = vec![0.0; outputs.div_ceil(PANEL) * count * PANEL];
        sums.par_chunks_mut((count * PANEL).max(1))
            .enumerate()
            .for_each_init(Vec::new, |memory, (panel, sums)| {
                let weights = self.panels.widen(panel, inputs, memory);
                multiply_panel(processor, weights, rows, sums, PANEL, 0..PANEL);
            });
        if count == 1 {
            sums.truncate(outputs);
            return sums;
        }
        let mut results = vec![0.0; count * outputs];
        results
            .par_chunks_mut(outputs)
            .enumerate()
            .for_each(|(row, results)| {
                for (panel, own) in results.chunks_mut(PANEL).enumerate() {
                    let begin = (panel * count + row) * PANEL;
                    own.copy_from_slice(&sums[begin..begin + own.len()]);
                }
            });
        results
    }
}

fn pack<T: Copy + Default>(rows: &[T], outputs: usize, inputs: usize) -> Vec<T> {
    assert_eq!(rows.len(), outputs * inputs, "weights are missing");
    let mut packed = vec![T::default(); outputs.div_ceil(PANEL) * inputs * PANEL];
    for (output, row) in rows.chunks_exact(inputs).enumerate() {
        let (panel, lane) = (output / PANEL, output % PANEL);
        for (input, &weight) in row.iter().enumerate() {
            packed[(panel * inputs + input) * PANEL + lane] = weight;
        }
    }
    packed
}

fn fill(values: &mut [f32], weight: impl Fn(usize) -> f32) {
    for (input, value) in values.iter_mut().enumerate() {
        *value = weight(input);
    }
}

/// [rows, inputs]
fn widened(panel: &QTensor) -> Vec<f32> {
    panel
        .dequantize(&Device::Cpu)
        .and_then(|rows| rows.flatten_all()?.to_vec1())
        .expect("a tensor that lies quantised in this processor's memory widens there")
}

impl Panels {
    /// One panel in 32 bits, `[input][PANEL]`: as it lies there, or written to `memory`.
    fn widen<'a>(&'a self, panel: usize, inputs: usize, memory: &'a mut Vec<f32>) -> &'a [f32] {
        let place = panel * inputs * PANEL..(panel + 1) * inputs * PANEL;
        match self {
            Self::F32(packed) => return &packed[place],
            Self::Bf16(packed) => {
                memory.clear();
                memory.extend(packed[place].iter().map(|weight| weight.to_f32()));
            }
            Self::F16(packed) => {
                use half::slice::HalfFloatSliceExt;
                memory.resize(inputs * PANEL, 0.0);
                packed[place].convert_to_f32_slice(memory);
            }
            Self::Quantised(panels) => {
                let rows = widened(&panels[panel]);
                memory.clear();
                memory.resize(inputs * PANEL, 0.0);
                for (lane, row) in rows.chunks_exact(inputs).enumerate() {
                    for (own, &weight) in memory.chunks_exact_mut(PANEL).zip(row) {
                        own[lane] = weight;
                    }
                }
            }
        }
        memory
    }
}

#[cfg(test)]
mod tests {
    use super::super::Matrix;
    use super::super::matrix::tests::numbers;
    use super::*;
    use candle_core::Tensor;
    use candle_core::quantized::GgmlDType;

    fn product(weights: &[f32], rows: &[f32], outputs: usize, inputs: usize) -> Vec<f32> {
        let mut results = vec![0.0; rows.len() / inputs * outputs];
        Matrix::new(weights, outputs, inputs).multiply(rows, &mut results);
        results
    }

    #[test]
    fn every_precision_is_the_product_of_the_widened_weights() {
        let (outputs, inputs) = (75, 256);
        let weights = numbers(outputs * inputs, 1);
        let brain: Vec<bf16> = weights.iter().map(|&w| bf16::from_f32(w)).collect();
        let half: Vec<f16> = weights.iter().map(|&w| f16::from_f32(w)).collect();
        let panels = quantised(&weights, inputs);
        let widened: Vec<f32> = panels
            .iter()
            .flat_map(|panel| {
                let rows = panel.dequantize(&Device::Cpu).unwrap();
                rows.flatten_all().unwrap().to_vec1::<f32>().unwrap()
            })
            .collect();
        assert_ne!(widened, weights);
        for count in [1, 2, 40] {
            let rows = numbers(count * inputs, 2);
            for (stored, widened) in [
                (Rows::F32(&weights), weights.clone()),
                (
                    Rows::Bf16(&brain),
                    brain.iter().map(|w| w.to_f32()).collect(),
                ),
                (Rows::F16(&half), half.iter().map(|w| w.to_f32()).collect()),
                (
                    Rows::Quantised(quantised(&weights, inputs)),
                    widened.clone(),
                ),
            ] {
                let matrix = StoredMatrix::new(stored, outputs, inputs);
                assert_eq!(
                    matrix.multiply(&rows),
                    product(&widened, &rows, outputs, inputs)
                );
            }
        }
    }

    fn quantised(weights: &[f32], inputs: usize) -> Vec<QTensor> {
        weights
            .chunks(QUANTISED_ROWS * inputs)
            .map(|rows| {
                let shape = (rows.len() / inputs, inputs);
                let rows = Tensor::from_slice(rows, shape, &Device::Cpu).unwrap();
                QTensor::quantize(&rows, GgmlDType::Q4K).unwrap()
            })
            .collect()
    }

    #[test]
    fn no_rows_give_no_results() {
        let matrix = StoredMatrix::new(Rows::F32(&[1.0, 2.0]), 1, 2);
        assert!(matrix.multiply(&[]).is_empty());
    }
}
