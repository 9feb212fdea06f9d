//! Which short stretches of text are headings.
//!
//! A heading is no sentence and can be no evidence, so a statement must not be taken for one:
//! a line with a finite verb ("Regionen tillstyrker förslaget") is a heading only if it is
//! numbered, and never if it takes a stance.

use super::sentences::closes;
use regex::Regex;
use std::sync::LazyLock;

/// What a stretch of text looks like, before its surroundings are considered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// Numbered in more than one step ("3.1"), a customary title, or capitals: a heading
    /// wherever it stands. Holds the level.
    Certain(u8),
    /// "1 Inledning", "2. Förslag": a heading, or an item of a numbered list.
    Numbered,
    /// Short, unpunctuated, without a verb: a heading if text follows.
    Possible,
    None,
}

const LONGEST_NUMBERED: usize = 180;
const LONGEST: usize = 100;
const MOST_WORDS: usize = 13;

static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+["”»]?\p{Lu}"#).expect("valid pattern")
});
static CUSTOMARY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?xi)^(?:
            (?:kort\s+)?sammanfattning(?:\s+av\s+[\p{L}\s]{3,40})? | summary | executive\s+summary
          | inledning | introduktion | introduction | inledande\s+(?:synpunkter|kommentarer)
          | bakgrund | background | bilag(?:a|or)(?:\s+[\d\p{Lu}]{1,2})? | appendix(?:\s+\w{1,2})?
          | beredning | ärendet | ärendebeskrivning | förslag\s+till\s+beslut | beslut
          | remissammanställning | remissyttrande | remissvar | yttrande | ställningstagande
          | (?:allmänna|övergripande|generella|särskilda|detaljerade|övriga)\s+
            (?:synpunkter|kommentarer|ställningstaganden)
          | general\s+(?:comments|remarks) | specific\s+comments | conclusions?
          | synpunkter | överväganden | bedömning | slutsats(?:er)?
          | avslutande\s+(?:synpunkter|kommentarer|ord) | övrigt | konsekvenser | slutord
          | särskilt\s+yttrande | skiljaktig\s+mening | avvikande\s+mening
        )$",
    )
    .expect("valid pattern")
});
/// Finite verbs that short statements in responses are made with. "Delar" is one only near the
/// beginning: further on it is a noun.
static FINITE_VERB: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?xi)^\S+(?:\s\S+)?\s+delar\b
          |\b(?:är|var|har|hade|ska|skall|bör|borde|kan|kunde|vill|måste|får|fick|blir|ser|anser
          |menar|tycker|lämnar|föreslår|föreslås|saknar|saknas|innebär|gäller|finns|krävs
          |behövs|behöver|bedömer|noterar|konstaterar|ställer|hänvisar|besvarar|önskar|tackar
          |understryker|betonar|framhåller|efterfrågar|förordar|förutsätter|antar|beslutar
          |is|are|was|has|have|should|shall|must|can|will|would|agrees?|considers?|proposes?)\b",
    )
    .expect("valid pattern")
});
static STANCE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?xi)\b(?:(?:till|av)styrk(?:er|s|a)|instämmer|välkomnar|stödjer|stöder|motsätter|avstår
          |avvisar|ställer\s+sig|ser\s+positivt|är\s+(?:positiva?|negativa?|kritiska?)
          |inga\s+(?:synpunkter|invändningar)|inget\s+att\s+(?:erinra|invända)
          |supports?|opposes?|welcomes?)\b",
    )
    .expect("valid pattern")
});
/// Addresses, dates, reference numbers: letterhead, no headings.
static PARTICULARS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?xi)@|www\.|https?:|\b\d{3}\s\d{2}\b|\b\d{5,}\b|\b\d{4}-\d{2}-\d{2}\b|\b(?:dnr|diarien|tfn\b|tel\b)
          |\b\d{1,2}\s+(?:januari|februari|mars|april|maj|juni|juli|augusti|september|oktober
          |november|december|january|february|march|may|june|july|august|october)\s+\d{4}\b",
    )
    .expect("valid pattern")
});
/// A number before one of these is that of a footnote.
static SOURCE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:\b(?:SOU|Ds|COM|KOM)\s?\(?\d{4}|\bprop\.|\bs\.\s?\d|\bdnr\b|https?:|www\.)")
        .expect("valid pattern")
});

