//! Which of a set of labels a model would write: by its own probabilities, without writing.
//!
//! Labels of several tokens form a tree. Where labels part, the probabilities of the tokens that go on
//! are compared with each other alone; where only one token goes on, it costs nothing. So the
//! probabilities of the labels add up to one, and a long label has no disadvantage. This is the
//! distribution that decoding under a grammar of the labels would draw from.

use super::log_probabilities;
use crate::inference::decoder::{Sequence, Step, Wanted};
use crate::inference::{Decoder, InferenceError};
use std::collections::BTreeMap;

/// The tokens of a label. No label may be the beginning of another.
pub type Label = Vec<u32>;

/// A question that one of a set of labels answers.
pub struct Choice {
    /// What has been read already and may be shared with other questions.
    pub begun: Sequence,
    /// What comes after it: at least one token.
    pub prompt: Vec<u32>,
    pub labels: Vec<Label>,
}

/// How likely each label is.
#[derive(Clone)]
pub struct Chosen {
    /// In the order of the labels; they add up to one.
    pub probabilities: Vec<f64>,
    /// The question as it has been read, without a label.
    pub read: Sequence,
}

/// Labels that agree so far, and what of them has still to be read.
struct Node {
    choice: usize,
    sequence: Sequence,
    unread: Vec<u32>,
    members: Vec<usize>,
    /// Tokens of the labels that are read or in `unread`.
    depth: usize,
}

/// The probability of each label of each choice. Of all choices, at most `pass_tokens` tokens are
/// read at once (or one token of each); no figure depends on it, nor on the other choices.
///
/// # Errors
/// Those of [`Decoder::forward`].
///
/// # Panics
/// A prompt or a label is empty, or a label begins another.
pub fn label_probabilities(
    decoder: &Decoder,
    choices: Vec<Choice>,
    pass_tokens: usize,
) -> Result<Vec<Chosen>, InferenceError> {
    let mut chosen = Vec::with_capacity(choices.len());
    let mut labels = Vec::with_capacity(choices.len());
    let mut open = Vec::with_capacity(choices.len());
    for (choice, asked) in choices.into_iter().enumerate() {
        check(&asked.labels);
        chosen.push(Chosen {
            probabilities: vec![1.0; asked.labels.len()],
            read: Sequence::default(),
        });
        open.push(Node {
            choice,
            sequence: asked.begun,
            unread: asked.prompt,
            members: (0..asked.labels.len()).collect(),
            depth: 0,
        });
        labels.push(asked.labels);
    }
    while !open.is_empty() {
        let logits = read(decoder, &mut open, pass_tokens)?;
        let mut next = Vec::new();
        for (node, logits) in open.into_iter().zip(logits) {
            let answer = &mut chosen[node.choice];
            if node.depth == 0 {
                answer.read = node.sequence.clone();
            }
            let labels = &labels[node.choice];
            next.extend(part(&node, &logits, labels, &mut answer.probabilities));
        }
        open = next;
    }
    Ok(chosen)
}

fn check(labels: &[Label]) {
    for (i, label) in labels.iter().enumerate() {
        let begins = |(j, other): (usize, &Label)| i != j && other.starts_with(label);
        assert!(!label.is_empty(), "label {i} has no tokens");
        assert!(
            !labels.iter().enumerate().any(begins),
            "label {i} begins another"
        );
    }
}

/// Every node reads what it has not read; the scores after its last token.
fn read(
    decoder: &Decoder,
    nodes: &mut [Node],
    pass_tokens: usize,
) -> Result<Vec<Vec<f32>>, InferenceError> {
    for node in &mut *nodes {
        // All but the last piece of what is too long for one pass.
        let whole = node.unread.len().saturating_sub(1) / pass_tokens * pass_tokens;
        super::read_in_pieces(
            decoder,
            &mut node.sequence,
            &node.unread[..whole],
            pass_tokens,
        )?;
        node.unread.drain(..whole);
    }
    let mut scores = Vec::with_capacity(nodes.len());
    let mut rest = nodes;
    while !rest.is_empty() {
        let mut tokens = 0;
        let fit = rest.iter().take_while(|node| {
            tokens += node.unread.len();
            tokens <= pass_tokens
        });
        let (now, later) = rest.split_at_mut(fit.count().max(1));
        let mut steps: Vec<Step> = now
            .iter_mut()
            .map(|node| Step {
                sequence: &mut node.sequence,
                tokens: &node.unread,
                wanted: Wanted::Last,
            })
            .collect();
        let rows = decoder.forward(&mut steps)?;
        scores.extend(rows.into_iter().map(|mut rows| rows.remove(0)));
        rest = later;
    }
    Ok(scores)
}

/// Shares out the probability of a node's labels among the tokens that they go on with; the nodes
/// where labels part again.
fn part(node: &Node, logits: &[f32], labels: &[Label], probabilities: &mut [f64]) -> Vec<Node> {
    let mut branches: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for &label in &node.members {
        let token = labels[label][node.depth];
        branches.entry(token).or_default().push(label);
    }
    if branches.len() > 1 {
        let logs = log_probabilities(logits);
        let weights: Vec<f64> = branches
            .keys()
            .map(|&token| libm::exp(logs[token as usize]))
            .collect();
        let total: f64 = weights.iter().sum();
        for (weight, members) in weights.into_iter().zip(branches.values()) {
            // Where the model gives none of them any probability, they are alike.
            let share = if total > 0.0 {
                weight / total
            } else {
                1.0 / branches.len() as f64
            };
            for &label in members {
                probabilities[label] *= share;
            }
        }
    }
    let several = branches.into_values().filter(|members| members.len() > 1);
    several
        .map(|members| {
            let first = &labels[members[0]];
            let alike = |depth: usize| {
                let token = first.get(depth);
                members
                    .iter()
                    .all(|&label| labels[label].get(depth) == token)
            };
            let mut depth = node.depth + 1;
            while alike(depth) {
                depth += 1;
            }
            Node {
                choice: node.choice,
                sequence: node.sequence.clone(),
                unread: first[node.depth..depth].to_vec(),
                members,
                depth,
            }
        })
        .collect()
}
