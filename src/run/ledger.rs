//! The ledger: an append-only, hash-chained record of a run, in SQLite.
//!
//! Each event carries the hash of the one before it, so that a row that is changed, removed or
//! slipped in is noticed. The newest event of a response is the truth about it.

use super::error::RunError;
use super::record::Record;
use crate::hash::sha256;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) const FILE: &str = "ledger.sqlite";

/// The hash that the first event follows.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What happened to one response.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    pub record: Record,
    /// SHA-256 of `texts/ID.txt`; `None` for a failure.
    pub text_sha256: Option<String>,
}

/// What a stored response is told apart by when the run goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub source: String,
    pub sha256: Option<String>,
    pub text_sha256: Option<String>,
    /// It failed in a way that may be the machine's fault and not the file's.
    pub may_pass: bool,
}

/// Failures that trying again may cure.
const PASSING: [&str; 4] = [
    "unreadable",
    "changed_during_run",
    "analysis_failed",
    "internal_error",
];

pub(super) struct Ledger {
    connection: Connection,
    path: PathBuf,
    /// Hash of the newest event.
    head: String,
}

impl Ledger {
    /// Opens or creates the ledger in `folder` and checks its chain.
    ///
    /// # Errors
    /// Another process has it open, it is no ledger, or it has been altered.
    pub(super) fn open(folder: &Path) -> Result<Self, RunError> {
        let path = folder.join(FILE);
        let fail = |source: rusqlite::Error| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                RunError::Busy {
                    path: folder.to_owned(),
                }
            }
            _ => RunError::Ledger {
                path: path.clone(),
                source,
            },
        };
        let connection = Connection::open(&path).map_err(fail)?;
        connection
            .busy_timeout(Duration::from_millis(300))
            .map_err(fail)?;
        // Exclusive: two runs in one folder would write over each other's results.
        connection
            .execute_batch(
                "PRAGMA locking_mode = EXCLUSIVE;
                 PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = FULL;
                 CREATE TABLE IF NOT EXISTS events (
                     event INTEGER PRIMARY KEY,
                     kind TEXT NOT NULL,
                     response TEXT NOT NULL,
                     at TEXT NOT NULL,
                     body TEXT NOT NULL,
                     previous TEXT NOT NULL,
                     hash TEXT NOT NULL
                 ) STRICT;
                 CREATE INDEX IF NOT EXISTS newest ON events (response, event);",
            )
            .map_err(fail)?;
        let mut ledger = Self {
            connection,
            path,
            head: GENESIS.to_owned(),
        };
        ledger.check_chain()?;
        Ok(ledger)
    }

    fn fault(&self, source: rusqlite::Error) -> RunError {
        RunError::Ledger {
            path: self.path.clone(),
            source,
        }
    }

    fn check_chain(&mut self) -> Result<(), RunError> {
        let mut head = GENESIS.to_owned();
        let mut broken = None;
        {
            let mut statement = self
                .connection
                .prepare("SELECT event, kind, response, at, body, previous, hash FROM events ORDER BY event")
                .map_err(|error| self.fault(error))?;
            let mut rows = statement.query([]).map_err(|error| self.fault(error))?;
            let mut expected: i64 = 1;
            while let Some(row) = rows.next().map_err(|error| self.fault(error))? {
                let read = |column: usize| row.get::<_, String>(column);
                let links = || -> rusqlite::Result<(i64, bool, String)> {
                    let (previous, hash) = (read(5)?, read(6)?);
                    let computed = chain(&previous, &read(1)?, &read(2)?, &read(3)?, &read(4)?);
                    let event: i64 = row.get(0)?;
                    Ok((
                        event,
                        previous == head && hash == computed && event == expected,
                        hash,
                    ))
                };
                let (event, sound, hash) = links().map_err(|error| self.fault(error))?;
                if !sound {
                    broken = Some(event);
                    break;
                }
                head = hash;
                expected += 1;
            }
        }
        match broken {
            Some(event) => Err(RunError::BrokenChain {
                path: self.path.clone(),
                event,
            }),
            None => {
                self.head = head;
                Ok(())
            }
        }
    }

    /// Appends one event, in a transaction of its own.
    pub(super) fn append<B: Serialize>(
        &mut self,
        kind: &str,
        response: &str,
        body: &B,
    ) -> Result<(), RunError> {
        let body = serde_json::to_string(body).expect("records have no keys but strings");
        let at = jiff::Timestamp::now().to_string();
        let hash = chain(&self.head, kind, response, &at, &body);
        self.connection
            .execute(
                "INSERT INTO events (event, kind, response, at, body, previous, hash)
                 VALUES ((SELECT coalesce(max(event), 0) + 1 FROM events), ?1, ?2, ?3, ?4, ?5, ?6)",
                params![kind, response, at, body, self.head, hash],
            )
            .map_err(|error| self.fault(error))?;
        self.head = hash;
        Ok(())
    }

    /// The body of the newest event of this kind.
    pub(super) fn newest<T: for<'a> Deserialize<'a>>(
        &self,
        kind: &str,
    ) -> Result<Option<T>, RunError> {
        let row: Option<(i64, String)> = self
            .connection
            .query_row(
                "SELECT event, body FROM events WHERE kind = ?1 ORDER BY event DESC LIMIT 1",
                [kind],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
            .map_err(|error| self.fault(error))?;
        row.map(|(event, body)| self.parse(event, &body))
            .transpose()
    }

    fn parse<T: for<'a> Deserialize<'a>>(&self, event: i64, body: &str) -> Result<T, RunError> {
        serde_json::from_str(body).map_err(|error| RunError::UnreadableEvent {
            path: self.path.clone(),
            event,
            message: error.to_string(),
        })
    }

    /// What the ledger knows of a response, if anything.
    pub(super) fn stored(&self, id: &str) -> Result<Option<Stored>, RunError> {
        Ok(self.entry(id)?.map(|entry| Stored {
            may_pass: matches!(
                &entry.record,
                Record::Failure(failure) if PASSING.contains(&failure.error.code.as_str())
            ),
            source: entry.record.source().to_owned(),
            sha256: entry.record.sha256().map(str::to_owned),
            text_sha256: entry.text_sha256,
        }))
    }

    /// The newest entry of a response.
    pub(super) fn entry(&self, id: &str) -> Result<Option<Entry>, RunError> {
        let row: Option<(i64, String)> = self
            .connection
            .prepare_cached(
                "SELECT event, body FROM events WHERE response = ?1 ORDER BY event DESC LIMIT 1",
            )
            .and_then(|mut statement| {
                statement
                    .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()
            })
            .map_err(|error| self.fault(error))?;
        row.map(|(event, body)| self.parse(event, &body))
            .transpose()
    }

    /// Ids of all responses that have an entry.
    pub(super) fn ids(&self) -> Result<Vec<String>, RunError> {
        let collect = || -> rusqlite::Result<Vec<String>> {
            let mut statement = self
                .connection
                .prepare("SELECT DISTINCT response FROM events WHERE response <> '' ORDER BY 1")?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        collect().map_err(|error| self.fault(error))
    }
}

/// The hash of an event. The parts are separated by a byte that occurs in none of them.
fn chain(previous: &str, kind: &str, response: &str, at: &str, body: &str) -> String {
    sha256(
        [previous, kind, response, at, body]
            .join("\u{1f}")
            .as_bytes(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::record::{Failure, FailureReason};

    fn entry(id: &str, code: &str) -> Entry {
        Entry {
            record: Record::Failure(Failure {
                id: id.to_owned(),
                source: format!("{id}.pdf"),
                sha256: None,
                error: FailureReason {
                    code: code.to_owned(),
                    message: String::new(),
                },
            }),
            text_sha256: None,
        }
    }

    fn filled(folder: &Path) {
        let mut ledger = Ledger::open(folder).unwrap();
        for id in ["a", "b", "a"] {
            ledger.append("failed", id, &entry(id, "no_text")).unwrap();
        }
    }

    #[test]
    fn the_newest_event_counts() {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path());
        let mut ledger = Ledger::open(folder.path()).unwrap();
        ledger
            .append("failed", "a", &entry("a", "damaged_file"))
            .unwrap();
        assert_eq!(ledger.ids().unwrap(), ["a", "b"]);
        let Record::Failure(failure) = ledger.entry("a").unwrap().unwrap().record else {
            panic!("a failure was stored");
        };
        assert_eq!(failure.error.code, "damaged_file");
    }

    #[test]
    fn tampering_is_noticed() {
        for tampering in [
            "UPDATE events SET body = replace(body, 'no_text', 'empty') WHERE event = 2",
            "UPDATE events SET at = '2020-01-01' WHERE event = 1",
            "DELETE FROM events WHERE event = 2",
            "DELETE FROM events WHERE event = 1",
            "UPDATE events SET response = 'c' WHERE event = 3",
        ] {
            let folder = tempfile::tempdir().unwrap();
            filled(folder.path());
            let connection = Connection::open(folder.path().join(FILE)).unwrap();
            assert_eq!(connection.execute(tampering, []).unwrap(), 1);
            drop(connection);
            let error = Ledger::open(folder.path()).err().expect(tampering);
            assert!(
                matches!(error, RunError::BrokenChain { .. }),
                "{tampering}: {error}"
            );
        }
    }

    #[test]
    fn two_runs_do_not_share_a_ledger() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = Ledger::open(folder.path()).unwrap();
        first.append("failed", "a", &entry("a", "no_text")).unwrap();
        let error = Ledger::open(folder.path()).err().unwrap();
        assert!(matches!(error, RunError::Busy { .. }), "{error}");
    }
}
