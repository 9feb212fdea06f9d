//! Abbreviations whose full stop does not end a sentence.
//!
//! Those that may also stand last in a sentence ("m.m.", "m.fl.", "osv.", "kr.") are not here:
//! a full stop ends a sentence anyway only where a capital or a number follows.

/// Never last in a sentence, whatever follows.
const NEVER_LAST: &[&str] = &[
    "adj", "ang", "avs", "bitr", "bl.a", "bla", "cf", "d.v.s", "dvs", "doc", "dr", "e.g", "eg",
    "ekon", "enl", "ev", "ex", "exkl", "f", "f.d", "fd", "fr", "fr.o.m", "förf", "hr", "i.e",
    "inkl", "jfr", "jmf", "jur", "kand", "kungl", "lic", "m.a.o", "motsv", "mr", "mrs", "ms",
    "nuv", "omkr", "p.g.a", "pga", "prof", "resp", "s.k", "sk", "st.f", "särsk", "t.ex", "t.o.m",
    "t.v", "tekn", "tel", "tex", "tfn", "vs",
];

/// Followed by the number they belong to; before a word they are as good as any other.
const BEFORE_NUMBER: &[&str] = &[
    "anm", "art", "avd", "avsn", "bet", "c", "ca", "dir", "dnr", "ds", "fig", "kap", "kl", "mom",
    "no", "nos", "nr", "p", "pp", "prop", "rskr", "s", "sec", "sect", "sid", "skr", "ss", "st",
    "t", "tab", "v", "vol", "rn", "dok", "reg", "gr",
];

/// Dotted abbreviations that may be last in a sentence.
const MAY_BE_LAST: &[&str] = &[
    "a.a", "d.y", "d.ä", "e.d", "e.dyl", "e.m", "f.kr", "e.kr", "f.m", "f.n", "m.fl", "m.m", "o.d",
    "o.dyl", "o.s.v", "p.m", "a.m", "f.f",
];

/// Words after which a single capital is a designation and no initial: "alternativ A."
const BEFORE_DESIGNATION: &[&str] = &[
    "alternativ",
    "alternative",
    "avdelning",
    "bilaga",
    "bilagor",
    "del",
    "grupp",
    "kategori",
    "klass",
    "kolumn",
    "modell",
    "nivå",
    "plan",
    "punkt",
    "rotel",
    "steg",
    "typ",
];

/// Whether the full stop after `before` belongs to an abbreviation or an initial, so that the
/// sentence goes on; `next` is the character that follows the stop and the space.
pub(super) fn holds_on(before: &str, next: Option<char>) -> bool {
    let mut words = before.rsplit([' ', '\u{a0}', '\n', '\t']);
    let Some(last) = words.next() else {
        return false;
    };
    let last = last.trim_start_matches(['(', '[', '"', '”', '“', '»', '’', '\'', '–', '-']);
    let previous = words.next().unwrap_or("");
    if is_initial(last) {
        let previous = previous.to_lowercase();
        return !BEFORE_DESIGNATION.contains(&previous.as_str());
    }
    let alone = last.to_lowercase();
    // "t. ex.", "bl. a.": the second half is written apart.
    let mut joined = None;
    if last.chars().count() <= 3 && previous.ends_with('.') && previous.chars().count() <= 3 {
        let first = previous.trim_start_matches('(').to_lowercase();
        if first.trim_end_matches('.').chars().all(char::is_alphabetic) {
            joined = Some(format!("{first}{alone}"));
        }
    }
    let forms: Vec<&str> = joined.iter().chain([&alone]).map(String::as_str).collect();
    if forms.iter().any(|form| MAY_BE_LAST.contains(form)) {
        return false;
    }
    let number_follows = next.is_some_and(|c| c.is_ascii_digit() || c == '§');
    forms.iter().any(|form| {
        NEVER_LAST.contains(form)
            || is_dotted(form)
            || (BEFORE_NUMBER.contains(form) && number_follows)
    })
}

/// "K" in "K. Wanngård", "K.G" in "K.G. Westman".
fn is_initial(word: &str) -> bool {
    !word.is_empty()
        && word.split(['.', '-']).all(|part| {
            let mut chars = part.chars();
            chars.next().is_some_and(char::is_uppercase) && chars.next().is_none()
        })
}

/// Small letters with a stop after each, as in "i.f.d": an abbreviation, though not a known one.
fn is_dotted(word: &str) -> bool {
    word.contains('.')
        && word
            .split('.')
            .all(|part| part.chars().count() == 1 && part.chars().all(char::is_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_that_do_not_end_a_sentence() {
        for (before, next, expected) in [
            ("regelverk, t.ex", 'R', true),
            ("regelverk, t. ex", 'R', true),
            ("(bl.a", 'E', true),
            ("den s.k", 'A', true),
            ("enligt prop", '2', true),
            ("i 1 kap", '2', true),
            ("i samma kap", 'R', false),
            ("av borgarrådet K", 'W', true),
            ("av K.G", 'W', true),
            ("enligt alternativ A", 'R', false),
            ("kommuner, regioner m.fl", 'R', false),
            ("tolkningar m. m", 'R', false),
            ("av olika art", 'R', false),
            ("enligt art", '6', true),
            ("stödjer förslaget", 'R', false),
            ("", 'R', false),
        ] {
            assert_eq!(holds_on(before, Some(next)), expected, "{before}. {next}");
        }
    }
}
