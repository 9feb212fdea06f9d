//! What a response is once it has been read: its text, and where everything stands in it.

use serde::{Deserialize, Serialize};

/// A half-open range of bytes in the stored text, on character boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    pub fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end);
        Self { start, end }
    }

    /// The text that the span covers; `None` if it reaches outside the text or splits a character.
    pub fn slice(self, text: &str) -> Option<&str> {
        text.get(self.start..self.end)
    }

    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    pub fn overlaps(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// The file format that a response was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Text,
    Markdown,
    Html,
    Pdf,
    Docx,
    Odt,
}

/// One page of a document that has pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Counted from 1 in the order of the file, whatever the page calls itself.
    pub number: u32,
    pub span: Span,
}

/// A heading and the text below it, up to the next heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// The heading on one line; `None` for text before the first heading.
    pub title: Option<String>,
    /// 1 for the outermost level; 0 for text before the first heading.
    pub level: u8,
    pub span: Span,
}

/// What kind of line a sentence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentenceKind {
    Prose,
    /// An item of a list. It rests on the sentence that introduces the list, if any:
    /// "Regionen är positiv till:" decides what the items below it say.
    ListItem {
        lead: Option<usize>,
    },
}

/// One sentence (or list item) of a response.
///
/// Headings, running heads and page numbers are no sentences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// Counted from 1 in source order.
    pub id: usize,
    /// The stretches of stored text that the sentence is made of, in order: one, or several
    /// where a running head or a page number stands in the middle of the sentence. Never empty.
    pub parts: Vec<Span>,
    /// The sentence as it reads: on one line, line-end hyphenation joined, list marker removed.
    pub text: String,
    /// Page on which it begins; `None` in formats without pages.
    pub page: Option<u32>,
    /// Index into [`Response::sections`].
    pub section: usize,
    pub kind: SentenceKind,
}

impl Sentence {
    /// From the first byte of the sentence to the last.
    pub fn span(&self) -> Span {
        Span::new(self.parts[0].start, self.parts[self.parts.len() - 1].end)
    }
}

/// A fact about the response that was found in its text, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    pub value: String,
    pub span: Span,
}

/// Who answers what, when and under which number. `None`: it does not stand in the text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    pub respondent: Option<Found>,
    /// The respondent's own reference number (diarienummer).
    pub reference: Option<Found>,
    /// ISO 8601 date of the response.
    pub date: Option<Found>,
    /// The consultation answered, e.g. `SOU 2025:12`.
    pub consultation: Option<Found>,
}

/// One response, read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The file as the user knows it: its path relative to the folder given, with `/`.
    pub source: String,
    /// SHA-256 of the file's bytes, in lower-case hexadecimal.
    pub sha256: String,
    pub format: Format,
    /// The stored text, UTF-8 with `\n` line ends, which all spans index by byte.
    pub text: String,
    /// Empty in formats without pages.
    pub pages: Vec<Page>,
    /// At least one; they cover the text without overlap.
    pub sections: Vec<Section>,
    pub sentences: Vec<Sentence>,
    /// Running heads, page numbers and the like: in the text, in no sentence.
    pub furniture: Vec<Span>,
    pub metadata: Metadata,
    /// Character encoding of the file where it was not UTF-8, e.g. `windows-1252`.
    pub encoding: Option<String>,
}

impl Response {
    /// Sentences that need no reading, each by itself, as a response of one section.
    pub fn of_sentences(sentences: &[&str]) -> Self {
        let mut text = String::new();
        let mut read = Vec::with_capacity(sentences.len());
        for (index, &sentence) in sentences.iter().enumerate() {
            let start = text.len();
            text.push_str(sentence);
            read.push(Sentence {
                id: index + 1,
                parts: vec![Span::new(start, text.len())],
                text: sentence.to_owned(),
                page: None,
                section: 0,
                kind: SentenceKind::Prose,
            });
            text.push('\n');
        }
        Self {
            source: String::new(),
            sha256: String::new(),
            format: Format::Text,
            pages: Vec::new(),
            sections: vec![Section {
                title: None,
                level: 0,
                span: Span::new(0, text.len()),
            }],
            sentences: read,
            furniture: Vec::new(),
            metadata: Metadata::default(),
            encoding: None,
            text,
        }
    }
}
