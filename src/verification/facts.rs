//! What a written statement says that the sentences it cites do not.
//!
//! A language model may write a summary point in its own words, but not with its own facts: numbers and
//! dates, names, references to paragraphs, and a *no* must stand in the evidence. What is found
//! missing is shown to the reader; nothing is corrected. A statement can pass and still be wrong: this
//! finds false facts, not false conclusions.

use super::words::{MONTHS, NUMBER_WORDS, approves, denies, is_plain_no, negates, refuses};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// A fact that no cited sentence holds, as the statement has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unsupported {
    /// A number, a share, an amount or a part of a date.
    Number(String),
    /// A reference such as `12 §`, `3 kap.` or `artikel 5`.
    Reference(String),
    /// A word with a capital letter within a sentence.
    Name(String),
    /// A word that denies, where no cited sentence denies anything.
    Negation(String),
    /// A word that denies in a cited sentence, which the statement repeats without denying anything.
    LostNegation(String),
}

/// Digits with what may stand between them: `1 500 000`, `3,5`, `2025:12`, `2024-05-31`.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\d+(?:[\u{a0}\u{202f} ]\d{3}\b)*(?:[.,:/–-]\d+)*").expect("it is well formed")
});

static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\d+\s?[a-z]?\s?§|\d+\s?[a-z]?\s?kap\b|\b(?:artikel|bilaga|punkt|avsnitt|article|annex|section|chapter)\s\d+(?:\.\d+)*")
        .expect("it is well formed")
});

/// Several sections at once: `4 och 5 §§`, `3–5 §§`.
static SECTIONS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(\d+\s?[a-z]?(?:\s?(?:,|och|–|-)\s?\d+\s?[a-z]?)+)\s?§§")
        .expect("it is well formed")
});

