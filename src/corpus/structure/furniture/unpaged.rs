//! Page numbers of text whose page breaks are lost: alone between blank lines, with running
//! heads next to them.

use super::super::lines::Line;
use super::{is_page_number, is_statement};
use regex::Regex;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Numbers that count along stand at least this many lines apart.
const PAGE_APART: usize = 15;

static FRACTION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(\d{1,3})\s*/\s*(\d{1,3})$").expect("valid pattern"));
static NUMBERED_HEAD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\S.{0,98}\s(\d{1,3})\s?\((\d{1,3})\)$").expect("valid pattern"));

pub(super) fn mark(text: &str, lines: &[Line], marked: &mut [bool]) {
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
