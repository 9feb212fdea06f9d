//! Sections: each heading and the text below it, up to the next heading.

use super::blocks::{Passage, Role};
use crate::corpus::{Section, Span};

/// The sections of a text, which cover it without overlap.
pub(super) struct Sections(Vec<Section>);

impl Sections {
    pub fn of(text: &str, passages: &[Passage]) -> Self {
        let mut sections = vec![Section {
            title: None,
            level: 0,
            span: Span::new(0, text.len()),
        }];
        let mut spoken = false;
        for passage in passages {
            if let Role::Heading(level) = passage.role {
                let start = passage.span().start;
                match sections.last_mut() {
                    // Nothing was said before the first heading: no section for it.
                    Some(first) if first.title.is_none() && !spoken => sections.clear(),
                    Some(last) => last.span.end = start,
                    None => {}
                }
                let start = if sections.is_empty() { 0 } else { start };
                sections.push(Section {
                    title: Some(title(text, passage)),
                    level,
                    span: Span::new(start, text.len()),
                });
            } else {
                spoken = true;
            }
        }
        Self(sections)
    }

    /// The section that the byte at `offset` stands in.
    pub fn index_of(&self, offset: usize) -> usize {
        self.0
            .partition_point(|section| section.span.start <= offset)
            .saturating_sub(1)
    }

    pub fn into_vec(self) -> Vec<Section> {
        self.0
    }
}

/// The heading as it reads, without Markdown's number signs.
fn title(text: &str, passage: &Passage) -> String {
    let line = passage.text(text);
    let words: Vec<&str> = line
        .trim_matches(|c: char| c == '#' || c.is_whitespace())
        .split_whitespace()
        .collect();
    words.join(" ")
}
