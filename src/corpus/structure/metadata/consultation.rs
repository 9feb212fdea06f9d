//! The consultation that is answered: the one in the title, not those that are mentioned.

use super::{HEAD, Row};
use crate::corpus::{Found, Span};
use regex::Regex;
use std::collections::HashMap;
use std::sync::LazyLock;

/// "SOU 2025:12", "Ds 2024:3", and a memorandum's number, "Fi2025/00123".
static DESIGNATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"\b(?:(?P<series>SOU|Ds|DS)[\s:]{1,3}(?P<number>(?:19|20)\d{2}:\s?\d{1,3})|(?P<ministry>(?:A|Fi|Fö|I|Ju|KN|Ku|LI|M|N|S|U|UD|Lo|Fa)(?:19|20)\d{2}/\d{3,6}(?:/[\p{L}\d]+)?))\b",
    )
    .expect("valid pattern")
});
/// Words of a title or of the sentence that names what is answered.
static ANSWERED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:remiss|yttrande|svar|betänkande|promemoria|synpunkter|delbetänkande|angående|över |response|consultation|report|inquiry|beretts|remitterat)",
    )
    .expect("valid pattern")
});

/// Bytes before a designation that are searched for what it is named as.
const CONTEXT: usize = 160;
/// Points that a consultation must have, and must be ahead of the next.
const ENOUGH: u32 = 4;
const AHEAD: u32 = 2;
/// Mentions beyond this say no more.
const MOST_MENTIONS: u32 = 5;

#[derive(Default)]
struct Candidate {
    first: Option<Span>,
    mentions: u32,
    /// Best place of a mention: 6 in a title at the head, 4 at the head in running text that
    /// says what is answered, less elsewhere.
    place: u32,
    series: bool,
}

/// The consultation that the response answers.
pub(super) fn find(text: &str, rows: &[Row<'_>]) -> Option<Found> {
    let head_end = rows.get(HEAD).map_or(text.len(), |row| row.span.start);
    let mut candidates: HashMap<String, Candidate> = HashMap::new();
    for found in DESIGNATION.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        let span = Span::new(whole.start(), whole.end());
        let series = found.name("series").is_some();
        let candidate = candidates.entry(name(&found)).or_default();
        let place = place(text, rows, span, head_end);
        if candidate.first.is_none() || place > candidate.place {
            candidate.first = Some(span);
        }
        candidate.place = candidate.place.max(place);
        candidate.mentions += 1;
        candidate.series = series;
    }
    best(candidates)
}

fn name(found: &regex::Captures<'_>) -> String {
    match (found.name("series"), found.name("number")) {
        (Some(series), Some(number)) => {
            let series = if series.as_str() == "SOU" {
                "SOU"
            } else {
                "Ds"
            };
            format!(
                "{series} {}",
                number.as_str().replace(char::is_whitespace, "")
            )
        }
        _ => found[0].replace(char::is_whitespace, ""),
    }
}

/// How much the place of a mention says that it is what is answered.
fn place(text: &str, rows: &[Row<'_>], span: Span, head_end: usize) -> u32 {
    let from = text.ceil_char_boundary(span.start.saturating_sub(CONTEXT));
    let named = ANSWERED.is_match(&text[from..span.start]);
    let after = rows.partition_point(|row| row.span.start <= span.start);
    let prose = after.checked_sub(1).is_some_and(|at| rows[at].prose);
    match (span.start < head_end, prose, named) {
        (true, false, true) => 6,
        (true, false, false) | (true, true, true) => 4,
        (false, false, true) => 3,
        (true, true, false) | (false, true, true) => 1,
        (false, _, false) => 0,
    }
}

/// The best candidate. A ministry's number counts only where no report is named as well as it:
/// it is often given beside the report that it is about.
fn best(candidates: HashMap<String, Candidate>) -> Option<Found> {
    let mut ranked: Vec<(u32, String, Span)> = candidates
        .into_iter()
        .filter_map(|(name, candidate)| {
            let points = candidate.place + candidate.mentions.min(MOST_MENTIONS) - 1
                + if candidate.series { 3 } else { 0 };
            let enough = if candidate.series { ENOUGH + 3 } else { ENOUGH };
            (points >= enough).then_some((points, name, candidate.first?))
        })
        .collect();
    ranked.sort_by(|a, b| b.0.cmp(&a.0).then(a.2.cmp(&b.2)));
    let second = ranked.get(1).map_or(0, |candidate| candidate.0);
    let (points, value, span) = ranked.into_iter().next()?;
    (points >= second + AHEAD).then_some(Found { value, span })
}
