//! Reading and checking `themes.toml`.

use super::CodebookError;
use crate::Language;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::Path;
use toml::Spanned;

/// The words of a theme in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThemeText {
    /// A short heading.
    pub name: String,
    /// The one sentence that a stance is about.
    pub proposal: String,
    /// What else belongs to the theme; may be empty.
    #[serde(default)]
    pub description: String,
}

/// A proposal or question that responses are sorted by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Theme {
    /// Lower-case letters, digits and hyphens; unique in the codebook.
    pub id: String,
    /// In the codebook's own language, which the responses are judged in.
    #[serde(flatten)]
    pub text: ThemeText,
    /// Words that point to the theme. They are for finding sentences.
    pub keywords: Vec<String>,
    /// The words in other languages, by BCP 47 tag, for readers of the report.
    pub translations: BTreeMap<String, ThemeText>,
}

impl Theme {
    /// The theme's words in `language`, or in the codebook's own where it has no translation.
    pub fn in_language(&self, language: Language) -> &ThemeText {
        self.translations.get(language.tag()).unwrap_or(&self.text)
    }
}

/// The themes of one consultation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Codebook {
    /// Short designation of the consultation, e.g. `SOU 2025:12`.
    pub consultation: String,
    pub title: String,
    /// BCP 47 tag of the language of the themes and of the responses.
    pub language: String,
    pub themes: Vec<Theme>,
    /// SHA-256 of the file's bytes, in lower-case hexadecimal.
    pub sha256: String,
}

impl Codebook {
    /// Reads and checks a codebook.
    ///
    /// # Errors
    /// The file cannot be opened, is not TOML, or breaks a rule of the format: every error
    /// but the first names the line.
    pub fn read(path: &Path) -> Result<Self, CodebookError> {
        let source = std::fs::read_to_string(path).map_err(|source| CodebookError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&source, path)
    }

    /// Checks the text of a codebook; `path` is for the messages.
    pub fn parse(source: &str, path: &Path) -> Result<Self, CodebookError> {
        parse(source).map_err(|fault| CodebookError::Invalid {
            path: path.to_owned(),
            line: line_of(source, fault.at),
            message: fault.message,
        })
    }

    /// The theme with this id.
    pub fn theme(&self, id: &str) -> Option<&Theme> {
        self.themes.iter().find(|theme| theme.id == id)
    }
}

/// Something wrong at a byte of the file.
struct Fault {
    at: usize,
    message: String,
}

impl Fault {
    fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            at: span.start,
            message: message.into(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    codebook: Head,
    #[serde(default)]
    theme: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    consultation: Spanned<String>,
    #[serde(default)]
    title: String,
    #[serde(default = "swedish")]
    language: Spanned<String>,
}

fn swedish() -> Spanned<String> {
    Spanned::new(0..0, "sv".to_owned())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: Spanned<String>,
    name: Spanned<String>,
    proposal: Spanned<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    keywords: Vec<Spanned<String>>,
    sv: Option<ThemeText>,
    en: Option<ThemeText>,
}

fn parse(source: &str) -> Result<Codebook, Fault> {
    let file: File = toml::from_str(source).map_err(|error| Fault {
        at: error.span().map_or(0, |span| span.start),
        message: error.message().to_owned(),
    })?;
    let language = file.codebook.language;
    if !matches!(language.get_ref().as_str(), "sv" | "en") {
        return Err(Fault::new(
            language.span(),
            format!(
                "language `{}` is not known; write \"sv\" or \"en\"",
                language.get_ref()
            ),
        ));
    }
    not_blank(&file.codebook.consultation, "consultation")?;
    if file.theme.is_empty() {
        return Err(Fault {
            at: source.len(),
            message: "there is no theme; add at least one [[theme]]".to_owned(),
        });
    }
    let mut first_use: HashMap<String, usize> = HashMap::new();
    let mut themes = Vec::with_capacity(file.theme.len());
    for entry in file.theme {
        let entry = entry.into_inner();
        check_id(&entry.id)?;
        if let Some(&earlier) = first_use.get(entry.id.get_ref()) {
            return Err(Fault::new(
                entry.id.span(),
                format!(
                    "theme id `{}` is already used on line {}",
                    entry.id.get_ref(),
                    line_of(source, earlier)
                ),
            ));
        }
        first_use.insert(entry.id.get_ref().clone(), entry.id.span().start);
        not_blank(&entry.name, "name")?;
        not_blank(&entry.proposal, "proposal")?;
        for keyword in &entry.keywords {
            not_blank(keyword, "keywords")?;
        }
        let translations = [("sv", entry.sv), ("en", entry.en)]
            .into_iter()
            .filter_map(|(tag, text)| Some((tag.to_owned(), text?)))
            .collect();
        themes.push(Theme {
            id: entry.id.into_inner(),
            text: ThemeText {
                name: entry.name.into_inner(),
                proposal: entry.proposal.into_inner(),
                description: entry.description,
            },
            keywords: entry
                .keywords
                .into_iter()
                .map(Spanned::into_inner)
                .collect(),
            translations,
        });
    }
    Ok(Codebook {
        consultation: file.codebook.consultation.into_inner(),
        title: file.codebook.title,
        language: language.into_inner(),
        themes,
        sha256: crate::hash::sha256(source.as_bytes()),
    })
}

fn not_blank(value: &Spanned<String>, key: &str) -> Result<(), Fault> {
    if value.get_ref().trim().is_empty() {
        return Err(Fault::new(value.span(), format!("`{key}` is empty")));
    }
    Ok(())
}

/// Ids become file names, HTML anchors and column keys.
fn check_id(id: &Spanned<String>) -> Result<(), Fault> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if id.get_ref().is_empty() || !id.get_ref().bytes().all(plain) {
        return Err(Fault::new(
            id.span(),
            format!(
                "theme id `{}` may hold only the letters a to z, digits and hyphens",
                id.get_ref()
            ),
        ));
    }
    Ok(())
}

