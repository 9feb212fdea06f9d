//! remiss: from a folder of consultation responses to a checked, cited report.
//!
//! Data flows one way, and imports point back along it, never forward:
//!
//! ```text
//! files ─► corpus ─► analysis ─► verification ─► run ─► report
//!                       ▲ ▲
//!              codebook ┘ └ inference
//! ```
//!
//! [`evaluation`] stands beside the way: it measures the analysis on labelled responses.
//!
//! Each module is a room with one door: its first lines say what goes in and what
//! comes out. `ARCHITECTURE.md` draws the whole house.

pub mod analysis;
pub mod cli;
pub mod codebook;
pub mod corpus;
pub mod evaluation;
pub mod inference;
pub mod report;
pub mod run;
pub mod verification;

mod hash;
mod language;

pub use language::Language;
