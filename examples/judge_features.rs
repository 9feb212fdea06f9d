//! Computes the features that the fusion weights are fitted on, with the program's own
//! lexicon and letters, so that training and use cannot drift apart.
//!
//! `cargo run --release --example judge_features -- FOLDER > features.jsonl` reads the written
//! responses in FOLDER (default `models/training/data`) and prints one JSON object for each
//! response and theme: the features of every sentence, the labels, and — with
//! `--fusion FILE` — the added-up features of the theme under those weights.
//! `models/training/fuse.py` reads it.

mod written_responses;

use anyhow::Result;
use remiss::analysis::fusion::{Fusion, StanceFeatures};
use remiss::analysis::{Judge, PairFeatures};
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;
use written_responses::Part;

#[derive(Serialize)]
struct Row<'a> {
    part: &'static str,
    consultation: &'a str,
    response: &'a str,
    theme: &'a str,
    stance: &'a str,
    /// `None` where a sentence concerns the theme in no way.
    labels: Vec<Option<&'a str>>,
    salient: Vec<bool>,
    pairs: Vec<Vec<f32>>,
    stance_features: Option<Vec<f32>>,
}

fn main() -> Result<()> {
    let (folder, fusion) = options()?;
    let judge = Judge::embedded();
    let mut out = std::io::stdout().lock();
    for (part, consultation) in written_responses::read_folder(&folder)? {
        let codebook = consultation.codebook();
        let themes = judge.prepare(&codebook);
        for written in &consultation.responses {
            let (response, kept) = written.response();
            if response.sentences.is_empty() {
                continue;
            }
            let features = judge.features(&response, &themes);
            for (theme, pairs) in codebook.themes.iter().zip(&features.pairs) {
                let stance = written.stances.get(&theme.id).map_or("not_addressed", String::as_str);
                let row = Row {
                    part: name(part),
                    consultation: &consultation.id,
                    response: &written.id,
                    theme: &theme.id,
                    stance,
                    labels: kept
                        .iter()
                        .map(|sentence| sentence.labels.get(&theme.id).map(String::as_str))
                        .collect(),
                    salient: kept.iter().map(|sentence| sentence.salient).collect(),
                    pairs: pairs.iter().map(values).collect(),
                    stance_features: fusion.as_ref().map(|fusion| added_up(fusion, pairs)),
                };
                serde_json::to_writer(&mut out, &row)?;
                writeln!(out)?;
            }
        }
    }
    Ok(())
}

fn options() -> Result<(PathBuf, Option<Fusion>)> {
    let mut folder = PathBuf::from("models/training/data");
    let mut fusion = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--fusion" {
            let file = arguments.next().unwrap_or_default();
            fusion = Some(Fusion::parse(&std::fs::read_to_string(file)?)?);
        } else {
            folder = argument.into();
        }
    }
    Ok((folder, fusion))
}

fn name(part: Part) -> &'static str {
    match part {
        Part::Train => "train",
        Part::Calibration => "calibration",
        Part::Dev => "dev",
    }
}

fn values(pair: &PairFeatures) -> Vec<f32> {
    pair.named().iter().map(|(_, value)| *value).collect()
}

fn added_up(fusion: &Fusion, pairs: &[PairFeatures]) -> Vec<f32> {
    let judgements: Vec<_> = pairs.iter().map(|pair| fusion.pair(pair)).collect();
    let features = StanceFeatures::of(&judgements);
    features.named().iter().map(|(_, value)| *value).collect()
}
