//! Questions to a language model, many at a time, and its answers.
//!
//! What several questions begin with is read once: the instructions for all, a part of a response
//! for all its themes. The labels of all stances are compared first; then the model writes, in one go, the
//! numbers of the evidence and the summaries.

use super::prompts::{Prompts, Source};
use crate::analysis::answers::{
    MOST_CITED, WrittenPoint, evidence_grammar, read_cut_summary, read_evidence, read_summary,
    summary_grammar,
};
use crate::codebook::{Codebook, Stance};
use crate::inference::checkpoint::READ_TOKENS;
use crate::inference::decoder::Sequence;
use crate::inference::{
    Answer, Choice, Chosen, End, InferenceError, Label, LanguageModel, Prompt, label_probabilities,
    read_in_pieces,
};

/// Letters in a written point, at most.
pub(super) const LONGEST_POINT: usize = 400;

/// Tokens of a model's context that are used, if it has more. A response that needs more is read in parts. Not
/// as much as the memory holds: what is read together would then depend on the machine.
const LONGEST_CONTEXT: usize = READ_TOKENS as usize;

/// What stands after a label in the answer.
const CLOSE: &str = "\"\n";

/// Tokens that the numbers of a stance's evidence are reckoned to take.
const LONGEST_NUMBERS: usize = 64;

/// Tokens in a written summary, at most…
const LONGEST_SUMMARY: usize = 1024;
/// …and this part of the context.
const ANSWER_SHARE: usize = 4;

/// A text, and what is asked about it.
pub(super) struct Sheet {
    pub text: String,
    /// Whether it is a part of something longer.
    pub excerpt: bool,
    /// Numbers that an answer may cite.
    pub numbers: Vec<usize>,
    pub tasks: Vec<Task>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// The stance on a theme, by its place in the codebook.
    Stance(usize),
    Summary,
    /// One summary out of several; the text holds their points.
    Merge,
}

/// What the model says to a task.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    Stance(StanceReply),
    Summary(SummaryReply),
}

#[derive(Clone, Debug)]
pub(super) struct StanceReply {
    /// In the order of [`Stance::ALL`].
    pub probabilities: [f64; 6],
    /// Numbers of the sentences that show it.
    pub evidence: Vec<usize>,
    /// Parts of the response were judged to be on different sides.
    pub divided: bool,
}

impl StanceReply {
    /// The likeliest stance, of equal ones the first.
    pub fn stance(&self) -> Stance {
        likeliest(&self.probabilities)
    }

