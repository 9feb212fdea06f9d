//! One layer: attention, then the feed-forward block, each added to the states.

use super::attention::{Heads, attend};
use super::cache::{Room, Sequence};
use super::config::{Activation, Config};
use super::linear::Linear;
use super::ops::{Norm, gated, rotate};
use super::rotary::Tables;
use super::weights::Weights;
use crate::inference::InferenceError;
use candle_core::{Result, Tensor};

pub(super) struct Layer {
    attention_norm: Norm,
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    /// Normalise queries and keys head by head.
    head_norms: Option<(Norm, Norm)>,
    feed_forward_norm: Norm,
    gate: Linear,
    up: Linear,
    down: Linear,
    /// Normalise what the two blocks add.
    added_norms: Option<(Norm, Norm)>,
    heads: Heads,
    activation: Activation,
}

/// New tokens of one sequence within a batch: rows `from..from + count` of the states.
pub(super) struct Stretch<'a> {
    pub sequence: &'a Sequence,
    pub room: &'a Room,
    pub from: usize,
    pub count: usize,
}

impl Layer {
    pub(super) fn load(
        weights: &Weights,
        config: &Config,
        index: usize,
    ) -> std::result::Result<Self, InferenceError> {
        let Config {
            hidden,
            inner,
            head_width,
            ..
        } = *config;
        let (queries, keys) = (config.heads * head_width, config.key_heads * head_width);
        let name = |part: &str| format!("model.layers.{index}.{part}");
        let norm = |part: &str| weights.norm(&name(part), hidden);
        let head_norm = |part: &str| weights.norm(&name(part), head_width);
        let linear = |part: &str, shape, bias| weights.linear(&name(part), shape, bias);
        // Gemma names the norm before the feed-forward block otherwise, because the other name is
        // that of the norm after attention.
        let (feed_forward_norm, added_norms) = if config.sandwich {
            (
                norm("pre_feedforward_layernorm")?,
                Some((
                    norm("post_attention_layernorm")?,
                    norm("post_feedforward_layernorm")?,
                )),
            )
        } else {
            (norm("post_attention_layernorm")?, None)
        };
        let head_norms = if config.head_norms {
            Some((
                head_norm("self_attn.q_norm")?,
                head_norm("self_attn.k_norm")?,
            ))
        } else {
            None
        };
        let (qkv, out) = (config.qkv_bias, config.output_bias);
        let wide = config.feed_forward_bias;
        Ok(Self {
            attention_norm: norm("input_layernorm")?,
            query: linear("self_attn.q_proj", [queries, hidden], qkv)?,
            key: linear("self_attn.k_proj", [keys, hidden], qkv)?,
            value: linear("self_attn.v_proj", [keys, hidden], qkv)?,
            output: linear("self_attn.o_proj", [hidden, queries], out)?,
            head_norms,
            feed_forward_norm,
            gate: linear("mlp.gate_proj", [inner, hidden], wide)?,
            up: linear("mlp.up_proj", [inner, hidden], wide)?,
            down: linear("mlp.down_proj", [hidden, inner], wide)?,
            added_norms,
            heads: Heads {
                queries: config.heads,
                keys: config.key_heads,
                width: head_width,
                scale: config.query_scale,
                cap: config.attention_cap,
                window: config.layers[index].window,
            },
            activation: config.activation,
        })
    }

    /// `states`: [tokens, hidden] → the same, after this layer, which is the `index`th. Writes keys
    /// and values of the new tokens.
    pub(super) fn forward(
        &self,
        states: &Tensor,
        stretches: &[Stretch],
        index: usize,
        tables: &Tables,
    ) -> Result<Tensor> {
        let engine = self.query.engine();
        let normed = self.attention_norm.forward(states, engine)?;
        let mut queries = self.query.forward(&normed)?;
        let mut keys = self.key.forward(&normed)?;
        let values = self.value.forward(&normed)?;
        if let Some((query_norm, key_norm)) = &self.head_norms {
            queries = query_norm.forward(&queries, engine)?;
            keys = key_norm.forward(&keys, engine)?;
        }
        let queries = rotate(&queries, tables, engine)?;
        let keys = rotate(&keys, tables, engine)?;
        let mut mixed = Vec::with_capacity(stretches.len());
        for stretch in stretches {
            let own = |rows: &Tensor| rows.narrow(0, stretch.from, stretch.count);
            let (sequence, room) = (stretch.sequence, stretch.room);
            sequence.write(room, index, &own(&keys)?, &own(&values)?)?;
            let read = sequence.read(room, index)?;
            mixed.push(attend(&own(&queries)?, &read, &self.heads, engine)?);
        }
        let mut added = self.output.forward(&Tensor::cat(&mixed, 0)?)?;
        if let Some((norm, _)) = &self.added_norms {
            added = norm.forward(&added, engine)?;
        }
        let states = (states + added)?;

        let normed = self.feed_forward_norm.forward(&states, engine)?;
        let (gate, up) = (self.gate.forward(&normed)?, self.up.forward(&normed)?);
        let mut added = self
            .down
            .forward(&gated(&gate, &up, self.activation, engine)?)?;
        if let Some((_, norm)) = &self.added_norms {
            added = norm.forward(&added, engine)?;
        }
        states + added
    }
}
