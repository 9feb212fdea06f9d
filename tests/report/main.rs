//! Reports of a small run, as files, in a browser and against the schema of `results.jsonl`.

mod browser;
mod chromium;
mod fixture;
mod formats;
mod schema;
