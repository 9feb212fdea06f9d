//! Where sentences begin in a running text on one line, in Swedish or English.
//!
//! A sentence ends at a full stop, question mark, exclamation mark or ellipsis, with closing
//! quotation marks and brackets, if a space and then a capital, a number or an opening mark
//! follow, and the stop is not that of an abbreviation, an initial or an ordinal. When in
//! doubt the text stays together: half a sentence misleads, two sentences do not.

use super::abbreviations;

/// Longest sentence, in characters. Text without full stops is cut before this.
pub(super) const LONGEST: usize = 1000;
/// A cut for length leaves at least this much, so that one early comma does not cut at ten.
const SHORTEST_CUT: usize = LONGEST / 2;

/// Bytes before a full stop that are searched for an abbreviation.
const LOOK_BEHIND: usize = 40;

fn ends(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…')
}

fn closing(c: char) -> bool {
    matches!(
        c,
        ')' | ']' | '}' | '"' | '”' | '“' | '’' | '\'' | '»' | '›'
    )
}

fn opening(c: char) -> bool {
    matches!(
        c,
        '(' | '['
            | '{'
            | '"'
            | '”'
            | '“'
            | '„'
            | '’'
            | '‘'
            | '\''
            | '»'
            | '«'
            | '–'
            | '—'
            | '-'
            | '*'
            | '•'
    )
}

/// Byte offsets where the sentences of `text` begin; the first is 0 unless there is no text.
///
/// `text` has single spaces only; `may_break` are offsets where the source has a line break,
/// in order, which are preferred for cutting a sentence that is too long.
pub(super) fn starts(text: &str, may_break: &[usize]) -> Vec<usize> {
    let mut starts = Vec::new();
    if text.is_empty() {
        return starts;
    }
    let mut start = 0;
    for next in boundaries(text).chain([text.len()]) {
        push_cut_to_length(text, start, next, may_break, &mut starts);
        start = next;
    }
    starts
}

/// Offsets of every sentence but the first.
fn boundaries(text: &str) -> impl Iterator<Item = usize> + '_ {
    let mut at = 0;
    let mut start = 0;
    std::iter::from_fn(move || {
        while let Some(found) = text[at..].find(ends) {
            let stop = at + found;
            let rest = text[stop..].trim_start_matches(ends);
            let marks = &text[stop..text.len() - rest.len()];
            at = stop + marks.len();
            let after = &rest[skip_note(&text[start..stop], marks, rest)..];
            let tail = after.trim_start_matches(closing);
            let Some(following) = tail.strip_prefix(' ') else {
                continue;
            };
            if begins(following) && !goes_on(&text[start..stop], marks, following) {
                at = text.len() - following.len();
                start = at;
                return Some(start);
            }
        }
        None
    })
}

/// Length of a footnote number glued to the full stop, as in "förslaget.3 Vidare".
fn skip_note(before: &str, marks: &str, rest: &str) -> usize {
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let after_word = before.ends_with(|c: char| c.is_lowercase() || closing(c));
    let followed = rest[digits..].starts_with(' ');
    if marks == "." && (1..=3).contains(&digits) && after_word && followed {
        digits
    } else {
        0
    }
}

/// Whether a sentence may begin like this.
fn begins(text: &str) -> bool {
    text.trim_start_matches(|c| opening(c) || c == ' ')
        .chars()
        .next()
        .is_some_and(|c| c.is_uppercase() || c.is_numeric() || c == '§')
}

/// Whether the sentence `before` goes on after its full stop.
fn goes_on(before: &str, marks: &str, following: &str) -> bool {
    if marks != "." {
        // "[…]" marks an omission.
        return before.ends_with('[');
    }
    let window = &before[before.ceil_char_boundary(before.len().saturating_sub(LOOK_BEHIND))..];
    is_enumerator(before, window) || abbreviations::holds_on(window, following.chars().next())
}

/// "1." at the beginning of a sentence or after a pause counts; "2025." at its end does not.
fn is_enumerator(before: &str, window: &str) -> bool {
    let head = window.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = window.len() - head.len();
    let alone = digits == before.len();
    (1..=2).contains(&digits)
        && (alone
            || head.ends_with([':', ';', '('])
            || head.ends_with(": ")
            || head.ends_with("; "))
}

/// Whether `line` ends a sentence, as far as the line alone can tell.
pub(super) fn closes(line: &str) -> bool {
    let open = line.trim_end_matches(closing);
    if open.ends_with(['!', '?', '…']) || open.ends_with("..") {
        return true;
    }
    let Some(before) = open.strip_suffix('.') else {
        return false;
    };
    let window = &before[before.ceil_char_boundary(before.len().saturating_sub(LOOK_BEHIND))..];
    // As if a capital followed: what is held open by it is held open by everything.
    !abbreviations::holds_on(window, Some('A'))
}

/// Adds `start`, and the offsets at which the text up to `end` must be cut for its length.
fn push_cut_to_length(
    text: &str,
    mut start: usize,
    end: usize,
    may_break: &[usize],
    starts: &mut Vec<usize>,
) {
    starts.push(start);
    while let Some((limit, _)) = text[start..end].char_indices().nth(LONGEST) {
        let window = &text[start..start + limit];
        let earliest = window
            .char_indices()
            .nth(SHORTEST_CUT)
            .map_or(0, |(at, _)| at);
        start += cut(window, earliest, start, may_break);
        starts.push(start);
    }
}

