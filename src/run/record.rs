//! A line of `results.jsonl`. `docs/results.schema.json` describes the same thing for others.

use crate::analysis::{Finding, Flag, SummaryPoint};
use crate::codebook::Stance;
use serde::{Deserialize, Serialize};

/// What became of one response: a result or a named failure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Record {
    Failure(Failure),
    // Boxed: a result is many times the size of a failure.
    Result(Box<ResultRecord>),
}

impl Record {
    pub fn id(&self) -> &str {
        match self {
            Record::Result(result) => &result.id,
            Record::Failure(failure) => &failure.id,
        }
    }

    pub fn source(&self) -> &str {
        match self {
            Record::Result(result) => &result.source,
            Record::Failure(failure) => &failure.source,
        }
    }

    /// SHA-256 of the file, where it could be read.
    pub fn sha256(&self) -> Option<&str> {
        match self {
            Record::Result(result) => Some(&result.sha256),
            Record::Failure(failure) => failure.sha256.as_deref(),
        }
    }
}

/// A response that was read and analysed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResultRecord {
    pub id: String,
    pub source: String,
    pub sha256: String,
    pub respondent: Option<String>,
    pub reference: Option<String>,
    pub date: Option<String>,
    pub consultation: Option<String>,
    /// `null` in formats without pages.
    pub pages: Option<u32>,
    /// Characters (not bytes) of the stored text.
    pub characters: usize,
    pub abstains: bool,
    pub overall: Stance,
    pub summary: Vec<SummaryPoint>,
    pub stances: Vec<Finding>,
    pub flags: Vec<Flag>,
}

/// A response that could not be read or analysed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    pub id: String,
    pub source: String,
    /// `null` where not even the bytes could be read.
    pub sha256: Option<String>,
    pub error: FailureReason,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailureReason {
    /// Stable name, e.g. `encrypted_pdf`.
    pub code: String,
    /// What happened and what to do.
    pub message: String,
}
