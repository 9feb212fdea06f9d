//! What can go wrong with a model on its way into the store, in words for the person who wants it.

use std::io::{Error as IoError, ErrorKind};
use std::path::{Path, PathBuf};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum StoreError {
    #[error(
        "`{id}` is not the name of a model\n  hint: a model of the hub is called OWNER/NAME, such as Qwen/Qwen3-4B"
    )]
    Id { id: String },
    #[error(
        "`{name}` cannot be the name of an imported model\n  hint: use letters, digits, `-`, `_` and `.`, with an owner before a `/` if there is one"
    )]
    ImportName { name: String },
    #[error(
        "`{revision}` is not a revision\n  hint: a revision is a branch, a tag or a commit hash, such as main"
    )]
    Revision { revision: String },
    #[error(
        "the file name `{name}`, given by {by}, is not taken: it could lie outside the model's folder"
    )]
    FileName { name: String, by: String },
    #[error("this machine names no folder for models\n  hint: set REMISS_MODELS to a folder")]
    NoFolder,
    #[error("`{endpoint}` is not the address of a hub\n  hint: HF_ENDPOINT begins with https://")]
    Endpoint { endpoint: String },

    #[error(
        "the model `{id}` is not on this machine\n  hint: `remiss model pull {id}` fetches it, `remiss model import FOLDER` takes it from a folder"
    )]
    Absent { id: String },
    #[error(
        "the model `{id}` has not been fetched to its end\n  hint: `remiss model pull {id}`, with the same options as before, goes on where it stopped"
    )]
    Unfinished { id: String },
    #[error("`{}` has no remiss-model.json, so that nobody knows whether the model in it is whole\n  hint: move the folder elsewhere and take it in with `remiss model import FOLDER`", folder.display())]
    NoRecord { folder: PathBuf },
    #[error("`{}` cannot be used: {message}", path.display())]
    Record { path: PathBuf, message: String },
    #[error("`{}` is damaged: {message}\n  hint: {hint}", path.display())]
    Damaged {
        path: PathBuf,
        message: String,
        hint: String,
    },

    #[error(
        "the hub at {endpoint} shows no model `{id}`\n  hint: check the spelling; for a private model set HF_TOKEN to a token that may read it"
    )]
    UnknownModel { id: String, endpoint: String },
    #[error(
        "the model `{id}` has no revision `{revision}`\n  hint: {endpoint}/{id}/commits/main lists them; without --revision, main is taken"
    )]
    UnknownRevision {
        id: String,
        revision: String,
        endpoint: String,
    },
    #[error(
        "the hub does not give out `{id}` {without}\n  hint: accept the model's licence on {endpoint}/{id} and set HF_TOKEN to a token of that account"
    )]
    Gated {
        id: String,
        endpoint: String,
        without: &'static str,
    },
    #[error(
        "no connection to {endpoint}: {message}\n  hint: on a machine without network, `remiss model import FOLDER` takes a model from a folder"
    )]
    NoConnection { endpoint: String, message: String },
    #[error(
        "the connection was lost after {received} of {size} bytes of `{file}`: {message}\n  hint: the same command goes on where it stopped"
    )]
    Interrupted {
        file: String,
        received: u64,
        size: u64,
        message: String,
    },
    #[error("the hub at {endpoint} answered {what}\n  hint: try again later")]
    Answer { endpoint: String, what: String },
    #[error("the hub has no file `{file}` of `{id}`, which {named_by} names")]
    NotInRepository {
        id: String,
        file: String,
        named_by: String,
    },
    #[error("`{place}` has no file `{file}`\n  hint: it has {}", listed(available))]
    NoSuchFile {
        place: String,
        file: String,
        available: Vec<String>,
    },
    #[error(
        "`{place}` holds several GGUF files and nothing else to choose from: {}\n  hint: choose one: `pull` takes its name after --file, `import` its path",
        listed(files)
    )]
    WhichGguf { place: String, files: Vec<String> },
    #[error(
        "`{place}` holds no weights that are read here\n  hint: a model has model.safetensors, model.safetensors.index.json or a .gguf file"
    )]
    NoWeights { place: String },

    #[error(
        "the model `{id}` is here already at {here}, and the hub has {there}\n  hint: `--again` replaces it, `--revision` chooses one of them"
    )]
    OtherCommit {
        id: String,
        here: String,
        there: String,
    },
    #[error("the model `{id}` is here already with {here}\n  hint: `--again` replaces it")]
    OtherFiles { id: String, here: String },
    #[error("there is another model called `{name}` in `{}`\n  hint: choose another name, or remove that folder first", folder.display())]
    OtherModel { name: String, folder: PathBuf },
    #[error("another process is fetching or importing `{id}` at this moment")]
    Busy { id: String },

    #[error("`{}` does not say what its model is called\n  hint: name it with --name", path.display())]
    NameNeeded { path: PathBuf },
    #[error("there is no model at `{}`\n  hint: give a folder with config.json, tokenizer.json and safetensors, or a .gguf file", path.display())]
    NothingToImport { path: PathBuf },
    #[error("`{}` is missing, which {named_by} names", path.display())]
    MissingFile { path: PathBuf, named_by: String },

    #[error("the disk of `{}` is full, and {needed} bytes are still to be written\n  hint: make room, or set REMISS_MODELS to a folder on a larger disk; the same command goes on where it stopped", folder.display())]
    DiskFull { folder: PathBuf, needed: u64 },
    #[error("`{}` cannot be {action}: {source}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: IoError,
    },
}

impl StoreError {
    /// For `map_err` where a file or folder is read.
    pub(super) fn reading(path: &Path) -> impl FnOnce(IoError) -> Self {
        move |source| Self::Io {
            action: "read",
            path: path.to_owned(),
            source,
        }
    }

    /// For `map_err` where something is written of which so many bytes are not there yet.
    pub(super) fn writing(path: &Path, needed: u64) -> impl FnOnce(IoError) -> Self {
        move |source| match source.kind() {
            // What a person calls a full disk: no block, no quota or no larger file is left.
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Self::DiskFull {
                    folder: path.parent().unwrap_or(path).to_owned(),
                    needed,
                }
            }
            _ => Self::Io {
                action: "written",
                path: path.to_owned(),
                source,
            },
        }
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.join(", ")
}