/// Where to cut `window`, which is too long: after a semicolon, at a line break, after a comma,
/// between words, or, where there is not even a space, at its end.
fn cut(window: &str, earliest: usize, offset: usize, may_break: &[usize]) -> usize {
    let after = |mark: &str| {
        let at = window.rfind(mark)? + mark.len();
        (at > earliest && at < window.len()).then_some(at)
    };
    let line_break = || {
        let below = may_break.partition_point(|&at| at < offset + window.len());
        let at = may_break[..below].last()?.checked_sub(offset)?;
        (at > earliest).then_some(at)
    };
    after("; ")
        .or_else(line_break)
        .or_else(|| after(", "))
        .or_else(|| after(" "))
        .unwrap_or(window.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sentences of `text`, which stands on one line.
    fn split(text: &str) -> Vec<&str> {
        let starts = starts(text, &[]);
        let ends = starts.iter().skip(1).copied().chain([text.len()]);
        starts
            .iter()
            .zip(ends)
            .map(|(&start, end)| text[start..end].trim_end())
            .collect()
    }

    #[test]
    fn swedish_sentences() {
        // A bar stands where a sentence begins.
        for marked in [
            "Kommunen tillstyrker förslaget.|Regionen avstyrker det.",
            "Det gäller t.ex. Skatteverket, bl.a. Försäkringskassan och s.k. Digg-tjänster.|Nästa.",
            "Kommuner, regioner m.fl. berörs.|Myndigheter, universitet m.m.|Regionen instämmer.",
            "Frågor om etik, juridik o.s.v. tas upp.|Se prop. 2024/25:60 s. 12 och bet. 2024/25:JuU3.",
            "Enligt 1 kap. 2 § första stycket gäller det.|Enligt 5 kap. 3 § andra stycket.",
            "Beslutet fattades den 4 juni 2025.|Mötet var kl. 13.30 i rum nr. 4.",
            "Kostnaden är ca. 4,5 mkr.|Den ökar med 2.5 procent, dvs. Mer än väntat.",
            "Borgarrådet K. Wanngård föredrog.|K.G. Westman och dr. Ek närvarade.",
            "Kommunen förordar alternativ A.|Alternativ B.|Det är dyrt.",
            "Vad gäller då?!|Ingen vet…|”Vi vet inte.”|(Se bilaga 1.)|Slut.",
            "”Hur ska det gå?” frågar kommunen.|Det är oklart.",
            "Utredningen (SOU 2025:12) föreslår följande: 1. En plikt.|2. En avgift.",
            "Förslaget om en plikt [...] Det är bra.",
            "Kostnaderna bärs av kommunerna.3|Vidare anser regionen det.",
            "1. Inför en plikt.|2. Inför en avgift.",
            "Kommunen, fr.o.m. Den dagen, t. ex. Nu.",
            "Regionen ser positivt på 2025.|2026 blir svårare.",
            "Läs mer på www.regeringen.se/remisser.|Där finns allt.",
            "p.g.a. Brexit, jfr. Norge och resp. Danmark.",
            "Inget av detta gäller...|Eller gör det?|Ja!",
            "utan versal. och utan slut",
        ] {
            let text = marked.replace('|', " ");
            let expected: Vec<&str> = marked.split('|').collect();
            assert_eq!(split(&text), expected);
        }
    }

    #[test]
    fn english_sentences() {
        for marked in [
            "The Agency, i.e. the Board, supports the proposal.|It has no objections.",
            "See e.g. Article 6.|The U.S. approach differs, cf. Art. 5.",
            "Prof. Ek and Dr. Holm agree (No. 4).|\"Why?\" she asked.|We do not know.",
        ] {
            let text = marked.replace('|', " ");
            let expected: Vec<&str> = marked.split('|').collect();
            assert_eq!(split(&text), expected);
        }
    }

    #[test]
    fn text_without_full_stops_is_cut() {
        let text = "kommunen anser att förslaget behöver utredas vidare; ".repeat(100);
        let sentences = split(text.trim_end());
        assert!(
            sentences
                .iter()
                .all(|sentence| sentence.chars().count() <= LONGEST)
        );
        assert!(sentences.iter().all(|sentence| sentence.ends_with(';')));
        let text = "å".repeat(2 * LONGEST + 1);
        assert_eq!(
            split(&text)
                .iter()
                .map(|cut| cut.chars().count())
                .collect::<Vec<_>>(),
            [LONGEST, LONGEST, 1]
        );
    }

    #[test]
    fn a_long_sentence_is_cut_at_a_line_break_rather_than_at_a_word() {
        let text = "ord ".repeat(400);
        assert_eq!(starts(text.trim_end(), &[400, 800, 1200]), [0, 800]);
    }

    #[test]
    fn which_lines_end_a_sentence() {
        for (line, expected) in [
            ("förslaget.", true),
            ("förslaget.”", true),
            ("(se bilaga.)", true),
            ("kommuner m.fl.", true),
            ("till exempel bl.a.", false),
            ("borgarrådet K.", false),
            ("vikten av:", false),
            ("i offentlig sektor", false),
        ] {
            assert_eq!(closes(line), expected, "{line}");
        }
    }
}
