//! A passage as it reads: on one line, with single spaces and without line-end hyphenation,
//! and for each place in it where that stands in the stored text.

use super::blocks::Passage;
use super::hyphenation::{self, Joint, Vocabulary};
use super::lines::invisible;

/// The running text of a passage.
pub(super) struct Flow {
    pub text: String,
    /// Offsets in `text` where the source has a line break, in order.
    pub line_breaks: Vec<usize>,
    /// `(offset in text, offset in source)` where a stretch begins that both have in common.
    runs: Vec<(usize, usize)>,
}

impl Flow {
    /// The flow of `passage` without its first `skipped` bytes (a list marker).
    pub fn of(source: &str, passage: &Passage, skipped: usize, vocabulary: &Vocabulary) -> Self {
        let mut flow = Flow {
            text: String::new(),
            line_breaks: Vec::new(),
            runs: Vec::new(),
        };
        let mut above = "";
        for (index, line) in passage.lines.iter().enumerate() {
            let start = line.span.start + if index == 0 { skipped } else { 0 };
            let shown = &source[start..line.span.end];
            if index > 0 {
                flow.join(hyphenation::joint(above, shown, vocabulary));
            }
            flow.push_line(shown, start);
            above = shown;
        }
        flow
    }

    /// Where the character at `offset` stands in the source.
    pub fn source_of(&self, offset: usize) -> usize {
        let run = self.runs.partition_point(|&(at, _)| at <= offset) - 1;
        let (at, source) = self.runs[run];
        source + (offset - at)
    }

    fn join(&mut self, joint: Joint) {
        match joint {
            Joint::Close => {
                // A soft hyphen at the line end is not in the flow to begin with.
                if self.text.ends_with(['-', '\u{2010}']) {
                    self.text.pop();
                }
            }
            Joint::Keep => {}
            Joint::Suspended | Joint::Space => self.push_space(),
        }
        self.line_breaks.push(self.text.len());
    }

    fn push_space(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }

    /// Adds a line whose first byte stands at `start` in the source.
    fn push_line(&mut self, line: &str, start: usize) {
        let mut in_run = false;
        for (at, c) in line.char_indices() {
            if c.is_whitespace() {
                self.push_space();
                in_run = false;
            } else if invisible(c) {
                in_run = false;
            } else {
                if !in_run {
                    self.runs.push((self.text.len(), start + at));
                    in_run = true;
                }
                self.text.push(c);
            }
        }
    }
}
