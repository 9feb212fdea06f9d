//! `Analysis` × `Response` in, the same analysis out, checked. Knows nothing of models.
//!
//! What does not hold is withdrawn and flagged, never repaired in silence: a quotation that is
//! not the source's text at its span goes, and a stance that has lost its evidence says so.
//! [`unsupported`] finds what a statement in other words than the source's adds to it.

mod support;

pub use support::{Unsupported, unsupported};

use crate::analysis::{Analysis, Evidence, Finding, Flag, SummaryPoint};
use crate::codebook::Stance;
use crate::corpus::Response;

/// Checks every statement of an analysis against the response.
pub fn verify(analysis: Analysis, response: &Response) -> Analysis {
    Analysis {
        summary: analysis
            .summary
            .into_iter()
            .map(|point| verify_point(point, response))
            .collect(),
        stances: analysis
            .stances
            .into_iter()
            .map(|finding| verify_finding(finding, response))
            .collect(),
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
    point
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
                flags: Vec::new(),
            }],
            stances: vec![Finding {
                theme: "a".to_owned(),
                stance: Stance::Supports,
                score: 0.9,
                evidence: vec![evidence],
                agreeing: Vec::new(),
                flags: Vec::new(),
            }],
            flags: Vec::new(),
        }
    }

    #[test]
    fn a_true_quotation_passes() {
        let response = response();
        let evidence = Evidence::cite(&response.sentences[0], &response.text);
        let verified = verify(analysis(evidence.clone()), &response);
        assert_eq!(verified, analysis(evidence));
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
            let verified = verify(analysis(unsound.clone()), &response);
            let finding = &verified.stances[0];
            assert!(finding.evidence.is_empty(), "{unsound:?}");
            assert_eq!(
                finding.flags,
                [Flag::QuotationMismatch, Flag::MissingEvidence]
            );
            assert_eq!(verified.summary[0].flags, finding.flags);
        }
    }
}
