//! Running heads and feet of text whose pages are known.

use super::super::lines::Line;
use super::{LONGEST, NUMBER, is_page_number, is_statement};
use regex::Regex;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// How many lines at the top and at the bottom of a page may be a running head or foot.
const EDGE: usize = 4;

/// Lines of these count along with the pages where each stands on a page of its own.
static COUNTED_CONTENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^(?:bilag|appendi|kapitel|kap\b|chapter|avsnitt|section|del\b|part\b|tabell|table|figur|punkt|artikel|article|förslag|alternativ|steg|fråga|\d+\s*[.)]$|\d+\s*§)",
    )
    .expect("valid pattern")
});

/// A place at the edge of a page: how far from which end.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Top(usize),
    Bottom(usize),
}

/// The visible lines of one page.
struct PageLines {
    page: usize,
    indices: Vec<usize>,
}

impl PageLines {
    /// The lines at the edges, from the outside in, each with its place.
    fn edges(&self) -> impl Iterator<Item = (Place, usize)> + '_ {
        self.top().chain(self.bottom())
    }

    fn top(&self) -> impl Iterator<Item = (Place, usize)> + '_ {
        (0..EDGE).map(Place::Top).zip(self.indices.iter().copied())
    }

    fn bottom(&self) -> impl Iterator<Item = (Place, usize)> + '_ {
        (0..EDGE)
            .map(Place::Bottom)
            .zip(self.indices.iter().rev().copied())
    }
}

/// A line with its numbers blanked out, which of them counts along, and how far it is ahead of
/// the page's index.
type Counter = (String, usize, i64);

/// What stands at the edges of the pages, and on how many of them.
struct Edges<'t> {
    same: HashMap<(Place, &'t str), HashSet<usize>>,
    counting: HashMap<Counter, HashSet<usize>>,
    /// Pages that a line must stand on to be furniture.
    enough: usize,
}

impl<'t> Edges<'t> {
    fn of(text: &'t str, lines: &[Line], pages: &[PageLines]) -> Self {
        let enough = if pages.len() <= 4 { 2 } else { 3 };
        let mut edges = Self {
            same: HashMap::new(),
            counting: HashMap::new(),
            enough,
        };
        for page in pages {
            for (place, index) in page.edges() {
                let line = lines[index].text(text);
                edges
                    .same
                    .entry((place, line))
                    .or_default()
                    .insert(page.page);
                for counter in counters(line, page.page) {
                    edges.counting.entry(counter).or_default().insert(page.page);
                }
            }
        }
        edges
    }

    /// The line has a number that rises by one with each page.
    fn counts(&self, line: &str, page: usize) -> bool {
        counters(line, page).iter().any(|counter| {
            self.counting
                .get(counter)
                .is_some_and(|on| on.len() >= self.enough)
        })
    }

    /// The line stands in the same place on other pages.
    fn repeats(&self, place: Place, line: &'t str) -> bool {
        let on = self.same.get(&(place, line));
        on.is_some_and(|on| on.len() >= self.enough) && !is_statement(line)
    }
}

pub(super) fn mark(text: &str, lines: &[Line], marked: &mut [bool]) {
    let pages = visible_by_page(lines);
    let edges = Edges::of(text, lines, &pages);
    for page in &pages {
        mark_numbers(text, lines, page, &edges, marked);
        mark_repeated(text, lines, page, &edges, marked);
    }
}

fn visible_by_page(lines: &[Line]) -> Vec<PageLines> {
    let mut pages: Vec<PageLines> = Vec::new();
    for (index, line) in lines
        .iter()
        .enumerate()
        .filter(|(_, line)| !line.is_blank())
    {
        let Some(page) = line.page else { continue };
        match pages.last_mut() {
            Some(last) if last.page == page => last.indices.push(index),
            _ => pages.push(PageLines {
                page,
                indices: vec![index],
            }),
        }
    }
    pages
}

/// A number that counts along may stand anywhere at the edge, also below a changing title; a
/// bare one that does not proves nothing unless it is outermost and the page's own.
fn mark_numbers(
    text: &str,
    lines: &[Line],
    page: &PageLines,
    edges: &Edges<'_>,
    marked: &mut [bool],
) {
    for (place, index) in page.edges() {
        let line = lines[index].text(text);
        let outermost = matches!(place, Place::Top(0) | Place::Bottom(0));
        marked[index] |= is_page_number(line)
            || edges.counts(line, page.page)
            || outermost && line.parse() == Ok(page.page + 1);
    }
}

/// The same words must stand outermost, and must not be all that the page says.
fn mark_repeated<'t>(
    text: &'t str,
    lines: &[Line],
    page: &PageLines,
    edges: &Edges<'t>,
    marked: &mut [bool],
) {
    let is_head = |&(place, index): &(Place, usize)| {
        marked[index] || edges.repeats(place, lines[index].text(text))
    };
    let top: Vec<usize> = page
        .top()
        .take_while(is_head)
        .map(|(_, index)| index)
        .collect();
    let bottom: Vec<usize> = page
        .bottom()
        .take_while(is_head)
        .map(|(_, index)| index)
        .collect();
    if top.len() + bottom.len() < page.indices.len() {
        for index in top.into_iter().chain(bottom) {
            marked[index] = true;
        }
    }
}

/// The numbers in a line that may be counting pages; none for a line that may count along
/// without being furniture.
fn counters(line: &str, page: usize) -> Vec<Counter> {
    if line.len() > 2 * LONGEST || COUNTED_CONTENT.is_match(line) || is_statement(line) {
        return Vec::new();
    }
    let skeleton = NUMBER.replace_all(line, "#");
    NUMBER
        .find_iter(line)
        .enumerate()
        .filter_map(|(slot, number)| {
            let value: i64 = number
                .as_str()
                .parse()
                .ok()
                .filter(|&value| value < 10_000)?;
            Some((
                skeleton.to_string(),
                slot,
                value - i64::try_from(page).ok()?,
            ))
        })
        .collect()
}
