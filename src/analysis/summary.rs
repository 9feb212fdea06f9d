//! The extractive summary: which sentences to keep.

use super::finding::{Evidence, PointKind, SummaryPoint};
use super::fusion::PairJudgement;
use super::topic::Grams;
use crate::corpus::Response;

/// One sentence in this many is kept…
const ONE_IN: usize = 5;
/// …but not fewer than this, if there are so many,
const FEWEST: usize = 3;
/// and not more than this.
const MOST: usize = 12;

/// Two sentences that share more than this of their letters say the same.
const SAME: f32 = 0.55;

/// What a sentence gains by being the first to speak of a theme.
const NEW_THEME: f32 = 0.35;

/// What a sentence gains by stating a position on a theme.
const POSITION: f32 = 0.5;

/// The sentences that carry the response's positions and reasons, in source order. `salience` is
/// the probability of each sentence that it belongs here.
///
/// Chosen one at a time: the most salient first, with a gain for stating a position and for a
/// theme that no chosen sentence speaks of yet; a sentence that repeats a chosen one is left out.
pub(super) fn extract(
    response: &Response,
    salience: &[f32],
    judgements: &[Vec<PairJudgement>],
) -> Vec<SummaryPoint> {
    let sentences = &response.sentences;
    let room = (sentences.len() / ONE_IN)
        .clamp(FEWEST, MOST)
        .min(sentences.len());
    let worth: Vec<f32> = (0..sentences.len())
        .map(|index| {
            let position = judgements
                .iter()
                .map(|theme| theme[index].weight())
                .fold(0.0, f32::max);
            salience[index] + POSITION * position
        })
        .collect();
    let grams: Vec<Grams> = sentences
        .iter()
        .map(|sentence| Grams::of(&sentence.text.to_lowercase()))
        .collect();
    let mut covered = vec![false; judgements.len()];
    let mut chosen: Vec<usize> = Vec::with_capacity(room);
    let mut left: Vec<usize> = (0..sentences.len()).collect();
    while chosen.len() < room && !left.is_empty() {
        let gain = |index: usize| {
            let new = (0..judgements.len())
                .filter(|&theme| !covered[theme])
                .map(|theme| judgements[theme][index].weight())
                .fold(0.0, f32::max);
            worth[index] + NEW_THEME * new
        };
        let best = left
            .iter()
            .copied()
            .max_by(|&a, &b| gain(a).total_cmp(&gain(b)).then(b.cmp(&a)))
            .expect("there are sentences left");
        left.retain(|&index| index != best && grams[index].similarity(&grams[best]) < SAME);
        for (theme, judged) in judgements.iter().enumerate() {
            covered[theme] |= judged[best].weight() > 0.5;
        }
        chosen.push(best);
    }
    chosen.sort_unstable();
    chosen
        .into_iter()
        .map(|index| SummaryPoint {
            text: sentences[index].text.clone(),
            kind: PointKind::Extract,
            evidence: vec![Evidence::cite(&sentences[index], &response.text)],
            similarity: None,
            support: None,
            flags: Vec::new(),
        })
        .collect()
}
