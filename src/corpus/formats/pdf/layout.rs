//! From characters with places to lines in reading order.
//!
//! Characters become *chunks* (a stretch of one line without a wide gap), a page is parted into
//! *regions* where an empty strip runs between columns of prose, and chunks on one baseline
//! become a *line*. A blank line is put where the gap between two lines is clearly wider than
//! usual in the document, which is how the eye finds paragraphs.

mod columns;

use super::characters::{Character, PageCharacters};

/// A gap wider than this, in heights of the font, parts words. Spaces between words are
/// 0.25 in most fonts and seldom pressed below 0.2; kerning stays below 0.1.
const WORD_GAP: f32 = 0.17;

/// The same where a space has been drawn.
const SPACE_GAP: f32 = 0.05;

/// A gap wider than this parts chunks. Justified lines have narrower ones, gutters wider.
const CHUNK_GAP: f32 = 1.0;

/// Two lines further apart than this many times the usual belong to different paragraphs.
const PARAGRAPH_GAP: f32 = 1.25;

/// Fonts that differ by more than this factor do not belong to one paragraph.
const SAME_SIZE: f32 = 1.12;

/// A stretch of one line.
#[derive(Clone, Debug)]
struct Chunk {
    text: String,
    left: f32,
    right: f32,
    baseline: f32,
    size: f32,
}

impl Chunk {
    fn top(&self) -> f32 {
        self.baseline - 0.75 * self.size
    }

    fn bottom(&self) -> f32 {
        self.baseline + 0.22 * self.size
    }
}

#[derive(Clone, Debug)]
struct Line {
    text: String,
    left: f32,
    right: f32,
    baseline: f32,
    size: f32,
}

/// Lines that are read from the first to the last: a column, or what is above or below columns.
#[derive(Clone, Debug)]
pub(super) struct Region {
    lines: Vec<Line>,
    /// It is the next column of what stands before it, whose last paragraph may go on here.
    continues: bool,
}

impl Region {
    pub fn characters(&self) -> impl Iterator<Item = char> {
        let all = self.lines.iter().flat_map(|line| line.text.chars());
        all.filter(|c| !c.is_whitespace())
    }
}

/// The regions of a page in reading order; text that stands on its side comes last.
pub(super) fn regions(page: PageCharacters) -> Vec<Region> {
    let mut regions = Vec::new();
    for characters in page {
        let mut chunks = chunks(&characters);
        chunks.sort_by(|a, b| {
            a.baseline
                .total_cmp(&b.baseline)
                .then(a.left.total_cmp(&b.left))
        });
        for part in columns::split(chunks) {
            let lines = lines(part.chunks);
            if !lines.is_empty() {
                regions.push(Region {
                    lines,
                    continues: part.continues,
                });
            }
        }
    }
    regions
}

/// Joins characters that follow one another on a baseline, in the order in which they are drawn.
fn chunks(characters: &[Character]) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    // A space widens nothing and begins nothing, but it parts words.
    let mut space = false;
    for character in characters {
        if character.c.is_whitespace() {
            space = true;
            continue;
        }
        let last = chunks.last_mut().filter(|chunk| {
            let size = chunk.size.max(character.size);
            let gap = character.left - chunk.right;
            (chunk.baseline - character.baseline).abs() < 0.1 * size
                && chunk.size.min(character.size) * SAME_SIZE > size
                && (-0.3 * size..CHUNK_GAP * size).contains(&gap)
        });
        match last {
            Some(chunk) => {
                let gap = character.left - chunk.right;
                // Browsers draw a space without width where a word might have been divided.
                if gap > WORD_GAP * character.size || space && gap > SPACE_GAP * character.size {
                    chunk.text.push(' ');
                }
                chunk.text.push(character.c);
                chunk.right = chunk.right.max(character.right);
            }
            None => chunks.push(Chunk {
                text: character.c.to_string(),
                left: character.left,
                right: character.right,
                baseline: character.baseline,
                size: character.size,
            }),
        }
        space = false;
    }
    chunks
}

/// Joins chunks, sorted from the top, that stand at one height.
fn lines(chunks: Vec<Chunk>) -> Vec<Line> {
    let mut rows: Vec<Vec<Chunk>> = Vec::new();
    let mut tallest: Option<Chunk> = None;
    for chunk in chunks {
        let joins = tallest.as_ref().is_some_and(|row| {
            let shared = row.bottom().min(chunk.bottom()) - row.top().max(chunk.top());
            let lower = (row.bottom() - row.top()).min(chunk.bottom() - chunk.top());
            shared > 0.5 * lower
        });
        match rows.last_mut() {
            Some(row) if joins => {
                tallest = tallest
                    .filter(|row| row.size >= chunk.size)
                    .or(Some(chunk.clone()));
                row.push(chunk);
            }
            _ => {
                tallest = Some(chunk.clone());
                rows.push(vec![chunk]);
            }
        }
    }
    rows.into_iter().map(line).collect()
}

