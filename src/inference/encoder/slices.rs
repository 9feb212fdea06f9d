//! The transformer on plain slices: what the processor runs.
//!
//! Windows of any lengths are packed one after the other, without padding. Each number is computed
//! by itself, in an order that is written down here and in `kernels`, so a window's vector is the
//! same bits in any company and on any processor.

use super::super::InferenceError;
use super::super::kernels::{Matrix, add, gelu, layer_norm, relu, softmax};
use super::super::weights::{Activation, Config, Table, TensorStore};
use std::ops::Range;

pub(super) struct Network {
    embeddings: Table,
    embedding_norm: Vec<f32>,
    layers: Vec<Layer>,
    final_norm: Vec<f32>,
    rotary: Rotary,
    shape: Shape,
}

/// What every layer needs to know.
#[derive(Clone, Copy)]
struct Shape {
    hidden: usize,
    /// Width of the feed-forward block.
    inner: usize,
    heads: usize,
    epsilon: f32,
    activation: Activation,
}

struct Layer {
    /// The first layer has none: the embeddings have just been normalised.
    attention_norm: Option<Vec<f32>>,
    qkv: Matrix,
    attention_out: Matrix,
    mlp_norm: Vec<f32>,
    mlp_in: Matrix,
    mlp_out: Matrix,
}

/// Memory for the steps of a batch, used again by the next.
#[derive(Default)]
pub(super) struct Scratch {
    /// [tokens, hidden], like all that is not said to be wider.
    states: Vec<f32>,
    normed: Vec<f32>,
    /// [tokens, 3 * hidden]
    qkv: Vec<f32>,
    mixed: Vec<f32>,
    /// [tokens, 2 * inner]
    wide: Vec<f32>,
    /// [tokens, inner]
    gated: Vec<f32>,
    /// What a block adds to the states.
    added: Vec<f32>,
    attention: AttentionScratch,
}

/// Memory for one head of one window.
#[derive(Default)]
struct AttentionScratch {
    queries: Vec<f32>,
    keys: Matrix,
    values: Matrix,
    turned: Vec<f32>,
    weights: Vec<f32>,
    mixed: Vec<f32>,
}

impl Network {
    pub(super) fn load(store: &TensorStore, config: &Config) -> Result<Self, InferenceError> {
        let shape = Shape {
            hidden: config.hidden_size,
            inner: config.intermediate_size,
            heads: config.num_attention_heads,
            epsilon: config.layer_norm_eps as f32,
            activation: config.activation,
        };
        let width = [shape.hidden];
        Ok(Self {
            embeddings: store.table(super::EMBEDDINGS, [config.vocab_size, shape.hidden])?,
            embedding_norm: store.numbers(super::EMBEDDING_NORM, &width)?,
            layers: (0..config.num_hidden_layers)
                .map(|index| Layer::load(store, &shape, index))
                .collect::<Result<_, _>>()?,
            final_norm: store.numbers(super::FINAL_NORM, &width)?,
            rotary: Rotary::new(config),
            shape,
        })
    }

    /// The sum of the final token vectors of each window: one row of `hidden` numbers each.
    pub(super) fn token_sums(&self, windows: &[&[u32]], scratch: &mut Scratch) -> Vec<Vec<f32>> {
        let hidden = self.shape.hidden;
        scratch.make_room(windows.iter().map(|window| window.len()).sum(), &self.shape);
        let ids = windows.iter().flat_map(|window| window.iter());
        for (row, &id) in scratch.normed.chunks_exact_mut(hidden).zip(ids) {
            self.embeddings.row(id as usize, row);
        }
        let epsilon = self.shape.epsilon;
        layer_norm(
            &scratch.normed,
            &self.embedding_norm,
            epsilon,
            &mut scratch.states,
        );
        let mut places = Vec::with_capacity(windows.len());
        let mut begin = 0;
        for window in windows {
            places.push(begin..begin + window.len());
            begin += window.len();
        }
        for layer in &self.layers {
            layer.forward(&places, &self.rotary, &self.shape, scratch);
        }
        layer_norm(
            &scratch.states,
            &self.final_norm,
            epsilon,
            &mut scratch.normed,
        );
        places
            .iter()
            .map(|place| {
                let rows = &scratch.normed[place.start * hidden..place.end * hidden];
                let mut sum = vec![0.0; hidden];
                for row in rows.chunks_exact(hidden) {
                    add(&mut sum, row);
                }
                sum
            })
            .collect()
    }
}

impl Scratch {
    fn make_room(&mut self, tokens: usize, shape: &Shape) {
        let Shape { hidden, inner, .. } = *shape;
        for (memory, width) in [
            (&mut self.states, hidden),
            (&mut self.normed, hidden),
            (&mut self.qkv, 3 * hidden),
            (&mut self.mixed, hidden),
            (&mut self.wide, 2 * inner),
            (&mut self.gated, inner),
            (&mut self.added, hidden),
        ] {
            memory.resize(tokens * width, 0.0);
        }
    }
}

impl Layer {
    fn load(store: &TensorStore, shape: &Shape, index: usize) -> Result<Self, InferenceError> {
        let &Shape { hidden, inner, .. } = shape;
        let name = |part: &str| super::layer(index, part);
        let linear = |part: &str, outputs: usize, inputs: usize| {
            let weights = store.numbers(&name(part), &[outputs, inputs])?;
            Ok::<_, InferenceError>(Matrix::new(&weights, outputs, inputs))
        };
        let attention_norm = if index == 0 {
            None
        } else {
            Some(store.numbers(&name("attn_norm"), &[hidden])?)
        };
        Ok(Self {
            attention_norm,
            qkv: linear("attn.Wqkv", 3 * hidden, hidden)?,
            attention_out: linear("attn.Wo", hidden, hidden)?,
            mlp_norm: store.numbers(&name("mlp_norm"), &[hidden])?,
            mlp_in: linear("mlp.Wi", 2 * inner, hidden)?,
            mlp_out: linear("mlp.Wo", hidden, inner)?,
        })
    }

