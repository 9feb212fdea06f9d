//! Finds the gutter between columns of prose.
//!
//! A gutter is an upright strip that no chunk crosses for some lines, with lines on both sides
//! that fill most of their width. The last condition tells columns from tables, forms and
//! letterheads, whose cells are of all lengths and are read across.

use super::Chunk;

/// Width of the narrowest gutter, in heights of the font.
const GUTTER: f32 = 0.9;

/// Fewest lines of a column.
const LINES: usize = 4;

/// Narrowest line of a column, in heights of the font: about fifteen letters.
const NARROWEST: f32 = 7.0;

/// The part of its column that the middle line, by width, fills at least.
const FILLED: f32 = 0.75;

/// A gap of this many heights of the font above or below columns parts running heads from them.
const CLEAR: f32 = 1.0;

/// Rows that are taken for a running head at most.
const HEAD_ROWS: usize = 2;

/// Columns within columns; a page has few.
const DEEPEST: usize = 6;

/// Strips tried on a page at most.
const STRIPS: usize = 300;

pub(super) struct Part {
    pub chunks: Vec<Chunk>,
    /// It is the column to the right of the part before it.
    pub continues: bool,
}

/// Parts chunks, which are sorted from the top, into columns and what is above and below them.
pub(super) fn split(chunks: Vec<Chunk>) -> Vec<Part> {
    let mut parts = Vec::new();
    split_into(&mut parts, chunks, false, DEEPEST);
    parts
}

fn split_into(parts: &mut Vec<Part>, mut chunks: Vec<Chunk>, continues: bool, depth: usize) {
    let found = (depth > 0).then(|| widest_columns(&chunks)).flatten();
    let Some(Columns {
        first,
        last,
        gutter,
    }) = found
    else {
        if !chunks.is_empty() {
            parts.push(Part { chunks, continues });
        }
        return;
    };
    let below = chunks.split_off(last);
    let columns = chunks.split_off(first);
    let (left, right) = columns.into_iter().partition(|chunk| chunk.right <= gutter);
    split_into(parts, chunks, continues, depth - 1);
    split_into(parts, left, false, depth - 1);
    split_into(parts, right, true, depth - 1);
    split_into(parts, below, false, depth - 1);
}

/// Chunks `first..last` stand in two columns, parted at x = `gutter`.
struct Columns {
    first: usize,
    last: usize,
    gutter: f32,
}

/// The columns with the most lines, if there are any.
fn widest_columns(chunks: &[Chunk]) -> Option<Columns> {
    if chunks.len() < 2 * LINES {
        return None;
    }
    let size = median(chunks.iter().map(|chunk| chunk.size))?;
    let mut edges: Vec<f32> = chunks.iter().map(|chunk| chunk.right).collect();
    edges.sort_by(f32::total_cmp);
    edges.dedup_by(|a, b| *a - *b < 0.1 * size);
    let step = edges.len().div_ceil(STRIPS);
    let mut best: Option<(usize, Columns)> = None;
    for edge in edges.into_iter().step_by(step.max(1)) {
        // The edges that were taken for one may lie a little apart.
        let gutter = edge + 0.15 * size;
        for (first, last) in stretches(chunks, gutter, edge + GUTTER * size) {
            let (first, last) = without_heads(chunks, first, last, size);
            let lines = match fewest_lines(&chunks[first..last], gutter, size) {
                Some(lines) => lines,
                None => continue,
            };
            if best.as_ref().is_none_or(|(most, _)| lines > *most) {
                best = Some((
                    lines,
                    Columns {
                        first,
                        last,
                        gutter,
                    },
                ));
            }
        }
    }
    best.map(|(_, columns)| columns)
}

/// The longest stretches of chunks that do not cross the strip from `gutter` to `right`.
fn stretches(chunks: &[Chunk], gutter: f32, right: f32) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut first = 0;
    for (i, chunk) in chunks.iter().enumerate() {
        if chunk.right > gutter && chunk.left < right {
            found.push((first, i));
            first = i + 1;
        }
    }
    found.push((first, chunks.len()));
    found.retain(|(first, last)| last - first >= 2 * LINES);
    found
}

