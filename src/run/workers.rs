//! Reading and judging responses, several at a time.
//!
//! A response is judged by one thread from beginning to end, so that nothing about it depends
//! on how many threads there are. A language model judges several at the same time; what it says of one
//! does not depend on the others.

use super::inputs::Input;
use super::ledger::Entry;
use super::record::{Failure, FailureReason, Record, ResultRecord};
use crate::analysis::{Analysis, Analyst, Judge, Opinion, Themes};
use crate::corpus::{self, Response};
use crate::hash::sha256;
use crate::inference::InferenceError;
use crate::verification::{Unsupportable, verify};
use rayon::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

/// A response that has been judged, or a failure that has been named.
pub(super) struct Done {
    pub entry: Entry,
    /// The stored text; `None` for a failure.
    pub text: Option<String>,
}

/// Who judges, and by what.
pub(super) struct Bench<'a> {
    pub judge: &'a Judge,
    pub themes: &'a Themes<'a>,
    /// Judges instead, if there is one.
    pub analyst: Option<&'a Analyst>,
    pub unsupportable: Unsupportable,
}

/// A response that has been read, and what the judge makes of it.
type Read = (Response, Opinion);

/// Judges `inputs` on `threads` threads and hands each to `receive`, in no particular order. A language
/// model is there only once: it is given `batch` responses at a time, and the threads compute for it.
///
/// # Errors
/// Those of `receive`; the threads stop after the responses in hand.
pub(super) fn judge_all<E>(
    inputs: &[Input],
    bench: &Bench,
    threads: usize,
    batch: usize,
    mut receive: impl FnMut(Done) -> Result<(), E>,
) -> Result<(), E> {
    let (workers, size) = match bench.analyst {
        None => (threads.min(inputs.len()), 1),
        Some(_) => (1, batch.clamp(1, inputs.len().max(1))),
    };
    let batches: Vec<&[Input]> = inputs.chunks(size).collect();
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    // A short queue: finished texts wait in memory until they are on disk.
    let (sender, receiver) = mpsc::sync_channel(2 * workers * size);
    std::thread::scope(|scope| {
        // Owned here, so that a panic below drops it and no thread waits to send for ever.
        let receiver = receiver;
        for _ in 0..workers {
            let sender = sender.clone();
            let (next, stopped, batches) = (&next, &stopped, &batches);
            scope.spawn(move || {
                let pool = bench.analyst.map(|_| pool(threads));
                while !stopped.load(Ordering::Relaxed) {
                    let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) else {
                        break;
                    };
                    let done = match (&pool, bench.analyst) {
                        (Some(pool), Some(analyst)) => {
                            pool.install(|| judge_together(batch, bench, analyst))
                        }
                        _ => batch.iter().map(|input| judge_one(input, bench)).collect(),
                    };
                    for done in done {
                        if sender.send(done).is_err() {
                            return;
                        }
                    }
                }
            });
        }
        drop(sender);
        for done in &receiver {
            if let Err(error) = receive(done) {
                stopped.store(true, Ordering::Relaxed);
                // Let the threads finish what they hold; it is not recorded.
                for _ in &receiver {}
                return Err(error);
            }
        }
        Ok(())
    })
}

fn pool(threads: usize) -> rayon::ThreadPool {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
    builder.build().expect("threads can be started")
}

fn judge_one(input: &Input, bench: &Bench) -> Done {
    let judged = caught(|| read(input, bench));
    finish(
        input,
        bench,
        judged.map(|(response, opinion)| (response, opinion.analysis)),
    )
}

