//! The name of a model in; the path of its files on this machine out.
//!
//! A [`Store`] is a folder in which every model has a folder of its own: `Qwen/Qwen3-4B` lies in
//! `Qwen--Qwen3-4B`, its files directly inside, beside a [`Record`] of where they came from and what they
//! hash to. [`Store::pull`] fetches a model from the hub, [`Store::import`] takes one from a folder, and
//! [`Store::find`] gives the path that [`Checkpoint::open`](super::Checkpoint::open) takes.
//!
//! What is on its way lies apart, in `.unfinished`, and becomes a model's folder by one renaming
//! when every file is there and checked. Nothing that is half there ever looks whole.
//!
//! Only [`Store::pull`] opens a connection; all of that is in `hub.rs`.

mod error;
mod hub;
mod import;
mod names;
mod pull;
mod record;
mod registry;
mod selection;
mod unfinished;

pub use error::StoreError;
pub use hub::Hub;
pub use pull::{Pull, Pulled};
pub use record::{RECORD, Record, RecordedFile};
pub use registry::{Recommendation, RecommendedBy, Registry};

use names::ModelName;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use unfinished::{UNFINISHED, Work};

/// What fetching, importing and checking tell whoever waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// A file begins.
    File {
        name: &'a str,
        /// In bytes.
        size: u64,
        /// Its number, from one.
        number: usize,
        /// How many files there are, as far as is known: the first of them may name more.
        of: usize,
    },
    /// So many more bytes of the file are here. What an earlier try has left comes first, in one piece.
    Bytes(u64),
    /// The file is there and its hash is computed.
    Checking { name: &'a str },
}

/// Whoever is told.
pub type Tell<'a> = &'a mut dyn FnMut(Progress<'_>);

/// A model, or what lies where one should be.
#[derive(Debug)]
pub enum Entry {
    /// Every file is there, as long as it should be.
    Complete(Record),
    /// A pull that has not come to its end.
    Unfinished {
        id: String,
        /// What was asked for.
        revision: String,
        /// What it was when the pull began.
        commit: String,
        /// Bytes that are here.
        bytes: u64,
    },
    /// A folder that is no whole model, and why.
    Unusable(StoreError),
}

/// The folder in which models lie.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The store in the given folder, else in `REMISS_MODELS`, else where the platform keeps data.
    /// Nothing is created yet.
    ///
    /// # Errors
    /// No folder is given and the environment names none.
    pub fn open(folder: Option<&Path>) -> Result<Self, StoreError> {
        let folder = match folder {
            Some(folder) => folder.to_owned(),
            None => from_environment(|name| std::env::var_os(name)).ok_or(StoreError::NoFolder)?,
        };
        Ok(Self { folder })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Fetches a model from the hub, or goes on with one that was begun. A model that is here already is
    /// checked instead.
    ///
    /// # Errors
    /// See [`StoreError`]. What has been fetched is kept for the next try, except a file that is damaged.
    pub fn pull(&self, wanted: &Pull, hub: &Hub, tell: Tell<'_>) -> Result<Pulled, StoreError> {
        pull::pull(self, wanted, hub, tell)
    }

    /// Copies a model into the store from a folder or a GGUF file: from a copy of another store's folder,
    /// from the hub client's cache, or from anywhere else. Links are followed. Without a name, the model
    /// keeps the one that its record or the cache gives it.
    ///
    /// # Errors
    /// There is no model at the path or it is not whole, a hash differs from the record beside it, no name
    /// is known, or the store has a different model of that name.
    pub fn import(
        &self,
        path: &Path,
        name: Option<&str>,
        tell: Tell<'_>,
    ) -> Result<Record, StoreError> {
        import::import(self, path, name, tell)
    }

    /// The path of a model that is whole: its folder, or the GGUF file in it.
    ///
    /// # Errors
    /// The model is not here, was not fetched to its end, or lacks a part of a file. Hashes are not
    /// computed: that takes as long as reading the model; see [`Store::verify`].
    pub fn find(&self, id: &str) -> Result<PathBuf, StoreError> {
        let name = ModelName::any(id)?;
        let record = self.required(&name)?;
        let folder = self.folder_of(&name);
        record.check_sizes(&folder, &repair(&record))?;
        Ok(record.path(&folder))
    }

    /// Computes the hash of every file of a model and compares it with the record.
    ///
    /// # Errors
    /// As [`Store::find`], or a file has another hash.
    pub fn verify(&self, id: &str, tell: Tell<'_>) -> Result<Record, StoreError> {
        let name = ModelName::any(id)?;
        let record = self.required(&name)?;
        record.check_hashes(&self.folder_of(&name), &repair(&record), tell)?;
        Ok(record)
    }

    /// Everything in the store, in the order of names; what is unfinished comes last.
    ///
    /// # Errors
    /// The store cannot be read. What is wrong with one model is said in its [`Entry`].
    pub fn list(&self) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        for folder in folders(&self.folder)? {
            entries.push(match Record::read(&folder) {
                Ok(Some(record)) => match record.check_sizes(&folder, &repair(&record)) {
                    Ok(()) => Entry::Complete(record),
                    Err(error) => Entry::Unusable(error),
                },
                Ok(None) => Entry::Unusable(StoreError::NoRecord { folder }),
                Err(error) => Entry::Unusable(error),
            });
        }
        for folder in folders(&self.folder.join(UNFINISHED))? {
            entries.extend(unfinished::entry(&folder)?);
        }
        Ok(entries)
    }

    fn folder_of(&self, name: &ModelName) -> PathBuf {
        self.folder.join(name.folder())
    }

    /// The record of a model, if the store has it.
    fn record(&self, name: &ModelName) -> Result<Option<Record>, StoreError> {
        let folder = self.folder_of(name);
        match Record::read(&folder)? {
            // Where upper and lower case are one, another model may answer to this name.
            Some(record) if record.id != name.to_string() => Err(StoreError::OtherModel {
                name: name.to_string(),
                folder,
            }),
            Some(record) => Ok(Some(record)),
            None if folder.exists() => Err(StoreError::NoRecord { folder }),
            None => Ok(None),
        }
    }

    fn required(&self, name: &ModelName) -> Result<Record, StoreError> {
        if let Some(record) = self.record(name)? {
            return Ok(record);
        }
        let id = name.to_string();
        Err(if Work::has_begun(&self.folder, name) {
            StoreError::Unfinished { id }
        } else {
            StoreError::Absent { id }
        })
    }
}

