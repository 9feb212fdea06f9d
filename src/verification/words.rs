//! The words that facts are told by, in Swedish and English. All in small letters.

/// Numbers that are written in letters.
pub(super) const NUMBER_WORDS: [(&str, &str); 24] = [
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
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("eleven", "11"),
    ("twelve", "12"),
    ("hundred", "100"),
];

/// Months, which belong to a date. Those that both languages write alike stand once.
pub(super) const MONTHS: [&str; 19] = [
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
    "january",
    "february",
    "march",
    "june",
    "july",
    "august",
    "october",
];

/// Words that only deny: who leaves one out says the opposite.
const PLAIN_NO: [&str; 12] = [
    "inte",
    "ej",
    "icke",
    "aldrig",
    "ingen",
    "inget",
    "inga",
    "ingenting",
    "varken",
    "not",
    "no",
    "never",
];

/// Words that deny and say something more.
const NEGATING: [&str; 12] = [
    "utan",
    "avstyrker",
    "avvisar",
    "avslår",
    "motsätter",
    "saknar",
    "none",
    "neither",
    "nor",
    "without",
    "opposes",
    "rejects",
];

/// Beginnings of words that approve of a proposal, and of words that refuse it.
const APPROVING: [&str; 8] = [
    "tillstyrk",
    "bifall",
    "stöd",
    "instäm",
    "välkomn",
    "support",
    "approv",
    "agree",
];
const REFUSING: [&str; 7] = [
    "avstyrk", "avvis", "avslå", "motsätt", "emot", "oppos", "reject",
];

/// Beginnings of further words that a denial may rest on.
const DOUBTING: [&str; 14] = [
    "motsatt",
    "saknas",
    "saknad",
    "brist",
    "otillräck",
    "negativ",
    "kritisk",
    "olämplig",
    "nej",
    "invänd",
    "tveksam",
    "avslag",
    "against",
    "lack",
];

fn begins(word: &str, stems: &[&str]) -> bool {
    stems.iter().any(|stem| word.starts_with(stem))
}

pub(super) fn is_plain_no(word: &str) -> bool {
    PLAIN_NO.contains(&word)
}

/// Whether a statement that uses the word denies something.
pub(super) fn negates(word: &str) -> bool {
    is_plain_no(word) || NEGATING.contains(&word)
}

/// Whether a denial may rest on a text that uses the word.
pub(super) fn denies(word: &str) -> bool {
    negates(word) || refuses(word) || begins(word, &DOUBTING)
}

pub(super) fn approves(word: &str) -> bool {
    begins(word, &APPROVING)
}

pub(super) fn refuses(word: &str) -> bool {
    begins(word, &REFUSING)
}
