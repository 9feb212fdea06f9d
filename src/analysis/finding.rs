//! What an analysis says, and what each statement rests on.

use super::fusion::Part;
use crate::codebook::Stance;
use crate::corpus::{Sentence, Span};
use serde::{Deserialize, Serialize};

/// A source sentence that a statement rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Id of the sentence in the response, counted from 1.
    pub sentence: usize,
    /// First byte of the quotation in the stored text.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    pub page: Option<u32>,
    /// The stored text from `start` to `end`, byte for byte; where `parts` is present, the
    /// stored text of each part, one after the other.
    pub quote: String,
    /// Present only where a page break interrupts the sentence: `[start, end]` of each stretch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<(usize, usize)>,
}

impl Evidence {
    /// Cuts the quotation of `sentence` out of the stored text.
    pub fn cite(sentence: &Sentence, text: &str) -> Self {
        let span = sentence.span();
        let interrupted = sentence.parts.len() > 1;
        Self {
            sentence: sentence.id,
            start: span.start,
            end: span.end,
            page: sentence.page,
            quote: sentence
                .parts
                .iter()
                .map(|part| &text[part.start..part.end])
                .collect(),
            parts: if interrupted {
                sentence
                    .parts
                    .iter()
                    .map(|part| (part.start, part.end))
                    .collect()
            } else {
                Vec::new()
            },
        }
    }

    /// The stretches of stored text that are quoted, in order.
    pub fn spans(&self) -> Vec<Span> {
        if self.parts.is_empty() {
            vec![Span::new(self.start, self.end)]
        } else {
            self.parts
                .iter()
                .map(|&(start, end)| Span::new(start, end))
                .collect()
        }
    }
}

/// Why a person should look at something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// The stance lexicon and the encoder point different ways.
    ModelsDisagree,
    /// The calibrated score is below the review threshold.
    LowScore,
    /// The stance rests only on sentences that report somebody else's view.
    ReportedView,
    /// The evidence is for in one place and against in another.
    ConflictingEvidence,
    /// A quotation differs from the source at its span; the statement was withdrawn.
    QuotationMismatch,
    /// A stance other than `not_addressed` had no evidence left.
    MissingEvidence,
    /// The response has no sentences to judge.
    NoSentences,
    /// The response appears to be about another consultation than the codebook's.
    OtherConsultation,
    /// The same content as the response with this id.
    DuplicateOf(String),
}

/// Whether a summary point is cut from the source or written about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointKind {
    Extract,
}

/// One statement of the summary, with its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryPoint {
    pub text: String,
    pub kind: PointKind,
    pub evidence: Vec<Evidence>,
    pub flags: Vec<Flag>,
}

/// The respondent's stance on one theme.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Id of the theme in the codebook.
    pub theme: String,
    pub stance: Stance,
    /// The judge's own estimate of the probability of the stance, 0 to 1, rounded to three decimals.
    pub score: f64,
    pub evidence: Vec<Evidence>,
    /// The parts of the judge that come to the same stance by themselves. None are asked where
    /// the respondent abstains or the response has no sentences.
    pub agreeing: Vec<Part>,
    pub flags: Vec<Flag>,
}

/// What a response says: its summary, and its stance on every theme of the codebook, in its order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// The respondent declines to answer or has no comments.
    pub abstains: bool,
    pub overall: Stance,
    pub summary: Vec<SummaryPoint>,
    pub stances: Vec<Finding>,
    pub flags: Vec<Flag>,
}
