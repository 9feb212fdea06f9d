//! The families that the decoder computes, and what each is made of that `config.json` does not say.

use super::{FeedForwardShape, NormNames, QueryKeyNorms};
use serde_json::{Value, json};

/// The shape of one family.
pub(in crate::inference) struct Family {
    /// As `model_type` names it.
    pub name: &'static str,
    pub norms: NormNames,
    pub query_key_norms: QueryKeyNorms,
    pub feed_forward: FeedForwardShape,
    pub fused_qkv: bool,
    pub attention_bias: AttentionBias,
    /// `embedding_multiplier`, `attention_multiplier`, `residual_multiplier` and `logits_scaling` mean
    /// something (Granite).
    pub multipliers: bool,
    pub interleaved: bool,
    pub sliding: Sliding,
    /// The rest of what Gemma does otherwise: norms with an offset, embeddings scaled by the width, and
    /// a rotation of their own for layers that slide.
    pub gemma: bool,
}

/// Which of attention's matrices have biases.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::inference) enum AttentionBias {
    /// None, whatever the file says.
    Never,
    /// Those of queries, keys and values, whatever the file says.
    Inputs,
    /// Those of queries, keys and values, if the file has `attention_bias`.
    StatedInputs,
    /// All four, if the file has `attention_bias`.
    Stated,
}

/// Which layers see no farther than the sliding window, where `layer_types` does not say so.
#[derive(Clone, Copy)]
pub(in crate::inference) enum Sliding {
    Never,
    /// All, if the file names a window.
    WithWindow,
    /// All but each nth (or as `sliding_window_pattern` has it).
    AllBut(usize),
    /// From `max_window_layers` on, if `use_sliding_window`.
    FromLayer,
}

const LLAMA_NORMS: NormNames = NormNames {
    before_attention: Some("input_layernorm"),
    after_attention: None,
    before_feed_forward: Some("post_attention_layernorm"),
    after_feed_forward: None,
};

const LLAMA: Family = Family {
    name: "llama",
    norms: LLAMA_NORMS,
    query_key_norms: QueryKeyNorms::None,
    feed_forward: FeedForwardShape::Gated,
    fused_qkv: false,
    attention_bias: AttentionBias::Stated,
    multipliers: false,
    interleaved: false,
    sliding: Sliding::Never,
    gemma: false,
};

const OLMO_2: Family = Family {
    name: "olmo2",
    norms: NormNames {
        before_attention: None,
        after_attention: Some("post_attention_layernorm"),
        before_feed_forward: None,
        after_feed_forward: Some("post_feedforward_layernorm"),
    },
    query_key_norms: QueryKeyNorms::Whole,
    ..LLAMA
};

const GLM: Family = Family {
    name: "glm",
    feed_forward: FeedForwardShape::FusedGate,
    attention_bias: AttentionBias::StatedInputs,
    interleaved: true,
    ..LLAMA
};

const FAMILIES: [Family; 12] = [
    LLAMA,
    Family {
        name: "mistral",
        attention_bias: AttentionBias::Never,
        sliding: Sliding::WithWindow,
        ..LLAMA
    },
    Family {
        name: "qwen2",
        attention_bias: AttentionBias::Inputs,
        sliding: Sliding::FromLayer,
        ..LLAMA
    },
    Family {
        name: "qwen3",
        query_key_norms: QueryKeyNorms::Heads,
        sliding: Sliding::FromLayer,
        ..LLAMA
    },
    Family {
        name: "gemma3_text",
        norms: NormNames {
            before_attention: Some("input_layernorm"),
            after_attention: Some("post_attention_layernorm"),
            before_feed_forward: Some("pre_feedforward_layernorm"),
            after_feed_forward: Some("post_feedforward_layernorm"),
        },
        query_key_norms: QueryKeyNorms::Heads,
        sliding: Sliding::AllBut(6),
        gemma: true,
        ..LLAMA
    },
    Family {
        name: "phi3",
        feed_forward: FeedForwardShape::FusedGate,
        fused_qkv: true,
        attention_bias: AttentionBias::Never,
        sliding: Sliding::WithWindow,
        ..LLAMA
    },
    Family {
        name: "granite",
        multipliers: true,
        ..LLAMA
    },
    OLMO_2,
    Family {
        name: "olmo3",
        sliding: Sliding::AllBut(4),
        ..OLMO_2
    },
    GLM,
    Family {
        name: "glm4",
        norms: NormNames {
            after_attention: Some("post_self_attn_layernorm"),
            after_feed_forward: Some("post_mlp_layernorm"),
            ..LLAMA_NORMS
        },
        ..GLM
    },
    Family {
        name: "apertus",
        norms: NormNames {
            before_attention: Some("attention_layernorm"),
            before_feed_forward: Some("feedforward_layernorm"),
            ..LLAMA_NORMS
        },
        query_key_norms: QueryKeyNorms::Heads,
        feed_forward: FeedForwardShape::Plain,
        ..LLAMA
    },
];

pub(in crate::inference) fn find(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.name == name)
}

/// `llama, mistral, …`
pub(super) fn known() -> String {
    FAMILIES.map(|family| family.name).join(", ")
}

/// What a file that leaves a key out means: the defaults of `transformers` where published files rely on
/// them.
pub(super) fn defaults(family: &str) -> Value {
    match family {
        "mistral" => json!({"sliding_window": 4096, "num_key_value_heads": 8}),
        "qwen3" => json!({"head_dim": 128}),
        "gemma3_text" => json!({
            "vocab_size": 262_208,
            "num_attention_heads": 8,
            "num_key_value_heads": 4,
            "head_dim": 256,
            "max_position_embeddings": 131_072,
            "rms_norm_eps": 1e-6,
            "hidden_activation": "gelu_pytorch_tanh",
            "sliding_window": 4096,
            "query_pre_attn_scalar": 256,
            "tie_word_embeddings": true,
            "rope_theta": 1_000_000.0,
            "rope_local_base_freq": 10_000.0,
        }),
        "phi3" => json!({"original_max_position_embeddings": 4096}),
        "granite" => json!({"attention_multiplier": 1.0}),
        "olmo3" => json!({"sliding_window": 4096, "rope_theta": 500_000.0}),
        "glm" | "glm4" => json!({
            "num_key_value_heads": 2,
            "head_dim": 128,
            "attention_bias": true,
            "partial_rotary_factor": 0.5,
        }),
        "apertus" => json!({
            "hidden_act": "xielu",
            "rope_theta": 12_000_000.0,
            "rope_scaling": {
                "rope_type": "llama3", "factor": 8.0, "original_max_position_embeddings": 8192,
                "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            },
        }),
        _ => json!({}),
    }
}
