//! From the paths that a user gives to the files to read, with every file accounted for.
//!
//! A file in a folder is either listed, and then becomes a response or a named failure, or
//! passed over, and then the reason is told. Nothing is silently skipped.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::Language;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What was found under the paths given, in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovery {
    /// Ordered by `source`.
    pub files: Vec<InputFile>,
    /// Ordered by path.
    pub passed_over: Vec<PassedOver>,
}

/// One file that will become a response or a named failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    pub path: PathBuf,
    /// The file as the user knows it: its path relative to the folder given, with `/`;
    /// unique within a [`Discovery`].
    pub source: String,
}

/// Something in a folder that is no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    pub path: PathBuf,
    pub reason: PassedOverReason,
}

/// Why a file is not among the responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PassedOverReason {
    #[error("a README is no response")]
    Readme,
    #[error("a .toml file holds settings or a codebook")]
    Toml,
    #[error("its name begins with a full stop")]
    Hidden,
    #[error("it is the directory of a run")]
    RunDirectory,
    #[error("the folder cannot be opened")]
    UnreadableFolder,
    #[error("the folder has already been read under another name")]
    FolderSeenBefore,
    #[error("the same file was given twice")]
    FileGivenTwice,
}

impl PassedOverReason {
    /// The reason as people read it.
    pub fn in_words(self, language: Language) -> String {
        let swedish = match self {
            PassedOverReason::Readme => "en README-fil är inget remissvar",
            PassedOverReason::Toml => "en .toml-fil innehåller inställningar eller en kodbok",
            PassedOverReason::Hidden => "namnet börjar med en punkt",
            PassedOverReason::RunDirectory => "mappen innehåller en körning",
            PassedOverReason::UnreadableFolder => "mappen kan inte öppnas",
            PassedOverReason::FolderSeenBefore => "mappen har redan lästs under ett annat namn",
            PassedOverReason::FileGivenTwice => "samma fil angavs två gånger",
        };
        language.choose(swedish, &self.to_string()).to_owned()
    }
}

/// A path on the command line that cannot be used.
#[derive(Debug, Error)]
pub enum DiscoverError {
    #[error("`{}` does not exist", .0.display())]
    Missing(PathBuf),
    #[error("`{}` cannot be opened: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: io::Error },
}

/// Lists the responses under `inputs`: files as they are, folders with all that is below them.
///
/// A file that is named on the command line is always listed. Links are followed, but no folder
/// is entered twice, so a link that leads back up ends the walk there.
pub fn discover(inputs: &[PathBuf]) -> Result<Discovery, DiscoverError> {
    let mut walk = Walk::default();
    // A folder before what is in it, in whatever order they were given.
    let mut inputs: Vec<&PathBuf> = inputs.iter().collect();
    inputs.sort();
    for input in inputs {
        let metadata = fs::metadata(input).map_err(|reason| match reason.kind() {
            io::ErrorKind::NotFound => DiscoverError::Missing(input.clone()),
            _ => DiscoverError::Unreadable {
                path: input.clone(),
                reason,
            },
        })?;
        if metadata.is_dir() {
            // A folder that the user names must open, unlike the folders below it.
            fs::read_dir(input).map_err(|reason| DiscoverError::Unreadable {
                path: input.clone(),
                reason,
            })?;
            walk.folder(input);
        } else {
            walk.file(input, input.parent().unwrap_or(Path::new("")));
        }
    }
    Ok(walk.finish())
}

#[derive(Default)]
struct Walk {
    /// Files with the folder that their source is relative to.
    files: Vec<(PathBuf, PathBuf)>,
    passed_over: Vec<PassedOver>,
    known_files: HashSet<PathBuf>,
    /// Canonical paths of the folders entered so far.
    entered: HashSet<PathBuf>,
}

