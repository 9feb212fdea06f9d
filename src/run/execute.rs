//! One run from beginning to end, or from where an earlier one was stopped.

use super::error::RunError;
use super::files::{write_atomically, write_with};
use super::inputs::{Input, duplicates, identify};
use super::ledger::{self, Entry, Ledger};
use super::manifest::{
    Fingerprint, InputEntry, LanguageModelIdentity, Manifest, PassedOverEntry, Totals,
};
use super::record::{FailureReason, Record};
use super::workers::{Bench, Done, judge_all};
use crate::analysis::fusion::Fusion;
use crate::analysis::{Analyst, Flag, Judge, SummaryPoint, Support};
use crate::codebook::{Codebook, Stance};
use crate::corpus::{PassedOver, discover};
use crate::hash::sha256_of_file;
use crate::verification::Unsupportable;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where the stored texts are, below the run directory.
pub const TEXTS: &str = "texts";
/// The results, below the run directory.
pub const RESULTS: &str = "results.jsonl";

/// What a user asked for.
pub struct Order {
    /// Files and folders.
    pub inputs: Vec<PathBuf>,
    /// The codebook's path, as it was given.
    pub codebook: PathBuf,
    pub out: PathBuf,
    pub threads: usize,
    pub batch_tokens: usize,
    /// Responses that a language model reads at the same time.
    pub batch: usize,
    /// What becomes of written points that their evidence does not support.
    pub unsupportable: Unsupportable,
    pub device: String,
    pub command: Vec<String>,
}