/// Line, counted from 1, of a byte.
fn line_of(source: &str, at: usize) -> usize {
    let before = &source.as_bytes()[..at.min(source.len())];
    before.iter().filter(|&&byte| byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "[codebook]\nconsultation = \"SOU 2025:12\"\n";

    fn fault(theme: &str) -> String {
        Codebook::parse(&format!("{HEAD}{theme}"), Path::new("themes.toml"))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn reads_a_theme_and_its_translation() {
        let source = format!(
            "{HEAD}[[theme]]\nid = \"a\"\nname = \"Namn\"\nproposal = \"Förslag.\"\n\
             [theme.en]\nname = \"Name\"\nproposal = \"Proposal.\"\n"
        );
        let codebook = Codebook::parse(&source, Path::new("themes.toml")).unwrap();
        let theme = codebook.theme("a").unwrap();
        assert_eq!(theme.in_language(Language::Sv).name, "Namn");
        assert_eq!(theme.in_language(Language::En).name, "Name");
    }

    #[test]
    fn every_fault_names_its_line() {
        insta::assert_snapshot!(
            fault("[[theme]]\nid = \"a\"\nname = \"N\"\n"),
            @"`themes.toml`, line 3: missing field `proposal`"
        );
        insta::assert_snapshot!(
            fault("[[theme]]\nid = \"a\"\nname = \"N\"\nproposal = \" \"\n"),
            @"`themes.toml`, line 6: `proposal` is empty"
        );
        insta::assert_snapshot!(
            fault("[[theme]]\nid = \"Å\"\nname = \"N\"\nproposal = \"P\"\n"),
            @"`themes.toml`, line 4: theme id `Å` may hold only the letters a to z, digits and hyphens"
        );
        insta::assert_snapshot!(
            fault("[[theme]]\nid = \"a\"\nname = \"N\"\nproposal = \"P\"\n[[theme]]\nid = \"a\"\nname = \"N\"\nproposal = \"P\"\n"),
            @"`themes.toml`, line 8: theme id `a` is already used on line 4"
        );
        insta::assert_snapshot!(fault(""), @"`themes.toml`, line 3: there is no theme; add at least one [[theme]]");
        insta::assert_snapshot!(
            fault("[[theme]]\nid = \"a\"\nnames = \"N\"\nproposal = \"P\"\n"),
            @"`themes.toml`, line 5: unknown field `names`, expected one of `id`, `name`, `proposal`, `description`, `keywords`, `sv`, `en`"
        );
    }
}
