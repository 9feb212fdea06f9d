//! Labelled rows in a file, one JSON object a line.

use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A file of rows that cannot be read.
#[derive(Debug, Error)]
pub enum RowsError {
    #[error("`{path}` cannot be read: {source}")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("`{path}`, line {line}: {source}\n  hint: each line is {form}")]
    Line {
        path: PathBuf,
        line: usize,
        source: serde_json::Error,
        form: &'static str,
    },
}

/// Reads the rows of a file; empty lines are passed over. `form`: what a line looks like, for who has
/// written one otherwise.
pub(super) fn read_lines<T: DeserializeOwned>(
    path: &Path,
    form: &'static str,
) -> Result<Vec<T>, RowsError> {
    let text = std::fs::read_to_string(path).map_err(|source| RowsError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            serde_json::from_str(line).map_err(|source| RowsError::Line {
                path: path.to_owned(),
                line: number + 1,
                source,
                form,
            })
        })
        .collect()
}
