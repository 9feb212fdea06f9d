//! The names of the files in a repository or folder in; the names of those that make up the model out.

use super::StoreError;
use super::names::check_file;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(super) const INDEX: &str = "model.safetensors.index.json";
const WEIGHTS: &str = "model.safetensors";

/// What a model needs or explains itself by, beside its weights. Other formats of the same weights
/// (PyTorch, ONNX, Mistral's `consolidated`) would double the bytes and are never read.
const BESIDE: [&str; 6] = [
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "README.md",
];

/// The files of a model.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selection {
    pub(super) files: BTreeSet<String>,
    /// Whether [`INDEX`] is among them, which names the weights.
    pub(super) sharded: bool,
}

/// Chooses among names. `gguf`: the file that was asked for, if one was. `place` names the whole in errors.
pub(super) fn select(
    names: &BTreeSet<String>,
    gguf: Option<&str>,
    place: &str,
) -> Result<Selection, StoreError> {
    let here = names.iter().filter(|name| !name.contains('/'));
    let ggufs: Vec<String> = here.filter(|name| is_gguf(name)).cloned().collect();
    if let Some(file) = gguf {
        if !ggufs.iter().any(|name| name == file) {
            return Err(StoreError::NoSuchFile {
                place: place.to_owned(),
                file: file.to_owned(),
                available: ggufs,
            });
        }
        return Ok(only(file));
    }
    let sharded = names.contains(INDEX);
    if !sharded && !names.contains(WEIGHTS) {
        return Err(if ggufs.is_empty() {
            StoreError::NoWeights {
                place: place.to_owned(),
            }
        } else {
            StoreError::WhichGguf {
                place: place.to_owned(),
                files: ggufs,
            }
        });
    }
    let beside = |name: &&String| {
        let license = name.starts_with("LICENSE") && check_file(name, place).is_ok();
        license || BESIDE.contains(&name.as_str())
    };
    let mut files: BTreeSet<String> = names.iter().filter(beside).cloned().collect();
    files.insert(if sharded { INDEX } else { WEIGHTS }.to_owned());
    Ok(Selection { files, sharded })
}

/// One GGUF file, which holds all that a model is.
pub(super) fn only(file: &str) -> Selection {
    Selection {
        files: BTreeSet::from([file.to_owned()]),
        sharded: false,
    }
}

pub(super) fn is_gguf(name: &str) -> bool {
    name.ends_with(".gguf")
}

#[derive(Deserialize)]
struct Index {
    /// The file of each tensor.
    weight_map: BTreeMap<String, String>,
}

/// The files that `model.safetensors.index.json` says the weights are in.
pub(super) fn shards(path: &Path) -> Result<BTreeSet<String>, StoreError> {
    let refused = |message: String| StoreError::Record {
        path: path.to_owned(),
        message,
    };
    let bytes = std::fs::read(path).map_err(StoreError::reading(path))?;
    let index: Index =
        serde_json::from_slice(&bytes).map_err(|error| refused(error.to_string()))?;
    let files: BTreeSet<String> = index.weight_map.into_values().collect();
    if files.is_empty() {
        return Err(refused("it names no weights".to_owned()));
    }
    for file in &files {
        check_file(file, &format!("`{}`", path.display()))?;
        if !file.ends_with(".safetensors") {
            return Err(refused(format!("it names `{file}` as a file of weights")));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_repository_of_every_format_gives_one() {
        let all = names(&[
            ".gitattributes",
            "LICENSE.txt",
            "README.md",
            "chat_template.jinja",
            "config.json",
            "consolidated.safetensors",
            "generation_config.json",
            "model.safetensors",
            "onnx/model.onnx",
            "original/params.json",
            "pytorch_model.bin",
            "q4.gguf",
            "tokenizer.json",
            "tokenizer.model",
            "tokenizer_config.json",
        ]);
        let selection = select(&all, None, "a/b").unwrap();
        let expected = [
            "LICENSE.txt",
            "README.md",
            "chat_template.jinja",
            "config.json",
            "generation_config.json",
            "model.safetensors",
            "tokenizer.json",
            "tokenizer_config.json",
        ];
        assert_eq!(selection.files, names(&expected));
        assert_eq!(
            select(&all, Some("q4.gguf"), "a/b").unwrap(),
            only("q4.gguf")
        );
    }

    #[test]
    fn an_index_stands_for_its_shards() {
        let all = names(&[
            "config.json",
            "model-00001-of-00002.safetensors",
            "model.safetensors",
            INDEX,
        ]);
        let selection = select(&all, None, "a/b").unwrap();
        assert!(selection.sharded);
        assert_eq!(selection.files, names(&["config.json", INDEX]));
    }

    #[test]
    fn what_cannot_be_chosen_is_named() {
        let message =
            |all: &[&str], file| select(&names(all), file, "a/b").unwrap_err().to_string();
        let ggufs = message(&["q4.gguf", "q8.gguf", "README.md"], None);
        assert!(
            ggufs.contains("q4.gguf, q8.gguf") && ggufs.contains("--file"),
            "{ggufs}"
        );
        let absent = message(&["q4.gguf", "parts/q8.gguf"], Some("parts/q8.gguf"));
        assert!(absent.contains("it has q4.gguf"), "{absent}");
        let weights = message(&["README.md", "adapter_model.safetensors"], None);
        assert!(weights.contains("no weights"), "{weights}");
    }

    #[test]
    fn an_index_names_files_of_its_own_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(INDEX);
        for (json, named) in [
            (r#"{"weight_map":{"a":"../../x.safetensors"}}"#, "../../x"),
            (r#"{"weight_map":{"a":"x.sh"}}"#, "x.sh"),
            (r#"{"weight_map":{}}"#, "no weights"),
            ("{", "index.json"),
        ] {
            std::fs::write(&path, json).unwrap();
            let message = shards(&path).unwrap_err().to_string();
            assert!(message.contains(named), "{message}");
        }
    }
}
