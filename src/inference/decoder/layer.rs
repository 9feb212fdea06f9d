//! One layer: attention, then the feed-forward block, each added to the states.

use super::attention::{Heads, attend};
use super::cache::{Room, Sequence};
use super::config::{Config, QueryKeyNorms};
use super::feed_forward::FeedForward;
use super::linear::Linear;
use super::ops::{Engine, Norm, rotate};
use super::rotary::Tables;
use super::weights::Weights;
use crate::inference::InferenceError;
use candle_core::{Result, Tensor};

pub(super) struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    /// Normalise queries and keys.
    query_key_norms: Option<(Norm, Norm)>,
    feed_forward: FeedForward,
    norms: Norms,
    /// What a block adds is multiplied with this.
    residual_scale: Option<f32>,
    heads: Heads,
}

/// See [`super::config::NormNames`].
struct Norms {
    before_attention: Option<Norm>,
    after_attention: Option<Norm>,
    before_feed_forward: Option<Norm>,
    after_feed_forward: Option<Norm>,
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
            hidden, head_width, ..
        } = *config;
        let (queries, keys) = (config.heads * head_width, config.key_heads * head_width);
        let name = |part: &str| format!("model.layers.{index}.{part}");
        let norm = |part: Option<&str>| {
            part.map(|part| weights.norm(&name(part), hidden))
                .transpose()
        };
        let norms = Norms {
            before_attention: norm(config.norms.before_attention)?,
            after_attention: norm(config.norms.after_attention)?,
            before_feed_forward: norm(config.norms.before_feed_forward)?,
            after_feed_forward: norm(config.norms.after_feed_forward)?,
        };
        let widths = match config.query_key_norms {
            QueryKeyNorms::None => None,
            QueryKeyNorms::Heads => Some((head_width, head_width)),
            QueryKeyNorms::Whole => Some((queries, keys)),
        };
        let query_key_norms = match widths {
            Some((query, key)) => Some((
                weights.norm(&name("self_attn.q_norm"), query)?,
                weights.norm(&name("self_attn.k_norm"), key)?,
            )),
            None => None,
        };
        let [query, key, value] = if config.fused_qkv {
            let (all, shape) = (name("self_attn.qkv_proj"), [queries + 2 * keys, hidden]);
            let part = |rows| weights.linear_part(&all, shape, rows, config.qkv_bias);
            let (values, end) = (queries + keys, queries + 2 * keys);
            [
                part(0..queries)?,
                part(queries..values)?,
                part(values..end)?,
            ]
        } else {
            let part =
                |part: &str, rows| weights.linear(&name(part), [rows, hidden], config.qkv_bias);
            [
                part("self_attn.q_proj", queries)?,
                part("self_attn.k_proj", keys)?,
                part("self_attn.v_proj", keys)?,
            ]
        };
        let output = name("self_attn.o_proj");
        Ok(Self {
            query,
            key,
            value,
            output: weights.linear(&output, [hidden, queries], config.output_bias)?,
            query_key_norms,
            feed_forward: FeedForward::load(weights, config, name)?,
            norms,
            residual_scale: config.residual_scale,
            heads: Heads {
                queries: config.heads,
                keys: config.key_heads,
                width: head_width,
                scale: config.query_scale,
                cap: config.attention_cap,
                window: config.layers[index].window,
            },
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
        let read = normed(states, &self.norms.before_attention, engine)?;
        let added = self.attention(&read, stretches, index, tables)?;
        let states = self.sum(states, added, &self.norms.after_attention)?;
        let read = normed(&states, &self.norms.before_feed_forward, engine)?;
        let added = self.feed_forward.forward(&read)?;
        self.sum(&states, added, &self.norms.after_feed_forward)
    }

    fn attention(
        &self,
        read: &Tensor,
        stretches: &[Stretch],
        index: usize,
        tables: &Tables,
    ) -> Result<Tensor> {
        let engine = self.query.engine();
        let mut queries = self.query.forward(read)?;
        let mut keys = self.key.forward(read)?;
        let values = self.value.forward(read)?;
        if let Some((query_norm, key_norm)) = &self.query_key_norms {
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
            let seen = sequence.read(room, index)?;
            mixed.push(attend(&own(&queries)?, &seen, &self.heads, engine)?);
        }
        self.output.forward(&Tensor::cat(&mixed, 0)?)
    }

    /// The states with what a block adds.
    fn sum(&self, states: &Tensor, added: Tensor, norm: &Option<Norm>) -> Result<Tensor> {
        let mut added = normed(&added, norm, self.query.engine())?;
        if let Some(scale) = self.residual_scale {
            added = (added * f64::from(scale))?;
        }
        states + added
    }
}

fn normed(rows: &Tensor, norm: &Option<Norm>, engine: Engine) -> Result<Tensor> {
    match norm {
        Some(norm) => norm.forward(rows, engine),
        None => Ok(rows.clone()),
    }
}
