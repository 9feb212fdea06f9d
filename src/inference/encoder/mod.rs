//! The encoder: ModernBERT's architecture, with global attention in every layer.
//!
//! Warner et al., "Smarter, Better, Faster, Longer" (arXiv 2412.13663). The tests compare it
//! with values recorded from PyTorch.
//!
//! The transformer stands here twice: `slices` on the processor, on our own kernels, and `tensors`
//! on a GPU, on candle. A window's vector does not depend on what else is computed with it. The
//! heads are small and always run on the processor.

mod linear;
mod slices;
mod tensors;

use super::heads::{Heads, PairScores};
use super::kernels::add;
use super::tokens::Tokens;
use super::topics::Topics;
use super::weights::{Config, ModelFiles, TensorStore};
use super::{InferenceError, ModelIdentity};
use candle_core::Device;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;

/// Tokens computed together, at most, unless the caller says otherwise. Bounds the memory of
/// one forward pass; few enough to stay in a processor's cache.
pub const BATCH_TOKENS: NonZeroUsize = NonZeroUsize::new(512).unwrap();

const EMBEDDINGS: &str = "model.embeddings.tok_embeddings.weight";
const EMBEDDING_NORM: &str = "model.embeddings.norm.weight";
const FINAL_NORM: &str = "model.final_norm.weight";

/// The name of a layer's weights.
fn layer(index: usize, part: &str) -> String {
    format!("model.layers.{index}.{part}.weight")
}

/// The angles of the rotary position embedding: [positions, width of a head / 2].
fn angles(config: &Config) -> Vec<f32> {
    let width = config.hidden_size / config.num_attention_heads;
    (0..config.max_position_embeddings)
        .flat_map(|position| {
            (0..width).step_by(2).map(move |i| {
                let frequency = libm::pow(config.global_rope_theta, -(i as f64) / width as f64);
                (position as f64 * frequency) as f32
            })
        })
        .collect()
}

/// What is known of each text that was encoded.
#[derive(Clone)]
pub struct Vectors {
    /// [texts, hidden]: what the text says.
    meanings: Vec<f32>,
    hidden: usize,
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

    /// How near the subject of one text is to that of another: the cosine of their topic vectors.
    pub fn topic_cosine(&self, one: usize, other: usize) -> f32 {
        let pairs = self.topics[one].iter().zip(&self.topics[other]);
        pairs.map(|(a, b)| a * b).sum()
    }

    /// The numbers of the transformer's vectors, text by text.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.meanings.chunks_exact(self.hidden)
    }
}

/// A loaded encoder with its heads. Cheap to share between threads by reference.
pub struct Encoder {
    tokens: Tokens,
    transformer: Transformer,
    hidden: usize,
    heads: Heads,
    topics: Topics,
    identity: ModelIdentity,
    batch_tokens: usize,
}

/// What the layers run on.
enum Transformer {
    Slices(slices::Network),
    Tensors(tensors::Network),
}

impl Encoder {
    /// Loads the model onto a device.
    ///
    /// # Errors
    /// A file is damaged, a tensor is missing or has the wrong shape, or the tokenizer belongs
    /// to other weights.
    pub fn load(files: &ModelFiles, device: &Device) -> Result<Self, InferenceError> {
        if !device.is_cpu() {
            return Self::load_on_candle(files, device);
        }
        let (store, config) = (files.tensors()?, files.config()?);
        let network = slices::Network::load(&store, &config)?;
        Self::assemble(files, &store, &config, Transformer::Slices(network))
    }

    /// As [`Encoder::load`], but on candle's tensors whatever the device: what our own kernels
    /// are compared with.
    pub fn load_on_candle(files: &ModelFiles, device: &Device) -> Result<Self, InferenceError> {
        let (store, config) = (files.tensors()?, files.config()?);
        let network = tensors::Network::load(&store, &config, device)?;
        Self::assemble(files, &store, &config, Transformer::Tensors(network))
    }

