//! Words that a line end has split: which hyphens belong to the word and which to the layout.

use std::collections::HashMap;

/// What to do with a hyphen at the end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joint {
    /// "kommitté-" + "förordningen": the hyphen is the layout's.
    Close,
    /// "AI-" + "kommissionen": the hyphen is the word's.
    Keep,
    /// "hälso-" + "och sjukvård": the hyphen stands for the rest of another word.
    Suspended,
    /// The line does not end in a hyphen.
    Space,
}

/// The words of a document, to see how it writes a word where no line end splits it.
#[derive(Default)]
pub(super) struct Vocabulary {
    counts: HashMap<String, u32>,
}

impl Vocabulary {
    /// Counts the words of `text`, if it has a line that ends in a hyphen at all.
    pub fn of(text: &str) -> Self {
        let mut counts = HashMap::new();
        let splits = text.lines().any(|line| line.trim_end().ends_with(HYPHENS));
        if splits {
            for word in text.split(|c: char| !c.is_alphanumeric() && !HYPHENS.contains(&c)) {
                let word = word.trim_matches(HYPHENS);
                if !word.is_empty() {
                    *counts.entry(word.to_lowercase()).or_insert(0) += 1;
                }
            }
        }
        Self { counts }
    }

    fn count(&self, word: &str) -> u32 {
        self.counts.get(&word.to_lowercase()).copied().unwrap_or(0)
    }
}

const HYPHENS: [char; 2] = ['-', '\u{2010}'];
const SOFT_HYPHEN: char = '\u{ad}';
/// After these a hyphen is suspended: "forsknings- och utvecklingsprojekt".
const CONJUNCTIONS: &[&str] = &[
    "och",
    "eller",
    "samt",
    "respektive",
    "resp.",
    "men",
    "till",
    "som",
    "and",
    "or",
    "und",
];

/// How a line that ends in `above` and one that begins with `below` belong together.
pub(super) fn joint(above: &str, below: &str, vocabulary: &Vocabulary) -> Joint {
    if above.ends_with(SOFT_HYPHEN) {
        return Joint::Close;
    }
    let Some(head) = above.strip_suffix(HYPHENS) else {
        return Joint::Space;
    };
    // A dash written as a hyphen, or a rule.
    if !head.ends_with(|c: char| c.is_alphanumeric()) {
        return Joint::Space;
    }
    let first_word = below.split_whitespace().next().unwrap_or("");
    if CONJUNCTIONS.contains(&first_word)
        || CONJUNCTIONS.contains(&first_word.trim_end_matches(','))
    {
        return Joint::Suspended;
    }
    // "AI-", "EU-", "2030-", "e-": such heads are written with a hyphen.
    let token = head.split_whitespace().next_back().unwrap_or(head);
    let keeps = token.chars().count() == 1
        || token.contains(['/', ':', '@'])
        || token.ends_with(|c: char| c.is_uppercase() || c.is_numeric())
        || !below.starts_with(char::is_lowercase);
    if keeps {
        return Joint::Keep;
    }
    by_usage(token, first_word, vocabulary)
}

/// As the document writes the word elsewhere; closed if it does not, which is what a line end
/// usually means.
fn by_usage(head: &str, tail: &str, vocabulary: &Vocabulary) -> Joint {
    let head = head.trim_start_matches(|c: char| !c.is_alphanumeric());
    let tail: String = tail
        .chars()
        .take_while(|c| c.is_alphanumeric() || HYPHENS.contains(c))
        .collect();
    let tail = tail.trim_end_matches(HYPHENS);
    let closed = vocabulary.count(&format!("{head}{tail}"));
    let hyphenated = vocabulary.count(&format!("{head}-{tail}"));
    if hyphenated > closed {
        Joint::Keep
    } else {
        Joint::Close
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hyphens_at_line_ends() {
        let vocabulary = Vocabulary::of(
            "ett offentlig-privat partnerskap, ny-\nordning, nyordning; privat-\noffentlig",
        );
        for (above, below, expected) in [
            ("kraven i kommitté-", "förordningen och", Joint::Close),
            ("benämnd AI-", "kommissionen, med", Joint::Keep),
            ("enligt EU-", "rätten", Joint::Keep),
            ("mål i 2030-", "agendan", Joint::Keep),
            ("utfärda e-", "legitimation", Joint::Keep),
            ("Skatte-", "verket", Joint::Close),
            ("Malmö-", "Köpenhamn", Joint::Keep),
            (
                "konkurrens-",
                "och upphandlingslagstiftning",
                Joint::Suspended,
            ),
            ("ett offentlig-", "privat samarbete", Joint::Keep),
            ("en ny-", "ordning.", Joint::Close),
            ("regional-", "politisk", Joint::Close),
            (
                "https://www.regeringen.se/rattsliga-",
                "dokument",
                Joint::Keep,
            ),
            ("samordning -", "som redan", Joint::Space),
            ("samord\u{ad}", "ning", Joint::Close),
            ("samordning", "krävs", Joint::Space),
        ] {
            assert_eq!(
                joint(above, below, &vocabulary),
                expected,
                "{above}|{below}"
            );
        }
    }
}
