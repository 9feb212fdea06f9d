//! Letterheads set in columns: cells, and which value belongs to which label.
//!
//! A row of labels above a row of values comes out of a PDF as one line each with wide gaps,
//! or as all labels and then all values, a line each. Cut into cells both look the same: a run
//! of labels, and then as many values in the same order.

use super::Row;
use crate::corpus::Span;
use regex::Regex;
use std::sync::LazyLock;

static WIDE_GAP: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\s*(?:\t|\s{2}|\|)\s*").expect("valid pattern"));
static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?xi)^(?:(?:vårt?|ert?|our|your)\s+\p{L}+ | datum | date | dnr\.? | diarienummer | diarienr\.?
        | diariebeteckning | beteckning | ärendenummer | ärendenr\.? | ärende | referens(?:nummer)?
        | reference | handläggare | telefon | e-post | e-postadress | sida | sid | adress
        | (?:remissens|regeringskansliets)\s+\p{L}+)\s*:?$",
    )
    .expect("valid pattern")
});

/// The cells of a line that is no running text.
pub(super) fn cells(text: &str, line: Span) -> impl Iterator<Item = Row<'_>> {
    let whole = &text[line.start..line.end];
    let gaps: Vec<(usize, usize)> = WIDE_GAP
        .find_iter(whole)
        .map(|gap| (gap.start(), gap.end()))
        .collect();
    let starts = std::iter::once(0).chain(gaps.clone().into_iter().map(|gap| gap.1));
    let ends = gaps.into_iter().map(|gap| gap.0).chain([whole.len()]);
    starts
        .zip(ends.collect::<Vec<_>>())
        .filter(|(start, end)| start < end)
        .map(move |(start, end)| Row {
            span: Span::new(line.start + start, line.start + end),
            text: &text[line.start + start..line.start + end],
            prose: false,
        })
}

/// Whether the row is a label and nothing else.
pub(super) fn is_label(row: &Row<'_>) -> bool {
    !row.prose && LABEL.is_match(row.text)
}

/// The value of the label in row `at`: the row as far below the run of labels that it stands
/// in as it is into the run.
pub(super) fn value_of<'a, 't>(rows: &'a [Row<'t>], at: usize) -> Option<&'a Row<'t>> {
    let first = rows[..at]
        .iter()
        .rposition(|row| !is_label(row))
        .map_or(0, |above| above + 1);
    let labels = rows[first..].iter().take_while(|row| is_label(row)).count();
    rows.get(at + labels).filter(|row| labels > 0 && !row.prose)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Row<'_>> {
        let mut start = 0;
        let mut rows = Vec::new();
        for line in text.lines() {
            rows.extend(cells(text, Span::new(start, start + line.len())));
            start += line.len() + 1;
        }
        rows
    }

    #[test]
    fn columns_beside_and_below_each_other_read_alike() {
        for text in [
            "Datum      Dnr\tErt dnr\n2025-05-14   KS 2025/377 | Fi2025/00123",
            "Datum\nDnr\nErt dnr\n2025-05-14\nKS 2025/377\nFi2025/00123",
        ] {
            let rows = rows(text);
            let values: Vec<_> = (0..3)
                .filter_map(|at| value_of(&rows, at))
                .map(|row| row.text)
                .collect();
            assert_eq!(values, ["2025-05-14", "KS 2025/377", "Fi2025/00123"]);
        }
    }
}
