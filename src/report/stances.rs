//! `stances.csv`: one row per response and theme, one row per failure.
//!
//! Made to open right in a Swedish Excel by a double click: UTF-8 with a byte order mark,
//! `;` between cells, CRLF between rows, decimal commas. These do not follow the language of
//! the report, because they are about the program that opens the file.
//!
//! A spreadsheet program takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and
//! what respondents write must not be one. Such a cell gets an apostrophe in front, and so does
//! a cell that begins with an apostrophe: taking one leading apostrophe away always gives the
//! exact text back.

use super::{Material, ReportError, atomic, records::Records, words};
use crate::Language;
use crate::analysis::{Finding, Flag};
use crate::codebook::Theme;
use crate::run::{Failure, Record, ResultRecord};
use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

pub fn write(path: &Path, material: &Material) -> Result<(), ReportError> {
    let unwritable = |source: io::Error| ReportError::Unwritable {
        path: path.to_owned(),
        source,
    };
    let language = material.language;
    atomic::write(path, |output| {
        output
            .write_all("\u{feff}".as_bytes())
            .map_err(unwritable)?;
        let mut rows = csv::WriterBuilder::new()
            .delimiter(b';')
            .terminator(csv::Terminator::CRLF)
            .from_writer(output);
        let mut put = |row: [&str; COLUMNS]| {
            rows.write_record(row.map(|cell| neutral(cell).into_owned()))
                .map_err(|error| unwritable(error.into()))
        };
        put(head(language, material.facts.language_model.is_some()))?;
        for record in Records::open(material.run_directory)? {
            match record? {
                Record::Failure(failure) => put_failure(&failure, language, &mut put)?,
                Record::Result(result) => {
                    for (theme, finding) in material.codebook.themes.iter().zip(&result.stances) {
                        put_finding(&result, theme, finding, language, &mut put)?;
                    }
                }
            }
        }
        rows.flush().map_err(unwritable)
    })
}

const COLUMNS: usize = 13;

/// `second`: a language model judged, and the column of those that agree holds the second opinion.
fn head(language: Language, second: bool) -> [&'static str; COLUMNS] {
    match language {
        Language::Sv => [
            "id",
            "fil",
            "remissinstans",
            "tema-id",
            "tema",
            "nyckel",
            "ställningstagande",
            "sannolikhet",
            if second {
                "kontrollbedömning"
            } else {
                "samma bedömning från"
            },
            "flaggor",
            "belägg",
            "sida",
            "fel",
        ],
        Language::En => [
            "id",
            "file",
            "respondent",
            "theme id",
            "theme",
            "key",
            "stance",
            "probability",
            if second {
                "second opinion"
            } else {
                "the same from"
            },
            "flags",
            "evidence",
            "page",
            "error",
        ],
    }
}

fn put_finding(
    result: &ResultRecord,
    theme: &Theme,
    finding: &Finding,
    language: Language,
    put: &mut impl FnMut([&str; COLUMNS]) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let first = finding.evidence.first();
    put([
        &result.id,
        &result.source,
        result.respondent.as_deref().unwrap_or_default(),
        &theme.id,
        &theme.in_language(language).name,
        finding.stance.key(),
        finding.stance.label(language),
        &format!("{:.3}", finding.score).replace('.', ","),
        &words::agreeing(finding, language),
        &flag_keys(finding.flags.iter().chain(&result.flags)),
        first.map_or("", |evidence| &evidence.quote),
        &first
            .and_then(|evidence| evidence.page)
            .map_or(String::new(), |page| page.to_string()),
        "",
    ])
}

fn put_failure(
    failure: &Failure,
    language: Language,
    put: &mut impl FnMut([&str; COLUMNS]) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let error = format!(
        "{}: {}",
        failure.error.code,
        words::failure(&failure.error, language)
    );
    let label = words::failed(language);
    put([
        &failure.id,
        &failure.source,
        "",
        "",
        "",
        "failed",
        label,
        "",
        "",
        "",
        "",
        "",
        &error,
    ])
}

/// The flags of the finding, then those of the whole response.
fn flag_keys<'a>(flags: impl Iterator<Item = &'a Flag>) -> String {
    flags.map(words::flag_key).collect::<Vec<_>>().join(", ")
}

/// `cell` as a spreadsheet program takes it for text.
fn neutral(cell: &str) -> Cow<'_, str> {
    // Tab and carriage return count too: some programs skip them before they look for `=`.
    if cell.starts_with(['=', '+', '-', '@', '\'', '\t', '\r']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neutral_cell_is_no_formula_and_gives_the_text_back() {
        for cell in [
            "=1+1",
            "+46 8",
            "- Att tillstyrka",
            "@SUM(A1)",
            "'citat",
            "\t=1",
        ] {
            let neutral = neutral(cell);
            assert_eq!(neutral.strip_prefix('\''), Some(cell));
        }
        assert_eq!(neutral("Region Skåne"), "Region Skåne");
    }
}
