//! One file to one response.

use super::structure::{Structured, structure};
use super::{InputFile, ReadError, Response, formats};
use crate::hash::sha256;

/// Reads one file.
///
/// # Errors
/// The file cannot be opened, is too large, is damaged, protected, of an unknown type, or holds
/// no text. Each error says what can be done; none is a panic.
pub fn read(file: &InputFile) -> Result<Response, ReadError> {
    let bytes = formats::load(&file.path)?;
    // The format is known by the file's own name: its source may have been numbered.
    let response = read_bytes(&file.path.to_string_lossy(), &bytes)?;
    Ok(Response {
        source: file.source.clone(),
        ..response
    })
}

/// Reads the bytes of one file; its name says which format it claims to be.
///
/// # Errors
/// As [`read`].
pub fn read_bytes(source: &str, bytes: &[u8]) -> Result<Response, ReadError> {
    let extracted = formats::extract(source, bytes)?;
    let (format, encoding) = (extracted.format, extracted.encoding.clone());
    let Structured {
        text,
        pages,
        sections,
        sentences,
        furniture,
        metadata,
    } = structure(extracted);
    Ok(Response {
        source: source.to_owned(),
        sha256: sha256(bytes),
        format,
        text,
        pages,
        sections,
        sentences,
        furniture,
        metadata,
        encoding,
    })
}
