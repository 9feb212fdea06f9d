//! Continuous batching: many answers are written at the same time, each as if alone.
//!
//! In every pass through the model each answer that is being written reads one token, and the room that
//! is left in the pass is given to prompts that wait. Since the model's scores do not depend on company,
//! neither do the answers: budgets change speed and memory, never a word.

use super::{Grammar, LanguageTokens, Sampling, highest};
use crate::inference::decoder::{Sequence, Step, Wanted};
use crate::inference::{Decoder, InferenceError};
use std::collections::VecDeque;

/// What is to be answered.
pub struct Prompt {
    /// What has been read already and may be shared with other prompts.
    pub begun: Sequence,
    /// What comes after it: at least one token.
    pub tokens: Vec<u32>,
    /// Tokens in the answer at most.
    pub longest: usize,
    /// What the answer must look like, if it matters.
    pub grammar: Option<Grammar>,
    /// How it is drawn; without it, it is always the likeliest token, of equal ones that with the lower
    /// number.
    pub sampling: Option<Sampling>,
}

/// An answer, and why it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub tokens: Vec<u32>,
    pub end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The model said so, or the grammar is complete.
    Stop,
    /// It had become as long as it may.
    Length,
    /// The model's context is full.
    Context,
}

/// Writes answers.
pub struct Generator<'a> {
    pub decoder: &'a Decoder,
    pub tokens: &'a LanguageTokens,
    /// Tokens read in one pass, at most.
    pub pass_tokens: usize,
    /// Bytes of keys and values of all answers that are being written, at most; one is always written.
    pub cache_bytes: usize,
}

/// A prompt that is being read or answered.
struct Active {
    place: usize,
    sequence: Sequence,
    /// Tokens still to be read.
    unread: VecDeque<u32>,
    written: Vec<u32>,
    longest: usize,
    grammar: Option<Grammar>,
    sampling: Option<Sampling>,
    /// Tokens that it may come to hold beyond what it shares.
    need: usize,
}

impl Generator<'_> {
    /// Answers in the order of the prompts.
    ///
    /// # Errors
    /// A prompt does not fit the model's context, which is found out before anything is written; a
    /// grammar cannot be followed, or the device fails.
    pub fn write(&self, prompts: Vec<Prompt>) -> Result<Vec<Answer>, InferenceError> {
        let context = self.decoder.config().context;
        for prompt in &prompts {
            let length = prompt.begun.len() + prompt.tokens.len();
            if length > context {
                return Err(InferenceError::Context { length, context });
            }
        }
        let mut answers: Vec<Option<Answer>> = prompts.iter().map(|_| None).collect();
        let mut waiting: VecDeque<Active> = prompts
            .into_iter()
            .enumerate()
            .map(|(place, prompt)| Active {
                place,
                need: prompt.tokens.len().saturating_add(prompt.longest),
                sequence: prompt.begun,
                unread: prompt.tokens.into(),
                written: Vec::new(),
                longest: prompt.longest,
                grammar: prompt.grammar,
                sampling: prompt.sampling,
            })
            .collect();
        let mut active: Vec<Active> = Vec::new();
        while !waiting.is_empty() || !active.is_empty() {
            self.admit(&mut waiting, &mut active);
            let logits = self.pass(&mut active)?;
            let mut going = Vec::with_capacity(active.len());
            for (mut one, logits) in active.drain(..).zip(logits) {
                let end = match logits {
                    Some(logits) => self.next(&mut one, &logits)?,
                    None => None,
                };
                match end {
                    None => going.push(one),
                    Some(end) => {
                        answers[one.place] = Some(Answer {
                            tokens: one.written,
                            end,
                        });
                    }
                }
            }
            active = going;
        }
        let done = answers.into_iter();
        Ok(done
            .map(|answer| answer.expect("every prompt has been answered"))
            .collect())
    }

    /// Lets in those that wait, in their order, while the memory lasts.
    fn admit(&self, waiting: &mut VecDeque<Active>, active: &mut Vec<Active>) {
        let size = self.decoder.token_bytes();
        let need = |one: &Active| one.need.saturating_mul(size);
        let mut used = active
            .iter()
            .fold(0usize, |sum, one| sum.saturating_add(need(one)));
        while let Some(next) = waiting.front() {
            used = used.saturating_add(need(next));
            if !active.is_empty() && (used > self.cache_bytes || active.len() >= self.pass_tokens) {
                break;
            }
            active.extend(waiting.pop_front());
        }
    }

    /// One pass: everyone reads a token at least, and who came first reads more while there is room.
    /// Scores are given for those who have read everything.
    fn pass(&self, active: &mut [Active]) -> Result<Vec<Option<Vec<f32>>>, InferenceError> {
        let mut room = self.pass_tokens.saturating_sub(active.len());
        let pieces: Vec<Vec<u32>> = active
            .iter_mut()
            .map(|one| {
                let more = room.min(one.unread.len() - 1);
                room -= more;
                one.unread.drain(..=more).collect()
            })
            .collect();
        let mut steps: Vec<Step> = active
            .iter_mut()
            .zip(&pieces)
            .map(|(one, tokens)| Step {
                wanted: match one.unread.is_empty() {
                    true => Wanted::Last,
                    false => Wanted::Nothing,
                },
                sequence: &mut one.sequence,
                tokens,
            })
            .collect();
        let logits = self.decoder.forward(&mut steps)?;
        Ok(logits.into_iter().map(|mut rows| rows.pop()).collect())
    }

    /// Takes the next token, and those that must follow it; says why the answer ends, if it does.
    fn next(&self, one: &mut Active, logits: &[f32]) -> Result<Option<End>, InferenceError> {
        let drawn = (one.sampling).map(|sampling| sampling.perturb(logits, one.written.len()));
        let logits = drawn.as_deref().unwrap_or(logits);
        let token = match &mut one.grammar {
            Some(grammar) => grammar.next(logits)?,
            None => highest(logits, |_| true),
        };
        let Some(token) = token.filter(|&token| !self.tokens.stops(token)) else {
            return Ok(Some(End::Stop));
        };
        let mut new = vec![token];
        if let Some(grammar) = &mut one.grammar {
            new.extend(grammar.forced()?);
        }
        let room = one.longest - one.written.len();
        let cut = new.len() > room;
        new.truncate(room);
        one.written.extend_from_slice(&new);
        if !cut && one.grammar.as_ref().is_some_and(Grammar::complete) {
            return Ok(Some(End::Stop));
        }
        if one.written.len() >= one.longest {
            return Ok(Some(End::Length));
        }
        if one.sequence.len() + new.len() > self.decoder.config().context {
            return Ok(Some(End::Context));
        }
        one.unread.extend(new);
        Ok(None)
    }
}
