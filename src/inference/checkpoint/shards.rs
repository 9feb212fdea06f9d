//! Safetensors, in one file or in several that `model.safetensors.index.json` lists.

use super::{expect_shape, floating, mapped};
use crate::inference::InferenceError;
use crate::inference::kernels::{Bytes, StoredMatrix};
use candle_core::{DType, Device, Tensor};
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

/// What stands before the names of a text model's tensors when it is part of a larger one.
const PREFIXES: [&str; 3] = ["", "language_model.", "model.language_model."];

pub(super) struct Shards {
    paths: Vec<PathBuf>,
    files: Vec<Bytes>,
    tensors: BTreeMap<String, Place>,
    prefix: &'static str,
}

/// Where a tensor lies, and what it is.
struct Place {
    file: usize,
    bytes: Range<usize>,
    shape: Vec<usize>,
    dtype: Dtype,
}

#[derive(Deserialize)]
struct Index {
    /// The file of each tensor.
    weight_map: BTreeMap<String, String>,
}

impl Shards {
    pub(super) fn open(folder: &Path) -> Result<Self, InferenceError> {
        let mut shards = Self {
            paths: Vec::new(),
            files: Vec::new(),
            tensors: BTreeMap::new(),
            prefix: "",
        };
        for path in paths(folder)? {
            shards.add(path)?;
        }
        let known = |prefix: &&&str| {
            let last = rename(prefix, "model.norm.weight");
            shards.tensors.contains_key(&last)
        };
        shards.prefix = PREFIXES.iter().find(known).copied().unwrap_or("");
        Ok(shards)
    }

    fn add(&mut self, path: PathBuf) -> Result<(), InferenceError> {
        let bytes = mapped(&path)?;
        let file =
            SafeTensors::deserialize(&bytes).map_err(|error| InferenceError::DamagedFile {
                path: path.clone(),
                message: format!("{error}; it may be cut short: fetch or copy it again"),
            })?;
        let begin = bytes.as_ptr() as usize;
        for (name, view) in file.iter() {
            let from = view.data().as_ptr() as usize - begin;
            let place = Place {
                file: self.files.len(),
                bytes: from..from + view.data().len(),
                shape: view.shape().to_vec(),
                dtype: view.dtype(),
            };
            self.tensors.insert(name.to_owned(), place);
        }
        self.paths.push(path);
        self.files.push(bytes);
        Ok(())
    }

    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Bytes of the text model's weights.
    pub(super) fn bytes(&self) -> u64 {
        let own = self
            .tensors
            .iter()
            .filter(|(name, _)| name.starts_with(self.prefix) || name.starts_with("lm_head"));
        own.map(|(_, place)| place.bytes.len() as u64).sum()
    }

    fn place(&self, name: &str) -> Option<&Place> {
        self.tensors.get(&rename(self.prefix, name))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    fn find(&self, name: &str, shape: &[usize]) -> Result<(DType, &[u8]), InferenceError> {
        let place = self.place(name).ok_or_else(|| InferenceError::NoTensor {
            name: rename(self.prefix, name),
        })?;
        expect_shape(name, &place.shape, shape)?;
        // Other types mean nothing without the scales that stand beside them.
        let dtype = match place.dtype {
            Dtype::F32 => DType::F32,
            Dtype::F16 => DType::F16,
            Dtype::BF16 => DType::BF16,
            other => {
                return Err(InferenceError::WeightType {
                    name: name.to_owned(),
                    dtype: format!("{other:?}"),
                });
            }
        };
        Ok((dtype, &self.files[place.file][place.bytes.clone()]))
    }

    pub(super) fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor, InferenceError> {
        let (dtype, bytes) = self.find(name, shape)?;
        Ok(Tensor::from_raw_buffer(bytes, dtype, shape, &Device::Cpu)?)
    }

    pub(super) fn matrix(
        &self,
        name: &str,
        shape: [usize; 2],
        rows: Range<usize>,
    ) -> Result<StoredMatrix, InferenceError> {
        let (dtype, bytes) = self.find(name, &shape)?;
        let row = shape[1] * dtype.size_in_bytes();
        let own = &bytes[rows.start * row..rows.end * row];
        floating(own, dtype, [rows.len(), shape[1]])
    }
}

/// The weight files of a folder.
fn paths(folder: &Path) -> Result<Vec<PathBuf>, InferenceError> {
    let index = folder.join(INDEX);
    if !index.is_file() {
        let single = folder.join(SINGLE);
        if single.is_file() {
            return Ok(vec![single]);
        }
        return Err(InferenceError::MissingFile {
            folder: folder.to_owned(),
            file: SINGLE,
        });
    }
    let listed: Index = serde_json::from_slice(&super::read(folder, INDEX)?).map_err(|error| {
        InferenceError::DamagedFile {
            path: index,
            message: error.to_string(),
        }
    })?;
    let files: BTreeSet<&String> = listed.weight_map.values().collect();
    let total = files.len();
    let missing: Vec<&str> = files
        .iter()
        .filter(|file| !folder.join(file).is_file())
        .map(|file| file.as_str())
        .collect();
    if missing.is_empty() {
        return Ok(files.into_iter().map(|file| folder.join(file)).collect());
    }
    Err(InferenceError::MissingShards {
        folder: folder.to_owned(),
        missing: missing.join("`, `"),
        count: missing.len(),
        total,
    })
}

/// The name of a tensor in a file that puts `prefix` before it. A head is named beside the text model,
/// not below it, in the one of the two namings that has `model` first.
fn rename(prefix: &str, name: &str) -> String {
    match (prefix, name.strip_prefix("model.")) {
        ("model.language_model.", Some(inner)) => format!("{prefix}{inner}"),
        ("model.language_model.", None) => name.to_owned(),
        _ => format!("{prefix}{name}"),
    }
}