    /// Changes the states in `scratch`.
    fn forward(
        &self,
        windows: &[Range<usize>],
        rotary: &Rotary,
        shape: &Shape,
        scratch: &mut Scratch,
    ) {
        let input = match &self.attention_norm {
            Some(weight) => {
                layer_norm(&scratch.states, weight, shape.epsilon, &mut scratch.normed);
                &scratch.normed
            }
            None => &scratch.states,
        };
        self.qkv.multiply(input, &mut scratch.qkv);
        for window in windows {
            let qkv = &scratch.qkv[window.start * 3 * shape.hidden..window.end * 3 * shape.hidden];
            let mixed = &mut scratch.mixed[window.start * shape.hidden..window.end * shape.hidden];
            for head in 0..shape.heads {
                scratch.attention.mix(qkv, mixed, head, rotary, shape);
            }
        }
        self.attention_out
            .multiply(&scratch.mixed, &mut scratch.added);
        add(&mut scratch.states, &scratch.added);

        layer_norm(
            &scratch.states,
            &self.mlp_norm,
            shape.epsilon,
            &mut scratch.normed,
        );
        self.mlp_in.multiply(&scratch.normed, &mut scratch.wide);
        match shape.activation {
            Activation::Gelu => gate(&scratch.wide, gelu, shape.inner, &mut scratch.gated),
            Activation::Relu => gate(&scratch.wide, relu, shape.inner, &mut scratch.gated),
        }
        self.mlp_out.multiply(&scratch.gated, &mut scratch.added);
        add(&mut scratch.states, &scratch.added);
    }
}

/// A gated linear unit (Shazeer, arXiv 2002.05202). `wide`: [tokens, 2 * inner] → `gated`:
/// [tokens, inner].
fn gate(wide: &[f32], activation: impl Fn(f32) -> f32, inner: usize, gated: &mut [f32]) {
    let rows = gated.chunks_exact_mut(inner);
    for (gated, wide) in rows.zip(wide.chunks_exact(2 * inner)) {
        let (values, gates) = wide.split_at(inner);
        for ((out, &value), &gate) in gated.iter_mut().zip(values).zip(gates) {
            *out = activation(value) * gate;
        }
    }
}

impl AttentionScratch {
    /// Attention of one head within one window. `qkv`: [tokens, 3 * hidden] → its columns of
    /// `mixed`: [tokens, hidden].
    fn mix(&mut self, qkv: &[f32], mixed: &mut [f32], head: usize, rotary: &Rotary, shape: &Shape) {
        let hidden = shape.hidden;
        let width = hidden / shape.heads;
        let tokens = mixed.len() / hidden;
        let part = |token: usize, which: usize| {
            let begin = token * 3 * hidden + which * hidden + head * width;
            &qkv[begin..begin + width]
        };
        let scale = 1.0 / (width as f32).sqrt();
        self.queries.resize(tokens * width, 0.0);
        self.turned.resize(tokens * width, 0.0);
        for token in 0..tokens {
            let place = token * width..(token + 1) * width;
            rotary.turn(part(token, 0), token, &mut self.queries[place.clone()]);
            rotary.turn(part(token, 1), token, &mut self.turned[place]);
        }
        for value in &mut self.queries {
            *value *= scale;
        }
        let turned = &self.turned;
        self.keys.pack(tokens, width, |i, keys, own| {
            for (value, key) in own
                .iter_mut()
                .zip(turned[keys.start * width..].chunks(width))
            {
                *value = key[i];
            }
        });
        self.values.pack(width, tokens, |token, place, own| {
            own.copy_from_slice(&part(token, 2)[place]);
        });
        self.weights.resize(tokens * tokens, 0.0);
        self.keys.multiply(&self.queries, &mut self.weights);
        self.weights.chunks_exact_mut(tokens).for_each(softmax);
        self.mixed.resize(tokens * width, 0.0);
        self.values.multiply(&self.weights, &mut self.mixed);
        for (row, own) in mixed
            .chunks_exact_mut(hidden)
            .zip(self.mixed.chunks_exact(width))
        {
            row[head * width..(head + 1) * width].copy_from_slice(own);
        }
    }
}

/// Rotary position embedding (Su et al., arXiv 2104.09864), halves rotated against each other.
struct Rotary {
    /// [positions, width / 2]
    cosine: Vec<f32>,
    sine: Vec<f32>,
    half: usize,
}

impl Rotary {
    fn new(config: &Config) -> Self {
        let angles = super::angles(config);
        Self {
            cosine: angles.iter().map(|&angle| libm::cosf(angle)).collect(),
            sine: angles.iter().map(|&angle| libm::sinf(angle)).collect(),
            half: config.hidden_size / config.num_attention_heads / 2,
        }
    }

    fn turn(&self, values: &[f32], position: usize, turned: &mut [f32]) {
        let place = position * self.half..(position + 1) * self.half;
        let (cosine, sine) = (&self.cosine[place.clone()], &self.sine[place]);
        let (first, second) = values.split_at(self.half);
        let (low, high) = turned.split_at_mut(self.half);
        for i in 0..self.half {
            low[i] = first[i] * cosine[i] - second[i] * sine[i];
            high[i] = first[i] * sine[i] + second[i] * cosine[i];
        }
    }
}
