//! Labelled responses: text files in, [`Consultation`]s out.
//!
//! The format is meant to be read and mended by a person; `models/training/data/GUIDE.md`
//! describes it. Every fault names its file and line. A `split.toml` in the folder says which
//! consultations are trained on and which are kept for measuring.

mod format;
mod split;

pub use format::parse;
pub use split::{Labelled, TRAIN};

use crate::codebook::{Codebook, Stance, Theme, ThemeText};
use crate::corpus::{Format, Metadata, Response, Section, Sentence, SentenceKind, Span};
use std::collections::BTreeMap;
use std::path::PathBuf;
use thiserror::Error;

/// Labelled responses that cannot be read.
#[derive(Debug, Error)]
pub enum LabelledError {
    #[error("`{path}` cannot be read: {source}")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("`{path}`, line {line}: {message}")]
    Line {
        path: PathBuf,
        line: usize,
        message: String,
    },
    #[error("`{path}`: {message}")]
    Split { path: PathBuf, message: String },
    #[error("`{0}` holds no labelled responses (*.txt)")]
    Empty(PathBuf),
}

/// A theme of a consultation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenTheme {
    pub id: String,
    pub name: String,
    pub proposal: String,
    pub description: String,
}

/// What a sentence says of a theme's proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SentenceLabel {
    For,
    Against,
    Conditional,
    /// The theme without a position: background.
    None,
    /// Somebody else's position, which the respondent does not share.
    Reported,
    /// Two readers gave different labels: neither trained on nor measured.
    Disputed,
}

impl SentenceLabel {
    /// The key in the labelled files.
    pub fn key(self) -> &'static str {
        match self {
            SentenceLabel::For => "for",
            SentenceLabel::Against => "against",
            SentenceLabel::Conditional => "conditional",
            SentenceLabel::None => "none",
            SentenceLabel::Reported => "reported",
            SentenceLabel::Disputed => "disputed",
        }
    }

    fn from_key(key: &str) -> Option<Self> {
        [
            SentenceLabel::For,
            SentenceLabel::Against,
            SentenceLabel::Conditional,
            SentenceLabel::None,
            SentenceLabel::Reported,
            SentenceLabel::Disputed,
        ]
        .into_iter()
        .find(|label| label.key() == key)
    }

    /// A position of the respondent's own.
    pub fn is_position(self) -> bool {
        matches!(
            self,
            SentenceLabel::For | SentenceLabel::Against | SentenceLabel::Conditional
        )
    }
}

/// A sentence or heading of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenSentence {
    pub heading: bool,
    pub text: String,
    pub salient: bool,
    /// What it says of each theme that it concerns.
    pub labels: BTreeMap<String, SentenceLabel>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenResponse {
    pub id: String,
    pub voice: String,
    pub respondent: String,
    /// Theme id to stance; `None` where two readers disagreed.
    stances: BTreeMap<String, Option<Stance>>,
    pub overall: String,
    pub sentences: Vec<WrittenSentence>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consultation {
    pub id: String,
    pub area: String,
    pub title: String,
    pub themes: Vec<WrittenTheme>,
    pub responses: Vec<WrittenResponse>,
}

impl Consultation {
    /// The themes as the program knows them.
    pub fn codebook(&self) -> Codebook {
        let themes = self
            .themes
            .iter()
            .map(|theme| Theme {
                id: theme.id.clone(),
                text: ThemeText {
                    name: theme.name.clone(),
                    proposal: theme.proposal.clone(),
                    description: theme.description.clone(),
                },
                keywords: Vec::new(),
                translations: BTreeMap::new(),
            })
            .collect();
        Codebook {
            consultation: self.title.clone(),
            title: String::new(),
            language: "sv".to_owned(),
            themes,
            sha256: String::new(),
        }
    }
}

impl WrittenResponse {
    /// The stance on a theme: not addressed if none is given, `None` if two readers disagreed.
    pub fn stance(&self, theme: &str) -> Option<Stance> {
        match self.stances.get(theme) {
            Some(stance) => *stance,
            None => Some(Stance::NotAddressed),
        }
    }

    /// The response as if it had been read from a file, and the sentences without headings.
    ///
    /// An item below a sentence that ends with a colon is a list item that begins in lower case.
    pub fn response(&self) -> (Response, Vec<&WrittenSentence>) {
        let mut text = String::new();
        let mut sections = vec![Section {
            title: None,
            level: 0,
            span: Span::new(0, 0),
        }];
        let mut sentences: Vec<Sentence> = Vec::new();
        let mut kept = Vec::new();
        let mut lead = None;
        for written in &self.sentences {
            let start = text.len();
            text.push_str(&written.text);
            let span = Span::new(start, text.len());
            text.push('\n');
            if written.heading {
                let before = sections.last_mut().expect("there is always one");
                before.span.end = start;
                sections.push(Section {
                    title: Some(written.text.clone()),
                    level: 1,
                    span,
                });
                lead = None;
                continue;
            }
            let id = sentences.len() + 1;
            let lower_case = written.text.chars().next().is_some_and(char::is_lowercase);
            let kind = match lead {
                Some(_) if lower_case => SentenceKind::ListItem { lead },
                _ => SentenceKind::Prose,
            };
            if !matches!(kind, SentenceKind::ListItem { .. }) {
                lead = written.text.ends_with(':').then_some(id);
            }
            sentences.push(Sentence {
                id,
                parts: vec![span],
                text: written.text.clone(),
                page: None,
                section: sections.len() - 1,
                kind,
            });
            kept.push(written);
        }
        let last = sections.last_mut().expect("there is always one");
        last.span.end = text.len();
        let response = Response {
            source: self.id.clone(),
            sha256: String::new(),
            format: Format::Text,
            text,
            pages: Vec::new(),
            sections,
            sentences,
            furniture: Vec::new(),
            metadata: Metadata::default(),
            encoding: None,
        };
        (response, kept)
    }
}

/// One consultation with one response, for the tests of this folder.
#[cfg(test)]
const TEXT: &str = "\
% tak | vård | SOU 2031:1 Tak
@ a | Tak | Ett tak ska införas. | Avgifter.
@ b | Journal | En journal ska införas. | Vård.

## tak-1 | region | Region Nord
= a:opposes b:not_addressed overall:opposes
# Avgifter
! a:against | Regionen avstyrker taket.
- a:reported | Utredningen vill ha ett tak.
- | Vi tackar för förtroendet.
";
