//! Names that become paths and addresses: of models, revisions and files.
//!
//! They come from the command line, from the hub and from records in folders that somebody copied, and
//! none of these is trusted to stay inside the folder that it is put into.

use super::StoreError;
use std::fmt;

/// The hub's own limit.
const LONGEST: usize = 96;

/// The name of a model that is safe as a folder and in an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ModelName(String);

impl ModelName {
    /// `OWNER/NAME`, as the hub names a model.
    pub(super) fn of_hub(id: &str) -> Result<Self, StoreError> {
        let parts: Vec<&str> = id.split('/').collect();
        if parts.len() == 2 && parts.iter().all(|part| is_part(part)) {
            return Ok(Self(id.to_owned()));
        }
        Err(StoreError::Id { id: id.to_owned() })
    }

    /// `OWNER/NAME`, or a plain name that somebody gave an imported model.
    pub(super) fn any(name: &str) -> Result<Self, StoreError> {
        if is_part(name) {
            return Ok(Self(name.to_owned()));
        }
        Self::of_hub(name)
    }

    /// The folder of the model in the store. No two names share one: `--` occurs in no part.
    pub(super) fn folder(&self) -> String {
        self.0.replace('/', "--")
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What the hub accepts as the name of an owner or of a repository.
fn is_part(part: &str) -> bool {
    let end = |c: Option<char>| c.is_some_and(|c| c != '.' && c != '-');
    part.len() <= LONGEST
        && end(part.chars().next())
        && end(part.chars().next_back())
        && !part.contains("--")
        && !part.contains("..")
        && part
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// A branch, a tag or a commit hash.
pub(super) fn check_revision(revision: &str) -> Result<(), StoreError> {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.+".contains(c))
    };
    if revision.len() <= 200 && !revision.contains("..") && revision.split('/').all(plain) {
        return Ok(());
    }
    Err(StoreError::Revision {
        revision: revision.to_owned(),
    })
}

/// A git commit hash, which names one state of a repository for ever.
pub(super) fn is_commit(text: &str) -> bool {
    text.len() == 40 && is_hash(text)
}

pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && is_hash(text)
}

/// A hash of any kind, in lower-case hexadecimal.
pub(super) fn is_hash(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (32..=128).contains(&text.len()) && text.bytes().all(digit)
}

/// A file directly in a folder, with a name that needs no escaping in any system or address.
pub(super) fn is_plain_file(name: &str) -> bool {
    name.len() <= 200
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.+=,@()".contains(c))
}

/// As [`is_plain_file`]; `by` says who named it.
pub(super) fn check_file(name: &str, by: &str) -> Result<(), StoreError> {
    if is_plain_file(name) {
        return Ok(());
    }
    Err(StoreError::FileName {
        name: name.escape_debug().to_string(),
        by: by.to_owned(),
    })
}

/// Whether a name in a listing is an honest path inside the repository. Others are no accident: the
/// whole listing is refused.
pub(super) fn stays_inside(name: &str) -> bool {
    !name.contains(['\\', ':', '\0'])
        && name
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_hub() {
        for id in ["Qwen/Qwen3-4B", "a/b", "utter-project/EuroLLM-1.7B_x"] {
            assert_eq!(ModelName::of_hub(id).unwrap().to_string(), id);
        }
        let long = format!("a/{}", "b".repeat(97));
        for id in [
            "",
            "/",
            "a/",
            "/b",
            "gpt2",
            "a/b/c",
            "../b",
            "a/..",
            "a/.b",
            "a/b.",
            "-a/b",
            "a/b-",
            "a--b/c",
            "a/b..c",
            "/etc/passwd",
            "a\\b/c",
            "a/b c",
            "a/b%2f",
            "å/b",
            "C:/b",
            "a/b\0",
            &long,
        ] {
            assert!(ModelName::of_hub(id).is_err(), "{id}");
        }
    }

    #[test]
    fn no_two_names_share_a_folder() {
        let folder = |name| ModelName::any(name).unwrap().folder();
        assert_eq!(folder("Qwen/Qwen3-4B"), "Qwen--Qwen3-4B");
        assert_eq!(folder("my-model"), "my-model");
        assert!(ModelName::any("Qwen--Qwen3-4B").is_err());
        assert!(ModelName::any(".unfinished").is_err());
    }

    #[test]
    fn revisions() {
        for revision in ["main", "v1.0", "refs/pr/12", &"a".repeat(40)] {
            check_revision(revision).unwrap();
        }
        for revision in ["", "..", "a/../b", "/main", "main/", "a b", "a?b", "a#b"] {
            assert!(check_revision(revision).is_err(), "{revision}");
        }
        assert!(is_commit(&"0f".repeat(20)));
        assert!(!is_commit(&"0F".repeat(20)) && !is_commit("main"));
    }

    #[test]
    fn files_stay_in_their_folder() {
        for name in ["config.json", "model-00001-of-00002.safetensors", "LICENSE"] {
            check_file(name, "the hub").unwrap();
        }
        for name in [
            "",
            ".",
            "..",
            ".gitattributes",
            "a/b",
            "../x",
            "/x",
            "a\\b",
            "c:x",
            "a\nb",
        ] {
            assert!(check_file(name, "the hub").is_err(), "{name}");
        }
        assert!(stays_inside("onnx/model.onnx") && stays_inside("Läs mig.md"));
        for name in [
            "../x",
            "a/../../x",
            "/etc/x",
            "a//b",
            "C:\\x",
            "a\\..\\x",
            "",
        ] {
            assert!(!stays_inside(name), "{name}");
        }
    }
}
