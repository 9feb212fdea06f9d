//! What a reading says of one proposal, and the label that follows.

use super::cue::{Kind, Weight};
use super::judge::{Hit, Polarity, Reading};
use super::scan::{Scanner, of_kind};
use super::scope::Content;
use super::words::Words;

/// What a sentence says of the proposal as it is worded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    For,
    Against,
    Conditional,
    None,
}

impl Label {
    pub const ALL: [Label; 4] = [Label::For, Label::Against, Label::Conditional, Label::None];

    /// The key in the written responses.
    pub fn key(self) -> &'static str {
        match self {
            Label::For => "for",
            Label::Against => "against",
            Label::Conditional => "conditional",
            Label::None => "none",
        }
    }
}

/// How much a sentence weighs on each side of a proposal.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Towards {
    pub support: f32,
    pub oppose: f32,
    pub conditional: f32,
}

/// What a proposal wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aim {
    /// "X ska införas".
    Affirms,
    /// "X ska inte införas": what is, remains.
    Denies,
    /// "X ska avskaffas", "X ska inte längre tillåtas": what is, ceases.
    Abolishes,
}

/// A proposal, read once for all the sentences that are compared with it.
#[derive(Clone, Debug)]
pub struct Proposal {
    aim: Aim,
    /// Beginnings of its words, by which its clause is found in a sentence about several.
    stems: Vec<String>,
}

/// Letters that a word must share with a word of the proposal: "kalibreringen", "kalibreras".
const STEM: usize = 5;

impl Proposal {
    pub(super) fn read(scanner: &Scanner, text: &str) -> Self {
        let words = Words::of(text);
        let found = scanner.scan(&words);
        let abolishes = of_kind(&found, Kind::Abolish).count();
        let negation = found.iter().find(|cue| cue.cue.kind.is_negation());
        let no_longer = negation.is_some_and(|cue| words.get(cue.words.end - 1) == "längre");
        Self {
            aim: match (
                negation.is_some() && !no_longer,
                abolishes + usize::from(no_longer),
            ) {
                (true, 0) => Aim::Denies,
                (false, 1) => Aim::Abolishes,
                _ => Aim::Affirms,
            },
            stems: stems(&words),
        }
    }

    /// It says that something not be, or cease: "X ska inte införas", "X ska avskaffas".
    pub fn is_negated(&self) -> bool {
        self.aim != Aim::Affirms
    }

    /// How many of these words it shares.
    fn shares(&self, text: &str) -> usize {
        stems(&Words::of(text))
            .iter()
            .filter(|stem| self.stems.contains(stem))
            .count()
    }
}

fn stems(words: &Words) -> Vec<String> {
    (0..words.len())
        .filter_map(|word| {
            words
                .get(word)
                .char_indices()
                .nth(STEM)
                .map(|(end, _)| (word, end))
        })
        .map(|(word, end)| words.get(word)[..end].to_owned())
        .collect()
}

/// Weighs the respondent's own hits for and against the proposal.
pub(super) fn towards(reading: &Reading, proposal: &Proposal) -> Towards {
    let mut towards = Towards::default();
    let clause = clause_about(reading, proposal);
    for hit in reading.hits.iter().filter(|hit| !hit.reported) {
        if clause.is_some_and(|clause| clause != hit.clause) {
            continue;
        }
        match direction(hit, reading, proposal) {
            Some(Polarity::For) => towards.support += hit.weight,
            Some(Polarity::Against) => towards.oppose += hit.weight,
            Some(Polarity::Reserved) => towards.conditional += hit.weight,
            None => {}
        }
    }
    towards
}

/// Which way a hit points, seen from the proposal; `None` where that cannot be told.
fn direction(hit: &Hit, reading: &Reading, proposal: &Proposal) -> Option<Polarity> {
    if hit.polarity == Polarity::Reserved {
        return Some(Polarity::Reserved);
    }
    let wanted = hit.cue.kind == Kind::Wanted;
    let weak = hit.cue.weight == Weight::Weak;
    // A negation turns the stance only where it is the proposal that is negated: "välkomnar
    // att de minsta inte längre slussas runt" agrees with whatever puts an end to it.
    let same_matter = || {
        let clause = reading
            .clauses
            .get(hit.clause)
            .and_then(|span| span.slice(reading.sentence));
        hit.in_lead || proposal.shares(clause.unwrap_or_default()) > 0
    };
    let turned = match (proposal.aim, hit.content) {
        (Aim::Affirms, Content::Negated) if (wanted || !weak) && same_matter() => true,
        (Aim::Affirms, Content::Negated) => return None,
        (Aim::Affirms, _) => false,
        // "underlättar" praises what is or what is to come; which of them cannot be seen.
        (_, Content::Open | Content::Affirmed) if weak && !wanted => return None,
        (_, Content::Open | Content::Negated) => false,
        (Aim::Denies, Content::Affirmed) if wanted && same_matter() => true,
        (_, Content::Affirmed) if wanted => return None,
        // "motsätter sig att ansvaret splittras": what is rejected is the proposal, however
        // it is worded.
        (_, Content::Affirmed) => false,
        (Aim::Denies, Content::Kept) => false,
        (Aim::Abolishes, Content::Kept) => true,
    };
    // A demand has said all in its content, so it counts as support of that content.
    let attitude = if wanted { Polarity::For } else { hit.polarity };
    Some(match (attitude, turned) {
        (Polarity::For, true) => Polarity::Against,
        (Polarity::Against, true) => Polarity::For,
        (attitude, _) => attitude,
    })
}

/// Where clauses point different ways: the one that shares most words with the proposal.
fn clause_about(reading: &Reading, proposal: &Proposal) -> Option<usize> {
    let strong = |hit: &&Hit| !hit.reported && hit.weight >= Weight::Strong.value();
    let mut own = reading.hits.iter().filter(strong);
    let first = own.next()?;
    own.find(|hit| hit.clause != first.clause && hit.polarity != first.polarity)?;
    let shared: Vec<usize> = reading
        .clauses
        .iter()
        .map(|span| proposal.shares(span.slice(reading.sentence).unwrap_or_default()))
        .collect();
    let most = *shared.iter().max()?;
    let mut best = (0..shared.len()).filter(|&clause| shared[clause] == most);
    let clause = best.next()?;
    let decided = reading
        .hits
        .iter()
        .any(|hit| strong(&hit) && hit.clause == clause);
    (most > 0 && decided && best.next().is_none()).then_some(clause)
}

/// The label of a sentence that is known to concern the proposal, and how sure the lexicon
/// is, 0 to 1. Confidence 0 means that it found nothing and has no opinion.
pub(super) fn label(reading: &Reading, proposal: &Proposal) -> (Label, f32) {
    let Towards {
        support,
        oppose,
        conditional,
    } = towards(reading, proposal);
    let total = support + oppose + conditional;
    if total == 0.0 {
        let says_so = reading.reported || reading.no_position || reading.abstention;
        return (Label::None, if says_so { 0.8 } else { 0.0 });
    }
    // Where they weigh the same, a condition says more than the support that it qualifies,
    // and a refusal more than the doubts that lead up to it.
    let (label, weight) = [
        (Label::Against, oppose),
        (Label::Conditional, conditional),
        (Label::For, support),
    ]
    .into_iter()
    .reduce(|best, other| if other.1 > best.1 { other } else { best })
    .unwrap_or((Label::None, 0.0));
    let share = weight / total;
    let sure = if weight >= Weight::Strong.value() {
        0.9
    } else {
        0.6
    };
    (label, share * sure)
}
