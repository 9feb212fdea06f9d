//! What is said when a run has ended, on standard output.

use crate::Language;
use crate::codebook::{Codebook, Stance};
use crate::report;
use crate::run::Outcome;
use anyhow::Context;
use std::io::Write;
use std::path::Path;

/// The short table that ends a run.
pub(super) fn print(
    outcome: &Outcome,
    codebook: &Codebook,
    language: Language,
    report: &Path,
) -> anyhow::Result<()> {
    let say = |swedish, english| language.choose(swedish, english);
    let mut out = std::io::stdout().lock();
    let totals = outcome.manifest.totals;
    writeln!(
        out,
        "{}: {}   {}: {}   {}: {}",
        say("Remissvar", "Responses"),
        totals.responses,
        say("analyserade", "analysed"),
        totals.analysed,
        say("ej analyserade", "failed"),
        totals.failed
    )?;
    if outcome.abstaining > 0 {
        let what = say("avstår från att yttra sig", "abstain");
        writeln!(out, "{} {what}", outcome.abstaining)?;
    }
    writeln!(out)?;
    let columns: Vec<&str> = Stance::ALL
        .iter()
        .map(|stance| stance.label(language))
        .collect();
    let names: Vec<&str> = codebook
        .themes
        .iter()
        .map(|theme| theme.in_language(language).name.as_str())
        .collect();
    let widest = names
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(0);
    writeln!(
        out,
        "{:widest$}  {}",
        say("Tema", "Theme"),
        columns.join("  ")
    )?;
    for (name, (_, counts)) in names.iter().zip(&outcome.counts) {
        write!(out, "{name:widest$}")?;
        for (stance, column) in Stance::ALL.iter().zip(&columns) {
            let count = counts.get(stance).copied().unwrap_or(0);
            let shown = if count == 0 {
                "–".to_owned()
            } else {
                count.to_string()
            };
            write!(out, "  {shown:>width$}", width = column.chars().count())?;
        }
        writeln!(out)?;
    }
    writeln!(out)?;
    if outcome.to_review > 0 {
        let what = match outcome.to_review {
            1 => say(
                "ställningstagande bör granskas",
                "stance should be reviewed",
            ),
            _ => say(
                "ställningstaganden bör granskas",
                "stances should be reviewed",
            ),
        };
        writeln!(out, "{} {what}", outcome.to_review)?;
    }
    for (count, one, several) in [
        (
            totals.unsupported_points,
            say(
                "sammanfattningspunkt saknar stöd i källtexten och är märkt",
                "summary point has no support in the source and is marked",
            ),
            say(
                "sammanfattningspunkter saknar stöd i källtexten och är märkta",
                "summary points have no support in the source and are marked",
            ),
        ),
        (
            totals.dropped_points,
            say(
                "sammanfattningspunkt utan stöd i källtexten har utelämnats",
                "summary point without support in the source was left out",
            ),
            say(
                "sammanfattningspunkter utan stöd i källtexten har utelämnats",
                "summary points without support in the source were left out",
            ),
        ),
    ] {
        match count {
            0 => {}
            1 => writeln!(out, "1 {one}")?,
            _ => writeln!(out, "{count} {several}")?,
        }
    }
    for (source, reason) in &outcome.failures {
        let what = say("kunde inte analyseras", "could not be analysed");
        let why = report::failure_in_words(reason, language);
        writeln!(out, "{source} {what}: {why}")?;
    }
    writeln!(out, "{}: {}", say("Rapport", "Report"), report.display())
        .context("the result cannot be printed")?;
    Ok(())
}
