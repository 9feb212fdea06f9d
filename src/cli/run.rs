//! `remiss run INPUT…`

use super::Common;
use crate::Language;
use crate::analysis::Judge;
use crate::codebook::{Codebook, Stance};
use crate::inference::{self, DeviceChoice, Encoder, ModelFiles};
use crate::report::{self, PassedOver, RunFacts};
use crate::run::{self, Manifest, Order, Outcome, Progress};
use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Analyse responses and write a report
///
/// Reads every response in the files and folders given, summarises it, classifies its stance on
/// each theme of the codebook, and writes a run directory with report.html, report.xlsx,
/// stances.csv and results.jsonl. A run that was stopped goes on where it was: give the same
/// command again. README files, .toml files and hidden files in a folder are passed over.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Responses, or folders of responses (txt, md, html, pdf, docx, odt)
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// The themes to sort by [default: themes.toml beside the inputs]
    #[arg(long, value_name = "FILE")]
    codebook: Option<PathBuf>,
    /// `embedded`, or a folder with an encoder (config.json, tokenizer.json, model.safetensors)
    #[arg(long, default_value = "embedded", value_name = "MODEL")]
    model: String,
    /// Where to write
    #[arg(long, default_value = "remiss-run", value_name = "DIR")]
    out: PathBuf,
    /// Where to compute
    #[arg(long, value_enum, default_value_t)]
    device: DeviceChoice,
    /// Responses analysed at the same time [default: one for each processor]
    #[arg(long, value_name = "N")]
    threads: Option<std::num::NonZeroUsize>,
    /// Tokens computed together: fewer need less memory, the results are the same
    #[arg(long, default_value_t = inference::BATCH_TOKENS, value_name = "N")]
    batch_tokens: std::num::NonZeroUsize,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> anyhow::Result<ExitCode> {
    let codebook_path = match &arguments.codebook {
        Some(path) => path.clone(),
        None => codebook_beside(&arguments.inputs)?,
    };
    let codebook = Codebook::read(&codebook_path)?;
    let device = inference::open_device(arguments.device)?;
    let order = Order {
        inputs: arguments.inputs.clone(),
        codebook: codebook_path,
        out: arguments.out.clone(),
        threads: threads(arguments),
        batch_tokens: arguments.batch_tokens.get(),
        device: inference::device_name(&device).to_owned(),
        command: std::env::args_os()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect(),
    };
    let encoder = Encoder::load(&model_files(&arguments.model)?, &device)?
        .with_batch_tokens(arguments.batch_tokens);
    let judge = Judge::embedded(encoder);

    let mut teller = Teller::new(common);
    let outcome = run::execute(&order, &judge, &codebook, |progress| teller.tell(&progress))?;
    let facts = facts(&outcome.manifest, common.language);
    let reports = report::write(&order.out, &codebook, &facts, common.language)?;
    teller.finish();
    if !common.quiet {
        match print(&outcome, &codebook, common.language, &reports.html) {
            // Who stopped reading still gets the right exit status.
            Err(error) if super::is_broken_pipe(&error) => {}
            printed => printed?,
        }
    }
    Ok(if outcome.failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}

fn threads(arguments: &Arguments) -> usize {
    arguments
        .threads
        .or_else(|| std::thread::available_parallelism().ok())
        .map_or(1, std::num::NonZeroUsize::get)
}

/// The `themes.toml` in a folder that was given, or in the folder of a file that was given.
fn codebook_beside(inputs: &[PathBuf]) -> anyhow::Result<PathBuf> {
    if let Some(missing) = inputs.iter().find(|input| !input.exists()) {
        bail!("`{}` does not exist", missing.display());
    }
    let beside = |input: &PathBuf| {
        let folder = if input.is_dir() {
            input.as_path()
        } else {
            input.parent().unwrap_or(Path::new("."))
        };
        let path = folder.join("themes.toml");
        path.is_file().then_some(path)
    };
    let mut found: Vec<PathBuf> = inputs.iter().filter_map(beside).collect();
    found.sort();
    found.dedup();
    match found.as_slice() {
        [path] => Ok(path.clone()),
        [] => bail!(
            "there is no themes.toml beside the inputs\n  hint: name the codebook with --codebook FILE"
        ),
        [first, second, ..] => bail!(
            "there is more than one codebook beside the inputs: `{}` and `{}`\n  hint: choose with --codebook FILE",
            first.display(),
            second.display()
        ),
    }
}

pub(super) fn model_files(model: &str) -> anyhow::Result<ModelFiles> {
    if model == "embedded" {
        return Ok(ModelFiles::embedded());
    }
    let folder = Path::new(model);
    if !folder.is_dir() {
        bail!(
            "there is no model folder `{model}`\n  hint: leave out --model to use the embedded model"
        );
    }
    Ok(ModelFiles::from_folder(folder)?)
}

/// What the report states about how the run was made.
fn facts(manifest: &Manifest, language: Language) -> RunFacts {
    let fingerprint = &manifest.fingerprint;
    RunFacts {
        version: fingerprint.version.clone(),
        command: manifest.command.join(" "),
        model: fingerprint.model.name.clone(),
        model_sha256: fingerprint.model.weights_sha256.clone(),
        device: fingerprint.device.clone(),
        started: for_people(&manifest.start),
        ended: manifest.end.as_deref().map(for_people).unwrap_or_default(),
        responses: manifest.totals.responses,
        passed_over: manifest
            .passed_over
            .iter()
            .map(|file| PassedOver {
                source: file.path.clone(),
                reason: file.reason.in_words(language),
            })
            .collect(),
    }
}

/// `2026-03-01 14:05 UTC`; the time as it stands where it is none.
fn for_people(time: &str) -> String {
    time.parse::<jiff::Timestamp>().map_or_else(
        |_| time.to_owned(),
        |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

/// Says how far the run has come, on standard error.
struct Teller {
    language: Language,
    quiet: bool,
    bar: ProgressBar,
}

impl Teller {
    fn new(common: &Common) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        Self {
            language: common.language,
            quiet: common.quiet,
            bar,
        }
    }

    fn tell(&mut self, progress: &Progress) {
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

    fn finish(&self) {
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

/// The short table that ends a run.
fn print(
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
    for (source, reason) in &outcome.failures {
        let what = say("kunde inte analyseras", "could not be analysed");
        let why = report::failure_in_words(reason, language);
        writeln!(out, "{source} {what}: {why}")?;
    }
    writeln!(out, "{}: {}", say("Rapport", "Report"), report.display())
        .context("the result cannot be printed")?;
    Ok(())
}