/// How a damaged model is made whole.
fn repair(record: &Record) -> String {
    if record.origin.starts_with("http") {
        format!("`remiss model pull {} --again` fetches it anew", record.id)
    } else {
        "`remiss model import` takes it in anew".to_owned()
    }
}

/// The visible folders in a folder, in order; none if there is no such folder.
fn folders(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(StoreError::reading(folder))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(StoreError::reading(folder))?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && entry.path().is_dir() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Where models lie when nobody says where. `variable`: reads the environment.
fn from_environment(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    if let Some(folder) = set("REMISS_MODELS") {
        return Some(folder.into());
    }
    let home = || set("HOME").map(PathBuf::from);
    let data = if cfg!(windows) {
        set("LOCALAPPDATA").map(PathBuf::from)
    } else if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library/Application Support"))
    } else {
        // The XDG specification says that a relative path counts as none.
        let xdg = set("XDG_DATA_HOME").map(PathBuf::from);
        let xdg = xdg.filter(|path| path.is_absolute());
        xdg.or_else(|| home().map(|home| home.join(".local/share")))
    };
    data.map(|data| data.join("remiss").join("models"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)]) -> Option<PathBuf> {
        from_environment(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn the_environment_may_name_the_folder() {
        let own = [("REMISS_MODELS", "/models"), ("HOME", "/home/a")];
        assert_eq!(chosen(&own), Some("/models".into()));
        assert_eq!(chosen(&[]), None);
    }

    #[test]
    #[cfg(all(unix, not(target_os = "macos")))]
    fn else_the_platform_does() {
        let home = ("HOME", "/home/a");
        let default = Some(PathBuf::from("/home/a/.local/share/remiss/models"));
        assert_eq!(chosen(&[home]), default);
        assert_eq!(chosen(&[home, ("REMISS_MODELS", "")]), default);
        assert_eq!(chosen(&[home, ("XDG_DATA_HOME", "data")]), default);
        let xdg = chosen(&[home, ("XDG_DATA_HOME", "/data")]);
        assert_eq!(xdg, Some("/data/remiss/models".into()));
    }
}
