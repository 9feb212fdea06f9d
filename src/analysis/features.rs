//! What is known of a sentence and a theme, as numbers with names.
//!
//! The fusion weights in `models/embedded/fusion.json` refer to these names, and so does the
//! script that fits them: a name changes in all three or in none.

use super::lexicon::{Context, Lexicon, Proposal};
use super::ngrams::{NgramScores, NgramTheme, Ngrams};
use super::topic::{Match, Topics};
use crate::codebook::Codebook;
use crate::corpus::{Response, Sentence, SentenceKind};
use crate::inference::{Encoder, InferenceError, Vectors};
use serde::Serialize;

/// A codebook with everything that is computed of it once for all responses.
pub struct Themes<'a> {
    pub codebook: &'a Codebook,
    vectors: Vectors,
    topics: Topics,
    proposals: Vec<Proposal>,
    names: Vec<NgramTheme>,
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
            names: codebook
                .themes
                .iter()
                .map(|theme| NgramTheme::new(&theme.text.name))
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
    /// The mean of `overlap` in the whole section.
    pub section: f32,
    /// Relevance, letters and section less their highest value for another theme of the codebook.
    pub relevance_lead: f32,
    pub overlap_lead: f32,
    pub section_lead: f32,
    /// The encoder's log-probabilities of the sentence's stance on the theme.
    pub encoder_for: f32,
    pub encoder_against: f32,
    pub encoder_conditional: f32,
    pub encoder_none: f32,
    /// The n-grams' log-probabilities of the same.
    pub ngram_for: f32,
    pub ngram_against: f32,
    pub ngram_conditional: f32,
    pub ngram_none: f32,
    /// The n-grams' log-odds that somebody else's view is reported.
    pub ngram_reported: f32,
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
    pub fn named(&self) -> [(&'static str, f32); 25] {
        [
            ("relevance", self.relevance),
            ("overlap", self.overlap),
            ("keyword", self.keyword),
            ("heading_overlap", self.heading_overlap),
            ("heading_keyword", self.heading_keyword),
            ("before", self.before),
            ("section", self.section),
            ("relevance_lead", self.relevance_lead),
            ("overlap_lead", self.overlap_lead),
            ("section_lead", self.section_lead),
            ("encoder_for", self.encoder_for),
            ("encoder_against", self.encoder_against),
            ("encoder_conditional", self.encoder_conditional),
            ("encoder_none", self.encoder_none),
            ("ngram_for", self.ngram_for),
            ("ngram_against", self.ngram_against),
            ("ngram_conditional", self.ngram_conditional),
            ("ngram_none", self.ngram_none),
            ("ngram_reported", self.ngram_reported),
            ("lexicon_for", self.lexicon_for),
            ("lexicon_against", self.lexicon_against),
            ("lexicon_conditional", self.lexicon_conditional),
            ("reported", self.reported),
            ("no_position", self.no_position),
            ("courtesy", self.courtesy),
        ]
    }
}

/// What is known of a sentence whatever the theme, when a summary is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct SalienceFeatures {
    /// The encoder's and the n-grams' log-odds that the sentence belongs in a summary.
    pub encoder: f32,
    pub ngrams: f32,
    /// The largest of the lexicon's sums for support, refusal and reservation.
    pub cue: f32,
    pub reported: f32,
    /// Where it stands in the response: 0 the beginning, 1 the end.
    pub place: f32,
    /// It is the first sentence of its section.
    pub opening: f32,
    /// The logarithm of its number of words.
    pub length: f32,
    /// The highest letter overlap with any theme.
    pub overlap: f32,
}

