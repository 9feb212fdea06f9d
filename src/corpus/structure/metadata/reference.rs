//! The respondent's own reference number (diarienummer), told apart from the sender's.

use super::{HEAD, Row, letterhead};
use crate::corpus::Found;
use regex::Regex;
use std::sync::LazyLock;

/// A label that a number follows on the same line, or below it.
static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?xi)(?P<whose>\b(?:er|ert|eder|your|remissens|regeringskansliets|\p{L}*departementets)\s+)?
        \b(?:(?:vår|vårt|our)\s+(?:beteckning|ref(?:erens|erence)?\.?|dnr|diarienummer|diarienr)
        |diarienummer|diarienr|diariebeteckning|dnr|dnr\.|beteckning|ärendenummer|ärendenr|referensnummer
        |er\s+referens|ert\s+diarienummer|reg(?:istration)?\.?\s*no|case\s+n(?:umber|o)|reference|referens)
        \.?\s*(?:nr\.?|no\.?)?\s*[:.]?(?:\s+|$)",
    )
    .expect("valid pattern")
});
/// "KS 2025/377", "2025-01234", "4.1-12345/2025", "UFV 2025/12", "25-0123", "V-2025-0415".
static VALUE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:[\p{L}]{1,10}[ /.-]{0,2}){0,2}(?:\d[\p{L}\d]*(?:[./:-][\p{L}\d]+)*)")
        .expect("valid pattern")
});
/// The number of a ministry: "Fi2025/00123", "Ju2024/01234/L4".
static MINISTRY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:A|Fi|Fö|I|Ju|KN|Ku|LI|M|N|S|SB|U|UD|Lo|Fa)(?:19|20)\d{2}/\d{3,6}")
        .expect("valid pattern")
});
static DATE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?:19|20)\d{2}-\d{2}-\d{2}$").expect("valid pattern"));

/// The form of a ministry's reference number.
pub(super) fn is_ministry_number(value: &str) -> bool {
    MINISTRY.is_match(value)
}

/// The first number with a label of the respondent's own.
pub(super) fn find(rows: &[Row<'_>]) -> Option<Found> {
    let head = rows.len().min(HEAD);
    let tail = rows.len().saturating_sub(HEAD).max(head);
    let places = (0..head).chain(tail..rows.len());
    places
        .filter(|&at| !rows[at].prose)
        .find_map(|at| beside_label(&rows[at]).or_else(|| below_label(rows, at)))
}

fn beside_label(row: &Row<'_>) -> Option<Found> {
    LABEL.captures_iter(row.text).find_map(|label| {
        let whole = label.get(0)?;
        if label.name("whose").is_some() || is_foreign(whole.as_str()) {
            return None;
        }
        value(row, whole.end())
    })
}

/// The number below a label that stands alone.
fn below_label(rows: &[Row<'_>], at: usize) -> Option<Found> {
    let label = LABEL.captures(rows[at].text)?;
    let own = label.name("whose").is_none() && !is_foreign(&label[0]);
    if !own || !letterhead::is_label(&rows[at]) {
        return None;
    }
    value(letterhead::value_of(rows, at)?, 0)
}

fn is_foreign(label: &str) -> bool {
    let label = label.trim_start().to_lowercase();
    label.starts_with("er ") || label.starts_with("ert ")
}

/// The number that begins at `from`, unless it is a date, a year or a ministry's.
fn value(row: &Row<'_>, from: usize) -> Option<Found> {
    let found = VALUE.find(&row.text[from..])?;
    let value = found.as_str().trim_end_matches(['.', '-', ':', '/']);
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let separated = value.contains(['/', '-', ':', '.']) || digits >= 5;
    let postal = value.chars().all(|c| c.is_ascii_digit()) && digits <= 5;
    if digits < 3 || !separated || postal || DATE.is_match(value) || is_ministry_number(value) {
        return None;
    }
    Some(Found {
        value: value.to_owned(),
        span: row.span_of(from..from + value.len()),
    })
}
