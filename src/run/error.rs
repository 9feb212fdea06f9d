//! Why a run cannot start or go on.

use crate::codebook::CodebookError;
use crate::corpus::DiscoverError;
use crate::inference::InferenceError;
use std::path::{Path, PathBuf};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum RunError {
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    #[error(transparent)]
    Codebook(#[from] CodebookError),
    #[error(transparent)]
    Inference(#[from] InferenceError),
    #[error(
        "there is no response to read in {inputs}\n  hint: remiss reads txt, md, html, pdf, docx and odt"
    )]
    NoInput { inputs: String },
    #[error("`{}` cannot be read or written: {source}", path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("`{}` is not empty and holds no run of remiss\n  hint: choose another folder with --out", path.display())]
    NotARun { path: PathBuf },
    #[error("the run in `{}` was made with {what}, so the results would be mixed\n  hint: choose another folder with --out, or delete this one to start over", path.display())]
    Changed { path: PathBuf, what: String },
    #[error("another remiss is working in `{}`", path.display())]
    Busy { path: PathBuf },
    #[error("the ledger `{}` cannot be used: {source}", path.display())]
    Ledger {
        path: PathBuf,
        source: rusqlite::Error,
    },
    #[error("the ledger `{}` has been altered: event {event} does not follow from the one before", path.display())]
    BrokenChain { path: PathBuf, event: i64 },
    #[error("event {event} of the ledger `{}` cannot be read: {message}", path.display())]
    UnreadableEvent {
        path: PathBuf,
        event: i64,
        message: String,
    },
}

impl RunError {
    pub(super) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> RunError + '_ {
        move |source| RunError::File {
            path: path.to_owned(),
            source,
        }
    }
}
