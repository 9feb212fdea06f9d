//! What can be wrong with a model, in words for the person who chose it.

use std::path::PathBuf;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum InferenceError {
    #[error("the model folder `{}` has no `{file}`\n  hint: a model folder holds config.json, tokenizer.json and model.safetensors", folder.display())]
    MissingFile { folder: PathBuf, file: &'static str },
    #[error("`{}` cannot be read: {source}", path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("`{file}` of the model is damaged: {message}")]
    Damaged { file: &'static str, message: String },
    #[error("the weights have no tensor `{name}`; they are not those of a remiss encoder")]
    MissingTensor { name: String },
    #[error("tensor `{name}` has shape {found:?} where the configuration asks for {expected:?}")]
    Shape {
        name: String,
        found: Vec<usize>,
        expected: Vec<usize>,
    },
    #[error(
        "the tokenizer has {tokenizer} entries and the weights {weights}; they do not belong together"
    )]
    Vocabulary { tokenizer: usize, weights: usize },
    #[error(
        "the device `{device}` cannot be used: {message}\n  hint: `--device cpu` works everywhere"
    )]
    Device { device: String, message: String },
    #[error("the model failed while computing: {0}")]
    Compute(#[from] candle_core::Error),
}
