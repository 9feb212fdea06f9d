//! Running heads and feet, page numbers, tables of contents: in the text, in no sentence.
//!
//! A line is removed from the reading only on two kinds of evidence: its form can be nothing
//! but a page number ("3 (6)", "Sida 3 av 6"), or it stands at the edge of several pages, the
//! same or with a number that counts along with the pages. A year, an amount or a list number
//! has neither, and a line repeated in the middle of pages is content.

use super::lines::Line;
use super::sentences::closes;
use regex::Regex;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// How many lines at the top and at the bottom of a page may be a running head or foot.
const EDGE: usize = 4;
/// A running head is short; a longer line is text.
const LONGEST: usize = 120;
/// Numbers that count along in text without pages stand at least this many lines apart.
const PAGE_APART: usize = 15;

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
static FRACTION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(\d{1,3})\s*/\s*(\d{1,3})$").expect("valid pattern"));
static NUMBERED_HEAD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\S.{0,98}\s(\d{1,3})\s?\((\d{1,3})\)$").expect("valid pattern"));
static LEADERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:\.{4,}|(?:\s\.){4,}|…{2,})\s*\d{1,4}$").expect("valid pattern")
});
static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\d+").expect("valid pattern"));
/// Lines of these count along with the pages where each stands on a page of its own.
static COUNTED_CONTENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^(?:bilag|appendi|kapitel|kap\b|chapter|avsnitt|section|del\b|part\b|tabell|table|figur|punkt|artikel|article|förslag|alternativ|steg|fråga|\d+\s*[.)]$|\d+\s*§)",
    )
    .expect("valid pattern")
});

/// Says of each line whether it is furniture.
pub(super) fn find(text: &str, lines: &[Line]) -> Vec<bool> {
    let mut marked: Vec<bool> = lines
        .iter()
        .map(|line| !line.is_blank() && LEADERS.is_match(line.text(text)))
        .collect();
    let pages = visible_by_page(lines);
    if pages.is_empty() {
        mark_without_pages(text, lines, &mut marked);
    } else {
        mark_page_edges(text, lines, &pages, &mut marked);
    }
    marked
}

