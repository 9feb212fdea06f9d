//! Models on this machine: fetched, imported, listed.

use super::{Common, size};
use crate::Language;
use crate::inference::store::{Entry, Hub, Progress, Pull, Record, Registry, Store};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// `remiss model pull ID`
pub(super) fn pull(
    id: &str,
    revision: Option<&str>,
    file: Option<&str>,
    again: bool,
    common: &Common,
) -> anyhow::Result<ExitCode> {
    let wanted = Pull {
        id: id.to_owned(),
        revision: revision.map(str::to_owned),
        file: file.map(str::to_owned),
        again,
    };
    let shown = Shown::new(common);
    let store = Store::open(None)?;
    let tell = &mut |progress: Progress| shown.show(&progress);
    let pulled = store.pull(&wanted, &Hub::from_env(), tell)?;
    shown.finish();
    if !common.quiet {
        let (fetched, here) = (
            common.language.choose("hämtad", "fetched"),
            (common.language).choose(
                "fanns redan och är oskadad",
                "was here already and is whole",
            ),
        );
        say(
            &pulled.record,
            if pulled.fetched { fetched } else { here },
            common,
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `remiss model import PATH`
pub(super) fn import(path: &Path, name: Option<&str>, common: &Common) -> anyhow::Result<ExitCode> {
    let shown = Shown::new(common);
    let tell = &mut |progress: Progress| shown.show(&progress);
    let record = Store::open(None)?.import(path, name, tell)?;
    shown.finish();
    if !common.quiet {
        say(
            &record,
            common.language.choose("importerad", "imported"),
            common,
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What a model in the store is, file by file.
fn say(record: &Record, what: &str, common: &Common) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} {what}, {}",
        record.id,
        size(record.bytes(), common.language)
    )?;
    if let Some(commit) = &record.commit {
        writeln!(
            out,
            "{} {commit}",
            common.language.choose("version", "revision")
        )?;
    }
    for file in &record.files {
        writeln!(out, "{}  {}", file.sha256, file.name)?;
    }
    Ok(())
}

/// `remiss model list`
pub(super) fn list(common: &Common) -> anyhow::Result<ExitCode> {
    let store = Store::open(None)?;
    let entries = store.list()?;
    let mut out = std::io::stdout().lock();
    let say = |swedish, english| common.language.choose(swedish, english);
    if entries.is_empty() {
        let none = say("Inga modeller i", "No models in");
        writeln!(out, "{none} {}", store.folder().display())?;
    }
    for entry in entries {
        match entry {
            Entry::Complete(record) => {
                let size = size(record.bytes(), common.language);
                let commit = record.commit.unwrap_or_default();
                writeln!(out, "{:<44}{size:>9}  {commit}", record.id)?;
            }
            Entry::Unfinished { id, bytes, .. } => {
                let what = say("ofullständig; hämta igen", "unfinished; pull it again");
                let size = size(bytes, common.language);
                writeln!(out, "{id:<44}{size:>9}  {what}")?;
            }
            Entry::Unusable(error) => writeln!(out, "{error}")?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `remiss model list --recommended`
pub(super) fn recommended(common: &Common) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let language = common.language;
    let check = language.choose(
        "Enligt vad modellernas utvecklare skriver. Ingen har mätt dem på remissvar.",
        "By what the models' makers write. Nobody has measured them on consultation responses.",
    );
    writeln!(out, "{check}\n")?;
    for model in Registry::embedded().models {
        let gated = match model.gated {
            true => language.choose(
                ", kan kräva att villkor godkänns på webbplatsen",
                ", conditions may have to be accepted",
            ),
            false => "",
        };
        let size = model.gigabytes;
        writeln!(
            out,
            "{:<44}{size:>5} GB  {}{gated}",
            model.id, model.license
        )?;
        let languages = language.choose(&model.languages.sv, &model.languages.en);
        writeln!(
            out,
            "    {languages}. {}",
            language.choose(&model.why.sv, &model.why.en)
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Says how far copying and hashing have come, on standard error.
pub(super) struct Shown {
    bar: ProgressBar,
    language: Language,
}

impl Shown {
    pub(super) fn new(common: &Common) -> Self {
        let bar = ProgressBar::no_length();
        if common.quiet {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let style = "{msg}  {bar:24} {bytes}/{total_bytes}  {eta}";
        bar.set_style(ProgressStyle::with_template(style).expect("every pull checks the template"));
        Self {
            bar,
            language: common.language,
        }
    }

    pub(super) fn show(&self, progress: &Progress) {
        match progress {
            Progress::File {
                name,
                size,
                number,
                of,
            } => {
                self.bar.reset();
                self.bar.set_length(*size);
                self.bar.set_message(format!("{number}/{of} {name}"));
            }
            Progress::Bytes(bytes) => self.bar.inc(*bytes),
            Progress::Checking { name } => {
                let what = self.language.choose("kontrollerar", "checking");
                self.bar.set_message(format!("{what} {name}"));
            }
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
