//! `remiss extract FILE`

use super::Common;
use crate::corpus::{self, InputFile, Response, SentenceKind};
use anyhow::Context;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Show what the program reads in a file: pages, sections, sentences
///
/// Each sentence is printed with its number, page and place in the text. Use it to see why a
/// quotation looks as it does, or what a PDF holds.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// A response: txt, md, html, pdf, docx or odt
    file: PathBuf,
    /// Print everything as JSON, spans included
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> anyhow::Result<ExitCode> {
    let file = InputFile {
        path: arguments.file.clone(),
        source: arguments.file.display().to_string(),
    };
    let response = corpus::read(&file).with_context(|| format!("`{}`", file.source))?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        serde_json::to_writer_pretty(&mut out, &response).map_err(std::io::Error::from)?;
        writeln!(out)?;
    } else {
        print(&response, common, &mut out)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(response: &Response, common: &Common, out: &mut impl Write) -> std::io::Result<()> {
    let say = |swedish, english| common.language.choose(swedish, english);
    let metadata = &response.metadata;
    let unknown = say("framgår inte", "not stated");
    for (name, found) in [
        (say("Remissinstans", "Respondent"), &metadata.respondent),
        (say("Diarienummer", "Reference"), &metadata.reference),
        (say("Datum", "Date"), &metadata.date),
        (say("Remiss", "Consultation"), &metadata.consultation),
    ] {
        let value = found.as_ref().map_or(unknown, |found| &found.value);
        writeln!(out, "{name:<14} {value}")?;
    }
    if let Some(encoding) = &response.encoding {
        writeln!(out, "{:<14} {encoding}", say("Teckenkodning", "Encoding"))?;
    }
    let counted = |count: usize, one: &str, more: &str| {
        format!("{count} {}", if count == 1 { one } else { more })
    };
    let mut extent = vec![counted(
        response.text.chars().count(),
        say("tecken", "character"),
        say("tecken", "characters"),
    )];
    if !response.pages.is_empty() {
        let (one, more) = (say("sida", "page"), say("sidor", "pages"));
        extent.push(counted(response.pages.len(), one, more));
    }
    let (one, more) = (say("mening", "sentence"), say("meningar", "sentences"));
    extent.push(counted(response.sentences.len(), one, more));
    writeln!(
        out,
        "{:<14} {}",
        say("Omfattning", "Extent"),
        extent.join(", ")
    )?;
    let mut section = None;
    for sentence in &response.sentences {
        if section != Some(sentence.section) {
            section = Some(sentence.section);
            if let Some(title) = &response.sections[sentence.section].title {
                writeln!(
                    out,
                    "\n{} {title}",
                    "#".repeat(response.sections[sentence.section].level.into())
                )?;
            } else {
                writeln!(out)?;
            }
        }
        let page = sentence
            .page
            .map_or(String::new(), |page| format!(" {} {page}", say("s.", "p.")));
        let mark = match sentence.kind {
            SentenceKind::Prose => "",
            SentenceKind::ListItem { .. } => "• ",
        };
        let span = sentence.span();
        writeln!(
            out,
            "{:>4}{page} [{}–{}] {mark}{}",
            sentence.id, span.start, span.end, sentence.text
        )?;
    }
    Ok(())
}
