//! What a cue is, apart from the words by which it is found.

/// What a cue says. The sections of `lexicon.toml` carry these names and explain them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Support,
    Oppose,
    /// Says what ought to be ("bör införas"), and so whether that is what the proposal says.
    Wanted,
    Reservation,
    NoPosition,
    /// Declines to answer the consultation as a whole.
    Abstention,
    Courtesy,
    /// Looks like another cue and is none.
    Neutral,
    /// Hands the word to somebody else.
    Reported,
    /// Takes it back.
    Own,
    /// Denies a cue on either side of it.
    NegationNear,
    /// Denies the cue after it.
    NegationFollowing,
    /// Denies the clause after it: "anser inte att".
    NegationClause,
    Abolish,
    Keep,
    /// Opens a clause with its own stance.
    Divide,
    /// Does so where it stands between two cues.
    Join,
    /// Ends the reach of a negation.
    Barrier,
    /// Ends it, and the content clause too.
    Subordinate,
}

impl Kind {
    /// The cues of these kinds compete for words: the one that spells most of them wins.
    pub(super) fn competes(self) -> bool {
        self.is_stance()
            || self.is_negation()
            || matches!(
                self,
                Kind::NoPosition
                    | Kind::Abstention
                    | Kind::Courtesy
                    | Kind::Neutral
                    | Kind::Reported
            )
    }

    /// The cue says something about the stance.
    pub(super) fn is_stance(self) -> bool {
        matches!(
            self,
            Kind::Support | Kind::Oppose | Kind::Wanted | Kind::Reservation
        )
    }

    pub(super) fn is_negation(self) -> bool {
        matches!(
            self,
            Kind::NegationNear | Kind::NegationFollowing | Kind::NegationClause
        )
    }
}

/// How much a cue alone says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Fits many stances; counts in company.
    Weak,
    /// Decides the sentence.
    Strong,
}

impl Weight {
    pub fn value(self) -> f32 {
        match self {
            Weight::Weak => 0.4,
            Weight::Strong => 1.0,
        }
    }
}

/// One line of the lexicon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cue {
    /// As it is written there.
    pub text: String,
    pub kind: Kind,
    pub weight: Weight,
}
