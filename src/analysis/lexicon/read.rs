//! `lexicon.toml` in, the cues out. Every error names the line.

use super::cue::{Cue, Kind, Weight};
use super::pattern::Pattern;
use serde::Deserialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use thiserror::Error;
use toml::Spanned;

#[derive(Debug, Error)]
#[error("`{}`, line {line}: {message}", path.display())]
pub struct LexiconError {
    path: PathBuf,
    /// Counted from 1.
    line: usize,
    message: String,
}

type Patterns = Vec<Spanned<String>>;

/// Cues that say something about the stance weigh more or less.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Weighed {
    strong: Patterns,
    weak: Patterns,
}

/// Cues that only steer how others are read weigh nothing.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Plain {
    cues: Patterns,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Negations {
    near: Patterns,
    following: Patterns,
    clause: Patterns,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    support: Weighed,
    oppose: Weighed,
    wanted: Weighed,
    reservation: Weighed,
    no_position: Plain,
    abstention: Plain,
    courtesy: Plain,
    neutral: Plain,
    reported: Plain,
    own: Plain,
    negation: Negations,
    abolish: Plain,
    keep: Plain,
    divide: Plain,
    join: Plain,
    barrier: Plain,
    subordinate: Plain,
}

impl File {
    fn sections(self) -> Vec<(Kind, Weight, Patterns)> {
        let mut sections = Vec::new();
        for (kind, weighed) in [
            (Kind::Support, self.support),
            (Kind::Oppose, self.oppose),
            (Kind::Wanted, self.wanted),
            (Kind::Reservation, self.reservation),
        ] {
            sections.push((kind, Weight::Strong, weighed.strong));
            sections.push((kind, Weight::Weak, weighed.weak));
        }
        for (kind, patterns) in [
            (Kind::NoPosition, self.no_position.cues),
            (Kind::Abstention, self.abstention.cues),
            (Kind::Courtesy, self.courtesy.cues),
            (Kind::Neutral, self.neutral.cues),
            (Kind::Reported, self.reported.cues),
            (Kind::Own, self.own.cues),
            (Kind::NegationNear, self.negation.near),
            (Kind::NegationFollowing, self.negation.following),
            (Kind::NegationClause, self.negation.clause),
            (Kind::Abolish, self.abolish.cues),
            (Kind::Keep, self.keep.cues),
            (Kind::Divide, self.divide.cues),
            (Kind::Join, self.join.cues),
            (Kind::Barrier, self.barrier.cues),
            (Kind::Subordinate, self.subordinate.cues),
        ] {
            sections.push((kind, Weight::Strong, patterns));
        }
        sections
    }
}

/// Reads the text of a lexicon; `path` is for the messages.
pub(super) fn read(source: &str, path: &Path) -> Result<Vec<(Cue, Pattern)>, LexiconError> {
    let fault = |at: usize, message: String| LexiconError {
        path: path.to_owned(),
        line: line_of(source, at),
        message,
    };
    let file: File = toml::from_str(source).map_err(|error| {
        fault(
            error.span().map_or(0, |span| span.start),
            error.message().to_owned(),
        )
    })?;
    let mut cues = Vec::new();
    let mut first_use: HashMap<(Kind, String), usize> = HashMap::new();
    for (kind, weight, patterns) in file.sections() {
        for written in patterns {
            let at = written.span().start;
            let text = written.into_inner();
            let pattern = Pattern::parse(&text).map_err(|message| fault(at, message))?;
            if let Some(&earlier) = first_use.get(&(kind, text.clone())) {
                return Err(fault(
                    at,
                    format!(
                        "the cue `{text}` already stands on line {}",
                        line_of(source, earlier)
                    ),
                ));
            }
            first_use.insert((kind, text.clone()), at);
            cues.push((Cue { text, kind, weight }, pattern));
        }
    }
    Ok(cues)
}

/// Line, counted from 1, of a byte.
fn line_of(source: &str, at: usize) -> usize {
    let before = &source.as_bytes()[..at.min(source.len())];
    before.iter().filter(|&&byte| byte == b'\n').count() + 1
}
