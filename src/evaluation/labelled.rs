//! Labelled responses: text files in, [`Consultation`]s out.
//!
//! The format is meant to be read and mended by a person; `models/training/data/GUIDE.md`
//! describes it. Every fault names its file and line. A `split.toml` in the folder says which
//! consultations are trained on and which are kept for measuring.

use crate::codebook::{Codebook, Stance, Theme, ThemeText};
use crate::corpus::{Format, Metadata, Response, Section, Sentence, SentenceKind, Span};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The part of a consultation that `split.toml` does not name.
pub const TRAIN: &str = "train";

/// Labelled responses that cannot be read.
#[derive(Debug, Error)]
pub enum LabelledError {
    #[error("`{path}` cannot be read: {source}")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("`{path}`, line {line}: {message}")]
    Line {
        path: PathBuf,
        line: usize,
        message: String,
    },
    #[error("`{path}`: {message}")]
    Split { path: PathBuf, message: String },
    #[error("`{0}` holds no labelled responses (*.txt)")]
    Empty(PathBuf),
}

/// A theme of a consultation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenTheme {
    pub id: String,
    pub name: String,
    pub proposal: String,
    pub description: String,
}

/// What a sentence says of a theme's proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SentenceLabel {
    For,
    Against,
    Conditional,
    /// The theme without a position: background.
    None,
    /// Somebody else's position, which the respondent does not share.
    Reported,
    /// Two readers gave different labels: neither trained on nor measured.
    Disputed,
}

impl SentenceLabel {
    /// The key in the labelled files.
    pub fn key(self) -> &'static str {
        match self {
            SentenceLabel::For => "for",
            SentenceLabel::Against => "against",
            SentenceLabel::Conditional => "conditional",
            SentenceLabel::None => "none",
            SentenceLabel::Reported => "reported",
            SentenceLabel::Disputed => "disputed",
        }
    }

    fn from_key(key: &str) -> Option<Self> {
        [
            SentenceLabel::For,
            SentenceLabel::Against,
            SentenceLabel::Conditional,
            SentenceLabel::None,
            SentenceLabel::Reported,
            SentenceLabel::Disputed,
        ]
        .into_iter()
        .find(|label| label.key() == key)
    }

    /// A position of the respondent's own.
    pub fn is_position(self) -> bool {
        matches!(
            self,
            SentenceLabel::For | SentenceLabel::Against | SentenceLabel::Conditional
        )
    }
}

/// A sentence or heading of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenSentence {
    pub heading: bool,
    pub text: String,
    pub salient: bool,
    /// What it says of each theme that it concerns.
    pub labels: BTreeMap<String, SentenceLabel>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenResponse {
    pub id: String,
    pub voice: String,
    pub respondent: String,
    /// Theme id to stance; `None` where two readers disagreed.
    stances: BTreeMap<String, Option<Stance>>,
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

/// `split.toml`: which part each consultation belongs to.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Split {
    /// A voice that is not trained on either.
    #[serde(default)]
    held_out_voice: Option<String>,
    /// Name of the part to ids of consultations.
    #[serde(default)]
    parts: BTreeMap<String, BTreeSet<String>>,
}

/// All labelled consultations of a folder.
#[derive(Debug)]
pub struct Labelled {
    /// With the part that each belongs to, in the order of the files' names.
    pub consultations: Vec<(String, Consultation)>,
    pub held_out_voice: Option<String>,
}

