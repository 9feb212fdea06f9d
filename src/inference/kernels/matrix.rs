//! The product of rows with a matrix of weights, with the same bits on every processor.
//!
//! Each number of the result is one chain of fused multiply-adds over the inputs in their order.
//! A fused multiply-add rounds once, as IEEE 754 says, wherever it runs, and vector width, tiling
//! and company decide only which chains run side by side. So AVX-512, AVX2 and the plain loop
//! agree to the last bit, and a row comes to the same whatever rows stand beside it.

use std::ops::Range;

/// Outputs in a panel: one row of weights as the kernels load it.
pub(super) const PANEL: usize = 32;

/// Weights, packed for [`Matrix::multiply`]; the default is a matrix to be filled by
/// [`Matrix::pack`].
#[derive(Default)]
pub(in crate::inference) struct Matrix {
    inputs: usize,
    outputs: usize,
    /// `[panel][input][PANEL]`, the last panel filled up with zeros.
    packed: Vec<f32>,
}

impl Matrix {
    /// `weights`: [outputs, inputs], as checkpoints store a linear layer.
    pub(in crate::inference) fn new(weights: &[f32], outputs: usize, inputs: usize) -> Self {
        let mut matrix = Self::default();
        matrix.pack(outputs, inputs, |input, place, own| {
            for (output, value) in place.zip(own) {
                *value = weights[output * inputs + input];
            }
        });
        matrix
    }

    /// Takes in other weights, in the memory that is there. `fill` writes the weights of one
    /// input for some of the outputs.
    pub(in crate::inference) fn pack(
        &mut self,
        outputs: usize,
        inputs: usize,
        fill: impl Fn(usize, Range<usize>, &mut [f32]),
    ) {
        (self.outputs, self.inputs) = (outputs, inputs);
        self.packed
            .resize(outputs.div_ceil(PANEL) * inputs * PANEL, 0.0);
        if inputs == 0 {
            return;
        }
        for (panel, rows) in self.packed.chunks_exact_mut(inputs * PANEL).enumerate() {
            let place = panel * PANEL..outputs.min((panel + 1) * PANEL);
            for (input, row) in rows.chunks_exact_mut(PANEL).enumerate() {
                let (present, spare) = row.split_at_mut(place.len());
                fill(input, place.clone(), present);
                spare.fill(0.0);
            }
        }
    }

    pub(in crate::inference) fn outputs(&self) -> usize {
        self.outputs
    }

    /// `rows`: [n, inputs], `results`: [n, outputs], which are overwritten.
    pub(in crate::inference) fn multiply(&self, rows: &[f32], results: &mut [f32]) {
        self.multiply_on(Processor::detect(), rows, results);
    }

    fn multiply_on(&self, processor: Processor, rows: &[f32], results: &mut [f32]) {
        let (inputs, outputs) = (self.inputs, self.outputs);
        assert!(inputs > 0 && outputs > 0, "the matrix is empty");
        for (panel, weights) in self.packed.chunks_exact(inputs * PANEL).enumerate() {
            let place = panel * PANEL..outputs.min((panel + 1) * PANEL);
            multiply_panel(processor, weights, rows, results, outputs, place);
        }
    }
}

/// The columns `place` of `results`, [n, outputs]: the product of `rows`, [n, inputs], with one
/// panel of weights, `[inputs][PANEL]`.
pub(super) fn multiply_panel(
    processor: Processor,
    weights: &[f32],
    rows: &[f32],
    results: &mut [f32],
    outputs: usize,
    place: Range<usize>,
) {
    let inputs = weights.len() / PANEL;
    let count = results.len() / outputs;
    assert_eq!(
        rows.len(),
        count * inputs,
        "rows and results differ in number"
    );
    assert_eq!(results.len(), count * outputs, "a result is cut short");
    let mut first = 0;
    while first < count {
        let tile = Tile {
            weights,
            rows: &rows[first * inputs..],
            inputs,
            results: &mut results[first * outputs..],
            outputs,
            place: place.clone(),
        };
        // As many rows at a time as the registers hold the sums of: 12 rows of two
        // registers out of 32, 3 rows of four out of 16.
        first += match (processor, count - first) {
            #[cfg(target_arch = "x86_64")]
            (Processor::Avx512, 12..) => x86::avx512::<12>(tile),
            #[cfg(target_arch = "x86_64")]
            (Processor::Avx512, 4..) => x86::avx512::<4>(tile),
            #[cfg(target_arch = "x86_64")]
            (Processor::Avx512, _) => x86::avx512::<1>(tile),
            #[cfg(target_arch = "x86_64")]
            (Processor::Avx2, 3..) => x86::avx2::<3>(tile),
            #[cfg(target_arch = "x86_64")]
            (Processor::Avx2, _) => x86::avx2::<1>(tile),
            (Processor::Plain, 2..) => plain::<2>(tile),
            (Processor::Plain, _) => plain::<1>(tile),
        };
    }
}

/// What the processor can do, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Processor {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Plain,
}