/// Reads every response on its own and lets the analyst judge them at the same time.
fn judge_together(inputs: &[Input], bench: &Bench, analyst: &Analyst) -> Vec<Done> {
    let read: Vec<Result<Read, FailureReason>> = inputs
        .par_iter()
        .map(|input| caught(|| read(input, bench)))
        .collect();
    let sound: Vec<(&Response, &Opinion)> = read
        .iter()
        .flatten()
        .map(|(response, opinion)| (response, opinion))
        .collect();
    let ask = |responses: &[(&Response, &Opinion)]| {
        caught(|| {
            analyst
                .analyse(bench.judge, responses)
                .map_err(|error| failed(&error))
        })
    };
    let analyses: Vec<Result<Analysis, FailureReason>> = match ask(&sound) {
        Ok(analyses) => analyses.into_iter().map(Ok).collect(),
        // One of them is at fault: each alone, the others are not lost.
        Err(_) => (sound.iter())
            .map(|both| ask(std::slice::from_ref(both)).map(|mut own| own.remove(0)))
            .collect(),
    };
    let mut analyses = analyses.into_iter();
    let judged: Vec<_> = read
        .into_iter()
        .map(|read| {
            let (response, _) = read?;
            let analysis = analyses.next().expect("every response has been judged");
            Ok((response, analysis?))
        })
        .collect();
    inputs
        .iter()
        .zip(judged)
        .map(|(input, judged)| finish(input, bench, judged))
        .collect()
}

fn read(input: &Input, bench: &Bench) -> Result<Read, FailureReason> {
    tracing::debug!(source = input.file.source, "reading");
    let response =
        corpus::read(&input.file).map_err(|error| reason(error.code(), &error.to_string()))?;
    let expected = input.sha256.as_ref();
    if expected.is_some_and(|hash| *hash != response.sha256) {
        return Err(reason(
            "changed_during_run",
            "the file was changed while the run went on; give the same command again",
        ));
    }
    let opinion = bench.judge.opinion(&response, bench.themes);
    let opinion = opinion.map_err(|error| failed(&error))?;
    Ok((response, opinion))
}

/// What `work` gives; a panic is a failure like another, of this response alone.
fn caught<T>(work: impl FnOnce() -> Result<T, FailureReason>) -> Result<T, FailureReason> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        Err(reason(
            "internal_error",
            &format!("a fault in remiss, please report it: {message}"),
        ))
    })
}

fn finish(
    input: &Input,
    bench: &Bench,
    judged: Result<(Response, Analysis), FailureReason>,
) -> Done {
    let verified = judged.and_then(|(response, analysis)| {
        caught(|| {
            let analysis = verify(analysis, &response, bench.unsupportable);
            Ok((analysis, response))
        })
    });
    match verified {
        Ok((analysis, response)) => result(input, analysis, response),
        Err(error) => {
            tracing::info!(source = input.file.source, code = error.code, "failed");
            Done {
                entry: Entry {
                    record: Record::Failure(Failure {
                        id: input.id.clone(),
                        source: input.file.source.clone(),
                        sha256: input.sha256.clone(),
                        error,
                    }),
                    text_sha256: None,
                },
                text: None,
            }
        }
    }
}

fn failed(error: &InferenceError) -> FailureReason {
    reason("analysis_failed", &error.to_string())
}

fn reason(code: &str, message: &str) -> FailureReason {
    FailureReason {
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

fn result(input: &Input, analysis: Analysis, response: Response) -> Done {
    let Response {
        metadata,
        text,
        pages,
        ..
    } = response;
    let value = |found: Option<corpus::Found>| found.map(|found| found.value);
    let record = ResultRecord {
        id: input.id.clone(),
        source: input.file.source.clone(),
        sha256: response.sha256,
        respondent: value(metadata.respondent),
        reference: value(metadata.reference),
        date: value(metadata.date),
        consultation: value(metadata.consultation),
        pages: u32::try_from(pages.len()).ok().filter(|&count| count > 0),
        characters: text.chars().count(),
        abstains: analysis.abstains,
        overall: analysis.overall,
        summary: analysis.summary,
        stances: analysis.stances,
        flags: analysis.flags,
    };
    Done {
        entry: Entry {
            text_sha256: Some(sha256(text.as_bytes())),
            record: Record::Result(Box::new(record)),
        },
        text: Some(text),
    }
}
