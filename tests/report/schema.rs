//! `docs/results.schema.json` describes exactly the lines that the types make.

use crate::fixture;
use remiss::analysis::Flag;
use remiss::run::{Failure, FailureReason, Record};
use serde_json::{Value, json};

fn validator() -> jsonschema::Validator {
    let schema = serde_json::from_str(include_str!("../../docs/results.schema.json")).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

fn lines() -> Vec<Value> {
    let records = fixture::records();
    records
        .iter()
        .map(|record| serde_json::to_value(record).unwrap())
        .collect()
}

#[test]
fn every_line_of_a_run_is_described() {
    let validator = validator();
    for line in lines() {
        let errors: Vec<_> = validator
            .iter_errors(&line)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", line["id"]);
    }
}

#[test]
fn a_failure_of_unread_bytes_is_described() {
    let failure = Record::Failure(Failure {
        id: "a".to_owned(),
        source: "a.pdf".to_owned(),
        sha256: None,
        error: FailureReason {
            code: "unreadable".to_owned(),
            message: "…".to_owned(),
        },
    });
    assert!(validator().is_valid(&serde_json::to_value(failure).unwrap()));
}

#[test]
fn every_flag_is_described() {
    let flags = [
        Flag::ModelsDisagree,
        Flag::LowScore,
        Flag::ReportedView,
        Flag::ConflictingEvidence,
        Flag::QuotationMismatch,
        Flag::MissingEvidence,
        Flag::NoSentences,
        Flag::OtherConsultation,
        Flag::DuplicateOf("b".to_owned()),
    ];
    let mut line = lines().swap_remove(0);
    line["flags"] = serde_json::to_value(flags).unwrap();
    assert!(validator().is_valid(&line));
}

/// What makes the tests above fail when a type gets a field that the schema does not know.
#[test]
fn an_unknown_field_anywhere_is_refused() {
    let validator = validator();
    let line = lines().swap_remove(0);
    for place in [
        "",
        "/summary/0",
        "/summary/0/evidence/0",
        "/stances/0",
        "/stances/0/evidence/0",
    ] {
        let mut line = line.clone();
        line.pointer_mut(place).unwrap()["unknown"] = json!(1);
        assert!(!validator.is_valid(&line), "at `{place}`");
    }
}
