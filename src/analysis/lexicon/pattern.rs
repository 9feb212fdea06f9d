//! The small language in which the cues of `lexicon.toml` are written.
//!
//! ```text
//! tillstyrk{er|a|s}    one of several endings
//! {bra|rimligt}        one of several words
//! risk*  *verket       any ending; any beginning
//! (helt)  (helt|klart) a word, or one of several, that may be missing
//! *    *2              a gap of up to four words; of up to two
//! ^    $               the beginning and the end of the sentence
//! ```
//!
//! Case does not matter, and a cue never reaches across punctuation. That is all: a person
//! who knows the matter and not the program should be able to read the file and correct it.

use super::words::{Stop, Words};

/// The longest cue in words, gaps included: the words that it spells fit the bits of a `u32`.
const LONGEST: usize = 32;
/// How many words a plain `*` may skip.
const GAP: usize = 4;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Exact(String),
    Begins(String),
    Ends(String),
}

impl Form {
    fn matches(&self, word: &str) -> bool {
        match self {
            Form::Exact(text) => word == text,
            Form::Begins(text) => word.starts_with(text.as_str()),
            Form::Ends(text) => word.ends_with(text.as_str()),
        }
    }
}

#[derive(Clone, Debug)]
enum Element {
    Word { forms: Vec<Form>, optional: bool },
    Gap(usize),
}

/// A cue, ready to be compared with the words of a sentence.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    elements: Vec<Element>,
    at_start: bool,
    at_end: bool,
}

/// Where a pattern was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Match {
    /// The word after the last.
    pub(super) end: usize,
    /// Bit `i` is set where the pattern spells the `i`th word of the match; the words of a gap
    /// are not spelled, so "ställer sig inte bakom" leaves its "inte" free to negate.
    pub(super) spelled: u32,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, in words for the person who wrote it.
    pub(super) fn parse(source: &str) -> Result<Self, String> {
        let mut tokens: Vec<&str> = source.split_whitespace().collect();
        let at_start = tokens.first() == Some(&"^");
        if at_start {
            tokens.remove(0);
        }
        let at_end = tokens.last() == Some(&"$");
        if at_end {
            tokens.pop();
        }
        let elements = tokens
            .iter()
            .map(|token| element(token))
            .collect::<Result<Vec<_>, _>>()?;
        match elements.first() {
            None => return Err(format!("the cue `{source}` has no word")),
            Some(Element::Word {
                optional: false, ..
            }) => {}
            Some(_) => {
                return Err(format!(
                    "the cue `{source}` must begin with a word that it requires"
                ));
            }
        }
        if let Some(Element::Gap(_)) = elements.last() {
            return Err(format!(
                "the cue `{source}` must end with a word, not with a gap"
            ));
        }
        let longest: usize = elements
            .iter()
            .map(|element| match element {
                Element::Word { .. } => 1,
                Element::Gap(words) => *words,
            })
            .sum();
        if longest > LONGEST {
            return Err(format!(
                "the cue `{source}` may reach over more than {LONGEST} words"
            ));
        }
        Ok(Self {
            elements,
            at_start,
            at_end,
        })
    }

    /// The forms of the first word, by which the pattern is looked up.
    pub(super) fn first(&self) -> &[Form] {
        match &self.elements[0] {
            Element::Word { forms, .. } => forms,
            Element::Gap(_) => unreachable!("a pattern begins with a word"),
        }
    }

    /// Compares the pattern with the words from `at` on; of several ways, the shortest.
    pub(super) fn matches(&self, words: &Words, at: usize) -> Option<Match> {
        if self.at_start && at != 0 {
            return None;
        }
        self.follow(words, at, 0, at, 0)
    }

    fn follow(
        &self,
        words: &Words,
        start: usize,
        element: usize,
        at: usize,
        spelled: u32,
    ) -> Option<Match> {
        let Some(next) = self.elements.get(element) else {
            return (!self.at_end || at == words.len()).then_some(Match { end: at, spelled });
        };
        match next {
            Element::Word { forms, optional } => {
                let here = at < words.len()
                    && (at == start || words.before(at) == Stop::None)
                    && forms.iter().any(|form| form.matches(words.get(at)));
                let taken = here
                    .then(|| {
                        self.follow(
                            words,
                            start,
                            element + 1,
                            at + 1,
                            spelled | 1 << (at - start),
                        )
                    })
                    .flatten();
                match taken {
                    None if *optional => self.follow(words, start, element + 1, at, spelled),
                    taken => taken,
                }
            }
            Element::Gap(most) => (0..=*most)
                .take_while(|&skip| {
                    skip == 0
                        || (at + skip <= words.len() && words.before(at + skip - 1) == Stop::None)
                })
                .find_map(|skip| self.follow(words, start, element + 1, at + skip, spelled)),
        }
    }
}

