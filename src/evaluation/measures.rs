//! The measures, by their usual names, each with a bootstrap interval.
//!
//! What is counted of one cluster (a consultation) adds up: drawing clusters anew is adding their
//! counts, and a measure is a function of one count.

use std::ops::AddAssign;

/// Draws of the bootstrap.
const DRAWS: usize = 1000;

/// A statistic, its 95 % percentile interval and its standard error, from the bootstrap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
    pub standard_error: f64,
}

/// Draws whole clusters with replacement. The same clusters give the same interval.
pub fn bootstrap<T>(clusters: &[T], statistic: impl Fn(&[&T]) -> f64) -> Estimate {
    let every: Vec<&T> = clusters.iter().collect();
    let value = statistic(&every);
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut values: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let draw: Vec<&T> = (0..clusters.len())
                .map(|_| &clusters[random.below(clusters.len())])
                .collect();
            statistic(&draw)
        })
        .filter(|value| value.is_finite())
        .collect();
    if values.is_empty() {
        return Estimate {
            value,
            low: f64::NAN,
            high: f64::NAN,
            standard_error: f64::NAN,
        };
    }
    values.sort_by(f64::total_cmp);
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / values.len() as f64;
    Estimate {
        value,
        low: quantile(&values, 0.025),
        high: quantile(&values, 0.975),
        standard_error: variance.sqrt(),
    }
}

/// Linear interpolation between the nearest two of sorted values.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (
        sorted[place.floor() as usize],
        sorted[place.ceil() as usize],
    );
    below + (above - below) * place.fract()
}

/// SplitMix64: the draws must be the same on every machine and in every release.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }
}

/// Gold labels against labels given: `cells[gold][given]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Confusion {
    pub cells: Vec<Vec<f64>>,
}

impl Confusion {
    pub fn new(classes: usize) -> Self {
        Self {
            cells: vec![vec![0.0; classes]; classes],
        }
    }

    pub fn add(&mut self, gold: usize, given: usize) {
        self.cells[gold][given] += 1.0;
    }

    pub fn total(&self) -> f64 {
        self.cells.iter().flatten().sum()
    }

    fn gold(&self, class: usize) -> f64 {
        self.cells[class].iter().sum()
    }

    fn given(&self, class: usize) -> f64 {
        self.cells.iter().map(|row| row[class]).sum()
    }

    /// Share of labels that are right.
    pub fn accuracy(&self) -> f64 {
        (0..self.cells.len()).map(|c| self.cells[c][c]).sum::<f64>() / self.total()
    }

    /// F1 of one class; 0 where nothing of it was found.
    pub fn f1(&self, class: usize) -> f64 {
        f1(
            self.cells[class][class],
            self.given(class) - self.cells[class][class],
            self.gold(class) - self.cells[class][class],
        )
    }

    /// The classes that are gold anywhere.
    pub fn occurring(&self) -> Vec<usize> {
        (0..self.cells.len())
            .filter(|&class| self.gold(class) > 0.0)
            .collect()
    }

    /// The unweighted mean of the F1 of `classes`. They are named so that every draw of a
    /// bootstrap averages over the same ones.
    pub fn macro_f1(&self, classes: &[usize]) -> f64 {
        classes.iter().map(|&class| self.f1(class)).sum::<f64>() / classes.len() as f64
    }

    /// Krippendorff's alpha for two coders and nominal labels without gaps; not a number where
    /// there is one label only, of which chance says nothing.
    pub fn alpha(&self) -> f64 {
        let units = self.total();
        let values = 2.0 * units;
        let chance: f64 = (0..self.cells.len())
            .map(|class| self.gold(class) + self.given(class))
            .map(|times| times * (times - 1.0))
            .sum();
        let expected = 1.0 - chance / (values * (values - 1.0));
        if expected == 0.0 {
            f64::NAN
        } else {
            1.0 - (1.0 - self.accuracy()) / expected
        }
    }
}

impl AddAssign<&Confusion> for Confusion {
    fn add_assign(&mut self, other: &Confusion) {
        for (row, added) in self.cells.iter_mut().zip(&other.cells) {
            for (cell, value) in row.iter_mut().zip(added) {
                *cell += value;
            }
        }
    }
}

/// What was found of what should have been.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Found {
    pub right: f64,
    pub wrong: f64,
    pub missed: f64,
}

impl Found {
    pub fn precision(&self) -> f64 {
        ratio(self.right, self.right + self.wrong)
    }

    pub fn recall(&self) -> f64 {
        ratio(self.right, self.right + self.missed)
    }

    pub fn f1(&self) -> f64 {
        f1(self.right, self.wrong, self.missed)
    }
}

impl AddAssign<&Found> for Found {
    fn add_assign(&mut self, other: &Found) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.missed += other.missed;
    }
}

