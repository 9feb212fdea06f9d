//! The date of the response: beside "Datum", with the place at the signature, or alone on a line.

use super::{HEAD, Row, letterhead};
use crate::corpus::Found;
use regex::{Captures, Regex};
use std::sync::LazyLock;

const DATE: &str = r"(?:(?P<iso>(?:19|20)\d{2}-\d{2}-\d{2})|(?P<d>\d{1,2})(?::?e|st|nd|rd|th)?\s+(?P<m>[[:alpha:]]{3,9})\s+(?P<y>(?:19|20)\d{2})|(?P<m2>[[:alpha:]]{3,9})\s+(?P<d2>\d{1,2}),\s+(?P<y2>(?:19|20)\d{2}))";

static ANY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(&format!(r"(?i)\b{DATE}\b")).expect("valid pattern"));
/// "Stockholm den 14 maj 2025", "Umeå, 2025-05-14", or the date alone.
static PLACE_AND_DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(
        r"^(?P<place>\p{{Lu}}[\p{{L}}-]+(?:\s(?:\p{{Lu}}[\p{{L}}-]+|och|i))?,?\s+)?(?i:(?:den|the|dag som ovan,)\s+)?(?i:{DATE})\.?$"
    ))
    .expect("valid pattern")
});
/// The label of the document's own date.
static OWN_LABEL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:datum|date|vårt datum|yttrandedatum|beslutsdatum|handlingsdatum|upprättad|upprättat)\b")
        .expect("valid pattern")
});
/// Before a date: it is somebody else's, or that of another event.
static OTHERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:remiss\w*|senast|sista|svar|svars\w*|er|ert|eder|daterad|daterat|dated|inkom\w*|ankom\w*|från och med|till och med|t\.o\.m|fr\.o\.m|kraft|deadline|sammanträde\w*|möte\w*|due|your|yttra\w* sig)\b",
    )
    .expect("valid pattern")
});

const MONTHS: [(&str, &str); 12] = [
    ("januari", "january"),
    ("februari", "february"),
    ("mars", "march"),
    ("april", "april"),
    ("maj", "may"),
    ("juni", "june"),
    ("juli", "july"),
    ("augusti", "august"),
    ("september", "september"),
    ("oktober", "october"),
    ("november", "november"),
    ("december", "december"),
];

/// Whether a line is nothing but a date, with or without a place before it.
pub(in crate::corpus::structure) fn is_place_and_date(line: &str) -> bool {
    PLACE_AND_DATE.captures(line).is_some_and(|found| {
        iso(&found).is_some()
            && !OTHERS.is_match(found.name("place").map_or("", |place| place.as_str()))
    })
}

/// The date of the response, as ISO 8601.
pub(super) fn find(rows: &[Row<'_>]) -> Option<Found> {
    let head = 0..rows.len().min(HEAD);
    head.filter(|&at| !rows[at].prose)
        .find_map(|at| labelled(rows, at))
        .or_else(|| (0..rows.len()).find_map(|at| alone(rows, at)))
}

/// The date beside or below "Datum" in the letterhead.
fn labelled(rows: &[Row<'_>], at: usize) -> Option<Found> {
    let label = OWN_LABEL.find(rows[at].text)?;
    date_in(&rows[at], label.end()).or_else(|| date_in(letterhead::value_of(rows, at)?, 0))
}

/// A row that is nothing but a date, with or without a place, and not below another's label.
fn alone(rows: &[Row<'_>], at: usize) -> Option<Found> {
    let row = rows
        .get(at)
        .filter(|row| !row.prose && is_place_and_date(row.text))?;
    let foreign = |above: &Row<'_>| {
        !above.prose && above.text.split_whitespace().count() <= 3 && OTHERS.is_match(above.text)
    };
    let is_foreign = at.checked_sub(1).is_some_and(|above| foreign(&rows[above]));
    if is_foreign { None } else { date_in(row, 0) }
}

/// The first date in the row from `from` on, unless the words before it say that it is another's.
fn date_in(row: &Row<'_>, from: usize) -> Option<Found> {
    let found = ANY.captures_at(row.text, from)?;
    let whole = found.get(0)?;
    let value = iso(&found)?;
    let foreign = OTHERS.is_match(&row.text[from..whole.start()]);
    (!foreign).then(|| Found {
        value,
        span: row.span_of(whole.range()),
    })
}

/// The date of a match of [`DATE`], where there is such a day.
fn iso(found: &Captures<'_>) -> Option<String> {
    if let Some(iso) = found.name("iso") {
        return iso
            .as_str()
            .parse::<jiff::civil::Date>()
            .ok()
            .map(|date| date.to_string());
    }
    let (day, month, year) = match found.name("d") {
        Some(day) => (day.as_str(), &found["m"], &found["y"]),
        None => (&found["d2"], &found["m2"], &found["y2"]),
    };
    let name = month.to_lowercase();
    let month = (1..)
        .zip(MONTHS)
        .find(|(_, (swedish, english))| [*swedish, *english].contains(&name.as_str()))?
        .0;
    let date = jiff::civil::Date::new(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    Some(date.to_string())
}
