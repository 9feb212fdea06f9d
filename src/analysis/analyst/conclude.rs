//! One analysis out of what the model replies and what the judge thinks of it.

use super::Replies;
use super::ask::{LONGEST_POINT, StanceReply};
use crate::analysis::answers::WrittenPoint;
use crate::analysis::finding::{Analysis, Evidence, Finding, Flag, PointKind, SummaryPoint};
use crate::analysis::judge::{Judge, Opinion};
use crate::analysis::whole;
use crate::codebook::Stance;
use crate::corpus::Response;
use crate::inference::{Encoder, InferenceError};

/// A stance whose label is less likely than this is reviewed. Chosen by hand: how often a model is right
/// at which probability is not known before somebody has measured that model.
const REVIEW: f64 = 0.8;

/// What the model says and what the judge says, as one analysis.
pub(super) fn conclude(
    judge: &Judge,
    response: &Response,
    opinion: &Opinion,
    replies: Replies,
) -> Result<Analysis, InferenceError> {
    let own = &opinion.analysis;
    let stances: Vec<Finding> = replies
        .stances
        .iter()
        .zip(&own.stances)
        .enumerate()
        .map(|(theme, (reply, second))| finding(response, opinion, theme, reply, second))
        .collect();
    let mut flags = own.flags.clone();
    flags.extend(replies.flags);
    let summary = match replies.summary.points.as_slice() {
        // Not one whole point was written, and a flag says so.
        [] => own.summary.clone(),
        points => written(judge, response, points)?,
    };
    Ok(Analysis {
        abstains: false,
        overall: whole::overall(response, &opinion.cues, &stances, false),
        summary,
        stances,
        flags,
    })
}

fn finding(
    response: &Response,
    opinion: &Opinion,
    theme: usize,
    reply: &StanceReply,
    second: &Finding,
) -> Finding {
    let stance = reply.stance();
    let mut flags = Vec::new();
    if reply.probability() < REVIEW {
        flags.push(Flag::LowScore);
    }
    if side(stance) != side(second.stance) {
        flags.push(Flag::ModelsDisagree);
    }
    if reply.divided {
        flags.push(Flag::ConflictingEvidence);
    }
    let reported = |&number: &usize| opinion.cues[number - 1].reported;
    if !reply.evidence.is_empty() && reply.evidence.iter().all(reported) {
        flags.push(Flag::ReportedView);
    }
    Finding {
        theme: second.theme.clone(),
        stance,
        score: rounded(reply.probability()),
        evidence: cite(response, &reply.evidence),
        agreeing: opinion.agreeing(theme, stance),
        second_opinion: Some(second.stance),
        flags,
    }
}

/// For, against, both or neither: where two judgements differ only in how far they go, no one is called in.
pub(super) fn side(stance: Stance) -> u8 {
    match stance {
        Stance::Supports | Stance::SupportsWithReservations => 0,
        Stance::Mixed => 1,
        Stance::Opposes => 2,
        Stance::NoPosition | Stance::NotAddressed => 3,
    }
}

/// Points in the model's words, with how near each is to its evidence in the encoder's eyes.
fn written(
    judge: &Judge,
    response: &Response,
    points: &[WrittenPoint],
) -> Result<Vec<SummaryPoint>, InferenceError> {
    let evidence = |point: &WrittenPoint| {
        let sentences = point.sentences.iter();
        let texts = sentences.map(|&number| response.sentences[number - 1].text.as_str());
        texts.collect::<Vec<_>>().join(" ")
    };
    let pairs: Vec<(&str, String)> = points
        .iter()
        .map(|point| (point.text.as_str(), evidence(point)))
        .collect();
    let near = nearness(judge.encoder(), &pairs)?;
    Ok(points
        .iter()
        .zip(near)
        .map(|(point, near)| SummaryPoint {
            text: point.text.clone(),
            kind: PointKind::Written,
            evidence: cite(response, &point.sentences),
            similarity: Some(near),
            support: None,
            // White space at its ends may have been taken off.
            flags: match point.text.chars().count() + 2 >= LONGEST_POINT {
                true => vec![Flag::PointCut],
                false => Vec::new(),
            },
        })
        .collect())
}

/// How near the subject of each statement is to that of its evidence in the encoder's eyes, -1 to 1,
/// rounded to three decimals.
pub fn nearness(encoder: &Encoder, pairs: &[(&str, String)]) -> Result<Vec<f64>, InferenceError> {
    let statements = pairs.iter().map(|(statement, _)| *statement);
    let texts: Vec<&str> = statements
        .chain(pairs.iter().map(|(_, evidence)| evidence.as_str()))
        .collect();
    let vectors = encoder.encode(&texts)?;
    let cosine = |index| vectors.topic_cosine(index, pairs.len() + index);
    Ok((0..pairs.len())
        .map(|index| rounded(f64::from(cosine(index))))
        .collect())
}

fn cite(response: &Response, numbers: &[usize]) -> Vec<Evidence> {
    numbers
        .iter()
        .map(|&number| Evidence::cite(&response.sentences[number - 1], &response.text))
        .collect()
}

fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}
