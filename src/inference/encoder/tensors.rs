//! The transformer on candle's tensors: what a GPU runs, and the plain reference of
//! [`super::slices`].
//!
//! Windows of one batch have the same length, padded to a multiple of [`PADDING`] tokens. That
//! length is a property of the window alone, and padding has attention weight exactly zero, so
//! what is computed of a window does not depend on the rest of the batch. Its last digits do not
//! either as far as the linear layers go (`linear`); attention is one product for all windows, and
//! nobody has tried what a GPU's library makes of that.

use super::super::InferenceError;
use super::super::weights::{Activation, Config, TensorStore};
use super::linear::Linear;
use candle_core::{D, Device, Tensor};
use candle_nn::{LayerNorm, Module};

/// Windows are padded to a multiple of this many tokens.
const PADDING: usize = 8;

/// The length to which a window of `tokens` is padded.
pub(super) fn padded(tokens: usize) -> usize {
    tokens.next_multiple_of(PADDING)
}

pub(super) struct Network {
    embeddings: Tensor,
    embedding_norm: LayerNorm,
    layers: Vec<Layer>,
    final_norm: LayerNorm,
    rotary: Rotary,
    device: Device,
}

impl Network {
    pub(super) fn load(
        store: &TensorStore,
        config: &Config,
        device: &Device,
    ) -> Result<Self, InferenceError> {
        let shape = [config.vocab_size, config.hidden_size];
        Ok(Self {
            embeddings: tensor(store, super::EMBEDDINGS, &shape, device)?,
            embedding_norm: norm(store, super::EMBEDDING_NORM, config, device)?,
            layers: (0..config.num_hidden_layers)
                .map(|index| Layer::load(store, config, index, device))
                .collect::<Result<_, _>>()?,
            final_norm: norm(store, super::FINAL_NORM, config, device)?,
            rotary: Rotary::new(config, device)?,
            device: device.clone(),
        })
    }

    /// The sum of the final token vectors of each window, whose padded lengths are equal: one row
    /// of `hidden` numbers each.
    pub(super) fn token_sums(&self, windows: &[&[u32]]) -> candle_core::Result<Vec<Vec<f32>>> {
        let length = padded(windows[0].len());
        let count = windows.len();
        let mut ids = Vec::with_capacity(count * length);
        let mut present = Vec::with_capacity(count * length);
        for window in windows {
            let missing = length - window.len();
            ids.extend_from_slice(window);
            ids.extend(std::iter::repeat_n(0u32, missing));
            present.extend(std::iter::repeat_n(1f32, window.len()));
            present.extend(std::iter::repeat_n(0f32, missing));
        }
        let ids = Tensor::from_vec(ids, count * length, &self.device)?;
        let present = Tensor::from_vec(present, (count, length), &self.device)?;
        // [batch, 1, 1, length]: zero for tokens, far below for padding.
        let mask = ((&present - 1.0)? * 1e9)?.reshape((count, 1, 1, length))?;

        // [batch * length, hidden] from here on.
        let mut states = self.embeddings.index_select(&ids, 0)?;
        states = self.embedding_norm.forward(&states)?;
        for layer in &self.layers {
            states = layer.forward(&states, &mask, &self.rotary, count, length)?;
        }
        let states = self.final_norm.forward(&states)?;
        let states = states.reshape((count, length, ()))?;
        let sums = states.broadcast_mul(&present.unsqueeze(2)?)?.sum(1)?;
        sums.to_vec2()
    }
}

fn tensor(
    store: &TensorStore,
    name: &str,
    shape: &[usize],
    device: &Device,
) -> Result<Tensor, InferenceError> {
    Ok(Tensor::from_vec(
        store.numbers(name, shape)?,
        shape,
        device,
    )?)
}

fn norm(
    store: &TensorStore,
    name: &str,
    config: &Config,
    device: &Device,
) -> Result<LayerNorm, InferenceError> {
    let weight = tensor(store, name, &[config.hidden_size], device)?;
    Ok(LayerNorm::new_no_bias(weight, config.layer_norm_eps))
}

