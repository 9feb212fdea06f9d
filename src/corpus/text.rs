//! Plain text to a response.

use super::extracted::Extracted;
use super::structure::{Structured, structure};
use super::{Format, Response};
use crate::hash::sha256;

/// Finds the structure of a plain text; `source` is the name that it goes by.
pub fn from_text(source: &str, text: &str) -> Response {
    let Structured {
        text: stored,
        pages,
        sections,
        sentences,
        furniture,
        metadata,
    } = structure(Extracted {
        format: Format::Text,
        text: text.to_owned(),
        pages: Vec::new(),
        blocks: Vec::new(),
        encoding: None,
    });
    Response {
        source: source.to_owned(),
        sha256: sha256(text.as_bytes()),
        format: Format::Text,
        text: stored,
        pages,
        sections,
        sentences,
        furniture,
        metadata,
        encoding: None,
    }
}
