//! What is known of a sentence and a theme, as numbers with names.
//!
//! The fusion weights in `models/embedded/fusion.json` refer to these names, and so does the
//! script that fits them: a name changes in all three or in none.

use super::lexicon::{Context, Lexicon, Proposal};
use super::topic::{Match, Topics};
use crate::codebook::Codebook;
use crate::corpus::{Response, Sentence, SentenceKind};
use crate::inference::{Encoder, InferenceError, PairScores, Vectors};
use serde::Serialize;

/// A codebook with everything that is computed of it once for all responses.
pub struct Themes<'a> {
    pub codebook: &'a Codebook,
    vectors: Vectors,
    topics: Topics,
    proposals: Vec<Proposal>,
}

impl<'a> Themes<'a> {
    pub fn prepare(
        codebook: &'a Codebook,
        encoder: &Encoder,
        lexicon: &Lexicon,
    ) -> Result<Self, InferenceError> {
        let texts: Vec<String> = codebook
            .themes
            .iter()
            .map(|theme| {
                let text = &theme.text;
                format!("{}. {} {}", text.name, text.proposal, text.description)
            })
            .collect();
        Ok(Self {
            codebook,
            vectors: encoder.encode(&texts)?,
            topics: Topics::new(codebook),
            proposals: codebook
                .themes
                .iter()
                .map(|theme| lexicon.proposal(&theme.text.proposal))
                .collect(),
        })
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

/// What is known of one sentence and one theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct PairFeatures {
    /// The encoder's log-odds that the sentence concerns the theme.
    pub relevance: f32,
    /// Shared letters of sentence and theme, 0 to 1.
    pub overlap: f32,
    pub keyword: f32,
    /// The same two for the heading above the sentence.
    pub heading_overlap: f32,
    pub heading_keyword: f32,
    /// The highest of `overlap` and `keyword` in the sentence before, in the same section.
    pub before: f32,
    /// The encoder's relevance less its highest relevance for another theme of the codebook.
    pub lead: f32,
    /// The encoder's log-probabilities of the sentence's stance on the theme.
    pub encoder_for: f32,
    pub encoder_against: f32,
    pub encoder_conditional: f32,
    pub encoder_none: f32,
    /// The lexicon's weights towards the theme's proposal.
    pub lexicon_for: f32,
    pub lexicon_against: f32,
    pub lexicon_conditional: f32,
    pub reported: f32,
    pub no_position: f32,
    pub courtesy: f32,
    /// The encoder's log-odds that the sentence belongs in a summary.
    pub salience: f32,
}

impl PairFeatures {
    /// The values with their names, in a fixed order.
    pub fn named(&self) -> [(&'static str, f32); 18] {
        [
            ("relevance", self.relevance),
            ("overlap", self.overlap),
            ("keyword", self.keyword),
            ("heading_overlap", self.heading_overlap),
            ("heading_keyword", self.heading_keyword),
            ("before", self.before),
            ("lead", self.lead),
            ("encoder_for", self.encoder_for),
            ("encoder_against", self.encoder_against),
            ("encoder_conditional", self.encoder_conditional),
            ("encoder_none", self.encoder_none),
            ("lexicon_for", self.lexicon_for),
            ("lexicon_against", self.lexicon_against),
            ("lexicon_conditional", self.lexicon_conditional),
            ("reported", self.reported),
            ("no_position", self.no_position),
            ("courtesy", self.courtesy),
            ("salience", self.salience),
        ]
    }
}

/// What is known of a whole response.
pub struct ResponseFeatures {
    /// One for each sentence.
    pub cues: Vec<Cues>,
    /// One for each sentence: the encoder's log-odds that it belongs in a summary.
    pub salience: Vec<f32>,
    /// For each theme, one for each sentence.
    pub pairs: Vec<Vec<PairFeatures>>,
}

impl ResponseFeatures {
    pub fn of(
        response: &Response,
        themes: &Themes,
        encoder: &Encoder,
        lexicon: &Lexicon,
    ) -> Result<Self, InferenceError> {
        let sentences = &response.sentences;
        let leads: Vec<Option<&str>> = sentences
            .iter()
            .map(|sentence| lead_of(response, sentence))
            .collect();
        let texts: Vec<String> = sentences
            .iter()
            .zip(&leads)
            .map(|(sentence, lead)| match lead {
                Some(lead) => format!("{lead} {}", sentence.text),
                None => sentence.text.clone(),
            })
            .collect();
        let vectors = encoder.encode(&texts)?;
        let salience = encoder.salience(&vectors)?;
        let scores = (0..themes.codebook.themes.len())
            .map(|theme| encoder.pair_scores(&vectors, &themes.vectors, theme))
            .collect::<Result<Vec<_>, _>>()?;

        let matches: Vec<Vec<Match>> = texts
            .iter()
            .map(|text| themes.topics.matches(text))
            .collect();
        let headings: Vec<Vec<Match>> = response
            .sections
            .iter()
            .map(|section| {
                themes
                    .topics
                    .matches(section.title.as_deref().unwrap_or(""))
            })
            .collect();

        let readings: Vec<_> = sentences
            .iter()
            .zip(&leads)
            .map(|(sentence, &lead)| lexicon.judge(&sentence.text, Context { lead }))
            .collect();
        let cues = readings
            .iter()
            .map(|reading| Cues {
                support: reading.support,
                oppose: reading.oppose,
                reservation: reading.reservation,
                reported: reading.reported,
                abstention: reading.abstention,
                no_position: reading.no_position,
                courtesy: reading.courtesy,
            })
            .collect();

        let pairs = (0..themes.codebook.themes.len())
            .map(|theme| {
                (0..sentences.len())
                    .map(|index| {
                        let score = scores[theme][index];
                        let reading = &readings[index];
                        let own = matches[index][theme];
                        let heading = headings[sentences[index].section][theme];
                        let towards = lexicon.polarity_towards(reading, &themes.proposals[theme]);
                        let stance = log_softmax(score.stance);
                        PairFeatures {
                            relevance: score.relevance,
                            overlap: own.overlap,
                            keyword: flag(own.keyword),
                            heading_overlap: heading.overlap,
                            heading_keyword: flag(heading.keyword),
                            before: before(sentences, &matches, index, theme),
                            lead: lead_over_others(&scores, index, theme),
                            encoder_for: stance[0],
                            encoder_against: stance[1],
                            encoder_conditional: stance[2],
                            encoder_none: stance[3],
                            lexicon_for: towards.support,
                            lexicon_against: towards.oppose,
                            lexicon_conditional: towards.conditional,
                            reported: flag(reading.reported),
                            no_position: flag(reading.no_position),
                            courtesy: flag(reading.courtesy),
                            salience: salience[index],
                        }
                    })
                    .collect()
            })
            .collect();
        Ok(Self {
            cues,
            salience,
            pairs,
        })
    }
}

/// The sentence that introduces the list that `sentence` is an item of.
fn lead_of<'a>(response: &'a Response, sentence: &Sentence) -> Option<&'a str> {
    match sentence.kind {
        SentenceKind::ListItem { lead: Some(id) } => response
            .sentences
            .get(id - 1)
            .map(|lead| lead.text.as_str()),
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

fn lead_over_others(scores: &[Vec<PairScores>], index: usize, theme: usize) -> f32 {
    let other = (0..scores.len())
        .filter(|&other| other != theme)
        .map(|other| scores[other][index].relevance)
        .fold(f32::NEG_INFINITY, f32::max);
    if other.is_finite() {
        scores[theme][index].relevance - other
    } else {
        0.0
    }
}

fn flag(value: bool) -> f32 {
    f32::from(u8::from(value))
}

fn log_softmax(logits: [f32; 4]) -> [f32; 4] {
    let highest = logits.into_iter().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|logit| (logit - highest).exp()).sum();
    logits.map(|logit| logit - highest - sum.ln())
}
