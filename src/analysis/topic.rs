//! How close a sentence is to a theme by its letters.
//!
//! Swedish builds compounds, so whole words miss much ("datadelningen", "delning av data").
//! Texts are compared by their character four-grams inside words, each weighted by how few of
//! the codebook's themes hold it. No model, no tuning: a plain measure beside the encoder's.

use crate::codebook::{Codebook, Theme};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Letters in one n-gram.
const LETTERS: usize = 4;

/// Words shorter than this say nothing of a topic.
const SHORTEST_WORD: usize = 4;

/// A codebook's themes, ready to be compared with sentences.
pub(super) struct Topics {
    themes: Vec<Topic>,
    /// Weight of each n-gram that occurs in a theme.
    weights: HashMap<String, f32>,
}

struct Topic {
    grams: HashSet<String>,
    /// Euclidean length of the weighted n-grams.
    length: f32,
    /// Lower-case; a keyword matches at the beginning of a word.
    keywords: Vec<String>,
}

/// How a sentence or heading matches one theme.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Match {
    /// Share of the theme's weighted n-grams that the text holds, 0 to 1.
    pub overlap: f32,
    /// The text holds a keyword or the theme's name.
    pub keyword: bool,
}

impl Topics {
    pub(super) fn new(codebook: &Codebook) -> Self {
        let texts: Vec<HashSet<String>> = codebook.themes.iter().map(theme_grams).collect();
        let mut holders: BTreeMap<&str, usize> = BTreeMap::new();
        for grams in &texts {
            for gram in grams {
                *holders.entry(gram).or_default() += 1;
            }
        }
        let count = texts.len() as f32;
        let weights: HashMap<String, f32> = holders
            .into_iter()
            .map(|(gram, held)| (gram.to_owned(), ((1.0 + count) / held as f32).ln()))
            .collect();
        let themes = texts
            .into_iter()
            .zip(&codebook.themes)
            .map(|(grams, theme)| Topic {
                length: length(&grams, &weights),
                grams,
                keywords: theme
                    .keywords
                    .iter()
                    .chain(std::iter::once(&theme.text.name))
                    .map(|keyword| keyword.to_lowercase())
                    .collect(),
            })
            .collect();
        Self { themes, weights }
    }

    /// How `text` matches each theme, in the order of the codebook.
    pub(super) fn matches(&self, text: &str) -> Vec<Match> {
        let lower = text.to_lowercase();
        let grams = grams(&lower);
        self.themes
            .iter()
            .map(|topic| Match {
                overlap: self.overlap(topic, &grams),
                keyword: topic
                    .keywords
                    .iter()
                    .any(|word| begins_a_word(&lower, word)),
            })
            .collect()
    }

    fn overlap(&self, topic: &Topic, grams: &HashSet<String>) -> f32 {
        if topic.length == 0.0 {
            return 0.0;
        }
        // Summed in the order of the alphabet: a set's own order changes from run to run.
        let mut shared: Vec<&String> = grams.intersection(&topic.grams).collect();
        shared.sort_unstable();
        let sum: f32 = shared.iter().map(|gram| self.weights[*gram].powi(2)).sum();
        sum.sqrt() / topic.length
    }
}

fn theme_grams(theme: &Theme) -> HashSet<String> {
    let text = &theme.text;
    let all = [&text.name, &text.proposal, &text.description]
        .into_iter()
        .chain(&theme.keywords)
        .fold(String::new(), |all, part| all + " " + part);
    grams(&all.to_lowercase())
}

fn length(grams: &HashSet<String>, weights: &HashMap<String, f32>) -> f32 {
    let mut sorted: Vec<&String> = grams.iter().collect();
    sorted.sort_unstable();
    sorted
        .iter()
        .map(|gram| weights[*gram].powi(2))
        .sum::<f32>()
        .sqrt()
}

/// Four-letter stretches of the longer words of a lower-case text.
fn grams(lower: &str) -> HashSet<String> {
    let mut grams = HashSet::new();
    for word in lower.split(|c: char| !c.is_alphanumeric()) {
        let letters: Vec<char> = word.chars().collect();
        if letters.len() >= SHORTEST_WORD {
            grams.extend(letters.windows(LETTERS).map(String::from_iter));
        }
    }
    grams
}

/// How alike two texts are, 0 to 1: shared n-grams over all n-grams (Jaccard).
pub(super) fn similarity(left: &str, right: &str) -> f32 {
    let (left, right) = (grams(&left.to_lowercase()), grams(&right.to_lowercase()));
    let shared = left.intersection(&right).count() as f32;
    let all = (left.len() + right.len()) as f32 - shared;
    if all == 0.0 { 0.0 } else { shared / all }
}

/// `word` stands in `text` with no letter or digit just before it.
fn begins_a_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        !text[..at]
            .chars()
            .next_back()
            .is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn topics() -> Topics {
        let source = "[codebook]\nconsultation = \"X\"\n\
            [[theme]]\nid = \"a\"\nname = \"Datadelning\"\nproposal = \"Datadelningen ska öka.\"\nkeywords = [\"delning av data\"]\n\
            [[theme]]\nid = \"b\"\nname = \"Fiske\"\nproposal = \"Trålgränsen ska flyttas ut.\"\n";
        Topics::new(&Codebook::parse(source, Path::new("t")).unwrap())
    }

    #[test]
    fn compounds_and_inflections_overlap() {
        let matches = topics().matches("En utökad datadelning mellan myndigheter är önskvärd.");
        assert!(matches[0].overlap > 0.5, "{matches:?}");
        assert!(matches[0].keyword);
        assert_eq!(matches[1], Match::default());
    }

    #[test]
    fn a_keyword_must_begin_a_word() {
        assert!(topics().matches("ökad delning av data")[0].keyword);
        assert!(!topics().matches("befiskeri")[1].keyword);
    }
}
