//! Written points with their evidence, labelled by how far the one carries the other.

use super::measures::{Confusion, bootstrap};
use super::rows::{RowsError, read_lines};
use super::table::with_interval;
use crate::analysis::{Support, nearness};
use crate::inference::{Encoder, InferenceError};
use crate::verification::support;
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A labelled point. Other keys of its line are not read.
#[derive(Clone, Debug, Deserialize)]
pub struct SupportRow {
    pub evidence: Vec<String>,
    pub point: String,
    pub label: Gold,
    /// Which part of the data the row belongs to.
    pub part: String,
}

/// How far the evidence of a point carries it, as a reader says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gold {
    Full,
    Partial,
    None,
}

/// A file of labelled points that cannot be measured on.
#[derive(Debug, Error)]
pub enum SupportError {
    #[error(transparent)]
    Rows(#[from] RowsError),
    #[error("`{path}` has no points in the part `{part}`")]
    Empty { path: PathBuf, part: String },
    #[error(transparent)]
    Inference(#[from] InferenceError),
}

const FORM: &str =
    r#"{"evidence": […], "point": …, "label": "full", "partial" or "none", "part": …}"#;

/// Reads the rows of a part.
///
/// # Errors
/// A line that is not of the format; a part that does not occur.
pub fn read_support(path: &Path, part: &str) -> Result<Vec<SupportRow>, SupportError> {
    let mut rows: Vec<SupportRow> = read_lines(path, FORM)?;
    rows.retain(|row| row.part == part);
    if rows.is_empty() {
        return Err(SupportError::Empty {
            path: path.to_owned(),
            part: part.to_owned(),
        });
    }
    Ok(rows)
}

const NAMES: [&str; 3] = ["full", "partial", "none"];

/// What verification says of labelled points: gold and tier of each.
pub struct SupportFigures(Vec<(usize, usize)>);

/// Lets verification judge every point.
///
/// # Errors
/// The encoder failed.
pub fn measure_support(
    encoder: &Encoder,
    rows: &[SupportRow],
) -> Result<SupportFigures, SupportError> {
    let pairs: Vec<(&str, String)> = rows
        .iter()
        .map(|row| (row.point.as_str(), row.evidence.join(" ")))
        .collect();
    let near = nearness(encoder, &pairs)?;
    let judged = rows.iter().zip(near).map(|(row, near)| {
        let evidence: Vec<&str> = row.evidence.iter().map(String::as_str).collect();
        let tier = match support(&row.point, &evidence, Some(near), None).0 {
            Support::Full => 0,
            Support::Partial => 1,
            Support::Missing => 2,
        };
        (row.label as usize, tier)
    });
    Ok(SupportFigures(judged.collect()))
}

impl fmt::Display for SupportFigures {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let confusion = |draw: &[&(usize, usize)]| {
            let mut confusion = Confusion::new(NAMES.len());
            let each = draw.iter();
            each.for_each(|&&(gold, tier)| confusion.add(gold, tier));
            confusion
        };
        let all = confusion(&self.0.iter().collect::<Vec<_>>());
        let points = self.0.len();
        writeln!(out, "{points} points; 95 % intervals from drawing points\n")?;
        // Of the points that a reader would (not) accept as they stand, how many are marked.
        let marked = |gold: usize| {
            move |draw: &[&(usize, usize)]| {
                let of = draw.iter().filter(|row| row.0 == gold);
                let found = draw.iter().filter(|row| row.0 == gold && row.1 > 0);
                found.count() as f64 / of.count().max(1) as f64
            }
        };
        for (gold, name) in NAMES.iter().enumerate() {
            let share = bootstrap(&self.0, marked(gold));
            writeln!(
                out,
                "marked, of `{name}`{:>w$}  {}",
                "",
                with_interval(&share),
                w = 8 - name.len()
            )?;
        }
        let classes = all.occurring();
        let f1 = bootstrap(&self.0, |draw| confusion(draw).macro_f1(&classes));
        writeln!(out, "macro-F1                {}", with_interval(&f1))?;
        writeln!(out, "\nrows are gold, columns the tier")?;
        writeln!(
            out,
            "         {:>8}{:>8}{:>8}",
            "full", "partial", "missing"
        )?;
        for (name, row) in NAMES.iter().zip(&all.cells) {
            write!(out, "  {name:7}")?;
            row.iter().try_for_each(|cell| write!(out, "{cell:>8}"))?;
            writeln!(out)?;
        }
        Ok(())
    }
}
