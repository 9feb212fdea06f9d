//! Where a model's files come from, what they are, and their tensors.
//!
//! Two-dimensional weights may be stored as eight-bit integers with one scale a row
//! (`NAME.q`, unsigned with zero at 128, and `NAME.scale`). Matrices are widened to 32 bits once,
//! when the model is loaded; the processor widens vectors of the vocabulary as they are looked up.
//! Everything else is stored as 32- or 16-bit floating point.

use super::InferenceError;
use super::kernels::{Bytes, map};
use super::tokens::WINDOW;
use candle_core::{DType, Device};
use safetensors::{Dtype, SafeTensors};
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

impl Config {
    /// What this program could not compute with, in words.
    fn check(&self) -> Result<(), &'static str> {
        if self.global_attn_every_n_layers != 1 {
            return Err("this build reads encoders with global attention in every layer only");
        }
        if self.hidden_size == 0 || self.intermediate_size == 0 || self.num_attention_heads == 0 {
            return Err("a size is zero");
        }
        if !self
            .hidden_size
            .is_multiple_of(2 * self.num_attention_heads)
        {
            return Err("`hidden_size` cannot be divided into heads of an even width");
        }
        if self.max_position_embeddings < WINDOW {
            return Err("`max_position_embeddings` must be at least 128");
        }
        Ok(())
    }
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
        let damaged = |message: String| InferenceError::Damaged {
            file: "config.json",
            message,
        };
        let config: Config =
            serde_json::from_slice(&self.config).map_err(|error| damaged(error.to_string()))?;
        config.check().map_err(|fault| damaged(fault.to_owned()))?;
        Ok(config)
    }

    pub(super) fn tokenizer(&self) -> &[u8] {
        &self.tokenizer
    }

    pub(super) fn tensors(&self) -> Result<TensorStore<'_>, InferenceError> {
        let file =
            SafeTensors::deserialize(&self.weights).map_err(|error| InferenceError::Damaged {
                file: "model.safetensors",
                message: error.to_string(),
            })?;
        Ok(TensorStore { file })
    }
}

/// The tensors of a weight file.
pub(super) struct TensorStore<'a> {
    file: SafeTensors<'a>,
}

impl TensorStore<'_> {
    /// The numbers of the tensor `name`, which must have this shape, widened to 32 bits.
    pub(super) fn numbers(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, InferenceError> {
        let &[rows, width] = shape else {
            return self.floating(name, shape)?.ok_or_else(|| missing(name));
        };
        let table = self.table(name, [rows, width])?;
        let mut numbers = vec![0.0; rows * width];
        for (index, row) in numbers.chunks_exact_mut(width).enumerate() {
            table.row(index, row);
        }
        Ok(numbers)
    }

    /// The tensor `name` for reading single rows, in the bytes that it is stored in.
    pub(super) fn table(
        &self,
        name: &str,
        [rows, width]: [usize; 2],
    ) -> Result<Table, InferenceError> {
        let levels_name = format!("{name}.q");
        let numbers = match self.file.tensor(&levels_name) {
            Err(_) => Numbers::Full(
                self.floating(name, &[rows, width])?
                    .ok_or_else(|| missing(name))?,
            ),
            Ok(levels) => {
                expect_shape(&levels_name, levels.shape(), &[rows, width])?;
                if levels.dtype() != Dtype::U8 {
                    return Err(wrong_type(&levels_name));
                }
                let scale_name = format!("{name}.scale");
                Numbers::Quantised {
                    levels: levels.data().to_vec(),
                    scale: self
                        .floating(&scale_name, &[rows])?
                        .ok_or_else(|| missing(&scale_name))?,
                }
            }
        };
        Ok(Table { width, numbers })
    }

    /// A tensor stored as floating point; none if there is none.
    fn floating(&self, name: &str, shape: &[usize]) -> Result<Option<Vec<f32>>, InferenceError> {
        use candle_core::safetensors::Load;
        let Ok(view) = self.file.tensor(name) else {
            return Ok(None);
        };
        expect_shape(name, view.shape(), shape)?;
        if !matches!(view.dtype(), Dtype::F32 | Dtype::F16 | Dtype::BF16) {
            return Err(wrong_type(name));
        }
        let tensor = view.load(&Device::Cpu)?.to_dtype(DType::F32)?;
        Ok(Some(tensor.flatten_all()?.to_vec1()?))
    }
}

fn missing(name: &str) -> InferenceError {
    InferenceError::MissingTensor {
        name: name.to_owned(),
    }
}

fn wrong_type(name: &str) -> InferenceError {
    InferenceError::Damaged {
        file: "model.safetensors",
        message: format!("`{name}` is stored in a type that is not read here"),
    }
}

/// The shape that is found must be the one that is expected.
pub(super) fn expect_shape(
    name: &str,
    found: &[usize],
    expected: &[usize],
) -> Result<(), InferenceError> {
    if found == expected {
        return Ok(());
    }
    Err(InferenceError::Shape {
        name: name.to_owned(),
        found: found.to_vec(),
        expected: expected.to_vec(),
    })
}

/// A tensor of rows that are looked up one at a time: a vocabulary's vectors.
pub(super) struct Table {
    width: usize,
    numbers: Numbers,
}

enum Numbers {
    Full(Vec<f32>),
    Quantised {
        /// [rows, width]
        levels: Vec<u8>,
        /// `[rows]`
        scale: Vec<f32>,
    },
}

impl Table {
    /// Writes the row into `values`.
    pub(super) fn row(&self, index: usize, values: &mut [f32]) {
        let place = index * self.width..(index + 1) * self.width;
        match &self.numbers {
            Numbers::Full(numbers) => values.copy_from_slice(&numbers[place]),
            Numbers::Quantised { levels, scale } => {
                for (value, &level) in values.iter_mut().zip(&levels[place]) {
                    *value = (f32::from(level) - 128.0) * scale[index];
                }
            }
        }
    }
}
