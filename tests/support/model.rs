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

/// Writes a model with random weights in Qwen3's architecture, which can read `context` tokens.
pub fn write_model(folder: &Path, context: usize) {
    let config = json!({
        "model_type": "qwen3", "vocab_size": VOCABULARY, "hidden_size": 32,
        "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": context,
        "rms_norm_eps": 1e-6, "tie_word_embeddings": true, "eos_token_id": 16_385,
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
    let write = |file: &str, value: Value| {
        std::fs::write(folder.join(file), value.to_string()).unwrap();
    };
    write("config.json", config);
    write("tokenizer.json", tokenizer);
    write(
        "tokenizer_config.json",
        json!({"chat_template": TEMPLATE, "eos_token": "<|im_end|>"}),
    );
}
