//! Compares the results of a run with gold labels and prints how far they agree.
//!
//! `cargo run --release --example gold_agreement -- remiss-run/results.jsonl seeds/gold.toml`
//!
//! Evidence and summary are compared as sets of sentences: one counts as found when the run
//! quotes a sentence that both readers named, and as wrong when neither of them named it.

use anyhow::{Context, Result, bail};
use remiss::codebook::Stance;
use remiss::run::{Record, ResultRecord};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
struct Gold {
    response: Vec<GoldResponse>,
}

#[derive(Deserialize)]
struct GoldResponse {
    source: String,
    overall: Stance,
    abstains: bool,
    salient: Vec<String>,
    #[serde(default)]
    salient_either: Vec<String>,
    stance: Vec<GoldStance>,
}

#[derive(Deserialize)]
struct GoldStance {
    theme: String,
    stance: Stance,
    #[serde(default)]
    evidence: Vec<String>,
    #[serde(default)]
    evidence_either: Vec<String>,
}

/// Sentences found, missed and named by nobody.
#[derive(Default)]
struct Overlap {
    found: usize,
    missed: usize,
    wrong: usize,
}

impl Overlap {
    fn count<'a>(
        &mut self,
        ours: impl IntoIterator<Item = &'a str>,
        both: &[String],
        either: &[String],
    ) {
        let ours: BTreeSet<String> = ours.into_iter().map(plain).collect();
        let both: BTreeSet<String> = both.iter().map(|text| plain(text)).collect();
        let either: BTreeSet<String> = either.iter().map(|text| plain(text)).collect();
        self.found += both.intersection(&ours).count();
        self.missed += both.difference(&ours).count();
        self.wrong += ours
            .difference(&both)
            .filter(|text| !either.contains(*text))
            .count();
    }

    fn print(&self, name: &str) {
        let share = |part: usize, of: usize| part as f64 / of.max(1) as f64;
        println!(
            "{name}: precision {:.2}, recall {:.2} ({} found, {} missed, {} that no reader named)",
            share(self.found, self.found + self.wrong),
            share(self.found, self.found + self.missed),
            self.found,
            self.missed,
            self.wrong
        );
    }
}

fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [results, gold] = arguments.as_slice() else {
        bail!("give the results and the gold labels: RESULTS.jsonl GOLD.toml");
    };
    let lines =
        std::fs::read_to_string(results).with_context(|| format!("cannot read {results}"))?;
    let records = lines
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<Vec<Record>, _>>()
        .with_context(|| format!("cannot read {results}"))?;
    let gold: Gold = toml::from_str(
        &std::fs::read_to_string(gold).with_context(|| format!("cannot read {gold}"))?,
    )?;

    let (mut evidence, mut summary) = (Overlap::default(), Overlap::default());
    let mut pairs = Vec::new();
    for response in &gold.response {
        let result: &ResultRecord = records
            .iter()
            .find_map(|record| match record {
                Record::Result(result) if result.source.ends_with(&response.source) => {
                    Some(&**result)
                }
                _ => None,
            })
            .with_context(|| format!("{results} has no result for {}", response.source))?;
        println!(
            "{}\n  overall: {} (gold {}), abstains: {} (gold {})",
            response.source,
            result.overall.key(),
            response.overall.key(),
            result.abstains,
            response.abstains
        );
        for expected in &response.stance {
            let finding = result
                .stances
                .iter()
                .find(|finding| finding.theme == expected.theme)
                .with_context(|| format!("{results} has no theme {}", expected.theme))?;
            let mark = if finding.stance == expected.stance {
                ' '
            } else {
                '≠'
            };
            println!(
                "  {mark} {:24} {:28} gold {:28} {:.2}{}",
                expected.theme,
                finding.stance.key(),
                expected.stance.key(),
                finding.score,
                if finding.flags.is_empty() {
                    ""
                } else {
                    "  for review"
                }
            );
            pairs.push((finding.stance, expected.stance));
            evidence.count(
                finding
                    .evidence
                    .iter()
                    .map(|evidence| evidence.quote.as_str()),
                &expected.evidence,
                &expected.evidence_either,
            );
        }
        summary.count(
            result.summary.iter().map(|point| point.text.as_str()),
            &response.salient,
            &response.salient_either,
        );
    }
    let equal = pairs.iter().filter(|(ours, theirs)| ours == theirs).count();
    println!(
        "stances: {equal} of {} equal, Krippendorff's alpha {:.2}",
        pairs.len(),
        alpha(&pairs)
    );
    evidence.print("evidence");
    summary.print("summary");
    Ok(())
}

/// Krippendorff's alpha for nominal labels, two coders, nothing missing.
fn alpha(pairs: &[(Stance, Stance)]) -> f64 {
    let values: Vec<Stance> = pairs.iter().flat_map(|&(a, b)| [a, b]).collect();
    let n = values.len() as f64;
    let same: f64 = Stance::ALL
        .iter()
        .map(|stance| values.iter().filter(|value| *value == stance).count() as f64)
        .map(|count| count * (count - 1.0))
        .sum();
    let expected = 1.0 - same / (n * (n - 1.0));
    let observed = pairs.iter().filter(|(a, b)| a != b).count() as f64 / pairs.len() as f64;
    if expected == 0.0 {
        1.0
    } else {
        1.0 - observed / expected
    }
}
