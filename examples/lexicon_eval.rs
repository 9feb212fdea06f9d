//! Measures the lexicon alone on the written responses.
//!
//! `cargo run --release --example lexicon_eval -- [OPTIONS] [FOLDER]` prints, for the
//! sentence–theme pairs that carry a label: how many the lexicon judges at all, precision, recall
//! and F1 of each label, the confusion, and its speed. `--part` chooses a part of `split.toml`
//! (default `train`), `--errors` lists what it judged wrongly, `--cues` how often each cue was in
//! a right judgement. `--lexicon` measures another file than the one that the program carries,
//! which is the way to try a change.

use anyhow::{Result, bail};
use remiss::analysis::lexicon::{Context, Label, Lexicon};
use remiss::evaluation::{Consultation, Labelled, SentenceLabel, TRAIN, WrittenResponse};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

struct Options {
    part: String,
    errors: bool,
    cues: bool,
    lexicon: Option<PathBuf>,
    folder: PathBuf,
}

struct Pair<'a> {
    text: &'a str,
    lead: Option<&'a str>,
    proposal: &'a str,
    label: Label,
}

fn main() -> Result<()> {
    let options = options()?;
    let labelled = Labelled::read_folder(&options.folder)?;
    if !labelled.parts().contains(options.part.as_str()) {
        bail!("there is no part `{}`", options.part);
    }
    let pairs: Vec<Pair> = labelled
        .consultations
        .iter()
        .filter(|(part, _)| *part == options.part)
        .flat_map(|(_, consultation)| pairs(consultation))
        .collect();
    let lexicon = match &options.lexicon {
        Some(path) => Lexicon::parse(&std::fs::read_to_string(path)?, path)?,
        None => Lexicon::embedded(),
    };
    let mut confusion = Confusion::default();
    let mut judged = Confusion::default();
    let mut by_cue: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for pair in &pairs {
        let proposal = lexicon.proposal(pair.proposal);
        let reading = lexicon.judge(pair.text, Context { lead: pair.lead });
        let (label, confidence) = lexicon.label(&reading, &proposal);
        confusion.count(pair.label, label);
        if confidence > 0.0 {
            judged.count(pair.label, label);
            for hit in reading.hits.iter().filter(|hit| !hit.reported) {
                let (right, all) = by_cue.entry(&hit.cue.text).or_default();
                *right += usize::from(label == pair.label);
                *all += 1;
            }
        }
        if options.errors && confidence > 0.0 && label != pair.label {
            let cues: Vec<String> = reading
                .hits
                .iter()
                .map(|hit| format!("{} → {:?} {:?}", hit.cue.text, hit.polarity, hit.content))
                .collect();
            println!(
                "{} judged {} ({confidence:.2}): {}\n    {}\n    {}",
                pair.label.key(),
                label.key(),
                pair.text,
                pair.proposal,
                cues.join("; ")
            );
        }
    }
    if options.cues {
        for (cue, (right, all)) in &by_cue {
            println!("{right:>4} of {all:<4} {cue}");
        }
    }
    println!("{} pairs, {}", pairs.len(), options.part);
    println!("all pairs (silence counts as none):\n{}", confusion.table());
    println!(
        "pairs that the lexicon judges: {}\n{}",
        judged.total(),
        judged.table()
    );
    println!("{:.0} sentences a second", speed(&lexicon, &pairs));
    Ok(())
}

fn options() -> Result<Options> {
    let mut options = Options {
        part: TRAIN.to_owned(),
        errors: false,
        cues: false,
        lexicon: None,
        folder: PathBuf::from("models/training/data"),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--part" => options.part = arguments.next().unwrap_or_default(),
            "--errors" => options.errors = true,
            "--cues" => options.cues = true,
            "--lexicon" => options.lexicon = arguments.next().map(PathBuf::from),
            folder if !folder.starts_with('-') => options.folder = folder.into(),
            other => bail!("`{other}` is not known"),
        }
    }
    Ok(options)
}

/// The labelled sentence–theme pairs of a consultation.
fn pairs(consultation: &Consultation) -> Vec<Pair<'_>> {
    let mut pairs = Vec::new();
    for response in &consultation.responses {
        for (index, sentence) in response.sentences.iter().enumerate() {
            for (theme, label) in &sentence.labels {
                let theme = consultation.themes.iter().find(|known| known.id == *theme);
                let (Some(theme), Some(label)) = (theme, label_of(*label)) else {
                    continue;
                };
                pairs.push(Pair {
                    text: &sentence.text,
                    lead: lead(response, index),
                    proposal: &theme.proposal,
                    label,
                });
            }
        }
    }
    pairs
}

/// Somebody else's view is none of the respondent's.
fn label_of(label: SentenceLabel) -> Option<Label> {
    match label {
        SentenceLabel::For => Some(Label::For),
        SentenceLabel::Against => Some(Label::Against),
        SentenceLabel::Conditional => Some(Label::Conditional),
        SentenceLabel::None | SentenceLabel::Reported => Some(Label::None),
        SentenceLabel::Disputed => None,
    }
}

/// The sentence that ends in a colon above a run of items that begin in lower case.
fn lead(response: &WrittenResponse, index: usize) -> Option<&str> {
    let is_item = |text: &str| text.chars().next().is_some_and(char::is_lowercase);
    if !is_item(&response.sentences[index].text) {
        return None;
    }
    response.sentences[..index]
        .iter()
        .rev()
        .find(|sentence| !is_item(&sentence.text))
        .map(|sentence| sentence.text.as_str())
        .filter(|text| text.ends_with(':'))
}

/// Rows: the written label; columns: the lexicon's.
#[derive(Default)]
struct Confusion([[usize; 4]; 4]);

impl Confusion {
    fn count(&mut self, truth: Label, judged: Label) {
        self.0[place(truth)][place(judged)] += 1;
    }

    fn total(&self) -> usize {
        self.0.iter().flatten().sum()
    }

    fn table(&self) -> String {
        let mut table = String::from("             precision recall    F1 |");
        for label in Label::ALL {
            table += &format!("{:>12}", label.key());
        }
        let mut sum = 0.0;
        for label in Label::ALL {
            let row = self.0[place(label)];
            let right = row[place(label)] as f64;
            let judged: usize = self.0.iter().map(|row| row[place(label)]).sum();
            let precision = right / (judged as f64).max(1.0);
            let recall = right / (row.iter().sum::<usize>() as f64).max(1.0);
            let f1 = 2.0 * precision * recall / (precision + recall).max(f64::MIN_POSITIVE);
            sum += f1;
            table += &format!(
                "\n{:<12} {precision:9.3} {recall:6.3} {f1:5.3} |",
                label.key()
            );
            for count in row {
                table += &format!("{count:>12}");
            }
        }
        table + &format!("\nmacro-F1 {:.3}\n", sum / 4.0)
    }
}

fn place(label: Label) -> usize {
    Label::ALL
        .iter()
        .position(|&other| other == label)
        .unwrap_or_default()
}

fn speed(lexicon: &Lexicon, pairs: &[Pair]) -> f64 {
    let begin = Instant::now();
    let mut sentences = 0;
    let mut found = 0;
    while begin.elapsed().as_secs_f64() < 1.0 {
        for pair in pairs {
            found += lexicon
                .judge(pair.text, Context { lead: pair.lead })
                .hits
                .len();
        }
        sentences += pairs.len();
    }
    assert!(found > 0 || pairs.is_empty());
    sentences as f64 / begin.elapsed().as_secs_f64()
}