static WORD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[\p{L}\p{N}][\p{L}\p{N}’'-]*").expect("it is well formed"));

/// A sentence is repeated where this share of its words is. Chosen on the part `tune` of
/// `models/training/data/points.jsonl`.
const REPEATED: f64 = 0.6;

/// Words with fewer letters mostly join others.
const SHORTEST: usize = 4;
/// Letters of a word that are compared.
const BEGINNING: usize = 5;

/// What `statement` says that none of the sentences of `evidence` does, sorted, none twice. The name of
/// the `respondent`, where it is known, needs no sentence: most of them say "vi" or "staden". Its words may
/// stand apart, so a false "i Stockholm" in a summary of Region Stockholm passes.
pub fn unsupported(
    statement: &str,
    evidence: &[&str],
    respondent: Option<&str>,
) -> Vec<Unsupported> {
    let source = Facts::of(&evidence.join("\n")).with_ranges();
    let stated = Facts::of(statement);
    let mut missing = BTreeSet::new();
    for (number, written) in &stated.numbers {
        if !source.numbers.contains_key(number) {
            missing.insert(Unsupported::Number(written.clone()));
        }
    }
    for (reference, written) in &stated.references {
        if !source.references.contains_key(reference) {
            missing.insert(Unsupported::Reference(written.clone()));
        }
    }
    let own = Facts::of(respondent.unwrap_or_default());
    for name in names(statement) {
        let mut known = source.words.iter().chain(&own.words);
        if !known.any(|word| same_name(word, &name)) {
            missing.insert(Unsupported::Name(name));
        }
    }
    let denial = stated.words.iter().find(|word| negates(word));
    if let Some(word) = denial
        && !source.words.iter().any(|word| denies(word))
    {
        missing.insert(Unsupported::Negation(word.clone()));
    }
    if !stated.words.iter().any(|word| denies(word)) {
        missing.extend(lost_negation(statement, evidence));
        missing.extend(turned(&stated.words, &source.words));
    }
    missing.into_iter().collect()
}

/// A refusal in the evidence that a statement makes into approval.
fn turned(stated: &BTreeSet<String>, source: &BTreeSet<String>) -> Option<Unsupported> {
    let some = |words: &BTreeSet<String>| words.iter().any(|word| approves(word));
    let turned = some(stated) && !some(source);
    let refusal = source.iter().find(|word| turned && refuses(word))?;
    Some(Unsupported::LostNegation(refusal.clone()))
}

/// A sentence that says no, of which a statement that says none repeats most words.
fn lost_negation(statement: &str, evidence: &[&str]) -> Option<Unsupported> {
    let stated = telling(statement);
    evidence.iter().find_map(|sentence| {
        let mut words = WORD.find_iter(sentence);
        let no = words.find(|word| is_plain_no(&word.as_str().to_lowercase()))?;
        let own = telling(sentence);
        let repeated = own.intersection(&stated).count();
        let mostly = repeated as f64 >= REPEATED * own.len() as f64;
        mostly.then(|| Unsupported::LostNegation(no.as_str().to_lowercase()))
    })
}

/// The share of a statement's words that can be recognised in its evidence, 0 to 1; 0 where it has none
/// that say anything. Words are compared by their beginnings, so that an ending does not matter.
pub fn coverage(statement: &str, evidence: &[&str]) -> f64 {
    let source = telling(&evidence.join("\n"));
    let stated = telling(statement);
    if stated.is_empty() {
        return 0.0;
    }
    let held = stated.iter().filter(|word| source.contains(*word)).count();
    held as f64 / stated.len() as f64
}

/// The beginnings of the words that are long enough to say something.
fn telling(text: &str) -> BTreeSet<String> {
    WORD.find_iter(text)
        .map(|word| word.as_str().to_lowercase())
        .filter(|word| word.chars().count() >= SHORTEST)
        .map(|word| word.chars().take(BEGINNING).collect())
        .collect()
}

/// What can be compared of a text.
struct Facts {
    /// In digits, without the spaces that group them; months beside them. Each with how the text writes it.
    numbers: BTreeMap<String, String>,
    /// In small letters, without spaces; each with how the text writes it.
    references: BTreeMap<String, String>,
    /// In small letters.
    words: BTreeSet<String>,
}

impl Unsupported {
    /// The fact, as the statement has it.
    pub fn words(&self) -> &str {
        match self {
            Self::Number(words)
            | Self::Reference(words)
            | Self::Name(words)
            | Self::Negation(words)
            | Self::LostNegation(words) => words,
        }
    }
}

impl Facts {
    fn of(text: &str) -> Self {
        let mut words = BTreeSet::new();
        let mut numbers = BTreeMap::new();
        for word in WORD.find_iter(text) {
            let small = word.as_str().to_lowercase();
            let written = NUMBER_WORDS.iter().find(|(letters, _)| *letters == small);
            if let Some((_, digits)) = written {
                numbers.insert((*digits).to_owned(), word.as_str().to_owned());
            } else if MONTHS.contains(&small.as_str()) {
                numbers.insert(small.clone(), word.as_str().to_owned());
            }
            words.insert(small);
        }
        for number in NUMBER.find_iter(text) {
            let digits = number.as_str().replace([' ', '\u{a0}', '\u{202f}'], "");
            numbers.insert(digits, number.as_str().to_owned());
        }
        let mut references = BTreeMap::new();
        for reference in REFERENCE.find_iter(text) {
            let small = reference.as_str().to_lowercase();
            let joined = small.split_whitespace().collect();
            references.insert(joined, reference.as_str().to_owned());
        }
        for sections in SECTIONS.captures_iter(text) {
            for section in sections_of(&sections[1]) {
                references.insert(format!("{section}§"), sections[0].to_owned());
            }
        }
        Self {
            numbers,
            references,
            words,
        }
    }

    /// With the ends of ranges (`2025–2027`) and the sections of lists, which a statement may name by themselves.
    fn with_ranges(mut self) -> Self {
        let ends: Vec<String> = self
            .numbers
            .keys()
            .flat_map(|number| number.split(['–', '-', '/']))
            .chain(
                self.references
                    .keys()
                    .filter_map(|own| own.strip_suffix('§')),
            )
            .map(str::to_owned)
            .collect();
        for end in ends {
            self.numbers.entry(end.clone()).or_insert(end);
        }
        self
    }
}

/// The sections of a list: `3–5` is three of them, `4 a och 7` two.
fn sections_of(list: &str) -> Vec<String> {
    let mut sections = Vec::new();
    for part in list
        .to_lowercase()
        .split([',', ';'])
        .flat_map(|part| part.split(" och "))
    {
        let part: String = part.split_whitespace().collect();
        match part.split_once(['–', '-']) {
            Some((first, last)) => match (first.parse::<u32>(), last.parse::<u32>()) {
                (Ok(first), Ok(last)) if first <= last && last - first < 100 => {
                    sections.extend((first..=last).map(|section| section.to_string()));
                }
                _ => sections.extend([first.to_owned(), last.to_owned()]),
            },
            None => sections.push(part),
        }
    }
    sections
}

/// Words with a capital letter that do not begin a sentence.
fn names(statement: &str) -> Vec<String> {
    let mut names = Vec::new();
    for word in WORD.find_iter(statement) {
        let before = statement[..word.start()].trim_end();
        let begins = before.is_empty() || before.ends_with(['.', '!', '?', ':', '”', '–']);
        if !begins && word.as_str().starts_with(char::is_uppercase) {
            names.push(word.as_str().to_owned());
        }
    }
    names
}

/// The same name but for the ending of the genitive. `word` is in small letters.
fn same_name(word: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    let stem = |text: &str| text.strip_suffix('s').unwrap_or(text).to_owned();
    word == name || stem(word) == stem(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(statement: &str, evidence: &[&str]) -> Vec<Unsupported> {
        unsupported(statement, evidence, None)
    }

    #[test]
    fn the_respondent_may_be_named() {
        let evidence = ["Staden avstyrker förslaget."];
        let statement = "Förslaget avstyrks av Göteborgs Stad.";
        let named = |respondent| unsupported(statement, &evidence, respondent);
        assert_eq!(named(Some("Göteborgs stad")), []);
        let other = [Unsupported::Name("Göteborgs".to_owned())];
        assert_eq!(named(Some("Malmö stad")), other);
        assert_eq!(
            named(None),
            [other[0].clone(), Unsupported::Name("Stad".to_owned())]
        );
    }

    #[test]
    fn facts_that_stand_in_the_evidence_pass() {
        let evidence = [
            "Malmö stad anser att kostnaden, 1\u{a0}500 000 kronor, är för hög enligt 3 kap. 12 § i lagen (2018:218).",
            "Staden avstyrker därför förslaget och vill se en översyn före den 1 juli 2027.",
            "Två av tre nämnder delar bedömningen.",
            "Bidraget behövs åren 2027–2029 enligt 4–6 och 8 §§ i lagen.",
        ];
        for statement in [
            "Malmö stad avstyrker förslaget eftersom kostnaden på 1 500 000 kronor är för hög.",
            "Staden vill inte ha förslaget utan en översyn före 1 juli 2027.",
            "Enligt 3 kap. 12 § lagen (2018:218) är Malmös kostnad för hög.",
            "2 av 3 nämnder delar bedömningen.",
            "Bidraget behövs till 2029 enligt 5 § och 8 § i lagen.",
        ] {
            assert_eq!(check(statement, &evidence), [], "{statement}");
        }
    }

    #[test]
    fn facts_that_do_not_are_named() {
        let evidence = ["Region Skåne tillstyrker förslaget om 2 miljoner kronor enligt 4 §."];
        for (statement, expected) in [
            (
                "Regionen tillstyrker förslaget om 3 miljoner kronor.",
                Unsupported::Number("3".to_owned()),
            ),
            (
                "Förslaget gäller från maj.",
                Unsupported::Number("maj".to_owned()),
            ),
            (
                "Regionen hänvisar till § 4 och 4 a §.",
                Unsupported::Reference("4 a §".to_owned()),
            ),
            (
                "Förslaget stöds av Halland.",
                Unsupported::Name("Halland".to_owned()),
            ),
            (
                "Regionen tillstyrker inte förslaget.",
                Unsupported::Negation("inte".to_owned()),
            ),
            (
                "Regionen avstyrker förslaget.",
                Unsupported::Negation("avstyrker".to_owned()),
            ),
        ] {
            assert_eq!(check(statement, &evidence), [expected], "{statement}");
        }
    }

    #[test]
    fn a_negation_that_is_left_out_is_missed() {
        let evidence = ["Jägarnas Riksförbund anser att taket på antal vapen inte bör höjas."];
        let lost = [Unsupported::LostNegation("inte".to_owned())];
        for (statement, expected) in [
            (
                "Jägarnas Riksförbund anser att taket på antal vapen bör höjas.",
                &lost[..],
            ),
            ("Förbundet är emot att taket på antal vapen höjs.", &[]),
            ("Förbundet yttrar sig om vapen.", &[]),
        ] {
            assert_eq!(check(statement, &evidence), expected, "{statement}");
        }
        let turned = [Unsupported::LostNegation("avstyrker".to_owned())];
        let evidence = ["Regionen avstyrker förslaget."];
        assert_eq!(check("Regionen tillstyrker förslaget.", &evidence), turned);
        let evidence = ["The region does not support the proposal."];
        let lost = [Unsupported::LostNegation("not".to_owned())];
        assert_eq!(check("The region supports the proposal.", &evidence), lost);
    }

    #[test]
    fn a_year_is_not_the_same_as_another() {
        let missing = check("Lagen gäller från 2026.", &["Lagen gäller från 2025."]);
        assert_eq!(missing, [Unsupported::Number("2026".to_owned())]);
        assert_eq!(
            check("Det kostar 3,5 procent.", &["Det kostar 3 procent."]),
            [Unsupported::Number("3,5".to_owned())]
        );
    }

    #[test]
    fn words_are_recognised_whatever_their_ending() {
        let evidence = ["Kostnaderna för kommunen bedöms som höga."];
        assert_eq!(
            coverage("Kommunen bedömer kostnaden som hög.", &evidence),
            1.0
        );
        assert_eq!(coverage("Skolan ligger i skogen.", &evidence), 0.0);
        assert_eq!(coverage("Kommunen äger skogen.", &evidence), 1.0 / 3.0);
        assert_eq!(coverage("Ja, det är så.", &evidence), 0.0);
    }

    #[test]
    fn without_evidence_every_fact_is_missing() {
        let missing = check("Enligt Boverket krävs 5 år.", &[]);
        assert_eq!(
            missing,
            [
                Unsupported::Number("5".to_owned()),
                Unsupported::Name("Boverket".to_owned())
            ]
        );
    }
}
