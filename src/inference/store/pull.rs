//! A model's name in; its files, checked, from the hub in the store out.
//!
//! A file counts as fetched when it has its size and, if it is in the hub's large storage, as all weights
//! are, the SHA-256 that the hub gives for it. One that has not is removed.

use super::hub::{Connection, Hub, Listed, Listing};
use super::names::{ModelName, check_file, check_revision};
use super::record::damaged;
use super::selection::{INDEX, select, shards};
use super::unfinished::{Pin, Work};
use super::{Progress, Record, RecordedFile, Store, StoreError, Tell, repair};
use crate::hash::{sha256, sha256_of_file};
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::path::PathBuf;

/// What is to be fetched.
#[derive(Debug, Clone, Default)]
pub struct Pull {
    /// `OWNER/NAME`.
    pub id: String,
    /// A branch, tag or commit; `main` if none is given. A given one may replace another that is here.
    pub revision: Option<String>,
    /// One GGUF file, instead of safetensors.
    pub file: Option<String>,
    /// Fetch also what is here already, and replace it.
    pub again: bool,
}

/// What is in the store after a pull.
#[derive(Debug)]
pub struct Pulled {
    pub record: Record,
    /// Whether anything was fetched; if not, the hashes of what was here have been checked.
    pub fetched: bool,
}

pub(super) fn pull(
    store: &Store,
    wanted: &Pull,
    hub: &Hub,
    tell: Tell<'_>,
) -> Result<Pulled, StoreError> {
    let name = ModelName::of_hub(&wanted.id)?;
    let revision = wanted.revision.as_deref().unwrap_or("main");
    check_revision(revision)?;
    let file = wanted.file.as_deref();
    if let Some(file) = file {
        check_file(file, "--file")?;
    }
    let here = store.record(&name)?.filter(|_| !wanted.again);
    let checked = |record: Record, tell| {
        record.check_hashes(&store.folder_of(&name), &repair(&record), tell)?;
        Ok(Pulled {
            record,
            fetched: false,
        })
    };
    if let Some(record) = &here {
        same_choice(record, wanted)?;
        // A commit is what it is for ever: nobody need be asked.
        if record.commit.as_deref() == Some(revision) {
            return checked(record.clone(), tell);
        }
    }

    let work = Work::begin(store.folder(), &name)?;
    let begun = work.pin().ok().flatten().filter(|pin| {
        let same = pin.revision == revision && pin.file.as_deref() == file;
        same && !wanted.again
    });
    let asked = begun.as_ref().map_or(revision, |pin| &pin.commit);
    let mut connection = Connection::open(hub, &wanted.id, &work.hub())?;
    let listing = connection.listing(asked)?;
    if let Some(record) = here
        && !replaces(&record, wanted, &listing.commit)?
    {
        return checked(record, tell);
    }
    work.set_pin(&Pin {
        id: wanted.id.clone(),
        revision: revision.to_owned(),
        commit: listing.commit.clone(),
        file: wanted.file.clone(),
    })?;
    let files = work.files();
    let fetch = Fetch {
        connection: &mut connection,
        listing: &listing,
        id: &wanted.id,
        folder: files.clone(),
        replaced: store.folder_of(&name),
        tell,
        fetched: Vec::new(),
    };
    let record = Record {
        id: wanted.id.clone(),
        revision: Some(revision.to_owned()),
        commit: Some(listing.commit.clone()),
        origin: hub.endpoint().to_owned(),
        files: fetch.all(file)?,
    };
    record.write(&files)?;
    work.place(&files, &store.folder_of(&name))?;
    Ok(Pulled {
        record,
        fetched: true,
    })
}

/// That what is here is what was asked for: safetensors, or this GGUF file.
fn same_choice(here: &Record, wanted: &Pull) -> Result<(), StoreError> {
    if here.gguf() == wanted.file.as_deref() {
        return Ok(());
    }
    Err(StoreError::OtherFiles {
        id: wanted.id.clone(),
        here: here.gguf().unwrap_or("safetensors").to_owned(),
    })
}

/// Whether a commit is to replace the one that is here; an error if it is another and nobody asked for it.
fn replaces(here: &Record, wanted: &Pull, commit: &str) -> Result<bool, StoreError> {
    let known = here.commit.as_deref();
    if known == Some(commit) {
        return Ok(false);
    }
    if wanted.revision.is_some() {
        return Ok(true);
    }
    let imported = || format!("a commit that nobody knows, from {}", here.origin);
    Err(StoreError::OtherCommit {
        id: wanted.id.clone(),
        here: known.map_or_else(imported, str::to_owned),
        there: commit.to_owned(),
    })
}

/// One pull, file after file.
struct Fetch<'a, 'h> {
    connection: &'a mut Connection<'h>,
    listing: &'a Listing,
    id: &'a str,
    /// Where files go that are whole.
    folder: PathBuf,
    /// Where the model lies that this one may replace.
    replaced: PathBuf,
    tell: Tell<'a>,
    fetched: Vec<RecordedFile>,
}

