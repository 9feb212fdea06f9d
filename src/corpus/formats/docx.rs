//! DOCX (ECMA-376, WordprocessingML): `word/document.xml` with its styles, notes and headers.
//!
//! What a reader of the accepted document sees is kept: insertions stay, deletions, moved-away
//! and hidden text, comments and field codes go. Page headers come first and page footers last,
//! each different one once, as furniture: the letterhead often stands only there. Footnotes
//! follow the text as paragraphs, and their reference marks are left out, since they would be
//! glued to a word. Numbers that Word computes for headings and lists are not in the file's
//! text and therefore not in ours.

use std::collections::{HashMap, HashSet};

use super::super::extracted::{BlockKind, Extracted};
use super::archive::Archive;
use super::writer::{Writer, symbol};
use super::xml::{Node, attribute, walk};
use super::{Format, ReadError};

/// Elements whose text is not part of the document as it reads.
const LEFT_OUT: [&str; 12] = [
    "del",
    "moveFrom",
    // A text box is stored twice, the second time for old programs.
    "Fallback",
    "pPrChange",
    "rPrChange",
    "sectPrChange",
    "tblPrChange",
    "tcPrChange",
    "trPrChange",
    "numberingChange",
    "instrText",
    "docPr",
];

/// The part that the package says is the document; nearly always `word/document.xml`.
fn main_part(archive: &mut Archive<'_>) -> Result<String, ReadError> {
    let mut target = None;
    if let Some(xml) = archive.part("_rels/.rels")? {
        walk(&xml, |node| {
            if let Node::Open("Relationship", element) = node
                && attribute(element, "Type").is_some_and(|kind| kind.ends_with("/officeDocument"))
            {
                target = attribute(element, "Target");
            }
        })?;
    }
    let target = target.unwrap_or_else(|| "word/document.xml".to_owned());
    Ok(target.trim_start_matches('/').to_owned())
}

pub(super) fn extract(bytes: &[u8]) -> Result<Extracted, ReadError> {
    let mut archive = Archive::open(bytes, "DOCX")?;
    let main = main_part(&mut archive)?;
    let document = archive.required(&main, "DOCX")?;
    let styles = match archive.part("word/styles.xml")? {
        Some(xml) => Styles::read(&xml)?,
        None => Styles::default(),
    };
    let mut writer = Writer::default();
    let furniture = |archive: &mut Archive<'_>, writer: &mut Writer, prefix: &str| {
        let mut seen = HashSet::new();
        for name in archive.names(prefix, ".xml") {
            let Some(xml) = archive.part(&name)? else {
                continue;
            };
            for (_, text) in paragraphs(&xml, &styles)? {
                if seen.insert(text.clone()) {
                    writer.push(BlockKind::Furniture, &text);
                }
            }
        }
        Ok::<(), ReadError>(())
    };
    furniture(&mut archive, &mut writer, "word/header")?;
    for (kind, text) in paragraphs(&document, &styles)? {
        writer.push(kind, &text);
    }
    for name in ["word/footnotes.xml", "word/endnotes.xml"] {
        if let Some(xml) = archive.part(name)? {
            for (_, text) in paragraphs(&xml, &styles)? {
                writer.push(BlockKind::Paragraph, &text);
            }
        }
    }
    furniture(&mut archive, &mut writer, "word/footer")?;
    Ok(writer.finish(Format::Docx, None))
}

#[derive(Default)]
struct Paragraph {
    text: String,
    style: Option<String>,
    outline: Option<u8>,
    numbered: Option<bool>,
}

