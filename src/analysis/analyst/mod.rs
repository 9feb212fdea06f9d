//! The analyst: a language model that reads whole responses, with the judge for a second opinion.
//!
//! The model is shown numbered sentences and asked, for each theme, which stance the respondent takes: its
//! probabilities of the six labels are compared, and then it writes the numbers of the sentences that
//! show it. It writes the summary in its own words, each point with the numbers that it rests on. A response
//! longer than the model's context is read in parts. Where several parts speak of a theme, the question is
//! asked again about the sentences that they cite; the points of all parts become one summary.

mod ask;
mod conclude;
mod excerpt;
mod prompts;

pub use conclude::nearness;
pub use prompts::{Prompts, PromptsIdentity};

use super::answers::WrittenPoint;
use super::finding::{Analysis, Flag};
use super::judge::{Judge, Opinion};
use crate::codebook::{Codebook, Stance};
use crate::corpus::Response;
use crate::inference::{InferenceError, LanguageModel};
use ask::{Asker, Reply, Sheet, StanceReply, SummaryReply, Task};
use conclude::{conclude, side};
use excerpt::{Excerpt, divide};

/// A language model that is asked about responses under one codebook.
pub struct Analyst {
    asker: Asker,
    themes: usize,
}

/// What the model makes of one response.
struct Replies {
    /// One a theme.
    stances: Vec<StanceReply>,
    summary: SummaryReply,
    flags: Vec<Flag>,
}

impl Analyst {
    /// # Errors
    /// The model cannot be asked: its chat template fails, or its context is too small for the questions.
    pub fn new(
        model: LanguageModel,
        prompts: Prompts,
        codebook: &Codebook,
    ) -> Result<Self, InferenceError> {
        Ok(Self {
            asker: Asker::new(model, prompts, codebook)?,
            themes: codebook.themes.len(),
        })
    }

    pub fn model(&self) -> &LanguageModel {
        &self.asker.model
    }

    /// Which prompts the model is asked with.
    pub fn prompts(&self) -> PromptsIdentity {
        self.asker.prompts.identity()
    }

    /// Analyses responses together, each as if alone. `responses`: each with what the judge makes of it.
    /// Where that is that the respondent abstains, or that there is nothing to read, it stands: the model is not
    /// asked.
    ///
    /// # Errors
    /// The model failed on one of the responses; the others may succeed without it.
    pub fn analyse(
        &self,
        judge: &Judge,
        responses: &[(&Response, &Opinion)],
    ) -> Result<Vec<Analysis>, InferenceError> {
        let asked: Vec<&Response> = responses
            .iter()
            .filter(|(_, opinion)| !is_settled(opinion))
            .map(|(response, _)| *response)
            .collect();
        let mut replies = self.ask_all(&asked)?.into_iter();
        responses
            .iter()
            .map(|(response, opinion)| {
                if is_settled(opinion) {
                    return Ok(opinion.analysis.clone());
                }
                let replies = replies.next().expect("every response has been asked about");
                conclude(judge, response, opinion, replies)
            })
            .collect()
    }

    /// Asks about every part of every response at the same time, and then brings the parts together.
    fn ask_all(&self, responses: &[&Response]) -> Result<Vec<Replies>, InferenceError> {
        let tasks: Vec<Task> = (0..self.themes)
            .map(Task::Stance)
            .chain([Task::Summary])
            .collect();
        let mut sheets = Vec::new();
        let mut parts = Vec::with_capacity(responses.len());
        for response in responses {
            let all: Vec<usize> = response.sentences.iter().map(|s| s.id).collect();
            let excerpts = self.divide(response, &all)?;
            let mut flags = Vec::new();
            if excerpts.len() > 1 {
                flags.push(Flag::ReadInParts);
            }
            if excerpts.iter().any(|excerpt| excerpt.cut) {
                flags.push(Flag::SentenceCut);
            }
            let count = excerpts.len();
            sheets.extend(sheets_of(excerpts, &tasks, !flags.is_empty()));
            parts.push((count, flags));
        }
        let mut replies = self.asker.ask(&sheets)?.into_iter();
        responses
            .iter()
            .zip(parts)
            .map(|(response, (count, flags))| {
                let own: Vec<Vec<Reply>> = replies.by_ref().take(count).collect();
                self.bring_together(response, own, flags)
            })
            .collect()
    }

    fn divide(
        &self,
        response: &Response,
        numbers: &[usize],
    ) -> Result<Vec<Excerpt>, InferenceError> {
        divide(
            response,
            numbers,
            &self.asker.model.tokens,
            self.asker.room(),
        )
    }

    /// `parts`: for each part of the response its replies, those on the themes first.
    fn bring_together(
        &self,
        response: &Response,
        parts: Vec<Vec<Reply>>,
        mut flags: Vec<Flag>,
    ) -> Result<Replies, InferenceError> {
        let mut stances: Vec<Vec<StanceReply>> = vec![Vec::new(); self.themes];
        let mut summaries = Vec::new();
        for (place, reply) in parts
            .into_iter()
            .flat_map(|own| own.into_iter().enumerate())
        {
            match reply {
                Reply::Stance(reply) => stances[place].push(reply),
                Reply::Summary(reply) => summaries.push(reply),
            }
        }
        let stances = stances
            .into_iter()
            .enumerate()
            .map(|(theme, replies)| self.settle(response, theme, replies))
            .collect::<Result<_, _>>()?;
        let summary = self.merge(summaries)?;
        if summary.points.is_empty() {
            flags.push(Flag::NotWritten);
        } else if summary.cut {
            flags.push(Flag::SummaryCut);
        }
        if summary.unmerged {
            flags.push(Flag::NotMerged);
        }
        Ok(Replies {
            stances,
            summary,
            flags,
        })
    }

