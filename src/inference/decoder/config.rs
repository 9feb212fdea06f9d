//! What a decoder computes, in one description for all families.
//!
//! The families that are shaped like Llama differ in a dozen details. [`Config`] states each of them,
//! so that the forward pass asks for properties and never for a family's name.
//! candle-transformers has a configuration type for each family; they are not used, because they
//! refuse files that the current `transformers` writes (`rope_parameters`, `layer_types`) and leave
//! out what some checkpoints need (Llama's linear scaling, Qwen3 without `head_dim`).

use crate::inference::InferenceError;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A Llama-shaped decoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// As `model_type` names it: `llama`, `mistral`, `qwen2`, `qwen3`, `gemma3_text`.
    pub family: String,
    pub vocabulary: usize,
    pub hidden: usize,
    /// Width of the feed-forward block.
    pub inner: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; each serves `heads / key_heads` query heads.
    pub key_heads: usize,
    pub head_width: usize,
    /// Tokens that the model was made for.
    pub context: usize,
    pub epsilon: f32,
    pub activation: Activation,
    /// The output matrix is the table of embeddings.
    pub tied: bool,
    pub qkv_bias: bool,
    pub output_bias: bool,
    pub feed_forward_bias: bool,
    /// Queries and keys are normalised head by head (Qwen3, Gemma 3).
    pub head_norms: bool,
    /// What a block adds is normalised before it is added, too (Gemma).
    pub sandwich: bool,
    /// A norm multiplies by 1 + its weight (Gemma's checkpoints; its GGUF files have added the 1).
    pub norm_offset: bool,
    /// What the embeddings are multiplied with (Gemma).
    pub embedding_scale: Option<f32>,
    /// What queries are multiplied with.
    pub query_scale: f32,
    pub attention_cap: Option<f32>,
    pub final_cap: Option<f32>,
    /// One description a layer.
    pub layers: Vec<LayerConfig>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LayerConfig {
    /// How many tokens a token sees, itself among them; all before it if none.
    pub window: Option<usize>,
    pub rotary: RotaryConfig,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RotaryConfig {
    pub theta: f32,
    pub scaling: Scaling,
    /// Neighbouring numbers are rotated against each other, instead of the two halves of a head: how
    /// GGUF files hold Llama's and Mistral's queries and keys.
    pub interleaved: bool,
}

/// How frequencies are stretched for contexts longer than those trained on.
#[derive(Clone, Debug, PartialEq)]
pub enum Scaling {
    None,
    /// All by the same factor.
    Linear {
        factor: f32,
    },
    /// Llama 3: the slow ones by `factor`, the fast ones not, those between in part.
    Llama3 {
        factor: f32,
        low: f32,
        high: f32,
        original_context: f32,
    },
    /// Each by a divisor of its own, one for each pair of a head's numbers (GGUF).
    Divisors(Vec<f32>),
}

/// What stands between the matrices of the feed-forward block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `x` times its logistic function.
    Silu,
    /// Gaussian error linear unit, in the approximation by tanh.
    GeluTanh,
}

/// `config.json`, in the keys of `transformers` 4 and 5.
#[derive(Deserialize)]
struct Written {
    model_type: String,
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    max_position_embeddings: usize,
    rms_norm_eps: f32,
    hidden_act: Option<String>,
    hidden_activation: Option<String>,
    tie_word_embeddings: Option<bool>,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
    sliding_window: Option<usize>,
    use_sliding_window: Option<bool>,
    max_window_layers: Option<usize>,
    sliding_window_pattern: Option<usize>,
    layer_types: Option<Vec<String>>,
    query_pre_attn_scalar: Option<f32>,
    attn_logit_softcapping: Option<f32>,
    final_logit_softcapping: Option<f32>,
    rope_theta: Option<f32>,
    rope_local_base_freq: Option<f32>,
    rope_scaling: Option<Value>,
    rope_parameters: Option<Value>,
    partial_rotary_factor: Option<f32>,
}

