//! The command line: arguments to one library call each, and printing what comes back.
//!
//! Exit status 0: all done. 1: could not run. 2: done, with failures listed.

mod completions;
mod eval;
mod extract;
mod model;
mod run;
mod themes;

use crate::Language;
use clap::{Args, Parser, Subcommand};
use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

const AFTER_HELP: &str = "\
Examples:
  remiss run seeds                       analyse a folder; the codebook is seeds/themes.toml
  remiss run svar/ --codebook t.toml --out resultat
  remiss extract svar/region.pdf         see what the program reads in a file
  remiss themes check t.toml             check a codebook
  remiss eval responses labelled/        measure the judge on labelled responses
  remiss model check qwen3-4b/           look at a language model before it is used

Exit status: 0 all done; 1 could not run; 2 done, with failures listed.
No command opens a network connection.";

/// Summarise consultation responses (remissvar) and classify their stance on each theme.
///
/// Everything is computed on this machine. Every statement of the result points at the
/// sentences of the source that it rests on.
#[derive(Parser)]
#[command(name = "remiss", version, after_help = AFTER_HELP, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Common {
    /// Language of everything written for people
    #[arg(long, value_enum, default_value_t, global = true)]
    language: Language,
    /// Say nothing but errors
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Write what the program does, step by step, to a file
    #[arg(long, value_name = "FILE", global = true)]
    log: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Arguments),
    Extract(extract::Arguments),
    Themes(themes::Arguments),
    Eval(eval::Arguments),
    Model(model::Arguments),
    Completions(completions::Arguments),
}

/// Reads the command line and does what it says.
pub fn run() -> anyhow::Result<ExitCode> {
    let Arguments { common, command } = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            error.print()?;
            // Help and version go to standard output; everything else could not run.
            return Ok(ExitCode::from(u8::from(error.use_stderr())));
        }
    };
    if let Some(path) = &common.log {
        start_log(path)?;
    }
    match command {
        Command::Run(arguments) => run::run(&arguments, &common),
        Command::Extract(arguments) => extract::run(&arguments, &common),
        Command::Themes(arguments) => themes::run(&arguments, &common),
        Command::Eval(arguments) => eval::run(&arguments, &common),
        Command::Model(arguments) => model::run(&arguments, &common),
        Command::Completions(arguments) => completions::run(&arguments),
    }
}

/// The reader of our output has gone away.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

fn start_log(path: &PathBuf) -> anyhow::Result<()> {
    use anyhow::Context;
    let file = File::create(path).with_context(|| format!("the log `{}`", path.display()))?;
    tracing_subscriber::fmt()
        .with_env_filter("remiss=debug")
        .with_ansi(false)
        .with_writer(std::sync::Mutex::new(file))
        .init();
    Ok(())
}
