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
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut reader = Reader::default();
    for event in Parser::new_ext(&source, options) {
        reader.event(event);
    }
    reader.flush();
    Ok(reader.writer.finish(Format::Markdown, encoding))
}

#[derive(Default)]
struct Reader {
    writer: Writer,
    text: String,
    heading: Option<u8>,
    lists: usize,
    in_cell: bool,
    front_matter: bool,
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
            Tag::MetadataBlock(_) => {
                self.flush();
                self.front_matter = true;
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
                    TagEnd::MetadataBlock(_) => self.front_matter = false,
                    _ => {}
                }
            }
        }
    }

    fn flush(&mut self) {
        let kind = if self.front_matter {
            BlockKind::Furniture
        } else if let Some(level) = self.heading {
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
    fn hostile_nesting_takes_no_stack() {
        for mark in ["> ", "- ", "[", "*a_", "<div>"] {
            let source = format!("{}djupt", mark.repeat(20_000));
            assert!(extract(source.as_bytes()).unwrap().text.contains("djupt"));
        }
    }
}
