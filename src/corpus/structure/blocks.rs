//! Lines in, [`Passage`]s out: paragraphs, headings and list items.
//!
//! Formats that state their structure are taken at their word. In plain text and PDF a
//! paragraph has hard line breaks, sometimes no blank line after it, and sometimes blank lines
//! or a page break in the middle of a sentence; `paragraphs` puts the
//! lines together, and this file says what each stretch is.

use super::super::extracted::{Block, BlockKind};
use super::headings::{self, Likeness};
use super::lines::{self, Line};
use super::lists::{self, Marker};
use super::paragraphs::{self, Stretch};
use super::sentences::closes;
use crate::corpus::Span;

/// A stretch of text that no sentence crosses the borders of.
#[derive(Clone, Debug)]
pub(super) struct Passage {
    pub role: Role,
    /// At least one, in source order.
    pub lines: Vec<PassageLine>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// 1 for the outermost level.
    Heading(u8),
    Paragraph,
    /// `length` is that of the marker in bytes, with the space after it.
    ListItem {
        marker: Marker,
        length: usize,
    },
}

#[derive(Clone, Copy, Debug)]
pub(super) struct PassageLine {
    /// From the first visible character to the last.
    pub span: Span,
    /// A running head or a page number stands between this line and the one before.
    pub after_furniture: bool,
}

impl Passage {
    pub fn span(&self) -> Span {
        Span::new(
            self.lines[0].span.start,
            self.lines[self.lines.len() - 1].span.end,
        )
    }

    /// The passage on one line, as it stands.
    pub fn text(&self, text: &str) -> String {
        let lines: Vec<&str> = self
            .lines
            .iter()
            .map(|line| &text[line.span.start..line.span.end])
            .collect();
        lines.join(" ")
    }
}

/// The passages of a text whose structure its file states.
///
/// Text that stands in no block is not lost: it is read as paragraphs.
pub(super) fn stated(text: &str, blocks: &[Block]) -> Vec<Passage> {
    let mut passages = Vec::new();
    let mut end = 0;
    for block in blocks {
        passages.extend(unmarked(text, Span::new(end, block.span.start)));
        end = block.span.end;
        let lines = visible_lines(text, block.span);
        if let Some(first) = lines.first() {
            let role = match block.kind {
                BlockKind::Furniture => continue,
                BlockKind::Heading(level) => Role::Heading(level.max(1)),
                BlockKind::Paragraph | BlockKind::TableCell => Role::Paragraph,
                BlockKind::ListItem => stated_item(&text[first.span.start..first.span.end]),
            };
            passages.push(Passage { role, lines });
        }
    }
    passages.extend(unmarked(text, Span::new(end, text.len())));
    passages
}

fn stated_item(line: &str) -> Role {
    let (marker, length) = lists::marker(line).unwrap_or((Marker::Stated, 0));
    Role::ListItem { marker, length }
}

/// Each line between blocks, as a paragraph of its own.
fn unmarked(text: &str, span: Span) -> impl Iterator<Item = Passage> {
    visible_lines(text, span).into_iter().map(|line| Passage {
        role: Role::Paragraph,
        lines: vec![line],
    })
}

fn visible_lines(text: &str, span: Span) -> Vec<PassageLine> {
    lines::split(text, span, &[])
        .into_iter()
        .filter(|line| !line.is_blank())
        .map(|line| PassageLine {
            span: line.span,
            after_furniture: false,
        })
        .collect()
}

/// The passages of a text that is nothing but lines, `furniture` of which are left out.
pub(super) fn inferred(text: &str, lines: &[Line], furniture: &[bool]) -> Vec<Passage> {
    let stretches = paragraphs::gather(text, lines, furniture);
    let roles = roles(text, &stretches);
    let passages = stretches.into_iter().zip(roles);
    passages
        .map(|(stretch, role)| Passage {
            role,
            lines: stretch.lines,
        })
        .collect()
}

/// What each stretch is. Read from the last to the first, because whether a short line is a
/// heading depends on what follows it.
fn roles(text: &str, stretches: &[Stretch]) -> Vec<Role> {
    let likenesses: Vec<Likeness> = stretches
        .iter()
        .map(|stretch| stretch_likeness(text, stretch))
        .collect();
    let mut roles = Vec::with_capacity(stretches.len());
    let mut below = Below::Nothing;
    for (index, stretch) in stretches.iter().enumerate().rev() {
        let beside_number = [index.checked_sub(1), Some(index + 1)]
            .into_iter()
            .flatten()
            .any(|at| likenesses.get(at) == Some(&Likeness::Numbered));
        let heading = match likenesses[index] {
            Likeness::Certain(level) => Some(level),
            // Two in a row are items of a list.
            Likeness::Numbered if !beside_number && below != Below::Nothing => Some(1),
            Likeness::Possible if below.is_text() && !follows_date(text, stretches, index) => {
                Some(1)
            }
            _ => None,
        };
        let role = match (heading, stretch.item) {
            (Some(level), _) => Role::Heading(level),
            (None, Some((marker, length))) => Role::ListItem { marker, length },
            (None, None) => Role::Paragraph,
        };
        below = match likenesses[index] {
            Likeness::Certain(_) => Below::Heading,
            _ if matches!(role, Role::ListItem { .. }) || is_prose(text, stretch) => Below::Text,
            _ if heading.is_some() => Below::PossibleHeading,
            _ => Below::Fragment,
        };
        roles.push(role);
    }
    roles.reverse();
    roles
}

/// What stands below a stretch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Below {
    Nothing,
    Text,
    Heading,
    PossibleHeading,
    /// A short line that is neither: a name, a line of an address.
    Fragment,
}

impl Below {
    /// Of several short lines above a text only the last may be its heading: the others are
    /// letterhead.
    fn is_text(self) -> bool {
        matches!(self, Below::Text | Below::Heading)
    }
}

fn stretch_likeness(text: &str, stretch: &Stretch) -> Likeness {
    let is_numbered_item = matches!(stretch.item, Some((Marker::Number(_), _)));
    if stretch.lines.len() > 3 || (stretch.item.is_some() && !is_numbered_item) {
        return Likeness::None;
    }
    headings::likeness(&stretch.text(text))
}

/// Text in full sentences, or that runs over several lines.
fn is_prose(text: &str, stretch: &Stretch) -> bool {
    let last = &stretch.lines[stretch.lines.len() - 1];
    let last = &text[last.span.start..last.span.end];
    stretch.lines.len() > 2 || closes(last) || last.ends_with(':')
}

/// The line after "Stockholm den 14 maj 2025" is a name.
fn follows_date(text: &str, stretches: &[Stretch], index: usize) -> bool {
    index > 0 && super::metadata::is_place_and_date(&stretches[index - 1].text(text))
}
