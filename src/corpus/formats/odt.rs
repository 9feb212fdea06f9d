//! ODT (OpenDocument 1.3): `content.xml`, with page headers and footers from `styles.xml`.
//!
//! The same choices as for DOCX: deletions and comments go, notes follow the text, page headers
//! come first and page footers last as furniture. So does a table of contents where it stands.

use std::collections::HashSet;

use super::super::extracted::{BlockKind, Extracted};
use super::archive::Archive;
use super::writer::Writer;
use super::xml::{Node, attribute, walk};
use super::{Format, ReadError, damaged};

/// Elements whose text is not part of the document as it reads. Deleted text is kept under
/// `tracked-changes`.
const LEFT_OUT: [&str; 6] = [
    "tracked-changes",
    "annotation",
    "note-citation",
    "ruby-text",
    "title",
    "desc",
];

/// What a tab or a run of spaces may add at most; the file states a number.
const MOST_SPACES: usize = 100;

pub(super) fn extract(bytes: &[u8]) -> Result<Extracted, ReadError> {
    let mut archive = Archive::open(bytes, "ODT")?;
    if let Some(manifest) = archive.part("META-INF/manifest.xml")?
        && String::from_utf8_lossy(&manifest).contains("encryption-data")
    {
        return Err(damaged(
            "the ODT needs a password; save a copy without protection",
        ));
    }
    let content = Content::read(&archive.required("content.xml", "ODT")?)?;
    let styles = match archive.part("styles.xml")? {
        Some(xml) => Content::read(&xml)?,
        None => Content::default(),
    };
    let mut writer = Writer::default();
    push_once(&mut writer, &styles.headers);
    for (kind, text) in content.body.iter().chain(&content.notes) {
        writer.push(*kind, text);
    }
    push_once(&mut writer, &styles.footers);
    Ok(writer.finish(Format::Odt, None))
}

/// First pages and left pages repeat what the other pages say.
fn push_once(writer: &mut Writer, texts: &[String]) {
    let mut seen = HashSet::new();
    for text in texts {
        if seen.insert(text) {
            writer.push(BlockKind::Furniture, text);
        }
    }
}

#[derive(Default)]
struct Content {
    body: Vec<(BlockKind, String)>,
    notes: Vec<(BlockKind, String)>,
    headers: Vec<String>,
    footers: Vec<String>,
}

/// How many elements of each kind are open.
#[derive(Default)]
struct Within {
    left_out: usize,
    cells: usize,
    items: usize,
    contents: usize,
    notes: usize,
    header: usize,
    footer: usize,
}

impl Within {
    fn count(&mut self, name: &str) -> Option<&mut usize> {
        match name {
            "table-cell" => Some(&mut self.cells),
            "list-item" | "list-header" => Some(&mut self.items),
            "table-of-content" => Some(&mut self.contents),
            "note" => Some(&mut self.notes),
            "header" | "header-left" | "header-first" => Some(&mut self.header),
            "footer" | "footer-left" | "footer-first" => Some(&mut self.footer),
            _ => None,
        }
    }
}

impl Content {
    fn read(xml: &[u8]) -> Result<Self, ReadError> {
        let mut content = Self::default();
        let mut within = Within::default();
        // A paragraph can hold another: a text frame or a note. The level is of a heading.
        let mut open: Vec<(Option<u8>, String)> = Vec::new();
        walk(xml, |node| match node {
            // `svg:title` describes a picture, `text:title` is a field that shows.
            Node::Open(name, element)
                if within.left_out > 0
                    || LEFT_OUT.contains(&name) && element.name().as_ref() != "text:title" =>
            {
                within.left_out += 1;
            }
            Node::Close(_) if within.left_out > 0 => within.left_out -= 1,
            Node::Text(_) if within.left_out > 0 => {}
            Node::Open("h", element) => {
                let level = attribute(element, "outline-level").and_then(|l| l.parse().ok());
                open.push((Some(level.unwrap_or(1)), String::new()));
            }
            Node::Open("p", _) => open.push((None, String::new())),
            Node::Close("h" | "p") => {
                if let Some((level, text)) = open.pop() {
                    content.place(level, text, &within);
                }
            }
            Node::Open(name, element) => {
                if let Some(count) = within.count(name) {
                    *count += 1;
                }
                let Some((_, text)) = open.last_mut() else {
                    return;
                };
                match name {
                    "tab" => text.push('\t'),
                    "line-break" => text.push('\n'),
                    "s" => {
                        let count = attribute(element, "c").and_then(|c| c.parse().ok());
                        let count: usize = count.unwrap_or(1);
                        text.extend(std::iter::repeat_n(' ', count.min(MOST_SPACES)));
                    }
                    _ => {}
                }
            }
            Node::Close(name) => {
                if let Some(count) = within.count(name) {
                    *count = count.saturating_sub(1);
                }
            }
            Node::Text(part) => {
                if let Some((_, text)) = open.last_mut() {
                    push_collapsed(text, part);
                }
            }
        })?;
        Ok(content)
    }

