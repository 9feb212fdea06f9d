//! What the templates see: records in the words and order that people read.

use super::cut::{Piece, cut};
use crate::Language;
use crate::analysis::{Evidence, Finding, Flag, PointKind};
use crate::codebook::{Codebook, Stance};
use crate::corpus::Span;
use crate::report::{tally, words};
use crate::run::{Failure, Record, ResultRecord};
use serde::Serialize;

/// A stance by word, sign and colour.
#[derive(Serialize)]
pub struct StanceView {
    /// Place in the order in which people read stances.
    order: usize,
    /// Class that colours it.
    class: &'static str,
    symbol: &'static str,
    label: &'static str,
    short: &'static str,
}

impl StanceView {
    pub fn new(stance: Stance, language: Language) -> Self {
        Self {
            order: stance as usize,
            class: match stance {
                Stance::Supports => "supports",
                Stance::SupportsWithReservations => "reservations",
                Stance::Mixed => "mixed",
                Stance::Opposes => "opposes",
                Stance::NoPosition => "no-position",
                Stance::NotAddressed => "not-addressed",
            },
            symbol: words::symbol(stance),
            label: stance.label(language),
            short: words::short_label(stance, language),
        }
    }
}

/// A row of the matrix.
#[derive(Serialize)]
pub struct RowView {
    /// Place of the response in the run, counted from 1; its anchor in the page.
    number: usize,
    name: String,
    source: String,
    /// How many things a person should look at.
    flagged: usize,
    abstains: bool,
    /// `None` for a failure.
    overall: Option<StanceView>,
    cells: Vec<CellView>,
}

#[derive(Serialize)]
struct CellView {
    theme: String,
    stance: StanceView,
    flagged: bool,
}

impl RowView {
    pub fn new(number: usize, record: &Record, language: Language) -> Self {
        let Record::Result(result) = record else {
            return Self {
                number,
                name: record.source().to_owned(),
                source: record.source().to_owned(),
                flagged: 0,
                abstains: false,
                overall: None,
                cells: Vec::new(),
            };
        };
        let cell = |finding: &Finding| CellView {
            theme: finding.theme.clone(),
            stance: StanceView::new(finding.stance, language),
            flagged: !finding.flags.is_empty(),
        };
        Self {
            number,
            name: name(result),
            source: result.source.clone(),
            flagged: tally::flagged(result),
            abstains: result.abstains,
            overall: Some(StanceView::new(result.overall, language)),
            cells: result.stances.iter().map(cell).collect(),
        }
    }
}

/// What one respondent says about one theme.
#[derive(Serialize)]
pub struct VoiceView {
    number: usize,
    name: String,
    probability: String,
    quotes: Vec<QuoteView>,
    reasons: Vec<String>,
}

#[derive(Serialize)]
struct QuoteView {
    text: String,
    page: Option<u32>,
}

impl VoiceView {
    pub fn new(
        number: usize,
        result: &ResultRecord,
        finding: &Finding,
        language: Language,
    ) -> Self {
        let quote = |evidence: &Evidence| QuoteView {
            text: evidence.quote.clone(),
            page: evidence.page,
        };
        Self {
            number,
            name: name(result),
            probability: percent(finding.score, language),
            quotes: finding.evidence.iter().map(quote).collect(),
            // That a voice is counted twice matters wherever voices are counted.
            reasons: (result.flags.iter())
                .filter(|flag| matches!(flag, Flag::DuplicateOf(_)))
                .chain(&finding.flags)
                .map(|flag| words::flag_reason(flag, language))
                .collect(),
        }
    }
}

/// A response beside its source text.
#[derive(Serialize)]
pub struct ResponseView<'a> {
    number: usize,
    name: String,
    source: &'a str,
    sha256: &'a str,
    reference: Option<&'a str>,
    date: Option<&'a str>,
    pages: Option<u32>,
    characters: usize,
    abstains: bool,
    overall: StanceView,
    reasons: Vec<String>,
    /// The summary is in a language model's words.
    written: bool,
    summary: Vec<PointView<'a>>,
    stances: Vec<FindingView<'a>>,
    pieces: Vec<Piece<'a>>,
}

