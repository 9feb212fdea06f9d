//! A run in, what people read out: `stances.csv`, `report.xlsx` and `report.html`.
//!
//! [`write()`] is the door. It reads `results.jsonl` from the run directory once per part of
//! a report and a response's text only while that response is rendered, so that memory does
//! not grow with the number of responses. Every file is replaced in one step. Knows nothing
//! of models, and takes nothing on trust: a quotation that does not stand in the stored text
//! where it should, or stances on other themes than the codebook's, stop the report.

mod atomic;
mod error;
mod html;
mod records;
mod stances;
mod tally;
mod words;
mod workbook;

pub use error::ReportError;
pub use words::failure as failure_in_words;

use crate::Language;
use crate::codebook::Codebook;
use std::path::{Path, PathBuf};
use tally::Tally;

/// What the head of a report says about how the run was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFacts {
    /// Version of this program.
    pub version: String,
    /// The command line, as it was typed.
    pub command: String,
    /// Name of the model that judged.
    pub model: String,
    /// SHA-256 of its weights, in lower-case hexadecimal.
    pub model_sha256: String,
    /// The language model that judged instead, if one did; the first then gave the second opinion.
    pub language_model: Option<LanguageModelFacts>,
    /// What it was computed on, e.g. `cpu`.
    pub device: String,
    /// Start and end of the run as people should read them.
    pub started: String,
    pub ended: String,
    /// Responses that were handed in; the report says how many of them are missing from it.
    pub responses: usize,
    /// Files in the input that are no responses.
    pub passed_over: Vec<PassedOver>,
}

/// The language model of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguageModelFacts {
    pub name: String,
    /// SHA-256 of its weights; one line a file where there are several.
    pub sha256: String,
}

/// A file that was not read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    pub source: String,
    pub reason: String,
}

/// Where the reports are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reports {
    pub csv: PathBuf,
    pub xlsx: PathBuf,
    pub html: PathBuf,
}

/// What every format is made from.
struct Material<'a> {
    run_directory: &'a Path,
    codebook: &'a Codebook,
    facts: &'a RunFacts,
    language: Language,
    tally: Tally,
}

/// Writes the reports of the run in `run_directory` beside its `results.jsonl`.
///
/// # Errors
/// A file of the run cannot be read or a report not written; a record is not one, or belongs
/// to another codebook; a text is not the one that is quoted.
pub fn write(
    run_directory: &Path,
    codebook: &Codebook,
    facts: &RunFacts,
    language: Language,
) -> Result<Reports, ReportError> {
    let material = Material {
        run_directory,
        codebook,
        facts,
        language,
        tally: Tally::count(run_directory, codebook)?,
    };
    let reports = Reports {
        csv: run_directory.join("stances.csv"),
        xlsx: run_directory.join("report.xlsx"),
        html: run_directory.join("report.html"),
    };
    stances::write(&reports.csv, &material)?;
    workbook::write(&reports.xlsx, &material)?;
    html::write(&reports.html, &material)?;
    Ok(reports)
}
