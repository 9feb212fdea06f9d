//! `report.html`: one file that works from disk, with nothing fetched from anywhere.
//!
//! The template `report.html` runs once and is written as it runs; what it loops over is read
//! from the run directory when its turn comes. Everything that respondents wrote is escaped by
//! the template engine, and the page's content security policy lets no other script or style
//! run than the two files beside this one, which it knows by their hashes.

mod cut;
mod view;

use super::records::{self, Records};
use super::{Material, ReportError, atomic, words};
use crate::Language;
use crate::codebook::{Codebook, Stance};
use crate::run::{Record, ResultRecord};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use view::{FailureView, ResponseView, ReviewView, RowView, StanceView, VoiceView};

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

pub fn write(path: &Path, material: &Material) -> Result<(), ReportError> {
    let faulty = |source: minijinja::Error| ReportError::Template {
        path: path.to_owned(),
        source,
    };
    let environment = environment(material.language).map_err(faulty)?;
    let source = Arc::new(Source {
        run_directory: material.run_directory.to_owned(),
        codebook: material.codebook.clone(),
        language: material.language,
        fault: Mutex::new(None),
    });
    atomic::write(path, |output| {
        let rendered = environment
            .get_template("report.html")
            .and_then(|page| page.render_captured_to(context(material, &source), output.by_ref()))
            .map(drop);
        // A loop whose source broke off looks finished to the template; the fault comes first.
        match source
            .fault
            .lock()
            .expect("no thread panics with it")
            .take()
        {
            Some(fault) => Err(fault),
            None => rendered.map_err(faulty),
        }
    })
}

fn environment(language: Language) -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    environment.add_template("report.html", include_str!("report.html"))?;
    environment.add_template("head.html", include_str!("head.html"))?;
    environment.add_template("matrix.html", include_str!("matrix.html"))?;
    environment.add_template("themes.html", include_str!("themes.html"))?;
    environment.add_template("review.html", include_str!("review.html"))?;
    environment.add_template("response.html", include_str!("response.html"))?;
    environment.add_template("macros.html", include_str!("macros.html"))?;
    environment.add_function(
        "say",
        move |swedish: String, english: String| match language {
            Language::Sv => swedish,
            Language::En => english,
        },
    );
    environment.add_filter("grouped", move |count: usize| grouped(count, language));
    Ok(environment)
}

/// Where the loops of the template get their items. The first fault ends a loop and stays here.
struct Source {
    run_directory: PathBuf,
    codebook: Codebook,
    language: Language,
    fault: Mutex<Option<ReportError>>,
}

impl Source {
    /// Numbered records, read from the file anew each time; none after a fault.
    fn records(self: &Arc<Self>) -> impl Iterator<Item = (usize, Record)> + use<> {
        let (records, fault) = match Records::open(&self.run_directory) {
            Ok(records) => (Some(records), None),
            Err(fault) => (None, Some(fault)),
        };
        let numbered = (1..).zip(records.into_iter().flatten());
        let source = Arc::clone(self);
        if let Some(fault) = fault {
            source.keep(fault);
        }
        numbered.map_while(move |(number, record)| match record {
            Ok(record) => Some((number, record)),
            Err(fault) => {
                source.keep(fault);
                None
            }
        })
    }

    fn results(self: &Arc<Self>) -> impl Iterator<Item = (usize, Box<ResultRecord>)> + use<> {
        self.records().filter_map(|(number, record)| match record {
            Record::Result(result) => Some((number, result)),
            Record::Failure(_) => None,
        })
    }

    fn keep(&self, fault: ReportError) {
        let mut kept = self.fault.lock().expect("no thread panics with it");
        kept.get_or_insert(fault);
    }

    fn rows(self: &Arc<Self>) -> Value {
        let source = Arc::clone(self);
        Value::make_iterable(move || {
            let language = source.language;
            source
                .records()
                .map(move |(number, record)| value(RowView::new(number, &record, language)))
        })
    }

    /// The voices on the theme at `index`, by stance in the order of [`Stance::ALL`].
    fn voices(self: &Arc<Self>, index: usize) -> Value {
        let mut voices: [Vec<VoiceView>; Stance::ALL.len()] = Default::default();
        for (number, result) in self.results() {
            let finding = &result.stances[index];
            let voice = VoiceView::new(number, &result, finding, self.language);
            voices[finding.stance as usize].push(voice);
        }
        value(voices)
    }

