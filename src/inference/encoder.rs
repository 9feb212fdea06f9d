//! The encoder: ModernBERT's architecture, with global attention in every layer.
//!
//! Warner et al., "Smarter, Better, Faster, Longer" (arXiv 2412.13663). The tests compare it
//! with values recorded from PyTorch.
//!
//! Windows are padded to a multiple of [`PADDING`] tokens and batched with others of the same
//! padded length. That length is a property of the window alone, and padding has attention
//! weight exactly zero, so a window's vector does not depend on the rest of the batch.

use super::heads::{Heads, PairScores};
use super::linear::Linear;
use super::tokens::Tokens;
use super::topics::Topics;
use super::weights::{Activation, Config, ModelFiles, TensorStore};
use super::{InferenceError, ModelIdentity};
use candle_core::{D, Device, Tensor};
use candle_nn::{LayerNorm, Module};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;

/// Windows are padded to a multiple of this many tokens.
const PADDING: usize = 8;

/// Tokens computed together, at most, unless the caller says otherwise. Bounds the memory of
/// one forward pass.
pub const BATCH_TOKENS: NonZeroUsize = NonZeroUsize::new(2048).unwrap();

/// What is known of each text that was encoded.
#[derive(Clone)]
pub struct Vectors {
    /// [texts, hidden]: what the sentence says.
    meanings: Tensor,
    /// One unit vector for each text: what it is about.
    topics: Vec<Vec<f32>>,
}

impl Vectors {
    /// Number of texts.
    pub fn len(&self) -> usize {
        self.topics.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of the transformer's vectors, text by text.
    pub fn to_rows(&self) -> Result<Vec<Vec<f32>>, InferenceError> {
        Ok(self.meanings.to_vec2()?)
    }
}

/// A loaded encoder with its heads. Cheap to share between threads by reference.
pub struct Encoder {
    tokens: Tokens,
    embeddings: Tensor,
    embedding_norm: LayerNorm,
    layers: Vec<Layer>,
    final_norm: LayerNorm,
    rotary: Rotary,
    heads: Heads,
    topics: Topics,
    device: Device,
    identity: ModelIdentity,
    batch_tokens: usize,
}

impl Encoder {
    /// Loads the model onto a device.
    ///
    /// # Errors
    /// A file is damaged, a tensor is missing or has the wrong shape, or the tokenizer belongs
    /// to other weights.
    pub fn load(files: &ModelFiles, device: &Device) -> Result<Self, InferenceError> {
        let config = files.config()?;
        if config.global_attn_every_n_layers != 1 {
            return Err(InferenceError::Damaged {
                file: "config.json",
                message: "this build reads encoders with global attention in every layer only"
                    .to_owned(),
            });
        }
        let store = files.tensors(device)?;
        let hidden = config.hidden_size;
        let layers = (0..config.num_hidden_layers)
            .map(|index| Layer::load(&store, &config, index))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            tokens: Tokens::new(files.tokenizer(), config.vocab_size)?,
            embeddings: store.get(
                "model.embeddings.tok_embeddings.weight",
                &[config.vocab_size, hidden],
            )?,
            embedding_norm: norm(&store, "model.embeddings.norm", &config)?,
            layers,
            final_norm: norm(&store, "model.final_norm", &config)?,
            rotary: Rotary::new(&config, device)?,
            heads: Heads::load(&store, hidden)?,
            topics: Topics::load(&store, config.vocab_size)?,
            device: device.clone(),
            identity: files.identity(),
            batch_tokens: BATCH_TOKENS.get(),
        })
    }

    /// Changes how many tokens are computed together. Memory changes, results do not.
    pub fn with_batch_tokens(mut self, tokens: NonZeroUsize) -> Self {
        self.batch_tokens = tokens.get();
        self
    }

    pub fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    /// Encodes texts (sentences or themes), each into the mean of its token vectors.
    ///
    /// A text longer than a window becomes the mean of its windows, weighted by their tokens.
    pub fn encode<S: AsRef<str>>(&self, texts: &[S]) -> Result<Vectors, InferenceError> {
        let mut windows = Vec::new();
        for (text, content) in texts.iter().enumerate() {
            for ids in self.tokens.windows(content.as_ref())?.0 {
                windows.push(Window { text, ids });
            }
        }
        let mut sums = vec![vec![0f32; self.hidden()]; texts.len()];
        let mut counts = vec![0usize; texts.len()];
        for batch in batches(&windows, self.batch_tokens) {
            for (window, sum) in batch.iter().zip(self.token_sums(&batch)?) {
                counts[window.text] += window.ids.len();
                for (total, value) in sums[window.text].iter_mut().zip(sum) {
                    *total += value;
                }
            }
        }
        let mut tokens = vec![Vec::new(); texts.len()];
        for window in &windows {
            // Without the markers at both ends.
            tokens[window.text].extend(&window.ids[1..window.ids.len() - 1]);
        }
        let means = sums
            .iter()
            .zip(&counts)
            .flat_map(|(sum, &count)| sum.iter().map(move |value| value / count as f32))
            .collect();
        Ok(Vectors {
            meanings: Tensor::from_vec(means, (texts.len(), self.hidden()), &self.device)?,
            topics: tokens
                .into_iter()
                .map(|ids| self.topics.read(ids.into_iter()))
                .collect(),
        })
    }

    /// Log-odds that each sentence belongs in a summary of its response.
    pub fn salience(&self, sentences: &Vectors) -> Result<Vec<f32>, InferenceError> {
        Ok(self.heads.salience(&sentences.meanings)?)
    }

    /// Scores of every sentence for one theme; `theme` is the index of its vector in `themes`.
    pub fn pair_scores(
        &self,
        sentences: &Vectors,
        themes: &Vectors,
        theme: usize,
    ) -> Result<Vec<PairScores>, InferenceError> {
        let stances = self
            .heads
            .stances(&sentences.meanings, &themes.meanings.narrow(0, theme, 1)?)?;
        Ok(stances
            .into_iter()
            .zip(&sentences.topics)
            .map(|(stance, topic)| PairScores {
                relevance: self.topics.relevance(topic, &themes.topics[theme]),
                stance,
            })
            .collect())
    }

    fn hidden(&self) -> usize {
        self.embeddings.dims()[1]
    }

    /// The sum of the final token vectors of each window: one row of `hidden` numbers each.
    fn token_sums(&self, batch: &[&Window]) -> Result<Vec<Vec<f32>>, InferenceError> {
        let length = padded_length(batch[0]);
        let count = batch.len();
        let mut ids = Vec::with_capacity(count * length);
        let mut present = Vec::with_capacity(count * length);
        for window in batch {
            let missing = length - window.ids.len();
            ids.extend_from_slice(&window.ids);
            ids.extend(std::iter::repeat_n(0u32, missing));
            present.extend(std::iter::repeat_n(1f32, window.ids.len()));
            present.extend(std::iter::repeat_n(0f32, missing));
        }
        let ids = Tensor::from_vec(ids, count * length, &self.device)?;
        let present = Tensor::from_vec(present, (count, length), &self.device)?;
        // [batch, 1, 1, length]: zero for tokens, -inf for padding.
        let mask = ((&present - 1.0)? * 1e9)?.reshape((count, 1, 1, length))?;

        // [batch * length, hidden] from here on.
        let mut states = self.embeddings.index_select(&ids, 0)?;
        states = self.embedding_norm.forward(&states)?;
        for layer in &self.layers {
            states = layer.forward(&states, &mask, &self.rotary, count, length)?;
        }
        let states = self.final_norm.forward(&states)?;
        let states = states.reshape((count, length, self.hidden()))?;
        let sums = states.broadcast_mul(&present.unsqueeze(2)?)?.sum(1)?;
        Ok(sums.to_vec2()?)
    }
}

