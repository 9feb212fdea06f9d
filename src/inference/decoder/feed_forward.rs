//! The feed-forward block: two or three matrices, and what stands between them.

use super::config::{Activation, Config, FeedForwardShape};
use super::linear::Linear;
use super::ops::{Engine, tensor, with_slice};
use super::weights::Weights;
use crate::inference::InferenceError;
use crate::inference::kernels::{self, XIELU_SLOPE};
use candle_core::{DType, Result, Tensor};
use rayon::prelude::*;

pub(super) struct FeedForward {
    /// What the activation works on; if none, it works on what `up` makes.
    gate: Option<Linear>,
    up: Linear,
    down: Linear,
    activation: Function,
}

/// An activation with all its numbers.
#[derive(Clone, Copy)]
enum Function {
    Silu,
    GeluTanh,
    Xielu { above: f32, below: f32 },
}

impl FeedForward {
    /// `name`: that of a part of the layer, as the checkpoint has it.
    pub(super) fn load(
        weights: &Weights,
        config: &Config,
        name: impl Fn(&str) -> String,
    ) -> std::result::Result<Self, InferenceError> {
        let Config { hidden, inner, .. } = *config;
        let bias = config.feed_forward_bias;
        let linear = |part: &str| weights.linear(&name(part), [inner, hidden], bias);
        let (gate, up) = match config.feed_forward {
            FeedForwardShape::Gated => (Some(linear("mlp.gate_proj")?), linear("mlp.up_proj")?),
            FeedForwardShape::Plain => (None, linear("mlp.up_proj")?),
            FeedForwardShape::FusedGate => {
                let both = name("mlp.gate_up_proj");
                let part = |rows| weights.linear_part(&both, [2 * inner, hidden], rows, bias);
                (Some(part(0..inner)?), part(inner..2 * inner)?)
            }
        };
        let activation = match config.activation {
            Activation::Silu => Function::Silu,
            Activation::GeluTanh => Function::GeluTanh,
            Activation::Xielu => {
                let stored = |part: &str| weights.number(&name(part));
                let above = softplus(stored("mlp.act_fn.alpha_p")?);
                let below = XIELU_SLOPE + softplus(stored("mlp.act_fn.alpha_n")?);
                Function::Xielu { above, below }
            }
        };
        Ok(Self {
            gate,
            up,
            down: weights.linear(&name("mlp.down_proj"), [hidden, inner], bias)?,
            activation,
        })
    }

    /// `rows`: [tokens, hidden] → the same.
    pub(super) fn forward(&self, rows: &Tensor) -> Result<Tensor> {
        let engine = self.up.engine();
        let up = self.up.forward(rows)?;
        let inner = match &self.gate {
            Some(gate) => {
                let gate = self.activation.apply(&gate.forward(rows)?, engine)?;
                product(&gate, up, engine)?
            }
            None => self.activation.apply(&up, engine)?,
        };
        self.down.forward(&inner)
    }
}

impl Function {
    fn apply(self, x: &Tensor, engine: Engine) -> Result<Tensor> {
        match engine {
            Engine::Kernels => self.on_kernels(x),
            Engine::Candle => self.on_candle(x),
        }
    }

    fn on_kernels(self, x: &Tensor) -> Result<Tensor> {
        let (_, width) = x.dims2()?;
        let mut rows = with_slice(x, <[f32]>::to_vec)?;
        match self {
            Self::Silu => each(&mut rows, width, kernels::silu),
            Self::GeluTanh => each(&mut rows, width, kernels::gelu_tanh),
            Self::Xielu { above, below } => {
                each(&mut rows, width, |value| {
                    kernels::xielu(value, above, below)
                });
            }
        }
        tensor(rows, width)
    }

    fn on_candle(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Silu => candle_nn::ops::silu(x),
            Self::GeluTanh => x.gelu(),
            Self::Xielu { above, below } => {
                // In 32 bits, because candle has no exponential that is exact near zero.
                let wide = x.to_dtype(DType::F32)?;
                let positive = wide.relu()?;
                let negative = (&wide - &positive)?;
                let upper = (positive.sqr()? * f64::from(above))?;
                let lower = ((negative.exp()? - 1.0)? - negative)? * f64::from(below);
                let slope = wide * f64::from(XIELU_SLOPE);
                ((upper + lower)? + slope)?.to_dtype(x.dtype())
            }
        }
    }
}

/// Replaces each number by what `function` makes of it.
fn each(rows: &mut [f32], width: usize, function: impl Fn(f32) -> f32 + Sync) {
    rows.par_chunks_mut(width)
        .for_each(|row| row.iter_mut().for_each(|value| *value = function(*value)));
}

/// Number by number.
fn product(gate: &Tensor, values: Tensor, engine: Engine) -> Result<Tensor> {
    if engine == Engine::Candle {
        return gate * values;
    }
    let (_, width) = gate.dims2()?;
    let mut rows = with_slice(&values, <[f32]>::to_vec)?;
    with_slice(gate, |gate| {
        let pairs = rows.par_chunks_mut(width).zip(gate.par_chunks(width));
        pairs.for_each(|(row, gate)| {
            for (value, &gate) in row.iter_mut().zip(gate) {
                *value *= gate;
            }
        });
    })?;
    tensor(rows, width)
}

fn softplus(value: f32) -> f32 {
    libm::log1pf(libm::expf(value))
}
