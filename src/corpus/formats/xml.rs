//! The XML inside DOCX and ODT, as a flat sequence of nodes.

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::{ReadError, damaged, text};

/// What a document is read as: names are without their prefix.
pub(super) enum Node<'a> {
    Open(&'a str, &'a BytesStart<'a>),
    Text(&'a str),
    Close(&'a str),
}

/// Calls `visit` for every node in document order, an empty element as opened and closed.
///
/// Keeps no tree and does not recurse, so depth costs nothing. Entities that a document
/// declares itself are never expanded.
pub(super) fn walk(bytes: &[u8], mut visit: impl FnMut(Node<'_>)) -> Result<(), ReadError> {
    let (xml, _) = text::decode(bytes)?;
    let mut reader = Reader::from_str(&xml);
    let broken = |error: &dyn std::fmt::Display, at: u64| {
        damaged(format!("its XML is broken at byte {at} ({error})"))
    };
    let mut depth = 0_usize;
    loop {
        let event = reader
            .read_event()
            .map_err(|error| broken(&error, reader.error_position()))?;
        match event {
            Event::Start(start) => {
                depth += 1;
                visit(Node::Open(start.local_name().as_ref(), &start));
            }
            Event::Empty(start) => {
                visit(Node::Open(start.local_name().as_ref(), &start));
                visit(Node::Close(start.local_name().as_ref()));
            }
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                visit(Node::Close(end.local_name().as_ref()));
            }
            Event::Text(text) => visit(Node::Text(&text.xml10_content())),
            Event::CData(text) => visit(Node::Text(&text.xml10_content())),
            Event::GeneralRef(reference) => {
                let at = reader.buffer_position();
                let character = reference
                    .resolve_char_ref()
                    .map_err(|error| broken(&error, at))?;
                let name = reference.xml10_content();
                match (character, resolve_xml_entity(&name)) {
                    (Some(character), _) => visit(Node::Text(character.encode_utf8(&mut [0; 4]))),
                    (None, Some(entity)) => visit(Node::Text(entity)),
                    (None, None) => visit(Node::Text(&format!("&{name};"))),
                }
            }
            Event::Eof if depth == 0 => return Ok(()),
            Event::Eof => return Err(damaged("its XML ends in the middle")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

/// The value of an attribute by its name without prefix.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    element
        .attributes()
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name)
        .and_then(|attribute| {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
            Some(value.into_owned())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(xml: &str) -> Result<String, ReadError> {
        let mut text = String::new();
        walk(xml.as_bytes(), |node| {
            if let Node::Text(part) = node {
                text.push_str(part);
            }
        })?;
        Ok(text)
    }

    #[test]
    fn declared_entities_are_not_expanded() {
        let xml =
            r#"<!DOCTYPE a [<!ENTITY b "lol"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;&amp;&#229;</a>"#;
        assert_eq!(text_of(xml).unwrap(), "&c;&å");
    }

    #[test]
    fn depth_costs_no_stack() {
        let depth = 200_000;
        let xml = format!("{}djupt{}", "<a>".repeat(depth), "</a>".repeat(depth));
        assert_eq!(text_of(&xml).unwrap(), "djupt");
    }

    #[test]
    fn xml_that_ends_early_or_is_crossed_is_damaged() {
        for xml in [
            "<a><b>text</b>",
            "<a><b></a></b>",
            "<a>&#x110000;</a>",
            "<a",
        ] {
            assert_eq!(text_of(xml).unwrap_err().code(), "damaged_file", "{xml}");
        }
    }
}