#[derive(Serialize)]
struct PointView<'a> {
    text: &'a str,
    /// How far its evidence carries a written point.
    support: Option<&'static str>,
    cited: CitedView,
    reasons: Vec<String>,
}

#[derive(Serialize)]
struct FindingView<'a> {
    theme: &'a str,
    name: &'a str,
    stance: StanceView,
    probability: String,
    /// Which parts of the judge speak for it; `None` where no part was asked.
    spoken_for: Option<String>,
    cited: CitedView,
    reasons: Vec<String>,
}

/// Where a statement's evidence stands.
#[derive(Serialize)]
struct CitedView {
    /// Numbers of the pieces, separated by spaces; empty where there is no evidence.
    pieces: String,
    /// In words, e.g. `s. 2, mening 14`.
    place: String,
}

impl<'a> ResponseView<'a> {
    pub fn new(
        number: usize,
        result: &'a ResultRecord,
        text: &'a str,
        codebook: &'a Codebook,
        language: Language,
    ) -> Self {
        let spans = |evidence: &[Evidence]| -> Vec<Span> {
            evidence.iter().flat_map(Evidence::spans).collect()
        };
        let points = result.summary.iter().map(|point| spans(&point.evidence));
        let findings = result
            .stances
            .iter()
            .map(|finding| spans(&finding.evidence));
        let citations: Vec<_> = points.chain(findings).collect();
        let (pieces, numbers) = cut(text, &citations);
        let mut numbers = numbers.into_iter();
        let mut cited = |evidence: &[Evidence]| CitedView {
            pieces: join(numbers.next().unwrap_or_default()),
            place: place(evidence, language),
        };
        let judged = !result.abstains && !result.flags.contains(&Flag::NoSentences);
        Self {
            number,
            name: name(result),
            source: &result.source,
            sha256: &result.sha256,
            reference: result.reference.as_deref(),
            date: result.date.as_deref(),
            pages: result.pages,
            characters: result.characters,
            abstains: result.abstains,
            overall: StanceView::new(result.overall, language),
            reasons: reasons(&result.flags, language),
            written: (result.summary.iter()).any(|point| point.kind == PointKind::Written),
            summary: (result.summary.iter())
                .map(|point| PointView {
                    text: &point.text,
                    support: point
                        .support
                        .map(|support| words::support(support, language)),
                    cited: cited(&point.evidence),
                    reasons: reasons(&point.flags, language),
                })
                .collect(),
            stances: (codebook.themes.iter().zip(&result.stances))
                .map(|(theme, finding)| FindingView {
                    theme: &theme.id,
                    name: &theme.in_language(language).name,
                    stance: StanceView::new(finding.stance, language),
                    probability: percent(finding.score, language),
                    spoken_for: judged.then(|| spoken_for(finding, language)),
                    cited: cited(&finding.evidence),
                    reasons: reasons(&finding.flags, language),
                })
                .collect(),
            pieces,
        }
    }
}

/// A response with something to review.
#[derive(Serialize)]
pub struct ReviewView {
    number: usize,
    name: String,
    entries: Vec<ReviewEntry>,
}

#[derive(Serialize)]
struct ReviewEntry {
    /// Fragment of the anchor after the response's own; empty for the response itself.
    anchor: String,
    /// Name of the theme; `None` for the response and its summary.
    theme: Option<String>,
    /// The summary point that it concerns, counted from 1.
    point: Option<usize>,
    stance: Option<StanceView>,
    reasons: Vec<String>,
}

