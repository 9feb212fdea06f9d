//! The configuration that a GGUF file's metadata describe.
//!
//! The conventions are llama.cpp's: queries and keys of the architectures `llama` and `granite` are
//! stored so that neighbouring numbers rotate against each other, and Gemma's norms have their 1
//! added already. Which norms a model has, its family says; which biases and joined matrices, its tensors.

use super::Gguf;
use crate::inference::InferenceError;
use crate::inference::decoder::config::families::{self, AttentionBias};
use crate::inference::decoder::config::{
    Activation, Config, FeedForwardShape, LayerConfig, MOST_LAYERS, NormNames, RotaryConfig,
    Scaling, long_rope_magnitude,
};
use candle_core::quantized::gguf_file::Value;

/// Architectures that the decoder computes, and the family that each is.
const ARCHITECTURES: [(&str, &str); 8] = [
    ("llama", "llama"),
    ("qwen2", "qwen2"),
    ("qwen3", "qwen3"),
    ("gemma3", "gemma3_text"),
    ("phi3", "phi3"),
    ("granite", "granite"),
    ("olmo2", "olmo2"),
    ("glm4", "glm4"),
];

/// Those whose neighbouring numbers rotate against each other.
const INTERLEAVED: [&str; 3] = ["llama", "granite", "glm4"];

/// llama.cpp's names of a layer's norms, in the order of [`NormNames`].
pub(super) const NORMS: [&str; 4] = [
    "attn_norm",
    "post_attention_norm",
    "ffn_norm",
    "post_ffw_norm",
];

/// What each frequency of the rotary embedding is divided by: Llama 3, and LongRoPE within the context
/// that the model was trained with first.
const DIVISORS: &str = "rope_freqs.weight";
const SHORT_DIVISORS: &str = "rope_factors_short.weight";

/// A file's metadata, below the name of its architecture.
struct Keys<'a> {
    gguf: &'a Gguf,
    architecture: &'a str,
}

impl Keys<'_> {
    fn value(&self, key: &str) -> Option<&Value> {
        let key = format!("{}.{key}", self.architecture);
        self.gguf.content.metadata.get(&key)
    }

    fn size(&self, key: &str) -> Option<usize> {
        self.value(key).and_then(whole)
    }

    fn number(&self, key: &str) -> Option<f32> {
        self.value(key).and_then(|value| value.to_f32().ok())
    }

    fn needed<T>(&self, key: &str, found: Option<T>) -> Result<T, InferenceError> {
        found.ok_or_else(|| {
            let key = format!("{}.{key}", self.architecture);
            self.gguf.damaged(format!("`{key}` is missing"))
        })
    }

    fn needed_size(&self, key: &str) -> Result<usize, InferenceError> {
        self.needed(key, self.size(key))
    }
}

impl Gguf {
    pub(in crate::inference::checkpoint) fn config(&self) -> Result<Config, InferenceError> {
        let architecture = self.text("general.architecture").unwrap_or_default();
        let known = ARCHITECTURES.iter().find(|(name, _)| *name == architecture);
        let known = known.and_then(|&(name, family)| Some((name, families::find(family)?)));
        let Some((architecture, family)) = known else {
            return Err(InferenceError::Family {
                family: architecture,
                known: ARCHITECTURES.map(|(name, _)| name).join(", "),
            });
        };
        let keys = Keys {
            gguf: self,
            architecture,
        };
        self.refuse(&keys)?;
        let gemma = architecture == "gemma3";
        let hidden = keys.needed_size("embedding_length")?;
        let heads = keys.needed_size("attention.head_count")?;
        let head_width = keys.size("attention.key_length");
        let head_width = head_width.unwrap_or(hidden / heads.max(1));
        let (rotary, limit) = self.rotary(&keys, head_width)?;
        let layers = self.layers(&keys, rotary)?;
        let context = keys.needed_size("context_length")?;
        let has = |part: &str| self.stores(&format!("blk.0.{part}"));
        let norms = family.norms;
        // Gemma 3 with 27 billion parameters scales by another width; llama.cpp, too, tells it by its
        // number of layers.
        let scaled_width = match (gemma, layers.len()) {
            (true, 62) => hidden as f32 / heads as f32,
            _ => head_width as f32,
        };
        let epsilon = "attention.layer_norm_rms_epsilon";
        let config = Config {
            family: family.name.to_owned(),
            vocabulary: self.vocabulary_size(&keys)?,
            hidden,
            inner: keys.needed_size("feed_forward_length")?,
            heads,
            key_heads: keys.size("attention.head_count_kv").unwrap_or(heads),
            head_width,
            context: limit.map_or(context, |limit| limit.min(context)),
            epsilon: keys.needed(epsilon, keys.number(epsilon))?,
            activation: match gemma {
                true => Activation::GeluTanh,
                false => Activation::Silu,
            },
            tied: !self.stores("output.weight"),
            qkv_bias: family.attention_bias == AttentionBias::Inputs
                || has("attn_q.bias")
                || has("attn_qkv.bias"),
            output_bias: has("attn_output.bias"),
            feed_forward_bias: has("ffn_up.bias"),
            fused_qkv: has("attn_qkv.weight"),
            feed_forward: match has("ffn_gate.weight") {
                true => FeedForwardShape::Gated,
                false => FeedForwardShape::FusedGate,
            },
            query_key_norms: family.query_key_norms,
            norms: NormNames {
                before_attention: norms.before_attention.map(|_| NORMS[0]),
                after_attention: norms.after_attention.map(|_| NORMS[1]),
                before_feed_forward: norms.before_feed_forward.map(|_| NORMS[2]),
                after_feed_forward: norms.after_feed_forward.map(|_| NORMS[3]),
            },
            norm_offset: false,
            embedding_scale: match gemma {
                true => Some((hidden as f32).sqrt()),
                false => keys.number("embedding_scale"),
            },
            query_scale: keys
                .number("attention.scale")
                .unwrap_or(scaled_width.sqrt().recip()),
            residual_scale: keys.number("residual_scale"),
            score_divisor: keys.number("logit_scale"),
            attention_cap: keys.number("attn_logit_softcapping"),
            final_cap: keys.number("final_logit_softcapping"),
            layers,
        };
        config.check().map_err(|fault| self.damaged(fault))?;
        Ok(config)
    }