    fn assemble(
        files: &ModelFiles,
        store: &TensorStore,
        config: &Config,
        transformer: Transformer,
    ) -> Result<Self, InferenceError> {
        Ok(Self {
            tokens: Tokens::new(files.tokenizer(), config.vocab_size)?,
            transformer,
            hidden: config.hidden_size,
            heads: Heads::load(store, config.hidden_size)?,
            topics: Topics::load(store, config.vocab_size)?,
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
        let mut meanings = vec![0.0; texts.len() * self.hidden];
        let mut counts = vec![0_usize; texts.len()];
        let mut scratch = slices::Scratch::default();
        for batch in self.batches(&windows) {
            for (window, sum) in batch.iter().zip(self.token_sums(&batch, &mut scratch)?) {
                counts[window.text] += window.ids.len();
                let begin = window.text * self.hidden;
                add(&mut meanings[begin..begin + self.hidden], &sum);
            }
        }
        for (meaning, &count) in meanings.chunks_exact_mut(self.hidden).zip(&counts) {
            meaning.iter_mut().for_each(|value| *value /= count as f32);
        }
        if !meanings.iter().all(|value| value.is_finite()) {
            return Err(InferenceError::Damaged {
                file: "model.safetensors",
                message: "what it computes are no numbers".to_owned(),
            });
        }
        let mut tokens = vec![Vec::new(); texts.len()];
        for window in &windows {
            // Without the markers at both ends.
            tokens[window.text].extend(&window.ids[1..window.ids.len() - 1]);
        }
        Ok(Vectors {
            meanings,
            hidden: self.hidden,
            topics: tokens
                .into_iter()
                .map(|ids| self.topics.read(ids.into_iter()))
                .collect(),
        })
    }

    /// Log-odds that each sentence belongs in a summary of its response.
    pub fn salience(&self, sentences: &Vectors) -> Vec<f32> {
        self.heads.salience(&sentences.meanings)
    }

    /// Scores of every sentence for one theme; `theme` is the index of its vector in `themes`.
    pub fn pair_scores(
        &self,
        sentences: &Vectors,
        themes: &Vectors,
        theme: usize,
    ) -> Vec<PairScores> {
        let meaning = &themes.meanings[theme * self.hidden..(theme + 1) * self.hidden];
        self.heads
            .stances(&sentences.meanings, meaning)
            .into_iter()
            .zip(&sentences.topics)
            .map(|(stance, topic)| PairScores {
                relevance: self.topics.relevance(topic, &themes.topics[theme]),
                stance,
            })
            .collect()
    }

    /// The windows in groups that are computed together.
    fn batches<'a>(&self, windows: &'a [Window]) -> Vec<Vec<&'a Window>> {
        match self.transformer {
            Transformer::Slices(_) => consecutive(windows, self.batch_tokens),
            Transformer::Tensors(_) => of_equal_length(windows, self.batch_tokens),
        }
    }

    /// The sum of the final token vectors of each window of a batch.
    fn token_sums(
        &self,
        batch: &[&Window],
        scratch: &mut slices::Scratch,
    ) -> Result<Vec<Vec<f32>>, InferenceError> {
        let ids: Vec<&[u32]> = batch.iter().map(|window| window.ids.as_slice()).collect();
        Ok(match &self.transformer {
            Transformer::Slices(network) => network.token_sums(&ids, scratch),
            Transformer::Tensors(network) => network.token_sums(&ids)?,
        })
    }
}

/// A stretch of a text that is encoded at once.
struct Window {
    /// Index of the text it belongs to.
    text: usize,
    ids: Vec<u32>,
}

/// Windows in their order, in batches of at most `tokens` tokens or one window.
fn consecutive(windows: &[Window], tokens: usize) -> Vec<Vec<&Window>> {
    let mut batches: Vec<Vec<&Window>> = Vec::new();
    let mut room = 0;
    for window in windows {
        match batches.last_mut() {
            Some(batch) if window.ids.len() <= room => batch.push(window),
            _ => {
                batches.push(vec![window]);
                room = tokens;
            }
        }
        room = room.saturating_sub(window.ids.len());
    }
    batches
}

/// Windows of equal padded length together, in batches of at most `tokens` tokens or one window.
fn of_equal_length(windows: &[Window], tokens: usize) -> Vec<Vec<&Window>> {
    let mut by_length: BTreeMap<usize, Vec<&Window>> = BTreeMap::new();
    for window in windows {
        by_length
            .entry(tensors::padded(window.ids.len()))
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

#[cfg(test)]
mod tests {
    use super::super::weights::Activation;
    use super::*;

    fn windows() -> Vec<Window> {
        let length = |index: usize| 2 + index * 7 % 41;
        (0..40)
            .map(|index| Window {
                text: index,
                ids: (0..length(index))
                    .map(|i| (10 + i * index) as u32)
                    .collect(),
            })
            .collect()
    }

    #[test]
    fn kernels_compute_what_candle_computes() {
        let files = ModelFiles::embedded();
        let store = files.tensors().unwrap();
        for activation in [Activation::Relu, Activation::Gelu] {
            let config = Config {
                activation,
                ..files.config().unwrap()
            };
            let ours = slices::Network::load(&store, &config).unwrap();
            let reference = tensors::Network::load(&store, &config, &Device::Cpu).unwrap();
            let mut scratch = slices::Scratch::default();
            for window in windows() {
                let ours = ours.token_sums(&[&window.ids], &mut scratch);
                let theirs = reference.token_sums(&[&window.ids]).unwrap();
                for (a, b) in ours[0].iter().zip(&theirs[0]) {
                    assert!((a - b).abs() < 1e-3, "{a} and {b}, {activation:?}");
                }
            }
        }
    }

    #[test]
    fn no_window_is_lost_and_no_batch_is_too_large() {
        let windows = windows();
        for tokens in [1, 50, 512] {
            for batches in [
                consecutive(&windows, tokens),
                of_equal_length(&windows, tokens),
            ] {
                let mut texts: Vec<usize> = batches.iter().flatten().map(|w| w.text).collect();
                texts.sort_unstable();
                assert_eq!(texts, (0..40).collect::<Vec<_>>());
                for batch in batches {
                    let size: usize = batch.iter().map(|window| window.ids.len()).sum();
                    assert!(size <= tokens || batch.len() == 1);
                }
            }
        }
    }
}
