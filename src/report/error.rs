//! Why a report could not be written, and which file it is about.

use std::path::PathBuf;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum ReportError {
    #[error("`{}` cannot be read: {source}", path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("`{}` cannot be written: {source}\nhint: if it is open in another program, close it there and try again", path.display())]
    Unwritable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("`{}`, line {line}: not a result of a run: {source}", path.display())]
    NotARecord {
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        source: serde_json::Error,
    },
    #[error("`{}`, line {line}: the stances of `{id}` are not on the themes of the codebook\nhint: make the report with the codebook that the run was made with", path.display())]
    OtherCodebook {
        path: PathBuf,
        line: usize,
        id: String,
    },
    #[error("`{}` is not the text that the results quote: it has changed at byte {start}\nhint: restore the file or run the response again", path.display())]
    OtherText { path: PathBuf, start: usize },
    #[error("`{}` cannot be written: {source}", path.display())]
    Workbook {
        path: PathBuf,
        source: rust_xlsxwriter::XlsxError,
    },
    #[error("`{}` cannot be rendered: {source}", path.display())]
    Template {
        path: PathBuf,
        source: minijinja::Error,
    },
}
