//! What a transformer does between its matrix products, with the same bits on every processor.
//!
//! Only comparisons, sums, products, quotients and square roots are used, which IEEE 754 rounds the
//! same everywhere, in an order that is written down: sums run in sixteen lanes. The exponential is
//! computed here for the same reason, and the error function is that of the crate `libm`; those of
//! a system's library differ from the next one's. What is not a number stays so: damaged weights must not end as a confident answer.

const LANES: usize = 16;

/// Adds up what `term` makes of each number.
fn sum(values: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let mut chunks = values.chunks_exact(LANES);
    for chunk in &mut chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += term(value);
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(chunks.remainder()) {
        *lane += term(value);
    }
    // Halves onto halves.
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for place in 0..width {
            lanes[place] += lanes[place + width];
        }
    }
    lanes[0]
}

/// Layer normalisation without bias (Ba et al., arXiv 1607.06450): each row of `rows` to mean 0
/// and variance 1, times `weight`, into `normed`.
pub(in crate::inference) fn layer_norm(
    rows: &[f32],
    weight: &[f32],
    epsilon: f32,
    normed: &mut [f32],
) {
    let width = weight.len();
    for (row, normed) in rows.chunks_exact(width).zip(normed.chunks_exact_mut(width)) {
        let mean = sum(row, |value| value) / width as f32;
        let variance = sum(row, |value| (value - mean) * (value - mean)) / width as f32;
        let scale = 1.0 / (variance + epsilon).sqrt();
        for ((out, &value), &weight) in normed.iter_mut().zip(row).zip(weight) {
            *out = (value - mean) * scale * weight;
        }
    }
}

/// Root mean square normalisation (Zhang and Sennrich, arXiv 1910.07467) of each stretch of the
/// weight's width, times `weight`, into `normed`.
pub(in crate::inference) fn rms_norm(
    rows: &[f32],
    weight: &[f32],
    epsilon: f32,
    normed: &mut [f32],
) {
    let width = weight.len();
    for (row, normed) in rows.chunks_exact(width).zip(normed.chunks_exact_mut(width)) {
        let square = sum(row, |value| value * value) / width as f32;
        let scale = 1.0 / (square + epsilon).sqrt();
        for ((out, &value), &weight) in normed.iter_mut().zip(row).zip(weight) {
            *out = value * scale * weight;
        }
    }
}

/// Turns a row into weights that add up to one, each proportional to the exponential.
pub(in crate::inference) fn softmax(row: &mut [f32]) {
    let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for value in row.iter_mut() {
        *value = exponential(*value - highest);
    }
    let scale = 1.0 / sum(row, |value| value);
    for value in row.iter_mut() {
        *value *= scale;
    }
}

/// Cuts what is below zero.
pub(in crate::inference) fn relu(value: f32) -> f32 {
    if value < 0.0 { 0.0 } else { value }
}

/// The Gaussian error linear unit (Hendrycks and Gimpel, arXiv 1606.08415), by the error function.
pub(in crate::inference) fn gelu(value: f32) -> f32 {
    let error = libm::erff(value * std::f32::consts::FRAC_1_SQRT_2);
    0.5 * value * (1.0 + error)
}

/// The same in the approximation by tanh, which some models were trained with.
pub(in crate::inference) fn gelu_tanh(value: f32) -> f32 {
    const SQRT_2_OVER_PI: f32 = 0.797_884_6;
    let inner = SQRT_2_OVER_PI * (value + 0.044_715 * value * value * value);
    0.5 * value * (1.0 + libm::tanhf(inner))
}

/// `x` times its logistic function (Elfwing et al., arXiv 1702.03118).
pub(in crate::inference) fn silu(value: f32) -> f32 {
    // The exponential of what is not above zero, on either side.
    let small = exponential(-value.abs());
    let logistic = if value < 0.0 {
        small / (1.0 + small)
    } else {
        1.0 / (1.0 + small)
    };
    value * logistic
}

/// The expanded integral of the exponential linear unit (Huang and Schlag, arXiv 2411.13010), with
/// the numbers by which it bends above and below zero.
pub(in crate::inference) fn xielu(value: f32, above: f32, below: f32) -> f32 {
    let bent = if value > 0.0 {
        above * value * value
    } else {
        below * (libm::expm1f(value) - value)
    };
    bent + XIELU_SLOPE * value
}

/// The slope of [`xielu`] at zero.
pub(in crate::inference) const XIELU_SLOPE: f32 = 0.5;

/// Keeps numbers between `-limit` and `limit`, smoothly.
pub(in crate::inference) fn cap(values: &mut [f32], limit: f32) {
    for value in values {
        *value = limit * libm::tanhf(*value / limit);
    }
}

/// Adds row to row.
pub(in crate::inference) fn add(sums: &mut [f32], added: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(added) {
        *sum += value;
    }
}

/// `e` to the power `x` for `x` of at most 0, to about one unit in the last place; below -87
/// what -87 gives, which is next to nothing.
fn exponential(x: f32) -> f32 {
    /// Added to a small number, it pushes the fraction out of the significand.
    const ROUND: f32 = 12_582_912.0;
    /// ln 2 in two parts, so that a whole multiple of the first is exact.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    // x = n ln 2 + rest, and 2 to the n is a matter of the exponent's bits.
    let x = if x < -87.0 { -87.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let rest = x - n * LN_2[0] - n * LN_2[1];
    // Taylor's series; |rest| is at most 0.35.
    let series = [5040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0]
        .into_iter()
        .fold(0.0, |sum: f32, factorial: f32| {
            (sum + 1.0 / factorial) * rest
        });
    let power = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    (1.0 + series) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_that_of_the_library() {
        for step in 0..=87_000 {
            let x = -(step as f32) / 1000.0;
            let expected = f64::from(x).exp();
            let error = (f64::from(exponential(x)) - expected).abs() / expected;
            assert!(error < 2e-7, "{x}: {error}");
        }
        assert_eq!(exponential(0.0), 1.0);
        assert_eq!(exponential(f32::NEG_INFINITY), exponential(-87.0));
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        assert!(relu(f32::NAN).is_nan() && exponential(f32::NAN).is_nan());
        let mut row = [0.0, f32::NAN];
        softmax(&mut row);
        assert!(row[0].is_nan());
    }

    #[test]
    fn weights_add_up_to_one_and_keep_their_order() {
        let mut row: Vec<f32> = (0..37).map(|i| (i * 7 % 37) as f32).collect();
        let before = row.clone();
        softmax(&mut row);
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        for (a, b) in [(0, 1), (5, 30), (36, 12)] {
            assert_eq!(before[a] < before[b], row[a] < row[b]);
        }
        let mut far = [0.0, -1000.0];
        softmax(&mut far);
        assert_eq!(far[0], 1.0);
        assert!(far[1] < 1e-37);
    }

    #[test]
    fn a_normed_row_has_mean_zero_and_variance_one() {
        let row: Vec<f32> = (0..37).map(|i| (i * i % 23) as f32).collect();
        let mut normed = vec![0.0; 37];
        layer_norm(&row, &[2.0; 37], 1e-5, &mut normed);
        let mean = normed.iter().sum::<f32>() / 37.0;
        let variance = normed.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / 37.0;
        assert!(mean.abs() < 1e-6 && (variance - 4.0).abs() < 1e-3);
    }
}
