//! A set of responses in, the run directory out: manifest, ledger, texts, `results.jsonl`.
//!
//! State lives here and nowhere else. Each response is committed to the ledger in one
//! transaction, so that killing the program loses at most the responses in hand, and the same
//! command goes on where it stopped. Knows nothing of rendering.

mod error;
mod execute;
mod files;
mod inputs;
mod ledger;
mod manifest;
mod record;
mod workers;

pub use error::RunError;
pub use execute::{Order, Outcome, Progress, RESULTS, TEXTS, check, execute};
pub use manifest::{
    Fingerprint, InputEntry, LanguageModelIdentity, Manifest, PassedOverEntry, Totals,
};
pub use record::{Failure, FailureReason, Record, ResultRecord};
