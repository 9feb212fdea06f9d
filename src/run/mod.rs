//! A set of responses in, the run directory out: manifest, ledger, texts, `results.jsonl`.
//!
//! State lives here and nowhere else. Knows nothing of rendering.

mod record;

pub use record::{Failure, FailureReason, Record, ResultRecord};