struct Layer {
    /// The first layer has none: the embeddings have just been normalised.
    attention_norm: Option<LayerNorm>,
    qkv: Linear,
    attention_out: Linear,
    mlp_norm: LayerNorm,
    mlp_in: Linear,
    mlp_out: Linear,
    heads: usize,
    activation: Activation,
}

impl Layer {
    fn load(
        store: &TensorStore,
        config: &Config,
        index: usize,
        device: &Device,
    ) -> Result<Self, InferenceError> {
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        let name = |part: &str| super::layer(index, part);
        let linear = |part: &str, rows: usize, columns: usize| {
            let weight = tensor(store, &name(part), &[rows, columns], device)?;
            Ok::<_, InferenceError>(Linear::new(&weight)?)
        };
        let attention_norm = if index == 0 {
            None
        } else {
            Some(norm(store, &name("attn_norm"), config, device)?)
        };
        Ok(Self {
            attention_norm,
            qkv: linear("attn.Wqkv", 3 * hidden, hidden)?,
            attention_out: linear("attn.Wo", hidden, hidden)?,
            mlp_norm: norm(store, &name("mlp_norm"), config, device)?,
            mlp_in: linear("mlp.Wi", 2 * inner, hidden)?,
            mlp_out: linear("mlp.Wo", hidden, inner)?,
            heads: config.num_attention_heads,
            activation: config.activation,
        })
    }

    /// `states`: [batch * length, hidden] → the same.
    fn forward(
        &self,
        states: &Tensor,
        mask: &Tensor,
        rotary: &Rotary,
        batch: usize,
        length: usize,
    ) -> candle_core::Result<Tensor> {
        let normed = match &self.attention_norm {
            Some(norm) => norm.forward(states)?,
            None => states.clone(),
        };
        let attended = self.attention(&normed, mask, rotary, batch, length)?;
        let states = (states + attended)?;
        let widened = self.mlp_in.forward(&self.mlp_norm.forward(&states)?)?;
        let halves = widened.chunk(2, D::Minus1)?;
        // A gated linear unit (Shazeer, arXiv 2002.05202).
        let value = match self.activation {
            Activation::Gelu => halves[0].gelu_erf()?,
            Activation::Relu => halves[0].relu()?,
        };
        let gated = (value * &halves[1])?;
        states + self.mlp_out.forward(&gated)?
    }

    fn attention(
        &self,
        states: &Tensor,
        mask: &Tensor,
        rotary: &Rotary,
        batch: usize,
        length: usize,
    ) -> candle_core::Result<Tensor> {
        let hidden = states.dims()[1];
        let width = hidden / self.heads;
        // [3, batch, heads, length, width]
        let qkv = self
            .qkv
            .forward(states)?
            .reshape((batch, length, 3, self.heads, width))?
            .permute((2, 0, 3, 1, 4))?;
        let queries = rotary.turn(&qkv.get(0)?)?;
        let keys = rotary.turn(&qkv.get(1)?)?;
        let values = qkv.get(2)?.contiguous()?;
        let queries = (queries * (width as f64).powf(-0.5))?;
        // [batch, heads, length, length]
        let scores = queries.matmul(&keys.t()?)?.broadcast_add(mask)?;
        let weights = candle_nn::ops::softmax_last_dim(&scores)?;
        let mixed = weights
            .matmul(&values)?
            .transpose(1, 2)?
            .reshape((batch * length, hidden))?;
        self.attention_out.forward(&mixed)
    }
}

/// Rotary position embedding (Su et al., arXiv 2104.09864), halves rotated against each other.
struct Rotary {
    cosine: Tensor,
    sine: Tensor,
}

impl Rotary {
    fn new(config: &Config, device: &Device) -> candle_core::Result<Self> {
        let half = config.hidden_size / config.num_attention_heads / 2;
        let shape = (config.max_position_embeddings, half);
        let angles = Tensor::from_vec(super::angles(config), shape, device)?;
        Ok(Self {
            cosine: angles.cos()?,
            sine: angles.sin()?,
        })
    }

    /// `states`: [batch, heads, length, width].
    fn turn(&self, states: &Tensor) -> candle_core::Result<Tensor> {
        candle_nn::rotary_emb::rope(&states.contiguous()?, &self.cosine, &self.sine)
    }
}
