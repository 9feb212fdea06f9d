//! Who answers what, when and under which number, as far as the response itself says.
//!
//! Each fact is taken from where a document states it (letterhead, title, signature), not from
//! what running text mentions, and is left out where the document does not say or says two
//! things. The sender of the consultation has a name, a number and dates too, which often
//! stand on the same page: they are told apart by their labels and forms.

mod consultation;
mod date;
mod letterhead;
mod names;
mod reference;
mod respondent;
#[cfg(test)]
mod tests;

pub(super) use date::is_place_and_date;

use super::blocks::{Passage, Role};
use super::lines;
use super::sentences::closes;
use crate::corpus::{Metadata, Span};

/// A line of the document, or a cell of one that is set in columns, as a place for a fact.
#[derive(Clone, Copy)]
struct Row<'t> {
    span: Span,
    text: &'t str,
    /// Part of running text, where dates and numbers are mentioned rather than stated.
    prose: bool,
}

/// Rows at the beginning where letterhead and title stand.
const HEAD: usize = 40;
/// Bytes from which a passage is running text.
const PROSE: usize = 200;

pub(super) fn find(text: &str, passages: &[Passage], furniture: &[Span]) -> Metadata {
    let rows = rows(text, passages, furniture);
    Metadata {
        respondent: respondent::find(text, &rows),
        reference: reference::find(&rows),
        date: date::find(&rows),
        consultation: consultation::find(text, &rows),
    }
}

fn rows<'t>(text: &'t str, passages: &[Passage], furniture: &[Span]) -> Vec<Row<'t>> {
    let mut rows: Vec<Row<'t>> = Vec::new();
    for passage in passages {
        let prose = is_prose(text, passage);
        for line in &passage.lines {
            if prose {
                rows.push(Row {
                    span: line.span,
                    text: &text[line.span.start..line.span.end],
                    prose,
                });
            } else {
                rows.extend(letterhead::cells(text, line.span));
            }
        }
    }
    for &span in furniture {
        let within = lines::split(text, span, &[]);
        rows.extend(
            within
                .iter()
                .flat_map(|line| letterhead::cells(text, line.span)),
        );
    }
    rows.sort_by_key(|row| row.span);
    rows
}

/// The beginning of the text: what a response says of itself it says long before its end.
fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(200_000)]
}

fn is_prose(text: &str, passage: &Passage) -> bool {
    let span = passage.span();
    let whole = &text[span.start..span.end];
    match passage.role {
        Role::Heading(_) => false,
        Role::ListItem { .. } => true,
        Role::Paragraph => {
            whole.len() > PROSE || (closes(whole) && whole.split_whitespace().count() > 6)
        }
    }
}

impl Row<'_> {
    /// The span of a part of the row's text.
    fn span_of(&self, part: std::ops::Range<usize>) -> Span {
        Span::new(self.span.start + part.start, self.span.start + part.end)
    }
}
