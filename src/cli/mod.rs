//! The command line: arguments to one library call each, and printing what comes back.
//!
//! Exit status 0: all done. 1: could not run.

mod themes;

use crate::Language;
use clap::{Args, Parser, Subcommand};
use std::process::ExitCode;

/// Summarise consultation responses (remissvar) and classify their stance on each theme.
///
/// Everything is computed on this machine. No command opens a network connection.
#[derive(Parser)]
#[command(name = "remiss", version, max_term_width = 100)]
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
}

#[derive(Subcommand)]
enum Command {
    Themes(themes::Arguments),
}

/// Reads the command line and does what it says.
pub fn run() -> anyhow::Result<ExitCode> {
    let Arguments { common, command } = Arguments::parse();
    match command {
        Command::Themes(arguments) => themes::run(&arguments, &common),
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
