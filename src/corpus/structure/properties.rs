//! What must hold for any text, checked on random ones.

use super::*;
use crate::corpus::extracted::Block;
use crate::corpus::{Format, SentenceKind};
use lines::invisible;
use proptest::prelude::*;

/// Pieces that documents are made of, and that the rules look at.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zåäö]{1,9}",
        2 => "[A-ZÅÄÖ][a-zåäö]{1,8}",
        3 => Just(" ".to_owned()),
        2 => Just("\n".to_owned()),
        1 => Just("\n\n".to_owned()),
        4 => proptest::sample::select(vec![
            ". ", ".", ", ", ": ", ":\n", "; ", "-\n", "AI-\n", "\n- ", "\n• ", "\n1. ", "\na) ",
            "\n3.1 ", "\n\n3 (6)\n\n", "\n\n2\n\n", " t.ex. ", " m.m. ", "\u{ad}", "\u{ad}\n",
            "\u{200b}", "\n\u{ad}\n", "”", "(", ")", "?!", "…", "\t", "\u{a0}", "*", "-", "•",
            "\nBilaga\n", "Dnr 2025/123\n", "Stockholm den 14 maj 2025\n", "Region Skåne ", "😀",
            "e\u{301}", "......... 5\n", "K. ", "o ",
        ])
        .prop_map(str::to_owned),
    ]
}

prop_compose! {
    fn document()(
        pieces in prop::collection::vec(piece(), 0..80),
        breaks in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        stated in prop::collection::vec((any::<prop::sample::Index>(), 0..6_u8), 0..5),
        how in 0..3_u8,
    ) -> Extracted {
        let text = pieces.concat();
        let mut extracted = Extracted {
            format: Format::Text,
            text: text.clone(),
            pages: Vec::new(),
            blocks: Vec::new(),
            encoding: None,
        };
        let line_ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
        if how == 1 && !line_ends.is_empty() {
            let mut cuts: Vec<usize> = breaks.iter().map(|index| line_ends[index.index(line_ends.len())]).collect();
            cuts.sort_unstable();
            cuts.dedup();
            let mut start = 0;
            for cut in cuts.into_iter().chain([text.len()]) {
                extracted.pages.push(Span::new(start.min(cut), cut));
                start = cut + 1;
            }
        }
        if how == 2 && !text.is_empty() {
            let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let mut cuts: Vec<(usize, u8)> = stated.iter().map(|(index, kind)| (boundaries[index.index(boundaries.len())], *kind)).collect();
            cuts.sort_unstable();
            for pair in cuts.windows(2) {
                let kind = match pair[0].1 {
                    0 => BlockKind::Heading(pair[1].1),
                    1 => BlockKind::Paragraph,
                    2 => BlockKind::ListItem,
                    3 => BlockKind::TableCell,
                    4 => BlockKind::Furniture,
                    _ => continue,
                };
                extracted.blocks.push(Block { span: Span::new(pair[0].0, pair[1].0), kind });
            }
        }
        extracted
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_visible_character_is_in_one_place(extracted in document()) {
        let (passages, _) = divide(&extracted);
        let structured = structure(extracted);
        let text = &structured.text;
        let mut covered = vec![0_u8; text.len()];
        let headings = passages
            .iter()
            .filter(|passage| matches!(passage.role, blocks::Role::Heading(_)))
            .flat_map(|passage| passage.lines.iter().map(|line| line.span));
        let parts = structured.sentences.iter().flat_map(|sentence| sentence.parts.iter().copied());
        for span in parts.chain(headings).chain(structured.furniture.iter().copied()) {
            prop_assert!(span.slice(text).is_some(), "{span:?} splits a character");
            covered[span.start..span.end].iter_mut().for_each(|count| *count += 1);
        }
        for (at, c) in text.char_indices() {
            prop_assert!(covered[at] <= 1, "{c:?} at {at} is in two places");
            prop_assert!(covered[at] == 1 || invisible(c), "{c:?} at {at} is nowhere");
        }
    }

    #[test]
    fn sentences_are_in_order_and_say_what_their_parts_say(extracted in document()) {
        let structured = structure(extracted);
        let text = &structured.text;
        let mut end = 0;
        for (index, sentence) in structured.sentences.iter().enumerate() {
            prop_assert_eq!(sentence.id, index + 1);
            prop_assert!(!sentence.text.is_empty());
            prop_assert!(sentence.text.chars().count() <= sentences::LONGEST);
            // Outside the macro, which would take the braces for a format argument.
            let unclean = sentence.text.contains(['\n', '\t', '\u{ad}']);
            prop_assert!(!unclean);
            let mut source = String::new();
            for part in &sentence.parts {
                prop_assert!(end <= part.start && part.start < part.end);
                end = part.end;
                source.push_str(&text[part.start..part.end]);
            }
            let essence = |text: &str| -> String {
                text.chars().filter(|&c| !invisible(c) && !matches!(c, '-' | '\u{2010}')).collect()
            };
            let (said, stands) = (essence(&sentence.text), essence(&source));
            let is_item = matches!(sentence.kind, SentenceKind::ListItem { .. });
            prop_assert!(
                said == stands || is_item && stands.ends_with(&said),
                "{said:?} is not {stands:?}"
            );
            if let SentenceKind::ListItem { lead: Some(lead) } = sentence.kind {
                prop_assert!(lead < sentence.id);
            }
            let section = &structured.sections[sentence.section];
            prop_assert!(section.span.contains(Span::new(sentence.parts[0].start, sentence.parts[0].end)));
        }
    }

    #[test]
    fn sections_cover_the_text(extracted in document()) {
        let structured = structure(extracted);
        let mut end = 0;
        for section in &structured.sections {
            prop_assert_eq!(section.span.start, end);
            end = section.span.end;
        }
        prop_assert_eq!(end, structured.text.len());
    }
}