    /// What is not computed here.
    fn refuse(&self, keys: &Keys) -> Result<(), InferenceError> {
        if keys.size("expert_count").is_some_and(|experts| experts > 0) {
            return Err(self.refused("a mixture of experts".to_owned()));
        }
        if self.content.metadata.get("split.count").and_then(whole) > Some(1) {
            return Err(self.refused("a model in several GGUF files".to_owned()));
        }
        if keys.value("rope.dimension_sections").is_some() {
            return Err(
                self.refused("a model that also sees, whose positions have parts".to_owned())
            );
        }
        let windowed = keys.size("attention.sliding_window").is_some();
        if keys.architecture == "olmo2" && windowed {
            return Err(self.refused("OLMo 3 in a GGUF file".to_owned()));
        }
        Ok(())
    }

    fn vocabulary_size(&self, keys: &Keys) -> Result<usize, InferenceError> {
        let tokens = self.content.metadata.get("tokenizer.ggml.tokens");
        let tokens = tokens.and_then(|tokens| tokens.to_vec().ok());
        tokens
            .map(Vec::len)
            .or_else(|| keys.size("vocab_size"))
            .ok_or_else(|| self.damaged("`tokenizer.ggml.tokens` is missing"))
    }

    /// The rotation of layers that see everything, and the context that it is limited to, if it is.
    fn rotary(
        &self,
        keys: &Keys,
        head_width: usize,
    ) -> Result<(RotaryConfig, Option<usize>), InferenceError> {
        let width = keys.size("rope.dimension_count").unwrap_or(head_width);
        let mut rotary = RotaryConfig {
            theta: keys.number("rope.freq_base").unwrap_or(10_000.0),
            width,
            scaling: Scaling::None,
            magnitude: 1.0,
            interleaved: INTERLEAVED.contains(&keys.architecture),
        };
        if self.stores(SHORT_DIVISORS) {
            let context = keys.needed_size("context_length")?;
            let original = keys.needed_size("rope.scaling.original_context_length")?;
            let stated = keys.number("rope.scaling.attn_factor").map(f64::from);
            rotary.magnitude = long_rope_magnitude(context as f64, original as f64, None, stated);
            rotary.scaling = Scaling::Divisors(self.stored_numbers(SHORT_DIVISORS, width / 2)?);
            return Ok((rotary, Some(original)));
        }
        let kind = keys
            .value("rope.scaling.type")
            .and_then(|kind| kind.to_string().ok());
        rotary.scaling = match kind.map_or("none", String::as_str) {
            "none" | "linear" if self.stores(DIVISORS) => {
                Scaling::Divisors(self.stored_numbers(DIVISORS, width / 2)?)
            }
            "none" => Scaling::None,
            "linear" => {
                let factor = "rope.scaling.factor";
                let factor = keys.needed(factor, keys.number(factor))?;
                Scaling::Linear { factor }
            }
            other => {
                return Err(self.refused(format!("the rotary scaling `{other}`")));
            }
        };
        Ok((rotary, None))
    }

    fn layers(
        &self,
        keys: &Keys,
        rotary: RotaryConfig,
    ) -> Result<Vec<LayerConfig>, InferenceError> {
        let count = keys.needed_size("block_count")?;
        if count > MOST_LAYERS {
            return Err(self.damaged(format!("it claims to have {count} layers")));
        }
        let gemma = keys.architecture == "gemma3";
        let window = keys.size("attention.sliding_window");
        let window = window.filter(|&window| window > 0);
        let local = RotaryConfig {
            theta: keys.number("rope.freq_base_swa").unwrap_or(10_000.0),
            scaling: Scaling::None,
            ..rotary.clone()
        };
        let layer = |layer: usize| match gemma {
            // Five layers in six see a window (llama.cpp, `set_swa_pattern(6)`).
            true if !(layer + 1).is_multiple_of(6) && window.is_some() => LayerConfig {
                window,
                rotary: local.clone(),
            },
            true => LayerConfig {
                window: None,
                rotary: rotary.clone(),
            },
            false => LayerConfig {
                window,
                rotary: rotary.clone(),
            },
        };
        Ok((0..count).map(layer).collect())
    }
}

fn whole(value: &Value) -> Option<usize> {
    let number = value
        .to_u64()
        .ok()
        .or_else(|| value.to_u32().ok().map(u64::from));
    number
        .or_else(|| u64::try_from(value.to_i32().ok()?).ok())
        .and_then(|number| usize::try_from(number).ok())
}