/// A stretch of a text that is encoded at once.
struct Window {
    /// Index of the text it belongs to.
    text: usize,
    ids: Vec<u32>,
}

fn padded_length(window: &Window) -> usize {
    window.ids.len().next_multiple_of(PADDING)
}

/// Windows of equal padded length together, in batches of at most `tokens` tokens.
fn batches(windows: &[Window], tokens: usize) -> Vec<Vec<&Window>> {
    let mut by_length: BTreeMap<usize, Vec<&Window>> = BTreeMap::new();
    for window in windows {
        by_length
            .entry(padded_length(window))
            .or_default()
            .push(window);
    }
    by_length
        .into_iter()
        .flat_map(|(length, same)| {
            let most = (tokens / length).max(1);
            same.chunks(most).map(<[_]>::to_vec).collect::<Vec<_>>()
        })
        .collect()
}

fn norm(store: &TensorStore, name: &str, config: &Config) -> Result<LayerNorm, InferenceError> {
    let weight = store.get(&format!("{name}.weight"), &[config.hidden_size])?;
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
    fn load(store: &TensorStore, config: &Config, index: usize) -> Result<Self, InferenceError> {
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        let name = format!("model.layers.{index}");
        let linear = |part: &str, rows: usize, columns: usize| {
            let weight = store.get(&format!("{name}.{part}.weight"), &[rows, columns])?;
            Ok::<_, InferenceError>(Linear::new(&weight)?)
        };
        let attention_norm = if index == 0 {
            None
        } else {
            Some(norm(store, &format!("{name}.attn_norm"), config)?)
        };
        Ok(Self {
            attention_norm,
            qkv: linear("attn.Wqkv", 3 * hidden, hidden)?,
            attention_out: linear("attn.Wo", hidden, hidden)?,
            mlp_norm: norm(store, &format!("{name}.mlp_norm"), config)?,
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
    fn new(config: &Config, device: &Device) -> Result<Self, InferenceError> {
        let width = config.hidden_size / config.num_attention_heads;
        let positions = config.max_position_embeddings;
        let angles: Vec<f32> = (0..positions)
            .flat_map(|position| {
                (0..width).step_by(2).map(move |i| {
                    let frequency = config.global_rope_theta.powf(-(i as f64) / width as f64);
                    (position as f64 * frequency) as f32
                })
            })
            .collect();
        let angles = Tensor::from_vec(angles, (positions, width / 2), device)?;
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
