//! `Analysis` × `Response` in, the same analysis out, checked. Knows nothing of models.
//!
//! What does not hold is withdrawn and flagged, never repaired in silence: a quotation that is
//! not the source's text at its span goes, and a stance that has lost its evidence says so.
//! A point in other words than the source's must have its facts in the sentences it cites
//! ([`unsupported`]) and be recognisable in them; how far it is, is said in tiers.

mod facts;
mod words;

pub use facts::{Unsupported, coverage, unsupported};

use crate::analysis::{Analysis, Evidence, Finding, Flag, PointKind, SummaryPoint, Support};
use crate::codebook::Stance;
use crate::corpus::Response;

/// Written points that share at least this much of their words with their evidence are recognised in it…
const RECOGNISED: f64 = 0.3;
/// …and those that share less, from this nearness of subject on.
const NEAR: f64 = 0.45;
/// Points below both of these have nothing to do with their evidence. All four were chosen on the part
/// `tune` of `models/training/data/points.jsonl`; they find few points that false facts have not given away.
const FOREIGN: f64 = 0.15;
const FAR: f64 = 0.3;

/// What becomes of written points that their evidence does not support.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsupportable {
    /// They are shown as such.
    Shown,
    /// They are dropped and counted.
    Dropped,
}

/// Checks every statement of an analysis against the response.
pub fn verify(analysis: Analysis, response: &Response, unsupportable: Unsupportable) -> Analysis {
    let mut flags = analysis.flags;
    let mut summary: Vec<SummaryPoint> = analysis
        .summary
        .into_iter()
        .map(|point| verify_point(point, response))
        .collect();
    if unsupportable == Unsupportable::Dropped {
        let before = summary.len();
        summary.retain(|point| point.support != Some(Support::Missing));
        if summary.len() < before {
            flags.push(Flag::PointsDropped(before - summary.len()));
        }
    }
    Analysis {
        summary,
        stances: analysis
            .stances
            .into_iter()
            .map(|finding| verify_finding(finding, response))
            .collect(),
        flags,
        ..analysis
    }
}

fn verify_point(mut point: SummaryPoint, response: &Response) -> SummaryPoint {
    if withdraw_false_quotes(&mut point.evidence, response) {
        add(&mut point.flags, Flag::QuotationMismatch);
    }
    if point.evidence.is_empty() {
        add(&mut point.flags, Flag::MissingEvidence);
    }
    if point.kind == PointKind::Written {
        let cited = point.evidence.iter();
        let cited = cited.map(|evidence| response.sentences[evidence.sentence - 1].text.as_str());
        let cited: Vec<&str> = cited.collect();
        let respondent = response.metadata.respondent.as_ref();
        let respondent = respondent.map(|found| found.value.as_str());
        let (support, missing) = support(&point.text, &cited, point.similarity, respondent);
        for fact in &missing {
            let words = fact.words().to_owned();
            let flag = match fact {
                Unsupported::LostNegation(_) => Flag::NegationLost(words),
                _ => Flag::Unsupported(words),
            };
            add(&mut point.flags, flag);
        }
        if support != Support::Full && missing.is_empty() {
            add(&mut point.flags, Flag::WeakSupport);
        }
        point.support = Some(support);
    }
    point
}

/// How far the cited sentences carry a statement, and the facts of it that none of them holds.
/// `similarity`: how near their subjects are, -1 to 1, if that is known; `respondent`: whose name the
/// statement may mention, likewise.
pub fn support(
    statement: &str,
    cited: &[&str],
    similarity: Option<f64>,
    respondent: Option<&str>,
) -> (Support, Vec<Unsupported>) {
    let missing = unsupported(statement, cited, respondent);
    let support = match missing.is_empty() && !cited.is_empty() {
        true => recognised(coverage(statement, cited), similarity),
        false => Support::Missing,
    };
    (support, missing)
}

/// How far a point without false facts is carried by its evidence.
fn recognised(coverage: f64, similarity: Option<f64>) -> Support {
    let similarity = similarity.unwrap_or(0.0);
    if coverage >= RECOGNISED || coverage > 0.0 && similarity >= NEAR {
        Support::Full
    } else if coverage < FOREIGN && similarity < FAR {
        Support::Missing
    } else {
        Support::Partial
    }
}

fn verify_finding(mut finding: Finding, response: &Response) -> Finding {
    if withdraw_false_quotes(&mut finding.evidence, response) {
        add(&mut finding.flags, Flag::QuotationMismatch);
    }
    if finding.stance != Stance::NotAddressed && finding.evidence.is_empty() {
        add(&mut finding.flags, Flag::MissingEvidence);
    }
    finding
}

/// Removes evidence that does not stand in the source; true if there was any.
fn withdraw_false_quotes(evidence: &mut Vec<Evidence>, response: &Response) -> bool {
    let before = evidence.len();
    evidence.retain(|cited| stands_in_source(cited, response));
    evidence.len() < before
}

/// The quotation is the stored text at its span, and the span that of the sentence it names.
fn stands_in_source(evidence: &Evidence, response: &Response) -> bool {
    let index = evidence.sentence.checked_sub(1);
    let Some(sentence) = index.and_then(|index| response.sentences.get(index)) else {
        return false;
    };
    let quoted: Option<String> = evidence
        .spans()
        .into_iter()
        .map(|span| span.slice(&response.text))
        .collect();
    sentence.id == evidence.sentence
        && sentence.parts == evidence.spans()
        && sentence.span().start == evidence.start
        && sentence.span().end == evidence.end
        && quoted.as_deref() == Some(&evidence.quote)
}

