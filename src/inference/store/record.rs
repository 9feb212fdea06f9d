//! `remiss-model.json`: what a model in the store is, where it came from, and the hash of every file.

use super::names::{ModelName, check_file, check_revision, is_commit, is_sha256};
use super::{Progress, StoreError, Tell};
use crate::hash::sha256_of_file;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The file in a model's folder that holds its [`Record`]. It is written last: a folder that has it
/// held every file of the model, with these hashes.
pub const RECORD: &str = "remiss-model.json";

/// What a model in the store is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// `OWNER/NAME`, or the name that it was imported under.
    pub id: String,
    /// The revision that was asked for; none for an imported model that did not say.
    pub revision: Option<String>,
    /// The commit that the revision was at when it was fetched.
    pub commit: Option<String>,
    /// The address of the hub, or the path that it was imported from.
    pub origin: String,
    /// In the order of their names.
    pub files: Vec<RecordedFile>,
}

/// A file of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedFile {
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// In lower-case hexadecimal.
    pub sha256: String,
}

impl Record {
    /// The record of a folder, if it has one.
    ///
    /// # Errors
    /// It cannot be read, is no record, or names what could not be the file of a model.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, StoreError> {
        let path = folder.join(RECORD);
        let Some(record) = read_json::<Self>(&path)? else {
            return Ok(None);
        };
        let refused = |message: &str| StoreError::Record {
            path: path.clone(),
            message: message.to_owned(),
        };
        ModelName::any(&record.id)?;
        if let Some(revision) = &record.revision {
            check_revision(revision)?;
        }
        if !record.commit.as_deref().is_none_or(is_commit) {
            return Err(refused("its commit is not a commit hash"));
        }
        if record.files.is_empty() {
            return Err(refused("it lists no files"));
        }
        for file in &record.files {
            check_file(&file.name, &format!("`{}`", path.display()))?;
            if !is_sha256(&file.sha256) {
                return Err(refused("it has a hash that is no SHA-256"));
            }
        }
        Ok(Some(record))
    }

    /// Writes the record, whole or not at all.
    pub(super) fn write(&self, folder: &Path) -> Result<(), StoreError> {
        write_json(&folder.join(RECORD), self)
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// The name of the model's GGUF file, if that is what it is.
    pub fn gguf(&self) -> Option<&str> {
        let mut names = self.files.iter().map(|file| file.name.as_str());
        names.find(|name| name.ends_with(".gguf"))
    }

    /// What [`Checkpoint::open`](crate::inference::Checkpoint::open) takes: the model's folder, or the GGUF file in it.
    pub(super) fn path(&self, folder: &Path) -> PathBuf {
        match self.gguf() {
            Some(name) => folder.join(name),
            None => folder.to_owned(),
        }
    }

    /// Whether two records are of the same bytes, wherever these came from.
    pub(super) fn same_files(&self, other: &Self) -> bool {
        self.files == other.files
    }

    /// That every file is there and as long as it should be, which costs nothing.
    pub(super) fn check_sizes(&self, folder: &Path, hint: &str) -> Result<(), StoreError> {
        for file in &self.files {
            file.check_size(&folder.join(&file.name), hint)?;
        }
        Ok(())
    }

    /// That every file has the recorded hash.
    pub(super) fn check_hashes(
        &self,
        folder: &Path,
        hint: &str,
        tell: Tell<'_>,
    ) -> Result<(), StoreError> {
        for file in &self.files {
            tell(Progress::Checking { name: &file.name });
            file.check(&folder.join(&file.name), hint)?;
        }
        Ok(())
    }
}

impl RecordedFile {
    fn check_size(&self, path: &Path, hint: &str) -> Result<(), StoreError> {
        let found = match fs::metadata(path) {
            Ok(found) if found.len() == self.size => return Ok(()),
            Ok(found) => format!("it has {} of its {} bytes", found.len(), self.size),
            Err(error) if error.kind() == ErrorKind::NotFound => "it is missing".to_owned(),
            Err(error) => return Err(StoreError::reading(path)(error)),
        };
        Err(damaged(path, found, hint))
    }

    /// That a file has this size and this hash.
    pub(super) fn check(&self, path: &Path, hint: &str) -> Result<(), StoreError> {
        self.check_size(path, hint)?;
        let found = sha256_of_file(path).map_err(StoreError::reading(path))?;
        if found == self.sha256 {
            return Ok(());
        }
        let message = format!("its SHA-256 is {found} and should be {}", self.sha256);
        Err(damaged(path, message, hint))
    }
}

pub(super) fn damaged(path: &Path, message: String, hint: &str) -> StoreError {
    StoreError::Damaged {
        path: path.to_owned(),
        message,
        hint: hint.to_owned(),
    }
}

/// A JSON file, if it is there.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(StoreError::Record {
                path: path.to_owned(),
                message: error.to_string(),
            }),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::reading(path)(error)),
    }
}

/// Writes a JSON file under another name, syncs it, and gives it its name: it is there whole or not
/// at all.
pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), StoreError> {
    let text = serde_json::to_string_pretty(value).expect("a record is plain data") + "\n";
    let partial = path.with_extension("json.partial");
    let write = || {
        let mut file = File::create(&partial)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&partial, path)
    };
    write().map_err(StoreError::writing(path, text.len() as u64))
}