/// What is said while a run goes on.
#[derive(Debug)]
pub enum Progress<'a> {
    /// Responses in all, and those that an earlier run has already dealt with.
    Begins {
        responses: usize,
        already_done: usize,
        passed_over: &'a [PassedOver],
    },
    /// An input is not what it was when it was analysed; it is analysed anew.
    Changed { source: &'a str },
    /// A response of an earlier run is no longer among the inputs; it is left out of the results.
    Gone { id: &'a str },
    /// One more response is in the ledger; `error` says what failed.
    Finished {
        source: &'a str,
        error: Option<&'a FailureReason>,
    },
    /// All responses are in the ledger; the results are being written.
    Writing,
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    pub manifest: Manifest,
    /// Ids of the themes and how many responses take each stance on them, in the codebook's order.
    pub counts: Vec<(String, BTreeMap<Stance, usize>)>,
    pub abstaining: usize,
    /// Findings that carry a flag.
    pub to_review: usize,
    /// The source of each failure, and what happened.
    pub failures: Vec<(String, FailureReason)>,
}

/// Whether a run could begin at all: there is something to read, and the folder is free or a run's. For who
/// would otherwise load a large model first.
///
/// # Errors
/// As those of [`execute`].
pub fn check(order: &Order) -> Result<(), RunError> {
    if discover(&order.inputs)?.files.is_empty() {
        return Err(no_input(order));
    }
    is_free(&order.out)
}

fn no_input(order: &Order) -> RunError {
    let names: Vec<String> = order
        .inputs
        .iter()
        .map(|p| format!("`{}`", p.display()))
        .collect();
    RunError::NoInput {
        inputs: names.join(", "),
    }
}

/// Runs the whole way from files to `results.jsonl`. Where there is an `analyst`, it judges, and the judge
/// gives the second opinion.
///
/// # Errors
/// Nothing can be read or written at all, or the folder holds a run made otherwise. A response
/// that cannot be read is no error: it is a named failure in the outcome.
pub fn execute(
    order: &Order,
    judge: &Judge,
    analyst: Option<&Analyst>,
    codebook: &Codebook,
    mut tell: impl FnMut(Progress),
) -> Result<Outcome, RunError> {
    let discovery = discover(&order.inputs)?;
    if discovery.files.is_empty() {
        return Err(no_input(order));
    }
    prepare_folder(&order.out)?;
    let mut ledger = Ledger::open(&order.out)?;
    let fingerprint = Fingerprint {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        model: judge.encoder().identity().clone(),
        language_model: analyst.map(|analyst| LanguageModelIdentity {
            name: analyst.model().name().to_owned(),
            files: analyst.model().files().clone(),
            prompts: analyst.prompts(),
        }),
        strict: order.unsupportable == Unsupportable::Dropped,
        lexicon_sha256: judge.lexicon().sha256().to_owned(),
        ngrams_sha256: judge.ngrams().sha256().to_owned(),
        fusion_sha256: judge.fusion().sha256().to_owned(),
        parts_sha256: Fusion::parts_sha256(),
        codebook_sha256: codebook.sha256.clone(),
        device: order.device.clone(),
        batch: analyst
            .filter(|_| order.device != "cpu")
            .map(|_| order.batch),
    };
    go_on_only_alike(&mut ledger, &order.out, &fingerprint)?;

    let inputs = identify(discovery.files);
    let waiting = still_to_do(&ledger, &order.out, &inputs, &mut tell)?;
    tell(Progress::Begins {
        responses: inputs.len(),
        already_done: inputs.len() - waiting.len(),
        passed_over: &discovery.passed_over,
    });
    let mut manifest = Manifest {
        fingerprint,
        command: order.command.clone(),
        codebook: order.codebook.display().to_string(),
        threads: order.threads,
        batch_tokens: order.batch_tokens,
        batch: analyst.map(|_| order.batch),
        seed: None,
        start: earlier_start(&order.out).unwrap_or_else(now),
        end: None,
        totals: Totals::default(),
        inputs: inputs.iter().map(InputEntry::from).collect(),
        passed_over: discovery
            .passed_over
            .iter()
            .map(|file| PassedOverEntry {
                path: file.path.display().to_string(),
                reason: file.reason,
            })
            .collect(),
    };
    manifest.write(&order.out)?;

    let themes = judge.prepare(codebook)?;
    let bench = Bench {
        judge,
        themes: &themes,
        analyst,
        unsupportable: order.unsupportable,
    };
    judge_all(&waiting, &bench, order.threads, order.batch, |done| {
        store(&mut ledger, &order.out, &done)?;
        let record = &done.entry.record;
        tell(Progress::Finished {
            source: record.source(),
            error: match record {
                Record::Failure(failure) => Some(&failure.error),
                Record::Result(_) => None,
            },
        });
        Ok::<_, RunError>(())
    })?;

    tell(Progress::Writing);
    let mut outcome = write_results(&ledger, &order.out, &inputs, codebook)?;
    manifest.totals = outcome.0;
    manifest.end = Some(now());
    manifest.write(&order.out)?;
    outcome.1.manifest = Some(manifest);
    Ok(outcome.1.finish())
}

fn now() -> String {
    jiff::Timestamp::now().to_string()
}

/// A run that goes on keeps the time at which it first began.
fn earlier_start(folder: &Path) -> Option<String> {
    Manifest::read(folder).ok().map(|manifest| manifest.start)
}

/// Creates the run directory.
fn prepare_folder(folder: &Path) -> Result<(), RunError> {
    is_free(folder)?;
    let texts = folder.join(TEXTS);
    std::fs::create_dir_all(&texts).map_err(RunError::file(&texts))
}

/// Refuses a folder that holds something else than a run.
fn is_free(folder: &Path) -> Result<(), RunError> {
    let names = |path: &Path| -> Vec<OsString> {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name()).collect()
    };
    let texts = folder.join(TEXTS);
    let held = names(folder);
    let ours = folder.join(ledger::FILE).is_file();
    // A run that was killed before its ledger existed has left an empty `texts` and nothing else.
    let barely_begun =
        held.iter().all(|name| name == TEXTS) && texts.is_dir() && names(&texts).is_empty();
    if !held.is_empty() && !ours && !barely_begun {
        return Err(RunError::NotARun {
            path: folder.to_owned(),
        });
    }
    Ok(())
}

/// A ledger that has begun under other settings is not gone on with.
fn go_on_only_alike(ledger: &mut Ledger, folder: &Path, now: &Fingerprint) -> Result<(), RunError> {
    match ledger.newest::<Fingerprint>("begun")? {
        None => ledger.append("begun", "", now),
        Some(earlier) => match earlier.difference(now) {
            None => Ok(()),
            Some(what) => Err(RunError::Changed {
                path: folder.to_owned(),
                what,
            }),
        },
    }
}

/// The inputs that the ledger does not yet hold as they are now.
fn still_to_do(
    ledger: &Ledger,
    folder: &Path,
    inputs: &[Input],
    tell: &mut impl FnMut(Progress),
) -> Result<Vec<Input>, RunError> {
    for id in ledger.ids()? {
        if inputs
            .binary_search_by(|input| input.id.as_str().cmp(&id))
            .is_err()
        {
            tell(Progress::Gone { id: &id });
        }
    }
    let mut waiting = Vec::new();
    for input in inputs {
        match ledger.stored(&input.id)? {
            None => waiting.push(input.clone()),
            Some(stored) => {
                let same = stored.sha256 == input.sha256 && stored.source == input.file.source;
                let text = folder.join(TEXTS).join(format!("{}.txt", input.id));
                let text_sound = stored
                    .text_sha256
                    .is_none_or(|hash| sha256_of_file(&text).is_ok_and(|now| now == hash));
                if !same {
                    tell(Progress::Changed {
                        source: &input.file.source,
                    });
                }
                // What was too much for the machine, or could not be opened, may do now.
                if !same || !text_sound || stored.may_pass || input.sha256.is_none() {
                    waiting.push(input.clone());
                }
            }
        }
    }
    Ok(waiting)
}

