//! A language model with everything that asking it takes.

use super::{ChatTemplate, Generator, Grammars, LanguageTokens};
use crate::hash::sha256_of_file;
use crate::inference::checkpoint::available;
use crate::inference::{Checkpoint, Decoder, InferenceError};
use candle_core::Device;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Tokens read in one pass. Enough to make the matrix products worth their weights' way through
/// memory, few enough that what is computed in between stays small.
const PASS_TOKENS: usize = 512;

/// Room for keys and values where it cannot be found out how much there is, in bytes.
const CACHE_BYTES: usize = 4 << 30;

/// The files of a folder that decide what a model answers, besides its weights.
const SMALL_FILES: [&str; 5] = [
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
];

/// A loaded model, its vocabulary, its way of being spoken to, and grammars for its answers.
pub struct LanguageModel {
    pub decoder: Decoder,
    pub tokens: Arc<LanguageTokens>,
    pub template: ChatTemplate,
    pub grammars: Grammars,
    name: String,
    files: BTreeMap<String, String>,
    cache_bytes: usize,
}

impl LanguageModel {
    /// Loads a folder or a `.gguf` file. Reads every byte of it, for the hashes.
    ///
    /// # Errors
    /// The model cannot be read or computed, has no chat template, names no token that ends an
    /// answer, or does not fit into memory.
    pub fn load(path: &Path, device: &Device) -> Result<Self, InferenceError> {
        let checkpoint = Checkpoint::open(path)?;
        // How much memory a GPU has left, its driver says when the model is loaded.
        if device.is_cpu() {
            checkpoint.fits()?;
        }
        let tokens = Arc::new(LanguageTokens::of(&checkpoint)?);
        let template = ChatTemplate::of(&checkpoint, &tokens)?;
        let grammars = Grammars::new(tokens.clone(), checkpoint.config().vocabulary)?;
        let files = files(&checkpoint)?;
        let decoder = Decoder::load(&checkpoint, device)?;
        // Half of what is left now: the rest of the program, and other programs, need some too.
        let left = available().filter(|_| device.is_cpu());
        let cache_bytes = left.map_or(CACHE_BYTES, |bytes| (bytes / 2) as usize);
        Ok(Self {
            decoder,
            tokens,
            template,
            grammars,
            name: checkpoint.name().to_owned(),
            files,
            cache_bytes,
        })
    }

    /// The path as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of each file that decides what the model answers, by the file's name.
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    /// Bytes of keys and values that may be held at a time.
    pub fn cache_bytes(&self) -> usize {
        self.cache_bytes
    }

    /// Tokens read in one pass.
    pub fn pass_tokens(&self) -> usize {
        PASS_TOKENS
    }

    /// What writes answers.
    pub fn generator(&self) -> Generator<'_> {
        Generator {
            decoder: &self.decoder,
            tokens: &self.tokens,
            pass_tokens: PASS_TOKENS,
            cache_bytes: self.cache_bytes,
        }
    }
}

fn files(checkpoint: &Checkpoint) -> Result<BTreeMap<String, String>, InferenceError> {
    let mut paths = checkpoint.weight_files();
    // A GGUF file holds everything itself, but for a chat template that it may lack.
    let small: &[&str] = if checkpoint.is_folder() {
        &SMALL_FILES
    } else if checkpoint.text(ChatTemplate::GGUF_KEY).is_none() {
        &ChatTemplate::FILES
    } else {
        &[]
    };
    let small = small.iter().map(|file| checkpoint.folder().join(file));
    paths.extend(small.filter(|path| path.is_file()));
    paths
        .into_iter()
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let name = name.into_owned();
            match sha256_of_file(&path) {
                Ok(hash) => Ok((name, hash)),
                Err(source) => Err(InferenceError::Unreadable { path, source }),
            }
        })
        .collect()
}
