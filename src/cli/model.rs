//! `remiss model check|probe MODEL`

use super::Common;
use crate::hash::sha256_of_file;
use crate::inference::checkpoint::{Checkpoint, WORKING_TOKENS, available, gigabytes};
use crate::inference::{
    ChatTemplate, Decoder, DeviceChoice, InferenceError, LanguageTokens, likeliest, open_device,
};
use anyhow::Context;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Look at language models on this machine
///
/// A model is a folder with config.json, tokenizer.json and safetensors, or a .gguf file.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Check a model's files, and whether the model fits into memory
    ///
    /// Prints the family, the context length, the SHA-256 of every file of weights, and the memory that
    /// the model needs and the machine has. Loads nothing.
    Check {
        /// Folder or .gguf file
        model: PathBuf,
    },
    /// Print the five likeliest next tokens after a text
    ///
    /// With the natural logarithms of their probabilities: to see that a model was loaded rightly,
    /// and to compare it with another program.
    Probe {
        /// Folder or .gguf file
        model: PathBuf,
        /// What the model reads
        #[arg(long)]
        text: String,
        /// Where to compute
        #[arg(long, value_enum, default_value_t)]
        device: DeviceChoice,
    },
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> anyhow::Result<ExitCode> {
    match &arguments.action {
        Action::Check { model } => check(model, common),
        Action::Probe {
            model,
            text,
            device,
        } => probe(model, text, *device),
    }
}

fn check(model: &Path, common: &Common) -> anyhow::Result<ExitCode> {
    let checkpoint = Checkpoint::open(model)?;
    let config = checkpoint.config();
    let tokens = LanguageTokens::of(&checkpoint)?;
    if tokens.stop_tokens().next().is_none() {
        return Err(InferenceError::NoStop.into());
    }
    let template = ChatTemplate::of(&checkpoint, &tokens);
    let need = checkpoint.memory_need();
    if common.quiet {
        template?;
        checkpoint.fits()?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = std::io::stdout().lock();
    let say = |swedish, english| common.language.choose(swedish, english);
    let mut line = |name: &str, value: &str| writeln!(out, "{name:<22}{value}");
    line(say("Familj", "Family"), &config.family)?;
    line(
        say("Kontext", "Context"),
        &format!("{} {}", config.context, say("token", "tokens")),
    )?;
    line(
        say("Vikter", "Weights"),
        &format!("{} GB", gigabytes(need.weights)),
    )?;
    let needed = format!(
        "{} GB {} {WORKING_TOKENS} {}",
        gigabytes(need.total()),
        say("med", "with"),
        say("token i arbete", "tokens at work")
    );
    line(say("Minne som behövs", "Memory needed"), &needed)?;
    let left = match available() {
        Some(bytes) => format!("{} GB", gigabytes(bytes)),
        None => say("okänt", "unknown").to_owned(),
    };
    line(say("Minne som finns", "Memory available"), &left)?;
    for path in checkpoint.weight_files() {
        let hash = sha256_of_file(&path).with_context(|| format!("`{}`", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        line(&name, &format!("sha256 {hash}"))?;
    }
    template?;
    checkpoint.fits()?;
    writeln!(out, "{}", say("Filerna är hela.", "The files are whole."))?;
    Ok(ExitCode::SUCCESS)
}

fn probe(model: &Path, text: &str, device: DeviceChoice) -> anyhow::Result<ExitCode> {
    let checkpoint = Checkpoint::open(model)?;
    let device = open_device(device)?;
    // How much memory a GPU has left, its driver says when the model is loaded.
    if device.is_cpu() {
        checkpoint.fits()?;
    }
    let tokens = LanguageTokens::of(&checkpoint)?;
    let decoder = Decoder::load(&checkpoint, &device)?;
    let mut out = std::io::stdout().lock();
    for likely in likeliest(&decoder, &tokens, text, 5)? {
        let (token, log) = (likely.token, likely.log_probability);
        writeln!(out, "{token:>8}  {log:>9.4}  {:?}", likely.text)?;
    }
    Ok(ExitCode::SUCCESS)
}