    fn place(&mut self, level: Option<u8>, text: String, within: &Within) {
        if text.trim().is_empty() {
            return;
        }
        let kind = match level {
            _ if within.contents > 0 => BlockKind::Furniture,
            Some(level) => BlockKind::Heading(level.max(1)),
            None if within.cells > 0 => BlockKind::TableCell,
            None if within.items > 0 => BlockKind::ListItem,
            None => BlockKind::Paragraph,
        };
        if within.header > 0 {
            self.headers.push(text);
        } else if within.footer > 0 {
            self.footers.push(text);
        } else if within.notes > 0 {
            self.notes.push((BlockKind::Paragraph, text));
        } else {
            self.body.push((kind, text));
        }
    }
}

/// White space in the XML is one space, and at the beginning of a paragraph none
/// (OpenDocument 1.3, part 3, 6.1.2).
fn push_collapsed(text: &mut String, part: &str) {
    for c in part.chars() {
        if !matches!(c, ' ' | '\t' | '\n' | '\r') {
            text.push(c);
        } else if !text.is_empty() && !text.ends_with(' ') {
            text.push(' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::archive::zipped;
    use super::*;

    const REAL: &[u8] = include_bytes!("../../../tests/files/svar.odt");

    fn blocks(out: &Extracted) -> Vec<(BlockKind, String)> {
        out.blocks
            .iter()
            .map(|b| (b.kind, b.span.slice(&out.text).unwrap().to_owned()))
            .collect()
    }

    #[test]
    fn a_document_by_libreoffice() {
        let found = blocks(&extract(REAL).unwrap());
        let has = |kind, start: &str| {
            found
                .iter()
                .any(|(k, t)| *k == kind && t.starts_with(start))
        };
        assert!(
            has(BlockKind::Heading(1), "Övergripande synpunkter"),
            "{found:#?}"
        );
        assert!(has(
            BlockKind::ListItem,
            "Betoningen på behovet av ledarskap"
        ));
        assert!(has(BlockKind::Paragraph, "Region Skåne instämmer i AI"));
        assert!(has(BlockKind::Paragraph, "Se betänkandet, avsnitt 4.2"));
        assert!(has(BlockKind::TableCell, "Förslag"));
        assert_eq!(found[0].0, BlockKind::Furniture);
        assert!(found[0].1.starts_with("Region Skåne · Remissvar"));
    }

    #[test]
    fn deletions_comments_and_note_marks_are_left_out() {
        let xml = r#"<x xmlns:text="t" xmlns:office="o"><text:tracked-changes><text:p>borttaget</text:p></text:tracked-changes>
            <text:p>Vi
               <office:annotation><text:p>kommentar</text:p></office:annotation>tillstyrker<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Noten.</text:p></text:note-body></text:note>.<text:s text:c="4000000000"/><text:s text:c="2"/>x</text:p></x>"#;
        let out = extract(&zipped(&[("content.xml", xml.as_bytes())])).unwrap();
        let found = blocks(&out);
        assert_eq!(found[0].1, format!("Vi tillstyrker.{}x", " ".repeat(102)));
        assert_eq!(found[1].1, "Noten.");
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn an_encrypted_document_is_named_so() {
        let manifest = b"<manifest><encryption-data/></manifest>";
        let bytes = zipped(&[
            ("META-INF/manifest.xml", manifest),
            ("content.xml", b"\x01\x02"),
        ]);
        let error = extract(&bytes).unwrap_err();
        assert!(error.to_string().contains("password"));
    }

    #[test]
    fn an_odt_cut_short_is_damaged() {
        for length in [100, REAL.len() / 2, REAL.len() - 10] {
            assert_eq!(extract(&REAL[..length]).unwrap_err().code(), "damaged_file");
        }
    }
}
