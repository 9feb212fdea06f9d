//! Who answers.
//!
//! Every place that speaks for a name gives it points: the letterhead, "Yttrande från …", the
//! signature, and sentences in which the name answers. The name with the most points is the
//! respondent if it has enough of them and is clearly ahead: a wrong respondent is worse than
//! none.

use super::names::{FORMS, LEADING_NAME, WHOLE_NAME, may_respond};
use super::{Row, beginning};
use crate::corpus::{Found, Span};
use regex::Regex;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Points that a respondent must have, and must be ahead of the next.
const ENOUGH: u32 = 3;
const AHEAD: u32 = 2;
/// Letterhead stands in the first rows.
const LETTERHEAD: usize = 12;
/// Statements beyond this say no more.
const MOST_STATEMENTS: u32 = 5;

/// "Yttrande från Lunds universitet", "Remissinstans: Boverket", "För Unionen".
static NAMED_AS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^(?:remiss)?(?:yttrande|svar|synpunkter)\s+(?:från|av)\s+|^(?:remissinstans|avsändare|organisation|från|remissvar)\s*:\s*|^response\s+(?:from|by)\s+",
    )
    .expect("valid pattern")
});
static SIGNED_FOR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:För|På uppdrag av|For|On behalf of)\s+").expect("valid pattern")
});
/// "Boverkets yttrande över …": the name stands in the genitive.
static GENITIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)s?\s+(?:remiss)?(?:yttrande|svar|synpunkter)\s+(?:över|på|på\s+remiss\w*|avseende|angående|gällande|till)\b")
        .expect("valid pattern")
});
/// After a name: it was asked to answer, or declines to.
const ASKED: &str = r"har\s+(?:genom\s+remiss[^.]{0,60}\s)?(?:getts|fått|beretts|givits|erbjudits|anmodats|ombetts|inbjudits)\b|(?:är|var)\s+remissinstans|avstår\s+från\s+att|tackar\b|thanks\b|has\s+been\s+(?:invited|given|asked)|lämnar\s+(?:härmed|följande)|yttrar\s+sig";
/// After a name: it says something.
const STATES: &str = r"(?:tillstyrker|avstyrker|instämmer|välkomnar|anser|ställer\s+sig|är\s+(?:i\s+huvudsak\s+)?(?:positiv|negativ|kritisk|tveksam)\w*|delar|har\s+(?:inga|inget|ingen)|föreslår|vill|bedömer|stödjer|stöder|noterar|konstaterar|ser\s+(?:positivt|gärna|även|ett|inga)|menar|understryker|framhåller|efterfrågar|motsätter|saknar|förordar|lämnar|supports|welcomes|opposes|considers|agrees)\b";
/// Before a name: the consultation was sent to it.
const SENT_TO: &str = r"remitterat[^.]{0,150}\still\s(?:bland\s+annat\s+)?";

/// A sentence in which a name answers. Name and verb are one pattern, so that a long name
/// ("Myndigheten för digital förvaltning") ends where the verb begins.
static STATEMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?P<name>{})\s+(?:(?P<asked>{ASKED})|{STATES})",
        *FORMS
    ))
    .expect("valid pattern")
});
static SENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(
        r"{SENT_TO}(?P<name>{})(?:\s+för\s+yttrande|[.,])",
        *FORMS
    ))
    .expect("valid pattern")
});
/// Before a name at the head: it is the addressee.
static ADDRESSEE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)^(?:till|mottagare|to|kopia)\b").expect("valid pattern"));

#[derive(Default)]
struct Candidate<'t> {
    /// Where the name stands in the best place, and how it is written there.
    best: Option<(u32, Span, &'t str)>,
    letterhead: u32,
    named: u32,
    asked: u32,
    statements: u32,
}

impl Candidate<'_> {
    fn points(&self) -> u32 {
        self.letterhead + self.named + self.asked + self.statements.min(MOST_STATEMENTS)
    }
}

struct Candidates<'t>(HashMap<String, Candidate<'t>>);

