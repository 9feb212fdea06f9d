//! Running heads and feet, page numbers, tables of contents: in the text, in no sentence.
//!
//! A line is removed from the reading only on two kinds of evidence: its form can be nothing
//! but a page number ("3 (6)", "Sida 3 av 6"), or it stands at the edge of several pages, the
//! same or with a number that counts along with the pages. A year, an amount or a list number
//! has neither, and a line repeated in the middle of pages is content.

mod paged;
mod unpaged;

use super::lines::Line;
use super::sentences::closes;
use regex::Regex;
use std::sync::LazyLock;

/// A running head is short; a longer line is text.
const LONGEST: usize = 120;

static PAGE_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^(?:
            (?:sida|sidan|sid\.?|page)\s*:?\s*\d{1,4}(?:\s*(?:av|of|/|\()\s*\d{1,4}\s*\)?)?
          | \d{1,4}\s*\(\s*\d{1,4}\s*\)
          | \d{1,4}\s+(?:av|of)\s+\d{1,4}
          | [-–—]\s*\d{1,4}\s*[-–—]
        )$",
    )
    .expect("valid pattern")
});
static LEADERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:\.{4,}|(?:\s\.){4,}|…{2,})\s*\d{1,4}$").expect("valid pattern")
});
static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\d+").expect("valid pattern"));

/// Says of each line whether it is furniture.
pub(super) fn find(text: &str, lines: &[Line]) -> Vec<bool> {
    let mut marked: Vec<bool> = lines
        .iter()
        .map(|line| !line.is_blank() && LEADERS.is_match(line.text(text)))
        .collect();
    if lines.iter().any(|line| line.page.is_some()) {
        paged::mark(text, lines, &mut marked);
    } else {
        unpaged::mark(text, lines, &mut marked);
    }
    marked
}

/// "3 (6)", "Sida 3 av 6", "- 3 -": a form that nothing else has.
fn is_page_number(line: &str) -> bool {
    let rises = || {
        let numbers: Vec<u32> = NUMBER
            .find_iter(line)
            .filter_map(|number| number.as_str().parse().ok())
            .collect();
        numbers.is_sorted()
    };
    PAGE_NUMBER.is_match(line) && rises()
}

/// Sentences are said, not printed on every page; neither are long lines.
fn is_statement(line: &str) -> bool {
    line.chars().count() > LONGEST || closes(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Span;
    use crate::corpus::structure::lines;

    /// The furniture of a text whose pages are separated by form feeds here.
    fn of_pages(pages: &[&str]) -> Vec<String> {
        let mut text = String::new();
        let mut spans = Vec::new();
        for page in pages {
            let start = text.len();
            text.push_str(page);
            spans.push(Span::new(start, text.len()));
            text.push('\n');
        }
        furniture(&text, &spans)
    }

    fn furniture(text: &str, pages: &[Span]) -> Vec<String> {
        let lines = lines::split(text, Span::new(0, text.len()), pages);
        let marked = find(text, &lines);
        let shown = lines.iter().zip(marked).filter(|(_, marked)| *marked);
        shown.map(|(line, _)| line.text(text).to_owned()).collect()
    }

    #[test]
    fn forms_of_page_numbers() {
        for number in [
            "3 (6)",
            "3(6)",
            "Sida 3 av 6",
            "Sid. 3/6",
            "- 3 -",
            "– 3 –",
            "Page 3 of 6",
            "3 av 6",
            "Sida 3",
        ] {
            let text = format!("Kommunen anser att förslaget\n\n{number}\n\nbör utredas.");
            assert_eq!(furniture(&text, &[]), [number]);
        }
        for content in [
            "2025",
            "12 (3)",
            "3 %",
            "1 200 000",
            "2.",
            "3 § (4)",
            "Bilaga 3",
            "2025-05-14",
        ] {
            let text = format!("Kommunen anser.\n\n{content}\n\nRegionen instämmer.");
            assert!(furniture(&text, &[]).is_empty(), "{content}");
        }
    }

    #[test]
    fn a_page_number_in_running_text_is_content() {
        assert!(furniture("Förslagen\n3 (6)\när goda.", &[]).is_empty());
    }

    #[test]
    fn running_heads_and_feet_repeat_at_the_edge() {
        let found = of_pages(&[
            "Region Norr\nYttrande\nFörslaget är bra.\nDet behövs.\nAlfa.\nBeta.\nGamma.\nRegion Norr | Box 1\n1",
            "Region Norr\nAvgiften är hög.\nYttrande\nDen bör sänkas.\nAlfa.\nBeta.\nRegion Norr | Box 1\n2",
        ]);
        assert_eq!(
            found,
            [
                "Region Norr",
                "Region Norr | Box 1",
                "1",
                "Region Norr",
                "Region Norr | Box 1",
                "2"
            ]
        );
    }

    #[test]
    fn a_head_whose_number_counts_along_is_found_below_a_changing_title() {
        let pages: Vec<String> = (1..=3)
            .map(|n| format!("Avdelning {}\nDnr 2025/77 sida {n}\nText ett.\nText två.\nText tre.\nText fyra.\nText fem.", ["ett", "två", "tre"][n - 1]))
            .collect();
        let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
        assert_eq!(
            of_pages(&pages),
            [
                "Dnr 2025/77 sida 1",
                "Dnr 2025/77 sida 2",
                "Dnr 2025/77 sida 3"
            ]
        );
    }

    #[test]
    fn content_at_the_edge_of_pages_stays() {
        let found = of_pages(&[
            "Bilaga 1\nKommunen tillstyrker förslaget.\nText.",
            "Bilaga 2\nKommunen tillstyrker förslaget.\nText.",
            "2030\nKommunen tillstyrker förslaget.\n14",
        ]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn heads_beside_page_numbers_are_found_without_pages() {
        let text = "Början på ett stycke\n\nREGION NORR\n\n2 (3)\n\nsom fortsätter här.\n\nMer text\n\nREGION NORR\n\n3 (3)\n\nsom tar slut.";
        assert_eq!(
            furniture(text, &[]),
            ["REGION NORR", "2 (3)", "REGION NORR", "3 (3)"]
        );
    }

    #[test]
    fn bare_numbers_without_pages() {
        let interrupted = "ges en formell plats\n\n4\n\ni dess struktur.";
        assert_eq!(furniture(interrupted, &[]), ["4"]);
        let chapter = "Slut på stycket.\n\n4\n\nNytt stycke.";
        assert!(furniture(chapter, &[]).is_empty());
        let page = "En rad text.\n".repeat(20);
        let counted = format!("{page}\n1\n\n{page}\n2\n\n{page}\n3\n");
        assert_eq!(furniture(&counted, &[]), ["1", "2", "3"]);
    }

    #[test]
    fn a_table_of_contents_is_furniture() {
        assert_eq!(
            furniture("3.1 AI i offentlig sektor .......... 5\nText.", &[]).len(),
            1
        );
    }
}
