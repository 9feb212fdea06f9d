//! What is said while a run goes on, on standard error.

use super::super::Common;
use crate::Language;
use crate::report;
use crate::run::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::Write;
use std::path::Path;

/// Says how far the run has come, on standard error.
pub(super) struct Teller {
    language: Language,
    quiet: bool,
    bar: ProgressBar,
}

impl Teller {
    pub(super) fn new(common: &Common) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        Self {
            language: common.language,
            quiet: common.quiet,
            bar,
        }
    }

    /// Reading a language model takes from seconds to minutes.
    pub(super) fn loads(&self, model: &Path) {
        if !self.quiet {
            let what =
                (self.language).choose("läser in språkmodellen", "reading the language model");
            complain(&format!("{what} {}", model.display()));
        }
    }

    pub(super) fn tell(&mut self, progress: &Progress) {
        if self.quiet {
            return;
        }
        let say = |swedish, english| self.language.choose(swedish, english);
        match progress {
            Progress::Begins {
                responses,
                already_done,
                passed_over,
            } => {
                for file in *passed_over {
                    let what = say("hoppas över", "passed over");
                    let why = file.reason.in_words(self.language);
                    complain(&format!("{what}: {} ({why})", file.path.display()));
                }
                if *already_done > 0 {
                    let what = say("fortsätter; redan klara", "going on; already done");
                    complain(&format!("{what}: {already_done}"));
                }
                self.bar = bar(responses - already_done, self.language);
            }
            Progress::Changed { source } => {
                let what = say(
                    "har ändrats sedan den analyserades och analyseras på nytt",
                    "has changed since it was analysed and is analysed anew",
                );
                complain(&format!("{source} {what}"));
            }
            Progress::Gone { id } => {
                let what = say(
                    "finns inte längre bland indata och utelämnas ur resultatet",
                    "is no longer among the inputs and is left out of the results",
                );
                complain(&format!("{id} {what}"));
            }
            Progress::Finished { source, error } => {
                if let Some(error) = error {
                    let what = say("kunde inte analyseras", "could not be analysed");
                    let why = report::failure_in_words(error, self.language);
                    let line = format!("{source} {what}: {why}");
                    self.bar.suspend(|| complain(&line));
                }
                self.bar.inc(1);
            }
            Progress::Writing => self
                .bar
                .set_message(say("skriver rapport", "writing the report")),
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// One line on standard error, which may have been closed: that is no reason to stop.
fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn bar(length: usize, language: Language) -> ProgressBar {
    let left = language.choose("återstår", "left");
    let template = format!("{{bar:30}} {{pos}}/{{len}}  {left} {{eta}}  {{msg}}");
    ProgressBar::new(length as u64).with_style(
        ProgressStyle::with_template(&template).expect("the template is checked by every run"),
    )
}
