//! `remiss run INPUT…`

mod table;
mod teller;

use super::Common;
use crate::Language;
use crate::analysis::{Analyst, Judge, Prompts};
use crate::codebook::Codebook;
use crate::inference::{self, DeviceChoice, Encoder, LanguageModel, ModelFiles};
use crate::report::{self, LanguageModelFacts, PassedOver, RunFacts};
use crate::run::{self, Manifest, Order, Progress};
use crate::verification::Unsupportable;
use anyhow::bail;
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
    /// `embedded`, or a language model of your own: a folder with config.json, tokenizer.json and
    /// safetensors, a .gguf file, or the name of a model that was fetched (see `remiss model`)
    #[arg(long, default_value = "embedded", value_name = "MODEL")]
    model: String,
    /// Where to write
    #[arg(long, default_value = "remiss-run", value_name = "DIR")]
    out: PathBuf,
    /// Where to compute
    #[arg(long, value_enum, default_value_t)]
    device: DeviceChoice,
    /// Threads that compute [default: one for each processor]
    #[arg(long, value_name = "N")]
    threads: Option<std::num::NonZeroUsize>,
    /// Tokens computed together: fewer need less memory, the results are the same
    #[arg(long, default_value_t = inference::BATCH_TOKENS, value_name = "N")]
    batch_tokens: std::num::NonZeroUsize,
    /// Responses that a language model reads at the same time: fewer need less memory, the results are the same
    #[arg(long, default_value = "4", value_name = "N")]
    batch: std::num::NonZeroUsize,
    /// Leave out summary points that a language model wrote and their evidence does not support
    ///
    /// They are counted, and the response is marked. Without it they are shown and marked.
    #[arg(long)]
    strict: bool,
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
        batch: arguments.batch.get(),
        unsupportable: match arguments.strict {
            true => Unsupportable::Dropped,
            false => Unsupportable::Shown,
        },
        device: inference::device_name(&device).to_owned(),
        command: std::env::args_os()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect(),
    };
    let mut teller = teller::Teller::new(common);
    let (files, analyst) = match Model::of(&arguments.model)? {
        Model::Encoder(files) => (files, None),
        Model::Language(path) => {
            // Before gigabytes are read.
            run::check(&order)?;
            teller.loads(&path);
            let model = LanguageModel::load(&path, &device)?;
            let prompts = Prompts::new(responses_language(&codebook));
            let analyst = Analyst::new(model, prompts, &codebook)?;
            (ModelFiles::embedded(), Some(analyst))
        }
    };
    let encoder = Encoder::load(&files, &device)?.with_batch_tokens(arguments.batch_tokens);
    let judge = Judge::embedded(encoder);
    let tell = |progress: Progress| teller.tell(&progress);
    let outcome = run::execute(&order, &judge, analyst.as_ref(), &codebook, tell)?;
    let facts = facts(&outcome.manifest, common.language);
    let reports = report::write(&order.out, &codebook, &facts, common.language)?;
    teller.finish();
    if !common.quiet {
        match table::print(&outcome, &codebook, common.language, &reports.html) {
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

/// What `--model` names.
enum Model {
    Encoder(ModelFiles),
    Language(PathBuf),
}

impl Model {
    fn of(model: &str) -> anyhow::Result<Self> {
        if model == "embedded" {
            return Ok(Self::Encoder(ModelFiles::embedded()));
        }
        let path = super::model::located(model)?;
        if path.is_dir() && is_encoder(&path) {
            return Ok(Self::Encoder(ModelFiles::from_folder(&path)?));
        }
        Ok(Self::Language(path))
    }
}

/// The files of an encoder.
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

/// Whether a folder holds an encoder; where that cannot be told, who loads it says what is wrong.
fn is_encoder(folder: &Path) -> bool {
    let config = std::fs::read(folder.join("config.json")).ok();
    let config = config.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    config.is_some_and(|config| config["model_type"] == "modernbert")
}

/// The language that a language model is asked in: that of the responses.
fn responses_language(codebook: &Codebook) -> Language {
    match codebook.language.as_str() {
        "en" => Language::En,
        _ => Language::Sv,
    }
}

/// What the report states about how the run was made.
fn facts(manifest: &Manifest, language: Language) -> RunFacts {
    let fingerprint = &manifest.fingerprint;
    RunFacts {
        version: fingerprint.version.clone(),
        command: manifest.command.join(" "),
        model: fingerprint.model.name.clone(),
        model_sha256: fingerprint.model.weights_sha256.clone(),
        language_model: fingerprint.language_model.as_ref().map(|model| {
            let weights = model
                .files
                .iter()
                .filter(|(name, _)| name.ends_with(".safetensors") || name.ends_with(".gguf"));
            let hashes: Vec<&str> = weights.map(|(_, hash)| hash.as_str()).collect();
            LanguageModelFacts {
                name: model.name.clone(),
                sha256: hashes.join("\n"),
            }
        }),
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
