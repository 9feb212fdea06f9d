//! Puts together what only the layout has split: lines into stretches of running text.
//!
//! The main question is whether a line ended because it was full or because the writer ended
//! it. It was full if the first word of the next line would not have fitted on it. Where a
//! line ends a sentence, or begins with a small letter, that decides with it.

use super::blocks::PassageLine;
use super::headings::{self, Likeness};
use super::lines::Line;
use super::lists::{self, Before, Marker};
use super::sentences::closes;

/// Lines that read on from one to the next, not yet said to be paragraph, heading or item.
pub(super) struct Stretch {
    /// At least one.
    pub lines: Vec<PassageLine>,
    /// The list marker that it begins with, and its length.
    pub item: Option<(Marker, usize)>,
}

impl Stretch {
    /// The stretch on one line, as it stands.
    pub fn text(&self, text: &str) -> String {
        let lines: Vec<&str> = self
            .lines
            .iter()
            .map(|line| &text[line.span.start..line.span.end])
            .collect();
        lines.join(" ")
    }

    /// A bullet on a line of its own: the item is below it.
    fn is_bare_marker(&self) -> bool {
        let length = self.lines[0].span.end - self.lines[0].span.start;
        self.lines.len() == 1 && self.item.is_some_and(|(_, marker)| marker == length)
    }

    /// Headings are short; asking it of every line of a long paragraph would take quadratic time.
    fn is_sure_heading(&self, text: &str) -> bool {
        self.lines.len() <= 3 && is_sure_heading(&self.text(text))
    }
}

/// What separates a line from the visible line before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    None,
    Blank,
    Page,
}

/// Lines above and below that a line's column width is measured on.
const NEIGHBOURS: usize = 10;
/// Wider columns than this are not set: the file has one line for each paragraph.
const WIDEST_COLUMN: usize = 160;
/// Letters differ in width, so a full line may have only so many per cent of the characters
/// of the widest.
const RAGGED: usize = 85;

/// The stretches of the text, in order; lines that are blank or `furniture` are in none.
pub(super) fn gather(text: &str, lines: &[Line], furniture: &[bool]) -> Vec<Stretch> {
    let shown: Vec<usize> = (0..lines.len())
        .filter(|&at| !lines[at].is_blank() && !furniture[at])
        .collect();
    let visible: Vec<Line> = shown.iter().map(|&at| lines[at]).collect();
    let columns = column_widths(&visible);

    let mut stretches: Vec<Stretch> = Vec::new();
    for (at, line) in visible.iter().enumerate() {
        if let Some(stretch) = stretches.last_mut() {
            let between = shown[at - 1] + 1..shown[at];
            let after_furniture = furniture[between.clone()].contains(&true);
            let pair = Pair {
                above: visible[at - 1].text(text),
                below: line.text(text),
                gap: if after_furniture || visible[at - 1].page != line.page {
                    Gap::Page
                } else if between.is_empty() {
                    Gap::None
                } else {
                    Gap::Blank
                },
                full: is_full(&visible[at - 1], line.text(text), columns[at - 1]),
            };
            if item(&pair, stretch).is_none() && reads_on(text, &pair, stretch) {
                stretch.lines.push(PassageLine {
                    span: line.span,
                    after_furniture,
                });
                continue;
            }
            let item = item(&pair, stretch);
            stretches.push(Stretch {
                lines: vec![first(line)],
                item,
            });
        } else {
            let before = Before {
                line: "",
                apart: true,
                item: None,
            };
            let item = lists::item(line.text(text), &before);
            stretches.push(Stretch {
                lines: vec![first(line)],
                item,
            });
        }
    }
    stretches
}

fn first(line: &Line) -> PassageLine {
    PassageLine {
        span: line.span,
        after_furniture: false,
    }
}

/// Two visible lines, one after the other.
struct Pair<'t> {
    above: &'t str,
    below: &'t str,
    gap: Gap,
    /// The first word of `below` would not have fitted on the line above.
    full: bool,
}

/// The list marker of the lower line, in its surroundings.
fn item(pair: &Pair<'_>, stretch: &Stretch) -> Option<(Marker, usize)> {
    let before = Before {
        line: pair.above,
        apart: pair.gap != Gap::None || !pair.full && begins_anew(pair.below),
        item: stretch.item.map(|(marker, _)| marker),
    };
    lists::item(pair.below, &before)
}

/// A dash or number is followed by a capital.
fn begins_anew(line: &str) -> bool {
    line.chars()
        .find(|c| c.is_alphabetic())
        .is_some_and(char::is_uppercase)
}

/// Whether the lower line continues the stretch that the upper one ends.
fn reads_on(text: &str, pair: &Pair<'_>, stretch: &Stretch) -> bool {
    let ended = closes(pair.above);
    let paused = ended || pair.above.ends_with([':', ';']);
    let small = pair
        .below
        .starts_with(|c: char| c.is_lowercase() || ",.;:)%".contains(c));
    let hangs = hangs(pair.above);
    match pair.gap {
        _ if stretch.is_bare_marker() => true,
        _ if is_sure_heading(pair.below) && (pair.gap != Gap::None || paused || !pair.full) => {
            false
        }
        _ if is_address(pair.below) && !pair.full => false,
        Gap::None if pair.below.starts_with('(') && !ended => true,
        Gap::None if paused => pair.full || small,
        Gap::None => small || hangs || pair.full && !stretch.is_sure_heading(text),
        _ if paused => false,
        Gap::Blank => (small && pair.full || hangs) && !stretch.is_sure_heading(text),
        Gap::Page => small || hangs || pair.full && stretch.lines.len() > 1,
    }
}

/// A line that cannot be the end of anything.
fn hangs(line: &str) -> bool {
    let hyphenated = line.ends_with(['-', '\u{2010}']) && !line.ends_with(" -");
    hyphenated || line.ends_with(',') || headings::ends_on_function_word(line)
}

fn is_sure_heading(line: &str) -> bool {
    matches!(headings::likeness(line), Likeness::Certain(_))
}

fn is_address(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or(line);
    word.contains('@') || word.starts_with("www.") || word.starts_with("http")
}

/// Whether `line` ended because the next word would not have fitted into the column.
fn is_full(line: &Line, next: &str, column: usize) -> bool {
    let word = next.split_whitespace().next().unwrap_or("").chars().count();
    column <= WIDEST_COLUMN && (line.width + 1 + word) * 100 >= RAGGED * column
}

/// The width of the column around each line: that of the widest neighbour, but no more than
/// nine lines in ten have, so that one overlong line does not make all others look short.
fn column_widths(lines: &[Line]) -> Vec<usize> {
    let mut widths: Vec<usize> = lines.iter().map(|line| line.width).collect();
    let most = {
        let mut sorted = widths.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() * 9 / 10).copied().unwrap_or(0)
    };
    for width in &mut widths {
        *width = (*width).min(most);
    }
    (0..widths.len())
        .map(|at| {
            let around = at.saturating_sub(NEIGHBOURS)..widths.len().min(at + NEIGHBOURS + 1);
            widths[around].iter().copied().max().unwrap_or(0)
        })
        .collect()
}
