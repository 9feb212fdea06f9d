//! `Response` × `Codebook` × a model in, [`Analysis`] out.
//!
//! The [`Judge`] asks the encoder, the [`lexicon`] and the [`ngrams`] about every sentence and every
//! theme, makes one judgement of the three ([`fusion`]), adds the sentences up to a stance for each
//! theme, and picks the sentences of the summary. Knows nothing of files or storage.

mod analyst;
pub mod answers;
mod features;
mod finding;
pub mod fusion;
mod judge;
pub mod lexicon;
pub mod ngrams;
mod summary;
mod topic;
mod whole;

pub use analyst::{Analyst, Prompts, PromptsIdentity, nearness};
pub use features::{Cues, PairFeatures, ResponseFeatures, SalienceFeatures, Themes};
pub use finding::{Analysis, Evidence, Finding, Flag, PointKind, SummaryPoint, Support};
pub use fusion::Part;
pub use judge::{Judge, Opinion, conclude};
pub(crate) use whole::abstains;
