//! A sentence as lower-case words, with where each stands and what punctuation precedes it.

use crate::corpus::Span;
use std::ops::Range;

/// The punctuation between a word and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stop {
    None,
    Comma,
    /// A semicolon, colon, dash or the end of a sentence. A bracket counts as a comma, and a
    /// quotation mark as nothing: both stand inside clauses.
    Break,
}

#[derive(Clone, Debug)]
struct Word {
    /// Bytes of [`Words::lower`].
    lower: Range<usize>,
    /// Bytes of the sentence.
    span: Span,
    before: Stop,
}

/// The words of one sentence.
#[derive(Clone, Debug)]
pub(super) struct Words {
    lower: String,
    words: Vec<Word>,
}

impl Words {
    pub(super) fn of(sentence: &str) -> Self {
        let mut lower = String::with_capacity(sentence.len() + 8);
        let mut words: Vec<Word> = Vec::with_capacity(sentence.len() / 5);
        // The word being read: its first byte in the sentence and in `lower`.
        let mut open: Option<(usize, usize)> = None;
        let mut before = Stop::None;
        let mut rest = sentence.char_indices().peekable();
        while let Some((at, c)) = rest.next() {
            let next = rest.peek().map(|&(_, next)| next);
            if belongs_to_word(c, open.is_some(), next) {
                open.get_or_insert((at, lower.len()));
                lower.extend(c.to_lowercase());
                continue;
            }
            if let Some((start, from)) = open.take() {
                words.push(Word {
                    lower: from..lower.len(),
                    span: Span::new(start, at),
                    before: std::mem::replace(&mut before, Stop::None),
                });
            }
            before = before.max(stop(c, next));
        }
        if let Some((start, from)) = open {
            words.push(Word {
                lower: from..lower.len(),
                span: Span::new(start, sentence.len()),
                before,
            });
        }
        Self { lower, words }
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// The word in lower case.
    pub(super) fn get(&self, index: usize) -> &str {
        &self.lower[self.words[index].lower.clone()]
    }

    /// The punctuation before the word.
    pub(super) fn before(&self, index: usize) -> Stop {
        self.words[index].before
    }

    /// Bytes of the sentence from the first word of the range to its last.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        Span::new(
            self.words[range.start].span.start,
            self.words[range.end - 1].span.end,
        )
    }
}

/// Letters and digits make words; a hyphen or apostrophe joins two halves of one.
fn belongs_to_word(c: char, inside: bool, next: Option<char>) -> bool {
    c.is_alphanumeric()
        || (inside
            && matches!(c, '-' | '\u{2010}' | '\u{2011}' | '\'' | '’')
            && next.is_some_and(char::is_alphanumeric))
}

fn stop(c: char, next: Option<char>) -> Stop {
    match c {
        ',' | '(' | ')' => Stop::Comma,
        // A full stop inside a sentence belongs to an abbreviation; the end is the end anyway.
        ';' | '?' | '!' | '–' | '—' | '…' => Stop::Break,
        // "20:1" is a number, "Kommunen anser:" a break.
        ':' if next.is_none_or(char::is_whitespace) => Stop::Break,
        _ => Stop::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_place_and_their_punctuation() {
        let sentence = "Å, EU:s AI-verkstad: ja!";
        let words = Words::of(sentence);
        let read: Vec<_> = (0..words.len())
            .map(|i| {
                (
                    words.get(i),
                    words.span(i..i + 1).slice(sentence).unwrap(),
                    words.before(i),
                )
            })
            .collect();
        assert_eq!(
            read,
            [
                ("å", "Å", Stop::None),
                ("eu", "EU", Stop::Comma),
                ("s", "s", Stop::None),
                ("ai-verkstad", "AI-verkstad", Stop::None),
                ("ja", "ja", Stop::Break),
            ]
        );
    }

    #[test]
    fn a_capital_that_grows_in_lower_case_moves_no_span() {
        let sentence = "İİ inte";
        let words = Words::of(sentence);
        assert_eq!(words.span(1..2).slice(sentence), Some("inte"));
    }
}
