//! The figures of whole responses, as they are printed.

use super::measures::{bootstrap, calibration_error, review_share};
use super::responses::{Count, Kind, ResponseFigures};
use super::table::{Block, Line};
use crate::codebook::Stance;
use std::fmt;

/// A precision that users ask for; the table says what it costs in reviews.
const WANTED_PRECISION: f64 = 0.95;

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Kind::Judge => out.write_str("judge"),
            Kind::Part(part) => write!(out, "{} alone", part.key()),
            Kind::Majority => out.write_str("majority"),
            Kind::FirstSentences => out.write_str("first sentences"),
            Kind::TextRank => out.write_str("TextRank"),
        }
    }
}

/// A statistic of added counts, and the classes it averages over where it does.
struct Measure {
    title: &'static str,
    of: fn(&Count, &Classes) -> f64,
    lower_is_better: bool,
    compared: Compared,
}

/// The classes that are gold in all the data.
struct Classes {
    stances: Vec<usize>,
    sentences: Vec<usize>,
}

/// With what the judge is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compared {
    Nothing,
    Parts,
    PartsAndMajority,
    Summaries,
}

impl Compared {
    fn shows(self, kind: Kind) -> bool {
        match kind {
            Kind::Judge => true,
            Kind::Part(_) => matches!(self, Compared::Parts | Compared::PartsAndMajority),
            Kind::Majority => self == Compared::PartsAndMajority,
            Kind::FirstSentences | Kind::TextRank => self == Compared::Summaries,
        }
    }
}

const fn measure(
    title: &'static str,
    compared: Compared,
    of: fn(&Count, &Classes) -> f64,
) -> Measure {
    Measure {
        title,
        of,
        lower_is_better: false,
        compared,
    }
}

const fn cost(title: &'static str, compared: Compared, of: fn(&Count, &Classes) -> f64) -> Measure {
    Measure {
        title,
        of,
        lower_is_better: true,
        compared,
    }
}

const MEASURES: [Measure; 15] = [
    measure(
        "Stance on a theme, six labels: macro-F1",
        Compared::PartsAndMajority,
        |c, classes| c.stances.macro_f1(&classes.stances),
    ),
    measure(
        "Stance on a theme: Krippendorff's alpha",
        Compared::PartsAndMajority,
        |c, _| c.stances.alpha(),
    ),
    measure(
        "Stance on a theme: accuracy",
        Compared::PartsAndMajority,
        |c, _| c.stances.accuracy(),
    ),
    cost(
        "Expected calibration error (drawn anew it is larger)",
        Compared::Parts,
        |c, _| calibration_error(&c.scored),
    ),
    measure(
        "Findings above the review threshold: precision",
        Compared::Nothing,
        |c, _| c.above.precision(),
    ),
    cost(
        "Findings below the review threshold: share",
        Compared::Nothing,
        |c, _| 1.0 - (c.above.right + c.above.wrong) / c.scored.len() as f64,
    ),
    cost(
        "To review for 95 % precision, with the best threshold for these findings: share",
        Compared::Parts,
        |c, _| review_share(&c.scored, WANTED_PRECISION),
    ),
    measure(
        "Sentence on a theme (for, against, conditional, none): macro-F1",
        Compared::PartsAndMajority,
        |c, classes| c.sentences.macro_f1(&classes.sentences),
    ),
    measure("Evidence: precision", Compared::Parts, |c, _| {
        c.evidence.precision()
    }),
    measure("Evidence: recall", Compared::Parts, |c, _| {
        c.evidence.recall()
    }),
    measure("Evidence: F1", Compared::Parts, |c, _| c.evidence.f1()),
    measure(
        "Summary, salient sentences: F1",
        Compared::Summaries,
        |c, _| c.summaries.f1(),
    ),
    measure("Summary: ROUGE-1", Compared::Summaries, |c, _| {
        c.rouge[0] / c.responses
    }),
    measure("Summary: ROUGE-2", Compared::Summaries, |c, _| {
        c.rouge[1] / c.responses
    }),
    measure("Summary: ROUGE-L", Compared::Summaries, |c, _| {
        c.rouge[2] / c.responses
    }),
];

impl ResponseFigures {
    fn block(&self, measure: &Measure, classes: &Classes) -> Block {
        let of = |draw: &[&Count]| (measure.of)(&Count::total(draw), classes);
        let sign = if measure.lower_is_better { -1.0 } else { 1.0 };
        let judge = &self.systems[0];
        let lines = self
            .systems
            .iter()
            .filter(|system| measure.compared.shows(system.kind))
            .map(|system| {
                let pairs: Vec<(&Count, &Count)> =
                    judge.counts.iter().zip(&system.counts).collect();
                Line {
                    system: system.kind.to_string(),
                    estimate: bootstrap(&system.counts, of),
                    // On the same draws.
                    judge_ahead: (system.kind != Kind::Judge).then(|| {
                        bootstrap(&pairs, |draw| {
                            let ours: Vec<&Count> = draw.iter().map(|pair| pair.0).collect();
                            let theirs: Vec<&Count> = draw.iter().map(|pair| pair.1).collect();
                            sign * (of(&ours) - of(&theirs))
                        })
                    }),
                }
            })
            .collect();
        Block {
            title: measure.title.to_owned(),
            lines,
        }
    }
}

impl fmt::Display for ResponseFigures {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        writeln!(
            out,
            "{} consultations, {} responses, {} stances, {} labelled sentence-theme pairs",
            self.consultations, self.responses, self.findings, self.pairs
        )?;
        writeln!(out, "95 % intervals from drawing consultations\n")?;
        let total = Count::total(&self.systems[0].counts.iter().collect::<Vec<_>>());
        let classes = Classes {
            stances: total.stances.occurring(),
            sentences: total.sentences.occurring(),
        };
        for measure in &MEASURES {
            writeln!(out, "{}", self.block(measure, &classes))?;
        }
        writeln!(out, "Stances: rows are gold, columns what the judge says")?;
        write!(out, "{:28}", "")?;
        for stance in Stance::ALL {
            write!(
                out,
                "{:>15}",
                stance.key().replace("supports_with_", "with_")
            )?;
        }
        writeln!(out, "{:>8}", "F1")?;
        for (index, stance) in Stance::ALL.into_iter().enumerate() {
            write!(out, "  {:26}", stance.key())?;
            for cell in &total.stances.cells[index] {
                write!(out, "{cell:>15}")?;
            }
            writeln!(out, "{:>8.3}", total.stances.f1(index))?;
        }
        Ok(())
    }
}
