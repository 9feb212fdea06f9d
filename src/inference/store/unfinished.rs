//! What is on its way into the store, and the one renaming that puts it there.
//!
//! `.unfinished/OWNER--NAME` holds what a pull needs to go on where it stopped: `pull.json` (the commit
//! that it fetches), `files` (those that are whole) and `hub` (where the hub's client keeps the part of
//! a file). An import copies into `import`. A model that is replaced waits in `replaced` until the new
//! one is in its place.

use super::names::ModelName;
use super::record::{read_json, write_json};
use super::{Entry, StoreError};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

pub(super) const UNFINISHED: &str = ".unfinished";
const PIN: &str = "pull.json";

/// What a pull fetches. The revision is resolved to a commit once, when the pull begins: all files are
/// of that commit, however often it is interrupted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pin {
    pub(super) id: String,
    pub(super) revision: String,
    pub(super) commit: String,
    /// The GGUF file that was asked for, if one was.
    pub(super) file: Option<String>,
}

/// The folder of a model that is on its way. While this lives, no other process has it.
pub(super) struct Work {
    folder: PathBuf,
    /// The lock goes when the file is closed, also when the process is killed.
    _lock: File,
}

impl Work {
    pub(super) fn begin(store: &Path, name: &ModelName) -> Result<Self, StoreError> {
        let folder = store.join(UNFINISHED).join(name.folder());
        create(&folder)?;
        let path = folder.with_added_extension("lock");
        let lock = File::create(&path).map_err(StoreError::writing(&path, 0))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                folder,
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Busy {
                id: name.to_string(),
            }),
            Err(TryLockError::Error(error)) => Err(StoreError::writing(&path, 0)(error)),
        }
    }

    /// Whether a pull of the model was begun and has not come to its end.
    pub(super) fn has_begun(store: &Path, name: &ModelName) -> bool {
        let folder = store.join(UNFINISHED).join(name.folder());
        folder.join(PIN).exists()
    }

    /// The files of a pull that are whole.
    pub(super) fn files(&self) -> PathBuf {
        self.folder.join("files")
    }

    /// What the hub's client takes for its cache.
    pub(super) fn hub(&self) -> PathBuf {
        self.folder.join("hub")
    }

    /// The copies that an import makes.
    pub(super) fn import(&self) -> PathBuf {
        self.folder.join("import")
    }

    pub(super) fn pin(&self) -> Result<Option<Pin>, StoreError> {
        read_json(&self.folder.join(PIN))
    }

    /// Begins a pull, or goes on with the same one; what was fetched for another one goes.
    pub(super) fn set_pin(&self, pin: &Pin) -> Result<(), StoreError> {
        // A pin that cannot be read is of no pull that could go on.
        if self.pin().ok().flatten().as_ref() != Some(pin) {
            let path = self.folder.join(PIN);
            if path.exists() {
                fs::remove_file(&path).map_err(StoreError::writing(&path, 0))?;
            }
            remove(&self.files())?;
            remove(&self.hub())?;
            write_json(&path, pin)?;
        }
        create(&self.files())
    }

    /// Makes a folder of files, all whole, the model's folder in the store, in place of the one
    /// that is there.
    pub(super) fn place(self, files: &Path, folder: &Path) -> Result<(), StoreError> {
        let replaced = self.folder.join("replaced");
        remove(&replaced)?;
        if folder.exists() {
            fs::rename(folder, &replaced).map_err(StoreError::writing(folder, 0))?;
        }
        fs::rename(files, folder).map_err(StoreError::writing(folder, 0))?;
        remove(&self.folder)
    }

    /// Leaves what a pull could go on with, and nothing else.
    pub(super) fn abandon_import(self) {
        // There is an error already that matters more than what is left behind.
        let _ = remove(&self.import());
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // Of a pull that did not begin nothing is left. A folder that holds something stays.
        let _ = fs::remove_dir(&self.folder);
    }
}

/// What is listed of a folder in `.unfinished`: nothing, if it holds no pull.
pub(super) fn entry(folder: &Path) -> Result<Option<Entry>, StoreError> {
    let pin = match read_json::<Pin>(&folder.join(PIN)) {
        Ok(Some(pin)) => pin,
        Ok(None) => return Ok(None),
        Err(error) => return Ok(Some(Entry::Unusable(error))),
    };
    Ok(Some(Entry::Unfinished {
        id: pin.id,
        revision: pin.revision,
        commit: pin.commit,
        bytes: bytes(folder)?,
    }))
}

/// Bytes of all files below a folder; links count for nothing.
fn bytes(folder: &Path) -> Result<u64, StoreError> {
    let mut sum = 0;
    for entry in fs::read_dir(folder).map_err(StoreError::reading(folder))? {
        let entry = entry.map_err(StoreError::reading(folder))?;
        let metadata = entry
            .metadata()
            .map_err(StoreError::reading(&entry.path()))?;
        if metadata.is_dir() {
            sum += bytes(&entry.path())?;
        } else if metadata.is_file() && entry.file_name() != PIN {
            sum += metadata.len();
        }
    }
    Ok(sum)
}

pub(super) fn create(folder: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(folder).map_err(StoreError::writing(folder, 0))
}

/// Removes a folder with everything in it, if it is there.
pub(super) fn remove(folder: &Path) -> Result<(), StoreError> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(StoreError::writing(folder, 0))?;
    }
    Ok(())
}