/// The paragraphs of one part, in the order in which they end: a text box stands before the
/// paragraph that it is anchored in.
fn paragraphs(xml: &[u8], styles: &Styles) -> Result<Vec<(BlockKind, String)>, ReadError> {
    let mut found = Vec::new();
    let mut open: Vec<Paragraph> = Vec::new();
    let mut left_out = 0_usize;
    let mut cells = 0_usize;
    let (mut in_text, mut in_run, mut hidden) = (false, false, false);
    walk(xml, |node| match node {
        Node::Open(name, _) if left_out > 0 || LEFT_OUT.contains(&name) => left_out += 1,
        Node::Close(_) if left_out > 0 => left_out -= 1,
        Node::Text(_) if left_out > 0 => {}
        Node::Open("tc", _) => cells += 1,
        Node::Close("tc") => cells = cells.saturating_sub(1),
        Node::Open("p", _) => open.push(Paragraph::default()),
        Node::Close("p") => {
            if let Some(paragraph) = open.pop()
                && !paragraph.text.trim().is_empty()
            {
                found.push((styles.kind(&paragraph, cells > 0), paragraph.text));
            }
        }
        Node::Open(name, element) => {
            let Some(paragraph) = open.last_mut() else {
                return;
            };
            let value = || attribute(element, "val");
            match name {
                "r" => (in_run, hidden) = (true, false),
                "vanish" if in_run => hidden = value().is_none_or(|v| is_on(&v)),
                "pStyle" => paragraph.style = value(),
                "outlineLvl" => paragraph.outline = value().and_then(|v| v.parse().ok()),
                "numId" => paragraph.numbered = value().map(|v| v != "0"),
                _ if hidden => {}
                "t" => in_text = true,
                // Inside a run a tab is a character, outside it a position on the ruler.
                "tab" | "ptab" if in_run => paragraph.text.push('\t'),
                "br" | "cr" => paragraph.text.push('\n'),
                "noBreakHyphen" => paragraph.text.push('-'),
                "sym" => {
                    let code = attribute(element, "char");
                    let code = code.and_then(|c| u32::from_str_radix(&c, 16).ok());
                    paragraph
                        .text
                        .extend(code.and_then(char::from_u32).map(symbol));
                }
                _ => {}
            }
        }
        Node::Text(text) if in_text => {
            if let Some(paragraph) = open.last_mut() {
                paragraph.text.push_str(text);
            }
        }
        Node::Text(_) => {}
        Node::Close("t") => in_text = false,
        Node::Close("r") => (in_run, hidden) = (false, false),
        Node::Close(_) => {}
    })?;
    Ok(found)
}

fn is_on(value: &str) -> bool {
    !matches!(value, "0" | "false" | "off")
}

/// The paragraph styles, by their identifiers.
#[derive(Default)]
struct Styles(HashMap<String, Style>);

#[derive(Default)]
struct Style {
    name: String,
    based_on: Option<String>,
    outline: Option<u8>,
    numbered: Option<bool>,
}

impl Styles {
    fn read(xml: &[u8]) -> Result<Self, ReadError> {
        let mut styles = HashMap::new();
        let mut open: Option<(String, Style)> = None;
        walk(xml, |node| match node {
            Node::Open("style", element) => {
                let id = attribute(element, "styleId").unwrap_or_default();
                open = Some((id, Style::default()));
            }
            Node::Close("style") => styles.extend(open.take()),
            Node::Open(name, element) => {
                let Some((_, style)) = &mut open else { return };
                let value = attribute(element, "val");
                match name {
                    "name" => style.name = value.unwrap_or_default().to_lowercase(),
                    "basedOn" => style.based_on = value,
                    "outlineLvl" => style.outline = value.and_then(|v| v.parse().ok()),
                    "numId" => style.numbered = value.map(|v| v != "0"),
                    _ => {}
                }
            }
            Node::Text(_) | Node::Close(_) => {}
        })?;
        Ok(Self(styles))
    }

    /// The style and those that it is based on, nearest first.
    fn chain<'a>(&'a self, id: Option<&'a str>) -> impl Iterator<Item = &'a Style> {
        // Styles that are based on one another in a ring must end somewhere.
        const LONGEST: usize = 16;
        let get = |id: Option<&str>| id.and_then(|id| self.0.get(id));
        std::iter::successors(get(id), move |style| get(style.based_on.as_deref())).take(LONGEST)
    }

    fn kind(&self, paragraph: &Paragraph, in_table: bool) -> BlockKind {
        let chain = || self.chain(paragraph.style.as_deref());
        if chain().any(|style| style.name.starts_with("toc ")) {
            return BlockKind::Furniture;
        }
        let outline = paragraph
            .outline
            .or_else(|| chain().find_map(|style| style.outline.or(level_in_name(&style.name))));
        let numbered = paragraph
            .numbered
            .or_else(|| chain().find_map(|style| style.numbered));
        match outline {
            // The tenth level, 9, is body text (ECMA-376, 17.3.1.20).
            Some(level) if level < 9 => BlockKind::Heading(level + 1),
            _ if in_table => BlockKind::TableCell,
            _ if numbered == Some(true) => BlockKind::ListItem,
            _ => BlockKind::Paragraph,
        }
    }
}