fn element(token: &str) -> Result<Element, String> {
    if let Some(count) = token.strip_prefix('*')
        && (count.is_empty() || count.bytes().all(|byte| byte.is_ascii_digit()))
    {
        let words = if count.is_empty() {
            GAP
        } else {
            count
                .parse()
                .map_err(|_| format!("the gap `{token}` is too long"))?
        };
        return Ok(Element::Gap(words));
    }
    let (word, optional) = match token.strip_prefix('(') {
        Some(inner) => match inner.strip_suffix(')') {
            Some(word) => (word, true),
            None => return Err(format!("`{token}` opens a bracket and does not close it")),
        },
        None => (token, false),
    };
    Ok(Element::Word {
        forms: forms(word, token)?,
        optional,
    })
}

/// Writes out the endings of a word: `delar`, `dela` for `dela{r|}`.
fn forms(word: &str, token: &str) -> Result<Vec<Form>, String> {
    let bracketed = token.starts_with('(') && !word.contains('{');
    let (stem, endings) = match word.split_once('{') {
        Some((stem, rest)) => match rest.strip_suffix('}') {
            Some(endings) => (stem, endings.split('|').collect()),
            None => {
                return Err(format!(
                    "the endings of `{token}` must close with `}}` at its end"
                ));
            }
        },
        None if bracketed => ("", word.split('|').collect()),
        None => (word, vec![""]),
    };
    endings
        .into_iter()
        .map(|ending| form(&format!("{stem}{ending}"), token))
        .collect()
}

fn form(text: &str, token: &str) -> Result<Form, String> {
    let text = text.to_lowercase();
    let (bare, make): (&str, fn(String) -> Form) = if let Some(bare) = text.strip_suffix('*') {
        (bare, Form::Begins)
    } else if let Some(bare) = text.strip_prefix('*') {
        (bare, Form::Ends)
    } else {
        (&text, Form::Exact)
    };
    if bare.is_empty() {
        return Err(format!("`{token}` has an empty word"));
    }
    if let Some(odd) = bare
        .chars()
        .find(|c| !(c.is_alphanumeric() || matches!(c, '-' | '’' | '\'')))
    {
        return Err(format!(
            "`{token}` holds `{odd}`, which is no letter and no sign of the pattern language"
        ));
    }
    Ok(make(bare.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The matched words, spelled ones in capitals.
    fn found(pattern: &str, sentence: &str) -> Option<String> {
        let pattern = Pattern::parse(pattern).unwrap();
        let words = Words::of(sentence);
        (0..words.len()).find_map(|at| {
            let found = pattern.matches(&words, at)?;
            let shown: Vec<String> = (at..found.end)
                .map(|i| match found.spelled >> (i - at) & 1 {
                    1 => words.get(i).to_uppercase(),
                    _ => words.get(i).to_owned(),
                })
                .collect();
            Some(shown.join(" "))
        })
    }

    #[test]
    fn each_sign_of_the_language() {
        for (pattern, sentence, expected) in [
            (
                "tillstyrk{er|a|s}",
                "Förslaget tillstyrks.",
                Some("TILLSTYRKS"),
            ),
            ("tillstyrk{er|a|s}", "Förslaget är tillstyrkt.", None),
            (
                "dela{r|} * bedömning*",
                "Vi delar inte utredningens bedömning här",
                Some("DELAR inte utredningens BEDÖMNING"),
            ),
            (
                "dela{r|} * bedömning*",
                "Vi delar upp det i ett två bedömningar",
                None,
            ),
            (
                "*verket * positiv*",
                "Naturvårdsverket är positivt",
                Some("NATURVÅRDSVERKET är POSITIVT"),
            ),
            ("är (helt) positiv", "vi är positiv", Some("ÄR POSITIV")),
            (
                "är (helt) positiv",
                "vi är helt positiv",
                Some("ÄR HELT POSITIV"),
            ),
            ("ser *1 risk", "ser en risk", Some("SER en RISK")),
            ("ser *1 risk", "ser en stor risk", None),
            (
                "^ inga synpunkter $",
                "Inga synpunkter.",
                Some("INGA SYNPUNKTER"),
            ),
            ("^ inga synpunkter $", "Inga synpunkter alls", None),
            ("^ inga synpunkter $", "Vi har inga synpunkter", None),
            (
                "delar * bedömning",
                "Vi delar kostnaden, en bedömning",
                None,
            ),
            ("delar bedömning", "delar, bedömning", None),
        ] {
            assert_eq!(
                found(pattern, sentence).as_deref(),
                expected,
                "{pattern} in {sentence}"
            );
        }
    }

    #[test]
    fn a_faulty_pattern_says_what_is_wrong() {
        for (pattern, message) in [
            ("", "has no word"),
            ("* bra", "must begin with a word"),
            ("(helt) bra", "must begin with a word"),
            ("bra *", "must end with a word"),
            ("(helt", "does not close it"),
            ("bra{t|a", "must close with"),
            ("{|a}", "empty word"),
            ("bra;", "holds `;`"),
            ("a *30 b *30 c", "more than 32 words"),
        ] {
            let fault = Pattern::parse(pattern).map(|_| ()).unwrap_err();
            assert!(fault.contains(message), "{pattern}: {fault}");
        }
    }
}
