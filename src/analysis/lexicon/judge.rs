//! A sentence in, its [`Reading`] out.

use super::cue::{Cue, Kind, Weight};
use super::scan::{Found, Scanner, of_kind};
use super::scope::{Content, Scope};
use super::words::Words;
use crate::corpus::Span;

/// What surrounds a sentence and decides how it reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// The sentence that introduces the list of which this one is an item:
    /// "Regionen är positiv till:" decides what its items say.
    pub lead: Option<&'a str>,
}

/// Which way a hit points, after negation, seen from what it speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    For,
    Against,
    /// A condition, a doubt, a wish for change.
    Reserved,
}

/// A cue of stance in a sentence.
#[derive(Clone, Debug)]
pub struct Hit<'a> {
    pub cue: &'a Cue,
    /// Bytes of the sentence; of the lead, if the hit stands there.
    pub span: Span,
    pub in_lead: bool,
    pub polarity: Polarity,
    /// 0 to 1.
    pub weight: f32,
    /// A negation denies the cue.
    pub negated: bool,
    /// What the cue speaks of: for [`Kind::Wanted`] the only thing that decides.
    pub content: Content,
    /// Somebody else's view, not the respondent's.
    pub reported: bool,
    /// Index into [`Reading::clauses`].
    pub clause: usize,
}

/// What the cues of a sentence say, before it is known which proposal it is about.
#[derive(Clone, Debug)]
pub struct Reading<'a> {
    pub sentence: &'a str,
    /// In the order of the sentence.
    pub hits: Vec<Hit<'a>>,
    /// Bytes of the sentence; each clause has its own stance.
    pub clauses: Vec<Span>,
    /// Sum of the weights of the respondent's own hits that point this way.
    pub support: f32,
    pub oppose: f32,
    pub reservation: f32,
    /// The sentence gives somebody else's view, and none of the respondent's.
    pub reported: bool,
    /// Something endorsed, rejected or demanded is itself negated: "delar bedömningen att
    /// avgiften inte bör införas".
    pub negated_content: bool,
    /// The respondent declines to answer, or has no comments.
    pub abstention: bool,
    /// The respondent says that it takes no position, or only takes note.
    pub no_position: bool,
    /// Thanks and compliments, which are no support.
    pub courtesy: bool,
}

impl Reading<'_> {
    /// No cue of any kind that bears on the stance was found.
    pub fn is_silent(&self) -> bool {
        self.hits.is_empty() && !(self.reported || self.abstention || self.no_position)
    }
}

pub(super) fn judge<'a>(
    scanner: &'a Scanner,
    sentence: &'a str,
    context: Context<'a>,
) -> Reading<'a> {
    let words = Words::of(sentence);
    let found = scanner.scan(&words);
    let scope = Scope::new(&words, &found);
    let has = |kind: Kind| found.iter().any(|cue| cue.cue.kind == kind);
    let takes_none = of_kind(&found, Kind::NoPosition)
        .next()
        .map(|cue| cue.words.start);
    let mut reading = Reading {
        sentence,
        hits: hits(&found, &scope, &words),
        clauses: scope
            .clauses()
            .into_iter()
            .map(|words_of| words.span(words_of))
            .collect(),
        support: 0.0,
        oppose: 0.0,
        reservation: 0.0,
        reported: has(Kind::Reported),
        negated_content: false,
        abstention: has(Kind::Abstention),
        no_position: has(Kind::NoPosition),
        courtesy: has(Kind::Courtesy),
    };
    if let Some(word) = takes_none {
        let at = words.span(word..word + 1).start;
        // "tar inte ställning till om avgiften bör införas": what follows is the question,
        // and only a strong attitude before it stands.
        reading.hits.retain(|hit| {
            hit.weight == Weight::Strong.value()
                && hit.cue.kind != Kind::Wanted
                && (hit.span.start < at || hit.clause != clause_at(&reading.clauses, at))
        });
    }
    if let Some(lead) = context.lead {
        inherit(
            &mut reading,
            judge(scanner, lead, Context::default()),
            &scope,
        );
    }
    for hit in reading.hits.iter().filter(|hit| !hit.reported) {
        match hit.polarity {
            Polarity::For => reading.support += hit.weight,
            Polarity::Against => reading.oppose += hit.weight,
            Polarity::Reserved => reading.reservation += hit.weight,
        }
        reading.negated_content |= hit.content == Content::Negated;
    }
    reading.reported &= reading.hits.iter().all(|hit| hit.reported);
    reading
}

