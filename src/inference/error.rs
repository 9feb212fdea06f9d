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
    #[error("there is no model at `{}`\n  hint: give a folder with config.json, tokenizer.json and safetensors, or a .gguf file", path.display())]
    NoModel { path: PathBuf },
    #[error("models of the family `{family}` are not computed here\n  hint: these are: {known}")]
    Family { family: String, known: String },
    #[error("`{}` asks for {what}, which is not computed here", path.display())]
    NotComputed { path: PathBuf, what: String },
    #[error("`{}` is damaged: {message}", path.display())]
    DamagedFile { path: PathBuf, message: String },
    #[error("{count} of the model's {total} weight files are missing in `{}`: `{missing}`\n  hint: fetch or copy the model again; `model.safetensors.index.json` lists its files", folder.display())]
    MissingShards {
        folder: PathBuf,
        missing: String,
        count: usize,
        total: usize,
    },
    #[error(
        "the weights have no tensor `{name}`, which the configuration asks for: they do not belong together"
    )]
    NoTensor { name: String },
    #[error(
        "tensor `{name}` is stored as {dtype}, which is not read here\n  hint: use a copy in bf16, f16 or f32, or a GGUF file"
    )]
    WeightType { name: String, dtype: String },
    #[error(
        "token {token} is beyond the model's vocabulary of {vocabulary}: tokenizer and weights do not belong together"
    )]
    Token { token: u32, vocabulary: usize },
    #[error(
        "the model's context of {context} tokens is too small: the questions alone take {questions}\n  hint: choose a model with a longer context, or shorten the descriptions of the themes"
    )]
    SmallContext { context: usize, questions: usize },
    #[error("{length} tokens are more than the model's context of {context}")]
    Context { length: usize, context: usize },
    #[error(
        "`{model}` needs about {needed} GB of memory and the machine has {available} GB left\n  hint: choose a smaller model or a more strongly quantised GGUF file, or close other programs"
    )]
    TooLarge {
        model: String,
        needed: String,
        available: String,
    },
    #[error(
        "neither generation_config.json nor config.json names a token that ends an answer (`eos_token_id`)"
    )]
    NoStop,
    #[error("the grammar of an answer cannot be followed: {message}")]
    Grammar { message: String },
    #[error("the model folder `{}` has no chat template\n  hint: use a model that was trained to follow instructions; it has chat_template.jinja or a `chat_template` in tokenizer_config.json", folder.display())]
    NoChatTemplate { folder: PathBuf },
    #[error("the model's chat template fails: {message}")]
    ChatTemplate { message: String },
    #[error("the model failed while computing: {0}")]
    Compute(#[from] candle_core::Error),
}
