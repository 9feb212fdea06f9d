//! How far a word reaches: clauses, negation, content clauses and whose voice speaks.
//!
//! No parser, but rules that a reader can follow with a finger on the line:
//!
//! 1. A clause ends at a semicolon, colon or dash, at a word of `[divide]` ("men"), and at a
//!    word of `[join]` ("och") that stands between two cues of stance.
//! 2. A negation denies a cue whose gap it stands in, or that is at most [`NEAR`] words away
//!    with no comma and no word of `[barrier]` or `[subordinate]` between. "anser inte att"
//!    (`negation.clause`) denies what follows in the clause.
//! 3. What a cue endorses or rejects is the clause after its "att", or the clause that opens
//!    the sentence with "Att". That content is negated if it holds an odd number of
//!    negations, words of abolition and strong cues of opposition. The two words after "som"
//!    are passed over, and the content ends where a subordinate clause begins.
//! 4. A cue is somebody else's if a word of `[reported]` stands before it and no word of
//!    `[own]` between. Where the respondent is named before that word, an "och" right before
//!    the cue gives the word back: "kommunen delar vad utredningen anför och tillstyrker".

use super::cue::{Kind, Weight};
use super::scan::{Found, of_kind};
use super::words::{Stop, Words};
use std::ops::Range;

/// Words between a negation and the cue that it denies.
const NEAR: usize = 3;
/// Words between "anser inte att" and the cue that it denies.
const NEAR_CLAUSE: usize = 10;
/// Words after a cue among which its "att" stands.
const CONTENT_BEGINS_WITHIN: usize = 7;
/// Words after a cue in which a noun may name an abolition ("tillstyrker avskaffandet av").
const NOUN_WITHIN: usize = 3;
/// Words after "och" in which a cue makes it the beginning of a clause.
const JOIN_REACHES: usize = 4;

/// What the thing endorsed, rejected or demanded is, as the sentence words it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The proposal, or something that is named and not said to be or not to be.
    Open,
    /// That something be: a clause with "att" that denies nothing.
    Affirmed,
    /// That something remain: "finnas kvar", "inte avskaffas".
    Kept,
    /// That something not be, or cease.
    Negated,
}

/// A sentence, its cues, and the clause of every word.
pub(super) struct Scope<'a, 'l> {
    words: &'a Words,
    found: &'a [Found<'l>],
    clause: Vec<usize>,
}

