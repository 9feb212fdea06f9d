//! The vocabulary of a GGUF file as the `tokenizer.json` that it was made from.
//!
//! The keys are those of `ggml/docs/gguf.md`. Two kinds occur in the families that are read here: `gpt2`
//! (byte-level BPE with its merges) and `llama` (SentencePiece's BPE, which has scores in place of merges).

use candle_core::quantized::gguf_file::Value as Stored;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// A vocabulary, and the tokens that end an answer.
pub(in crate::inference) struct Vocabulary {
    /// As `tokenizer.json`.
    pub json: Value,
    pub stops: BTreeSet<u32>,
}

/// How `gpt2` vocabularies cut a text before they look for merges, by the name in
/// `tokenizer.ggml.pre`. The expressions are those of the models' own `tokenizer.json`.
const CUTS: [(&str, &str); 7] = [
    (
        "qwen2",
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ),
    ("llama-bpe", THREE_DIGITS),
    // Phi 4 and OLMo 2
    ("dbrx", THREE_DIGITS),
    ("chatglm-bpe", THREE_DIGITS),
    ("glm4", THREE_DIGITS),
    // Phi 4 mini
    (
        "gpt-4o",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ),
    (
        "tekken",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ),
];

const THREE_DIGITS: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// Vocabularies that cut as GPT-2's do, but each digit by itself (Granite's among them).
const DIGITS_APART: [&str; 3] = ["refact", "smollm", "starcoder"];

/// Phi 3's marks take in the white space that follows them, as its `tokenizer.json` has it and a GGUF file
/// cannot say; these do not (llama.cpp knows both from the model's name).
const SWALLOWS_NOTHING: [&str; 3] = ["<unk>", "<s>", "<|endoftext|>"];

/// Values of `tokenizer.ggml.token_type`.
const CONTROL: i64 = 3;
const USER_DEFINED: i64 = 4;

/// # Errors
/// What is missing, or not read here, in words.
pub(super) fn vocabulary(metadata: &HashMap<String, Stored>) -> Result<Vocabulary, String> {
    let key = |name: &str| metadata.get(&format!("tokenizer.ggml.{name}"));
    let text = |name: &str| key(name).and_then(|value| value.to_string().ok());
    let list = |name: &str| key(name).and_then(|value| value.to_vec().ok());
    let flag = |name: &str| key(name).and_then(|value| value.to_bool().ok());
    let missing = |name: &str| format!("`tokenizer.ggml.{name}` is missing");
    let tokens = list("tokens").ok_or_else(|| missing("tokens"))?;
    let tokens: Vec<&str> = tokens.iter().map(string).collect::<Result<_, _>>()?;
    let types: Vec<i64> = list("token_type")
        .into_iter()
        .flatten()
        .map(|kind| kind.to_i32().map_or(1, i64::from))
        .collect();
    let architecture = metadata.get("general.architecture");
    let architecture = architecture.and_then(|name| name.to_string().ok());
    let spm = text("model").is_some_and(|kind| kind == "llama");
    let swallows = spm && architecture.is_some_and(|name| name == "phi3");
    let added: Vec<Value> = (0..)
        .zip(&tokens)
        .zip(&types)
        .filter(|(_, kind)| [CONTROL, USER_DEFINED].contains(kind))
        .map(|((id, content), &kind)| {
            let mut token = added(id, content, kind == CONTROL);
            token["rstrip"] = json!(swallows && !SWALLOWS_NOTHING.contains(content));
            token
        })
        .collect();
    let ids: serde_json::Map<String, Value> = tokens
        .iter()
        .enumerate()
        .map(|(id, token)| ((*token).to_owned(), json!(id)))
        .collect();
    let number = |name: &str| key(name).and_then(|value| value.to_u32().ok());
    let bos = number("bos_token_id").and_then(|id| Some((id, *tokens.get(id as usize)?)));
    let mut json = match text("model").map(String::as_str) {
        Some("gpt2") => {
            let merges = list("merges").ok_or_else(|| missing("merges"))?;
            let merges: Vec<&str> = merges.iter().map(string).collect::<Result<_, _>>()?;
            let pre = text("pre").map_or("default", String::as_str);
            json!({
                "normalizer": (pre == "qwen2").then(|| json!({"type": "NFC"})),
                "pre_tokenizer": cut(pre)?,
                "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false},
                "model": {"type": "BPE", "vocab": ids, "merges": merges, "ignore_merges": pre == "llama-bpe"},
            })
        }
        Some("llama") => {
            let scores = list("scores").ok_or_else(|| missing("scores"))?;
            let scores: Vec<f32> = scores
                .iter()
                .map(|score| score.to_f32().unwrap_or(f32::MIN))
                .collect();
            let space = json!({"type": "Replace", "pattern": {"String": " "}, "content": "▁"});
            let before = json!({"type": "Prepend", "prepend": "▁"});
            let normalizers = match flag("add_space_prefix").unwrap_or(true) {
                true => json!([before, space]),
                false => json!([space]),
            };
            json!({
                "normalizer": {"type": "Sequence", "normalizers": normalizers},
                "decoder": {"type": "Sequence", "decoders": [
                    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                    {"type": "ByteFallback"}, {"type": "Fuse"}]},
                "model": {"type": "BPE", "vocab": ids, "merges": merges_of(&tokens, &scores), "byte_fallback": true,
                    "fuse_unk": true, "unk_token": tokens.contains(&"<unk>").then_some("<unk>")},
            })
        }
        other => {
            return Err(format!(
                "its vocabulary is of the kind `{}`, which is not read here",
                other.unwrap_or("")
            ));
        }
    };
    json["version"] = json!("1.0");
    json["added_tokens"] = json!(added);
    if let (Some((id, token)), true) = (bos, flag("add_bos_token").unwrap_or(false)) {
        json["post_processor"] = json!({
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": token, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {token: {"id": token, "ids": [id], "tokens": [token]}},
        });
    }
    let stops = ["eos_token_id", "eot_token_id", "eom_token_id"];
    Ok(Vocabulary {
        json,
        stops: stops.into_iter().filter_map(number).collect(),
    })
}