    /// The stance on a theme out of the replies on several parts.
    fn settle(
        &self,
        response: &Response,
        theme: usize,
        mut replies: Vec<StanceReply>,
    ) -> Result<StanceReply, InferenceError> {
        let mut considered = response.sentences.len();
        let mut divided = false;
        let by_probability =
            |a: &StanceReply, b: &StanceReply| a.probability().total_cmp(&b.probability());
        loop {
            let silent = |reply: &StanceReply| reply.stance() == Stance::NotAddressed;
            if replies.iter().all(silent) {
                // The part that is least sure that it says nothing speaks for all.
                let speaks = replies.into_iter().min_by(by_probability);
                let speaks = speaks.expect("there is a part");
                return Ok(StanceReply { divided, ..speaks });
            }
            replies.retain(|reply| !silent(reply));
            let sides = replies.iter().map(|reply| side(reply.stance()));
            divided |= sides.clone().min() != sides.max();
            if replies.len() == 1 {
                let speaks = replies.remove(0);
                return Ok(StanceReply { divided, ..speaks });
            }
            let mut cited: Vec<usize> = replies.iter().flat_map(|r| r.evidence.clone()).collect();
            cited.sort_unstable();
            cited.dedup();
            if cited.len() >= considered || cited.is_empty() {
                // Asking again would not end. What is surest speaks.
                let speaks = replies.into_iter().max_by(by_probability);
                let speaks = speaks.expect("there is a part");
                return Ok(StanceReply { divided, ..speaks });
            }
            considered = cited.len();
            let excerpts = self.divide(response, &cited)?;
            // Also where they fit together, the response is longer.
            let sheets: Vec<Sheet> = sheets_of(excerpts, &[Task::Stance(theme)], true).collect();
            replies = stance_replies(self.asker.ask(&sheets)?);
        }
    }

    /// One summary out of those of the parts.
    fn merge(&self, mut summaries: Vec<SummaryReply>) -> Result<SummaryReply, InferenceError> {
        let mut cut = summaries.iter().any(|summary| summary.cut);
        let mut unmerged = false;
        while summaries.len() > 1 {
            let groups = self.grouped(&summaries)?;
            // A group of one would stay what it is for ever.
            if groups.len() == summaries.len() {
                unmerged = true;
                break;
            }
            let sheets: Vec<Sheet> = groups.iter().map(|group| merge_sheet(group)).collect();
            let replies = self.asker.ask(&sheets)?.into_iter().zip(groups);
            summaries = replies
                .map(|(mut replies, group)| match replies.pop() {
                    Some(Reply::Summary(reply)) if !reply.points.is_empty() => reply,
                    // Nothing came of it: the points stay as they are.
                    _ => SummaryReply {
                        points: group,
                        cut: false,
                        unmerged: true,
                    },
                })
                .collect();
            cut |= summaries.iter().any(|summary| summary.cut);
            unmerged |= summaries.iter().any(|summary| summary.unmerged);
        }
        Ok(SummaryReply {
            points: summaries.into_iter().flat_map(|own| own.points).collect(),
            cut,
            unmerged,
        })
    }

    /// The points of consecutive summaries, together as far as the model's context holds them.
    fn grouped(
        &self,
        summaries: &[SummaryReply],
    ) -> Result<Vec<Vec<WrittenPoint>>, InferenceError> {
        let mut groups: Vec<Vec<WrittenPoint>> = Vec::new();
        let mut used = 0;
        for summary in summaries {
            let mut size = 0;
            for point in &summary.points {
                size += self.asker.model.tokens.data(&point.line())?.len() + 1;
            }
            match groups.last_mut() {
                Some(group) if used + size <= self.asker.room() => {
                    group.extend(summary.points.iter().cloned());
                    used += size;
                }
                _ => {
                    groups.push(summary.points.clone());
                    used = size;
                }
            }
        }
        groups.retain(|group| !group.is_empty());
        Ok(groups)
    }
}

/// The judge's opinion stands without the model's.
fn is_settled(opinion: &Opinion) -> bool {
    opinion.analysis.abstains || opinion.analysis.flags.contains(&Flag::NoSentences)
}

/// `longer`: the excerpts are not all that the response says.
fn sheets_of(excerpts: Vec<Excerpt>, tasks: &[Task], longer: bool) -> impl Iterator<Item = Sheet> {
    excerpts.into_iter().map(move |excerpt| Sheet {
        text: excerpt.text,
        excerpt: longer,
        numbers: excerpt.numbers,
        tasks: tasks.to_vec(),
    })
}

fn merge_sheet(points: &[WrittenPoint]) -> Sheet {
    let lines: Vec<String> = points.iter().map(WrittenPoint::line).collect();
    let mut numbers: Vec<usize> = points.iter().flat_map(|p| p.sentences.clone()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    Sheet {
        text: lines.join("\n"),
        excerpt: false,
        numbers,
        tasks: vec![Task::Merge],
    }
}

fn stance_replies(replies: Vec<Vec<Reply>>) -> Vec<StanceReply> {
    replies
        .into_iter()
        .flatten()
        .filter_map(|reply| match reply {
            Reply::Stance(reply) => Some(reply),
            Reply::Summary(_) => None,
        })
        .collect()
}
