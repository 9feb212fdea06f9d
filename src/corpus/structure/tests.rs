//! The stage as a whole, on texts as they come out of files.

use super::*;
use crate::corpus::extracted::Block;
use crate::corpus::{Format, SentenceKind};

fn plain(text: &str) -> Extracted {
    Extracted {
        format: Format::Text,
        text: text.to_owned(),
        pages: Vec::new(),
        blocks: Vec::new(),
        encoding: None,
    }
}

fn paged(pages: &[&str]) -> Extracted {
    let mut extracted = plain(&pages.join("\n"));
    let mut start = 0;
    for page in pages {
        extracted.pages.push(Span::new(start, start + page.len()));
        start += page.len() + 1;
    }
    extracted
}

fn sentences(structured: &Structured) -> Vec<&str> {
    structured
        .sentences
        .iter()
        .map(|sentence| sentence.text.as_str())
        .collect()
}

fn titles(structured: &Structured) -> Vec<(u8, &str)> {
    let titled = structured
        .sections
        .iter()
        .filter_map(|section| Some((section.level, section.title.as_deref()?)));
    titled.collect()
}

#[test]
fn headings_paragraphs_and_lists_of_a_pdf_text() {
    let structured = structure(plain(
        " Inledning \n\
         Hultsjö kommun välkomnar utredningens betänkande. Kommunen \n\
         håller med om att en gemensam digital infrastruktur kan stödja \n\
         både kommuner och regioner i deras arbete.  \n\
         \n\
         Synpunkter på de enskilda förslagen \n\
         4.1 En ny registerlag \n\
         Kommunen är positiv till:  \n\
         - Den samlade regleringen som lägger grunden för ett \n\
         \n\
         enhetligt arbetssätt.  \n\
         - Ett tydligt ansvar för kommitté-\n\
         förordningens tillämpning.  \n\
         \n\
         Kommunen vill även framhålla att finansieringen behöver lösas innan \n\
         lagen träder i kraft. \n",
    ));
    assert_eq!(
        titles(&structured),
        [
            (1, "Inledning"),
            (1, "Synpunkter på de enskilda förslagen"),
            (2, "4.1 En ny registerlag")
        ]
    );
    assert_eq!(
        sentences(&structured),
        [
            "Hultsjö kommun välkomnar utredningens betänkande.",
            "Kommunen håller med om att en gemensam digital infrastruktur kan stödja både kommuner och regioner i deras arbete.",
            "Kommunen är positiv till:",
            "Den samlade regleringen som lägger grunden för ett enhetligt arbetssätt.",
            "Ett tydligt ansvar för kommittéförordningens tillämpning.",
            "Kommunen vill även framhålla att finansieringen behöver lösas innan lagen träder i kraft.",
        ]
    );
    let kinds: Vec<_> = structured
        .sentences
        .iter()
        .map(|sentence| sentence.kind)
        .collect();
    let item = SentenceKind::ListItem { lead: Some(3) };
    let prose = SentenceKind::Prose;
    assert_eq!(kinds, [prose, prose, prose, item, item, prose]);
    assert_eq!(structured.sentences[3].section, 2);
    assert_eq!(
        structured.sections[2].title.as_deref(),
        Some("4.1 En ny registerlag")
    );
}

#[test]
fn a_sentence_over_a_page_break_is_one_with_two_parts() {
    let structured = structure(paged(&[
        "Nämnden anser.\nMer text står här på sidan.\nDärför bör regionerna ges en formell plats i dess \n\nDnr 12/2025 \n1 (2)",
        "Nämndens yttrande\n\nreferensstruktur, givet deras ansvar.\nNämnden tackar för ordet.\n\nDnr 12/2025 \n2 (2)",
    ]));
    // The head of the second page does not repeat, so nothing says that it is furniture.
    assert_eq!(structured.furniture.len(), 4);

    let structured = structure(paged(&[
        "Därför bör regionerna ges en formell plats i dess \n\nDnr 12/2025 \n1 (2)",
        "\nreferensstruktur, givet deras ansvar.\nNämnden tackar för ordet.\n\nDnr 12/2025 \n2 (2)",
    ]));
    let first = &structured.sentences[0];
    assert_eq!(
        first.text,
        "Därför bör regionerna ges en formell plats i dess referensstruktur, givet deras ansvar."
    );
    assert_eq!(first.page, Some(1));
    let parts: Vec<_> = first
        .parts
        .iter()
        .filter_map(|part| part.slice(&structured.text))
        .collect();
    assert_eq!(
        parts,
        [
            "Därför bör regionerna ges en formell plats i dess \n",
            "referensstruktur, givet deras ansvar."
        ]
    );
    assert_eq!(structured.sentences[1].page, Some(2));
}