impl Processor {
    pub(super) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Self::Avx2;
            }
        }
        Self::Plain
    }
}

/// Some rows, a panel of weights to multiply them with, and where the result goes.
struct Tile<'a> {
    /// `[inputs][PANEL]`
    weights: &'a [f32],
    /// `[rows][inputs]`, at least as many rows as the kernel takes.
    rows: &'a [f32],
    inputs: usize,
    /// `[rows][outputs]`, as many.
    results: &'a mut [f32],
    outputs: usize,
    /// The outputs of the panel.
    place: Range<usize>,
}

impl Tile<'_> {
    /// Takes the sums of one row.
    #[inline(always)]
    fn store(&mut self, row: usize, sums: &[f32; PANEL]) {
        let begin = row * self.outputs;
        let own = &mut self.results[begin + self.place.start..begin + self.place.end];
        if let Ok(own) = <&mut [f32; PANEL]>::try_from(&mut *own) {
            *own = *sums;
        } else {
            own.copy_from_slice(&sums[..own.len()]);
        }
    }
}

/// The plain reference: what every kernel computes, for `R` rows. Gives back `R`.
fn plain<const R: usize>(mut tile: Tile) -> usize {
    let mut sums = [[0.0; PANEL]; R];
    for (input, weights) in tile.weights.chunks_exact(PANEL).enumerate() {
        for (row, sums) in sums.iter_mut().enumerate() {
            let value = tile.rows[row * tile.inputs + input];
            for (sum, &weight) in sums.iter_mut().zip(weights) {
                *sum = fused(value, weight, *sum);
            }
        }
    }
    for (row, sums) in sums.iter().enumerate() {
        tile.store(row, sums);
    }
    R
}

/// `x · w + sum`, rounded once.
#[cfg(not(target_arch = "x86_64"))]
fn fused(x: f32, w: f32, sum: f32) -> f32 {
    x.mul_add(w, sum)
}

