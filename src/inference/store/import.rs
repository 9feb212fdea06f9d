//! A model in a folder or a GGUF file in; the same model in the store out. For machines without network.

use super::names::{ModelName, check_file, is_commit};
use super::record::damaged;
use super::selection::{INDEX, Selection, is_gguf, only, select, shards};
use super::unfinished::{Work, create, remove};
use super::{Progress, Record, RecordedFile, Store, StoreError, Tell};
use crate::hash::sha256_of_file;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

const PIECE: usize = 1 << 20;

/// What is to be imported.
struct Source {
    folder: PathBuf,
    files: BTreeSet<String>,
    /// What the folder says that it holds, if it says so.
    record: Option<Record>,
    /// The hub's name and commit of the model, as the record or the cache's path gives them.
    known: Option<(String, Option<String>)>,
    /// What the record says of it.
    revision: Option<String>,
    /// The path that it was imported from.
    origin: String,
}

pub(super) fn import(
    store: &Store,
    path: &Path,
    name: Option<&str>,
    tell: Tell<'_>,
) -> Result<Record, StoreError> {
    let source = Source::open(path)?;
    let name = match (name, &source.known) {
        (Some(name), _) => ModelName::any(name).map_err(|_| StoreError::ImportName {
            name: name.to_owned(),
        })?,
        (None, Some((id, _))) => ModelName::any(id)?,
        (None, None) => {
            return Err(StoreError::NameNeeded {
                path: path.to_owned(),
            });
        }
    };
    // Before gigabytes are copied: is the place free?
    let here = store.record(&name)?;
    if let (Some(here), Some(given)) = (&here, &source.record)
        && !here.same_files(given)
    {
        return Err(taken(store, &name));
    }
    let work = Work::begin(store.folder(), &name)?;
    let staged = work.import();
    match source.copy(&staged, &name, tell) {
        Ok(record) if here.is_some_and(|here| !here.same_files(&record)) => {
            work.abandon_import();
            Err(taken(store, &name))
        }
        // The same files again: the new copies are checked, and those that lie there may be damaged.
        Ok(record) => {
            work.place(&staged, &store.folder_of(&name))?;
            Ok(record)
        }
        Err(error) => {
            work.abandon_import();
            Err(error)
        }
    }
}

fn taken(store: &Store, name: &ModelName) -> StoreError {
    StoreError::OtherModel {
        name: name.to_string(),
        folder: store.folder_of(name),
    }
}

impl Source {
    fn open(path: &Path) -> Result<Self, StoreError> {
        let nothing = || StoreError::NothingToImport {
            path: path.to_owned(),
        };
        // An absolute path, for the record; links in it stay as they were given, because those of the
        // hub's cache lead from names to hashes.
        let path = std::path::absolute(path).map_err(StoreError::reading(path))?;
        if path.is_file() {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.filter(|name| is_gguf(name)).ok_or_else(nothing)?;
            check_file(name, &format!("`{}`", path.display()))?;
            return Ok(Self {
                folder: path.parent().unwrap_or(Path::new("")).to_owned(),
                files: only(name).files,
                record: None,
                known: None,
                revision: None,
                origin: path.display().to_string(),
            });
        }
        if !path.is_dir() {
            return Err(nothing());
        }
        let record = Record::read(&path)?;
        let (files, known) = match &record {
            Some(record) => {
                record.check_sizes(&path, AGAIN)?;
                let names = record.files.iter().map(|file| file.name.clone());
                let known = (record.id.clone(), record.commit.clone());
                (names.collect(), Some(known))
            }
            None => (chosen(&path)?, cached(&path)),
        };
        Ok(Self {
            origin: path.display().to_string(),
            folder: path,
            files,
            revision: record.as_ref().and_then(|record| record.revision.clone()),
            record,
            known,
        })
    }