impl Walk {
    fn folder(&mut self, root: &Path) {
        let mut waiting = vec![root.to_path_buf()];
        while let Some(folder) = waiting.pop() {
            if is_run_directory(&folder) {
                self.pass_over(folder, PassedOverReason::RunDirectory);
                continue;
            }
            let Ok(entries) = fs::read_dir(&folder).and_then(|entries| {
                // In the order of names, so that of two links to one folder the same is entered
                // on every machine.
                let mut paths = entries
                    .map(|entry| entry.map(|entry| entry.path()))
                    .collect::<io::Result<Vec<_>>>()?;
                paths.sort();
                Ok(paths)
            }) else {
                self.pass_over(folder, PassedOverReason::UnreadableFolder);
                continue;
            };
            if !self.first_visit(&folder) {
                self.pass_over(folder, PassedOverReason::FolderSeenBefore);
                continue;
            }
            let mut below = Vec::new();
            for path in entries {
                if let Some(reason) = no_response(&path) {
                    self.pass_over(path, reason);
                } else if path.is_dir() {
                    below.push(path);
                } else {
                    // Broken and circular links too: opening them fails, and the failure is named.
                    self.file(&path, root);
                }
            }
            waiting.extend(below.into_iter().rev());
        }
    }

    fn file(&mut self, path: &Path, root: &Path) {
        // Two links to one file are two responses with equal text, which the run marks as
        // duplicates; the same path given twice is a slip of the command line.
        if self.known_files.insert(path.to_path_buf()) {
            self.files.push((path.to_path_buf(), root.to_path_buf()));
        } else {
            self.pass_over(path.to_path_buf(), PassedOverReason::FileGivenTwice);
        }
    }

    /// False where the folder has been entered before, under whatever name.
    fn first_visit(&mut self, folder: &Path) -> bool {
        let canonical = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
        self.entered.insert(canonical)
    }

    fn pass_over(&mut self, path: PathBuf, reason: PassedOverReason) {
        self.passed_over.push(PassedOver { path, reason });
    }

    fn finish(mut self) -> Discovery {
        let mut files = with_unique_sources(&self.files);
        files.sort_by(|a, b| (&a.source, &a.path).cmp(&(&b.source, &b.path)));
        self.passed_over.sort_by(|a, b| a.path.cmp(&b.path));
        Discovery {
            files,
            passed_over: self.passed_over,
        }
    }
}

/// Why a path inside a folder is no response, judging by its name.
fn no_response(path: &Path) -> Option<PassedOverReason> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    if name.starts_with('.') {
        Some(PassedOverReason::Hidden)
    } else if path.is_dir() {
        None
    } else if name == "readme" || name.starts_with("readme.") {
        Some(PassedOverReason::Readme)
    } else if name.ends_with(".toml") {
        Some(PassedOverReason::Toml)
    } else {
        None
    }
}

fn is_run_directory(folder: &Path) -> bool {
    // The ledger is the first file of a run; one that was killed early has no manifest yet.
    folder.join("ledger.sqlite").is_file()
}

/// Names each file by its path below its root. Where two roots give the same name, the files
/// are named by their whole paths, and where even these read the same (names that are not
/// UTF-8), they are numbered.
fn with_unique_sources(files: &[(PathBuf, PathBuf)]) -> Vec<InputFile> {
    let short = |path: &Path, root: &Path| slashed(path.strip_prefix(root).unwrap_or(path));
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for (path, root) in files {
        *count.entry(short(path, root)).or_default() += 1;
    }
    let mut ordered: Vec<_> = files.iter().collect();
    ordered.sort();
    let mut taken = HashSet::new();
    let mut named = Vec::with_capacity(files.len());
    for (path, root) in ordered {
        let mut source = short(path, root);
        if count[&source] > 1 {
            source = slashed(path);
        }
        let stem = source.clone();
        let mut number = 2;
        while !taken.insert(source.clone()) {
            source = format!("{stem} ({number})");
            number += 1;
        }
        named.push(InputFile {
            path: path.clone(),
            source,
        });
    }
    named
}