fn clause_at(clauses: &[Span], byte: usize) -> usize {
    clauses
        .iter()
        .rposition(|clause| clause.start <= byte)
        .unwrap_or(0)
}

/// The cues of stance, each read in its scope.
fn hits<'a>(found: &[Found<'a>], scope: &Scope, words: &Words) -> Vec<Hit<'a>> {
    let stances: Vec<&Found> = found
        .iter()
        .filter(|cue| cue.cue.kind.is_stance())
        .collect();
    let mut hits = Vec::with_capacity(stances.len());
    for &cue in &stances {
        let inside_another = stances.iter().any(|outer| {
            outer.words != cue.words
                && outer.cue.kind != Kind::Wanted
                && outer.cue.weight >= cue.cue.weight
                && !(cue.cue.kind == Kind::Reservation && cue.cue.weight == Weight::Strong)
                && scope.content_clause(outer).is_some_and(|content| {
                    content.contains(&cue.words.start) && !content.contains(&outer.words.start)
                })
        });
        if inside_another {
            continue;
        }
        let negated = cue.cue.kind != Kind::Wanted && scope.is_negated(cue);
        let Some((polarity, weight)) = point(cue.cue, negated) else {
            continue;
        };
        hits.push(Hit {
            cue: cue.cue,
            span: words.span(cue.words.clone()),
            in_lead: false,
            polarity,
            weight,
            negated,
            content: match cue.cue.kind {
                Kind::Reservation => Content::Open,
                _ => scope.content(cue),
            },
            reported: scope.is_reported(cue),
            clause: scope.clause(cue),
        });
    }
    for hit in &mut hits {
        if hit.cue.kind == Kind::Wanted && hit.content == Content::Negated {
            hit.polarity = Polarity::Against;
        }
    }
    hits
}

/// Which way a cue points and how much it says, or nothing where the negation leaves nothing.
fn point(cue: &Cue, negated: bool) -> Option<(Polarity, f32)> {
    let weight = cue.weight.value();
    match (cue.kind, negated) {
        (Kind::Support | Kind::Wanted, false) => Some((Polarity::For, weight)),
        (Kind::Support, true) | (Kind::Oppose, false) => Some((Polarity::Against, weight)),
        // "avstyrker inte", "motsätter sig inte": not in the way, which is less than in favour.
        (Kind::Oppose, true) => Some((Polarity::For, Weight::Weak.value())),
        (Kind::Reservation, false) => Some((Polarity::Reserved, weight)),
        _ => None,
    }
}

/// Lets the lead of a list decide an item: its cues speak of the item as their content, and
/// only a strong cue of the item itself stands beside them.
fn inherit<'a>(reading: &mut Reading<'a>, lead: Reading<'a>, scope: &Scope) {
    reading.reported |= lead.reported;
    reading.no_position |= lead.no_position;
    if lead.reported {
        let own_hits = reading
            .hits
            .iter()
            .any(|hit| hit.weight == Weight::Strong.value());
        if !own_hits {
            reading.hits.clear();
        }
        return;
    }
    let Some(last) = lead.clauses.len().checked_sub(1) else {
        return;
    };
    let mut decisive: Vec<Hit> = lead
        .hits
        .into_iter()
        .filter(|hit| hit.clause == last || last == 0)
        .collect();
    if decisive.is_empty() {
        return;
    }
    reading
        .hits
        .retain(|hit| hit.weight == Weight::Strong.value());
    for hit in &mut decisive {
        hit.in_lead = true;
        hit.clause = 0;
        if hit.content == Content::Open && hit.polarity != Polarity::Reserved {
            hit.content = scope.whole_item();
        }
    }
    decisive.append(&mut reading.hits);
    reading.hits = decisive;
}