    /// Copies every file, checks it, and writes the record.
    fn copy(&self, to: &Path, name: &ModelName, tell: Tell<'_>) -> Result<Record, StoreError> {
        remove(to)?;
        create(to)?;
        let mut sizes = Vec::new();
        for name in &self.files {
            let path = self.folder.join(name);
            sizes.push(
                fs::metadata(&path)
                    .map_err(StoreError::reading(&path))?
                    .len(),
            );
        }
        let mut needed: u64 = sizes.iter().sum();
        let mut files = Vec::new();
        for (index, (file, size)) in self.files.iter().zip(sizes).enumerate() {
            tell(Progress::File {
                name: file,
                size,
                number: index + 1,
                of: self.files.len(),
            });
            files.push(self.copy_file(file, to, needed, tell)?);
            needed -= size;
        }
        // A commit says something only together with the name that it is a commit of.
        let known = self
            .known
            .as_ref()
            .filter(|(id, _)| *id == name.to_string());
        let record = Record {
            id: name.to_string(),
            revision: known.and(self.revision.clone()),
            commit: known.and_then(|(_, commit)| commit.clone()),
            origin: self.origin.clone(),
            files,
        };
        record.write(to)?;
        Ok(record)
    }

    fn copy_file(
        &self,
        name: &str,
        to: &Path,
        needed: u64,
        tell: Tell<'_>,
    ) -> Result<RecordedFile, StoreError> {
        let from = self.folder.join(name);
        let copy = to.join(name);
        let mut reader = File::open(&from).map_err(StoreError::reading(&from))?;
        let mut writer = File::create(&copy).map_err(StoreError::writing(&copy, needed))?;
        let mut piece = vec![0; PIECE];
        let mut size = 0;
        loop {
            let read = reader
                .read(&mut piece)
                .map_err(StoreError::reading(&from))?;
            if read == 0 {
                break;
            }
            let write = writer.write_all(&piece[..read]);
            write.map_err(StoreError::writing(&copy, needed - size.min(needed)))?;
            size += read as u64;
            tell(Progress::Bytes(read as u64));
        }
        writer
            .sync_all()
            .map_err(StoreError::writing(&copy, needed))?;
        tell(Progress::Checking { name });
        // Of the copy: what counts is what has arrived.
        let sha256 = sha256_of_file(&copy).map_err(StoreError::reading(&copy))?;
        let recorded = self.record.iter().flat_map(|record| &record.files);
        let expected = recorded.into_iter().find(|file| file.name == name);
        if let Some(expected) = expected
            && expected.sha256 != sha256
        {
            let message = format!("its SHA-256 is {sha256} and should be {}", expected.sha256);
            return Err(damaged(&from, message, AGAIN));
        }
        Ok(RecordedFile {
            name: name.to_owned(),
            size,
            sha256,
        })
    }
}

const AGAIN: &str = "copy the model to this machine again";

/// The files of the model in a folder without a record.
fn chosen(folder: &Path) -> Result<BTreeSet<String>, StoreError> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(StoreError::reading(folder))? {
        let entry = entry.map_err(StoreError::reading(folder))?;
        // A link that leads nowhere is kept: it is named when it is copied.
        let is_folder = entry.path().is_dir();
        if let (Ok(name), false) = (entry.file_name().into_string(), is_folder) {
            names.insert(name);
        }
    }
    let place = folder.display().to_string();
    let mut ggufs = names.iter().filter(|name| is_gguf(name));
    let selection = match (select(&names, None, &place), ggufs.next(), ggufs.next()) {
        // Nothing else to choose from.
        (Err(StoreError::WhichGguf { .. }), Some(file), None) => only(file),
        (selection, _, _) => selection?,
    };
    let Selection { mut files, sharded } = selection;
    if sharded {
        for shard in shards(&folder.join(INDEX))? {
            if !names.contains(&shard) {
                return Err(StoreError::MissingFile {
                    path: folder.join(shard),
                    named_by: INDEX.to_owned(),
                });
            }
            files.insert(shard);
        }
    }
    for file in &files {
        check_file(file, &format!("`{place}`"))?;
    }
    Ok(files)
}

/// Name and commit of a folder in the cache of the hub's client, `models--OWNER--NAME/snapshots/COMMIT`.
fn cached(folder: &Path) -> Option<(String, Option<String>)> {
    let commit = folder.file_name()?.to_str()?;
    let snapshots = folder.parent()?;
    let model = snapshots.parent()?.file_name()?.to_str()?;
    let id = model.strip_prefix("models--")?.replacen("--", "/", 1);
    let found = snapshots.ends_with("snapshots") && is_commit(commit);
    (found && ModelName::of_hub(&id).is_ok()).then(|| (id, Some(commit.to_owned())))
}
