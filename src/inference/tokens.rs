//! Text to tokens. Long sentences become several windows; nothing is cut off.

use super::InferenceError;
use tokenizers::Tokenizer;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Tokens in one window, markers included: what the encoder was trained on.
pub(super) const WINDOW: usize = 128;

/// The tokens of one text, in windows that each fit the encoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Windows(pub Vec<Vec<u32>>);

pub(super) struct Tokens {
    tokenizer: Tokenizer,
    opening: u32,
    closing: u32,
}

impl Tokens {
    pub(super) fn new(json: &[u8], vocabulary: usize) -> Result<Self, InferenceError> {
        let damaged = |message: String| InferenceError::Damaged {
            file: "tokenizer.json",
            message,
        };
        let mut tokenizer =
            Tokenizer::from_bytes(json).map_err(|error| damaged(error.to_string()))?;
        let highest = tokenizer.get_vocab(true).into_values().max();
        let entries = highest.map_or(0, |id| id as usize + 1);
        if entries > vocabulary {
            return Err(InferenceError::Vocabulary {
                tokenizer: entries,
                weights: vocabulary,
            });
        }
        // A response that spells out "[SEP]" has written five characters, not a control token.
        tokenizer.set_encode_special_tokens(true);
        let marker = |name: &str| {
            tokenizer
                .token_to_id(name)
                .ok_or_else(|| damaged(format!("there is no token `{name}`")))
        };
        let (opening, closing) = (marker("[CLS]")?, marker("[SEP]")?);
        Ok(Self {
            tokenizer,
            opening,
            closing,
        })
    }

    /// `[CLS] … [SEP]` windows of `text`; at least one.
    pub(super) fn windows(&self, text: &str) -> Result<Windows, InferenceError> {
        let encoding = self
            .tokenizer
            .encode_fast(clean(text), false)
            .map_err(|error| InferenceError::Damaged {
                file: "tokenizer.json",
                message: error.to_string(),
            })?;
        let room = WINDOW - 2;
        let ids = encoding.get_ids();
        let count = ids.len().div_ceil(room).max(1);
        // Windows of equal length rather than full ones and a scrap.
        let share = ids.len().div_ceil(count).max(1);
        let mut windows: Vec<Vec<u32>> = ids.chunks(share).map(|part| self.mark(part)).collect();
        if windows.is_empty() {
            windows.push(self.mark(&[]));
        }
        Ok(Windows(windows))
    }

    fn mark(&self, ids: &[u32]) -> Vec<u32> {
        let mut window = Vec::with_capacity(ids.len() + 2);
        window.push(self.opening);
        window.extend_from_slice(ids);
        window.push(self.closing);
        window
    }
}

/// The text as encoder and n-grams were trained to see it: composed letters, one space between words, no
/// soft hyphens. The tokenizer has no normaliser of its own, because this is many times faster.
pub(crate) fn clean(text: &str) -> String {
    let unseen = ['\u{ad}', '\u{feff}'];
    let visible: String = text.chars().filter(|c| !unseen.contains(c)).collect();
    let words: Vec<&str> = visible.split_whitespace().collect();
    let spaced = words.join(" ");
    match is_nfc_quick(spaced.chars()) {
        IsNormalized::Yes => spaced,
        IsNormalized::No | IsNormalized::Maybe => spaced.nfc().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::weights::ModelFiles;
    use super::*;

    #[test]
    fn typed_control_tokens_are_only_letters() {
        let tokens = Tokens::new(ModelFiles::embedded().tokenizer(), 16384).unwrap();
        let windows = tokens.windows("Vi [SEP] avstyrker. [CLS]").unwrap().0;
        let (opening, closing) = (tokens.opening, tokens.closing);
        let inner = &windows[0][1..windows[0].len() - 1];
        assert!(inner.len() > 4);
        assert!(inner.iter().all(|id| ![opening, closing].contains(id)));
    }

    #[test]
    fn a_text_is_cleaned_as_in_training() {
        assert_eq!(
            clean(" Fo\u{308}r\u{ad}slaget\u{a0}om\n AI\u{feff} "),
            "Förslaget om AI"
        );
        assert_eq!(clean(""), "");
    }
}