#[test]
fn a_sentence_over_lost_page_breaks_is_one() {
    let structured = structure(plain(
        "För att ledarskapet ska bli effektivt bör regionerna ges en formell plats i dess \n\n\n\n\
         referensstruktur, givet vårt omfattande och breda ansvar för hälso- och \n\n\
         sjukvård, digitalisering och regional utveckling. Regionen tackar.\n\n\
         3 (6) \n\n\
         Ärendet \n\nRegionen har inget att tillägga. \n",
    ));
    assert_eq!(structured.sentences.len(), 3);
    assert_eq!(structured.sentences[0].parts.len(), 1);
    assert_eq!(titles(&structured), [(1, "Ärendet")]);
    assert_eq!(structured.furniture.len(), 1);
}

#[test]
fn a_statement_is_never_a_heading() {
    let structured = structure(plain(
        "Remissvar\n\nKommunen tillstyrker förslaget om en avgift\n\nAvgiften bör sättas efter bärkraft. Den bör prövas årligen.\n",
    ));
    assert_eq!(
        structured.sentences[0].text,
        "Kommunen tillstyrker förslaget om en avgift"
    );
}

#[test]
fn numbered_lines_are_headings_alone_and_a_list_together() {
    let text = "1 Inledning\nKommunen lämnar följande synpunkter på förslaget.\n\n2 Synpunkter\nAvgiften är för hög.\n";
    assert_eq!(
        titles(&structure(plain(text))),
        [(1, "1 Inledning"), (1, "2 Synpunkter")]
    );
    let text = "Kommunen föreslår:\n1. Lägre avgift\n2. Längre tid\n3. Tydligare ansvar\n";
    let structured = structure(plain(text));
    assert_eq!(titles(&structured), []);
    let leads: Vec<_> = structured
        .sentences
        .iter()
        .map(|sentence| sentence.kind)
        .collect();
    assert_eq!(leads[1..], [SentenceKind::ListItem { lead: Some(1) }; 3]);
    assert_eq!(
        sentences(&structured)[1..],
        ["Lägre avgift", "Längre tid", "Tydligare ansvar"]
    );
}

#[test]
fn items_of_an_inner_list_rest_on_their_item() {
    let structured = structure(plain(
        "Regionen anser att:\n• staten bör betala för:\n– drift\n– utbildning\n• avgiften bör slopas\n",
    ));
    let leads: Vec<_> = structured
        .sentences
        .iter()
        .map(|sentence| match sentence.kind {
            SentenceKind::ListItem { lead } => lead,
            SentenceKind::Prose => None,
        })
        .collect();
    assert_eq!(leads, [None, Some(1), Some(2), Some(2), Some(1)]);
}

#[test]
fn a_bullet_on_a_line_of_its_own_belongs_to_the_line_below() {
    let structured = structure(plain(
        "Vi vill se:\n•\nEn lägre avgift.\n•\nEn längre tid.\n",
    ));
    assert_eq!(
        sentences(&structured),
        ["Vi vill se:", "En lägre avgift.", "En längre tid."]
    );
}

#[test]
fn one_paragraph_a_line_without_hard_breaks() {
    let long = "Kommunen anser att förslaget är väl avvägt och att det bör genomföras utan dröjsmål i hela landet.";
    let structured = structure(plain(&format!(
        "Vår inställning\n{long} {long}\nFinansiering\n{long} {long} {long}\n"
    )));
    assert_eq!(
        titles(&structured),
        [(1, "Vår inställning"), (1, "Finansiering")]
    );
    assert_eq!(structured.sentences.len(), 5);
}

#[test]
fn stated_blocks_are_taken_at_their_word() {
    let text = "Yttrande\nKommunen är positiv till:\n• lägre avgift\nSidfot\noch annat";
    let block = |part: &str, kind| {
        let start = text.find(part).unwrap();
        Block {
            span: Span::new(start, start + part.len()),
            kind,
        }
    };
    let mut extracted = plain(text);
    extracted.format = Format::Docx;
    extracted.blocks = vec![
        block("Yttrande", BlockKind::Heading(2)),
        block("Kommunen är positiv till:", BlockKind::Paragraph),
        block("• lägre avgift", BlockKind::ListItem),
        block("Sidfot", BlockKind::Furniture),
    ];
    let structured = structure(extracted);
    assert_eq!(titles(&structured), [(2, "Yttrande")]);
    assert_eq!(
        sentences(&structured),
        ["Kommunen är positiv till:", "lägre avgift", "och annat"]
    );
    assert_eq!(
        structured.sentences[1].kind,
        SentenceKind::ListItem { lead: Some(1) }
    );
}

#[test]
fn an_empty_text_has_one_section_and_nothing_else() {
    let structured = structure(plain(""));
    assert_eq!(structured.sections.len(), 1);
    assert!(structured.sentences.is_empty());
}

#[test]
fn five_megabytes_take_seconds_even_without_a_full_stop() {
    // Quadratic steps would take minutes, so the limit may be generous to a slow machine.
    let begun = std::time::Instant::now();
    for unit in [
        "förslaget är bra och bör genomföras\n",
        "ord ",
        "AI-\n",
        "1. Punkt\n",
        ". ",
        "(",
        "3 (6)\n\n",
    ] {
        structure(plain(&unit.repeat(1_000_000 / unit.len())));
    }
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}
