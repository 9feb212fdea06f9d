//! `Response` × `Codebook` × a model in, [`Analysis`] out.
//!
//! Knows nothing of files or storage.

mod finding;
pub mod lexicon;

pub use finding::{Analysis, Evidence, Finding, Flag, PointKind, SummaryPoint};
