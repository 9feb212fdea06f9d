//! Text to tokens of a language model and back, with a wall between control and data.
//!
//! What a template says may hold control tokens; what stands in a response may not, whatever it
//! spells out. So a tokenizer is read twice: once as it is, and once without its control tokens, which
//! reads `<|im_end|>` or `<think>` as the letters that they are. Every token that was added to the
//! vocabulary counts as one, but for white space (Gemma adds tokens for runs of it), which controls nothing.

use crate::inference::{Checkpoint, InferenceError, checkpoint};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use tokenizers::Tokenizer;

pub struct LanguageTokens {
    control: Tokenizer,
    data: Tokenizer,
    /// The control tokens, which text that is data must not become.
    controls: BTreeSet<u32>,
    /// What each token writes; nothing for control tokens and gaps.
    bytes: Vec<Vec<u8>>,
    /// Tokens that end an answer.
    stops: BTreeSet<u32>,
}

impl LanguageTokens {
    /// The vocabulary of a model: of its folder, or out of its GGUF file.
    ///
    /// # Errors
    /// As those of [`LanguageTokens::open`].
    pub fn of(checkpoint: &Checkpoint) -> Result<Self, InferenceError> {
        let size = checkpoint.config().vocabulary;
        match checkpoint.vocabulary()? {
            Some(own) => Self::new(own.json, own.stops, size),
            None => Self::open(checkpoint.folder(), size),
        }
    }

