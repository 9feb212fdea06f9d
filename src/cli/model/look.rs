//! What a model is and whether it can be used here.

use super::{Common, size};
use crate::hash::sha256_of_file;
use crate::inference::checkpoint::{Checkpoint, WORKING_TOKENS, available};
use crate::inference::store::Store;
use crate::inference::{
    ChatTemplate, Decoder, DeviceChoice, InferenceError, LanguageTokens, likeliest, open_device,
};
use anyhow::Context;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// `remiss model check MODEL`
pub(super) fn check(model: &str, common: &Common) -> anyhow::Result<ExitCode> {
    let path = super::located(model)?;
    // What came through the store has a record of its hashes, which are then computed once for both.
    let mut known = Vec::new();
    if path != Path::new(model) {
        let bar = super::store::Shown::new(common);
        let record = Store::open(None)?.verify(model, &mut |progress| bar.show(&progress))?;
        bar.finish();
        known = record.files;
    }
    let checkpoint = Checkpoint::open(&path)?;
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
        &size(need.weights, common.language),
    )?;
    let needed = format!(
        "{} {} {WORKING_TOKENS} {}",
        size(need.total(), common.language),
        say("vid", "with"),
        say("token", "tokens")
    );
    line(say("Minne som behövs", "Memory needed"), &needed)?;
    let left = match available() {
        Some(bytes) => size(bytes, common.language),
        None => say("okänt", "unknown").to_owned(),
    };
    line(say("Tillgängligt minne", "Memory available"), &left)?;
    for path in checkpoint.weight_files() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let hash = match known.iter().find(|file| file.name == name) {
            Some(file) => file.sha256.clone(),
            None => sha256_of_file(&path).with_context(|| format!("`{}`", path.display()))?,
        };
        line(&name, &format!("sha256 {hash}"))?;
    }
    template?;
    checkpoint.fits()?;
    writeln!(
        out,
        "{}",
        say("Filerna är oskadade.", "The files are whole.")
    )?;
    Ok(ExitCode::SUCCESS)
}

/// `remiss model probe MODEL --text TEXT`
pub(super) fn probe(model: &Path, text: &str, device: DeviceChoice) -> anyhow::Result<ExitCode> {
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
