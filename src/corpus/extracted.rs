//! What the readers of the file formats hand on: text, and as much structure as the format states.

use super::{Format, Span};

/// The text of a file before sentences are found in it.
///
/// Formats that state their structure (Markdown, HTML, DOCX, ODT) give one [`Block`] for each
/// paragraph, heading, list item and table cell; plain text and PDF give none, and the
/// structure is inferred from their lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Extracted {
    pub format: Format,
    /// UTF-8 in NFC, with `\n` line ends and without control characters other than `\n` and
    /// `\t`. Pages are separated by a line end. This becomes the stored text unchanged.
    pub text: String,
    /// One span a page, in order; empty in formats without pages.
    pub pages: Vec<Span>,
    /// In source order, without overlap; empty where the format states no structure.
    pub blocks: Vec<Block>,
    /// Name of the character encoding, where it was not UTF-8.
    pub encoding: Option<String>,
}

/// A stretch of text whose role the file states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub span: Span,
    pub kind: BlockKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockKind {
    /// 1 for the outermost level.
    Heading(u8),
    Paragraph,
    ListItem,
    TableCell,
    /// Page headers and footers, navigation, footnote markers: in the text, in no sentence.
    Furniture,
}