fn string(value: &Stored) -> Result<&str, String> {
    let text = value.to_string().map(String::as_str);
    text.map_err(|_| "a token of its vocabulary is no text".to_owned())
}

fn added(id: usize, content: &str, special: bool) -> Value {
    json!({"id": id, "content": content, "special": special, "single_word": false, "lstrip": false,
        "rstrip": false, "normalized": false})
}

fn cut(pre: &str) -> Result<Value, String> {
    let bytes = |cut: bool| json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": cut});
    if ["default", "gpt-2"].contains(&pre) {
        return Ok(bytes(true));
    }
    if DIGITS_APART.contains(&pre) {
        return Ok(json!({"type": "Sequence", "pretokenizers": [
            {"type": "Digits", "individual_digits": true}, bytes(true)]}));
    }
    let known = CUTS.iter().find(|(name, _)| *name == pre);
    let (_, expression) = known.ok_or_else(|| {
        format!("its vocabulary cuts words in the way `{pre}`, which is not read here")
    })?;
    Ok(json!({"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": expression}, "behavior": "Isolated", "invert": false},
        bytes(false)]}))
}

/// The merges that SentencePiece's scores stand for: every way to put an entry together from two others,
/// the entries with the highest scores first.
fn merges_of(tokens: &[&str], scores: &[f32]) -> Vec<String> {
    let ids: HashMap<&str, usize> = tokens.iter().enumerate().map(|(id, &t)| (t, id)).collect();
    let mut merges = Vec::new();
    for (whole, token) in tokens.iter().enumerate() {
        for (place, _) in token.char_indices().skip(1) {
            let (first, second) = token.split_at(place);
            if let (Some(&a), Some(&b)) = (ids.get(first), ids.get(second)) {
                merges.push((whole, a, b));
            }
        }
    }
    let score = |id: usize| scores.get(id).copied().unwrap_or(f32::MIN);
    merges.sort_by(|x, y| score(y.0).total_cmp(&score(x.0)).then(x.cmp(y)));
    merges
        .into_iter()
        .map(|(_, a, b)| format!("{} {}", tokens[a], tokens[b]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a file of the architecture says of the marks `<s>` and `<|user|>`.
    fn marks(architecture: &str) -> [bool; 2] {
        let text = |text: &str| Stored::String(text.to_owned());
        let list = |texts: &[&str]| Stored::Array(texts.iter().map(|own| text(own)).collect());
        let control = Stored::I32(CONTROL as i32);
        let metadata = HashMap::from([
            ("general.architecture".to_owned(), text(architecture)),
            ("tokenizer.ggml.model".to_owned(), text("llama")),
            (
                "tokenizer.ggml.tokens".to_owned(),
                list(&["<s>", "<|user|>", "▁", "a"]),
            ),
            (
                "tokenizer.ggml.token_type".to_owned(),
                Stored::Array(vec![
                    control.clone(),
                    control,
                    Stored::I32(1),
                    Stored::I32(1),
                ]),
            ),
            (
                "tokenizer.ggml.scores".to_owned(),
                Stored::Array(vec![Stored::F32(0.0); 4]),
            ),
        ]);
        let json = vocabulary(&metadata).unwrap().json;
        [0, 1].map(|mark| json["added_tokens"][mark]["rstrip"] == true)
    }

    #[test]
    fn the_marks_of_phi_3_take_in_what_follows() {
        assert_eq!(marks("phi3"), [false, true]);
        assert_eq!(marks("llama"), [false, false]);
    }
}
