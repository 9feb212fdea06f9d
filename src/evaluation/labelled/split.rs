//! A folder of labelled files and the parts that its `split.toml` divides it into.

use super::{Consultation, LabelledError, parse};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The part of a consultation that `split.toml` does not name.
pub const TRAIN: &str = "train";

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

#[cfg(test)]
mod tests {
    use super::super::TEXT;
    use super::*;

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