    /// Reads `tokenizer.json` of a model's folder, and the tokens that end an answer from
    /// `generation_config.json` or `config.json`.
    ///
    /// # Errors
    /// A file is missing or damaged, or the tokenizer has more entries than the model `vocabulary`.
    pub fn open(folder: &Path, vocabulary: usize) -> Result<Self, InferenceError> {
        let read = |file: &'static str| -> Result<Value, InferenceError> {
            let bytes = checkpoint::read(folder, file)?;
            serde_json::from_slice(&bytes).map_err(|error| InferenceError::DamagedFile {
                path: folder.join(file),
                message: error.to_string(),
            })
        };
        let mut stops = BTreeSet::new();
        for file in ["generation_config.json", "config.json"] {
            match read(file) {
                Ok(config) => stops.extend(numbers(&config["eos_token_id"])),
                Err(InferenceError::MissingFile { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Self::new(read("tokenizer.json")?, stops, vocabulary)
    }

    fn new(
        mut json: Value,
        stops: BTreeSet<u32>,
        vocabulary: usize,
    ) -> Result<Self, InferenceError> {
        let damaged = |message: String| InferenceError::Damaged {
            file: "tokenizer.json",
            message,
        };
        let bytes = token_bytes(&json).map_err(damaged)?;
        // A checkpoint may have been saved with the settings of its training. They would cut or fill up
        // what is read.
        json["truncation"] = Value::Null;
        json["padding"] = Value::Null;
        let mut without = json.clone();
        let mut controls = BTreeSet::new();
        if let Some(added) = without["added_tokens"].as_array_mut() {
            controls.extend(added.iter().filter(|own| is_control(own)).filter_map(id));
            added.retain(|own| !is_control(own));
        }
        let tokenizer = |json: Value| {
            let tokenizer: Result<Tokenizer, _> = serde_json::from_value(json);
            tokenizer.map_err(|error| damaged(error.to_string()))
        };
        let (control, data) = (tokenizer(json)?, tokenizer(without)?);
        // Added tokens beyond it (Gemma 3 has one for images) are never asked for.
        let highest = control.get_vocab(false).into_values().max();
        let entries = highest.map_or(0, |id| id as usize + 1);
        if entries > vocabulary {
            return Err(InferenceError::Vocabulary {
                tokenizer: entries,
                weights: vocabulary,
            });
        }
        Ok(Self {
            controls,
            control,
            data,
            bytes,
            stops,
        })
    }

    /// Tokens of text that we have written ourselves: names of control tokens become control tokens.
    pub fn control(&self, text: &str) -> Result<Vec<u32>, InferenceError> {
        encode(&self.control, text, false)
    }

    /// Tokens of a text as the model's own tokenizer begins it (with a token for the beginning,
    /// where it has one), its letters taken as data.
    pub fn beginning(&self, text: &str) -> Result<Vec<u32>, InferenceError> {
        let mut tokens = encode(&self.control, "", true)?;
        tokens.extend(self.data(text)?);
        Ok(tokens)
    }

    /// The name of the token for the beginning of a text, where the model has one.
    pub(super) fn beginning_name(&self) -> String {
        let first = encode(&self.control, "", true).ok();
        let first = first.and_then(|ids| self.control.id_to_token(*ids.first()?));
        first.unwrap_or_default()
    }

    /// Tokens of text that is data. None of them is a control token.
    pub fn data(&self, text: &str) -> Result<Vec<u32>, InferenceError> {
        let mut tokens = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let encoding = self.data.encode(rest, false).map_err(unreadable)?;
            let ids = encoding.get_ids();
            let Some(place) = ids.iter().position(|id| self.controls.contains(id)) else {
                tokens.extend_from_slice(ids);
                break;
            };
            // A vocabulary may hold the name of a control token like a word. What stands before it is
            // kept; its first letter is read by itself, and the rest is read anew.
            tokens.extend_from_slice(&ids[..place]);
            let (begin, end) = encoding.get_offsets()[place];
            let letter = rest[begin..].chars().next().map_or(0, char::len_utf8);
            if letter == 0 || end <= begin {
                break;
            }
            let alone = &rest[begin..begin + letter];
            let alone = encode(&self.data, alone, false)?;
            tokens.extend(alone.iter().filter(|id| !self.controls.contains(id)));
            rest = &rest[begin + letter..];
        }
        Ok(tokens)
    }

    /// Whether a token ends an answer.
    pub fn stops(&self, token: u32) -> bool {
        self.stops.contains(&token)
    }

    /// The tokens that end an answer.
    pub fn stop_tokens(&self) -> impl Iterator<Item = u32> {
        self.stops.iter().copied()
    }

    pub fn is_control(&self, token: u32) -> bool {
        self.controls.contains(&token)
    }

    /// The bytes that a token writes; control tokens write none.
    pub fn bytes(&self, token: u32) -> &[u8] {
        self.bytes.get(token as usize).map_or(&[], Vec::as_slice)
    }

    /// What tokens write. Bytes that are no text (a letter cut in two) become U+FFFD.
    pub fn text(&self, tokens: &[u32]) -> String {
        let bytes: Vec<u8> = tokens
            .iter()
            .flat_map(|&token| self.bytes(token))
            .copied()
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn encode(tokenizer: &Tokenizer, text: &str, mark: bool) -> Result<Vec<u32>, InferenceError> {
    let encoding = tokenizer.encode_fast(text, mark).map_err(unreadable)?;
    Ok(encoding.get_ids().to_vec())
}

fn unreadable(error: tokenizers::Error) -> InferenceError {
    InferenceError::Damaged {
        file: "tokenizer.json",
        message: error.to_string(),
    }
}

/// One number or several.
fn numbers(value: &Value) -> Vec<u32> {
    let one = |value: &Value| value.as_u64().and_then(|number| u32::try_from(number).ok());
    match value {
        Value::Array(all) => all.iter().filter_map(one).collect(),
        other => one(other).into_iter().collect(),
    }
}

fn is_control(added: &Value) -> bool {
    let special = added["special"].as_bool().unwrap_or(false);
    let content = added["content"].as_str().unwrap_or_default();
    // SentencePiece writes a space as `▁`.
    let blank = |letter: char| letter.is_whitespace() || letter == '▁';
    special || !content.chars().all(blank)
}

fn id(added: &Value) -> Option<u32> {
    u32::try_from(added["id"].as_u64()?).ok()
}

/// What each token writes. Vocabularies name bytes in one of two ways: GPT-2's, a letter for each
/// byte (`ByteLevel`), or SentencePiece's, text with `▁` for a space and `<0x0A>` for a byte that is
/// no text.
fn token_bytes(json: &Value) -> Result<Vec<Vec<u8>>, String> {
    let decoder = &json["decoder"];
    let steps = match decoder["decoders"].as_array() {
        Some(steps) => steps.as_slice(),
        None => std::slice::from_ref(decoder),
    };
    let has = |kind: &str| steps.iter().any(|step| step["type"].as_str() == Some(kind));
    let byte_level = has("ByteLevel");
    let mut bytes = Vec::new();
    let mut set = |id: u64, own: Vec<u8>| {
        // A number that no vocabulary reaches would ask for all memory.
        let id = id.min(1 << 24) as usize;
        if bytes.len() <= id {
            bytes.resize(id + 1, Vec::new());
        }
        bytes[id] = own;
    };
    let unknown = || "its vocabulary is in a form that is not read here".to_owned();
    let letters = byte_letters();
    let entries: Vec<(String, u64)> = match &json["model"]["vocab"] {
        Value::Object(vocabulary) => vocabulary
            .iter()
            .filter_map(|(entry, id)| Some((entry.clone(), id.as_u64()?)))
            .collect(),
        // Unigram models list entries with their scores.
        Value::Array(vocabulary) => vocabulary
            .iter()
            .enumerate()
            .filter_map(|(id, entry)| Some((entry[0].as_str()?.to_owned(), id as u64)))
            .collect(),
        _ => return Err(unknown()),
    };
    for (entry, id) in entries {
        let own = if byte_level {
            let own: Option<Vec<u8>> = entry
                .chars()
                .map(|letter| letters.iter().position(|&l| l == letter))
                .map(|byte| byte.map(|byte| byte as u8))
                .collect();
            own.unwrap_or_else(|| entry.into_bytes())
        } else {
            match byte_name(&entry) {
                Some(byte) => vec![byte],
                None => entry.replace('▁', " ").into_bytes(),
            }
        };
        set(id, own);
    }
    for added in json["added_tokens"].as_array().into_iter().flatten() {
        let text = match is_control(added) {
            true => "",
            false => added["content"].as_str().unwrap_or_default(),
        };
        let text = text.replace('▁', " ");
        set(u64::from(id(added).ok_or_else(unknown)?), text.into_bytes());
    }
    Ok(bytes)
}

/// The byte that `<0x0A>` names.
fn byte_name(entry: &str) -> Option<u8> {
    let digits = entry.strip_prefix("<0x")?.strip_suffix('>')?;
    (digits.len() == 2).then(|| u8::from_str_radix(digits, 16).ok())?
}

/// GPT-2's letter for each byte: visible Latin-1 stands for itself, the others follow from U+0100.
fn byte_letters() -> [char; 256] {
    let mut next = 0x100;
    std::array::from_fn(|byte| {
        let letter = byte as u8 as char;
        if matches!(letter, '!'..='~' | '¡'..='¬' | '®'..='ÿ') {
            return letter;
        }
        next += 1;
        char::from_u32(next - 1).expect("the letters up to U+0143 exist")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn white_space_controls_nothing() {
        for (content, special, expected) in [
            ("<|im_end|>", true, true),
            ("<think>", false, true),
            ("\n\n", false, false),
            ("▁▁▁", false, false),
        ] {
            let added = json!({"content": content, "special": special});
            assert_eq!(is_control(&added), expected, "{content:?}");
        }
    }
}
