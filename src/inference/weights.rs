//! Where a model's files come from, what they are, and their tensors.
//!
//! Two-dimensional weights may be stored as eight-bit integers with one scale a row
//! (`NAME.q`, unsigned with zero at 128, and `NAME.scale`); they are widened to 32 bits once,
//! when the model is loaded. Everything else is stored as 32- or 16-bit floating point.

use super::InferenceError;
use super::kernels::{Bytes, map};
use candle_core::{DType, Device, Tensor};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Where to compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// A GPU if this build of remiss supports one and one is there, else the CPU
    #[default]
    Auto,
    Cpu,
    /// An NVIDIA GPU (needs a build with `--features cuda`)
    Cuda,
    /// An Apple GPU (needs a build with `--features metal`)
    Metal,
}

/// Opens the device that was asked for.
///
/// # Errors
/// A GPU was asked for by name and cannot be used.
pub fn open_device(choice: DeviceChoice) -> Result<Device, InferenceError> {
    let unusable = |device: &str, error: candle_core::Error| InferenceError::Device {
        device: device.to_owned(),
        message: error.to_string(),
    };
    match choice {
        DeviceChoice::Cpu => Ok(Device::Cpu),
        DeviceChoice::Cuda => Device::new_cuda(0).map_err(|error| unusable("cuda", error)),
        DeviceChoice::Metal => Device::new_metal(0).map_err(|error| unusable("metal", error)),
        DeviceChoice::Auto => Ok(Device::new_cuda(0)
            .or_else(|_| Device::new_metal(0))
            .unwrap_or(Device::Cpu)),
    }
}

/// What `config.json` says of an encoder, in ModernBERT's keys; others are not read.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Config {
    pub vocab_size: usize,
    pub hidden_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    pub intermediate_size: usize,
    pub max_position_embeddings: usize,
    pub layer_norm_eps: f64,
    pub global_attn_every_n_layers: usize,
    pub global_rope_theta: f64,
    #[serde(rename = "hidden_activation")]
    pub activation: Activation,
}

/// What stands between the two halves of the feed-forward block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Activation {
    Gelu,
    Relu,
}

/// `cpu`, `cuda` or `metal`.
pub fn device_name(device: &Device) -> &'static str {
    if device.is_cuda() {
        "cuda"
    } else if device.is_metal() {
        "metal"
    } else {
        "cpu"
    }
}

/// The files of one encoder.
pub struct ModelFiles {
    name: String,
    config: Vec<u8>,
    tokenizer: Vec<u8>,
    weights: Bytes,
}

/// What a run records about its model, so that another run can be compared with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelIdentity {
    /// `embedded`, or the folder as it was given.
    pub name: String,
    pub weights_sha256: String,
    pub tokenizer_sha256: String,
    pub config_sha256: String,
}

impl ModelFiles {
    /// The model that is part of the program: `models/embedded`.
    pub fn embedded() -> Self {
        macro_rules! embedded {
            ($file:literal) => {
                include_bytes!(concat!(
                    env!("CARGO_MANIFEST_DIR"),
                    "/models/embedded/",
                    $file
                ))
            };
        }
        Self {
            name: "embedded".to_owned(),
            config: embedded!("config.json").to_vec(),
            tokenizer: embedded!("tokenizer.json").to_vec(),
            weights: Bytes::Static(embedded!("model.safetensors")),
        }
    }

    /// Files in a folder; the weights are memory-mapped.
    pub fn from_folder(folder: &Path) -> Result<Self, InferenceError> {
        let path = |file: &'static str| {
            let path = folder.join(file);
            if path.is_file() {
                Ok(path)
            } else {
                Err(InferenceError::MissingFile {
                    folder: folder.to_owned(),
                    file,
                })
            }
        };
        let read = |file: &'static str| {
            let path = path(file)?;
            std::fs::read(&path).map_err(|source| InferenceError::Unreadable { path, source })
        };
        let weights = path("model.safetensors")?;
        Ok(Self {
            name: folder.display().to_string(),
            config: read("config.json")?,
            tokenizer: read("tokenizer.json")?,
            weights: map(&weights).map_err(|source| InferenceError::Unreadable {
                path: weights,
                source,
            })?,
        })
    }

    pub fn identity(&self) -> ModelIdentity {
        ModelIdentity {
            name: self.name.clone(),
            weights_sha256: crate::hash::sha256(&self.weights),
            tokenizer_sha256: crate::hash::sha256(&self.tokenizer),
            config_sha256: crate::hash::sha256(&self.config),
        }
    }

    pub(super) fn config(&self) -> Result<Config, InferenceError> {
        serde_json::from_slice(&self.config).map_err(|error| InferenceError::Damaged {
            file: "config.json",
            message: error.to_string(),
        })
    }

    pub(super) fn tokenizer(&self) -> &[u8] {
        &self.tokenizer
    }

    pub(super) fn tensors<'a>(
        &'a self,
        device: &'a Device,
    ) -> Result<TensorStore<'a>, InferenceError> {
        let file =
            SafeTensors::deserialize(&self.weights).map_err(|error| InferenceError::Damaged {
                file: "model.safetensors",
                message: error.to_string(),
            })?;
        Ok(TensorStore { file, device })
    }
}

/// The tensors of a weight file, widened to 32-bit floating point as they are asked for.
pub(super) struct TensorStore<'a> {
    file: SafeTensors<'a>,
    device: &'a Device,
}

impl TensorStore<'_> {
    /// The tensor `name`, which must have this shape.
    pub(super) fn get(&self, name: &str, shape: &[usize]) -> Result<Tensor, InferenceError> {
        let tensor = match self.optional(name)? {
            Some(tensor) => tensor,
            None => self
                .quantised(name)?
                .ok_or_else(|| InferenceError::MissingTensor {
                    name: name.to_owned(),
                })?,
        };
        if tensor.dims() != shape {
            return Err(InferenceError::Shape {
                name: name.to_owned(),
                found: tensor.dims().to_vec(),
                expected: shape.to_vec(),
            });
        }
        Ok(tensor)
    }

    fn optional(&self, name: &str) -> Result<Option<Tensor>, InferenceError> {
        use candle_core::safetensors::Load;
        let Ok(view) = self.file.tensor(name) else {
            return Ok(None);
        };
        Ok(Some(view.load(self.device)?.to_dtype(DType::F32)?))
    }

    /// `(q - 128) * scale`, row by row.
    fn quantised(&self, name: &str) -> Result<Option<Tensor>, InferenceError> {
        let (Some(levels), Some(scale)) = (
            self.optional(&format!("{name}.q"))?,
            self.optional(&format!("{name}.scale"))?,
        ) else {
            return Ok(None);
        };
        let centred = (levels - 128.0)?;
        Ok(Some(centred.broadcast_mul(&scale.unsqueeze(1)?)?))
    }
}
