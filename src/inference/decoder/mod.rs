//! Tokens in, scores of the next token out: a language model of one of the families shaped like Llama.
//!
//! A batch is packed and ragged: the new tokens of several [`Sequence`]s stand one after the other,
//! without padding, each with its own position. What a sequence has read lies in blocks that it shares
//! with the sequences it branched from (`cache`).
//!
//! On a processor the model runs on our own kernels in 32 bits, from weights in the precision of the
//! file, and its scores are the same bits in any company, in whatever pieces a text is read, and on
//! any number of threads. On a GPU it runs on candle.

mod attention;
mod cache;
pub(super) mod config;
mod feed_forward;
mod layer;
mod linear;
mod ops;
mod rotary;
mod weights;

pub use cache::Sequence;
pub use config::Config;

use super::InferenceError;
use super::checkpoint::Checkpoint;
use cache::Format;
use candle_core::{DType, Device, Tensor};
use layer::{Layer, Stretch};
use linear::Linear;
use ops::{Engine, Norm};
use rotary::Rotary;
use weights::{Embeddings, Weights};

/// A loaded language model.
pub struct Decoder {
    config: Config,
    embeddings: Embeddings,
    layers: Vec<Layer>,
    norm: Norm,
    head: Linear,
    /// The rotations that occur, and which of them each layer uses.
    rotaries: Vec<Rotary>,
    rotary_of: Vec<usize>,
    format: Format,
    engine: Engine,
}

/// New tokens for a sequence to read.
pub struct Step<'a> {
    pub sequence: &'a mut Sequence,
    /// At least one.
    pub tokens: &'a [u32],
    pub wanted: Wanted,
}

/// Which scores are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// None: the tokens are only read.
    Nothing,
    /// Those after the last new token.
    Last,
    /// Those after each new token.
    All,
}

impl Wanted {
    fn rows(self, count: usize) -> std::ops::Range<usize> {
        match self {
            Self::Nothing => count..count,
            Self::Last => count - 1..count,
            Self::All => 0..count,
        }
    }
}

impl Decoder {
    /// Loads a model onto a device: on a processor our own kernels compute, elsewhere candle in
    /// 16-bit brain floating point.
    ///
    /// # Errors
    /// A tensor is missing, has the wrong shape or a type that is not read.
    pub fn load(checkpoint: &Checkpoint, device: &Device) -> Result<Self, InferenceError> {
        let (engine, dtype) = if device.is_cpu() {
            (Engine::Kernels, DType::F32)
        } else {
            (Engine::Candle, DType::BF16)
        };
        Self::assemble(&Weights {
            checkpoint,
            engine,
            device,
            dtype,
        })
    }

    /// As [`Decoder::load`], but on candle whatever the device, in the given precision: what our
    /// own kernels are compared with.
    pub fn load_on_candle(
        checkpoint: &Checkpoint,
        device: &Device,
        dtype: DType,
    ) -> Result<Self, InferenceError> {
        Self::assemble(&Weights {
            checkpoint,
            engine: Engine::Candle,
            device,
            dtype,
        })
    }