/// How much `text`, on one line, looks like a heading.
pub(super) fn likeness(text: &str) -> Likeness {
    let length = text.chars().count();
    let open = text.ends_with([',', ';', ':', '-', '–']) || ends_on_function_word(text);
    if length > LONGEST_NUMBERED || closes(text) || open || PARTICULARS.is_match(text) {
        return Likeness::None;
    }
    if STANCE.is_match(text) {
        return Likeness::None;
    }
    if let Some(found) = NUMBERED.captures(text) {
        let steps = found[1].split('.').count();
        return match u8::try_from(steps) {
            Ok(level @ 2..) => Likeness::Certain(level),
            _ if length <= LONGEST && !SOURCE.is_match(text) => Likeness::Numbered,
            _ => Likeness::None,
        };
    }
    if CUSTOMARY.is_match(text) || is_capitals(text) && length <= LONGEST {
        return Likeness::Certain(1);
    }
    let begins = text
        .chars()
        .next()
        .is_some_and(|c| c.is_uppercase() || "\"”»".contains(c));
    let brief = length <= LONGEST && text.split_whitespace().count() <= MOST_WORDS;
    if begins && brief && !FINITE_VERB.is_match(text) {
        Likeness::Possible
    } else {
        Likeness::None
    }
}

/// At least five letters and none of them small: "BAKGRUND", and not "AI" or "SKR".
fn is_capitals(text: &str) -> bool {
    let letters = || text.chars().filter(|c| c.is_alphabetic());
    letters().count() >= 5 && letters().all(char::is_uppercase)
}

/// Words that cannot end a sentence or a title: the text goes on.
pub(super) fn ends_on_function_word(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "och", "att", "i", "på", "av", "för", "med", "till", "som", "om", "en", "ett", "den",
        "det", "de", "från", "vid", "eller", "samt", "men", "under", "mellan", "genom", "enligt",
        "när", "där", "kring", "sin", "sina", "sitt", "dess", "deras", "vår", "våra", "inte",
        "the", "of", "and", "to", "in", "for", "with", "that", "a", "an", "by",
    ];
    text.rsplit(char::is_whitespace)
        .next()
        .is_some_and(|word| WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness_of_lines() {
        use Likeness::{Certain, None, Numbered, Possible};
        for (line, expected) in [
            ("3.1 AI i offentlig sektor", Certain(2)),
            (
                "8.3.2 Socialstyrelsen ska få i uppdrag att följa upp",
                Certain(3),
            ),
            ("1 Inledning", Numbered),
            ("2. Förslag om ny myndighet", Numbered),
            ("Sammanfattning av ärendet", Certain(1)),
            ("Bilaga 2", Certain(1)),
            ("ÖVERGRIPANDE SYNPUNKTER", Certain(1)),
            ("Kommentarer till specifika delar av färdplanen", Possible),
            // Statements, not titles.
            ("Region Skåne tillstyrker förslaget", None),
            ("3.1 Kommunen avstyrker förslaget", None),
            ("Kommunen har inga synpunkter", None),
            ("Nämnden anser förslaget väl avvägt", None),
            ("Inledning.", None),
            ("Regionen är positiv till:", None),
            ("Kommunen vill framhålla vikten av", None),
            // Letterhead and footnotes.
            ("Stockholm den 14 maj 2025", None),
            ("103 33 Stockholm", None),
            ("Dnr KS 2025/377", None),
            ("1 SOU 2023:96, avsnitt 4", None),
            ("2025 Region Skåne", None),
            ("SKR", Possible),
        ] {
            assert_eq!(likeness(line), expected, "{line}");
        }
    }
}
