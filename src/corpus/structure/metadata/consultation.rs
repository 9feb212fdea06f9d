//! The consultation that is answered: the one in the title, not those that are mentioned.

use super::{HEAD, Row, beginning};
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
/// Words of a title that names what is answered.
static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:remiss|yttrande|svar|betänkande|promemoria|synpunkter|angående|över |response|consultation|report|inquiry)",
    )
    .expect("valid pattern")
});
/// Words of a sentence that says what is answered.
static ASKED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:beretts|getts|givits|fått|ombetts|anmodats) (?:tillfälle|möjlighet|att yttra)|remitterat|remissen av|yttra sig över|responds to")
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
    /// Points of the best place that it is mentioned in.
    place: u32,
    series: bool,
}

/// The consultation that the response answers.
pub(super) fn find(text: &str, rows: &[Row<'_>]) -> Option<Found> {
    let head_end = rows.get(HEAD).map_or(text.len(), |row| row.span.start);
    let mut candidates: HashMap<String, Candidate> = HashMap::new();
    for found in DESIGNATION.captures_iter(beginning(text)) {
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
    let context = &text[from..span.start];
    let after = rows.partition_point(|row| row.span.start <= span.start);
    let prose = after.checked_sub(1).is_some_and(|at| rows[at].prose);
    match (prose, span.start < head_end) {
        (false, true) if TITLE.is_match(context) => 6,
        (false, true) => 4,
        (false, false) if TITLE.is_match(context) => 3,
        (true, _) if ASKED.is_match(context) => 4,
        (true, true) => 1,
        _ => 0,
    }
}

/// The best candidate. A ministry's number counts only where no report is answered: it is often
/// given beside the report that it is about.
fn best(candidates: HashMap<String, Candidate>) -> Option<Found> {
    let mut ranked: Vec<(bool, u32, String, Span)> = candidates
        .into_iter()
        .filter_map(|(name, candidate)| {
            let points = candidate.place + candidate.mentions.min(MOST_MENTIONS) - 1;
            let first = candidate.first?;
            (points >= ENOUGH).then_some((candidate.series, points, name, first))
        })
        .collect();
    ranked.sort_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)).then(a.3.cmp(&b.3)));
    let rival = ranked
        .get(1)
        .filter(|second| second.0 == ranked[0].0)
        .map_or(0, |second| second.1);
    let (_, points, value, span) = ranked.into_iter().next()?;
    (points >= rival + AHEAD).then_some(Found { value, span })
}
