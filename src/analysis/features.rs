//! What is known of a sentence and a theme, as numbers with names.
//!
//! The fusion weights in `models/embedded/fusion.json` refer to these names, and so does the
//! script that fits them: a name changes in all three or in none.

use super::lexicon::{Context, Lexicon, Proposal, Reading};
use super::topic::{Match, Topics};
use crate::codebook::Codebook;
use crate::corpus::{Response, Sentence, SentenceKind};
use serde::Serialize;

/// A codebook with everything that is computed of it once for all responses.
pub struct Themes<'a> {
    pub codebook: &'a Codebook,
    topics: Topics,
    proposals: Vec<Proposal>,
}

impl<'a> Themes<'a> {
    pub fn prepare(codebook: &'a Codebook, lexicon: &Lexicon) -> Self {
        Self {
            codebook,
            topics: Topics::new(codebook),
            proposals: codebook
                .themes
                .iter()
                .map(|theme| lexicon.proposal(&theme.text.proposal))
                .collect(),
        }
    }
}

/// What the lexicon says of a sentence whatever the theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cues {
    pub support: f32,
    pub oppose: f32,
    pub reservation: f32,
    /// Somebody else's view, and none of the respondent's.
    pub reported: bool,
    pub abstention: bool,
    pub no_position: bool,
    pub courtesy: bool,
}

impl Cues {
    fn of(reading: &Reading) -> Self {
        Self {
            support: reading.support,
            oppose: reading.oppose,
            reservation: reading.reservation,
            reported: reading.reported,
            abstention: reading.abstention,
            no_position: reading.no_position,
            courtesy: reading.courtesy,
        }
    }

    /// How much the sentence says of the respondent's position, whatever it is about: 0 to 1.
    pub fn salience(&self) -> f32 {
        if self.reported || self.courtesy {
            return 0.0;
        }
        self.support.max(self.oppose).max(self.reservation).min(1.0)
    }
}

/// What is known of one sentence and one theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct PairFeatures {
    /// Shared letters of sentence and theme, 0 to 1.
    pub overlap: f32,
    pub keyword: f32,
    /// The same two for the heading above the sentence.
    pub heading_overlap: f32,
    pub heading_keyword: f32,
    /// The higher of `overlap` and `keyword` in the sentence before, in the same section.
    pub before: f32,
    /// The overlap less the highest overlap with another theme of the codebook.
    pub lead: f32,
    /// The lexicon's weights towards the theme's proposal.
    pub lexicon_for: f32,
    pub lexicon_against: f32,
    pub lexicon_conditional: f32,
    pub reported: f32,
    pub no_position: f32,
    pub courtesy: f32,
}

impl PairFeatures {
    /// The values with their names, in a fixed order.
    pub fn named(&self) -> [(&'static str, f32); 12] {
        [
            ("overlap", self.overlap),
            ("keyword", self.keyword),
            ("heading_overlap", self.heading_overlap),
            ("heading_keyword", self.heading_keyword),
            ("before", self.before),
            ("lead", self.lead),
            ("lexicon_for", self.lexicon_for),
            ("lexicon_against", self.lexicon_against),
            ("lexicon_conditional", self.lexicon_conditional),
            ("reported", self.reported),
            ("no_position", self.no_position),
            ("courtesy", self.courtesy),
        ]
    }
}

/// What is known of a whole response.
pub struct ResponseFeatures {
    /// One for each sentence.
    pub cues: Vec<Cues>,
    /// For each theme, one for each sentence.
    pub pairs: Vec<Vec<PairFeatures>>,
}

impl ResponseFeatures {
    pub fn of(response: &Response, themes: &Themes, lexicon: &Lexicon) -> Self {
        let sentences = &response.sentences;
        let leads: Vec<Option<&str>> = sentences
            .iter()
            .map(|sentence| lead_of(response, sentence))
            .collect();
        let matches: Vec<Vec<Match>> = sentences
            .iter()
            .zip(&leads)
            .map(|(sentence, lead)| match lead {
                Some(lead) => themes.topics.matches(&format!("{lead} {}", sentence.text)),
                None => themes.topics.matches(&sentence.text),
            })
            .collect();
        let headings: Vec<Vec<Match>> = response
            .sections
            .iter()
            .map(|section| themes.topics.matches(section.title.as_deref().unwrap_or("")))
            .collect();
        let readings: Vec<Reading> = sentences
            .iter()
            .zip(&leads)
            .map(|(sentence, &lead)| lexicon.judge(&sentence.text, Context { lead }))
            .collect();

        let pair = |theme: usize, index: usize| {
            let reading = &readings[index];
            let own = matches[index][theme];
            let heading = headings[sentences[index].section][theme];
            let towards = lexicon.polarity_towards(reading, &themes.proposals[theme]);
            PairFeatures {
                overlap: own.overlap,
                keyword: flag(own.keyword),
                heading_overlap: heading.overlap,
                heading_keyword: flag(heading.keyword),
                before: before(sentences, &matches, index, theme),
                lead: lead_over_others(&matches[index], theme),
                lexicon_for: towards.support,
                lexicon_against: towards.oppose,
                lexicon_conditional: towards.conditional,
                reported: flag(reading.reported),
                no_position: flag(reading.no_position),
                courtesy: flag(reading.courtesy),
            }
        };
        Self {
            pairs: (0..themes.codebook.themes.len())
                .map(|theme| (0..sentences.len()).map(|index| pair(theme, index)).collect())
                .collect(),
            cues: readings.iter().map(Cues::of).collect(),
        }
    }
}

/// The sentence that introduces the list that `sentence` is an item of.
fn lead_of<'a>(response: &'a Response, sentence: &Sentence) -> Option<&'a str> {
    match sentence.kind {
        SentenceKind::ListItem { lead: Some(id) } => {
            response.sentences.get(id - 1).map(|lead| lead.text.as_str())
        }
        SentenceKind::ListItem { lead: None } | SentenceKind::Prose => None,
    }
}

fn before(sentences: &[Sentence], matches: &[Vec<Match>], index: usize, theme: usize) -> f32 {
    if index == 0 || sentences[index - 1].section != sentences[index].section {
        return 0.0;
    }
    let earlier = matches[index - 1][theme];
    earlier.overlap.max(flag(earlier.keyword))
}

fn lead_over_others(matches: &[Match], theme: usize) -> f32 {
    let other = (0..matches.len())
        .filter(|&other| other != theme)
        .map(|other| matches[other].overlap)
        .fold(0.0, f32::max);
    matches[theme].overlap - other
}

fn flag(value: bool) -> f32 {
    f32::from(u8::from(value))
}