fn add(flags: &mut Vec<Flag>, flag: Flag) {
    if !flags.contains(&flag) {
        flags.push(flag);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::PointKind;

    fn response() -> Response {
        let text = "Region Norr tillstyrker förslaget. Kostnaden är dock oklar.\n";
        crate::corpus::read_bytes("svar.txt", text.as_bytes()).unwrap()
    }

    fn analysis(evidence: Evidence) -> Analysis {
        Analysis {
            abstains: false,
            overall: Stance::Supports,
            summary: vec![SummaryPoint {
                text: evidence.quote.clone(),
                kind: PointKind::Extract,
                evidence: vec![evidence.clone()],
                similarity: None,
                support: None,
                flags: Vec::new(),
            }],
            stances: vec![Finding {
                theme: "a".to_owned(),
                stance: Stance::Supports,
                score: 0.9,
                evidence: vec![evidence],
                agreeing: Vec::new(),
                second_opinion: None,
                flags: Vec::new(),
            }],
            flags: Vec::new(),
        }
    }

    #[test]
    fn a_true_quotation_passes() {
        let response = response();
        let evidence = Evidence::cite(&response.sentences[0], &response.text);
        let verified = verify(analysis(evidence.clone()), &response, Unsupportable::Shown);
        assert_eq!(verified, analysis(evidence));
    }

    /// The evidence says only "förslaget"; the letterhead says whose the response is.
    #[test]
    fn a_written_point_may_name_the_respondent() {
        let text = "Göteborgs stad\nKommunstyrelsen\n\nYttrande över betänkandet\n\n\
                    Staden avstyrker förslaget om nya avgifter.\n";
        let response = crate::corpus::read_bytes("svar.txt", text.as_bytes()).unwrap();
        assert!(response.metadata.respondent.is_some());
        let mut sentences = response.sentences.iter();
        let cited = sentences.find(|sentence| sentence.text.starts_with("Staden"));
        let mut written = analysis(Evidence::cite(cited.unwrap(), &response.text));
        written.summary[0].kind = PointKind::Written;
        let flags = |text: &str| {
            let mut written = written.clone();
            written.summary[0].text = text.to_owned();
            let mut verified = verify(written, &response, Unsupportable::Shown);
            verified.summary.remove(0).flags
        };
        assert_eq!(
            flags("Förslaget om nya avgifter avstyrks av Göteborgs stad."),
            []
        );
        let other = [Flag::Unsupported("Malmö".to_owned())];
        assert_eq!(
            flags("Förslaget om nya avgifter avstyrks av Malmö stad."),
            other
        );
    }

    #[test]
    fn a_false_quotation_is_withdrawn_and_said() {
        let response = response();
        let sound = Evidence::cite(&response.sentences[0], &response.text);
        let altered = sound.quote.replace("tillstyrker", "avstyrker");
        for unsound in [
            Evidence {
                quote: altered,
                ..sound.clone()
            },
            Evidence {
                start: sound.start + 1,
                ..sound.clone()
            },
            Evidence {
                end: 10_000,
                ..sound.clone()
            },
            Evidence {
                sentence: 2,
                ..sound.clone()
            },
            Evidence {
                sentence: 99,
                ..sound.clone()
            },
            Evidence {
                parts: vec![(0, 6)],
                quote: response.text[..6].to_owned(),
                ..sound.clone()
            },
        ] {
            let verified = verify(analysis(unsound.clone()), &response, Unsupportable::Shown);
            let finding = &verified.stances[0];
            assert!(finding.evidence.is_empty(), "{unsound:?}");
            assert_eq!(
                finding.flags,
                [Flag::QuotationMismatch, Flag::MissingEvidence]
            );
            assert_eq!(verified.summary[0].flags, finding.flags);
        }
    }

    fn written(text: &str, similarity: f64) -> Analysis {
        let response = response();
        let mut analysis = analysis(Evidence::cite(&response.sentences[0], &response.text));
        let point = &mut analysis.summary[0];
        point.text = text.to_owned();
        point.kind = PointKind::Written;
        point.similarity = Some(similarity);
        analysis
    }

    #[test]
    fn a_written_point_says_how_far_its_evidence_carries_it() {
        for (text, similarity, support, flags) in [
            (
                "Regionen tillstyrker förslaget.",
                0.1,
                Support::Full,
                vec![],
            ),
            (
                "Regionen vill se det genomfört.",
                0.9,
                Support::Full,
                vec![],
            ),
            (
                "Regionen välkomnar tanken och vill vara med.",
                0.4,
                Support::Partial,
                vec![Flag::WeakSupport],
            ),
            (
                "Fisket hotar skärgården.",
                0.1,
                Support::Missing,
                vec![Flag::WeakSupport],
            ),
            (
                "Regionen tillstyrker förslaget om 3 tunnlar.",
                0.9,
                Support::Missing,
                vec![Flag::Unsupported("3".to_owned())],
            ),
        ] {
            let shown = verify(written(text, similarity), &response(), Unsupportable::Shown);
            let point = &shown.summary[0];
            assert_eq!(point.support, Some(support), "{text}");
            assert_eq!(point.flags, flags, "{text}");
            let strict = verify(
                written(text, similarity),
                &response(),
                Unsupportable::Dropped,
            );
            match support {
                Support::Missing => {
                    assert!(strict.summary.is_empty());
                    assert_eq!(strict.flags, [Flag::PointsDropped(1)]);
                }
                _ => assert_eq!(strict, shown),
            }
        }
    }
}
