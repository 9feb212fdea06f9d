//! Reading a run directory: one record at a time, and a response's text only when it is shown.

use super::ReportError;
use crate::analysis::Evidence;
use crate::run::Record;
use std::fs::File;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};

/// The lines of `results.jsonl`, in their order. Ends after the first error.
pub struct Records {
    path: PathBuf,
    lines: Lines<BufReader<File>>,
    line: usize,
}

impl Records {
    pub fn open(run_directory: &Path) -> Result<Self, ReportError> {
        let path = run_directory.join("results.jsonl");
        match File::open(&path) {
            Ok(file) => Ok(Self {
                path,
                lines: BufReader::new(file).lines(),
                line: 0,
            }),
            Err(source) => Err(ReportError::Unreadable { path, source }),
        }
    }
}

impl Iterator for Records {
    type Item = Result<Record, ReportError>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = match self.lines.next()? {
            Ok(line) => line,
            Err(source) => {
                let path = self.path.clone();
                return Some(Err(ReportError::Unreadable { path, source }));
            }
        };
        self.line += 1;
        Some(
            serde_json::from_str(&line).map_err(|source| ReportError::NotARecord {
                path: self.path.clone(),
                line: self.line,
                source,
            }),
        )
    }
}

/// The stored text of the response with this id, once every quotation of it has been found
/// where it is said to stand. A report that marked other characters than those quoted would
/// be worse than none.
pub fn text<'a>(
    run_directory: &Path,
    id: &str,
    quoted: impl Iterator<Item = &'a Evidence>,
) -> Result<String, ReportError> {
    let path = run_directory.join("texts").join(format!("{id}.txt"));
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) => return Err(ReportError::Unreadable { path, source }),
    };
    for evidence in quoted {
        let mut quote = evidence.quote.as_str();
        let found = evidence.spans().into_iter().all(|span| {
            let rest = span
                .slice(&text)
                .and_then(|stretch| quote.strip_prefix(stretch));
            quote = rest.unwrap_or(quote);
            rest.is_some()
        });
        if !found || !quote.is_empty() {
            let start = evidence.start;
            return Err(ReportError::OtherText { path, start });
        }
    }
    Ok(text)
}