impl SalienceFeatures {
    /// The values with their names, in a fixed order.
    pub fn named(&self) -> [(&'static str, f32); 8] {
        [
            ("encoder", self.encoder),
            ("ngrams", self.ngrams),
            ("cue", self.cue),
            ("reported", self.reported),
            ("place", self.place),
            ("opening", self.opening),
            ("length", self.length),
            ("overlap", self.overlap),
        ]
    }
}

/// What is known of a whole response.
pub struct ResponseFeatures {
    /// One for each sentence.
    pub cues: Vec<Cues>,
    /// One for each sentence.
    pub salience: Vec<SalienceFeatures>,
    /// For each theme, one for each sentence.
    pub pairs: Vec<Vec<PairFeatures>>,
}

impl ResponseFeatures {
    pub fn of(
        response: &Response,
        themes: &Themes,
        encoder: &Encoder,
        lexicon: &Lexicon,
        ngrams: &Ngrams,
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
        let encoder_salience = encoder.salience(&vectors);
        let scores: Vec<_> = (0..themes.codebook.themes.len())
            .map(|theme| encoder.pair_scores(&vectors, &themes.vectors, theme))
            .collect();

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

        let read: Vec<_> = texts.iter().map(|text| ngrams.read(text)).collect();
        let sections = section_means(response, &matches, themes.codebook.themes.len());
        let relevances: Vec<Vec<f32>> = scores
            .iter()
            .map(|theme| theme.iter().map(|score| score.relevance).collect())
            .collect();
        let overlaps: Vec<Vec<f32>> = (0..themes.codebook.themes.len())
            .map(|theme| matches.iter().map(|all| all[theme].overlap).collect())
            .collect();
        let salience = (0..sentences.len())
            .map(|index| {
                let reading = &readings[index];
                let section = sentences[index].section;
                SalienceFeatures {
                    encoder: encoder_salience[index],
                    ngrams: read[index].salience(),
                    cue: reading.support.max(reading.oppose).max(reading.reservation),
                    reported: flag(reading.reported),
                    place: index as f32 / sentences.len() as f32,
                    opening: flag(index == 0 || sentences[index - 1].section != section),
                    length: libm::log1pf(texts[index].split_whitespace().count() as f32),
                    overlap: matches[index].iter().map(|m| m.overlap).fold(0.0, f32::max),
                }
            })
            .collect();
        let pairs = (0..themes.codebook.themes.len())
            .map(|theme| {
                let name = &themes.names[theme];
                (0..sentences.len())
                    .map(|index| {
                        let score = scores[theme][index];
                        let reading = &readings[index];
                        let own = matches[index][theme];
                        let heading = headings[sentences[index].section][theme];
                        let towards = lexicon.polarity_towards(reading, &themes.proposals[theme]);
                        let stance = log_softmax(score.stance);
                        let NgramScores {
                            stance: ngram,
                            reported: ngram_reported,
                            ..
                        } = ngrams.scores(&read[index], name);
                        let ngram = log_softmax(ngram);
                        let section = sentences[index].section;
                        PairFeatures {
                            relevance: score.relevance,
                            overlap: own.overlap,
                            keyword: flag(own.keyword),
                            heading_overlap: heading.overlap,
                            heading_keyword: flag(heading.keyword),
                            before: before(sentences, &matches, index, theme),
                            section: sections[theme][section],
                            relevance_lead: lead_over_others(&relevances, index, theme),
                            overlap_lead: lead_over_others(&overlaps, index, theme),
                            section_lead: lead_over_others(&sections, section, theme),
                            encoder_for: stance[0],
                            encoder_against: stance[1],
                            encoder_conditional: stance[2],
                            encoder_none: stance[3],
                            ngram_for: ngram[0],
                            ngram_against: ngram[1],
                            ngram_conditional: ngram[2],
                            ngram_none: ngram[3],
                            ngram_reported,
                            lexicon_for: towards.support,
                            lexicon_against: towards.oppose,
                            lexicon_conditional: towards.conditional,
                            reported: flag(reading.reported),
                            no_position: flag(reading.no_position),
                            courtesy: flag(reading.courtesy),
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

/// For each theme and section, the mean letter overlap of the section's sentences.
fn section_means(response: &Response, matches: &[Vec<Match>], themes: usize) -> Vec<Vec<f32>> {
    let mut counts = vec![0.0_f32; response.sections.len()];
    let mut sums = vec![vec![0.0_f32; response.sections.len()]; themes];
    for (sentence, all) in response.sentences.iter().zip(matches) {
        counts[sentence.section] += 1.0;
        for (sum, own) in sums.iter_mut().zip(all) {
            sum[sentence.section] += own.overlap;
        }
    }
    for sum in &mut sums {
        for (total, count) in sum.iter_mut().zip(&counts) {
            *total /= count.max(1.0);
        }
    }
    sums
}

/// A theme's value at a place less the highest value that another theme has there.
fn lead_over_others(values: &[Vec<f32>], place: usize, theme: usize) -> f32 {
    let other = (0..values.len())
        .filter(|&other| other != theme)
        .map(|other| values[other][place])
        .fold(f32::NEG_INFINITY, f32::max);
    if other.is_finite() {
        values[theme][place] - other
    } else {
        0.0
    }
}

fn flag(value: bool) -> f32 {
    f32::from(u8::from(value))
}

fn log_softmax(logits: [f32; 4]) -> [f32; 4] {
    let highest = logits.into_iter().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|logit| libm::expf(logit - highest)).sum();
    logits.map(|logit| logit - highest - libm::logf(sum))
}