/// Leaves out rows at the top and the bottom that stand clear of the rest.
fn without_heads(chunks: &[Chunk], first: usize, last: usize, size: f32) -> (usize, usize) {
    let clear = |i: usize| chunks[i].top() - chunks[i - 1].bottom() > CLEAR * size;
    let new_row = |i: &usize| chunks[*i].baseline - chunks[i - 1].baseline > 0.5 * size;
    let rows = || (first + 1..last).filter(new_row);
    let top = rows().take(HEAD_ROWS).find(|i| clear(*i)).unwrap_or(first);
    let bottom = rows()
        .rev()
        .take(HEAD_ROWS)
        .find(|i| clear(*i))
        .unwrap_or(last);
    if top < bottom {
        (top, bottom)
    } else {
        (first, last)
    }
}

/// How many lines the shorter of two columns has; `None` if one of them is no column.
fn fewest_lines(chunks: &[Chunk], gutter: f32, size: f32) -> Option<usize> {
    let left = column_lines(chunks.iter().filter(|chunk| chunk.right <= gutter), size)?;
    let right = column_lines(chunks.iter().filter(|chunk| chunk.right > gutter), size)?;
    Some(left.min(right))
}

fn column_lines<'a>(chunks: impl Iterator<Item = &'a Chunk>, size: f32) -> Option<usize> {
    // Each line as (baseline, left, right).
    let mut lines: Vec<(f32, f32, f32)> = Vec::new();
    for chunk in chunks {
        match lines.last_mut() {
            Some((baseline, left, right)) if chunk.baseline - *baseline < 0.5 * size => {
                *left = left.min(chunk.left);
                *right = right.max(chunk.right);
            }
            _ => lines.push((chunk.baseline, chunk.left, chunk.right)),
        }
    }
    if lines.len() < LINES {
        return None;
    }
    let start = lines.iter().map(|line| line.1).fold(f32::MAX, f32::min);
    let end = lines.iter().map(|line| line.2).fold(f32::MIN, f32::max);
    let width = median(lines.iter().map(|line| line.2 - line.1))?;
    (width > NARROWEST * size && width > FILLED * (end - start)).then_some(lines.len())
}

fn median(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(left: f32, right: f32, row: usize) -> Chunk {
        Chunk {
            text: format!("{left}/{row}"),
            left,
            right,
            baseline: 12.0 * row as f32,
            size: 10.0,
        }
    }

    fn order(mut chunks: Vec<Chunk>) -> Vec<Vec<String>> {
        chunks.sort_by(|a, b| {
            a.baseline
                .total_cmp(&b.baseline)
                .then(a.left.total_cmp(&b.left))
        });
        split(chunks)
            .into_iter()
            .map(|part| part.chunks.into_iter().map(|chunk| chunk.text).collect())
            .collect()
    }

    fn prose(left: f32, right: f32, rows: std::ops::Range<usize>) -> Vec<Chunk> {
        rows.map(|row| chunk(left, right - (row % 3) as f32 * 8.0, row))
            .collect()
    }

    #[test]
    fn three_columns_below_a_title_and_above_a_page_number() {
        let chunks = [
            vec![chunk(0.0, 500.0, 0)],
            prose(0.0, 150.0, 2..20),
            prose(170.0, 320.0, 2..20),
            prose(340.0, 490.0, 2..12),
            vec![chunk(480.0, 500.0, 25)],
        ];
        let parts = order(chunks.concat());
        let firsts: Vec<_> = parts
            .iter()
            .map(|part| (part[0].as_str(), part.len()))
            .collect();
        assert_eq!(
            firsts,
            [
                ("0/0", 1),
                ("0/2", 18),
                ("170/2", 18),
                ("340/2", 10),
                ("480/25", 1)
            ]
        );
    }

    #[test]
    fn tables_lists_and_forms_are_read_across() {
        let table: Vec<_> = (0..12)
            .flat_map(|row| {
                let width = [30.0, 90.0, 140.0, 60.0][row % 4];
                [chunk(0.0, width, row), chunk(200.0, 200.0 + width, row)]
            })
            .collect();
        assert_eq!(order(table).len(), 1);
        let list: Vec<_> = (0..12)
            .flat_map(|row| [chunk(0.0, 5.0, row), chunk(20.0, 400.0, row)])
            .collect();
        assert_eq!(order(list).len(), 1);
    }
}
