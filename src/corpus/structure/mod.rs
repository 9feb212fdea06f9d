//! Extracted text in; its pages, sections, sentences and metadata out.
//!
//! ```text
//! text ─► lines ─► furniture ─┐
//!                  paragraphs ┴► blocks ─► sections
//!                                   └────► flow ─► sentences
//! ```
//!
//! The text itself is never changed: everything found is a span of it. Every visible
//! character is in exactly one sentence, heading or piece of furniture, so nothing that a
//! respondent wrote can get lost between the file and the analysis. Every step takes time in
//! proportion to the text.

mod abbreviations;
mod blocks;
mod flow;
mod furniture;
mod headings;
mod hyphenation;
mod lines;
mod lists;
mod metadata;
mod paragraphs;
#[cfg(test)]
mod properties;
mod reading;
mod sections;
mod sentences;
#[cfg(test)]
mod tests;

use super::extracted::{BlockKind, Extracted};
use super::{Metadata, Page, Section, Sentence, Span};
use blocks::Passage;
use sections::Sections;

/// What is found in the text of a response.
pub(super) struct Structured {
    pub text: String,
    pub pages: Vec<Page>,
    pub sections: Vec<Section>,
    pub sentences: Vec<Sentence>,
    pub furniture: Vec<Span>,
    pub metadata: Metadata,
}

/// Finds the structure of a text.
pub(super) fn structure(extracted: Extracted) -> Structured {
    let (passages, furniture) = divide(&extracted);
    let pages: Vec<Page> = (1..)
        .zip(&extracted.pages)
        .map(|(number, &span)| Page { number, span })
        .collect();
    let text = extracted.text;
    let sections = Sections::of(&text, &passages);
    let sentences = reading::read(&text, &passages, &pages, &sections);
    let metadata = metadata::find(&text, &passages, &furniture);
    Structured {
        text,
        pages,
        sections: sections.into_vec(),
        sentences,
        furniture,
        metadata,
    }
}

/// The passages of the text and the furniture between them.
fn divide(extracted: &Extracted) -> (Vec<Passage>, Vec<Span>) {
    let text = &extracted.text;
    if !extracted.blocks.is_empty() {
        let furniture = extracted
            .blocks
            .iter()
            .filter(|block| block.kind == BlockKind::Furniture)
            .map(|block| block.span)
            .collect();
        return (blocks::stated(text, &extracted.blocks), furniture);
    }
    let lines = lines::split(text, Span::new(0, text.len()), &extracted.pages);
    let is_furniture = furniture::find(text, &lines);
    let furniture = lines
        .iter()
        .zip(&is_furniture)
        .filter(|(_, is_furniture)| **is_furniture)
        .map(|(line, _)| line.span)
        .collect();
    (blocks::inferred(text, &lines, &is_furniture), furniture)
}
