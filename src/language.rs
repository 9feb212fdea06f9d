//! The language that people read: Swedish unless English is asked for.

use serde::{Deserialize, Serialize};

/// Language of everything written for people. Machine-readable keys are English in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Svenska
    #[default]
    Sv,
    /// English
    En,
}

impl Language {
    /// Picks the text in this language.
    pub fn choose<'a>(self, swedish: &'a str, english: &'a str) -> &'a str {
        match self {
            Language::Sv => swedish,
            Language::En => english,
        }
    }

    /// BCP 47 tag, as in `<html lang>`.
    pub fn tag(self) -> &'static str {
        self.choose("sv", "en")
    }
}
