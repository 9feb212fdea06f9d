//! How close a sentence is to a theme by its letters.
//!
//! Swedish builds compounds, so whole words miss much ("datadelningen", "delning av data").
//! Texts are compared by their character four-grams inside words, each weighted by how few of
//! the codebook's themes hold it. No model, no tuning: a plain measure beside the encoder's.

use crate::codebook::{Codebook, Theme};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Letters in one n-gram.
const LETTERS: usize = 4;

/// Words shorter than this say nothing of a topic.
const SHORTEST_WORD: usize = 4;

type Gram = [char; LETTERS];

/// A codebook's themes, ready to be compared with sentences.
pub(super) struct Topics(Vec<Topic>);

struct Topic {
    /// The theme's n-grams, ascending, each with its weight.
    grams: Vec<(Gram, f32)>,
    /// Euclidean length of the weights.
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
        let texts: Vec<Grams> = codebook.themes.iter().map(theme_grams).collect();
        let mut holders: BTreeMap<Gram, usize> = BTreeMap::new();
        for grams in &texts {
            for &gram in &grams.0 {
                *holders.entry(gram).or_default() += 1;
            }
        }
        let count = texts.len() as f32;
        let weight = |gram: Gram| libm::logf((1.0 + count) / holders[&gram] as f32);
        let topics = texts.iter().zip(&codebook.themes).map(|(grams, theme)| {
            let grams: Vec<(Gram, f32)> =
                grams.0.iter().map(|&gram| (gram, weight(gram))).collect();
            Topic {
                length: length(grams.iter().map(|&(_, weight)| weight)),
                grams,
                keywords: theme
                    .keywords
                    .iter()
                    .chain(std::iter::once(&theme.text.name))
                    .map(|keyword| keyword.to_lowercase())
                    .collect(),
            }
        });
        Self(topics.collect())
    }

    /// How `text` matches each theme, in the order of the codebook.
    pub(super) fn matches(&self, text: &str) -> Vec<Match> {
        let lower = text.to_lowercase();
        let grams = Grams::of(&lower);
        self.0
            .iter()
            .map(|topic| Match {
                overlap: topic.overlap(&grams),
                keyword: topic
                    .keywords
                    .iter()
                    .any(|word| begins_a_word(&lower, word)),
            })
            .collect()
    }
}

impl Topic {
    fn overlap(&self, grams: &Grams) -> f32 {
        if self.length == 0.0 {
            return 0.0;
        }
        let held = shared(&self.grams, &grams.0, |&(gram, _)| gram);
        length(held.map(|&(_, weight)| weight)) / self.length
    }
}

fn theme_grams(theme: &Theme) -> Grams {
    let text = &theme.text;
    let all = [&text.name, &text.proposal, &text.description]
        .into_iter()
        .chain(&theme.keywords)
        .fold(String::new(), |all, part| all + " " + part);
    Grams::of(&all.to_lowercase())
}

/// Euclidean length.
fn length(weights: impl Iterator<Item = f32>) -> f32 {
    weights.map(|weight| weight * weight).sum::<f32>().sqrt()
}

/// The four-letter stretches of a text's longer words, ascending, each once.
pub(super) struct Grams(Vec<Gram>);

impl Grams {
    /// `lower` is in lower case.
    pub(super) fn of(lower: &str) -> Self {
        let mut grams = Vec::new();
        let mut letters: Vec<char> = Vec::new();
        for word in lower.split(|c: char| !c.is_alphanumeric()) {
            letters.clear();
            letters.extend(word.chars());
            if letters.len() >= SHORTEST_WORD {
                grams.extend(letters.array_windows().copied());
            }
        }
        grams.sort_unstable();
        grams.dedup();
        Self(grams)
    }

    /// How alike two texts are, 0 to 1: shared n-grams over all n-grams (Jaccard).
    pub(super) fn similarity(&self, other: &Grams) -> f32 {
        let shared = shared(&self.0, &other.0, |&gram| gram).count() as f32;
        let all = (self.0.len() + other.0.len()) as f32 - shared;
        if all == 0.0 { 0.0 } else { shared / all }
    }
}

/// The items of `left` whose n-gram is also in `right`; both ascend.
fn shared<'a, T>(
    left: &'a [T],
    mut right: &'a [Gram],
    gram: impl Fn(&T) -> Gram,
) -> impl Iterator<Item = &'a T> {
    left.iter().filter(move |item| {
        while let Some((first, rest)) = right.split_first() {
            match first.cmp(&gram(item)) {
                Ordering::Less => right = rest,
                Ordering::Equal => return true,
                Ordering::Greater => return false,
            }
        }
        false
    })
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
