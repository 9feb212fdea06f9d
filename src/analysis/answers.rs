//! What a language model may answer: the grammars, and how answers are read.
//!
//! Sentences of the response are numbered, and an answer cites numbers. A grammar lets through only
//! numbers of sentences that exist, and bounds every repetition, so that each answer ends and can be read.

use std::fmt::Write;

/// Sentences that an answer cites in one place, at most.
const CITED: usize = 8;

/// A point of a written summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenPoint {
    pub text: String,
    /// Numbers of the sentences that it rests on, in order, none twice.
    pub sentences: Vec<usize>,
}

/// Numbers of sentences from 1 to `sentences`: `3, 14`.
pub fn evidence_grammar(sentences: usize) -> String {
    format!("start: NUMBERS \"\\n\"\n{}", numbers(sentences))
}

/// Reads what [`evidence_grammar`] let through: the numbers in order, none twice.
pub fn read_evidence(answer: &str) -> Option<Vec<usize>> {
    let mut numbers = answer
        .trim_end()
        .split(", ")
        .map(|number| number.parse().ok())
        .collect::<Option<Vec<usize>>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Some(numbers)
}

/// From one to `most` points of at most `longest` letters, each with the numbers that it rests on:
/// `- Regionen tillstyrker förslaget. [3, 14]`.
pub fn summary_grammar(sentences: usize, most: usize, longest: usize) -> String {
    let numbers = numbers(sentences);
    format!(
        "start: point{{1,{most}}} \"\\n\"\n\
         point: \"- \" TEXT \" [\" NUMBERS \"]\\n\"\n\
         TEXT: /[^\\[\\]\\x00-\\x20\\x7f][^\\[\\]\\x00-\\x1f\\x7f]{{1,{}}}/\n{numbers}",
        longest - 1
    )
}

/// Reads what [`summary_grammar`] let through.
pub fn read_summary(answer: &str) -> Option<Vec<WrittenPoint>> {
    answer
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (text, numbers) = line.strip_prefix("- ")?.rsplit_once(" [")?;
            Some(WrittenPoint {
                text: text.trim().to_owned(),
                sentences: read_evidence(numbers.strip_suffix(']')?)?,
            })
        })
        .collect()
}

fn numbers(sentences: usize) -> String {
    assert!(sentences > 0, "there is nothing to cite");
    let one = up_to(sentences);
    format!("NUMBERS: /({one})(, ({one})){{0,{}}}/\n", CITED - 1)
}

/// A regular expression for the whole numbers from 1 to `highest`, without leading zeros.
fn up_to(highest: usize) -> String {
    let digits = highest.to_string();
    // All numbers with fewer digits.
    let mut all = match digits.len() {
        1 => String::new(),
        2 => "[1-9]".to_owned(),
        length => format!("[1-9][0-9]{{0,{}}}", length - 2),
    };
    // Those with as many: alike up to one digit, which is lower, and the number itself.
    for (place, digit) in digits.bytes().enumerate() {
        let lowest = if place == 0 { b'1' } else { b'0' };
        if digit > lowest {
            separate(&mut all);
            let rest = digits.len() - place - 1;
            let _ = write!(
                all,
                "{}[{}-{}]",
                &digits[..place],
                lowest as char,
                (digit - 1) as char
            );
            if rest > 0 {
                let _ = write!(all, "[0-9]{{{rest}}}");
            }
        }
    }
    separate(&mut all);
    all + &digits
}

fn separate(alternatives: &mut String) {
    if !alternatives.is_empty() {
        alternatives.push('|');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_numbers_of_the_sentences_are_let_through() {
        for highest in [1, 2, 9, 10, 11, 19, 20, 99, 100, 101, 130, 905, 1000, 2345] {
            let expression = regex::Regex::new(&format!("^({})$", up_to(highest))).unwrap();
            for number in 0..4000 {
                let expected = (1..=highest).contains(&number);
                assert_eq!(
                    expression.is_match(&number.to_string()),
                    expected,
                    "{number} up to {highest}"
                );
            }
            assert!(!expression.is_match("01"));
        }
    }

    #[test]
    fn answers_are_read_as_they_are_written() {
        assert_eq!(read_evidence("14, 3, 14\n"), Some(vec![3, 14]));
        assert_eq!(read_evidence("3, x"), None);
        let points =
            read_summary("- Staden tillstyrker. [2]\n- Den vill se mer [4, 3]\n\n").unwrap();
        assert_eq!(points[0].text, "Staden tillstyrker.");
        assert_eq!(points[1].sentences, [3, 4]);
        assert_eq!(read_summary("- Utan belägg\n"), None);
    }
}