/// `x · w + sum`, rounded once. An x86 processor without the instruction would call a function for
/// every product; this costs a few operations. The product is exact in 64 bits, and the sum is
/// rounded to odd, which rounding a second time cannot spoil (Boldo and Melquiond 2008).
#[cfg(target_arch = "x86_64")]
fn fused(x: f32, w: f32, sum: f32) -> f32 {
    let (product, sum) = (f64::from(x) * f64::from(w), f64::from(sum));
    let total = product + sum;
    // What the addition lost (Knuth's two-sum).
    let part = total - product;
    let error = (product - (total - part)) + (sum - part);
    let bits = total.to_bits();
    let odd = if error == 0.0 || bits & 1 == 1 {
        bits
    } else if (error > 0.0) == (total > 0.0) {
        bits + 1
    } else {
        bits - 1
    };
    f64::from_bits(odd) as f32
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{PANEL, Tile};
    use std::arch::x86_64::{
        _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
        _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
    };

    const _: () = assert!(PANEL == 32, "the kernels load and store 32 numbers");

    impl Tile<'_> {
        /// Panics unless the slices hold what a kernel of `rows` rows reads.
        fn check(&self, rows: usize) {
            assert!(self.weights.len() == self.inputs * PANEL);
            assert!(self.rows.len() >= rows * self.inputs);
        }
    }

    /// [`super::plain`] with AVX-512.
    pub(super) fn avx512<const R: usize>(tile: Tile) -> usize {
        tile.check(R);
        assert!(is_x86_feature_detected!("avx512f"));
        // SAFETY: the processor has AVX-512F, and the slices are as long as `check` says.
        unsafe { avx512_unchecked::<R>(tile) }
        R
    }

    /// # Safety
    /// The processor must have AVX-512F, and the slices of `tile` must be as long as
    /// [`Tile::check`] asks for `R` rows.
    #[target_feature(enable = "avx512f")]
    unsafe fn avx512_unchecked<const R: usize>(mut tile: Tile) {
        let (weights, rows) = (tile.weights.as_ptr(), tile.rows.as_ptr());
        let mut sums = [[_mm512_setzero_ps(); 2]; R];
        for input in 0..tile.inputs {
            // SAFETY: `input` is below `inputs`, so a whole panel row of 32 lies there.
            let panel = unsafe {
                let weights = weights.add(input * PANEL);
                [_mm512_loadu_ps(weights), _mm512_loadu_ps(weights.add(16))]
            };
            for (row, sums) in sums.iter_mut().enumerate() {
                // SAFETY: `row` is below `R`, and there are at least `R` rows of `inputs`.
                let value = _mm512_set1_ps(unsafe { *rows.add(row * tile.inputs + input) });
                sums[0] = _mm512_fmadd_ps(value, panel[0], sums[0]);
                sums[1] = _mm512_fmadd_ps(value, panel[1], sums[1]);
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let mut own = [0.0; PANEL];
            // SAFETY: there is room for 32 numbers, 16 in each half.
            unsafe {
                _mm512_storeu_ps(own.as_mut_ptr(), sums[0]);
                _mm512_storeu_ps(own.as_mut_ptr().add(16), sums[1]);
            }
            tile.store(row, &own);
        }
    }

    /// [`super::plain`] with AVX2 and FMA.
    pub(super) fn avx2<const R: usize>(tile: Tile) -> usize {
        tile.check(R);
        assert!(is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"));
        // SAFETY: the processor has AVX2 and FMA, and the slices are as long as `check` says.
        unsafe { avx2_unchecked::<R>(tile) }
        R
    }

    /// # Safety
    /// The processor must have AVX2 and FMA, and the slices of `tile` must be as long as
    /// [`Tile::check`] asks for `R` rows.
    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2_unchecked<const R: usize>(mut tile: Tile) {
        let (weights, rows) = (tile.weights.as_ptr(), tile.rows.as_ptr());
        let mut sums = [[_mm256_setzero_ps(); 4]; R];
        for input in 0..tile.inputs {
            // SAFETY: `row` is below `R`, and there are at least `R` rows of `inputs`.
            let value = |row| unsafe { *rows.add(row * tile.inputs + input) };
            let values: [_; R] = std::array::from_fn(|row| _mm256_set1_ps(value(row)));
            for part in 0..4 {
                // SAFETY: `input` is below `inputs`, so a whole panel row of 32 lies there.
                let panel = unsafe { _mm256_loadu_ps(weights.add(input * PANEL + part * 8)) };
                for (sums, &value) in sums.iter_mut().zip(&values) {
                    sums[part] = _mm256_fmadd_ps(value, panel, sums[part]);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let mut own = [0.0; PANEL];
            for (eight, &sum) in own.chunks_exact_mut(8).zip(sums) {
                // SAFETY: `eight` has room for eight numbers.
                unsafe { _mm256_storeu_ps(eight.as_mut_ptr(), sum) };
            }
            tile.store(row, &own);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Every kernel that this machine can run.
    fn processors() -> Vec<Processor> {
        let mut all = vec![Processor::Plain];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Processor::Avx2);
            }
            if is_x86_feature_detected!("avx512f") {
                all.push(Processor::Avx512);
            }
        }
        all
    }

    /// Numbers between -1 and 1 without a pattern (a linear congruential generator).
    pub(in super::super) fn numbers(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..count).map(|_| next()).collect()
    }

    /// The product as the textbook has it.
    fn product(rows: &[f32], weights: &[f32], inputs: usize) -> Vec<f32> {
        rows.chunks_exact(inputs)
            .flat_map(|row| {
                weights.chunks_exact(inputs).map(move |weights| {
                    row.iter()
                        .zip(weights)
                        .fold(0.0, |sum, (x, w)| f32::mul_add(*x, *w, sum))
                })
            })
            .collect()
    }

    fn bits(values: &[f32]) -> Vec<u32> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    /// Numbers of very different sizes, so that products and sums must be rounded.
    #[test]
    fn the_plain_product_rounds_once() {
        let values: Vec<f32> = numbers(3000, 5)
            .chunks_exact(2)
            .map(|pair| pair[0] * (pair[1] * 40.0).exp2())
            .collect();
        for three in values.chunks_exact(3) {
            let (x, w, sum) = (three[0], three[1], three[2]);
            assert_eq!(
                fused(x, w, sum).to_bits(),
                x.mul_add(w, sum).to_bits(),
                "{x} {w} {sum}"
            );
            assert_eq!(
                fused(x, w, -x * w).to_bits(),
                x.mul_add(w, -x * w).to_bits()
            );
        }
    }

    #[test]
    fn every_processor_computes_the_same_bits() {
        for (count, inputs, outputs) in [(1, 1, 1), (3, 5, 31), (29, 64, 33), (300, 192, 576)] {
            let (rows, weights) = (numbers(count * inputs, 1), numbers(outputs * inputs, 2));
            let expected = product(&rows, &weights, inputs);
            let matrix = Matrix::new(&weights, outputs, inputs);
            for processor in processors() {
                let mut results = vec![f32::NAN; count * outputs];
                matrix.multiply_on(processor, &rows, &mut results);
                assert_eq!(
                    bits(&results),
                    bits(&expected),
                    "{processor:?} {count} {inputs} {outputs}"
                );
            }
        }
    }

    #[test]
    fn other_weights_take_the_place_of_the_first() {
        let (first, second) = (numbers(40 * 7, 1), numbers(3 * 2, 2));
        let mut matrix = Matrix::new(&first, 40, 7);
        matrix.pack(3, 2, |input, place, own| {
            for (output, value) in place.zip(own) {
                *value = second[output * 2 + input];
            }
        });
        let rows = numbers(5 * 2, 3);
        let mut results = vec![0.0; 5 * 3];
        matrix.multiply(&rows, &mut results);
        assert_eq!(results, product(&rows, &second, 2));
    }

    #[test]
    #[should_panic(expected = "rows and results differ in number")]
    fn a_row_too_few_is_noticed() {
        Matrix::new(&numbers(4, 1), 2, 2).multiply(&numbers(2, 2), &mut [0.0; 4]);
    }
}