impl Fetch<'_, '_> {
    /// Fetches the model's files, in the order of their names, but the index of shards first.
    fn all(mut self, gguf: Option<&str>) -> Result<Vec<RecordedFile>, StoreError> {
        let names: BTreeSet<String> = self.listing.files.keys().cloned().collect();
        let mut selection = select(&names, gguf, self.id)?;
        if selection.sharded {
            let index = BTreeSet::from([INDEX.to_owned()]);
            self.each(&index, selection.files.len())?;
            for shard in shards(&self.folder.join(INDEX))? {
                if !names.contains(&shard) {
                    return Err(StoreError::NotInRepository {
                        id: self.id.to_owned(),
                        file: shard,
                        named_by: INDEX.to_owned(),
                    });
                }
                selection.files.insert(shard);
            }
            selection.files.remove(INDEX);
        }
        let of = self.fetched.len() + selection.files.len();
        self.each(&selection.files, of)?;
        self.fetched.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(self.fetched)
    }

    fn each(&mut self, names: &BTreeSet<String>, of: usize) -> Result<(), StoreError> {
        let listing = self.listing;
        let sizes = names.iter().filter_map(|name| listing.files[name].size);
        let mut needed: u64 = sizes.sum();
        for name in names {
            let listed = &listing.files[name];
            let file = match self.kept(name, listed, of)? {
                Some(kept) => kept,
                None => self.one(name, listed, of, needed)?,
            };
            needed = needed.saturating_sub(file.size);
            self.fetched.push(file);
        }
        Ok(())
    }

    fn begin(&mut self, name: &str, size: u64, of: usize) {
        let number = self.fetched.len() + 1;
        (self.tell)(Progress::File {
            name,
            size,
            number,
            of,
        });
    }

    /// A file that an earlier try has fetched, or that the model here has already, if it is what it should
    /// be.
    fn kept(
        &mut self,
        name: &str,
        listed: &Listed,
        of: usize,
    ) -> Result<Option<RecordedFile>, StoreError> {
        let path = self.folder.join(name);
        if !path.exists() && listed.sha256.is_some() {
            // Weights seldom change when a model does. A second name costs nothing, the hash decides,
            // and where links cannot be made the file is fetched.
            let _ = fs::hard_link(self.replaced.join(name), &path);
        }
        if !path.exists() {
            return Ok(None);
        }
        let size = fs::metadata(&path).map_err(StoreError::reading(&path))?;
        let size = size.len();
        if listed.size == Some(size) {
            self.begin(name, size, of);
            (self.tell)(Progress::Bytes(size));
            (self.tell)(Progress::Checking { name });
            let sha256 = sha256_of_file(&path).map_err(StoreError::reading(&path))?;
            if listed.sha256.is_none() || listed.sha256.as_ref() == Some(&sha256) {
                return Ok(Some(RecordedFile {
                    name: name.to_owned(),
                    size,
                    sha256,
                }));
            }
        }
        fs::remove_file(&path).map_err(StoreError::writing(&path, 0))?;
        Ok(None)
    }

    /// Fetches a file, checks it, and puts it with those that are whole.
    fn one(
        &mut self,
        name: &str,
        listed: &Listed,
        of: usize,
        needed: u64,
    ) -> Result<RecordedFile, StoreError> {
        let path = self.folder.join(name);
        if listed.size == Some(0) {
            // There is no range of bytes that could be asked for.
            self.begin(name, 0, of);
            fs::write(&path, []).map_err(StoreError::writing(&path, needed))?;
            return Ok(RecordedFile {
                name: name.to_owned(),
                size: 0,
                sha256: sha256(&[]),
            });
        }
        let commit = &self.listing.commit;
        let expected = self.connection.expected(name, listed, commit)?;
        self.begin(name, expected.size, of);
        let arrived = self
            .connection
            .download(name, commit, &expected, needed, self.tell)?;
        (self.tell)(Progress::Checking { name });
        let found = sha256_of_file(&arrived).map_err(StoreError::reading(&arrived))?;
        let file = RecordedFile {
            name: name.to_owned(),
            size: expected.size,
            sha256: expected.sha256.unwrap_or_else(|| found.clone()),
        };
        let length = fs::metadata(&arrived).map_err(StoreError::reading(&arrived))?;
        let damage = if length.len() != file.size {
            Some(format!(
                "it has {} of its {} bytes",
                length.len(),
                file.size
            ))
        } else if found != file.sha256 {
            let expected = &file.sha256;
            Some(format!("its SHA-256 is {found} and should be {expected}"))
        } else {
            None
        };
        if let Some(message) = damage {
            fs::remove_file(&arrived).map_err(StoreError::writing(&arrived, 0))?;
            let hint = "it has been removed; the same command fetches it anew";
            return Err(damaged(&path, message, hint));
        }
        let keep = || {
            OpenOptions::new().write(true).open(&arrived)?.sync_all()?;
            fs::rename(&arrived, &path)
        };
        keep().map_err(StoreError::writing(&path, needed))?;
        Ok(file)
    }
}
