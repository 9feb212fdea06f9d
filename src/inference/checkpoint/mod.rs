//! A language model's files in; its configuration and tensors out.
//!
//! A [`Checkpoint`] is a folder as `transformers` writes it (`config.json` and safetensors, in one
//! file or in shards) or one GGUF file. Both are asked for tensors by the names that `transformers`
//! gives them. Weights are memory-mapped, and every header is checked when the checkpoint is opened: a
//! shard that is missing or cut short is named before anything is computed.

mod gguf;
mod memory;
mod shards;
mod vocabulary;

pub(super) use vocabulary::Vocabulary;

pub use memory::{MemoryNeed, READ_TOKENS, WORKING_TOKENS, available, gigabytes};

use super::InferenceError;
use super::decoder::Config;
use super::kernels::{Bytes, Rows, StoredMatrix, map};
use super::weights::expect_shape;
use candle_core::{DType, Device, Tensor};
use std::ops::Range;
use std::path::{Path, PathBuf};

pub struct Checkpoint {
    name: String,
    /// Where the files of a folder are.
    folder: PathBuf,
    config: Config,
    source: Source,
}

enum Source {
    Shards(shards::Shards),
    Gguf(gguf::Gguf),
}

impl Checkpoint {
    /// Opens a folder or a `.gguf` file.
    ///
    /// # Errors
    /// A file is missing, cut short or damaged, or the model is of a family that is not computed here.
    pub fn open(path: &Path) -> Result<Self, InferenceError> {
        let name = path.display().to_string();
        if path.is_dir() {
            let config = read(path, "config.json")?;
            return Ok(Self {
                name,
                folder: path.to_owned(),
                config: Config::parse(&config)?,
                source: Source::Shards(shards::Shards::open(path)?),
            });
        }
        if !path.exists() {
            return Err(InferenceError::NoModel {
                path: path.to_owned(),
            });
        }
        let gguf = gguf::Gguf::open(path)?;
        Ok(Self {
            name,
            folder: path.parent().unwrap_or(Path::new("")).to_owned(),
            config: gguf.config()?,
            source: Source::Gguf(gguf),
        })
    }

    /// The path as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The model's folder; of a GGUF file, the folder that it is in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the model is a folder of files; otherwise it is one file that holds everything.
    pub fn is_folder(&self) -> bool {
        matches!(self.source, Source::Shards(_))
    }

    /// The files that hold weights.
    pub fn weight_files(&self) -> Vec<PathBuf> {
        match &self.source {
            Source::Shards(shards) => shards.paths().to_vec(),
            Source::Gguf(gguf) => vec![gguf.path().to_owned()],
        }
    }

    /// Bytes of all weights, as they are stored.
    fn weight_bytes(&self) -> u64 {
        match &self.source {
            Source::Shards(shards) => shards.bytes(),
            Source::Gguf(gguf) => gguf.bytes(),
        }
    }

    /// The vocabulary, where the file holds it itself.
    pub(super) fn vocabulary(&self) -> Result<Option<Vocabulary>, InferenceError> {
        match &self.source {
            Source::Shards(_) => Ok(None),
            Source::Gguf(gguf) => gguf.vocabulary().map(Some),
        }
    }

    /// A text that the file itself holds, such as its chat template; none for a folder.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        match &self.source {
            Source::Shards(_) => None,
            Source::Gguf(gguf) => gguf.text(key),
        }
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    pub(super) fn has(&self, name: &str) -> bool {
        match &self.source {
            Source::Shards(shards) => shards.has(name),
            Source::Gguf(gguf) => gguf.has(name),
        }
    }

    /// The numbers of a small tensor, widened to 32 bits.
    pub(super) fn numbers(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, InferenceError> {
        let tensor = self.tensor(name, shape, DType::F32, &Device::Cpu)?;
        Ok(tensor.flatten_all()?.to_vec1()?)
    }

    /// Some rows of a matrix, in the precision of the file. `shape`: [outputs, inputs] of all of it.
    pub(super) fn matrix(
        &self,
        name: &str,
        shape: [usize; 2],
        rows: Range<usize>,
    ) -> Result<StoredMatrix, InferenceError> {
        match &self.source {
            Source::Shards(shards) => shards.matrix(name, shape, rows),
            Source::Gguf(gguf) => gguf.matrix(name, shape, rows),
        }
    }

    /// A tensor on a device, in the given precision.
    pub(super) fn tensor(
        &self,
        name: &str,
        shape: &[usize],
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor, InferenceError> {
        self.tensor_rows(name, shape, 0..shape[0], dtype, device)
    }

    /// Some rows of a tensor, the same way. `shape`: that of all of it.
    pub(super) fn tensor_rows(
        &self,
        name: &str,
        shape: &[usize],
        rows: Range<usize>,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor, InferenceError> {
        let mut tensor = match &self.source {
            Source::Shards(shards) => shards.tensor(name, shape)?,
            Source::Gguf(gguf) => gguf.tensor(name, shape)?,
        };
        if rows.len() < shape[0] {
            // Copied, so that the rest goes neither to the device nor stays in memory.
            tensor = tensor
                .narrow(0, rows.start, rows.len())?
                .force_contiguous()?;
        }
        Ok(tensor.to_device(device)?.to_dtype(dtype)?)
    }
}

/// Reads one of the small files of a folder.
pub(super) fn read(folder: &Path, file: &'static str) -> Result<Vec<u8>, InferenceError> {
    let path = folder.join(file);
    std::fs::read(&path).map_err(|source| {
        if source.kind() == std::io::ErrorKind::NotFound {
            InferenceError::MissingFile {
                folder: folder.to_owned(),
                file,
            }
        } else {
            InferenceError::Unreadable { path, source }
        }
    })
}

/// Maps a file of weights.
fn mapped(path: &Path) -> Result<Bytes, InferenceError> {
    map(path).map_err(|source| InferenceError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

/// A matrix of numbers that are not quantised, in their own precision: 32 bits, or 16 of either kind.
fn floating(
    bytes: &[u8],
    dtype: DType,
    [outputs, inputs]: [usize; 2],
) -> Result<StoredMatrix, InferenceError> {
    let tensor = Tensor::from_raw_buffer(bytes, dtype, &[outputs * inputs], &Device::Cpu)?;
    let new = |rows| StoredMatrix::new(rows, outputs, inputs);
    Ok(match dtype {
        DType::F16 => new(Rows::F16(&tensor.to_vec1()?)),
        DType::BF16 => new(Rows::Bf16(&tensor.to_vec1()?)),
        _ => new(Rows::F32(&tensor.to_vec1()?)),
    })
}