impl ReviewView {
    /// `None` where nothing is flagged.
    pub fn new(
        number: usize,
        result: &ResultRecord,
        codebook: &Codebook,
        language: Language,
    ) -> Option<Self> {
        let whole = ReviewEntry {
            anchor: String::new(),
            theme: None,
            point: None,
            stance: None,
            reasons: reasons(&result.flags, language),
        };
        let findings = codebook.themes.iter().zip(&result.stances);
        let findings = findings.map(|(theme, finding)| ReviewEntry {
            anchor: format!("-{}", theme.id),
            theme: Some(theme.in_language(language).name.clone()),
            point: None,
            stance: Some(StanceView::new(finding.stance, language)),
            reasons: reasons(&finding.flags, language),
        });
        let points = (1..)
            .zip(&result.summary)
            .map(|(point, statement)| ReviewEntry {
                anchor: format!(".{point}"),
                theme: None,
                point: Some(point),
                stance: None,
                reasons: reasons(&statement.flags, language),
            });
        let entries: Vec<_> = std::iter::once(whole)
            .chain(findings)
            .chain(points)
            .filter(|entry| !entry.reasons.is_empty())
            .collect();
        let name = name(result);
        (!entries.is_empty()).then_some(Self {
            number,
            name,
            entries,
        })
    }
}

/// A response that could not be analysed.
#[derive(Serialize)]
pub struct FailureView {
    number: usize,
    source: String,
    code: String,
    reason: String,
    /// The program's own English words, where the reason is told in another language.
    details: Option<String>,
}

impl FailureView {
    pub fn new(number: usize, failure: Failure, language: Language) -> Self {
        let reason = words::failure(&failure.error, language);
        let details = (reason != failure.error.message).then_some(failure.error.message);
        Self {
            number,
            source: failure.source,
            code: failure.error.code,
            reason,
            details,
        }
    }
}

fn name(result: &ResultRecord) -> String {
    result.respondent.as_ref().unwrap_or(&result.source).clone()
}

fn reasons(flags: &[Flag], language: Language) -> Vec<String> {
    flags
        .iter()
        .map(|flag| words::flag_reason(flag, language))
        .collect()
}

/// Who else comes to a stance: a second judge as a whole, or the parts of the only one.
fn spoken_for(finding: &Finding, language: Language) -> String {
    words::second_opinion(finding, language)
        .unwrap_or_else(|| words::spoken_for(&finding.agreeing, language))
}

/// Whole per cent. Nothing is called certain: 99.5 % and above is "over 99 %".
fn percent(probability: f64, language: Language) -> String {
    let rounded = (probability * 100.0).round();
    let space = language.choose("\u{a0}", "");
    match (rounded >= 100.0, language) {
        (true, Language::Sv) => "över\u{a0}99\u{a0}%".to_owned(),
        (true, Language::En) => "over\u{a0}99%".to_owned(),
        (false, _) => format!("{rounded}{space}%"),
    }
}

/// Pages where the document has pages, sentences where it has not.
fn place(evidence: &[Evidence], language: Language) -> String {
    let mut pages: Vec<_> = evidence
        .iter()
        .filter_map(|evidence| evidence.page)
        .collect();
    pages.sort_unstable();
    pages.dedup();
    if !pages.is_empty() {
        let label = language.choose("s.", if pages.len() > 1 { "pp." } else { "p." });
        return format!(
            "{label}\u{a0}{}",
            pages
                .iter()
                .map(u32::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        );
    }
    let sentences: Vec<_> = evidence
        .iter()
        .map(|evidence| evidence.sentence.to_string())
        .collect();
    let label = match sentences.len() {
        0 => return String::new(),
        1 => language.choose("mening", "sentence"),
        _ => language.choose("meningar", "sentences"),
    };
    format!("{label}\u{a0}{}", sentences.join(", "))
}

fn join(numbers: Vec<usize>) -> String {
    let numbers: Vec<_> = numbers.iter().map(usize::to_string).collect();
    numbers.join(" ")
}
