//! What the fusion weights are fitted on: the features of labelled sentences as JSON, from the
//! program's own encoder, n-grams and lexicon, so that training and use cannot drift apart.
//! `models/training/fuse.py` reads it.

use super::labelled::{Consultation, SentenceLabel};
use super::stance::{StanceRow, is_about};
use crate::analysis::{Judge, PairFeatures, SalienceFeatures};
use crate::codebook::{Codebook, Stance};
use crate::corpus::Response;
use crate::inference::InferenceError;
use serde::Serialize;

#[derive(Serialize)]
struct ResponseRow<'a> {
    part: &'a str,
    consultation: &'a str,
    response: &'a str,
    salient: Vec<bool>,
    salience: Vec<Vec<f32>>,
    themes: Vec<ThemeRow<'a>>,
}

#[derive(Serialize)]
struct ThemeRow<'a> {
    theme: &'a str,
    /// `None` where two readers did not agree.
    stance: Option<&'static str>,
    /// `None` where a sentence does not concern the theme.
    labels: Vec<Option<&'static str>>,
    pairs: Vec<Vec<f32>>,
}

#[derive(Serialize)]
struct TopicRow {
    label: &'static str,
    pair: Vec<f32>,
}

/// One line of JSON for each response of a consultation.
///
/// # Errors
/// The encoder failed.
pub fn response_features(
    judge: &Judge,
    part: &str,
    consultation: &Consultation,
) -> Result<Vec<String>, InferenceError> {
    let codebook = consultation.codebook();
    let themes = judge.prepare(&codebook)?;
    let mut lines = Vec::new();
    for written in &consultation.responses {
        let (response, kept) = written.response();
        if response.sentences.is_empty() {
            continue;
        }
        let features = judge.features(&response, &themes)?;
        let rows = codebook.themes.iter().zip(&features.pairs);
        lines.push(json(&ResponseRow {
            part,
            consultation: &consultation.id,
            response: &written.id,
            salient: kept.iter().map(|sentence| sentence.salient).collect(),
            salience: features.salience.iter().map(salience_values).collect(),
            themes: rows
                .map(|(theme, pairs)| ThemeRow {
                    theme: &theme.id,
                    stance: written.stance(&theme.id).map(Stance::key),
                    labels: kept
                        .iter()
                        .map(|s| s.labels.get(&theme.id).copied().map(SentenceLabel::key))
                        .collect(),
                    pairs: pairs.iter().map(pair_values).collect(),
                })
                .collect(),
        }));
    }
    Ok(lines)
}

/// One line of JSON for each sentence with a topic of the codebook.
///
/// # Errors
/// The encoder failed.
pub fn topic_features(
    judge: &Judge,
    rows: &[StanceRow],
    codebook: &Codebook,
) -> Result<Vec<String>, InferenceError> {
    let mut lines = Vec::new();
    for theme in &codebook.themes {
        let own: Vec<&StanceRow> = rows
            .iter()
            .filter(|row| is_about(theme, &row.topic))
            .collect();
        if own.is_empty() {
            continue;
        }
        let alone = Codebook {
            themes: vec![theme.clone()],
            ..codebook.clone()
        };
        let texts: Vec<&str> = own.iter().map(|row| row.sentence.as_str()).collect();
        let features = judge.features(&Response::of_sentences(&texts), &judge.prepare(&alone)?)?;
        lines.extend(own.iter().zip(&features.pairs[0]).map(|(row, pair)| {
            json(&TopicRow {
                label: row.label.key(),
                pair: pair_values(pair),
            })
        }));
    }
    Ok(lines)
}

fn json(row: &impl Serialize) -> String {
    serde_json::to_string(row).expect("numbers and strings can be written")
}

fn pair_values(pair: &PairFeatures) -> Vec<f32> {
    pair.named().iter().map(|(_, value)| *value).collect()
}

fn salience_values(sentence: &SalienceFeatures) -> Vec<f32> {
    sentence.named().iter().map(|(_, value)| *value).collect()
}