fn slashed(path: &Path) -> String {
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            std::path::Component::RootDir => parts.push(String::new()),
            part => parts.push(part.as_os_str().to_string_lossy().into_owned()),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(folder: &Path, names: &[&str]) {
        for name in names {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "text").unwrap();
        }
    }

    fn sources(discovery: &Discovery) -> Vec<&str> {
        discovery.files.iter().map(|f| f.source.as_str()).collect()
    }

    #[test]
    fn a_folder_is_read_to_the_bottom_and_every_entry_is_accounted_for() {
        let folder = tempfile::tempdir().unwrap();
        touch(
            folder.path(),
            &[
                "b.txt",
                "Region Skåne, svar.pdf",
                "djup/ner/å ä ö.md",
                "okänd.xyz",
                "README.md",
                "themes.toml",
                ".gömd",
                ".git/config",
                "READMEN är ett svar.txt",
                "remiss-run/manifest.json",
                "remiss-run/ledger.sqlite",
                "remiss-run/texts/b.txt",
            ],
        );
        let found = discover(&[folder.path().to_path_buf()]).unwrap();
        assert_eq!(
            sources(&found),
            [
                "READMEN är ett svar.txt",
                "Region Skåne, svar.pdf",
                "b.txt",
                "djup/ner/å ä ö.md",
                "okänd.xyz",
            ]
        );
        let passed: Vec<_> = found
            .passed_over
            .iter()
            .map(|p| {
                let name = p.path.strip_prefix(folder.path()).unwrap();
                (name.to_str().unwrap(), p.reason)
            })
            .collect();
        assert_eq!(
            passed,
            [
                (".git", PassedOverReason::Hidden),
                (".gömd", PassedOverReason::Hidden),
                ("README.md", PassedOverReason::Readme),
                ("remiss-run", PassedOverReason::RunDirectory),
                ("themes.toml", PassedOverReason::Toml),
            ]
        );
    }

    #[test]
    fn a_file_named_on_the_command_line_is_always_listed() {
        let folder = tempfile::tempdir().unwrap();
        touch(folder.path(), &["README.md"]);
        let path = folder.path().join("README.md");
        let found = discover(&[path.clone(), path]).unwrap();
        assert_eq!(sources(&found), ["README.md"]);
        assert_eq!(
            found.passed_over[0].reason,
            PassedOverReason::FileGivenTwice
        );
    }

    #[test]
    fn equal_names_in_two_folders_stay_apart_whatever_their_order() {
        let folder = tempfile::tempdir().unwrap();
        touch(folder.path(), &["a/svar.txt", "b/svar.txt", "b/eget.txt"]);
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        let found = discover(&[a.clone(), b.clone()]).unwrap();
        assert_eq!(found, discover(&[b, a]).unwrap());
        assert_eq!(found.files.len(), 3);
        assert!(sources(&found).contains(&"eget.txt"));
        assert!(sources(&found).iter().any(|s| s.ends_with("/a/svar.txt")));
        assert!(sources(&found).iter().any(|s| s.ends_with("/b/svar.txt")));
    }

    #[test]
    fn a_missing_path_is_named() {
        let error = discover(&[PathBuf::from("/finns/inte/här")]).unwrap_err();
        assert_eq!(error.to_string(), "`/finns/inte/här` does not exist");
    }

    #[cfg(unix)]
    #[test]
    fn links_that_loop_or_lead_nowhere_end_and_are_named() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        touch(folder.path(), &["svar/a.txt"]);
        symlink(folder.path(), folder.path().join("svar/uppåt")).unwrap();
        symlink("cirkel.txt", folder.path().join("cirkel.txt")).unwrap();
        symlink("borta.txt", folder.path().join("bruten.txt")).unwrap();
        let found = discover(&[folder.path().to_path_buf()]).unwrap();
        assert_eq!(sources(&found), ["bruten.txt", "cirkel.txt", "svar/a.txt"]);
        assert_eq!(found.passed_over.len(), 1);
        assert!(found.passed_over[0].path.ends_with("svar/uppåt"));
        assert_eq!(
            found.passed_over[0].reason,
            PassedOverReason::FolderSeenBefore
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_that_are_not_utf8_are_listed_each_under_its_own_name() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        for name in [&b"sk\xe5ne.txt"[..], &b"sk\xe4ne.txt"[..]] {
            fs::write(folder.path().join(OsStr::from_bytes(name)), "text").unwrap();
        }
        let found = discover(&[folder.path().to_path_buf()]).unwrap();
        assert_eq!(found.files.len(), 2);
        assert_ne!(found.files[0].source, found.files[1].source);
        assert!(found.files.iter().all(|f| f.path.exists()));
    }
}
