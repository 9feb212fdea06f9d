//! GGUF: one file with configuration, vocabulary and (mostly quantised) weights.
//!
//! The format is that of `ggml/docs/gguf.md`; the names of tensors are llama.cpp's.

mod config;

use config::NORMS;

use super::vocabulary::{Vocabulary, vocabulary};
use super::{expect_shape, floating, mapped};
use crate::inference::InferenceError;
use crate::inference::kernels::{Bytes, QUANTISED_ROWS, Rows, StoredMatrix};
use candle_core::quantized::gguf_file::Content;
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{DType, Device, Tensor};
use std::borrow::Cow;
use std::io::Cursor;
use std::ops::Range;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

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
        rows: Range<usize>,
    ) -> Result<StoredMatrix, InferenceError> {
        let (dtype, bytes) = self.find(name, &shape)?;
        let [outputs, inputs] = [rows.len(), shape[1]];
        let row = (inputs / dtype.block_size() * dtype.type_size()).max(1);
        let bytes = &bytes[rows.start * row..rows.end * row];
        let shape = [outputs, inputs];
        match dtype {
            GgmlDType::F32 => return floating(bytes, DType::F32, shape),
            GgmlDType::F16 => return floating(bytes, DType::F16, shape),
            GgmlDType::BF16 => return floating(bytes, DType::BF16, shape),
            _ => {}
        }
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

    /// All numbers of a small tensor, by llama.cpp's name.
    fn stored_numbers(&self, stored: &str, count: usize) -> Result<Vec<f32>, InferenceError> {
        let (dtype, found, bytes) = self.stretch(stored)?;
        expect_shape(stored, found, &[count])?;
        let tensor = quantised(bytes, dtype, found)?.dequantize(&Device::Cpu)?;
        Ok(tensor.to_vec1()?)
    }

    /// llama.cpp's name of a tensor that `transformers` calls `name`. The norms of a layer have
    /// llama.cpp's names in the configuration already.
    fn stored_name(&self, name: &str) -> Option<String> {
        match name {
            "model.embed_tokens.weight" => return Some("token_embd.weight".to_owned()),
            "model.norm.weight" => return Some("output_norm.weight".to_owned()),
            "lm_head.weight" => return Some("output.weight".to_owned()),
            _ => {}
        }
        let (layer, rest) = name.strip_prefix("model.layers.")?.split_once('.')?;
        let (part, kind) = rest.rsplit_once('.')?;
        let part = match part {
            "self_attn.q_proj" => "attn_q",
            "self_attn.k_proj" => "attn_k",
            "self_attn.v_proj" => "attn_v",
            "self_attn.qkv_proj" => "attn_qkv",
            "self_attn.o_proj" => "attn_output",
            "self_attn.q_norm" => "attn_q_norm",
            "self_attn.k_norm" => "attn_k_norm",
            "mlp.gate_proj" => "ffn_gate",
            "mlp.up_proj" | "mlp.gate_up_proj" => "ffn_up",
            "mlp.down_proj" => "ffn_down",
            norm if NORMS.contains(&norm) => norm,
            _ => return None,
        };
        Some(format!("blk.{layer}.{part}.{kind}"))
    }
}

/// What every tensor's place is a multiple of, at least: the alignment of any block.
const ALIGNED: u64 = 4;

/// Bytes of a file as candle's tensor of that type.
fn quantised(bytes: &[u8], dtype: GgmlDType, shape: &[usize]) -> candle_core::Result<QTensor> {
    let storage = QStorage::from_data(Cow::Borrowed(bytes), &Device::Cpu, dtype)?;
    QTensor::new(storage, shape)
}
