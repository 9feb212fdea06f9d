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
    /// Two judgements point different ways: those of the stance lexicon and the encoder, or, where a
    /// language model judged, its own and that of the embedded judge.
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
    /// The response is longer than the language model's context and was read in parts.
    ReadInParts,
    /// A sentence alone is longer than the language model's context; the model read its beginning.
    SentenceCut,
    /// The written summary became too long and was cut off after its last whole point.
    SummaryCut,
    /// The written point became too long and was cut off.
    PointCut,
    /// The language model wrote no whole point; the embedded judge chose the summary's sentences.
    NotWritten,
    /// The points of a response's parts could not be made into one summary and stand one after the other.
    NotMerged,
    /// The statement says this, and none of its evidence does.
    Unsupported(String),
    /// A sentence of the evidence denies with this word, and the statement repeats it without.
    NegationLost(String),
    /// Little of what the statement says can be recognised in its evidence.
    WeakSupport,
    /// So many points of the summary had no support and were dropped.
    PointsDropped(usize),
    /// The same content as the response with this id.
    DuplicateOf(String),
}

/// Whether a summary point is cut from the source or written about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointKind {
    Extract,
    Written,
}

/// How far the evidence of a written point carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// All facts stand in the evidence, and most of the rest can be recognised in it.
    Full,
    /// All facts stand in the evidence; little else can be recognised.
    Partial,
    /// A fact stands in no cited sentence, or nothing can be recognised.
    Missing,
}

/// One statement of the summary, with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SummaryPoint {
    pub text: String,
    pub kind: PointKind,
    pub evidence: Vec<Evidence>,
    /// Of a written point: how near its subject is to that of its evidence, in the encoder's eyes
    /// (cosine of their topic vectors, rounded to three decimals).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub similarity: Option<f64>,
    /// Of a written point that has been verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support: Option<Support>,
    pub flags: Vec<Flag>,
}

/// The respondent's stance on one theme.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Id of the theme in the codebook.
    pub theme: String,
    pub stance: Stance,
    /// The judge's own estimate of the probability of the stance, 0 to 1, rounded to three decimals.
    /// That of the embedded judge is calibrated; a language model's is its own, as it stands.
    pub score: f64,
    pub evidence: Vec<Evidence>,
    /// The parts of the embedded judge that come to the same stance by themselves. None are asked where
    /// the respondent abstains or the response has no sentences.
    pub agreeing: Vec<Part>,
    /// The embedded judge's stance, where a language model judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_opinion: Option<Stance>,
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
