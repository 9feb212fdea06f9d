//! What a user would get without a judge: the first sentences, and TextRank.

use std::collections::{BTreeMap, BTreeSet};

/// Share of a node's rank that its neighbours give it (Mihalcea and Tarau 2004).
const DAMPING: f64 = 0.85;

/// Rounds after which the ranks no longer change by anything that matters.
const ROUNDS: usize = 50;

/// The first `room` sentences.
pub(super) fn first(sentences: &[&str], room: usize) -> Vec<usize> {
    (0..room.min(sentences.len())).collect()
}

/// The `room` sentences that share most words with the others, in source order.
///
/// TextRank (Mihalcea and Tarau 2004): two sentences are linked by the number of words that they
/// share over the sum of the logarithms of their lengths, and PageRank orders them.
pub(super) fn text_rank(sentences: &[&str], room: usize) -> Vec<usize> {
    let words: Vec<BTreeSet<String>> = sentences.iter().map(|text| words(text)).collect();
    let count = sentences.len();
    let mut links = vec![vec![0.0; count]; count];
    for left in 0..count {
        for right in 0..left {
            let shared = words[left].intersection(&words[right]).count() as f64;
            let lengths =
                (words[left].len().max(1) as f64).ln() + (words[right].len().max(1) as f64).ln();
            if shared > 0.0 && lengths > 0.0 {
                links[left][right] = shared / lengths;
                links[right][left] = shared / lengths;
            }
        }
    }
    let totals: Vec<f64> = links.iter().map(|row| row.iter().sum()).collect();
    let mut ranks = vec![1.0; count];
    for _ in 0..ROUNDS {
        ranks = (0..count)
            .map(|node| {
                let given: f64 = (0..count)
                    .filter(|&other| links[other][node] > 0.0)
                    .map(|other| links[other][node] / totals[other] * ranks[other])
                    .sum();
                (1.0 - DAMPING) + DAMPING * given
            })
            .collect();
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| ranks[b].total_cmp(&ranks[a]).then(a.cmp(&b)));
    let mut chosen: Vec<usize> = order.into_iter().take(room).collect();
    chosen.sort_unstable();
    chosen
}

/// The longer words of a sentence; the short ones link everything with everything.
fn words(text: &str) -> BTreeSet<String> {
    const SHORTEST: usize = 4;
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() >= SHORTEST)
        .map(str::to_owned)
        .collect()
}

/// How often each sentence was chosen by both, by one, by the other.
pub(super) fn overlap(chosen: &[usize], gold: &[usize]) -> super::measures::Found {
    let mut seen: BTreeMap<usize, (bool, bool)> = BTreeMap::new();
    for &index in chosen {
        seen.entry(index).or_default().0 = true;
    }
    for &index in gold {
        seen.entry(index).or_default().1 = true;
    }
    let count = |wanted: (bool, bool)| seen.values().filter(|&&both| both == wanted).count() as f64;
    super::measures::Found {
        right: count((true, true)),
        wrong: count((true, false)),
        missed: count((false, true)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_that_the_others_repeat_ranks_first() {
        let sentences = [
            "Vädret var vackert den dagen.",
            "Regionen avstyrker förslaget om patientavgifter.",
            "Det drabbar äldre ekonomiskt.",
            "Höga patientavgifter drabbar sjuka, enligt förslaget.",
        ];
        assert_eq!(text_rank(&sentences, 1), [3]);
        assert_eq!(text_rank(&sentences, 9).len(), 4);
        assert_eq!(first(&sentences, 2), [0, 1]);
        assert!(text_rank(&[], 3).is_empty());
    }

    #[test]
    fn overlap_counts_each_sentence_once() {
        let found = overlap(&[1, 2, 3], &[2, 3, 4, 5]);
        assert_eq!((found.right, found.wrong, found.missed), (2.0, 1.0, 2.0));
    }
}
