//! `themes.toml` in, [`Codebook`] out: the themes that responses are sorted by, and the stances.
//!
//! Knows nothing of models. Every error names the line of the file that it is about.

mod error;
mod read;
mod stance;

pub use error::CodebookError;
pub use read::{Codebook, Theme, ThemeText};
pub use stance::Stance;
