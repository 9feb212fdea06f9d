//! `Response` × `Codebook` × a model in, [`Analysis`] out.
//!
//! The [`Judge`] asks the encoder and the [`lexicon`] about every sentence and every theme,
//! makes one judgement of the two ([`fusion`]), adds the sentences up to a stance for each
//! theme, and picks the sentences of the summary. Knows nothing of files or storage.

mod features;
mod finding;
pub mod fusion;
mod judge;
pub mod lexicon;
mod summary;
mod topic;
mod whole;

pub use features::{Cues, PairFeatures, ResponseFeatures, Themes};
pub use finding::{Analysis, Evidence, Finding, Flag, PointKind, SummaryPoint};
pub use judge::Judge;
