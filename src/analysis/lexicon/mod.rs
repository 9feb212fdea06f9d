//! A sentence in, its stance cues out: [`Lexicon::judge`] finds the words that carry a stance
//! ("tillstyrker", "kan inte ställa sig bakom", "under förutsättning att"), reads them in
//! their scope (negation, clause, whose voice, what is endorsed), and [`Lexicon::label`] says
//! what that makes of a proposal.
//!
//! The words are in `models/embedded/lexicon.toml`, which explains them; the rules are in
//! `scope`. The lexicon prefers silence to a guess: where it finds no cue, its confidence is 0.
//!
//! ```text
//! sentence ─► words ─► scan (pattern) ─► scope ─► judge ─► Reading ─► verdict ─► Label
//! ```

mod cue;
mod judge;
mod pattern;
mod read;
mod scan;
mod scope;
mod verdict;
mod words;

#[cfg(test)]
mod tests;

pub use cue::{Cue, Kind, Weight};
pub use judge::{Context, Hit, Polarity, Reading};
pub use read::LexiconError;
pub use scope::Content;
pub use verdict::{Label, Proposal, Towards};

use scan::Scanner;
use std::path::Path;

const EMBEDDED: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/models/embedded/lexicon.toml"
));

/// The cues, ready to be searched for.
#[derive(Debug)]
pub struct Lexicon {
    scanner: Scanner,
}

impl Lexicon {
    /// The lexicon that the program carries.
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED, Path::new("models/embedded/lexicon.toml"))
            .expect("the embedded lexicon is read by a test")
    }

    /// Reads the text of a lexicon; `path` is for the messages.
    ///
    /// # Errors
    /// The text is not TOML, or a cue breaks the pattern language: the error names the line.
    pub fn parse(source: &str, path: &Path) -> Result<Self, LexiconError> {
        Ok(Self {
            scanner: Scanner::new(read::read(source, path)?),
        })
    }

    /// All cues, section by section.
    pub fn cues(&self) -> impl Iterator<Item = &Cue> {
        self.scanner.cues()
    }

    /// What the cues of a sentence say, before it is known which proposal it is about.
    pub fn judge<'a>(&'a self, sentence: &'a str, context: Context<'a>) -> Reading<'a> {
        judge::judge(&self.scanner, sentence, context)
    }

    /// Reads a proposal, once for all the sentences that are compared with it.
    pub fn proposal(&self, text: &str) -> Proposal {
        Proposal::read(&self.scanner, text)
    }

    /// How much a sentence weighs for and against a proposal, which turns where one of the
    /// two is negated and the other is not.
    pub fn polarity_towards(&self, reading: &Reading, proposal: &Proposal) -> Towards {
        verdict::towards(reading, proposal)
    }

    /// What a sentence about the proposal says of it, and how sure the lexicon is, 0 to 1.
    /// Confidence 0 means that it found nothing and has no opinion.
    pub fn label(&self, reading: &Reading, proposal: &Proposal) -> (Label, f32) {
        verdict::label(reading, proposal)
    }
}
