//! A store in a folder of its own, and a hub on this machine.

pub use super::hub::{Fault, sha256};
pub use remiss::inference::store::{
    Entry, Hub, Progress, Pull, Pulled, RECORD, Record, Store, StoreError,
};
pub use std::fs;
pub use std::path::{Path, PathBuf};

pub const ID: &str = "maker/model";

/// Bytes that look like nothing else and are never the same in two files.
pub fn weights(seed: u32, size: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..size).map(|_| next()).collect()
}

/// A store in a folder of its own, and a hub.
pub struct Scene {
    pub folder: tempfile::TempDir,
    pub store: Store,
    pub hub: super::hub::Hub,
}

impl Scene {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Some(&folder.path().join("models"))).unwrap();
        let hub = super::hub::Hub::start();
        Self { folder, store, hub }
    }

    /// The hub has a model in one file.
    pub fn with_model() -> Self {
        let scene = Self::new();
        scene.publish(1);
        scene
    }

    pub fn publish(&self, seed: u32) -> String {
        let weights = weights(seed, 300_000);
        let files: [(&str, &[u8]); 7] = [
            (".gitattributes", b"*.safetensors lfs"),
            ("LICENSE", b"Do what you like."),
            ("README.md", b""),
            ("config.json", b"{\"model_type\": \"qwen3\"}"),
            ("model.safetensors", &weights),
            ("pytorch_model.bin", b"the same again"),
            ("tokenizer.json", b"{\"version\": \"1.0\"}"),
        ];
        self.hub.publish(ID, &files)
    }

    pub fn pull(&self, wanted: &Pull) -> Result<Pulled, StoreError> {
        self.pull_with(wanted, None)
    }

    pub fn pull_with(&self, wanted: &Pull, token: Option<&str>) -> Result<Pulled, StoreError> {
        let hub = Hub::new(&self.hub.endpoint, token);
        self.store.pull(wanted, &hub, &mut |_| {})
    }

    /// The message of a pull that is refused; nothing then looks like a model.
    pub fn refused(&self, wanted: &Pull) -> String {
        let message = self.pull(wanted).unwrap_err().to_string();
        self.nothing_looks_whole();
        message
    }

    pub fn nothing_looks_whole(&self) {
        let entries = self.store.list().unwrap();
        let whole = |entry: &Entry| matches!(entry, Entry::Complete(_));
        assert!(!entries.iter().any(whole), "{entries:?}");
        self.store.find(ID).unwrap_err();
        assert!(!self.store.folder().join("maker--model").exists());
    }

    /// The one part of a file in the store.
    pub fn part(&self) -> PathBuf {
        let blobs = ".unfinished/maker--model/hub/models--maker--model/blobs";
        let parts = fs::read_dir(self.store.folder().join(blobs)).unwrap();
        let parts = parts.map(|entry| entry.unwrap().path());
        let mut parts = parts.filter(|path| path.extension().is_some_and(|end| end == "part"));
        let part = parts.next().unwrap();
        assert!(parts.next().is_none());
        part
    }

    /// A folder beside the store.
    pub fn beside(&self, name: &str, files: &[(&str, &[u8])]) -> PathBuf {
        let folder = self.folder.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in files {
            fs::write(folder.join(name), bytes).unwrap();
        }
        folder
    }

    pub fn import(&self, path: &Path, name: Option<&str>) -> Result<Record, StoreError> {
        self.store.import(path, name, &mut |_| {})
    }
}

pub fn model() -> Pull {
    Pull {
        id: ID.to_owned(),
        ..Pull::default()
    }
}

pub fn at(revision: &str) -> Pull {
    Pull {
        revision: Some(revision.to_owned()),
        ..model()
    }
}

pub fn says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "no `{part}` in: {message}");
    }
}