fn line(mut row: Vec<Chunk>) -> Line {
    row.sort_by(|a, b| a.left.total_cmp(&b.left));
    let tallest = |a: &Chunk, b: &Chunk| a.size.total_cmp(&b.size);
    let (baseline, size) = row
        .iter()
        .max_by(|a, b| tallest(a, b))
        .map_or((0.0, 0.0), |chunk| (chunk.baseline, chunk.size));
    let mut line = Line {
        text: String::new(),
        left: row.first().map_or(0.0, |chunk| chunk.left),
        right: f32::MIN,
        baseline,
        size,
    };
    for chunk in row {
        let raised = chunk.size < 0.85 * size && chunk.baseline < baseline - 0.15 * size;
        let gap = chunk.left - line.right;
        // The space that a program draws before a footnote mark or after it is no space that
        // is seen, but after a chunk on the same baseline the gap decides.
        if !line.text.is_empty() && gap > WORD_GAP * chunk.size {
            // Cells of a letterhead or a table are told apart later by the wide gap.
            let wide = gap > 2.0 * CHUNK_GAP * chunk.size;
            line.text.push_str(if wide { "  " } else { " " });
        }
        if raised && chunk.text.chars().all(|c| c.is_ascii_digit()) {
            line.text.extend(chunk.text.chars().map(superscript));
        } else {
            line.text.push_str(&chunk.text);
        }
        line.right = line.right.max(chunk.right);
    }
    line
}

/// A raised digit, as in a footnote mark or in m², as the character that looks like it. On the
/// baseline it would read as part of the word before it.
fn superscript(digit: char) -> char {
    match digit {
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        other => other,
    }
}

/// How far apart the baselines of a paragraph's lines usually are, in heights of the font.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pitch(f32);

impl Pitch {
    /// The median over a document, since a page may hold a list of headings only.
    pub fn of(pages: &[Vec<Region>]) -> Self {
        let pairs = pages.iter().flatten().flat_map(|r| r.lines.windows(2));
        let mut steps: Vec<f32> = pairs
            .filter(|pair| same_size(&pair[0], &pair[1]))
            .map(|pair| (pair[1].baseline - pair[0].baseline) / pair[0].size)
            .filter(|step| (0.8..3.5).contains(step))
            .collect();
        steps.sort_by(f32::total_cmp);
        // Without a paragraph of several lines: what word processors set.
        Self(steps.get(steps.len() / 2).copied().unwrap_or(1.2))
    }
}

fn same_size(a: &Line, b: &Line) -> bool {
    a.size.max(b.size) < SAME_SIZE * a.size.min(b.size)
}

/// The lines of a page, with a blank line at each paragraph gap.
pub(super) fn text_of(page: &[Region], pitch: Pitch) -> String {
    let mut text = String::new();
    for (i, region) in page.iter().enumerate() {
        if i > 0 {
            let before = &page[i - 1];
            text.push_str(match region.continues && ends_full(before) {
                true => "\n",
                false => "\n\n",
            });
        }
        for (j, line) in region.lines.iter().enumerate() {
            if let Some(above) = j.checked_sub(1).map(|above| &region.lines[above]) {
                let step = (line.baseline - above.baseline) / above.size.max(line.size);
                let apart = step > PARAGRAPH_GAP * pitch.0 || !same_size(above, line);
                text.push_str(if apart { "\n\n" } else { "\n" });
            }
            text.push_str(&line.text);
        }
    }
    text
}

/// Whether the last line of a column reaches its edge, so that its paragraph goes on.
fn ends_full(column: &Region) -> bool {
    let edge = column
        .lines
        .iter()
        .map(|line| line.right)
        .fold(f32::MIN, f32::max);
    let start = column
        .lines
        .iter()
        .map(|line| line.left)
        .fold(f32::MAX, f32::min);
    column
        .lines
        .last()
        .is_some_and(|line| line.right > edge - 0.2 * (edge - start))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Characters of 10 points, half as wide as high, as text drawn at a place.
    fn at(x: f32, y: f32, text: &str) -> Vec<Character> {
        sized(x, y, 10.0, text)
    }

    fn sized(x: f32, y: f32, size: f32, text: &str) -> Vec<Character> {
        let width = size / 2.0;
        let place = |(i, c)| Character {
            c,
            left: x + width * i as f32,
            right: x + width * (i as f32 + 1.0),
            baseline: y,
            size,
        };
        text.chars().enumerate().map(place).collect()
    }

    fn read(characters: Vec<Vec<Character>>) -> String {
        let page = regions([characters.concat(), vec![], vec![], vec![]]);
        let pages = [page];
        text_of(&pages[0], Pitch::of(&pages))
    }

    #[test]
    fn words_part_at_gaps_and_at_spaces() {
        let text = read(vec![
            at(0.0, 0.0, "Vi"),
            at(12.0, 0.0, "till"),
            at(32.5, 0.0, "styrker det"),
            at(300.0, 0.0, "Dnr"),
        ]);
        assert_eq!(text, "Vi tillstyrker det  Dnr");
    }

    #[test]
    fn a_raised_mark_stays_in_its_line() {
        let text = read(vec![
            at(0.0, 12.0, "dialogen"),
            sized(40.0, 8.5, 6.0, "12"),
            at(48.0, 12.0, "sker"),
            at(0.0, 24.0, "sedan"),
        ]);
        assert_eq!(text, "dialogen¹² sker\nsedan");
    }

    #[test]
    fn a_wider_gap_or_another_size_begins_a_paragraph() {
        let text = read(vec![
            sized(0.0, 0.0, 14.0, "Rubrik"),
            at(0.0, 14.0, "ett"),
            at(0.0, 26.0, "två"),
            at(0.0, 38.0, "tre"),
            at(0.0, 56.0, "nytt stycke"),
        ]);
        assert_eq!(text, "Rubrik\n\nett\ntvå\ntre\n\nnytt stycke");
    }

    #[test]
    fn text_drawn_out_of_order_is_read_from_the_top() {
        let text = read(vec![
            at(0.0, 24.0, "tredje"),
            at(0.0, 0.0, "första"),
            at(0.0, 12.0, "andra"),
        ]);
        assert_eq!(text, "första\nandra\ntredje");
    }
}
