//! Drawing tokens at random, the same ones for the same seed.
//!
//! Noise is added to the scores so that the highest of them is a draw from the model's distribution (the Gumbel
//! trick: Gumbel, "Statistical Theory of Extreme Values", 1954; Maddison et al., arXiv 1411.0030). The noise of a token
//! depends on the seed, the place in the answer and the token alone. So an answer depends on no company, and
//! under a grammar the highest score of those allowed is a draw among those allowed.

/// How an answer is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Above zero; 1 draws as the model says, less prefers what is likely.
    pub temperature: f32,
    pub seed: u64,
}

impl Sampling {
    /// The scores with the noise of the token at `place` in the answer.
    pub(super) fn perturb(self, logits: &[f32], place: usize) -> Vec<f32> {
        let here = mixed(self.seed ^ mixed(place as u64 + 1));
        logits
            .iter()
            .enumerate()
            .map(|(token, logit)| {
                // 53 random bits, between zero and one and neither.
                let bits = mixed(here ^ mixed(token as u64 + 1)) >> 11;
                let uniform = (bits as f64 + 0.5) / (1u64 << 53) as f64;
                let noise = -libm::log(-libm::log(uniform));
                (f64::from(*logit) / f64::from(self.temperature) + noise) as f32
            })
            .collect()
    }
}

/// Steele, Lea and Flood's SplitMix64: neighbouring numbers become unlike ones.
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::generate::highest;

    fn shares(temperature: f32) -> [f64; 3] {
        let logits = [0.0, 1.0, 2.0];
        let mut shares = [0.0; 3];
        for seed in 0..20_000 {
            let sampling = Sampling { temperature, seed };
            let token = highest(&sampling.perturb(&logits, 3), |_| true).unwrap();
            shares[token as usize] += 1.0 / 20_000.0;
        }
        shares
    }

    #[test]
    fn tokens_are_drawn_as_often_as_they_are_likely() {
        for temperature in [0.5, 1.0, 2.0] {
            let weights = [0.0, 1.0, 2.0].map(|logit: f64| (logit / f64::from(temperature)).exp());
            let total: f64 = weights.iter().sum();
            for (share, weight) in shares(temperature).into_iter().zip(weights) {
                assert!((share - weight / total).abs() < 0.015, "{temperature}");
            }
        }
    }

    #[test]
    fn seed_and_place_decide() {
        let draw = |seed, place| {
            let sampling = Sampling {
                temperature: 1.0,
                seed,
            };
            sampling.perturb(&[0.0; 50], place)
        };
        assert_eq!(draw(7, 2), draw(7, 2));
        assert_ne!(draw(7, 2), draw(8, 2));
        assert_ne!(draw(7, 2), draw(7, 3));
    }
}