/// What Gemma 3's published files leave out: the defaults of `transformers`' `Gemma3TextConfig`.
fn gemma_3() -> [(&'static str, Value); 8] {
    [
        ("vocab_size", json!(262_208)),
        ("num_attention_heads", json!(8)),
        ("num_key_value_heads", json!(4)),
        ("max_position_embeddings", json!(131_072)),
        ("rms_norm_eps", json!(1e-6)),
        ("hidden_activation", json!("gelu_pytorch_tanh")),
        ("sliding_window", json!(4096)),
        ("query_pre_attn_scalar", json!(256)),
    ]
}

/// Families that this decoder computes.
pub(super) const FAMILIES: [&str; 5] = ["llama", "mistral", "qwen2", "qwen3", "gemma3_text"];

impl Config {
    /// Reads `config.json`. Of a model that also sees, only the part that reads text is taken.
    ///
    /// # Errors
    /// It is no such file, names a family that is not known here, or asks for something that is not
    /// computed here.
    pub fn parse(json: &[u8]) -> Result<Self, InferenceError> {
        let damaged = |message: String| InferenceError::Damaged {
            file: "config.json",
            message,
        };
        let mut value: Value =
            serde_json::from_slice(json).map_err(|error| damaged(error.to_string()))?;
        let outer = value["model_type"].as_str().unwrap_or_default().to_owned();
        if let Some(text) = value.get_mut("text_config").map(Value::take) {
            value = text;
        }
        let family = value["model_type"].as_str().unwrap_or_default();
        if !FAMILIES.contains(&family) {
            let family = if family.is_empty() { &outer } else { family };
            return Err(InferenceError::Family {
                family: family.to_owned(),
                known: FAMILIES.join(", "),
            });
        }
        if family == "gemma3_text" {
            for (key, default) in gemma_3() {
                if value[key].is_null() {
                    value[key] = default;
                }
            }
        }
        let written: Written =
            serde_json::from_value(value).map_err(|error| damaged(error.to_string()))?;
        let config = written.config().map_err(damaged)?;
        config.check().map_err(|fault| damaged(fault.to_owned()))?;
        Ok(config)
    }

    /// What could not be computed with, in words.
    pub(in crate::inference) fn check(&self) -> Result<(), &'static str> {
        let sizes = [
            self.vocabulary,
            self.hidden,
            self.inner,
            self.heads,
            self.key_heads,
            self.head_width,
            self.context,
            self.layers.len(),
        ];
        if sizes.contains(&0) {
            return Err("a size is zero");
        }
        if !self.heads.is_multiple_of(self.key_heads) {
            return Err("the query heads cannot be shared out among the key heads");
        }
        if !self.head_width.is_multiple_of(2) {
            return Err("the width of a head is odd");
        }
        if self.layers.iter().any(|layer| layer.window == Some(0)) {
            return Err("a sliding window holds no token");
        }
        Ok(())
    }
}

impl Written {
    fn config(&self) -> Result<Config, String> {
        let gemma = self.model_type == "gemma3_text";
        let head_width = match self.head_dim {
            Some(width) => width,
            None if gemma => 256,
            None if self.model_type == "qwen3" => 128,
            None => self.hidden_size / self.num_attention_heads.max(1),
        };
        if self.partial_rotary_factor.is_some_and(|part| part != 1.0) {
            return Err("`partial_rotary_factor` is not computed here".to_owned());
        }
        let attention_bias = self.attention_bias.unwrap_or(false);
        let scalar = self.query_pre_attn_scalar.unwrap_or(256.0);
        Ok(Config {
            family: self.model_type.clone(),
            vocabulary: self.vocab_size,
            hidden: self.hidden_size,
            inner: self.intermediate_size,
            heads: self.num_attention_heads,
            key_heads: self.num_key_value_heads.unwrap_or(self.num_attention_heads),
            head_width,
            context: self.max_position_embeddings,
            epsilon: self.rms_norm_eps,
            activation: self.activation()?,
            tied: self.tie_word_embeddings.unwrap_or(gemma),
            qkv_bias: attention_bias || self.model_type == "qwen2",
            output_bias: attention_bias,
            feed_forward_bias: self.mlp_bias.unwrap_or(false),
            head_norms: gemma || self.model_type == "qwen3",
            sandwich: gemma,
            norm_offset: gemma,
            embedding_scale: gemma.then(|| (self.hidden_size as f32).sqrt()),
            query_scale: if gemma { scalar } else { head_width as f32 }
                .sqrt()
                .recip(),
            attention_cap: self.attn_logit_softcapping,
            final_cap: self.final_logit_softcapping,
            layers: self.layers()?,
        })
    }

    fn activation(&self) -> Result<Activation, String> {
        let name = self.hidden_activation.as_ref().or(self.hidden_act.as_ref());
        match name.map_or("silu", String::as_str) {
            "silu" | "swish" => Ok(Activation::Silu),
            "gelu_pytorch_tanh" | "gelu_new" => Ok(Activation::GeluTanh),
            other => Err(format!("the activation `{other}` is not computed here")),
        }
    }

    fn layers(&self) -> Result<Vec<LayerConfig>, String> {
        if let Some(types) = &self.layer_types
            && types.len() != self.num_hidden_layers
        {
            return Err("`layer_types` does not name every layer".to_owned());
        }
        let [sliding, full] = ["sliding_attention", "full_attention"].map(|kind| self.rotary(kind));
        let (sliding, full) = (sliding?, full?);
        (0..self.num_hidden_layers)
            .map(|layer| {
                Ok(if self.slides(layer)? {
                    let window = self.sliding_window;
                    LayerConfig {
                        window: Some(window.ok_or("`sliding_window` is missing")?),
                        rotary: sliding.clone(),
                    }
                } else {
                    LayerConfig {
                        window: None,
                        rotary: full.clone(),
                    }
                })
            })
            .collect()
    }

