//! Reading and judging responses, several at a time.
//!
//! A response is judged by one thread from beginning to end, so that nothing about it depends
//! on how many threads there are.

use super::inputs::Input;
use super::ledger::Entry;
use super::record::{Failure, FailureReason, Record, ResultRecord};
use crate::analysis::{Judge, Themes};
use crate::corpus::{self, Response};
use crate::hash::sha256;
use crate::verification::verify;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

/// A response that has been judged, or a failure that has been named.
pub(super) struct Done {
    pub entry: Entry,
    /// The stored text; `None` for a failure.
    pub text: Option<String>,
}

/// Judges `inputs` on `threads` threads and hands each to `receive`, in no particular order.
///
/// # Errors
/// Those of `receive`; the threads stop after the response in hand.
pub(super) fn judge_all<E>(
    inputs: &[Input],
    judge: &Judge,
    themes: &Themes,
    threads: usize,
    mut receive: impl FnMut(Done) -> Result<(), E>,
) -> Result<(), E> {
    let threads = threads.min(inputs.len());
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    // A short queue: finished texts wait in memory until they are on disk.
    let (sender, receiver) = mpsc::sync_channel(2 * threads);
    std::thread::scope(|scope| {
        // Owned here, so that a panic below drops it and no thread waits to send for ever.
        let receiver = receiver;
        for _ in 0..threads {
            let sender = sender.clone();
            let (next, stopped) = (&next, &stopped);
            scope.spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    let Some(input) = inputs.get(next.fetch_add(1, Ordering::Relaxed)) else {
                        break;
                    };
                    if sender.send(judge_one(input, judge, themes)).is_err() {
                        break;
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

fn judge_one(input: &Input, judge: &Judge, themes: &Themes) -> Done {
    tracing::debug!(source = input.file.source, "reading");
    let judged = catch_unwind(AssertUnwindSafe(|| {
        let response =
            corpus::read(&input.file).map_err(|error| reason(error.code(), &error.to_string()))?;
        let expected = input.sha256.as_ref();
        if expected.is_some_and(|hash| *hash != response.sha256) {
            return Err(reason(
                "changed_during_run",
                "the file was changed while the run went on; give the same command again",
            ));
        }
        let analysis = judge
            .analyse(&response, themes)
            .map_err(|error| reason("analysis_failed", &error.to_string()))?;
        Ok((verify(analysis, &response), response))
    }));
    let outcome = judged.unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        Err(reason(
            "internal_error",
            &format!("a fault in remiss, please report it: {message}"),
        ))
    });
    match outcome {
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

fn reason(code: &str, message: &str) -> FailureReason {
    FailureReason {
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

fn result(input: &Input, analysis: crate::analysis::Analysis, response: Response) -> Done {
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