    fn reviews(self: &Arc<Self>) -> Value {
        let source = Arc::clone(self);
        Value::make_iterable(move || {
            let inner = Arc::clone(&source);
            source.results().filter_map(move |(number, result)| {
                ReviewView::new(number, &result, &inner.codebook, inner.language).map(value)
            })
        })
    }

    fn failures(self: &Arc<Self>) -> Value {
        let source = Arc::clone(self);
        Value::make_iterable(move || {
            let language = source.language;
            source
                .records()
                .filter_map(move |(number, record)| match record {
                    Record::Failure(failure) => {
                        Some(value(FailureView::new(number, failure, language)))
                    }
                    Record::Result(_) => None,
                })
        })
    }

    fn responses(self: &Arc<Self>) -> Value {
        let source = Arc::clone(self);
        Value::make_iterable(move || {
            let inner = Arc::clone(&source);
            source.results().map_while(move |(number, result)| {
                let points = result.summary.iter().flat_map(|point| &point.evidence);
                let findings = result.stances.iter().flat_map(|finding| &finding.evidence);
                let quoted = points.chain(findings);
                match records::text(&inner.run_directory, &result.id, quoted) {
                    Ok(text) => Some(value(ResponseView::new(
                        number,
                        &result,
                        &text,
                        &inner.codebook,
                        inner.language,
                    ))),
                    Err(fault) => {
                        inner.keep(fault);
                        None
                    }
                }
            })
        })
    }
}

fn context(material: &Material, source: &Arc<Source>) -> Value {
    let Material {
        codebook,
        facts,
        language,
        tally,
        ..
    } = material;
    let theme_views: Vec<_> = (codebook.themes.iter().zip(&tally.stances))
        .enumerate()
        .map(|(index, (theme, counts))| {
            let source = Arc::clone(source);
            context! {
                id => theme.id.as_str(),
                text => value(theme.in_language(*language)),
                bars => bars(counts, tally.results),
                counts => counts,
                voices => Value::from_function(move || source.voices(index)),
            }
        })
        .collect();
    context! {
        lang => language.tag(),
        response_lang => codebook.language.as_str(),
        style => STYLE,
        script => SCRIPT,
        style_hash => BASE64_STANDARD.encode(Sha256::digest(STYLE)),
        script_hash => BASE64_STANDARD.encode(Sha256::digest(SCRIPT)),
        consultation => codebook.consultation.as_str(),
        title => codebook.title.as_str(),
        codebook_sha256 => codebook.sha256.as_str(),
        version => facts.version.as_str(),
        command => facts.command.as_str(),
        model => facts.model.as_str(),
        model_sha256 => facts.model_sha256.as_str(),
        language_model => facts.language_model.as_ref()
            .map(|model| context! { name => model.name.as_str(), sha256 => model.sha256.as_str() }),
        device => facts.device.as_str(),
        started => facts.started.as_str(),
        ended => facts.ended.as_str(),
        handed_in => facts.responses,
        missing => facts.responses.saturating_sub(tally.records()),
        results => tally.results,
        failed => tally.failures,
        abstaining => tally.abstaining,
        flagged => tally.flagged,
        flagged_results => tally.flagged_results,
        passed_over => facts.passed_over.iter()
            .map(|passed| context! { source => passed.source.as_str(), reason => passed.reason.as_str() })
            .collect::<Vec<_>>(),
        abstains => words::abstains(*language),
        failed_label => words::failed(*language),
        stances => value(Stance::ALL.map(|stance| StanceView::new(stance, *language))),
        themes => theme_views,
        rows => source.rows(),
        reviews => source.reviews(),
        failures => source.failures(),
        responses => source.responses(),
    }
}

/// What the template sees of a view.
fn value(of: impl Serialize) -> Value {
    Value::from(Serde(of))
}

/// Where each stance's share of the bar begins and how wide it is, in thousandths.
fn bars(counts: &[usize], total: usize) -> Vec<(usize, usize)> {
    let mut before = 0;
    let edge = |count: usize| (count * 1000).checked_div(total).unwrap_or(0);
    counts
        .iter()
        .map(|count| {
            let start = edge(before);
            before += count;
            (start, edge(before) - start)
        })
        .collect()
}

/// Thousands apart: `5 000`, `5,000`.
fn grouped(count: usize, language: Language) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push_str(language.choose("\u{a0}", ","));
        }
        grouped.push(digit);
    }
    grouped
}
