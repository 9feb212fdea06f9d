//! The numbers at the head of a report, counted from the records themselves.

use super::ReportError;
use super::records::Records;
use crate::codebook::{Codebook, Stance};
use crate::run::{Record, ResultRecord};
use std::path::Path;

/// What a run came to.
#[derive(Debug, Default)]
pub struct Tally {
    pub results: usize,
    pub failures: usize,
    pub abstaining: usize,
    /// Results with a flag on the response, on a stance or on a summary point.
    pub flagged_results: usize,
    /// Flagged responses, stances and summary points, each counted once.
    pub flagged: usize,
    /// Responses per theme of the codebook and stance, in the order of [`Stance::ALL`].
    pub stances: Vec<[usize; Stance::ALL.len()]>,
}

impl Tally {
    pub fn records(&self) -> usize {
        self.results + self.failures
    }

    /// Counts, and makes sure that every result has its stances on the codebook's themes in order.
    pub fn count(run_directory: &Path, codebook: &Codebook) -> Result<Self, ReportError> {
        let mut tally = Tally {
            stances: vec![[0; Stance::ALL.len()]; codebook.themes.len()],
            ..Tally::default()
        };
        for record in Records::open(run_directory)? {
            let result = match record? {
                Record::Failure(_) => {
                    tally.failures += 1;
                    continue;
                }
                Record::Result(result) => result,
            };
            let themes = result.stances.iter().map(|finding| &finding.theme);
            if !themes.eq(codebook.themes.iter().map(|theme| &theme.id)) {
                return Err(ReportError::OtherCodebook {
                    path: run_directory.join("results.jsonl"),
                    line: tally.records() + 1,
                    id: result.id,
                });
            }
            tally.add(&result);
        }
        Ok(tally)
    }

    fn add(&mut self, result: &ResultRecord) {
        self.results += 1;
        self.abstaining += usize::from(result.abstains);
        let flagged = flagged(result);
        self.flagged += flagged;
        self.flagged_results += usize::from(flagged > 0);
        for (counts, finding) in self.stances.iter_mut().zip(&result.stances) {
            counts[finding.stance as usize] += 1;
        }
    }
}

/// How many things in `result` a person should look at.
pub fn flagged(result: &ResultRecord) -> usize {
    let findings = result.stances.iter().map(|finding| &finding.flags);
    let points = result.summary.iter().map(|point| &point.flags);
    std::iter::once(&result.flags)
        .chain(findings)
        .chain(points)
        .filter(|flags| !flags.is_empty())
        .count()
}
