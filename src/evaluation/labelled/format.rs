//! The lines of a labelled file.

use super::{
    Consultation, LabelledError, SentenceLabel, WrittenResponse, WrittenSentence, WrittenTheme,
};
use crate::codebook::Stance;
use std::collections::BTreeMap;
use std::path::Path;

/// Reads the text of one file; `path` is for the messages.
///
/// # Errors
/// A line that is not of the format.
pub fn parse(text: &str, path: &Path) -> Result<Vec<Consultation>, LabelledError> {
    let mut consultations = Vec::new();
    for (number, line) in text.lines().enumerate() {
        parse_line(line.trim_end(), &mut consultations).map_err(|message| LabelledError::Line {
            path: path.to_owned(),
            line: number + 1,
            message,
        })?;
    }
    Ok(consultations)
}

fn parse_line(line: &str, consultations: &mut Vec<Consultation>) -> Result<(), String> {
    if line.is_empty() {
        return Ok(());
    }
    let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
    if mark == "%" {
        let [id, area, title] = fields(rest)?;
        consultations.push(Consultation {
            id,
            area,
            title,
            themes: Vec::new(),
            responses: Vec::new(),
        });
        return Ok(());
    }
    let consultation = consultations
        .last_mut()
        .ok_or("a line before the first `%`")?;
    match mark {
        "@" => {
            let [id, name, proposal, description] = fields(rest)?;
            consultation.themes.push(WrittenTheme {
                id,
                name,
                proposal,
                description,
            });
            return Ok(());
        }
        "##" => {
            let [id, voice, respondent] = fields(rest)?;
            consultation.responses.push(WrittenResponse {
                id,
                voice,
                respondent,
                stances: BTreeMap::new(),
                overall: String::new(),
                sentences: Vec::new(),
            });
            return Ok(());
        }
        _ => {}
    }
    let themes = &consultation.themes;
    let known = |id: &str| match themes.iter().any(|theme| theme.id == id) {
        true => Ok(()),
        false => Err(format!("theme `{id}` is not among the consultation's")),
    };
    let response = consultation
        .responses
        .last_mut()
        .ok_or("a line before the first `##`")?;
    match mark {
        "=" => {
            let mut stances = pairs(rest)?;
            response.overall = stances.remove("overall").ok_or("`overall` is missing")?;
            for (theme, stance) in stances {
                known(&theme)?;
                let stance = match stance.as_str() {
                    "disputed" => None,
                    key => {
                        Some(Stance::from_key(key).ok_or_else(|| format!("`{key}` is no stance"))?)
                    }
                };
                response.stances.insert(theme, stance);
            }
        }
        "#" => response.sentences.push(WrittenSentence {
            heading: true,
            text: rest.to_owned(),
            salient: false,
            labels: BTreeMap::new(),
        }),
        "!" | "-" => {
            let (before, text) = rest.split_once('|').ok_or("`|` is missing")?;
            let mut labels = BTreeMap::new();
            for (theme, label) in pairs(before)? {
                known(&theme)?;
                let label = SentenceLabel::from_key(&label)
                    .ok_or_else(|| format!("`{label}` is no label"))?;
                labels.insert(theme, label);
            }
            response.sentences.push(WrittenSentence {
                heading: false,
                text: text.trim().to_owned(),
                salient: mark == "!",
                labels,
            });
        }
        _ => return Err(format!("`{mark}` opens no kind of line")),
    }
    Ok(())
}

fn fields<const N: usize>(rest: &str) -> Result<[String; N], String> {
    let fields: Vec<String> = rest
        .splitn(N, '|')
        .map(|field| field.trim().to_owned())
        .collect();
    let found = fields.len();
    fields
        .try_into()
        .map_err(|_| format!("{N} fields are needed, {found} are given"))
}

/// `key:value` pairs between spaces.
fn pairs(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut pairs = BTreeMap::new();
    for pair in text.split_whitespace() {
        let (key, value) = pair
            .split_once(':')
            .ok_or_else(|| format!("`{pair}` has no `:`"))?;
        if pairs.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(format!("`{key}` stands twice"));
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::super::TEXT;
    use super::*;

    #[test]
    fn a_file_is_read() {
        let read = parse(TEXT, Path::new("t")).unwrap();
        let response = &read[0].responses[0];
        assert_eq!(response.stance("a"), Some(Stance::Opposes));
        assert_eq!(response.overall, "opposes");
        let labels: Vec<_> = response
            .sentences
            .iter()
            .map(|s| (s.heading, s.salient, s.labels.get("a").copied()))
            .collect();
        let against = Some(SentenceLabel::Against);
        let reported = Some(SentenceLabel::Reported);
        assert_eq!(
            labels,
            [
                (true, false, None),
                (false, true, against),
                (false, false, reported),
                (false, false, None)
            ]
        );
        let (as_read, kept) = response.response();
        assert_eq!(as_read.sentences.len(), 3);
        assert_eq!(kept.len(), 3);
        assert_eq!(as_read.sections[1].title.as_deref(), Some("Avgifter"));
    }

    #[test]
    fn a_fault_names_its_line() {
        for (from, to, expected) in [
            ("a:against", "c:against", "t`, line 8: theme `c`"),
            ("a:against", "a:emot", "t`, line 8: `emot` is no label"),
            ("a:opposes", "a:nej", "t`, line 6: `nej` is no stance"),
            ("! a:against |", "! a:against", "t`, line 8: `|` is missing"),
            ("% tak", "? tak", "t`, line 1: a line before the first `%`"),
        ] {
            let error = parse(&TEXT.replacen(from, to, 1), Path::new("t")).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
