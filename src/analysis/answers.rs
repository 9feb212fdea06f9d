//! What a language model may answer: the grammars, and how answers are read.
//!
//! Sentences of the response are numbered, and an answer cites numbers. A grammar lets through only
//! numbers of sentences that exist, and bounds every repetition, so that each answer ends and can be read.

use std::collections::BTreeSet;

/// Sentences that an answer cites in one place, at most.
pub const MOST_CITED: usize = 8;

/// A point of a written summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenPoint {
    pub text: String,
    /// Numbers of the sentences that it rests on, in order, none twice.
    pub sentences: Vec<usize>,
}

/// Some of these numbers of sentences: `3, 14`.
pub fn evidence_grammar(sentences: &[usize]) -> String {
    format!(
        "start: NUMBERS \"\\n\"\nNUMBERS: /{}/\n",
        numbers(sentences)
    )
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
pub fn summary_grammar(sentences: &[usize], most: usize, longest: usize) -> String {
    format!(
        "start: POINT{{1,{most}}} \"\\n\"\nPOINT: /{}/\n",
        point(sentences, longest)
    )
}

/// A point as one expression. Were its text one by itself, it would take in the space before the
/// numbers, too, and a second space would have to follow: texts are read as far as they go.
fn point(sentences: &[usize], longest: usize) -> String {
    let letter = r"[^\[\]\x00-\x20\x7f]";
    let within = r"[^\[\]\x00-\x1f\x7f]";
    let between = longest - 2;
    let numbers = numbers(sentences);
    format!(r"- {letter}{within}{{0,{between}}}{letter} \[{numbers}\]\n")
}

/// Reads what [`summary_grammar`] let through.
pub fn read_summary(answer: &str) -> Option<Vec<WrittenPoint>> {
    let lines = answer.lines().filter(|line| !line.is_empty());
    let points: Option<Vec<WrittenPoint>> = lines.map(read_point).collect();
    Some(
        points?
            .into_iter()
            .filter(WrittenPoint::says_something)
            .collect(),
    )
}

/// The points that are whole, of an answer that was cut off.
pub fn read_cut_summary(answer: &str) -> Vec<WrittenPoint> {
    let whole = answer.rfind('\n').map_or("", |end| &answer[..end]);
    let points = whole.lines().filter_map(read_point);
    points.filter(WrittenPoint::says_something).collect()
}

/// As a summary's answer writes it.
fn read_point(line: &str) -> Option<WrittenPoint> {
    let (text, numbers) = line.strip_prefix("- ")?.rsplit_once(" [")?;
    Some(WrittenPoint {
        text: text.trim().to_owned(),
        sentences: read_evidence(numbers.strip_suffix(']')?)?,
    })
}

impl WrittenPoint {
    fn says_something(&self) -> bool {
        self.text.chars().any(char::is_alphanumeric)
    }

    /// The point on a line, as a summary's answer writes it.
    pub fn line(&self) -> String {
        let numbers: Vec<_> = self.sentences.iter().map(usize::to_string).collect();
        format!("- {} [{}]", self.text, numbers.join(", "))
    }
}

/// An expression for some of these numbers.
fn numbers(sentences: &[usize]) -> String {
    assert!(!sentences.is_empty(), "there is nothing to cite");
    let written: BTreeSet<String> = sentences.iter().map(usize::to_string).collect();
    let written: Vec<&str> = written.iter().map(String::as_str).collect();
    let one = any_of(&written);
    let more = MOST_CITED - 1;
    format!("{one}(, {one}){{0,{more}}}")
}

/// A regular expression for exactly these numbers, which are sorted as text: a tree of their digits, so
/// that thousands of them stay small.
fn any_of(numbers: &[&str]) -> String {
    let mut branches = Vec::new();
    let mut rest = numbers;
    while let Some(first) = rest.first() {
        let Some(digit) = first.chars().next() else {
            rest = &rest[1..];
            continue;
        };
        let count = rest.iter().take_while(|n| n.starts_with(digit)).count();
        let tails: Vec<&str> = rest[..count].iter().map(|n| &n[1..]).collect();
        branches.push(match tails.as_slice() {
            [""] => digit.to_string(),
            _ => format!("{digit}{}", any_of(&tails)),
        });
        rest = &rest[count..];
    }
    // A number that is the beginning of others ends here.
    let ends = if numbers.first() == Some(&"") {
        "?"
    } else {
        ""
    };
    format!("({}){ends}", branches.join("|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_numbers_of_the_sentences_are_let_through() {
        let upto = |highest| (1..=highest).collect::<Vec<usize>>();
        let mut sets: Vec<Vec<usize>> = [1, 2, 9, 10, 11, 19, 99, 100, 101, 905, 2345]
            .map(upto)
            .into();
        sets.push((870..1140).collect());
        sets.push(vec![100, 3, 31, 310, 7]);
        for set in sets {
            let grammar = evidence_grammar(&set);
            let one = grammar.split(['/', ',']).nth(1).unwrap();
            let one = one.strip_suffix('(').unwrap();
            let expression = regex::Regex::new(&format!("^({one})$")).unwrap();
            for number in 0..4000 {
                let expected = set.contains(&number);
                let found = expression.is_match(&number.to_string());
                assert_eq!(found, expected, "{number} of {set:?}");
            }
            assert!(!expression.is_match("01") && !expression.is_match(""));
        }
    }

    #[test]
    fn a_point_is_what_the_prompt_shows() {
        let expression = format!("^{}$", point(&[3, 14], 60));
        let expression = regex::Regex::new(&expression).unwrap();
        for (line, sound) in [
            ("- Regionen vill att kostnaderna utreds. [3, 14]\n", true),
            ("- Ja [3]\n", true),
            ("- Regionen vill att kostnaderna utreds.  [3]\n", false),
            ("- Regionen vill att kostnaderna utreds.[3]\n", false),
            ("- Regionen vill att kostnaderna utreds. [4]\n", false),
            ("-  Regionen [3]\n", false),
            ("- [3]\n", false),
        ] {
            assert_eq!(expression.is_match(line), sound, "{line}");
        }
        let long = "a".repeat(60);
        assert!(expression.is_match(&format!("- {long} [3]\n")));
        assert!(!expression.is_match(&format!("- {long}a [3]\n")));
    }

    #[test]
    fn answers_are_read_as_they_are_written() {
        assert_eq!(read_evidence("14, 3, 14\n"), Some(vec![3, 14]));
        assert_eq!(read_evidence("3, x"), None);
        let points =
            read_summary("- Staden tillstyrker. [2]\n- Den vill se mer [4, 3]\n\n").unwrap();
        assert_eq!(points[0].text, "Staden tillstyrker.");
        assert_eq!(points[1].sentences, [3, 4]);
        assert_eq!(points[1].line(), "- Den vill se mer [3, 4]");
        assert_eq!(read_summary("- Utan belägg\n"), None);
        let cut = read_cut_summary("- Staden tillstyrker. [2]\n- Den vill [1");
        assert_eq!(cut, points[..1]);
        assert_eq!(read_cut_summary("- Staden tillstyrker. [2]"), []);
    }
}
