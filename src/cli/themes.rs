//! `remiss themes check FILE`

use super::Common;
use crate::codebook::Codebook;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Work with codebooks
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Check a codebook and list its themes
    ///
    /// A fault is reported with its line. The format is described in docs/codebook.md; seeds/themes.toml
    /// is a complete example.
    Check {
        /// The codebook
        #[arg(default_value = "themes.toml")]
        file: PathBuf,
    },
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> anyhow::Result<ExitCode> {
    let Action::Check { file } = &arguments.action;
    let codebook = Codebook::read(file)?;
    if common.quiet {
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = std::io::stdout().lock();
    let heading = match codebook.title.as_str() {
        "" => codebook.consultation.clone(),
        title => format!("{}, {title}", codebook.consultation),
    };
    writeln!(out, "{heading}")?;
    let widest = codebook
        .themes
        .iter()
        .map(|theme| theme.id.len())
        .max()
        .unwrap_or(0);
    for theme in &codebook.themes {
        let text = theme.in_language(common.language);
        writeln!(out, "  {:widest$}  {}", theme.id, text.name)?;
        writeln!(out, "  {:widest$}  {}", "", text.proposal)?;
    }
    let count = codebook.themes.len();
    let sound = match count {
        1 => common.language.choose("tema, inga fel", "theme, no faults"),
        _ => common
            .language
            .choose("teman, inga fel", "themes, no faults"),
    };
    writeln!(out, "{count} {sound}")?;
    Ok(ExitCode::SUCCESS)
}
