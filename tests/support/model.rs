//! A language model for tests: random weights with the real vocabulary of the embedded encoder. It answers
//! nonsense, and every answer must still be valid.

#![allow(dead_code, reason = "each test file uses a part of this")]

use candle_core::{Device, Tensor};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;

const CONTROL: [&str; 4] = ["<|im_start|>", "<|im_end|>", "<think>", "</think>"];
pub const VOCABULARY: usize = 16_384 + CONTROL.len();

const TEMPLATE: &str = "\
    {%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\n' + message.content | trim + '<|im_end|>\n' }}
    {%- endfor %}
    {%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n<think>\n' }}
    {%- endif %}";

/// ` [`, `]` and the end of a line in the vocabulary: where a point of a summary, its numbers, and the summary end.
const ENDS: [usize; 3] = [10_269, 65, 203];

/// Writes a model with random weights in Qwen3's architecture, which can read `context` tokens.
pub fn write_model(folder: &Path, context: usize) {
    write(folder, context, &[]);
}

/// The same, but it ends what it writes as soon as it may.
pub fn write_terse_model(folder: &Path, context: usize) {
    write(folder, context, &ENDS);
}

fn write(folder: &Path, context: usize, preferred: &[usize]) {
    let config = json!({
        "model_type": "qwen3", "vocab_size": VOCABULARY, "hidden_size": 32,
        "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": context,
        "rms_norm_eps": 1e-6, "tie_word_embeddings": preferred.is_empty(), "eos_token_id": 16_385,
    });
    let mut state = 1u32;
    let mut tensors = HashMap::new();
    let mut random = |name: &str, shape: &[usize]| {
        let count: usize = shape.iter().product();
        let numbers: Vec<f32> = (0..count)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ((state >> 8) as f32 / (1 << 23) as f32 - 1.0) * 0.5
            })
            .collect();
        let tensor = Tensor::from_vec(numbers, shape, &Device::Cpu).unwrap();
        tensors.insert(name.to_owned(), tensor);
    };
    random("model.embed_tokens.weight", &[VOCABULARY, 32]);
    random("model.norm.weight", &[32]);
    for layer in 0..2 {
        for (part, shape) in [
            ("input_layernorm", &[32][..]),
            ("post_attention_layernorm", &[32]),
            ("self_attn.q_proj", &[32, 32]),
            ("self_attn.k_proj", &[16, 32]),
            ("self_attn.v_proj", &[16, 32]),
            ("self_attn.o_proj", &[32, 32]),
            ("self_attn.q_norm", &[8]),
            ("self_attn.k_norm", &[8]),
            ("mlp.gate_proj", &[48, 32]),
            ("mlp.up_proj", &[48, 32]),
            ("mlp.down_proj", &[32, 48]),
        ] {
            random(&format!("model.layers.{layer}.{part}.weight"), shape);
        }
    }
    if !preferred.is_empty() {
        prefer(&mut tensors, preferred);
    }
    candle_core::safetensors::save(&tensors, folder.join("model.safetensors")).unwrap();

    let embedded = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/embedded/tokenizer.json");
    let mut tokenizer: Value = serde_json::from_slice(&std::fs::read(embedded).unwrap()).unwrap();
    tokenizer["post_processor"] = Value::Null;
    // Left from training, as it happens; to be ignored.
    tokenizer["truncation"] =
        json!({"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0});
    tokenizer["padding"] = json!({"strategy": {"Fixed": 64}, "direction": "Right",
        "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"});
    tokenizer["added_tokens"] = CONTROL
        .iter()
        .enumerate()
        .map(|(i, content)| {
            json!({"id": 16_384 + i, "content": content, "special": i < 2, "single_word": false,
                "lstrip": false, "rstrip": false, "normalized": false})
        })
        .collect();
    let put = |file: &str, value: Value| {
        std::fs::write(folder.join(file), value.to_string()).unwrap();
    };
    put("config.json", config);
    put("tokenizer.json", tokenizer);
    put(
        "tokenizer_config.json",
        json!({"chat_template": TEMPLATE, "eos_token": "<|im_end|>"}),
    );
}

/// Makes some tokens the likeliest wherever they are possible: the first of a state's numbers is large
/// whatever was read, and these tokens alone are scored by it.
fn prefer(tensors: &mut HashMap<String, Tensor>, preferred: &[usize]) {
    let columns = |tensor: &Tensor, first: &dyn Fn(usize) -> f32| {
        let mut rows: Vec<Vec<f32>> = tensor.to_vec2().unwrap();
        for (token, row) in rows.iter_mut().enumerate() {
            row[0] = first(token);
        }
        Tensor::new(rows, &Device::Cpu).unwrap()
    };
    let random = tensors["model.embed_tokens.weight"].clone();
    let scored = |token| {
        if preferred.contains(&token) {
            10.0
        } else {
            0.0
        }
    };
    tensors.insert("lm_head.weight".to_owned(), columns(&random, &scored));
    let large = columns(&random, &|_| 10.0);
    tensors.insert("model.embed_tokens.weight".to_owned(), large);
    let norm = Tensor::ones(32, candle_core::DType::F32, &Device::Cpu).unwrap();
    tensors.insert("model.norm.weight".to_owned(), norm);
}
