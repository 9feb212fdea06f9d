//! Which cues stand where: every pattern of the lexicon against one sentence, in one pass.

use super::cue::{Cue, Kind};
use super::pattern::{Form, Pattern};
use super::words::Words;
use std::collections::HashMap;
use std::ops::Range;

/// A cue found in a sentence.
#[derive(Clone, Debug)]
pub(super) struct Found<'l> {
    pub(super) cue: &'l Cue,
    /// Words of the sentence, gaps included.
    pub(super) words: Range<usize>,
    spelled: u32,
}

impl Found<'_> {
    /// Whether the cue itself spells the word, rather than skips it or stands elsewhere.
    pub(super) fn spells(&self, word: usize) -> bool {
        self.words.contains(&word) && self.spelled >> (word - self.words.start) & 1 == 1
    }

    fn touches(&self, other: &Found) -> bool {
        self.words
            .clone()
            .any(|word| self.spells(word) && other.spells(word))
    }
}

/// The cues by their first word. Few sentences hold the first word of a cue by chance, so
/// looking them up by it leaves little to compare.
#[derive(Debug)]
pub(super) struct Scanner {
    cues: Vec<(Cue, Pattern)>,
    exact: HashMap<String, Vec<usize>>,
    begins: HashMap<String, Vec<usize>>,
    /// Byte lengths of the keys of `begins`, ascending.
    begin_lengths: Vec<usize>,
    ends: Vec<(String, usize)>,
}

impl Scanner {
    pub(super) fn new(cues: Vec<(Cue, Pattern)>) -> Self {
        let mut exact: HashMap<String, Vec<usize>> = HashMap::new();
        let mut begins: HashMap<String, Vec<usize>> = HashMap::new();
        let mut ends = Vec::new();
        for (index, (_, pattern)) in cues.iter().enumerate() {
            for form in pattern.first() {
                match form {
                    Form::Exact(text) => exact.entry(text.clone()).or_default().push(index),
                    Form::Begins(text) => begins.entry(text.clone()).or_default().push(index),
                    Form::Ends(text) => ends.push((text.clone(), index)),
                }
            }
        }
        let mut begin_lengths: Vec<usize> = begins.keys().map(String::len).collect();
        begin_lengths.sort_unstable();
        begin_lengths.dedup();
        Self {
            cues,
            exact,
            begins,
            begin_lengths,
            ends,
        }
    }

    pub(super) fn cues(&self) -> impl Iterator<Item = &Cue> {
        self.cues.iter().map(|(cue, _)| cue)
    }

    /// The cues in the sentence, by their first word.
    ///
    /// Where cues compete for a word, the one that spells more words is kept: "ser inga
    /// risker" over "risker", "ställer mig tveksam" over "tveksam".
    pub(super) fn scan(&self, words: &Words) -> Vec<Found<'_>> {
        let mut all = Vec::new();
        let mut candidates: Vec<usize> = Vec::new();
        for at in 0..words.len() {
            candidates.clear();
            self.candidates(words.get(at), &mut candidates);
            for &index in &candidates {
                let (cue, pattern) = &self.cues[index];
                if let Some(found) = pattern.matches(words, at) {
                    all.push((
                        index,
                        Found {
                            cue,
                            words: at..found.end,
                            spelled: found.spelled,
                        },
                    ));
                }
            }
        }
        all.sort_by_key(|(index, found)| {
            (
                std::cmp::Reverse(found.spelled.count_ones()),
                found.words.start,
                *index,
            )
        });
        let mut kept: Vec<Found> = Vec::with_capacity(all.len());
        for (_, found) in all {
            // Cues of other kinds may share a word with a rival ("bör avskaffas" demands and
            // abolishes), but none is found twice in the same words.
            let beaten = kept.iter().any(|other| {
                let rivals = found.cue.kind.competes() && other.cue.kind.competes();
                (rivals || found.cue.kind == other.cue.kind) && found.touches(other)
            });
            if !beaten {
                kept.push(found);
            }
        }
        kept.sort_by_key(|found| found.words.start);
        kept
    }

    fn candidates(&self, word: &str, into: &mut Vec<usize>) {
        if let Some(indices) = self.exact.get(word) {
            into.extend(indices);
        }
        for &length in &self.begin_lengths {
            let Some(beginning) = word.get(..length) else {
                continue;
            };
            if let Some(indices) = self.begins.get(beginning) {
                into.extend(indices);
            }
        }
        for (ending, index) in &self.ends {
            if word.ends_with(ending.as_str()) {
                into.push(*index);
            }
        }
    }
}

/// The cues of one kind.
pub(super) fn of_kind<'f, 'l>(
    found: &'f [Found<'l>],
    kind: Kind,
) -> impl DoubleEndedIterator<Item = &'f Found<'l>> {
    found.iter().filter(move |found| found.cue.kind == kind)
}