    fn assemble(weights: &Weights) -> Result<Self, InferenceError> {
        let config = weights.checkpoint.config().clone();
        let (embeddings, head) = weights.ends()?;
        let mut kinds: Vec<&config::RotaryConfig> = Vec::new();
        let mut rotary_of = Vec::new();
        for layer in &config.layers {
            let known = kinds.iter().position(|kind| **kind == layer.rotary);
            rotary_of.push(known.unwrap_or(kinds.len()));
            if known.is_none() {
                kinds.push(&layer.rotary);
            }
        }
        Ok(Self {
            embeddings,
            layers: (0..config.layers.len())
                .map(|index| Layer::load(weights, &config, index))
                .collect::<Result<_, _>>()?,
            norm: weights.norm("model.norm", config.hidden)?,
            head,
            rotaries: kinds
                .iter()
                .map(|kind| Rotary::new(kind, config.head_width))
                .collect(),
            rotary_of,
            format: Format {
                layers: config.layers.len(),
                width: config.key_heads * config.head_width,
                dtype: weights.dtype,
                device: weights.device.clone(),
            },
            engine: weights.engine,
            config,
        })
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Bytes of keys and values that one token of a sequence takes.
    pub fn token_bytes(&self) -> usize {
        self.format.token_bytes()
    }

    /// Reads the new tokens of every step, and gives the scores that were asked for: for each step its
    /// rows of `vocabulary` logits.
    ///
    /// # Errors
    /// A token is none of the vocabulary, a sequence would grow beyond the context, or the device
    /// fails. The sequences are then as they were.
    pub fn forward(&self, steps: &mut [Step]) -> Result<Vec<Vec<Vec<f32>>>, InferenceError> {
        for step in &*steps {
            self.check(step)?;
        }
        if steps.is_empty() {
            return Ok(Vec::new());
        }
        let rooms = steps
            .iter_mut()
            .map(|step| step.sequence.make_room(step.tokens.len(), &self.format))
            .collect::<candle_core::Result<Vec<_>>>()?;
        let mut stretches = Vec::with_capacity(steps.len());
        let (mut tokens, mut positions) = (Vec::new(), Vec::new());
        for (step, room) in steps.iter().zip(&rooms) {
            stretches.push(Stretch {
                sequence: step.sequence,
                room,
                from: tokens.len(),
                count: step.tokens.len(),
            });
            tokens.extend_from_slice(step.tokens);
            let first = step.sequence.len() as u32;
            positions.extend(first..first + step.tokens.len() as u32);
        }
        let states = self.states(&tokens, &positions, &stretches)?;
        let asked = stretches.iter().zip(&*steps).flat_map(|(stretch, step)| {
            let rows = step.wanted.rows(stretch.count);
            rows.map(|row| (stretch.from + row) as u32)
        });
        let mut logits = self.logits(&states, asked.collect())?.into_iter();
        drop(stretches);
        let counts: Vec<usize> = steps
            .iter()
            .map(|step| step.wanted.rows(step.tokens.len()).len())
            .collect();
        for (step, room) in steps.iter_mut().zip(rooms) {
            step.sequence.advance(room);
        }
        let own = |count| logits.by_ref().take(count).collect();
        Ok(counts.into_iter().map(own).collect())
    }

    fn check(&self, step: &Step) -> Result<(), InferenceError> {
        assert!(!step.tokens.is_empty(), "a step reads at least one token");
        let vocabulary = self.config.vocabulary;
        if let Some(&token) = step.tokens.iter().find(|&&t| t as usize >= vocabulary) {
            return Err(InferenceError::Token { token, vocabulary });
        }
        let length = step.sequence.len() + step.tokens.len();
        if length > self.config.context {
            return Err(InferenceError::Context {
                length,
                context: self.config.context,
            });
        }
        Ok(())
    }

    /// [tokens, hidden], after the last layer.
    fn states(
        &self,
        tokens: &[u32],
        positions: &[u32],
        stretches: &[Stretch],
    ) -> candle_core::Result<Tensor> {
        let tables: Vec<_> = self
            .rotaries
            .iter()
            .map(|rotary| rotary.tables(positions))
            .collect();
        let mut states = self.embeddings.read(tokens)?;
        if let Some(scale) = self.config.embedding_scale {
            states = (states * f64::from(scale))?;
        }
        for (index, layer) in self.layers.iter().enumerate() {
            let tables = &tables[self.rotary_of[index]];
            states = layer.forward(&states, stretches, index, tables)?;
        }
        Ok(states)
    }

    /// The logits of some rows.
    fn logits(&self, states: &Tensor, rows: Vec<u32>) -> candle_core::Result<Vec<Vec<f32>>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let rows = Tensor::new(rows, states.device())?;
        let states = states.index_select(&rows, 0)?;
        let normed = self.norm.forward(&states, self.engine)?;
        let mut logits = self.head.forward(&normed)?;
        if let Some(divisor) = self.config.score_divisor {
            logits = (logits / f64::from(divisor))?;
        }
        if let Some(limit) = self.config.final_cap {
            logits = ops::cap(&logits, limit, self.engine)?;
        }
        let logits: Vec<Vec<f32>> = logits.to_dtype(DType::F32)?.to_vec2()?;
        // Damaged weights must not end as a confident answer.
        if logits.iter().flatten().any(|logit| !logit.is_finite()) {
            candle_core::bail!("its scores are not numbers; the weights may be damaged");
        }
        Ok(logits)
    }
}
