//! Passages in, sections and sentences out.

use super::blocks::{Passage, Role};
use super::flow::Flow;
use super::hyphenation::Vocabulary;
use super::lines::{self, invisible};
use super::lists::Marker;
use super::sections::Sections;
use super::sentences;
use crate::corpus::{Page, Sentence, SentenceKind, Span};

/// The sentences of all passages but headings, in source order, numbered from 1.
pub(super) fn read(
    text: &str,
    passages: &[Passage],
    pages: &[Page],
    sections: &Sections,
) -> Vec<Sentence> {
    let vocabulary = Vocabulary::of(text);
    let mut reader = Reader {
        text,
        pages,
        sections,
        vocabulary,
        sentences: Vec::new(),
    };
    let mut leads = Leads::default();
    for passage in passages {
        match passage.role {
            Role::Heading(_) => leads = Leads::default(),
            Role::Paragraph => {
                reader.add(passage, 0, SentenceKind::Prose);
                leads = Leads::after_paragraph(reader.sentences.last());
            }
            Role::ListItem { marker, length } => {
                let lead = leads.of_item(marker);
                reader.add(passage, length, SentenceKind::ListItem { lead });
                leads.after_item(marker, reader.sentences.last());
            }
        }
    }
    reader.sentences
}

struct Reader<'a> {
    text: &'a str,
    pages: &'a [Page],
    sections: &'a Sections,
    vocabulary: Vocabulary,
    sentences: Vec<Sentence>,
}

impl Reader<'_> {
    /// Adds the sentences of a passage whose list marker is `marker` bytes long.
    fn add(&mut self, passage: &Passage, marker: usize, kind: SentenceKind) {
        let mut flow = Flow::of(self.text, passage, marker, &self.vocabulary);
        if flow.text.is_empty() {
            // A marker with nothing behind it is all that the item says.
            flow = Flow::of(self.text, passage, 0, &self.vocabulary);
        }
        let starts = sentences::starts(&flow.text, &flow.line_breaks);
        let whole = passage.span();
        let mut line = 0;
        for (index, &start) in starts.iter().enumerate() {
            let end = starts.get(index + 1).copied();
            // The first begins with the marker, and each ends where the next begins, so that
            // nothing falls between them.
            let from = if index == 0 {
                whole.start
            } else {
                flow.source_of(start)
            };
            let to = end.map_or(whole.end, |end| flow.source_of(end));
            let read = flow.text[start..end.unwrap_or(flow.text.len())].trim_matches(invisible);
            let parts = parts(self.text, passage, Span::new(from, to), &mut line);
            self.sentences.push(Sentence {
                id: self.sentences.len() + 1,
                text: read.to_owned(),
                page: self.page_of(parts[0].start),
                section: self.sections.index_of(parts[0].start),
                kind,
                parts,
            });
        }
    }

    fn page_of(&self, offset: usize) -> Option<u32> {
        let after = self.pages.partition_point(|page| page.span.start <= offset);
        after.checked_sub(1).map(|at| self.pages[at].number)
    }
}

/// The stretches of source from `span.start` to `span.end`, without the furniture between.
///
/// All but the last end with the line end after them, so that a quotation put together from
/// them does not run two words into one. `line` is where to start looking: sentences come in
/// order, and so their lines are found in one pass.
fn parts(text: &str, passage: &Passage, span: Span, line: &mut usize) -> Vec<Span> {
    let rows = &passage.lines;
    while *line + 1 < rows.len() && rows[*line + 1].span.start <= span.start {
        *line += 1;
    }
    let mut parts = Vec::new();
    let mut start = span.start;
    while *line + 1 < rows.len() && rows[*line + 1].span.start < span.end {
        let above = rows[*line].span;
        *line += 1;
        let below = rows[*line];
        if below.after_furniture {
            let gap = &text[above.end..below.span.start];
            let line_end = gap.find('\n').map_or(0, |at| at + 1);
            parts.push(Span::new(start, above.end + line_end));
            start = below.span.start;
        }
    }
    parts.push(lines::trim(
        text,
        Span::new(start, span.end.min(rows[*line].span.end)),
    ));
    parts
}

/// Which sentence introduces the list that is being read.
#[derive(Default)]
struct Leads {
    outer: Option<usize>,
    /// The marker of the outer list's items.
    marker: Option<Marker>,
    /// An item that ends with a colon introduces items with another marker.
    inner: Option<usize>,
}

impl Leads {
    fn after_paragraph(last: Option<&Sentence>) -> Self {
        let outer = last
            .filter(|sentence| introduces(&sentence.text))
            .map(|sentence| sentence.id);
        Self {
            outer,
            marker: None,
            inner: None,
        }
    }

    fn of_item(&mut self, marker: Marker) -> Option<usize> {
        let outer = *self.marker.get_or_insert(marker);
        if outer.same_list(marker) {
            self.inner = None;
            self.outer
        } else {
            self.inner.or(self.outer)
        }
    }

    fn after_item(&mut self, marker: Marker, last: Option<&Sentence>) {
        let in_outer = self.marker.is_some_and(|outer| outer.same_list(marker));
        if in_outer {
            self.inner = last
                .filter(|sentence| sentence.text.ends_with(':'))
                .map(|sentence| sentence.id);
        }
    }
}

/// "Regionen är positiv till:", "behandlar dessa områden;", "lämnar följande synpunkter.",
/// or a sentence that stops in the middle.
fn introduces(sentence: &str) -> bool {
    const ANNOUNCES: &[&str] = &["följande", "nedan", "the following", "below"];
    let lower = sentence.to_lowercase();
    !sentences::closes(sentence) || ANNOUNCES.iter().any(|word| lower.contains(word))
}
