//! `remiss model pull|import|list|check|probe`

mod look;
mod store;

use super::Common;
use crate::Language;
use crate::inference::DeviceChoice;
use crate::inference::checkpoint::gigabytes;
use crate::inference::store::Store;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Fetch language models and look at them
///
/// A model is named by a folder with config.json, tokenizer.json and safetensors, by a .gguf file, or by
/// the name under which it was fetched or imported, such as Qwen/Qwen3-4B. Fetched models lie in the folder that
/// REMISS_MODELS names, or where the system keeps a user's data. Only `pull` opens a connection.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Fetch a model from the hub
    ///
    /// Records the commit and the SHA-256 of every file. A fetch that was stopped goes on where it was: give
    /// the same command again. HF_ENDPOINT names another hub, HF_TOKEN an account where the model asks for one.
    Pull {
        /// OWNER/NAME on the hub
        id: String,
        /// A branch, tag or commit [default: main]
        #[arg(long, value_name = "REVISION")]
        revision: Option<String>,
        /// Fetch one GGUF file instead of safetensors
        #[arg(long, value_name = "NAME.gguf")]
        file: Option<String>,
        /// Fetch also what is here already, and replace it
        #[arg(long)]
        again: bool,
    },
    /// Take a model from a folder or a .gguf file, for machines without network
    Import {
        /// Folder or .gguf file
        path: PathBuf,
        /// The name to keep it under [default: the one that the folder's record gives it]
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// List the models on this machine
    List {
        /// List instead the models that are recommended
        #[arg(long)]
        recommended: bool,
    },
    /// Check a model's files, and whether the model fits into memory
    ///
    /// Prints the family, the context length, the SHA-256 of every file of weights, and the memory that
    /// the model needs and the machine has. The hashes of a fetched or imported model are compared with
    /// its record. Loads nothing.
    Check {
        /// Folder, .gguf file, or name
        model: String,
    },
    /// Print the five likeliest next tokens after a text
    ///
    /// With the natural logarithms of their probabilities: to see that a model was loaded rightly,
    /// and to compare it with another program.
    Probe {
        /// Folder, .gguf file, or name
        model: String,
        /// What the model reads
        #[arg(long)]
        text: String,
        /// Where to compute
        #[arg(long, value_enum, default_value_t)]
        device: DeviceChoice,
    },
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> anyhow::Result<ExitCode> {
    match &arguments.action {
        Action::Pull {
            id,
            revision,
            file,
            again,
        } => store::pull(id, revision.as_deref(), file.as_deref(), *again, common),
        Action::Import { path, name } => store::import(path, name.as_deref(), common),
        Action::List { recommended: false } => store::list(common),
        Action::List { recommended: true } => store::recommended(common),
        Action::Check { model } => look::check(model, common),
        Action::Probe {
            model,
            text,
            device,
        } => look::probe(&located(model)?, text, *device),
    }
}

/// Where a model lies that is named by its path or by its name in the store.
///
/// # Errors
/// There is no such path, and the store has no such model.
pub(super) fn located(model: &str) -> anyhow::Result<PathBuf> {
    let path = Path::new(model);
    if path.exists() || !is_name(model) {
        return Ok(path.to_owned());
    }
    Ok(Store::open(None)?.find(model)?)
}

/// Whether a text could be a model's name in the store and is not plainly a path.
fn is_name(model: &str) -> bool {
    let path = model.starts_with(['.', '/', '~']) || model.contains('\\');
    !path && !model.ends_with(".gguf") && model.matches('/').count() < 2
}

/// A size as people read it: `4,2 GB`, in English `4.2 GB`.
fn size(bytes: u64, language: Language) -> String {
    let number = gigabytes(bytes);
    format!("{} GB", number.replace('.', language.choose(",", ".")))
}
