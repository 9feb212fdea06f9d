//! Markdown (CommonMark with tables, footnotes and front matter), by pulldown-cmark.
//!
//! The stored text is what a reader of the rendered page sees, without the marks. Text that is
//! struck out has been taken back by its author, and is left out.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::super::extracted::{BlockKind, Extracted};
use super::writer::Writer;
use super::{Format, ReadError, html, text};

pub(super) fn extract(bytes: &[u8]) -> Result<Extracted, ReadError> {
    let (source, encoding) = text::decode(bytes)?;
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS;
    let (front_matter, body) = front_matter(&source);
    let mut reader = Reader::default();
    reader.writer.push(BlockKind::Furniture, front_matter);
    for event in Parser::new_ext(body, options) {
        reader.event(event);
    }
    reader.flush();
    Ok(reader.writer.finish(Format::Markdown, encoding))
}

/// YAML between rules at the very beginning, and the rest. The parser's own front matter may
/// stand anywhere: it would take the text between any two rules for it.
fn front_matter(source: &str) -> (&str, &str) {
    let first = source.split_inclusive('\n').next().unwrap_or("");
    let rest = &source[first.len()..];
    let begins_with_key = rest.lines().next().is_some_and(|line| {
        line.split_once(':')
            .is_some_and(|(key, _)| !key.contains(' '))
    });
    if first.trim_end() != "---" || !begins_with_key {
        return ("", source);
    }
    let mut end = 0;
    for line in rest.split_inclusive('\n') {
        if matches!(line.trim_end(), "---" | "...") {
            return (&rest[..end], &rest[end + line.len()..]);
        }
        end += line.len();
    }
    ("", source)
}

#[derive(Default)]
struct Reader {
    writer: Writer,
    text: String,
    heading: Option<u8>,
    lists: usize,
    in_cell: bool,
    struck_out: usize,
    html: Option<String>,
}

impl Reader {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.open(&tag),
            Event::End(tag) => self.close(tag),
            Event::Text(text) | Event::Code(text) if self.struck_out == 0 => {
                self.text.push_str(&text);
            }
            Event::InlineMath(text) | Event::DisplayMath(text) => self.text.push_str(&text),
            Event::Html(part) => match &mut self.html {
                Some(html) => html.push_str(&part),
                None => html::push_blocks(&mut self.writer, &part),
            },
            Event::InlineHtml(tag) if tag.starts_with("<br") => self.text.push('\n'),
            Event::SoftBreak => self.text.push(' '),
            Event::HardBreak => self.text.push('\n'),
            Event::Rule => self.flush(),
            Event::Text(_) | Event::Code(_) | Event::InlineHtml(_) => {}
            // The mark of a footnote would be glued to a word; the note itself follows.
            Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
        }
    }

    fn open(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Strikethrough => self.struck_out += 1,
            Tag::Emphasis | Tag::Strong | Tag::Link { .. } | Tag::Image { .. } => {}
            Tag::Heading { level, .. } => {
                self.flush();
                self.heading = Some(*level as u8);
            }
            Tag::List(_) => {
                self.flush();
                self.lists += 1;
            }
            Tag::TableCell => {
                self.flush();
                self.in_cell = true;
            }
            Tag::HtmlBlock => {
                self.flush();
                self.html = Some(String::new());
            }
            _ => self.flush(),
        }
    }

    fn close(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Strikethrough => self.struck_out = self.struck_out.saturating_sub(1),
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Link | TagEnd::Image => {}
            TagEnd::HtmlBlock => {
                if let Some(html) = self.html.take() {
                    html::push_blocks(&mut self.writer, &html);
                }
            }
            tag => {
                self.flush();
                match tag {
                    TagEnd::Heading(_) => self.heading = None,
                    TagEnd::List(_) => self.lists = self.lists.saturating_sub(1),
                    TagEnd::TableCell => self.in_cell = false,
                    _ => {}
                }
            }
        }
    }

    fn flush(&mut self) {
        let kind = if let Some(level) = self.heading {
            BlockKind::Heading(level)
        } else if self.in_cell {
            BlockKind::TableCell
        } else if self.lists > 0 {
            BlockKind::ListItem
        } else {
            BlockKind::Paragraph
        };
        self.writer.push(kind, &std::mem::take(&mut self.text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> Vec<(BlockKind, String)> {
        let out = extract(source.as_bytes()).unwrap();
        out.blocks
            .iter()
            .map(|b| (b.kind, b.span.slice(&out.text).unwrap().to_owned()))
            .collect()
    }

    #[test]
    fn blocks_in_source_order_without_marks() {
        let source = "---\nDnr: 1\n---\n# Yttrande\n\nVi **till**styrker\nförslaget[^1], se [SOU](http://x).\n\n- ett\n- två\n  - inre\n\n1. lös\n\n2. lista\n\n| a | b |\n|---|---|\n| c | ~~d~~ |\n\n<div>I <i>html</i></div>\n\n[^1]: Noten.\n";
        use BlockKind::*;
        let expected = [
            (Furniture, "Dnr: 1"),
            (Heading(1), "Yttrande"),
            (Paragraph, "Vi tillstyrker förslaget, se SOU."),
            (ListItem, "ett"),
            (ListItem, "två"),
            (ListItem, "inre"),
            (ListItem, "lös"),
            (ListItem, "lista"),
            (TableCell, "a"),
            (TableCell, "b"),
            (TableCell, "c"),
            (Paragraph, "I html"),
            (Paragraph, "Noten."),
        ];
        let found = read(source);
        let found: Vec<_> = found.iter().map(|(k, t)| (*k, t.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn text_between_rules_is_text() {
        let found = read("Inledning.\n\n---\nVi avstyrker förslaget.\n\nMer.\n\n---\n");
        let texts: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["Inledning.", "Vi avstyrker förslaget.", "Mer."]);
        assert!(found.iter().all(|(kind, _)| *kind != BlockKind::Furniture));
    }

    #[test]
    fn hostile_nesting_takes_no_stack() {
        for mark in ["> ", "- ", "[", "*a_", "<div>"] {
            let source = format!("{}djupt", mark.repeat(20_000));
            assert!(extract(source.as_bytes()).unwrap().text.contains("djupt"));
        }
    }
}