/// The text first, then the event: a text without an event is written again, an event without
/// its text would be a loss.
fn store(ledger: &mut Ledger, folder: &Path, done: &Done) -> Result<(), RunError> {
    let id = done.entry.record.id();
    if let Some(text) = &done.text {
        write_atomically(
            &folder.join(TEXTS).join(format!("{id}.txt")),
            text.as_bytes(),
        )?;
    }
    let kind = match done.entry.record {
        Record::Result(_) => "analysed",
        Record::Failure(_) => "failed",
    };
    ledger.append(kind, id, &done.entry)
}

/// What is counted while the results are written.
#[derive(Default)]
struct Tally {
    manifest: Option<Manifest>,
    counts: Vec<(String, BTreeMap<Stance, usize>)>,
    abstaining: usize,
    to_review: usize,
    failures: Vec<(String, FailureReason)>,
}

impl Tally {
    fn new(codebook: &Codebook) -> Self {
        Self {
            counts: codebook
                .themes
                .iter()
                .map(|theme| (theme.id.clone(), BTreeMap::new()))
                .collect(),
            ..Self::default()
        }
    }

    fn add(&mut self, record: &Record) {
        match record {
            Record::Failure(failure) => {
                self.failures
                    .push((failure.source.clone(), failure.error.clone()));
            }
            Record::Result(result) => {
                self.abstaining += usize::from(result.abstains);
                for (finding, (_, count)) in result.stances.iter().zip(&mut self.counts) {
                    *count.entry(finding.stance).or_default() += 1;
                    self.to_review += usize::from(!finding.flags.is_empty());
                }
            }
        }
    }

    fn finish(self) -> Outcome {
        Outcome {
            manifest: self
                .manifest
                .expect("the manifest is set when the run ends"),
            counts: self.counts,
            abstaining: self.abstaining,
            to_review: self.to_review,
            failures: self.failures,
        }
    }
}

/// Makes `results.jsonl` from the ledger, one record at a time.
fn write_results(
    ledger: &Ledger,
    folder: &Path,
    inputs: &[Input],
    codebook: &Codebook,
) -> Result<(Totals, Tally), RunError> {
    let twins = duplicates(inputs);
    let mut tally = Tally::new(codebook);
    let mut totals = Totals {
        responses: inputs.len(),
        ..Totals::default()
    };
    let mut fault = None;
    write_with(&folder.join(RESULTS), |file| {
        for input in inputs {
            let entry = match ledger.entry(&input.id) {
                Ok(Some(entry)) => entry,
                Ok(None) => unreachable!("every input has been judged"),
                Err(error) => {
                    fault = Some(error);
                    return Err(std::io::ErrorKind::InvalidData.into());
                }
            };
            let record = mark_duplicate(entry, twins.get(input.id.as_str()).copied());
            match record {
                Record::Result(_) => totals.analysed += 1,
                Record::Failure(_) => totals.failed += 1,
            }
            tally.add(&record);
            if let Record::Result(result) = &record {
                let missing = |point: &&SummaryPoint| point.support == Some(Support::Missing);
                totals.unsupported_points += result.summary.iter().filter(missing).count();
                totals.dropped_points += result.flags.iter().map(dropped).sum::<usize>();
            }
            serde_json::to_writer(&mut *file, &record)?;
            file.write_all(b"\n")?;
        }
        Ok(())
    })
    .map_err(|error| fault.unwrap_or(error))?;
    Ok((totals, tally))
}

/// Points of a summary that were dropped, as a flag says it.
fn dropped(flag: &Flag) -> usize {
    match flag {
        Flag::PointsDropped(count) => *count,
        _ => 0,
    }
}

fn mark_duplicate(entry: Entry, twin: Option<&str>) -> Record {
    match (entry.record, twin) {
        (Record::Result(mut result), Some(twin)) => {
            result.flags.push(Flag::DuplicateOf(twin.to_owned()));
            Record::Result(result)
        }
        (record, _) => record,
    }
}