/// For each page, in order, its number and the indices of its visible lines.
fn visible_by_page(lines: &[Line]) -> Vec<(usize, Vec<usize>)> {
    let mut pages: Vec<(usize, Vec<usize>)> = Vec::new();
    for (index, line) in lines
        .iter()
        .enumerate()
        .filter(|(_, line)| !line.is_blank())
    {
        let Some(page) = line.page else { continue };
        match pages.last_mut() {
            Some((last, indices)) if *last == page => indices.push(index),
            _ => pages.push((page, vec![index])),
        }
    }
    pages
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Side {
    Top,
    Bottom,
}

fn mark_page_edges(text: &str, lines: &[Line], pages: &[(usize, Vec<usize>)], marked: &mut [bool]) {
    let enough = if pages.len() <= 4 { 2 } else { 3 };
    let edges = || {
        pages.iter().flat_map(|(page, visible)| {
            let top = visible.iter().take(EDGE).map(|&index| (Side::Top, index));
            let bottom = visible
                .iter()
                .rev()
                .take(EDGE)
                .map(|&index| (Side::Bottom, index));
            top.chain(bottom).map(|(side, index)| (*page, side, index))
        })
    };

    let mut repeated: HashMap<(Side, &str), HashSet<usize>> = HashMap::new();
    let mut counted: HashMap<(Side, String, usize, i64), HashSet<usize>> = HashMap::new();
    for (page, side, index) in edges() {
        let line = lines[index].text(text);
        repeated.entry((side, line)).or_default().insert(page);
        for (slot, offset) in offsets(line, page) {
            counted
                .entry((side, skeleton(line), slot, offset))
                .or_default()
                .insert(page);
        }
    }

    // A number that counts along may stand anywhere at the edge, also below a changing title.
    for (page, side, index) in edges() {
        let line = lines[index].text(text);
        let counts = || {
            offsets(line, page).into_iter().any(|(slot, offset)| {
                counted[&(side, skeleton(line), slot, offset)].len() >= enough
            })
        };
        marked[index] |= is_page_number(line) || counts();
    }

    // A bare number proves nothing but where it is outermost and the page's own.
    for (page, visible) in pages {
        for index in [visible[0], visible[visible.len() - 1]] {
            marked[index] |= lines[index].text(text).parse::<usize>() == Ok(page + 1);
        }
    }

    // The same words must stand outermost, and must not be all that the page says.
    for (_, visible) in pages {
        let is_head = |side: Side, index: usize| {
            let line = lines[index].text(text);
            marked[index] || (repeated[&(side, line)].len() >= enough && !is_statement(line))
        };
        let top = visible
            .iter()
            .take(EDGE)
            .take_while(|&&index| is_head(Side::Top, index))
            .count();
        let bottom = visible
            .iter()
            .rev()
            .take(EDGE)
            .take_while(|&&index| is_head(Side::Bottom, index))
            .count();
        if top + bottom < visible.len() {
            for &index in visible[..top]
                .iter()
                .chain(&visible[visible.len() - bottom..])
            {
                marked[index] = true;
            }
        }
    }
}

/// Full sentences are said, not printed on every page; neither are long lines.
fn is_statement(line: &str) -> bool {
    line.chars().count() > LONGEST || (closes(line) && line.split_whitespace().count() >= 4)
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

/// How far each number in a line is from the index of its page; nothing for a line that may
/// count along without being furniture.
fn offsets(line: &str, page: usize) -> Vec<(usize, i64)> {
    if line.len() > 2 * LONGEST || COUNTED_CONTENT.is_match(line) || is_statement(line) {
        return Vec::new();
    }
    NUMBER
        .find_iter(line)
        .enumerate()
        .filter_map(|(slot, number)| {
            let value: i64 = number
                .as_str()
                .parse()
                .ok()
                .filter(|&value| value < 10_000)?;
            Some((slot, value - i64::try_from(page).ok()?))
        })
        .collect()
}

/// The line with its numbers blanked out.
fn skeleton(line: &str) -> String {
    NUMBER.replace_all(line, "#").into_owned()
}

/// Text whose page breaks are lost still has page numbers alone between blank lines, and the
/// running heads next to them.
fn mark_without_pages(text: &str, lines: &[Line], marked: &mut [bool]) {
    let visible: Vec<usize> = (0..lines.len())
        .filter(|&index| !lines[index].is_blank())
        .collect();
    let is_alone = |index: usize| {
        (index == 0 || lines[index - 1].is_blank())
            && lines.get(index + 1).is_none_or(Line::is_blank)
    };
    let lone: Vec<usize> = (0..visible.len())
        .filter(|&at| is_alone(visible[at]))
        .collect();
    let line_at = |at: usize| lines[visible[at]].text(text);

    let mut numbers: Vec<usize> = lone
        .iter()
        .copied()
        .filter(|&at| is_page_number(line_at(at)))
        .collect();
    numbers.extend(counting_pairs(&lone, &line_at, &FRACTION));
    numbers.extend(counting_pairs(&lone, &line_at, &NUMBERED_HEAD));
    numbers.extend(bare_numbers(&lone, &line_at, visible.len()));
    numbers.sort_unstable();
    numbers.dedup();
    for &at in &numbers {
        marked[visible[at]] = true;
    }

    // What stands next to page numbers more than once is a running head.
    let mut beside: HashMap<&str, Vec<usize>> = HashMap::new();
    for &at in &numbers {
        for neighbour in [at.checked_sub(1), Some(at + 1)].into_iter().flatten() {
            if neighbour < visible.len() && !marked[visible[neighbour]] {
                beside
                    .entry(line_at(neighbour))
                    .or_default()
                    .push(neighbour);
            }
        }
    }
    for (line, places) in beside {
        if places.len() >= 2 && !is_statement(line) {
            for at in places {
                marked[visible[at]] = true;
            }
        }
    }
}

/// Lone lines with "number of total" whose totals agree and whose numbers rise.
fn counting_pairs<'t>(
    lone: &[usize],
    line_at: &impl Fn(usize) -> &'t str,
    pattern: &Regex,
) -> Vec<usize> {
    let mut by_total: HashMap<&str, Vec<(u32, usize)>> = HashMap::new();
    for &at in lone {
        if let Some(found) = pattern.captures(line_at(at)) {
            let (_, [number, total]) = found.extract();
            let number = number.parse().unwrap_or(0);
            by_total.entry(total).or_default().push((number, at));
        }
    }
    by_total
        .into_values()
        .filter(|found| found.len() >= 2 && found.windows(2).all(|pair| pair[0].0 < pair[1].0))
        .flatten()
        .map(|(_, at)| at)
        .collect()
}

/// Bare numbers are page numbers where three or more count by one at a page's distance, or
/// where one stands in the middle of a sentence.
fn bare_numbers<'t>(
    lone: &[usize],
    line_at: &impl Fn(usize) -> &'t str,
    count: usize,
) -> Vec<usize> {
    let bare: Vec<(u32, usize)> = lone
        .iter()
        .filter_map(|&at| {
            let line = line_at(at);
            (line.len() <= 3)
                .then(|| line.parse().ok())
                .flatten()
                .map(|number| (number, at))
        })
        .collect();
    let mut found: Vec<usize> = bare
        .iter()
        .filter(|&&(_, at)| {
            at > 0
                && at + 1 < count
                && !line_at(at - 1).ends_with(['.', '!', '?', ':', ';', '%'])
                && line_at(at - 1).contains(' ')
                && line_at(at + 1).starts_with(char::is_lowercase)
        })
        .map(|&(_, at)| at)
        .collect();
    let follows = |a: &(u32, usize), b: &(u32, usize)| b.0 == a.0 + 1 && b.1 - a.1 >= PAGE_APART;
    for run in bare.chunk_by(follows).filter(|run| run.len() >= 3) {
        found.extend(run.iter().map(|&(_, at)| at));
    }
    found
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