impl Labelled {
    /// Reads all `*.txt` of a folder and its `split.toml`, if there is one.
    ///
    /// # Errors
    /// A line that is not of the format, an id that occurs twice, a split that names what is
    /// not there.
    pub fn read_folder(folder: &Path) -> Result<Self, LabelledError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| LabelledError::Unreadable { path, source }
        };
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
            .map_err(unreadable(folder))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
            .collect();
        files.sort();
        let mut found: Vec<Consultation> = Vec::new();
        for file in &files {
            let text = std::fs::read_to_string(file).map_err(unreadable(file))?;
            found.extend(parse(&text, file)?);
        }
        if found.is_empty() {
            return Err(LabelledError::Empty(folder.to_owned()));
        }
        let path = folder.join("split.toml");
        let split = match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| LabelledError::Split {
                path: path.clone(),
                message: error.to_string().trim_end().to_owned(),
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Split::default(),
            Err(error) => return Err(unreadable(&path)(error)),
        };
        let message = ids_at_odds(&split, &found);
        if let Some(message) = message {
            return Err(LabelledError::Split { path, message });
        }
        let part = |id: &str| {
            let named = split.parts.iter().find(|(_, ids)| ids.contains(id));
            named.map_or(TRAIN, |(part, _)| part).to_owned()
        };
        Ok(Self {
            consultations: found.into_iter().map(|c| (part(&c.id), c)).collect(),
            held_out_voice: split.held_out_voice,
        })
    }

    /// The names of the parts, each once.
    pub fn parts(&self) -> BTreeSet<&str> {
        self.consultations
            .iter()
            .map(|(part, _)| part.as_str())
            .collect()
    }
}

/// The first id that is there twice, in two parts, or in no file.
fn ids_at_odds(split: &Split, found: &[Consultation]) -> Option<String> {
    let mut ids = BTreeSet::new();
    for consultation in found {
        if !ids.insert(consultation.id.as_str()) {
            return Some(format!(
                "two consultations have the id `{}`",
                consultation.id
            ));
        }
    }
    let mut placed = BTreeSet::new();
    for id in split.parts.values().flatten() {
        if !ids.contains(id.as_str()) {
            return Some(format!("there is no consultation `{id}`"));
        }
        if !placed.insert(id) {
            return Some(format!("`{id}` stands in two parts"));
        }
    }
    None
}

/// Reads the text of one file; `path` is for the messages.
///
/// # Errors
/// A line that is not of the format.
pub fn parse(text: &str, path: &Path) -> Result<Vec<Consultation>, LabelledError> {
    let mut consultations = Vec::new();
    for (number, line) in text.lines().enumerate() {
        parse_line(line.trim_end(), &mut consultations).map_err(|message| LabelledError::Line {
            path: path.to_owned(),
            line: number + 1,
            message,
        })?;
    }
    Ok(consultations)
}

fn parse_line(line: &str, consultations: &mut Vec<Consultation>) -> Result<(), String> {
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
        .ok_or("a line before the first `%`")?;
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
    let known = |id: &str| match themes.iter().any(|theme| theme.id == id) {
        true => Ok(()),
        false => Err(format!("theme `{id}` is not among the consultation's")),
    };
    let response = consultation
        .responses
        .last_mut()
        .ok_or("a line before the first `##`")?;
    match mark {
        "=" => {
            let mut stances = pairs(rest)?;
            response.overall = stances.remove("overall").ok_or("`overall` is missing")?;
            for (theme, stance) in stances {
                known(&theme)?;
                let stance = match stance.as_str() {
                    "disputed" => None,
                    key => {
                        Some(Stance::from_key(key).ok_or_else(|| format!("`{key}` is no stance"))?)
                    }
                };
                response.stances.insert(theme, stance);
            }
        }
        "#" => response.sentences.push(WrittenSentence {
            heading: true,
            text: rest.to_owned(),
            salient: false,
            labels: BTreeMap::new(),
        }),
        "!" | "-" => {
            let (before, text) = rest.split_once('|').ok_or("`|` is missing")?;
            let mut labels = BTreeMap::new();
            for (theme, label) in pairs(before)? {
                known(&theme)?;
                let label = SentenceLabel::from_key(&label)
                    .ok_or_else(|| format!("`{label}` is no label"))?;
                labels.insert(theme, label);
            }
            response.sentences.push(WrittenSentence {
                heading: false,
                text: text.trim().to_owned(),
                salient: mark == "!",
                labels,
            });
        }
        _ => return Err(format!("`{mark}` opens no kind of line")),
    }
    Ok(())
}

