//! Models that are worth trying, from `models/registry.toml`, which is part of the program.

use serde::Deserialize;

/// The recommended models.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    #[serde(rename = "model")]
    pub models: Vec<Recommendation>,
}

/// A recommended model. No revision and no hash: which bytes were fetched, the store's own record says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recommendation {
    /// `OWNER/NAME` on the hub.
    pub id: String,
    /// The SPDX identifier, or the name of a licence that has none.
    pub license: String,
    /// In milliards (10⁹).
    pub parameters: f64,
    /// Of the weights in bf16, in GB (10⁹ bytes): two bytes a parameter.
    pub gigabytes: f64,
    /// What its documentation says of languages, with Swedish in mind.
    pub languages: InBoth,
    /// Whether the licence must be accepted on the hub before it gives out the files.
    pub gated: bool,
    /// For whom it is.
    pub why: InBoth,
    pub recommended_by: RecommendedBy,
}

/// A text in the program's two languages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InBoth {
    pub sv: String,
    pub en: String,
}

/// What a recommendation rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecommendedBy {
    /// What its makers write; it has not been measured on consultation responses.
    Documentation,
}

impl Registry {
    /// The registry that the program was built with.
    pub fn embedded() -> Self {
        let text = include_str!("../../../models/registry.toml");
        toml::from_str(text).expect("a test reads it")
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::ModelName;
    use super::*;

    #[test]
    fn every_entry_is_a_model_of_the_hub() {
        let models = Registry::embedded().models;
        assert!(models.len() >= 5);
        for (index, model) in models.iter().enumerate() {
            ModelName::of_hub(&model.id).unwrap();
            let twice = models[..index].iter().any(|other| other.id == model.id);
            assert!(!twice, "{}", model.id);
            let bytes = 2.0 * model.parameters;
            assert!((model.gigabytes - bytes).abs() <= 0.5, "{}", model.id);
            for text in [&model.why, &model.languages] {
                assert!(!text.sv.is_empty() && !text.en.is_empty(), "{}", model.id);
            }
        }
    }

    /// A pinned revision would grow old unseen, and a hash nobody here has computed would be made up.
    #[test]
    fn nothing_is_pinned() {
        let text = include_str!("../../../models/registry.toml");
        let table: toml::Table = toml::from_str(text).unwrap();
        for model in table["model"].as_array().unwrap() {
            for key in model.as_table().unwrap().keys() {
                let pins = ["revision", "commit", "hash", "sha256"];
                assert!(!pins.contains(&key.as_str()), "{key}");
            }
        }
    }
}
