//! Builds the stored text, and keeps the blocks' spans true while doing so.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::super::Span;
use super::super::extracted::{Block, BlockKind, Extracted};
use super::Format;

/// Collects blocks of text in source order.
#[derive(Default)]
pub(super) struct Writer {
    text: String,
    blocks: Vec<Block>,
}

impl Writer {
    /// Appends one block; blocks without text are left out.
    ///
    /// Blocks stand a blank line apart; items of one list and cells of one table stand on
    /// lines of their own.
    pub fn push(&mut self, kind: BlockKind, raw: &str) {
        let cleaned = clean(raw);
        let block = cleaned.trim();
        if block.is_empty() {
            return;
        }
        if let Some(last) = self.blocks.last() {
            let close =
                matches!(kind, BlockKind::ListItem | BlockKind::TableCell) && last.kind == kind;
            self.text.push_str(if close { "\n" } else { "\n\n" });
        }
        let start = self.text.len();
        for (i, line) in block.split('\n').enumerate() {
            if i > 0 {
                self.text.push('\n');
            }
            self.text.push_str(line.trim_end());
        }
        let span = Span::new(start, self.text.len());
        self.blocks.push(Block { span, kind });
    }

    pub fn finish(mut self, format: Format, encoding: Option<String>) -> Extracted {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        Extracted {
            format,
            text: self.text,
            pages: Vec::new(),
            blocks: self.blocks,
            encoding,
        }
    }
}

/// Brings text to the form of the stored text: NFC, `\n` line ends, no control characters.
///
/// Characters that are never seen (soft hyphens, byte order marks, zero-width spaces) are left
/// out, since they would break words apart for every reader after this one; a soft hyphen at
/// the end of a line is seen, and becomes a hyphen.
pub(super) fn clean(raw: &str) -> Cow<'_, str> {
    let plain = |c: char| match c {
        '\n' | '\t' | ' '..='~' => true,
        '\u{F000}'..='\u{F0FF}' => false,
        c => !c.is_control() && !is_unseen(c) && !is_line_separator(c),
    };
    if raw.chars().all(plain) && is_nfc(raw) {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' => out.push('\n'),
            '\u{AD}' if matches!(chars.peek(), Some('\n' | '\r')) => out.push('-'),
            c if is_line_separator(c) => out.push('\n'),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || is_unseen(c) => {}
            c => out.push(symbol(c)),
        }
    }
    if is_nfc(&out) {
        Cow::Owned(out)
    } else {
        Cow::Owned(out.nfc().collect())
    }
}

fn is_unseen(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{FEFF}' | '\u{200B}' | '\u{2060}')
}

/// Vertical tab (Word's line break), form feed, next line, line and paragraph separator.
fn is_line_separator(c: char) -> bool {
    matches!(c, '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Gives the list markers of the fonts Symbol and Wingdings, which Word stores in the private
/// use area, the characters that they look like.
pub(super) fn symbol(c: char) -> char {
    match c {
        '\u{F0B7}' | '\u{F09F}' | '\u{F06C}' => '•',
        '\u{F0A7}' | '\u{F06E}' => '▪',
        '\u{F0D8}' => '➢',
        '\u{F0E0}' => '→',
        '\u{F0FC}' => '✓',
        '\u{F02D}' => '-',
        '\u{F06F}' => 'o',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_cover_exactly_the_blocks() {
        let mut writer = Writer::default();
        writer.push(BlockKind::Heading(1), " Ru\u{AD}brik ");
        writer.push(BlockKind::Paragraph, "  ");
        writer.push(BlockKind::ListItem, "a\u{30A} ena");
        writer.push(BlockKind::ListItem, "två  \r\nrader");
        let out = writer.finish(Format::Docx, None);
        assert_eq!(out.text, "Rubrik\n\nå ena\ntvå\nrader\n");
        let cut: Vec<_> = out
            .blocks
            .iter()
            .map(|b| b.span.slice(&out.text).unwrap())
            .collect();
        assert_eq!(cut, ["Rubrik", "å ena", "två\nrader"]);
    }

    #[test]
    fn cleaning_leaves_only_what_is_seen() {
        assert_eq!(clean("kommitté-\n\tÖ"), "kommitté-\n\tÖ");
        assert!(matches!(clean("rent"), Cow::Borrowed(_)));
        assert_eq!(clean("a\r\nb\rc\u{B}d\u{2028}e"), "a\nb\nc\nd\ne");
        assert_eq!(clean("A\u{30A}r\u{0}\u{7}\u{FEFF}"), "År");
        assert_eq!(clean("sam\u{AD}\nråd sam\u{AD}råd"), "sam-\nråd samråd");
        assert_eq!(clean("\u{F0B7} punkt"), "• punkt");
    }
}
