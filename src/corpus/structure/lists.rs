//! List markers: what stands before an item, and when it is one.

use regex::Regex;
use std::sync::LazyLock;

/// The kind of marker in front of a list item. Items of one list have the same kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Bullet(char),
    /// A hyphen or dash, which may also be punctuation of a sentence.
    Dash,
    Number(u32),
    Letter,
    /// The file says that it is an item, and shows no marker.
    Stated,
}

impl Marker {
    pub fn same_list(self, other: Marker) -> bool {
        match (self, other) {
            (Marker::Number(_), Marker::Number(_)) => true,
            _ => self == other,
        }
    }
}

/// `\u{f0b7}` and its neighbours are what Word's bullets in the Symbol and Wingdings fonts
/// become in a PDF's text.
static BULLET: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^([•·●○◦▪▫■□‣⁃►▶➢➤✓✔*\u{f0a7}\u{f0b7}\u{f0d8}\u{f02d}\u{f0fc}])\s*")
        .expect("valid pattern")
});
static LETTERED_BULLET: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(o)\s+\p{Lu}").expect("valid pattern"));
static DASH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[-–—−]\s+").expect("valid pattern"));
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:\((\d{1,2})\)|(\d{1,2})[.)])(?:\s+|$)").expect("valid pattern")
});
static LETTER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:\((?:[a-zåäö]|[ivx]{1,4})\)|(?:[a-zåäö]|[ivx]{1,4}|[A-H])\))(?:\s+|$)")
        .expect("valid pattern")
});

/// The marker that `line` begins with, and its length in bytes with the space after it.
///
/// This is form only: a line of running text may begin with a dash or "(2)" by chance.
pub(super) fn marker(line: &str) -> Option<(Marker, usize)> {
    if let Some(found) = BULLET.captures(line) {
        let symbol = found[1].chars().next()?;
        // An asterisk without a space is a footnote mark or emphasis.
        if symbol == '*' && found[0].len() == 1 && line.len() > 1 {
            return None;
        }
        return Some((Marker::Bullet(symbol), found[0].len()));
    }
    if LETTERED_BULLET.is_match(line) {
        let text = line[1..].trim_start();
        return Some((Marker::Bullet('o'), line.len() - text.len()));
    }
    if let Some(found) = DASH.find(line) {
        return Some((Marker::Dash, found.end()));
    }
    if let Some(found) = NUMBER.captures(line) {
        let digits = found.get(1).or(found.get(2))?.as_str();
        return Some((Marker::Number(digits.parse().ok()?), found[0].len()));
    }
    let found = LETTER.find(line)?;
    Some((Marker::Letter, found.end()))
}

/// What stands before a line that may be a list item.
pub(super) struct Before<'a> {
    /// The line before, in the same stretch of text.
    pub line: &'a str,
    /// A blank line, a page break or a heading separates them.
    pub apart: bool,
    /// The list item that is being read, if any.
    pub item: Option<Marker>,
}

/// The marker of `line` where its surroundings say that it begins an item.
pub(super) fn item(line: &str, before: &Before<'_>) -> Option<(Marker, usize)> {
    let (marker, length) = marker(line)?;
    let continues_list = before.item.is_some_and(|item| match (item, marker) {
        (Marker::Number(last), Marker::Number(next)) => next == last + 1,
        _ => item.same_list(marker),
    });
    let after_pause = before.apart || before.line.ends_with(['.', ':', ';', '!', '?']);
    let begins = match marker {
        Marker::Bullet(symbol) => symbol != '*' || after_pause || continues_list,
        Marker::Dash => after_pause || continues_list,
        Marker::Number(_) | Marker::Letter => {
            after_pause || continues_list || before.line.ends_with(',')
        }
        Marker::Stated => false,
    };
    begins.then_some((marker, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_markers() {
        for (line, expected) in [
            (
                "• data och interoperabilitet",
                Some((Marker::Bullet('•'), 4)),
            ),
            (
                "\u{f0b7} lagstiftningens roll",
                Some((Marker::Bullet('\u{f0b7}'), 4)),
            ),
            ("o Kommunen bör", Some((Marker::Bullet('o'), 2))),
            ("- Den övergripande analysen", Some((Marker::Dash, 2))),
            ("– ett tydligt mandat", Some((Marker::Dash, 4))),
            ("1. Inför en plikt", Some((Marker::Number(1), 3))),
            ("(12) en myndighet", Some((Marker::Number(12), 5))),
            ("a) kommuner", Some((Marker::Letter, 3))),
            ("(iv) regioner", Some((Marker::Letter, 5))),
            ("2025. Regeringen", None),
            ("3.1 AI i offentlig sektor", None),
            ("K. Wanngård", None),
            ("-20 procent", None),
            ("*fotnot", None),
            ("o.s.v. gäller", None),
        ] {
            assert_eq!(marker(line), expected, "{line}");
        }
    }

    #[test]
    fn a_dash_within_a_sentence_begins_no_item() {
        let before = |line, item| Before {
            line,
            apart: false,
            item,
        };
        let dash = "– men utan att tumma på rättssäkerheten.";
        assert_eq!(
            item(
                dash,
                &before("ett rättsligt ramverk som möjliggör AI", None)
            ),
            None
        );
        assert!(item(dash, &before("Regionen vill framhålla:", None)).is_some());
        assert!(item(dash, &before("samverkan", Some(Marker::Dash))).is_some());
    }

    #[test]
    fn a_number_within_a_sentence_begins_no_item() {
        let line = "2. Bestämmelsen";
        let before = |text, item| Before {
            line: text,
            apart: false,
            item,
        };
        assert_eq!(item(line, &before("enligt artikel", None)), None);
        assert!(item(line, &before("en plikt", Some(Marker::Number(1)))).is_some());
    }
}
