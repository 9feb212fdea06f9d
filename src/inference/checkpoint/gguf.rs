//! GGUF: one file with configuration, vocabulary and (mostly quantised) weights.
//!
//! The format is that of `ggml/docs/gguf.md`. The names and conventions are llama.cpp's: queries and
//! keys of the architecture `llama` are stored so that neighbouring numbers rotate against each
//! other, and Gemma's norms have their 1 added already.

use super::vocabulary::{Vocabulary, vocabulary};
use super::{expect_shape, floating, mapped};
use crate::inference::InferenceError;
use crate::inference::decoder::config::{Activation, Config, LayerConfig, RotaryConfig, Scaling};
use crate::inference::kernels::{Bytes, QUANTISED_ROWS, Rows, StoredMatrix};
use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{DType, Device, Tensor};
use std::borrow::Cow;
use std::io::Cursor;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

/// Architectures that the decoder computes, and the family that each is.
const ARCHITECTURES: [(&str, &str); 4] = [
    ("llama", "llama"),
    ("qwen2", "qwen2"),
    ("qwen3", "qwen3"),
    ("gemma3", "gemma3_text"),
];

pub(super) struct Gguf {
    path: PathBuf,
    bytes: Bytes,
    content: Content,
}

impl Gguf {
    pub(super) fn open(path: &Path) -> Result<Self, InferenceError> {
        let bytes = mapped(path)?;
        let damaged = |message: String| InferenceError::DamagedFile {
            path: path.to_owned(),
            message,
        };
        if !bytes.starts_with(b"GGUF") {
            return Err(damaged(
                "it is no GGUF file; give a `.gguf` file or a model's folder".to_owned(),
            ));
        }
        // The library divides by what such a file says without looking.
        let content = catch_unwind(|| Content::read(&mut Cursor::new(&bytes[..])));
        let content = content
            .map_err(|_| damaged("its header makes no sense".to_owned()))?
            .map_err(|error| match error.to_string() {
                message if message.contains("unknown dtype") => InferenceError::NotComputed {
                    path: path.to_owned(),
                    what: "a type of weights".to_owned(),
                },
                message => damaged(message),
            })?;
        if !content.tensor_data_offset.is_multiple_of(ALIGNED) {
            return Err(damaged("its tensors are not aligned".to_owned()));
        }
        let gguf = Self {
            path: path.to_owned(),
            bytes,
            content,
        };
        for name in gguf.content.tensor_infos.keys() {
            gguf.stretch(name)?;
        }
        Ok(gguf)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of all weights.
    pub(super) fn bytes(&self) -> u64 {
        let all = self.bytes.len() as u64;
        all.saturating_sub(self.content.tensor_data_offset)
    }

    /// The bytes of a tensor and their type.
    fn stretch(&self, stored: &str) -> Result<(GgmlDType, &[usize], &[u8]), InferenceError> {
        let info = self.content.tensor_infos.get(stored);
        let info = info.ok_or_else(|| InferenceError::NoTensor {
            name: stored.to_owned(),
        })?;
        let dtype = info.ggml_dtype;
        let blocks = info.shape.dims().last().copied().unwrap_or(0);
        if !blocks.is_multiple_of(dtype.block_size()) || !info.offset.is_multiple_of(ALIGNED) {
            return Err(self.damaged(format!("tensor `{stored}` is not laid out in whole blocks")));
        }
        let size = info.shape.elem_count() / dtype.block_size() * dtype.type_size();
        let begin = self.content.tensor_data_offset.checked_add(info.offset);
        let begin = begin.and_then(|begin| usize::try_from(begin).ok());
        let bytes = begin.and_then(|begin| self.bytes.get(begin..begin.checked_add(size)?));
        let bytes = bytes.ok_or_else(|| InferenceError::DamagedFile {
            path: self.path.clone(),
            message: format!(
                "tensor `{stored}` lies beyond its end: it is cut short; fetch or copy it again"
            ),
        })?;
        Ok((dtype, info.shape.dims(), bytes))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        let stored = self.stored_name(name);
        stored.is_some_and(|name| self.stores(&name))
    }

    /// Whether there is a tensor of this name, which is llama.cpp's.
    fn stores(&self, stored: &str) -> bool {
        self.content.tensor_infos.contains_key(stored)
    }

    fn find(&self, name: &str, shape: &[usize]) -> Result<(GgmlDType, &[u8]), InferenceError> {
        let stored = self.stored_name(name);
        let stored = stored.ok_or_else(|| InferenceError::NoTensor {
            name: name.to_owned(),
        })?;
        let (dtype, found, bytes) = self.stretch(&stored)?;
        expect_shape(&stored, found, shape)?;
        Ok((dtype, bytes))
    }

    pub(super) fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor, InferenceError> {
        let (dtype, bytes) = self.find(name, shape)?;
        Ok(quantised(bytes, dtype, shape)?.dequantize(&Device::Cpu)?)
    }

    pub(super) fn matrix(
        &self,
        name: &str,
        shape: [usize; 2],
    ) -> Result<StoredMatrix, InferenceError> {
        let (dtype, bytes) = self.find(name, &shape)?;
        match dtype {
            GgmlDType::F32 => return floating(bytes, DType::F32, shape),
            GgmlDType::F16 => return floating(bytes, DType::F16, shape),
            GgmlDType::BF16 => return floating(bytes, DType::BF16, shape),
            _ => {}
        }
        let [outputs, inputs] = shape;
        let row = (inputs / dtype.block_size() * dtype.type_size()).max(1);
        let panels = bytes
            .chunks(QUANTISED_ROWS * row)
            .map(|rows| quantised(rows, dtype, &[rows.len() / row, inputs]))
            .collect::<candle_core::Result<Vec<_>>>()?;
        Ok(StoredMatrix::new(Rows::Quantised(panels), outputs, inputs))
    }

    fn damaged(&self, message: impl Into<String>) -> InferenceError {
        InferenceError::DamagedFile {
            path: self.path.clone(),
            message: message.into(),
        }
    }

    fn refused(&self, what: String) -> InferenceError {
        InferenceError::NotComputed {
            path: self.path.clone(),
            what,
        }
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        let value = self.content.metadata.get(key)?;
        value.to_string().ok().cloned()
    }

    pub(super) fn vocabulary(&self) -> Result<Vocabulary, InferenceError> {
        vocabulary(&self.content.metadata).map_err(|fault| self.damaged(fault))
    }

    pub(super) fn config(&self) -> Result<Config, InferenceError> {
        let architecture = self.text("general.architecture").unwrap_or_default();
        let known = ARCHITECTURES.iter().find(|(name, _)| *name == architecture);
        let Some(&(_, family)) = known else {
            return Err(InferenceError::Family {
                family: architecture,
                known: ARCHITECTURES.map(|(name, _)| name).join(", "),
            });
        };
        let value = |key: &str| self.content.metadata.get(&format!("{architecture}.{key}"));
        let size = |key: &str| value(key).and_then(whole);
        let number = |key: &str| value(key).and_then(|value| value.to_f32().ok());
        let needed = |key: &str| {
            size(key).ok_or_else(|| self.damaged(format!("`{architecture}.{key}` is missing")))
        };
        let gemma = family == "gemma3_text";
        let (hidden, heads) = (needed("embedding_length")?, needed("attention.head_count")?);
        let head_width = size("attention.key_length").unwrap_or(hidden / heads.max(1));
        let layers = needed("block_count")?;
        if layers > MOST_LAYERS {
            return Err(self.damaged(format!("it claims to have {layers} layers")));
        }
        let tokens = self.content.metadata.get("tokenizer.ggml.tokens");
        let tokens = tokens.and_then(|tokens| tokens.to_vec().ok());
        let vocabulary = tokens
            .map(Vec::len)
            .or_else(|| size("vocab_size"))
            .ok_or_else(|| self.damaged("`tokenizer.ggml.tokens` is missing"))?;
        let kind = value("rope.scaling.type").and_then(|kind| kind.to_string().ok());
        let linear = match kind.map_or("none", String::as_str) {
            "none" => false,
            "linear" => true,
            other => {
                return Err(self.refused(format!("the rotary scaling `{other}`")));
            }
        };
        if size("rope.dimension_count").is_some_and(|turned| turned != head_width) {
            return Err(self.refused("rotation of a part of each head".to_owned()));
        }
        if size("expert_count").is_some_and(|experts| experts > 0) {
            return Err(self.refused("a mixture of experts".to_owned()));
        }
        if self.content.metadata.get("split.count").and_then(whole) > Some(1) {
            return Err(self.refused("a model in several GGUF files".to_owned()));
        }
        let scaling = if self.stores(DIVISORS) {
            Scaling::Divisors(self.divisors(head_width / 2)?)
        } else if linear {
            let factor = number("rope.scaling.factor");
            Scaling::Linear {
                factor: factor.ok_or_else(|| self.damaged("`rope.scaling.factor` is missing"))?,
            }
        } else {
            Scaling::None
        };
        let rotary = RotaryConfig {
            theta: number("rope.freq_base").unwrap_or(10_000.0),
            scaling,
            interleaved: architecture == "llama",
        };
        let local = RotaryConfig {
            theta: number("rope.freq_base_swa").unwrap_or(10_000.0),
            scaling: Scaling::None,
            interleaved: false,
        };
        let window = size("attention.sliding_window").filter(|&window| window > 0);
        let layers: Vec<LayerConfig> = (0..layers)
            .map(|layer| match (gemma, window) {
                // Five layers in six see a window (llama.cpp, `set_swa_pattern(6)`).
                (true, Some(window)) if !(layer + 1).is_multiple_of(6) => LayerConfig {
                    window: Some(window),
                    rotary: local.clone(),
                },
                (false, Some(window)) => LayerConfig {
                    window: Some(window),
                    rotary: rotary.clone(),
                },
                _ => LayerConfig {
                    window: None,
                    rotary: rotary.clone(),
                },
            })
            .collect();
        // Gemma 3 with 27 billion parameters scales by another width; llama.cpp, too, tells it by its
        // number of layers.
        let scalar = match (gemma, layers.len()) {
            (true, 62) => hidden as f32 / heads as f32,
            _ => head_width as f32,
        };
        let config = Config {
            family: family.to_owned(),
            vocabulary,
            hidden,
            inner: needed("feed_forward_length")?,
            heads,
            key_heads: size("attention.head_count_kv").unwrap_or(heads),
            head_width,
            context: needed("context_length")?,
            epsilon: number("attention.layer_norm_rms_epsilon")
                .ok_or_else(|| self.damaged("the epsilon of the norms is missing"))?,
            activation: if gemma {
                Activation::GeluTanh
            } else {
                Activation::Silu
            },
            tied: !self.stores("output.weight"),
            qkv_bias: self.stores("blk.0.attn_q.bias"),
            output_bias: self.stores("blk.0.attn_output.bias"),
            feed_forward_bias: self.stores("blk.0.ffn_gate.bias"),
            head_norms: gemma || family == "qwen3",
            sandwich: gemma,
            norm_offset: false,
            embedding_scale: gemma.then(|| (hidden as f32).sqrt()),
            query_scale: scalar.sqrt().recip(),
            attention_cap: number("attn_logit_softcapping"),
            final_cap: number("final_logit_softcapping"),
            layers,
        };
        config.check().map_err(|fault| self.damaged(fault))?;
        Ok(config)
    }

    /// What each frequency of the rotary embedding is divided by (Llama 3).
    fn divisors(&self, count: usize) -> Result<Vec<f32>, InferenceError> {
        let (dtype, found, bytes) = self.stretch(DIVISORS)?;
        expect_shape(DIVISORS, found, &[count])?;
        let tensor = quantised(bytes, dtype, found)?.dequantize(&Device::Cpu)?;
        Ok(tensor.to_vec1()?)
    }

    /// llama.cpp's name of a tensor that `transformers` calls `name`.
    fn stored_name(&self, name: &str) -> Option<String> {
        match name {
            "model.embed_tokens.weight" => return Some("token_embd.weight".to_owned()),
            "model.norm.weight" => return Some("output_norm.weight".to_owned()),
            "lm_head.weight" => return Some("output.weight".to_owned()),
            _ => {}
        }
        let (layer, rest) = name.strip_prefix("model.layers.")?.split_once('.')?;
        let (part, kind) = rest.rsplit_once('.')?;
        // What `transformers` names alike is the second norm of most families, and the norm of what
        // attention adds in Gemma's.
        let sandwich = "blk.0.post_attention_norm.weight";
        let sandwich = self.stores(sandwich);
        let part = match part {
            "input_layernorm" => "attn_norm",
            "self_attn.q_proj" => "attn_q",
            "self_attn.k_proj" => "attn_k",
            "self_attn.v_proj" => "attn_v",
            "self_attn.o_proj" => "attn_output",
            "self_attn.q_norm" => "attn_q_norm",
            "self_attn.k_norm" => "attn_k_norm",
            "post_attention_layernorm" if sandwich => "post_attention_norm",
            "post_attention_layernorm" | "pre_feedforward_layernorm" => "ffn_norm",
            "post_feedforward_layernorm" => "post_ffw_norm",
            "mlp.gate_proj" => "ffn_gate",
            "mlp.up_proj" => "ffn_up",
            "mlp.down_proj" => "ffn_down",
            _ => return None,
        };
        Some(format!("blk.{layer}.{part}.{kind}"))
    }
}

/// What every tensor's place is a multiple of, at least: the alignment of any block.
const ALIGNED: u64 = 4;

/// More than any model has; a number beyond it is a damaged file.
const MOST_LAYERS: usize = 10_000;

const DIVISORS: &str = "rope_freqs.weight";

/// Bytes of a file as candle's tensor of that type.
fn quantised(bytes: &[u8], dtype: GgmlDType, shape: &[usize]) -> candle_core::Result<QTensor> {
    let storage = QStorage::from_data(Cow::Borrowed(bytes), &Device::Cpu, dtype)?;
    QTensor::new(storage, shape)
}

fn whole(value: &Value) -> Option<usize> {
    let number = value
        .to_u64()
        .ok()
        .or_else(|| value.to_u32().ok().map(u64::from));
    number
        .or_else(|| u64::try_from(value.to_i32().ok()?).ok())
        .and_then(|number| usize::try_from(number).ok())
}
