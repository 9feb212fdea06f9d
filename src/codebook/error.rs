//! What is wrong with a codebook, and on which line.

use std::path::PathBuf;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum CodebookError {
    #[error("the codebook `{}` cannot be opened: {source}", path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("`{}`, line {line}: {message}", path.display())]
    Invalid {
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        message: String,
    },
}
