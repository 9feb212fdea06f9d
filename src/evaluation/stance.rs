//! Single sentences with a topic each, labelled pro, con or non (SuperLim's
//! argumentation-sentences and sets like it).

use super::measures::{Confusion, bootstrap};
use super::rows::{RowsError, read_lines};
use super::table::with_interval;
use crate::analysis::Judge;
use crate::codebook::{Codebook, Theme, ThemeText};
use crate::inference::InferenceError;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A labelled sentence. Other keys of its line are not read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct StanceRow {
    pub topic: String,
    pub sentence: String,
    pub label: TopicStance,
}

/// What a sentence says of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TopicStance {
    Pro,
    Con,
    /// No argument.
    Non,
}

impl TopicStance {
    const NAMES: [&'static str; 3] = ["pro", "con", "non"];

    /// The key in the file.
    pub fn key(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// A file of labelled sentences that cannot be measured on.
#[derive(Debug, Error)]
pub enum StanceError {
    #[error(transparent)]
    Rows(#[from] RowsError),
    #[error("`{0}` holds no labelled sentences")]
    Empty(PathBuf),
    #[error("the codebook has no theme with the id or name `{0}`, which is a topic of the file")]
    Topic(String),
    #[error(transparent)]
    Inference(#[from] InferenceError),
}

const FORM: &str = r#"{"topic": …, "sentence": …, "label": "pro", "con" or "non"}"#;

/// Reads JSON lines.
///
/// # Errors
/// A line that is not of the format.
pub fn read_rows(path: &Path) -> Result<Vec<StanceRow>, StanceError> {
    let rows: Vec<StanceRow> = read_lines(path, FORM)?;
    if rows.is_empty() {
        return Err(StanceError::Empty(path.to_owned()));
    }
    Ok(rows)
}

/// Figures of the judge and of the commonest label, on sentences.
pub struct StanceFigures {
    /// One for each sentence: gold, the judge's label.
    judged: Vec<(usize, usize)>,
    commonest: usize,
}

/// Sentences that are read at once.
const AT_ONCE: usize = 256;

/// Measures the judge on labelled sentences. A topic is read as the theme of that id or name in
/// `themes`; without a codebook its name is all that is known of it. `tell` hears how many
/// sentences are done.
///
/// # Errors
/// A topic is not in the codebook, or the encoder failed.
pub fn measure_stance(
    judge: &Judge,
    rows: &[StanceRow],
    themes: Option<&Codebook>,
    mut tell: impl FnMut(usize),
) -> Result<StanceFigures, StanceError> {
    let mut by_topic: BTreeMap<&str, Vec<&StanceRow>> = BTreeMap::new();
    for row in rows {
        by_topic.entry(&row.topic).or_default().push(row);
    }
    let mut judged = Vec::with_capacity(rows.len());
    for (topic, rows) in by_topic {
        let codebook = Codebook {
            consultation: String::new(),
            title: String::new(),
            language: "sv".to_owned(),
            themes: vec![theme_of(topic, themes)?],
            sha256: String::new(),
        };
        let prepared = judge.prepare(&codebook)?;
        for rows in rows.chunks(AT_ONCE) {
            let texts: Vec<&str> = rows.iter().map(|row| row.sentence.as_str()).collect();
            let given = judge.topic_stances(&texts, &prepared)?;
            judged.extend(
                rows.iter()
                    .zip(given)
                    .map(|(row, given)| (row.label as usize, given)),
            );
            tell(rows.len());
        }
    }
    let mut counts = [0; TopicStance::NAMES.len()];
    judged.iter().for_each(|&(gold, _)| counts[gold] += 1);
    let commonest = (0..counts.len()).max_by_key(|&index| counts[index]);
    Ok(StanceFigures {
        judged,
        commonest: commonest.unwrap_or(0),
    })
}

fn theme_of(topic: &str, themes: Option<&Codebook>) -> Result<Theme, StanceError> {
    match themes {
        Some(codebook) => codebook
            .themes
            .iter()
            .find(|theme| is_about(theme, topic))
            .cloned()
            .ok_or_else(|| StanceError::Topic(topic.to_owned())),
        None => Ok(Theme {
            id: topic.to_owned(),
            text: ThemeText {
                name: topic.to_owned(),
                proposal: topic.to_owned(),
                description: String::new(),
            },
            keywords: Vec::new(),
            translations: BTreeMap::new(),
        }),
    }
}

/// A theme is known by its id or its name.
pub(super) fn is_about(theme: &Theme, topic: &str) -> bool {
    theme.id == topic || theme.text.name.to_lowercase() == topic.to_lowercase()
}

impl fmt::Display for StanceFigures {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let confusion = |draw: &[&(usize, usize)]| {
            let mut confusion = Confusion::new(TopicStance::NAMES.len());
            draw.iter()
                .for_each(|&&(gold, given)| confusion.add(gold, given));
            confusion
        };
        let all = confusion(&self.judged.iter().collect::<Vec<_>>());
        let classes = all.occurring();
        writeln!(
            out,
            "{} sentences; 95 % intervals from drawing sentences\n",
            self.judged.len()
        )?;
        let constant: Vec<(usize, usize)> = self
            .judged
            .iter()
            .map(|&(gold, _)| (gold, self.commonest))
            .collect();
        let name = format!("always `{}`", TopicStance::NAMES[self.commonest]);
        for (name, labels) in [("judge".to_owned(), &self.judged), (name, &constant)] {
            let alpha = bootstrap(labels, |draw| confusion(draw).alpha());
            let f1 = bootstrap(labels, |draw| confusion(draw).macro_f1(&classes));
            let accuracy = bootstrap(labels, |draw| confusion(draw).accuracy());
            writeln!(out, "{name}")?;
            writeln!(out, "  Krippendorff's alpha  {}", with_interval(&alpha))?;
            writeln!(out, "  macro-F1              {}", with_interval(&f1))?;
            writeln!(out, "  accuracy              {}", with_interval(&accuracy))?;
        }
        writeln!(out, "\nrows are gold, columns what the judge says")?;
        writeln!(
            out,
            "       {:>8}{:>8}{:>8}{:>8}",
            "pro", "con", "non", "F1"
        )?;
        for (class, row) in all.cells.iter().enumerate() {
            write!(out, "  {:5}", TopicStance::NAMES[class])?;
            row.iter().try_for_each(|cell| write!(out, "{cell:>8}"))?;
            writeln!(out, "{:>8.3}", all.f1(class))?;
        }
        Ok(())
    }
}
