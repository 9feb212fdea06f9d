//! Files in, [`Response`]s out: the text of each, and where its pages, sections and sentences stand.
//!
//! Knows nothing of models or themes. Two steps, each of which names what it leaves out:
//! [`discover()`] turns the paths a user gives into the files to read, and [`read()`] turns one
//! file into one response or one [`ReadError`].

mod discover;
mod error;
mod extracted;
mod formats;
mod read;
mod response;
mod structure;

use std::path::Path;

pub use discover::{DiscoverError, Discovery, InputFile, PassedOver, PassedOverReason, discover};
pub use error::ReadError;
pub use read::{read, read_bytes};
pub use response::{
    Format, Found, Metadata, Page, Response, Section, Sentence, SentenceKind, Span,
};

/// The stored text of one file, without the structure that is found in it.
pub fn stored_text(path: &Path) -> Result<String, ReadError> {
    let bytes = formats::load(path)?;
    let name = path.to_string_lossy();
    Ok(formats::extract(&name, &bytes)?.text)
}
