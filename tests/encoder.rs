//! The embedded encoder computes what PyTorch computed when it was exported, and a sentence
//! gets the same bits whatever else is computed with it.

use remiss::inference::{DeviceChoice, Encoder, ModelFiles, PairScores, open_device};
use serde::Deserialize;
use std::num::NonZeroUsize;

/// Absolute difference allowed between two implementations in 32-bit floating point.
const TOLERANCE: f32 = 1e-3;

/// Recorded by `models/training/export.py` from the same, dequantised weights.
#[derive(Deserialize)]
struct Reference {
    themes: Vec<Theme>,
    sentences: Vec<Sentence>,
}

#[derive(Deserialize)]
struct Theme {
    text: String,
    h: Vec<f32>,
}

#[derive(Deserialize)]
struct Sentence {
    text: String,
    h: Vec<f32>,
    salience: f32,
    relevance: Vec<f32>,
    stance: Vec<[f32; 4]>,
}

fn reference() -> Reference {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/models/embedded/reference.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn encoder() -> Encoder {
    let device = open_device(DeviceChoice::Cpu).unwrap();
    Encoder::load(&ModelFiles::embedded(), &device).unwrap()
}

#[track_caller]
fn close(ours: f32, theirs: f32) {
    assert!((ours - theirs).abs() < TOLERANCE, "{ours} and {theirs}");
}

#[test]
fn agrees_with_pytorch() {
    let (reference, encoder) = (reference(), encoder());
    let texts: Vec<&str> = reference
        .sentences
        .iter()
        .map(|s| s.text.as_str())
        .collect();
    let themes: Vec<&str> = reference
        .themes
        .iter()
        .map(|theme| theme.text.as_str())
        .collect();
    let sentences = encoder.encode(&texts).unwrap();
    let themes = encoder.encode(&themes).unwrap();
    for (theme, row) in reference.themes.iter().zip(themes.rows()) {
        theme
            .h
            .iter()
            .zip(row)
            .for_each(|(theirs, ours)| close(*ours, *theirs));
    }
    let salience = encoder.salience(&sentences);
    for ((sentence, row), salience) in reference
        .sentences
        .iter()
        .zip(sentences.rows())
        .zip(salience)
    {
        sentence
            .h
            .iter()
            .zip(row)
            .for_each(|(theirs, ours)| close(*ours, *theirs));
        close(salience, sentence.salience);
    }
    for theme in 0..reference.themes.len() {
        let scores = encoder.pair_scores(&sentences, &themes, theme);
        for (sentence, PairScores { relevance, stance }) in reference.sentences.iter().zip(scores) {
            close(relevance, sentence.relevance[theme]);
            for (ours, theirs) in stance.into_iter().zip(sentence.stance[theme]) {
                close(ours, theirs);
            }
        }
    }
}

/// Texts of very different lengths, one longer than a window.
fn ragged() -> Vec<String> {
    let long =
        "Kommunen tillstyrker förslaget men vill framhålla behovet av finansiering. ".repeat(30);
    let mut texts = vec![long, String::new(), "Ja.".to_owned()];
    texts.extend((1..20).map(|n| "Regionen delar utredningens bedömning i denna del. ".repeat(n)));
    texts
}

#[test]
fn a_text_has_the_same_bits_alone_in_equal_and_in_ragged_batches() {
    let encoder = encoder();
    let texts = ragged();
    let vectors = encoder.encode(&texts).unwrap();
    let together: Vec<&[f32]> = vectors.rows().collect();
    let equal = encoder.encode(&vec!["Ja."; 40]).unwrap();
    assert!(equal.rows().all(|row| row == together[2]));
    let single = encoder.with_batch_tokens(NonZeroUsize::MIN);
    for (index, text) in texts.iter().enumerate() {
        let alone = single.encode(&[text]).unwrap();
        assert_eq!(alone.rows().next(), Some(together[index]), "text {index}");
    }
}
