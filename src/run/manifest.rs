//! `manifest.json`: what a run was made of, so that it can be repeated and compared.

use super::error::RunError;
use super::inputs::Input;
use crate::analysis::PromptsIdentity;
use crate::corpus::PassedOverReason;
use crate::inference::ModelIdentity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

pub(super) const FILE: &str = "manifest.json";

/// Everything that decides the results. Two runs with equal fingerprints and equal inputs give
/// equal results; a run goes on only under the fingerprint that it began with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Version of remiss.
    pub version: String,
    /// The encoder: the judge, or the second opinion beside a language model.
    pub model: ModelIdentity,
    /// The language model that judged, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language_model: Option<LanguageModelIdentity>,
    /// Written points without support were dropped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
    /// SHA-256 of the stance lexicon, of the n-gram weights, of the fusion weights and of those
    /// of each part by itself.
    pub lexicon_sha256: String,
    pub ngrams_sha256: String,
    pub fusion_sha256: String,
    #[serde(default)]
    pub parts_sha256: String,
    pub codebook_sha256: String,
    /// `cpu`, `cuda` or `metal`: a GPU computes other last digits.
    pub device: String,
    /// Responses that a language model read at a time, where company may change last digits: on a GPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
}

/// A language model, and how it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanguageModelIdentity {
    /// The folder or file as it was given.
    pub name: String,
    /// SHA-256 of each file that decides what the model answers, by the file's name.
    pub files: BTreeMap<String, String>,
    pub prompts: PromptsIdentity,
}

impl Fingerprint {
    /// In words, what differs between an earlier run and this one; `None` if nothing does.
    pub(super) fn difference(&self, now: &Fingerprint) -> Option<String> {
        let mut differences = Vec::new();
        if self.codebook_sha256 != now.codebook_sha256 {
            differences.push("another codebook".to_owned());
        }
        let files = |f: &Fingerprint| {
            let m = &f.model;
            [&m.weights_sha256, &m.tokenizer_sha256, &m.config_sha256].map(String::clone)
        };
        if files(self) != files(now) {
            differences.push(format!("another model (`{}`)", self.model.name));
        }
        match (&self.language_model, &now.language_model) {
            (None, None) => {}
            (None, Some(_)) => differences.push("no language model".to_owned()),
            (Some(before), after) => {
                let after = after.as_ref();
                if after.is_none_or(|after| after.files != before.files) {
                    differences.push(format!("another language model (`{}`)", before.name));
                } else if after.is_none_or(|after| after.prompts != before.prompts) {
                    differences.push("other prompts".to_owned());
                }
            }
        }
        if self.strict != now.strict {
            let how = if self.strict { "with" } else { "without" };
            differences.push(format!("{how} --strict"));
        }
        let judges = |f: &Fingerprint| {
            let parts = &f.parts_sha256;
            [&f.lexicon_sha256, &f.ngrams_sha256, &f.fusion_sha256, parts].map(String::clone)
        };
        if judges(self) != judges(now) {
            differences.push("another stance lexicon or other judging weights".to_owned());
        }
        if self.version != now.version {
            differences.push(format!("remiss {}", self.version));
        }
        if self.device != now.device {
            differences.push(format!("the device `{}`", self.device));
        }
        if let (Some(before), Some(now)) = (self.batch, now.batch)
            && before != now
        {
            differences.push(format!("--batch {before}"));
        }
        (!differences.is_empty()).then(|| differences.join(", "))
    }
}

/// One input, as the manifest lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputEntry {
    pub id: String,
    pub source: String,
    pub sha256: Option<String>,
}

/// Responses in = analysed + failed, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub responses: usize,
    pub analysed: usize,
    pub failed: usize,
    /// Written summary points that their evidence does not support, and those that were dropped for it.
    #[serde(default)]
    pub unsupported_points: usize,
    #[serde(default)]
    pub dropped_points: usize,
}

/// A file that was passed over, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOverEntry {
    pub path: String,
    pub reason: PassedOverReason,
}

/// The contents of `manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    #[serde(flatten)]
    pub fingerprint: Fingerprint,
    /// The command line as it was given.
    pub command: Vec<String>,
    pub codebook: String,
    pub threads: usize,
    pub batch_tokens: usize,
    /// Responses that the language model read at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
    /// Always `null`: nothing is drawn at random. A language model writes what is likeliest.
    pub seed: Option<u64>,
    /// RFC 3339 in UTC; `end` is `null` while the run goes on.
    pub start: String,
    pub end: Option<String>,
    pub totals: Totals,
    pub inputs: Vec<InputEntry>,
    pub passed_over: Vec<PassedOverEntry>,
}

impl Manifest {
    /// Reads the manifest of a run.
    pub fn read(run_directory: &Path) -> Result<Self, RunError> {
        let path = run_directory.join(FILE);
        let fail = |source| RunError::File {
            path: path.clone(),
            source,
        };
        let text = std::fs::read_to_string(&path).map_err(fail)?;
        serde_json::from_str(&text)
            .map_err(|error| fail(std::io::Error::new(std::io::ErrorKind::InvalidData, error)))
    }

    pub(super) fn write(&self, run_directory: &Path) -> Result<(), RunError> {
        let mut text = serde_json::to_string_pretty(self).expect("a manifest is plain data");
        text.push('\n');
        super::files::write_atomically(&run_directory.join(FILE), text.as_bytes())
    }
}

impl From<&Input> for InputEntry {
    fn from(input: &Input) -> Self {
        Self {
            id: input.id.clone(),
            source: input.file.source.clone(),
            sha256: input.sha256.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fingerprint(device: &str, batch: Option<usize>) -> Fingerprint {
        serde_json::from_value(json!({
            "version": "1", "lexicon_sha256": "", "ngrams_sha256": "", "fusion_sha256": "",
            "codebook_sha256": "", "device": device, "batch": batch,
            "model": {"name": "", "weights_sha256": "", "tokenizer_sha256": "", "config_sha256": ""},
        }))
        .unwrap()
    }

    #[test]
    fn on_a_gpu_a_run_keeps_to_its_batch() {
        let before = fingerprint("cuda", Some(4));
        assert_eq!(before.difference(&fingerprint("cuda", Some(4))), None);
        let difference = before.difference(&fingerprint("cuda", Some(8)));
        assert_eq!(difference.as_deref(), Some("--batch 4"));
        let processor = fingerprint("cpu", None);
        assert_eq!(processor.difference(&fingerprint("cpu", None)), None);
        let difference = before.difference(&processor);
        assert_eq!(difference.as_deref(), Some("the device `cuda`"));
    }
}
