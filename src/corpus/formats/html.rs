//! HTML, read from the tokens of html5ever.
//!
//! No tree is built: block structure is all that is wanted, and a tree of hostile HTML can
//! grow without bound or take quadratic time. Text in `nav`, `header` and `footer` is
//! furniture; scripts, style sheets, templates and the document's title are left out.

use std::cell::RefCell;

use encoding_rs::Encoding;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::super::extracted::{BlockKind, Extracted};
use super::writer::Writer;
use super::{Format, ReadError, text};

pub(super) fn extract(bytes: &[u8]) -> Result<Extracted, ReadError> {
    let (html, encoding) = match declared_encoding(bytes) {
        // A page saved as UTF-8 often keeps the declaration of its former encoding, while
        // other bytes are hardly ever sound UTF-8 by chance.
        Some(declared) if declared.is_single_byte() && std::str::from_utf8(bytes).is_err() => {
            let (html, _) = declared.decode_without_bom_handling(bytes);
            (html, Some(declared.name().to_owned()))
        }
        _ => text::decode(bytes)?,
    };
    let mut writer = Writer::default();
    push_blocks(&mut writer, &html);
    Ok(writer.finish(Format::Html, encoding))
}

/// Appends the blocks of a whole page or of a fragment.
pub(super) fn push_blocks(writer: &mut Writer, html: &str) {
    let sink = Sink(RefCell::new(State::default()));
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    // Feeding pauses only for scripts, which this sink never reports.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let mut state = tokenizer.sink.0.into_inner();
    state.flush();
    for (kind, text) in state.found {
        writer.push(kind, &text);
    }
}

/// The encoding that a `meta` element declares, looked for where the HTML standard has it:
/// near the beginning. A BOM goes before it.
fn declared_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    const NEAR: usize = 4096;
    if Encoding::for_bom(bytes).is_some() {
        return None;
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(NEAR)]).to_ascii_lowercase();
    let after = head.split("charset").nth(1)?.trim_start();
    let label = after
        .strip_prefix('=')?
        .trim_start_matches([' ', '"', '\'']);
    let end = label.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | ':'));
    Encoding::for_label(&label.as_bytes()[..end.unwrap_or(label.len())])
}

struct Sink(RefCell<State>);

#[derive(Default)]
struct State {
    found: Vec<(BlockKind, String)>,
    text: String,
    heading: Option<u8>,
    lists: usize,
    tables: usize,
    furniture: usize,
    templates: usize,
    preformatted: usize,
    /// The element whose raw text is being left out.
    raw: Option<String>,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => state.characters(&text),
            Token::TagToken(tag) => return state.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl State {
    fn characters(&mut self, text: &str) {
        if self.raw.is_some() || self.templates > 0 {
            return;
        }
        if self.preformatted > 0 {
            self.text.push_str(text);
            return;
        }
        for c in text.chars() {
            if !c.is_ascii_whitespace() {
                self.text.push(c);
            } else if !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
                self.text.push(' ');
            }
        }
    }

    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = &*tag.name;
        let opens = tag.kind == TagKind::StartTag;
        if self.raw.as_deref() == Some(name) && !opens {
            self.raw = None;
            return TokenSinkResult::Continue;
        }
        // `<script/>` in XHTML has no text to skip, and `<nav/>` nothing inside.
        if opens && tag.self_closing && !matches!(name, "br" | "hr") {
            if is_block(name) {
                self.flush();
            }
            return TokenSinkResult::Continue;
        }
        let step = |count: &mut usize| match opens {
            true => *count += 1,
            false => *count = count.saturating_sub(1),
        };
        match name {
            "br" => self.text.push('\n'),
            "script" | "style" | "title" | "iframe" | "noembed" | "noframes" | "xmp" if opens => {
                self.raw = Some(name.to_owned());
                return TokenSinkResult::RawData(match name {
                    "script" => RawKind::ScriptData,
                    "title" => RawKind::Rcdata,
                    _ => RawKind::Rawtext,
                });
            }
            "template" => step(&mut self.templates),
            "nav" | "header" | "footer" => {
                self.flush();
                step(&mut self.furniture);
            }
            "ul" | "ol" | "menu" => {
                self.flush();
                step(&mut self.lists);
            }
            "table" => {
                self.flush();
                step(&mut self.tables);
            }
            "pre" => {
                self.flush();
                step(&mut self.preformatted);
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.flush();
                self.heading = opens.then(|| name.as_bytes()[1] - b'0');
            }
            name if is_block(name) => self.flush(),
            _ => {}
        }
        TokenSinkResult::Continue
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        if text.trim().is_empty() {
            return;
        }
        let kind = if self.furniture > 0 {
            BlockKind::Furniture
        } else if let Some(level) = self.heading {
            BlockKind::Heading(level)
        } else if self.lists > 0 {
            BlockKind::ListItem
        } else if self.tables > 0 {
            BlockKind::TableCell
        } else {
            BlockKind::Paragraph
        };
        self.found.push((kind, text));
    }
}

