//! Computes the features that the fusion weights are fitted on, with the program's own encoder
//! and lexicon, so that training and use cannot drift apart.
//!
//! `cargo run --release --example judge_features -- FOLDER > features.jsonl` reads the written
//! responses in FOLDER (default `models/training/data`) and prints one JSON object for each
//! response and theme: the features of every sentence and the labels. `models/training/fuse.py`
//! reads it.

mod written_responses;

use anyhow::Result;
use remiss::analysis::fusion::Fusion;
use remiss::analysis::lexicon::Lexicon;
use remiss::analysis::{Judge, PairFeatures};
use remiss::inference::{DeviceChoice, Encoder, ModelFiles, open_device};
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
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
}

fn main() -> Result<()> {
    let folder = std::env::args()
        .nth(1)
        .map_or_else(|| PathBuf::from("models/training/data"), PathBuf::from);
    let device = open_device(DeviceChoice::Cpu)?;
    // From the folder, so that weights can be tried that are not compiled in yet.
    let folder_of_model = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/embedded");
    let encoder = Encoder::load(&ModelFiles::from_folder(&folder_of_model)?, &device)?;
    let judge = Judge::new(encoder, Lexicon::embedded(), Fusion::embedded());
    let mut out = std::io::stdout().lock();
    for (part, consultation) in written_responses::read_folder(&folder)? {
        let codebook = consultation.codebook();
        let themes = judge.prepare(&codebook)?;
        for written in &consultation.responses {
            let (response, kept) = written.response();
            if response.sentences.is_empty() {
                continue;
            }
            let features = judge.features(&response, &themes)?;
            for (theme, pairs) in codebook.themes.iter().zip(&features.pairs) {
                let stance = written
                    .stances
                    .get(&theme.id)
                    .map_or("not_addressed", String::as_str);
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
                };
                serde_json::to_writer(&mut out, &row)?;
                writeln!(out)?;
            }
        }
    }
    Ok(())
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
