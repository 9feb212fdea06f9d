//! The written responses of `models/training/data`, whose format `GUIDE.md` describes:
//! text in, [`Consultation`]s out. Every fault names the line.

#![allow(dead_code, reason = "each example uses a part of this")]

use anyhow::{Context, Result, bail};
use remiss::codebook::{Codebook, Theme, ThemeText};
use remiss::corpus::{Format, Metadata, Response, Section, Sentence, SentenceKind, Span};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A theme of a consultation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenTheme {
    pub id: String,
    pub name: String,
    pub proposal: String,
    pub description: String,
}

/// A sentence or heading of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenSentence {
    pub heading: bool,
    pub text: String,
    pub salient: bool,
    /// Theme id to `for`, `against`, `conditional` or `none`.
    pub labels: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenResponse {
    pub id: String,
    pub voice: String,
    pub respondent: String,
    /// Theme id to stance.
    pub stances: BTreeMap<String, String>,
    pub overall: String,
    pub sentences: Vec<WrittenSentence>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consultation {
    pub id: String,
    pub area: String,
    pub title: String,
    pub themes: Vec<WrittenTheme>,
    pub responses: Vec<WrittenResponse>,
}

/// What a consultation is used for, by its place in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Train,
    Calibration,
    Dev,
}

impl Part {
    /// The part of the consultation at this place of a file, counted from 1.
    pub fn of_place(place: usize) -> Part {
        match place {
            ..=5 => Part::Train,
            6 => Part::Calibration,
            _ => Part::Dev,
        }
    }
}

/// Reads all `responses-*.txt` of a folder in the order of their names.
pub fn read_folder(folder: &Path) -> Result<Vec<(Part, Consultation)>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(|| format!("`{}` cannot be opened", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| name.starts_with("responses-") && name.ends_with(".txt"))
        })
        .collect();
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("`{}` cannot be opened", file.display()))?;
        let consultations = parse(&text).with_context(|| format!("in `{}`", file.display()))?;
        let parts = (1..).map(Part::of_place);
        all.extend(parts.zip(consultations));
    }
    Ok(all)
}

/// Reads the text of one file.
pub fn parse(text: &str) -> Result<Vec<Consultation>> {
    let mut consultations = Vec::new();
    for (number, line) in text.lines().enumerate() {
        parse_line(line.trim_end(), &mut consultations)
            .with_context(|| format!("line {}", number + 1))?;
    }
    Ok(consultations)
}

fn parse_line(line: &str, consultations: &mut Vec<Consultation>) -> Result<()> {
    if line.is_empty() {
        return Ok(());
    }
    let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
    if mark == "%" {
        let [id, area, title] = fields(rest)?;
        consultations.push(Consultation {
            id,
            area,
            title,
            themes: Vec::new(),
            responses: Vec::new(),
        });
        return Ok(());
    }
    let consultation = consultations
        .last_mut()
        .context("a line before the first `%`")?;
    match mark {
        "@" => {
            let [id, name, proposal, description] = fields(rest)?;
            consultation.themes.push(WrittenTheme {
                id,
                name,
                proposal,
                description,
            });
            return Ok(());
        }
        "##" => {
            let [id, voice, respondent] = fields(rest)?;
            consultation.responses.push(WrittenResponse {
                id,
                voice,
                respondent,
                stances: BTreeMap::new(),
                overall: String::new(),
                sentences: Vec::new(),
            });
            return Ok(());
        }
        _ => {}
    }
    let themes = &consultation.themes;
    let response = consultation
        .responses
        .last_mut()
        .context("a line before the first `##`")?;
    match mark {
        "=" => {
            let mut stances = labels(rest)?;
            response.overall = stances.remove("overall").context("`overall` is missing")?;
            response.stances = stances;
        }
        "#" => response.sentences.push(WrittenSentence {
            heading: true,
            text: rest.to_owned(),
            salient: false,
            labels: BTreeMap::new(),
        }),
        "!" | "-" => {
            let (before, text) = rest.split_once('|').context("`|` is missing")?;
            let labels = labels(before)?;
            for (theme, label) in &labels {
                if !themes.iter().any(|known| known.id == *theme) {
                    bail!("theme `{theme}` is not among the consultation's");
                }
                if !matches!(label.as_str(), "for" | "against" | "conditional" | "none") {
                    bail!("`{label}` is no label");
                }
            }
            response.sentences.push(WrittenSentence {
                heading: false,
                text: text.trim().to_owned(),
                salient: mark == "!",
                labels,
            });
        }
        _ => bail!("`{mark}` opens no kind of line"),
    }
    Ok(())
}

fn fields<const N: usize>(rest: &str) -> Result<[String; N]> {
    let fields: Vec<String> = rest
        .splitn(N, '|')
        .map(|field| field.trim().to_owned())
        .collect();
    let found = fields.len();
    match fields.try_into() {
        Ok(fields) => Ok(fields),
        Err(_) => bail!("{N} fields are needed, {found} are given"),
    }
}

fn labels(text: &str) -> Result<BTreeMap<String, String>> {
    text.split_whitespace()
        .map(|pair| {
            let (theme, label) = pair
                .split_once(':')
                .with_context(|| format!("`{pair}` has no `:`"))?;
            Ok((theme.to_owned(), label.to_owned()))
        })
        .collect()
}

impl Consultation {
    /// The themes as the program knows them.
    pub fn codebook(&self) -> Codebook {
        let themes = self
            .themes
            .iter()
            .map(|theme| Theme {
                id: theme.id.clone(),
                text: ThemeText {
                    name: theme.name.clone(),
                    proposal: theme.proposal.clone(),
                    description: theme.description.clone(),
                },
                keywords: Vec::new(),
                translations: BTreeMap::new(),
            })
            .collect();
        Codebook {
            consultation: self.title.clone(),
            title: String::new(),
            language: "sv".to_owned(),
            themes,
            sha256: String::new(),
        }
    }
}

impl WrittenResponse {
    /// The response as if it had been read from a file, and the sentences without headings.
    ///
    /// An item below a sentence that ends with a colon is a list item that begins in lower case.
    pub fn response(&self) -> (Response, Vec<&WrittenSentence>) {
        let mut text = String::new();
        let mut sections = vec![Section {
            title: None,
            level: 0,
            span: Span::new(0, 0),
        }];
        let mut sentences: Vec<Sentence> = Vec::new();
        let mut kept = Vec::new();
        let mut lead = None;
        for written in &self.sentences {
            let start = text.len();
            text.push_str(&written.text);
            let span = Span::new(start, text.len());
            text.push('\n');
            if written.heading {
                sections.push(Section {
                    title: Some(written.text.clone()),
                    level: 1,
                    span,
                });
                lead = None;
                continue;
            }
            let id = sentences.len() + 1;
            let lower_case = written.text.chars().next().is_some_and(char::is_lowercase);
            let kind = match lead {
                Some(_) if lower_case => SentenceKind::ListItem { lead },
                _ => SentenceKind::Prose,
            };
            if !matches!(kind, SentenceKind::ListItem { .. }) {
                lead = written.text.ends_with(':').then_some(id);
            }
            sentences.push(Sentence {
                id,
                parts: vec![span],
                text: written.text.clone(),
                page: None,
                section: sections.len() - 1,
                kind,
            });
            kept.push(written);
        }
        let response = Response {
            source: self.id.clone(),
            sha256: String::new(),
            format: Format::Text,
            text,
            pages: Vec::new(),
            sections,
            sentences,
            furniture: Vec::new(),
            metadata: Metadata::default(),
            encoding: None,
        };
        (response, kept)
    }
}
