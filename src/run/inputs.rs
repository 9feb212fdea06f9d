//! The files of a run: their hashes and the ids that results go by.

use crate::corpus::InputFile;
use crate::hash::{sha256, sha256_of_file};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Longest id in bytes, so that `texts/ID.txt` fits every file system.
const LONGEST_ID: usize = 180;

/// One file of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The file's name without extension, made unique where it has to be.
    pub id: String,
    pub file: InputFile,
    /// `None` where the file cannot be opened.
    pub sha256: Option<String>,
}

/// Hashes the files and gives each its id, which depends on names and contents alone.
pub(super) fn identify(files: Vec<InputFile>) -> Vec<Input> {
    let hashed = files.into_iter().map(|file| {
        let hash = sha256_of_file(&file.path).ok();
        (file, hash)
    });
    name(hashed.collect())
}

fn name(files: Vec<(InputFile, Option<String>)>) -> Vec<Input> {
    let stems: Vec<String> = files.iter().map(|(file, _)| stem(&file.source)).collect();
    let mut uses: HashMap<String, usize> = HashMap::new();
    for stem in &stems {
        // Case-folded: `Svar.txt` and `svar.docx` would share a file on Windows and macOS.
        *uses.entry(stem.to_lowercase()).or_default() += 1;
    }
    let mut taken: HashSet<String> = HashSet::new();
    let mut inputs: Vec<Input> = files
        .into_iter()
        .zip(stems)
        .map(|((file, hash), stem)| {
            let unique = uses[&stem.to_lowercase()] == 1;
            let base = if unique {
                stem
            } else {
                // A file that cannot be opened has no content to be told apart by.
                let digits = hash
                    .clone()
                    .unwrap_or_else(|| sha256(file.source.as_bytes()));
                format!("{stem}-{}", &digits[..8])
            };
            let mut id = base.clone();
            let mut count = 2;
            while !taken.insert(id.to_lowercase()) {
                id = format!("{base}-{count}");
                count += 1;
            }
            Input {
                id,
                file,
                sha256: hash,
            }
        })
        .collect();
    inputs.sort_by(|a, b| a.id.cmp(&b.id));
    inputs
}

/// The file name without extension, cut to a safe length.
fn stem(source: &str) -> String {
    let name = source.rsplit('/').next().unwrap_or(source);
    let stem = match name.rfind('.') {
        Some(at) if at > 0 => &name[..at],
        _ => name,
    };
    let mut end = stem.len().min(LONGEST_ID);
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    stem[..end].to_owned()
}

/// For each id, the id of another input with the same content.
pub(super) fn duplicates(inputs: &[Input]) -> HashMap<&str, &str> {
    let mut by_content: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for input in inputs {
        if let Some(hash) = &input.sha256 {
            by_content.entry(hash).or_default().push(&input.id);
        }
    }
    by_content
        .into_values()
        .filter(|ids| ids.len() > 1)
        .flat_map(|ids| {
            let (first, second) = (ids[0], ids[1]);
            ids.into_iter()
                .map(move |id| (id, if id == first { second } else { first }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(files: &[(&str, &str)]) -> Vec<(String, String)> {
        let files = files
            .iter()
            .map(|(source, content)| {
                let file = InputFile {
                    path: source.into(),
                    source: (*source).to_owned(),
                };
                (file, Some(sha256(content.as_bytes())))
            })
            .collect();
        name(files)
            .into_iter()
            .map(|input| (input.file.source, input.id))
            .collect()
    }

    fn id<'a>(ids: &'a [(String, String)], source: &str) -> &'a str {
        &ids.iter().find(|(name, _)| name == source).unwrap().1
    }

    #[test]
    fn an_id_is_the_stem_until_two_would_be_equal() {
        let ids = ids(&[
            ("a/skåne.v2.pdf", "1"),
            ("b/Svar.docx", "2"),
            ("c/svar.pdf", "3"),
        ]);
        assert_eq!(id(&ids, "a/skåne.v2.pdf"), "skåne.v2");
        assert_eq!(
            id(&ids, "b/Svar.docx"),
            format!("Svar-{}", &sha256(b"2")[..8])
        );
        assert_eq!(
            id(&ids, "c/svar.pdf"),
            format!("svar-{}", &sha256(b"3")[..8])
        );
    }

    #[test]
    fn equal_names_with_equal_content_still_get_their_own_ids() {
        let ids = ids(&[("a/svar.txt", "x"), ("b/svar.txt", "x")]);
        assert_ne!(ids[0].1, ids[1].1);
    }

    #[test]
    fn ids_do_not_depend_on_other_names() {
        let few = ids(&[("a.txt", "1")]);
        let many = ids(&[("a.txt", "1"), ("b.txt", "2")]);
        assert_eq!(id(&few, "a.txt"), id(&many, "a.txt"));
    }

    #[test]
    fn the_same_content_points_at_each_other() {
        let files = ["a.txt", "b.txt", "c.txt", "d.txt"].map(|source| {
            let file = InputFile {
                path: source.into(),
                source: source.to_owned(),
            };
            (
                file,
                Some(sha256(if source == "d.txt" { b"other" } else { b"same" })),
            )
        });
        let inputs = name(files.to_vec());
        let duplicates = duplicates(&inputs);
        assert_eq!(duplicates.get("a"), Some(&"b"));
        assert_eq!(duplicates.get("b"), Some(&"a"));
        assert_eq!(duplicates.get("c"), Some(&"a"));
        assert_eq!(duplicates.get("d"), None);
    }
}
