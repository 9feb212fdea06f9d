//! A text cut where evidence begins and ends, so that each piece is shown once and marked alone.
//!
//! Evidence may overlap, and may be interrupted by a page break. Cutting at every edge makes
//! pieces that lie wholly inside or outside each quotation; a quotation is then a list of pieces.

use crate::corpus::Span;
use serde::Serialize;
use std::borrow::Cow;

/// A stretch of the text that is shown in one way.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Piece<'a> {
    /// Text that nothing rests on.
    Plain { text: Cow<'a, str> },
    /// Text that something rests on; `number` counts these from 1.
    Evidence { number: usize, text: Cow<'a, str> },
    /// A page break (form feed); `page` begins after it.
    Page { page: usize },
}

/// Cuts `text` at the edges of `citations`, each of which is one or more spans. Gives the pieces
/// in order and, for each citation, the numbers of its pieces.
pub fn cut<'a>(text: &'a str, citations: &[Vec<Span>]) -> (Vec<Piece<'a>>, Vec<Vec<usize>>) {
    let spans = || citations.iter().flatten();
    let mut edges: Vec<usize> = spans()
        .flat_map(|span| [span.start, span.end])
        .chain([0, text.len()])
        .collect();
    for (at, _) in text.match_indices(PAGE_BREAK) {
        edges.extend([at, at + 1]);
    }
    edges.sort_unstable();
    edges.dedup();

    let mut pieces = Vec::new();
    let mut numbers = vec![Vec::new(); citations.len()];
    let mut number = 0;
    let mut page = 1;
    for pair in edges.windows(2) {
        let stretch = Span::new(pair[0], pair[1]);
        let shown = &text[stretch.start..stretch.end];
        if shown == "\u{c}" {
            page += 1;
            pieces.push(Piece::Page { page });
        } else if spans().any(|span| span.contains(stretch)) {
            number += 1;
            for (citation, numbers) in citations.iter().zip(&mut numbers) {
                if citation.iter().any(|span| span.contains(stretch)) {
                    numbers.push(number);
                }
            }
            let text = printable(shown);
            pieces.push(Piece::Evidence { number, text });
        } else {
            let text = printable(shown);
            pieces.push(Piece::Plain { text });
        }
    }
    (pieces, numbers)
}

const PAGE_BREAK: char = '\u{c}';

/// HTML has no place for control characters other than white space; they are shown as `�`.
fn printable(text: &str) -> Cow<'_, str> {
    let unprintable = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    if text.contains(unprintable) {
        Cow::Owned(text.replace(unprintable, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(pieces: &[Piece], numbers: &[usize]) -> String {
        let of = |piece: &Piece| match piece {
            Piece::Evidence { number, text } if numbers.contains(number) => text.to_string(),
            _ => String::new(),
        };
        pieces.iter().map(of).collect()
    }

    #[test]
    fn each_citation_is_exactly_its_pieces() {
        let text = "Vi tillstyrker. Vi avstyrker. Å ena sidan.\u{c}Slut.";
        let citations = [
            vec![Span::new(0, 15)],
            vec![Span::new(3, 29)],
            vec![Span::new(0, 15), Span::new(30, 43)],
            vec![],
        ];
        let (pieces, numbers) = cut(text, &citations);
        for (citation, numbers) in citations.iter().zip(&numbers) {
            let quoted: String = citation
                .iter()
                .map(|span| span.slice(text).unwrap())
                .collect();
            assert_eq!(marked(&pieces, numbers), quoted);
        }
        assert!(pieces.contains(&Piece::Page { page: 2 }));
    }

    #[test]
    fn nothing_of_the_text_is_lost_or_shown_twice() {
        let text = "abc def ghi";
        let (pieces, _) = cut(text, &[vec![Span::new(1, 6)], vec![Span::new(4, 11)]]);
        let all: String = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Plain { text } | Piece::Evidence { text, .. } => text.as_ref(),
                Piece::Page { .. } => "\u{c}",
            })
            .collect();
        assert_eq!(all, text);
    }

    #[test]
    fn an_empty_text_has_no_pieces() {
        assert_eq!(cut("", &[vec![]]), (vec![], vec![vec![]]));
    }
}