    /// Whether a layer sees no farther than the sliding window.
    fn slides(&self, layer: usize) -> Result<bool, String> {
        if let Some(types) = &self.layer_types {
            return match types[layer].as_str() {
                "full_attention" => Ok(false),
                "sliding_attention" => Ok(true),
                other => Err(format!(
                    "layers of the type `{other}` are not computed here"
                )),
            };
        }
        Ok(match self.model_type.as_str() {
            "mistral" => self.sliding_window.is_some(),
            "gemma3_text" => !(layer + 1).is_multiple_of(self.sliding_window_pattern.unwrap_or(6)),
            "qwen2" | "qwen3" => {
                self.use_sliding_window.unwrap_or(false)
                    && self.max_window_layers.is_none_or(|first| layer >= first)
            }
            _ => false,
        })
    }

    /// Rotation of the layers of one kind.
    fn rotary(&self, kind: &str) -> Result<RotaryConfig, String> {
        let gemma = self.model_type == "gemma3_text";
        let local = gemma && kind == "sliding_attention";
        // `transformers` 5 writes one object for all layers, or one for each kind of them.
        let parameters = self.rope_parameters.as_ref();
        let parameters = parameters.map(|all| all.get(kind).unwrap_or(all));
        let scaling = match parameters {
            Some(_) => parameters,
            None if local => None,
            None => self.rope_scaling.as_ref(),
        };
        let stated = parameters.and_then(|own| own.get("rope_theta")?.as_f64());
        let theta = match stated {
            Some(theta) => theta as f32,
            None if local => self.rope_local_base_freq.unwrap_or(10_000.0),
            None => self
                .rope_theta
                .unwrap_or(if gemma { 1_000_000.0 } else { 10_000.0 }),
        };
        Ok(RotaryConfig {
            theta,
            scaling: scaling.map_or(Ok(Scaling::None), scaling_of)?,
            interleaved: false,
        })
    }
}

/// `rope_scaling`, or the same keys within `rope_parameters`.
fn scaling_of(written: &Value) -> Result<Scaling, String> {
    let Some(keys) = written.as_object() else {
        return Ok(Scaling::None);
    };
    let keys: BTreeMap<&str, &Value> = keys.iter().map(|(k, v)| (k.as_str(), v)).collect();
    let kind = keys.get("rope_type").or_else(|| keys.get("type"));
    let kind = kind.and_then(|kind| kind.as_str()).unwrap_or("default");
    let number = |key: &str| {
        let number = keys.get(key).and_then(|value| value.as_f64());
        number
            .map(|number| number as f32)
            .ok_or_else(|| format!("the rotary scaling `{kind}` needs `{key}`"))
    };
    match kind {
        "default" => Ok(Scaling::None),
        "linear" => Ok(Scaling::Linear {
            factor: number("factor")?,
        }),
        "llama3" => Ok(Scaling::Llama3 {
            factor: number("factor")?,
            low: number("low_freq_factor")?,
            high: number("high_freq_factor")?,
            original_context: number("original_max_position_embeddings")?,
        }),
        other => Err(format!(
            "the rotary scaling `{other}` is not computed here; its results would be wrong beyond \
             the context it stretches"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text part of the published Gemma 3 with four billion parameters says no more than this.
    #[test]
    fn what_gemma_leaves_out_has_its_defaults() {
        let written = json!({
            "model_type": "gemma3",
            "vision_config": {"hidden_size": 1152},
            "text_config": {
                "model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240,
                "num_hidden_layers": 34, "sliding_window": 1024,
                "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
            },
        });
        let config = Config::parse(written.to_string().as_bytes()).unwrap();
        assert_eq!(
            (config.vocabulary, config.heads, config.key_heads),
            (262_208, 8, 4)
        );
        assert_eq!(
            (config.head_width, config.activation),
            (256, Activation::GeluTanh)
        );
        assert!(config.tied);
        let windows: Vec<_> = config.layers.iter().map(|layer| layer.window).collect();
        assert_eq!(
            windows[..6],
            [
                Some(1024),
                Some(1024),
                Some(1024),
                Some(1024),
                Some(1024),
                None
            ]
        );
        assert_eq!(config.layers[5].rotary.theta, 1_000_000.0);
        assert_eq!(
            config.layers[5].rotary.scaling,
            Scaling::Linear { factor: 8.0 }
        );
        assert_eq!(config.layers[0].rotary.theta, 10_000.0);
        assert_eq!(config.layers[0].rotary.scaling, Scaling::None);
    }
}
