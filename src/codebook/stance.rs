//! The stance labels and the words that people read for them.

use crate::Language;
use serde::{Deserialize, Serialize};

/// The respondent's position on one theme, about the proposal as the codebook states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stance {
    Supports,
    SupportsWithReservations,
    Mixed,
    Opposes,
    NoPosition,
    NotAddressed,
}

impl Stance {
    /// All stances, in the order in which people read them.
    pub const ALL: [Stance; 6] = [
        Stance::Supports,
        Stance::SupportsWithReservations,
        Stance::Mixed,
        Stance::Opposes,
        Stance::NoPosition,
        Stance::NotAddressed,
    ];

    /// The key in machine-readable output.
    pub fn key(self) -> &'static str {
        match self {
            Stance::Supports => "supports",
            Stance::SupportsWithReservations => "supports_with_reservations",
            Stance::Mixed => "mixed",
            Stance::Opposes => "opposes",
            Stance::NoPosition => "no_position",
            Stance::NotAddressed => "not_addressed",
        }
    }

    /// Where it stands in [`Stance::ALL`].
    pub fn place(self) -> usize {
        self as usize
    }

    /// The stance with this [`key`](Self::key).
    pub fn from_key(key: &str) -> Option<Stance> {
        Stance::ALL.into_iter().find(|stance| stance.key() == key)
    }

    /// The words that people read.
    pub fn label(self, language: Language) -> &'static str {
        let (swedish, english) = match self {
            Stance::Supports => ("tillstyrker", "supports"),
            Stance::SupportsWithReservations => {
                ("tillstyrker med förbehåll", "supports with reservations")
            }
            Stance::Mixed => ("både för och emot", "mixed"),
            Stance::Opposes => ("avstyrker", "opposes"),
            Stance::NoPosition => ("tar inte ställning", "no position"),
            Stance::NotAddressed => ("berörs inte", "not addressed"),
        };
        language.choose(swedish, english)
    }
}