    pub fn probability(&self) -> f64 {
        self.probabilities[self.stance().place()]
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct SummaryReply {
    pub points: Vec<WrittenPoint>,
    /// It became too long, and what came after the last whole point is gone.
    pub cut: bool,
    /// It holds the points of several parts, which could not be made into one summary.
    pub unmerged: bool,
}

/// A model, the questions it is asked, and what they have in common.
pub(super) struct Asker {
    pub model: LanguageModel,
    pub prompts: Prompts,
    codebook: Codebook,
    /// What every prompt begins with, and the same as it has been read.
    opening: Vec<u32>,
    read: Sequence,
    /// The labels' tokens, in the order of [`Stance::ALL`].
    labels: Vec<Label>,
    /// Tokens before a label, and between a label and its evidence.
    before_label: Vec<u32>,
    before_evidence: Vec<u32>,
    /// Tokens of a source that fit into the context beside the longest question and its answer.
    room: usize,
}

/// A prompt to be read after the opening.
struct Asked {
    sheet: usize,
    task: Task,
    tokens: Vec<u32>,
}

impl Asker {
    /// # Errors
    /// The model cannot be asked: its chat template fails, or its context is too small for the questions.
    pub fn new(
        model: LanguageModel,
        prompts: Prompts,
        codebook: &Codebook,
    ) -> Result<Self, InferenceError> {
        let (before, after) = prompts.answer();
        // What closes a label is part of it, so that none is the beginning of another; the line's end with
        // it, because many vocabularies write the two as one token.
        let (close, rest) = after.split_at(CLOSE.len());
        let labels = Stance::ALL
            .iter()
            .map(|&stance| {
                model
                    .tokens
                    .data(&format!("{}{close}", prompts.label(stance)))
            })
            .collect::<Result<_, _>>()?;
        let mut asker = Self {
            labels,
            before_label: model.tokens.data(&before)?,
            before_evidence: model.tokens.data(rest)?,
            opening: Vec::new(),
            read: Sequence::default(),
            room: 0,
            prompts,
            codebook: codebook.clone(),
            model,
        };
        asker.measure()?;
        Ok(asker)
    }

    /// Finds what prompts have in common, and how much room they leave.
    fn measure(&mut self) -> Result<(), InferenceError> {
        let themes = (0..self.codebook.themes.len()).map(Task::Stance);
        let tasks = themes.chain([Task::Summary, Task::Merge]);
        let ask = |text: &str| {
            let source = Source {
                text,
                excerpt: true,
            };
            let each = tasks.clone().map(|task| self.prompt(&source, task));
            each.collect::<Result<Vec<_>, _>>()
        };
        let (one, other) = (ask("[1] a")?, ask("# b")?);
        let mut opening = &one[0][..];
        for prompt in one.iter().chain(&other) {
            opening = &opening[..alike(opening, prompt)];
        }
        let longest = one.iter().map(Vec::len).max().unwrap_or(0);
        let context = self.context();
        // The tokens of a text are counted line by line; together they may come out a little otherwise.
        let left = context.saturating_sub(longest + self.longest_answer());
        self.room = left - left / 32;
        if self.room < longest.min(context / ANSWER_SHARE) {
            return Err(InferenceError::SmallContext {
                context,
                questions: longest,
            });
        }
        self.opening = opening.to_vec();
        let mut read = Sequence::default();
        let passes = self.model.pass_tokens();
        read_in_pieces(&self.model.decoder, &mut read, &self.opening, passes)?;
        self.read = read;
        Ok(())
    }

    /// Tokens of a source that fit into the context.
    pub fn room(&self) -> usize {
        self.room
    }

    /// Tokens that are read together, at most, with what is written.
    fn context(&self) -> usize {
        self.model.decoder.config().context.min(LONGEST_CONTEXT)
    }

    /// Tokens in a summary, at most.
    fn longest_answer(&self) -> usize {
        LONGEST_SUMMARY.min(self.context() / ANSWER_SHARE)
    }

    fn prompt(&self, source: &Source, task: Task) -> Result<Vec<u32>, InferenceError> {
        let user = match task {
            Task::Stance(theme) => self
                .prompts
                .stance(source, &self.codebook.themes[theme].text),
            Task::Summary => self.prompts.summary(source),
            Task::Merge => self.prompts.merge(source.text),
        };
        let system = self.prompts.system();
        let model = &self.model;
        let mut tokens = model.template.tokens(&system, &user, &model.tokens)?;
        if let Task::Stance(_) = task {
            tokens.extend(&self.before_label);
        }
        Ok(tokens)
    }

    /// Replies to every task of every sheet, in their order. On a processor, what is asked at the same time
    /// changes no reply.
    pub fn ask(&self, sheets: &[Sheet]) -> Result<Vec<Vec<Reply>>, InferenceError> {
        let prompts = sheets
            .iter()
            .map(|sheet| {
                let source = Source {
                    text: &sheet.text,
                    excerpt: sheet.excerpt,
                };
                let each = sheet.tasks.iter().map(|&task| self.prompt(&source, task));
                each.collect::<Result<Vec<_>, _>>()
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut replies = Vec::with_capacity(sheets.len());
        while replies.len() < sheets.len() {
            let (from, mut used) = (replies.len(), 0);
            let fit = prompts[from..].iter().take_while(|prompts| {
                used += self.need(prompts);
                used <= self.model.cache_bytes()
            });
            // One is always asked: that there is memory for the longest has been found out when the model
            // was loaded.
            let to = from + fit.count().max(1);
            replies.extend(self.ask_together(&sheets[from..to], &prompts[from..to])?);
        }
        Ok(replies)
    }

    /// Bytes of keys and values that a sheet comes to, with all its answers.
    fn need(&self, prompts: &[Vec<u32>]) -> usize {
        let shared = trunk(prompts);
        let own = |prompt: &Vec<u32>| prompt.len() - shared + LONGEST_NUMBERS;
        let tokens = shared + prompts.iter().map(own).sum::<usize>() + self.longest_answer();
        tokens * self.model.decoder.token_bytes()
    }

    fn ask_together(
        &self,
        sheets: &[Sheet],
        prompts: &[Vec<Vec<u32>>],
    ) -> Result<Vec<Vec<Reply>>, InferenceError> {
        let decoder = &self.model.decoder;
        let passes = self.model.pass_tokens();
        let mut trunks = Vec::with_capacity(sheets.len());
        let mut asked = Vec::new();
        for (index, (sheet, prompts)) in sheets.iter().zip(prompts).enumerate() {
            let shared = trunk(prompts);
            let mut sequence = Sequence::default();
            if let Some(first) = prompts.first() {
                // A tokenizer may join the end of the opening with what follows.
                if first[..shared].starts_with(&self.opening) {
                    sequence = self.read.clone();
                }
                let unread = &first[sequence.len()..shared];
                read_in_pieces(decoder, &mut sequence, unread, passes)?;
            }
            trunks.push(sequence);
            let each = sheet.tasks.iter().zip(prompts);
            asked.extend(each.map(|(&task, prompt)| Asked {
                sheet: index,
                task,
                tokens: prompt[shared..].to_vec(),
            }));
        }
        let choices = asked
            .iter()
            .filter(|asked| matches!(asked.task, Task::Stance(_)))
            .map(|asked| Choice {
                begun: trunks[asked.sheet].clone(),
                prompt: asked.tokens.clone(),
                labels: self.labels.clone(),
            });
        let chosen = label_probabilities(decoder, choices.collect(), passes)?;
        let answers = self.write(sheets, &trunks, &asked, &chosen)?;
        let mut replies: Vec<Vec<Reply>> = sheets.iter().map(|_| Vec::new()).collect();
        let mut chosen = chosen.into_iter();
        for (asked, answer) in asked.iter().zip(answers) {
            let reply = match asked.task {
                Task::Stance(_) => {
                    let chosen = chosen.next().expect("every stance has been chosen");
                    self.stance_reply(&chosen, answer)
                }
                Task::Summary | Task::Merge => self.summary_reply(answer),
            };
            replies[asked.sheet].push(reply);
        }
        Ok(replies)
    }

    /// Lets the model write the evidence of each stance, if it has any, and the summaries.
    fn write(
        &self,
        sheets: &[Sheet],
        trunks: &[Sequence],
        asked: &[Asked],
        chosen: &[Chosen],
    ) -> Result<Vec<Option<Answer>>, InferenceError> {
        let grammars = &self.model.grammars;
        let mut chosen = chosen.iter();
        let mut writes = vec![false; asked.len()];
        let mut prompts = Vec::new();
        for (asked, writes) in asked.iter().zip(&mut writes) {
            let numbers = &sheets[asked.sheet].numbers;
            let (begun, tokens, grammar) = match asked.task {
                Task::Stance(_) => {
                    let chosen = chosen.next().expect("every stance has been chosen");
                    let stance = likeliest(&chosen.probabilities);
                    if stance == Stance::NotAddressed {
                        continue;
                    }
                    let mut tokens = self.labels[stance.place()].clone();
                    tokens.extend(&self.before_evidence);
                    (chosen.read.clone(), tokens, evidence_grammar(numbers))
                }
                Task::Summary | Task::Merge => {
                    let most = super::prompts::MOST_POINTS.min(numbers.len());
                    let grammar = summary_grammar(numbers, most, LONGEST_POINT);
                    (trunks[asked.sheet].clone(), asked.tokens.clone(), grammar)
                }
            };
            *writes = true;
            let longest = match asked.task {
                // A token for every byte, at worst.
                Task::Stance(_) => MOST_CITED * (digits(numbers) + 2) + 1,
                Task::Summary | Task::Merge => self.longest_answer(),
            };
            prompts.push(Prompt {
                begun,
                tokens,
                longest,
                grammar: Some(grammars.lark(&grammar)?),
                // What is likeliest: the same in every run.
                sampling: None,
            });
        }
        let mut answers = self.model.generator().write(prompts)?.into_iter();
        let answer = |writes| if writes { answers.next() } else { None };
        Ok(writes.into_iter().map(answer).collect())
    }

    fn stance_reply(&self, chosen: &Chosen, answer: Option<Answer>) -> Reply {
        let mut probabilities = [0.0; 6];
        probabilities.copy_from_slice(&chosen.probabilities);
        let read = |answer: Answer| read_evidence(&self.model.tokens.text(&answer.tokens));
        Reply::Stance(StanceReply {
            probabilities,
            // Numbers that were cut off are none; that a stance has no evidence is found out later.
            evidence: answer.and_then(read).unwrap_or_default(),
            divided: false,
        })
    }

    fn summary_reply(&self, answer: Option<Answer>) -> Reply {
        let answer = answer.expect("every summary is written");
        let text = self.model.tokens.text(&answer.tokens);
        let whole = match answer.end {
            End::Stop => read_summary(&text),
            End::Length | End::Context => None,
        };
        Reply::Summary(match whole {
            Some(points) => SummaryReply {
                points,
                ..SummaryReply::default()
            },
            None => SummaryReply {
                points: read_cut_summary(&text),
                cut: true,
                unmerged: false,
            },
        })
    }
}

/// The likeliest stance, of equal ones the first.
fn likeliest(probabilities: &[f64]) -> Stance {
    let mut best = 0;
    for (place, &probability) in probabilities.iter().enumerate() {
        if probability > probabilities[best] {
            best = place;
        }
    }
    Stance::ALL[best]
}

/// Tokens that all prompts begin with; each keeps one of its own at least.
fn trunk(prompts: &[Vec<u32>]) -> usize {
    let Some(first) = prompts.first() else {
        return 0;
    };
    let shared = prompts.iter().map(|prompt| alike(first, prompt)).min();
    let shortest = prompts.iter().map(Vec::len).min().unwrap_or(1);
    shared.unwrap_or(0).min(shortest - 1)
}

/// Tokens that two texts begin with.
fn alike(one: &[u32], other: &[u32]) -> usize {
    let pairs = one.iter().zip(other);
    pairs.take_while(|(a, b)| a == b).count()
}

fn digits(numbers: &[usize]) -> usize {
    let highest = numbers.iter().max().copied().unwrap_or(0);
    highest.to_string().len()
}