impl<'a, 'l> Scope<'a, 'l> {
    pub(super) fn new(words: &'a Words, found: &'a [Found<'l>]) -> Self {
        let mut clause = Vec::with_capacity(words.len());
        let mut current = 0;
        for word in 0..words.len() {
            let begins = words.before(word) == Stop::Break
                || of_kind(found, Kind::Divide).any(|cue| cue.words.start == word)
                || joins_two_stances(found, words, word);
            if begins && word > 0 {
                current += 1;
            }
            clause.push(current);
        }
        Self {
            words,
            found,
            clause,
        }
    }

    pub(super) fn clause(&self, cue: &Found) -> usize {
        self.clause[cue.words.start]
    }

    /// The words of every clause.
    pub(super) fn clauses(&self) -> Vec<Range<usize>> {
        let mut clauses: Vec<Range<usize>> = Vec::new();
        for (word, &clause) in self.clause.iter().enumerate() {
            match clauses.get_mut(clause) {
                Some(range) => range.end = word + 1,
                None => clauses.push(word..word + 1),
            }
        }
        clauses
    }

    fn clause_around(&self, cue: &Found) -> Range<usize> {
        let clause = self.clause(cue);
        let start = self.clause.partition_point(|&other| other < clause);
        start..self.clause.partition_point(|&other| other <= clause)
    }

    /// Whether the cue itself is denied (rule 2).
    pub(super) fn is_negated(&self, cue: &Found) -> bool {
        let reserves = cue.cue.kind == Kind::Reservation && cue.cue.weight == Weight::Strong;
        // "är bra att avgiften inte höjs" denies the rise, not what is good.
        let content = match cue.cue.kind {
            Kind::Wanted => 0..0,
            _ => self.content_clause(cue).unwrap_or(0..0),
        };
        let denies = |negation: &Found| {
            let at = negation.words.start;
            if cue.words.contains(&at) {
                return !cue.spells(at);
            }
            if content.contains(&at) {
                return false;
            }
            if negation.words.end <= cue.words.start {
                return self.reaches(negation.words.end..cue.words.start);
            }
            // "bör dock inte gälla" is no less a reservation.
            negation.cue.kind == Kind::NegationNear
                && !reserves
                && at >= cue.words.end
                && self.reaches(cue.words.end..at)
        };
        let beside = [Kind::NegationNear, Kind::NegationFollowing];
        beside
            .into_iter()
            .any(|kind| of_kind(self.found, kind).any(denies))
            || self.denied_by_clause(cue)
    }

    /// Whether an "anser inte att" denies the cue.
    fn denied_by_clause(&self, cue: &Found) -> bool {
        of_kind(self.found, Kind::NegationClause).any(|negation| {
            negation.words.end <= cue.words.start
                && self.clause(negation) == self.clause(cue)
                && cue.words.start - negation.words.end <= NEAR_CLAUSE
        })
    }

    /// Whether a negation reaches over these words and into the one after.
    fn reaches(&self, between: Range<usize>) -> bool {
        between.len() <= NEAR
            && between
                .clone()
                .all(|word| !self.is(word, &[Kind::Barrier, Kind::Subordinate]))
            && (between.start..=between.end)
                .all(|word| word >= self.words.len() || self.words.before(word) == Stop::None)
    }

    fn is(&self, word: usize, kinds: &[Kind]) -> bool {
        self.found
            .iter()
            .any(|cue| cue.words.start == word && kinds.contains(&cue.cue.kind))
    }

    /// The words of the content clause of a cue (rule 3), if it has one.
    pub(super) fn content_clause(&self, cue: &Found) -> Option<Range<usize>> {
        let clause = self.clause_around(cue);
        if cue.cue.kind == Kind::Wanted {
            let start = (clause.start..cue.words.start)
                .rev()
                .find(|&word| {
                    self.words.before(word) != Stop::None || self.words.get(word) == "att"
                })
                .unwrap_or(clause.start);
            return Some(start..self.content_end(cue.words.end, clause.end));
        }
        let is_att = |word: usize| matches!(self.words.get(word), "att" | "that");
        let after = (cue.words.end..clause.end)
            .take(CONTENT_BEGINS_WITHIN)
            .take_while(|&word| self.words.before(word) == Stop::None)
            .find(|&word| is_att(word))
            .map(|att| att + 1);
        let after = if is_att(cue.words.end - 1) {
            Some(cue.words.end)
        } else {
            after
        };
        if let Some(start) = after {
            return Some(start..self.content_end(start, clause.end));
        }
        (is_att(clause.start) && clause.start < cue.words.start)
            .then(|| clause.start + 1..cue.words.start)
    }

    /// Where the content that begins at `start` ends: with its clause, or at a subordinate one.
    fn content_end(&self, start: usize, clause_end: usize) -> usize {
        (start + 1..clause_end.max(start + 1))
            .find(|&word| word < clause_end && self.is(word, &[Kind::Subordinate]))
            .unwrap_or(clause_end.max(start))
    }

    /// What the cue endorses, rejects or demands (rule 3).
    pub(super) fn content(&self, cue: &Found) -> Content {
        match self.content_clause(cue) {
            Some(content) => match self.polarity(content, Some(cue)) {
                Content::Open => Content::Affirmed,
                content => content,
            },
            None => {
                let end = (cue.words.end + NOUN_WITHIN).min(self.clause_around(cue).end);
                self.nouns(cue.words.end..end)
            }
        }
    }

    /// Whether the words affirm or negate what they speak of; `of` is the cue that they are
    /// the content of.
    fn polarity(&self, content: Range<usize>, of: Option<&Found>) -> Content {
        let wanted = of.filter(|cue| cue.cue.kind == Kind::Wanted);
        let counts = |other: &Found| match other.cue.kind {
            Kind::NegationNear | Kind::NegationFollowing => {
                !of.is_some_and(|cue| cue.spells(other.words.start))
                    && !self.follows_som(other.words.start)
            }
            Kind::Abolish => true,
            // "att undantagen inte urholkar syftet": a negation and what it denies cancel out.
            Kind::Oppose => {
                of.is_none_or(|cue| cue.words != other.words)
                    && (other.cue.weight == Weight::Strong || self.is_negated(other))
            }
            _ => false,
        };
        let within = self
            .found
            .iter()
            .filter(|other| content.contains(&other.words.start) && counts(other))
            .count();
        // "anser inte att avgiften bör införas": the demand itself is denied from outside.
        let denied = wanted.is_some_and(|cue| self.denied_by_clause(cue));
        let negations = within + usize::from(denied);
        if negations % 2 == 1 {
            Content::Negated
        } else if negations > 0 || self.keeps(content) {
            Content::Kept
        } else {
            Content::Open
        }
    }

    /// Whether a list item as a whole affirms or negates what it speaks of.
    pub(super) fn whole_item(&self) -> Content {
        let end = self.content_end(0, self.clause.partition_point(|&clause| clause == 0));
        self.polarity(0..end, None)
    }

    fn nouns(&self, words: Range<usize>) -> Content {
        if of_kind(self.found, Kind::Abolish).any(|cue| words.contains(&cue.words.start)) {
            Content::Negated
        } else if self.keeps(words) {
            Content::Kept
        } else {
            Content::Open
        }
    }

    fn keeps(&self, words: Range<usize>) -> bool {
        of_kind(self.found, Kind::Keep).any(|cue| words.contains(&cue.words.start))
    }

    /// "de kommuner som inte har": the negation belongs to the relative clause.
    fn follows_som(&self, word: usize) -> bool {
        (word.saturating_sub(2)..word).any(|before| self.words.get(before) == "som")
    }

    /// Whether the cue is somebody else's view (rule 4).
    pub(super) fn is_reported(&self, cue: &Found) -> bool {
        let Some(reported) = of_kind(self.found, Kind::Reported)
            .rfind(|reported| reported.words.start <= cue.words.start)
        else {
            return false;
        };
        let own = |from: usize, to: usize| {
            of_kind(self.found, Kind::Own).any(|own| (from..to).contains(&own.words.start))
        };
        let joined = of_kind(self.found, Kind::Join).any(|join| {
            join.words.start >= reported.words.end
                && (1..=2).contains(&(cue.words.start.saturating_sub(join.words.start)))
        });
        let taken_back = own(reported.words.end, cue.words.end);
        !(taken_back || joined && own(0, reported.words.start))
    }
}

/// "och" begins a clause where a cue of stance stands before it in the sentence and another
/// close after it; "och att" goes on with the same one.
fn joins_two_stances(found: &[Found], words: &Words, word: usize) -> bool {
    let joins = of_kind(found, Kind::Join).any(|cue| cue.words.start == word);
    let decides = |cue: &Found| {
        cue.cue.kind == Kind::NoPosition
            || cue.cue.kind.is_stance() && cue.cue.weight == Weight::Strong
    };
    joins
        && word + 1 < words.len()
        && words.get(word + 1) != "att"
        && found
            .iter()
            .any(|cue| decides(cue) && cue.words.end <= word)
        && found.iter().any(|cue| {
            decides(cue) && cue.words.start > word && cue.words.start <= word + JOIN_REACHES
        })
}
