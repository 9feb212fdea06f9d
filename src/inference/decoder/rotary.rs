//! Rotary position embedding (Su et al., arXiv 2104.09864).

use super::config::{RotaryConfig, Scaling};
use std::f32::consts::TAU;

/// The angles by which one token's numbers turn for each step of its position.
pub(super) struct Rotary {
    /// [rotated width / 2]
    frequencies: Vec<f32>,
    magnitude: f32,
    interleaved: bool,
    head_width: usize,
}

impl Rotary {
    /// Frequencies and angles in 32 bits, as `transformers` computes them: what the models were
    /// trained with.
    pub(super) fn new(config: &RotaryConfig, head_width: usize) -> Self {
        let (theta, width) = (config.theta, config.width);
        let frequencies = (0..width)
            .step_by(2)
            .map(|i| {
                let frequency = 1.0 / libm::powf(theta, i as f32 / width as f32);
                scaled(frequency, &config.scaling, i / 2)
            })
            .collect();
        Self {
            frequencies,
            magnitude: config.magnitude,
            interleaved: config.interleaved,
            head_width,
        }
    }

    /// Cosine and sine of every angle at the given positions: [tokens, rotated width / 2] each.
    pub(super) fn tables(&self, positions: &[u32]) -> Tables {
        let angles = positions.iter().flat_map(|&position| {
            let turn = move |frequency: &f32| position as f32 * frequency;
            self.frequencies.iter().map(turn)
        });
        let pair = |x| {
            (
                libm::cosf(x) * self.magnitude,
                libm::sinf(x) * self.magnitude,
            )
        };
        let (cosine, sine) = angles.map(pair).unzip();
        Tables {
            cosine,
            sine,
            half: self.frequencies.len(),
            interleaved: self.interleaved,
            head_width: self.head_width,
        }
    }
}

/// Llama 3's and YaRN's rules are those of `transformers`, `modeling_rope_utils.py`.
fn scaled(frequency: f32, scaling: &Scaling, pair: usize) -> f32 {
    match *scaling {
        Scaling::Divisors(ref divisors) => frequency / divisors[pair],
        Scaling::None => frequency,
        Scaling::Linear { factor } => frequency / factor,
        Scaling::Yarn { factor, low, high } => {
            let share = ((pair as f32 - low) / (high - low)).clamp(0.0, 1.0);
            frequency / factor * share + frequency * (1.0 - share)
        }
        Scaling::Llama3 {
            factor,
            low,
            high,
            original_context,
        } => {
            let wavelength = TAU / frequency;
            if wavelength < original_context / high {
                frequency
            } else if wavelength > original_context / low {
                frequency / factor
            } else {
                let share = (original_context / wavelength - low) / (high - low);
                (1.0 - share) * frequency / factor + share * frequency
            }
        }
    }
}

pub(super) struct Tables {
    /// [tokens, half]
    pub cosine: Vec<f32>,
    pub sine: Vec<f32>,
    /// Half of how many of a head's numbers are rotated.
    pub half: usize,
    pub interleaved: bool,
    pub head_width: usize,
}

impl Tables {
    /// Turns every head of every token. `rows`: [tokens, heads * head width].
    pub(super) fn turn(&self, rows: &mut [f32]) {
        let tokens = self.cosine.len() / self.half;
        let width = rows.len() / tokens.max(1);
        for (token, row) in rows.chunks_exact_mut(width.max(1)).enumerate() {
            let place = token * self.half..(token + 1) * self.half;
            let (cosine, sine) = (&self.cosine[place.clone()], &self.sine[place]);
            for head in row.chunks_exact_mut(self.head_width) {
                for i in 0..self.half {
                    let (a, b) = if self.interleaved {
                        (2 * i, 2 * i + 1)
                    } else {
                        (i, i + self.half)
                    };
                    let (x, y) = (head[a], head[b]);
                    head[a] = x * cosine[i] - y * sine[i];
                    head[b] = y * cosine[i] + x * sine[i];
                }
            }
        }
    }
}