fn fields<const N: usize>(rest: &str) -> Result<[String; N], String> {
    let fields: Vec<String> = rest
        .splitn(N, '|')
        .map(|field| field.trim().to_owned())
        .collect();
    let found = fields.len();
    fields
        .try_into()
        .map_err(|_| format!("{N} fields are needed, {found} are given"))
}

/// `key:value` pairs between spaces.
fn pairs(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut pairs = BTreeMap::new();
    for pair in text.split_whitespace() {
        let (key, value) = pair
            .split_once(':')
            .ok_or_else(|| format!("`{pair}` has no `:`"))?;
        if pairs.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(format!("`{key}` stands twice"));
        }
    }
    Ok(pairs)
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
    /// The stance on a theme: not addressed if none is given, `None` if two readers disagreed.
    pub fn stance(&self, theme: &str) -> Option<Stance> {
        match self.stances.get(theme) {
            Some(stance) => *stance,
            None => Some(Stance::NotAddressed),
        }
    }

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
                let before = sections.last_mut().expect("there is always one");
                before.span.end = start;
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
        let last = sections.last_mut().expect("there is always one");
        last.span.end = text.len();
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

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
% tak | vård | SOU 2031:1 Tak
@ a | Tak | Ett tak ska införas. | Avgifter.
@ b | Journal | En journal ska införas. | Vård.

## tak-1 | region | Region Nord
= a:opposes b:not_addressed overall:opposes
# Avgifter
! a:against | Regionen avstyrker taket.
- a:reported | Utredningen vill ha ett tak.
- | Vi tackar för förtroendet.
";

    #[test]
    fn a_file_is_read() {
        let read = parse(TEXT, Path::new("t")).unwrap();
        let response = &read[0].responses[0];
        assert_eq!(response.stance("a"), Some(Stance::Opposes));
        assert_eq!(response.overall, "opposes");
        let labels: Vec<_> = response
            .sentences
            .iter()
            .map(|s| (s.heading, s.salient, s.labels.get("a").copied()))
            .collect();
        let against = Some(SentenceLabel::Against);
        let reported = Some(SentenceLabel::Reported);
        assert_eq!(
            labels,
            [
                (true, false, None),
                (false, true, against),
                (false, false, reported),
                (false, false, None)
            ]
        );
        let (as_read, kept) = response.response();
        assert_eq!(as_read.sentences.len(), 3);
        assert_eq!(kept.len(), 3);
        assert_eq!(as_read.sections[1].title.as_deref(), Some("Avgifter"));
    }

    #[test]
    fn a_fault_names_its_line() {
        for (from, to, expected) in [
            ("a:against", "c:against", "t`, line 8: theme `c`"),
            ("a:against", "a:emot", "t`, line 8: `emot` is no label"),
            ("a:opposes", "a:nej", "t`, line 6: `nej` is no stance"),
            ("! a:against |", "! a:against", "t`, line 8: `|` is missing"),
            ("% tak", "? tak", "t`, line 1: a line before the first `%`"),
        ] {
            let error = parse(&TEXT.replacen(from, to, 1), Path::new("t")).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn the_split_says_what_is_kept_for_measuring() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.txt"), TEXT).unwrap();
        let split = folder.path().join("split.toml");
        std::fs::write(&split, "[parts]\ntest = [\"tak\"]\n").unwrap();
        let read = Labelled::read_folder(folder.path()).unwrap();
        assert_eq!(read.consultations[0].0, "test");
        std::fs::write(&split, "[parts]\ntest = [\"golv\"]\n").unwrap();
        let error = Labelled::read_folder(folder.path()).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("there is no consultation `golv`")
        );
        std::fs::remove_file(&split).unwrap();
        let read = Labelled::read_folder(folder.path()).unwrap();
        assert_eq!(read.consultations[0].0, TRAIN);
    }
}