/// The outline level, from 0, that a style's name tells: `heading 2`, `rubrik 2`, `title`.
fn level_in_name(name: &str) -> Option<u8> {
    if matches!(name, "title" | "rubrik") {
        return Some(0);
    }
    let number = name
        .strip_prefix("heading")
        .or_else(|| name.strip_prefix("rubrik"))?
        .trim();
    number.parse::<u8>().ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::super::archive::zipped;
    use super::*;

    const REAL: &[u8] = include_bytes!("../../../tests/files/svar.docx");

    fn read(body: &str, styles: &str) -> Vec<(BlockKind, String)> {
        let wrap = |inner: &str| format!(r#"<w:document xmlns:w="w">{inner}</w:document>"#);
        let bytes = zipped(&[
            ("word/document.xml", wrap(body).as_bytes()),
            ("word/styles.xml", wrap(styles).as_bytes()),
        ]);
        blocks(&extract(&bytes).unwrap())
    }

    fn blocks(out: &Extracted) -> Vec<(BlockKind, String)> {
        out.blocks
            .iter()
            .map(|b| (b.kind, b.span.slice(&out.text).unwrap().to_owned()))
            .collect()
    }

    fn p(properties: &str, text: &str) -> String {
        format!("<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>")
    }

    #[test]
    fn heading_levels_come_through_styles_and_what_they_are_based_on() {
        let styles = r#"
            <w:style w:styleId="R1"><w:name w:val="heading 1"/></w:style>
            <w:style w:styleId="Egen"><w:name w:val="Myndighetens rubrik"/><w:basedOn w:val="R1"/></w:style>
            <w:style w:styleId="Djup"><w:name w:val="x"/><w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style>
            <w:style w:styleId="Ring"><w:name w:val="y"/><w:basedOn w:val="Ring"/></w:style>
            <w:style w:styleId="Lista"><w:name w:val="z"/><w:pPr><w:numPr><w:numId w:val="4"/></w:numPr></w:pPr></w:style>"#;
        let body = [
            p(r#"<w:pStyle w:val="Egen"/>"#, "Ett"),
            p(r#"<w:pStyle w:val="Djup"/>"#, "Tre"),
            p(
                r#"<w:pStyle w:val="Djup"/><w:outlineLvl w:val="9"/>"#,
                "Brödtext",
            ),
            p(r#"<w:pStyle w:val="Ring"/>"#, "Ring"),
            p(r#"<w:pStyle w:val="Lista"/>"#, "Punkt"),
            p(
                r#"<w:pStyle w:val="Lista"/><w:numPr><w:numId w:val="0"/></w:numPr>"#,
                "Ej punkt",
            ),
        ];
        let kinds: Vec<_> = read(&body.concat(), styles)
            .into_iter()
            .map(|b| b.0)
            .collect();
        assert_eq!(
            kinds,
            [
                BlockKind::Heading(1),
                BlockKind::Heading(3),
                BlockKind::Paragraph,
                BlockKind::Paragraph,
                BlockKind::ListItem,
                BlockKind::Paragraph,
            ]
        );
    }

    #[test]
    fn tracked_changes_are_read_as_accepted_and_hidden_text_is_not_read() {
        let body = r#"<w:p><w:pPr><w:pPrChange><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:pPrChange></w:pPr>
            <w:r><w:t xml:space="preserve">Vi </w:t></w:r>
            <w:del><w:r><w:delText>avstyrker</w:delText><w:t>aldrig</w:t></w:r></w:del>
            <w:ins><w:r><w:t>tillstyrker</w:t></w:r></w:ins>
            <w:r><w:rPr><w:vanish/></w:rPr><w:t>dolt</w:t></w:r>
            <w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t xml:space="preserve"> &amp; mer</w:t></w:r></w:p>"#;
        let expected = (BlockKind::Paragraph, "Vi tillstyrker & mer".to_owned());
        assert_eq!(read(body, ""), [expected]);
    }

    #[test]
    fn a_text_box_is_read_once_and_apart() {
        let inner = p("", "I rutan");
        let body = format!(
            "<w:p><w:r><w:t>Före </w:t><mc:Choice>{inner}</mc:Choice><mc:Fallback>{inner}</mc:Fallback></w:r><w:r><w:t>efter</w:t></w:r></w:p>"
        );
        let texts: Vec<_> = read(&body, "").into_iter().map(|b| b.1).collect();
        assert_eq!(texts, ["I rutan", "Före efter"]);
    }

    #[test]
    fn cells_breaks_tabs_and_symbols() {
        let body = r#"<w:tbl><w:tr><w:tc><w:p><w:pPr><w:tabs><w:tab w:val="left"/></w:tabs></w:pPr><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:sym w:char="F0B7"/></w:r></w:p></w:tc></w:tr></w:tbl>"#;
        let expected = (BlockKind::TableCell, "a\tb\n•".to_owned());
        assert_eq!(read(body, ""), [expected]);
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
    fn a_docx_cut_short_is_damaged() {
        for length in [100, REAL.len() / 2, REAL.len() - 10] {
            assert_eq!(extract(&REAL[..length]).unwrap_err().code(), "damaged_file");
        }
    }
}
