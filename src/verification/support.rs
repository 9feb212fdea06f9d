//! What a written statement says that the sentences it cites do not.
//!
//! A language model may write a summary point in its own words, but not with its own facts: numbers and
//! dates, names, references to paragraphs, and a *no* must stand in the evidence. What is found
//! missing is shown to the reader; nothing is corrected. A statement can pass and still be wrong: this
//! finds false facts, not false conclusions.

use regex::Regex;
use std::collections::BTreeSet;
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
}

/// Digits with what may stand between them: `1 500 000`, `3,5`, `2025:12`, `2024-05-31`.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\d+(?:[\u{a0}\u{202f} ]\d{3}\b)*(?:[.,:/–-]\d+)*").expect("it is well formed")
});

static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\d+\s?[a-z]?\s?§|\d+\s?[a-z]?\s?kap\b|\b(?:artikel|bilaga|punkt|avsnitt)\s\d+(?:\.\d+)*")
        .expect("it is well formed")
});

static WORD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[\p{L}\p{N}][\p{L}\p{N}’'-]*").expect("it is well formed"));

/// Numbers that Swedish writes in letters, and months, which belong to a date.
const NUMBER_WORDS: [(&str, &str); 12] = [
    ("två", "2"),
    ("tre", "3"),
    ("fyra", "4"),
    ("fem", "5"),
    ("sex", "6"),
    ("sju", "7"),
    ("åtta", "8"),
    ("nio", "9"),
    ("tio", "10"),
    ("elva", "11"),
    ("tolv", "12"),
    ("hundra", "100"),
];
const MONTHS: [&str; 12] = [
    "januari",
    "februari",
    "mars",
    "april",
    "maj",
    "juni",
    "juli",
    "augusti",
    "september",
    "oktober",
    "november",
    "december",
];

/// Words that deny.
const NEGATIONS: [&str; 15] = [
    "inte",
    "ej",
    "icke",
    "aldrig",
    "ingen",
    "inget",
    "inga",
    "ingenting",
    "varken",
    "utan",
    "avstyrker",
    "avvisar",
    "avslår",
    "motsätter",
    "saknar",
];
/// What denies as well, where one looks for what a denial may rest on.
const DENYING: [&str; 12] = [
    "avstyrk",
    "avvis",
    "avslå",
    "motsätt",
    "motsatt",
    "saknas",
    "saknad",
    "brist",
    "otillräck",
    "negativ",
    "kritisk",
    "olämplig",
];

/// What `statement` says that none of the sentences of `evidence` does, sorted, none twice.
pub fn unsupported(statement: &str, evidence: &[&str]) -> Vec<Unsupported> {
    let source = Facts::of(&evidence.join("\n"));
    let stated = Facts::of(statement);
    let mut missing = BTreeSet::new();
    for number in stated.numbers.difference(&source.numbers) {
        missing.insert(Unsupported::Number(number.clone()));
    }
    for reference in stated.references.difference(&source.references) {
        missing.insert(Unsupported::Reference(reference.clone()));
    }
    for name in names(statement) {
        let held = source.words.iter().any(|word| same_name(word, &name));
        if !held {
            missing.insert(Unsupported::Name(name));
        }
    }
    let denial = stated
        .words
        .iter()
        .find(|word| NEGATIONS.contains(&word.as_str()));
    let denies = |word: &String| {
        NEGATIONS.contains(&word.as_str()) || DENYING.iter().any(|stem| word.starts_with(stem))
    };
    if let Some(word) = denial
        && !source.words.iter().any(denies)
    {
        missing.insert(Unsupported::Negation(word.clone()));
    }
    missing.into_iter().collect()
}

/// What can be compared of a text.
struct Facts {
    /// In digits, without the spaces that group them; months beside them.
    numbers: BTreeSet<String>,
    /// In small letters, without spaces.
    references: BTreeSet<String>,
    /// In small letters.
    words: BTreeSet<String>,
}

impl Facts {
    fn of(text: &str) -> Self {
        let words: BTreeSet<String> = WORD
            .find_iter(text)
            .map(|word| word.as_str().to_lowercase())
            .collect();
        let written = NUMBER_WORDS
            .iter()
            .filter(|(word, _)| words.contains(*word))
            .map(|(_, digits)| (*digits).to_owned());
        let months = MONTHS.iter().filter(|month| words.contains(**month));
        let numbers = NUMBER
            .find_iter(text)
            .map(|number| number.as_str().replace([' ', '\u{a0}', '\u{202f}'], ""));
        Self {
            numbers: numbers
                .chain(written)
                .chain(months.map(|month| (*month).to_owned()))
                .collect(),
            references: REFERENCE
                .find_iter(text)
                .map(|own| own.as_str().to_lowercase().split_whitespace().collect())
                .collect(),
            words,
        }
    }
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
        unsupported(statement, evidence)
    }

    #[test]
    fn facts_that_stand_in_the_evidence_pass() {
        let evidence = [
            "Malmö stad anser att kostnaden, 1\u{a0}500 000 kronor, är för hög enligt 3 kap. 12 § i lagen (2018:218).",
            "Staden avstyrker därför förslaget och vill se en översyn före den 1 juli 2027.",
            "Två av tre nämnder delar bedömningen.",
        ];
        for statement in [
            "Malmö stad avstyrker förslaget eftersom kostnaden på 1 500 000 kronor är för hög.",
            "Staden vill inte ha förslaget utan en översyn före 1 juli 2027.",
            "Enligt 3 kap. 12 § lagen (2018:218) är Malmös kostnad för hög.",
            "2 av 3 nämnder delar bedömningen.",
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
                Unsupported::Reference("4a§".to_owned()),
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
    fn a_year_is_not_the_same_as_another() {
        let missing = check("Lagen gäller från 2026.", &["Lagen gäller från 2025."]);
        assert_eq!(missing, [Unsupported::Number("2026".to_owned())]);
        assert_eq!(
            check("Det kostar 3,5 procent.", &["Det kostar 3 procent."]),
            [Unsupported::Number("3,5".to_owned())]
        );
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