impl<'t> Candidates<'t> {
    /// The candidate of this name; `rank` says how good a place this is to point at.
    fn at(&mut self, name: &'t str, span: Span, rank: u32) -> Option<&mut Candidate<'t>> {
        let key = key(name);
        if !may_respond(name) {
            return None;
        }
        let candidate = self.0.entry(key).or_default();
        // A name in capitals is a matter of design: point at one in plain letters if there is one.
        let rank = if name.chars().any(char::is_lowercase) {
            rank + 10
        } else {
            rank
        };
        if candidate.best.is_none_or(|(best, ..)| rank > best) {
            candidate.best = Some((rank, span, name));
        }
        Some(candidate)
    }
}

/// The same for a name in any capitalisation and spacing.
fn key(name: &str) -> String {
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

/// The respondent, if the text says clearly enough who it is.
pub(super) fn find(text: &str, rows: &[Row<'_>]) -> Option<Found> {
    let mut candidates = Candidates(HashMap::new());
    let mut addressed = false;
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| !row.prose) {
        let head = at < LETTERHEAD;
        if head && !addressed {
            letterhead(text, row, at, &mut candidates);
        }
        addressed = ADDRESSEE.is_match(row.text) && row.text.split_whitespace().count() <= 2;
        named(text, row, &mut candidates);
    }
    statements(beginning(text), &mut candidates);
    clearly_ahead(candidates)
}

/// A row at the head that is nothing but a name.
fn letterhead<'t>(text: &'t str, row: &Row<'_>, at: usize, candidates: &mut Candidates<'t>) {
    if WHOLE_NAME.is_match(row.text) {
        let name = &text[row.span.start..row.span.end];
        if let Some(candidate) = candidates.at(name, row.span, 5) {
            candidate.letterhead = candidate.letterhead.max(if at < 3 { 5 } else { 3 });
        }
    }
}

/// A row that says whose response it is.
fn named<'t>(text: &'t str, row: &Row<'_>, candidates: &mut Candidates<'t>) {
    let explicit = NAMED_AS.find(row.text).map(|found| (found.end(), 6));
    let signed = || SIGNED_FOR.find(row.text).map(|found| (found.end(), 3));
    if let Some((from, points)) = explicit.or_else(signed) {
        if let Some(found) = LEADING_NAME.find(&row.text[from..]) {
            let span = row.span_of(from..from + found.end());
            if let Some(candidate) = candidates.at(&text[span.start..span.end], span, 4) {
                candidate.named = candidate.named.max(points);
            }
        }
        return;
    }
    let Some(title) = GENITIVE.find(row.text) else {
        return;
    };
    let owner = &row.text[..title.start()];
    // "Boverkets": the genitive's s is in the match, but not that of "Vinnovas" twice.
    if WHOLE_NAME.is_match(owner) {
        let span = row.span_of(0..owner.len());
        if let Some(candidate) = candidates.at(&text[span.start..span.end], span, 3) {
            candidate.named = candidate.named.max(5);
        }
    }
}

/// Names that answer in the running text, or that it says were asked to.
fn statements<'t>(text: &'t str, candidates: &mut Candidates<'t>) {
    let stated = STATEMENT
        .captures_iter(text)
        .map(|found| (found.name("asked").is_some(), found));
    let sent = SENT.captures_iter(text).map(|found| (true, found));
    for (asked, found) in stated.chain(sent) {
        let Some(name) = found.name("name") else {
            continue;
        };
        let span = Span::new(name.start(), name.end());
        if let Some(candidate) = candidates.at(name.as_str(), span, 1) {
            if asked {
                candidate.asked = 4;
            } else {
                candidate.statements += 1;
            }
        }
    }
}

fn clearly_ahead(candidates: Candidates<'_>) -> Option<Found> {
    let mut ranked: Vec<(u32, Span, &str)> = candidates
        .0
        .into_values()
        .filter_map(|candidate| {
            let points = candidate.points();
            let (_, span, name) = candidate.best?;
            Some((points, span, name))
        })
        .collect();
    ranked.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let second = ranked.get(1).map_or(0, |candidate| candidate.0);
    let (points, span, name) = ranked.into_iter().next()?;
    let words: Vec<&str> = name.split_whitespace().collect();
    (points >= ENOUGH && points >= second + AHEAD).then(|| Found {
        value: words.join(" "),
        span,
    })
}