/// Elements that begin a new line on the page.
fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "center"
            | "dir"
            | "hgroup"
            | "noscript"
            | "select"
            | "textarea"
            | "button"
            | "section"
            | "article"
            | "aside"
            | "main"
            | "body"
            | "html"
            | "li"
            | "dl"
            | "dt"
            | "dd"
            | "tr"
            | "td"
            | "th"
            | "caption"
            | "blockquote"
            | "figure"
            | "figcaption"
            | "address"
            | "form"
            | "fieldset"
            | "legend"
            | "details"
            | "summary"
            | "hr"
            | "option"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(html: &[u8]) -> Vec<(BlockKind, String)> {
        let out = extract(html).unwrap();
        out.blocks
            .iter()
            .map(|b| (b.kind, b.span.slice(&out.text).unwrap().to_owned()))
            .collect()
    }

    #[test]
    fn blocks_and_what_is_left_out() {
        let html = r#"<!doctype html><html><head><title>Titel</title><style>p{}</style>
            <script>if (a < b) document.write("<p>nej</p>")</script></head><body>
            <header>Sidhuvud</header><nav><ul><li>Meny</li></ul></nav>
            <h2>3.1 &Ouml;versikt</h2><p>Vi <b>till</b>styrker
              f&#246;rslaget.<p>Utan sluttagg<ul><li>ett<li>tv&aring; <ol><li>inre</ol></ul>
            <table><tr><td>a</td><td><p>b</p></table><template><p>mall</p></template>
            <div>Rad<br>bruten</div><footer>Sidfot</footer>löst"#;
        use BlockKind::*;
        let expected = [
            (Furniture, "Sidhuvud"),
            (Furniture, "Meny"),
            (Heading(2), "3.1 Översikt"),
            (Paragraph, "Vi tillstyrker förslaget."),
            (Paragraph, "Utan sluttagg"),
            (ListItem, "ett"),
            (ListItem, "två"),
            (ListItem, "inre"),
            (TableCell, "a"),
            (TableCell, "b"),
            (Paragraph, "Rad\nbruten"),
            (Furniture, "Sidfot"),
            (Paragraph, "löst"),
        ];
        let found = read(html.as_bytes());
        let found: Vec<_> = found.iter().map(|(k, t)| (*k, t.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_declared_encoding_is_honoured() {
        let page = b"<meta http-equiv='Content-Type' content='text/html; charset=iso-8859-1'><p>\xc5r 2025";
        let out = extract(page).unwrap();
        assert_eq!(out.text.trim(), "År 2025");
        assert_eq!(out.encoding.as_deref(), Some("windows-1252"));
        // In ISO 8859-2 the byte that is å in ISO 8859-1 is another letter.
        let out = extract(b"<meta charset=\"iso-8859-2\"><p>\xe5").unwrap();
        assert_eq!(out.text.trim(), "ĺ");
        let out = extract("<meta charset=latin1><p>Åre".as_bytes()).unwrap();
        assert_eq!((out.text.trim(), out.encoding), ("Åre", None));
    }

    #[test]
    fn hostile_nesting_takes_neither_stack_nor_long() {
        for tag in [
            "<div>",
            "<b>",
            "<table><tr><td>",
            "<font a=1>",
            "<p><a href=x>",
        ] {
            let html = format!("{}djupt", tag.repeat(200_000));
            assert!(extract(html.as_bytes()).unwrap().text.contains("djupt"));
        }
    }

    #[test]
    fn a_self_closed_script_does_not_swallow_the_page() {
        assert_eq!(read(b"<script src='a.js'/><p>Text</p>").len(), 1);
    }
}
