//! Figures as text: one block for each measure, one line for each system.

use super::measures::Estimate;
use std::fmt;

/// One measure of several systems.
pub(super) struct Block {
    pub title: String,
    pub lines: Vec<Line>,
}

/// One system's figure.
pub(super) struct Line {
    pub system: String,
    pub estimate: Estimate,
    /// How far the judge is ahead of this system; more is better, whatever the measure.
    pub judge_ahead: Option<Estimate>,
}

/// The text of a figure and its interval.
pub(super) fn with_interval(estimate: &Estimate) -> String {
    format!(
        "{:.3} [{:.3}, {:.3}]",
        estimate.value, estimate.low, estimate.high
    )
}

impl fmt::Display for Block {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        writeln!(out, "{}", self.title)?;
        for line in &self.lines {
            write!(
                out,
                "  {:22} {}",
                line.system,
                with_interval(&line.estimate)
            )?;
            if let Some(ahead) = &line.judge_ahead {
                write!(
                    out,
                    "   judge ahead by {:+.3} [{:+.3}, {:+.3}]",
                    ahead.value, ahead.low, ahead.high
                )?;
                // One cluster has no spread.
                if ahead.standard_error > 0.0 {
                    let errors = ahead.value / ahead.standard_error;
                    write!(out, ", {errors:.1} standard errors")?;
                }
            }
            writeln!(out)?;
        }
        Ok(())
    }
}