fn f1(right: f64, wrong: f64, missed: f64) -> f64 {
    ratio(2.0 * right, 2.0 * right + wrong + missed)
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

/// A finding's score, and whether the finding is right.
pub type Scored = (f64, bool);

/// Expected calibration error in ten bins of equal width: how far the scores are from the share
/// that is right, weighted by the number of findings.
pub fn calibration_error(scored: &[Scored]) -> f64 {
    const BINS: usize = 10;
    let mut bins = [(0.0, 0.0); BINS];
    for &(score, right) in scored {
        let bin = ((score * BINS as f64) as usize).min(BINS - 1);
        bins[bin].0 += score;
        bins[bin].1 += f64::from(u8::from(right));
    }
    let gap: f64 = bins.iter().map(|(sum, right)| (sum - right).abs()).sum();
    gap / scored.len() as f64
}

/// The smallest share of findings that a person must review, lowest scores first, so that of
/// the rest at least `precision` are right; 1 where no threshold does it.
pub fn review_share(scored: &[Scored], precision: f64) -> f64 {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut right = 0.0;
    let mut kept = 0;
    for (index, &(score, is_right)) in sorted.iter().enumerate() {
        right += f64::from(u8::from(is_right));
        // A threshold cannot part findings that have the same score.
        let parts = sorted.get(index + 1).is_none_or(|next| next.0 < score);
        if parts && right / (index + 1) as f64 >= precision {
            kept = index + 1;
        }
    }
    1.0 - kept as f64 / sorted.len() as f64
}

/// F1 of the shared n-grams of words, each counted as often as it stands in both (ROUGE-N).
pub fn rouge_n(n: usize, given: &str, gold: &str) -> f64 {
    use std::collections::BTreeMap;
    let count = |text: &str| {
        let words = words(text);
        let mut counts: BTreeMap<Vec<String>, f64> = BTreeMap::new();
        for gram in words.windows(n) {
            *counts.entry(gram.to_vec()).or_default() += 1.0;
        }
        counts
    };
    let (given, gold) = (count(given), count(gold));
    let shared: f64 = given
        .iter()
        .map(|(gram, times)| times.min(gold.get(gram).copied().unwrap_or(0.0)))
        .sum();
    let all = |counts: &BTreeMap<Vec<String>, f64>| counts.values().sum::<f64>();
    f1(shared, all(&given) - shared, all(&gold) - shared)
}

/// F1 of the longest common subsequence of words (ROUGE-L).
pub fn rouge_l(given: &str, gold: &str) -> f64 {
    let (given, gold) = (words(given), words(gold));
    let mut row = vec![0_usize; gold.len() + 1];
    for word in &given {
        let mut diagonal = 0;
        for (index, other) in gold.iter().enumerate() {
            let above = row[index + 1];
            row[index + 1] = if word == other {
                diagonal + 1
            } else {
                above.max(row[index])
            };
            diagonal = above;
        }
    }
    let common = row[gold.len()] as f64;
    f1(
        common,
        given.len() as f64 - common,
        gold.len() as f64 - common,
    )
}

fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-9
    }

    /// Krippendorff's own example of two coders and binary data (2011, section A): alpha 0.095.
    #[test]
    fn alpha_of_a_published_example() {
        let first = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0];
        let second = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0];
        let mut confusion = Confusion::new(2);
        for (gold, given) in first.into_iter().zip(second) {
            confusion.add(gold, given);
        }
        assert!(
            (confusion.alpha() - 0.095).abs() < 0.001,
            "{}",
            confusion.alpha()
        );
    }

    #[test]
    fn macro_f1_is_the_mean_of_the_classes() {
        let mut confusion = Confusion::new(3);
        for (gold, given) in [(0, 0), (0, 0), (0, 1), (1, 1)] {
            confusion.add(gold, given);
        }
        assert!(close(confusion.f1(0), 0.8));
        assert!(close(confusion.f1(1), 2.0 / 3.0));
        assert_eq!(confusion.occurring(), [0, 1]);
        assert!(close(confusion.macro_f1(&[0, 1]), (0.8 + 2.0 / 3.0) / 2.0));
        assert!(close(confusion.accuracy(), 0.75));
    }

    #[test]
    fn calibration_is_the_distance_of_score_and_share() {
        let scored = [(0.9, true), (0.9, false), (0.1, false), (0.1, false)];
        assert!(close(calibration_error(&scored), 0.25));
    }

    #[test]
    fn what_must_be_reviewed_for_a_precision() {
        let scored = [
            (0.9, true),
            (0.8, true),
            (0.7, false),
            (0.6, true),
            (0.5, false),
        ];
        assert!(close(review_share(&scored, 1.0), 0.6));
        assert!(close(review_share(&scored, 0.75), 0.2));
        assert!(close(review_share(&[(0.9, true), (0.9, false)], 1.0), 1.0));
    }

    #[test]
    fn rouge_counts_shared_words_and_their_order() {
        assert!(close(
            rouge_n(
                1,
                "Regionen stöder förslaget",
                "regionen stöder inte förslaget"
            ),
            6.0 / 7.0
        ));
        assert!(close(rouge_n(2, "a b c", "b c d"), 0.5));
        assert!(close(rouge_l("a b c d", "a c b d"), 0.75));
        assert!(close(rouge_l("", "a"), 0.0));
    }

    #[test]
    fn the_bootstrap_repeats_itself_and_covers_the_value() {
        let clusters: Vec<f64> = (0..40).map(f64::from).collect();
        let mean = |draw: &[&f64]| draw.iter().copied().sum::<f64>() / draw.len() as f64;
        let estimate = bootstrap(&clusters, mean);
        assert_eq!(estimate, bootstrap(&clusters, mean));
        assert!(close(estimate.value, 19.5));
        assert!(estimate.low < 19.5 && 19.5 < estimate.high);
        // The standard error of this mean is 11.54 / sqrt(40) = 1.83.
        assert!((1.6..2.1).contains(&estimate.standard_error));
    }
}
