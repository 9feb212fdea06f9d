//! `config.json`, in the keys of `transformers` 4 and 5.

use super::families::{AttentionBias, Family, Sliding, defaults, find, known};
use super::scaling::{RotaryScaling, Sizes, scaling_of};
use super::{Activation, Config, FeedForwardShape, LayerConfig, MOST_LAYERS, RotaryConfig};
use crate::inference::InferenceError;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Written {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    max_position_embeddings: usize,
    original_max_position_embeddings: Option<usize>,
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
    embedding_multiplier: Option<f32>,
    attention_multiplier: Option<f32>,
    residual_multiplier: Option<f32>,
    logits_scaling: Option<f32>,
    rope_theta: Option<f32>,
    rope_local_base_freq: Option<f32>,
    rope_scaling: Option<Value>,
    rope_parameters: Option<Value>,
    partial_rotary_factor: Option<f64>,
}

/// A kind of layers, as `layer_types` names it.
const SLIDING: &str = "sliding_attention";
const FULL: &str = "full_attention";

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
        let name = value["model_type"].as_str().unwrap_or_default();
        let Some(family) = find(name) else {
            let name = if name.is_empty() { &outer } else { name };
            return Err(InferenceError::Family {
                family: name.to_owned(),
                known: known(),
            });
        };
        if let (Some(keys), Value::Object(defaults)) =
            (value.as_object_mut(), defaults(family.name))
        {
            for (key, default) in defaults {
                keys.entry(key).or_insert(default);
            }
        }
        let written: Written =
            serde_json::from_value(value).map_err(|error| damaged(error.to_string()))?;
        let config = written.config(family).map_err(damaged)?;
        config.check().map_err(|fault| damaged(fault.to_owned()))?;
        Ok(config)
    }
}

impl Written {
    fn config(&self, family: &Family) -> Result<Config, String> {
        let head_width = self
            .head_dim
            .unwrap_or(self.hidden_size / self.num_attention_heads.max(1));
        if self.num_hidden_layers > MOST_LAYERS {
            return Err("it claims to have more layers than any model".to_owned());
        }
        let stated = self.attention_bias.unwrap_or(false);
        let multiplier = |value: Option<f32>| value.filter(|_| family.multipliers);
        let (layers, context) = self.layers(family, head_width)?;
        let activation = self.activation()?;
        if (activation == Activation::Xielu) != (family.feed_forward == FeedForwardShape::Plain) {
            return Err(format!(
                "the activation `xielu` belongs to the family `apertus`, not to `{}`",
                family.name
            ));
        }
        let by_width = |width: f32| width.sqrt().recip();
        Ok(Config {
            family: family.name.to_owned(),
            vocabulary: self.vocab_size,
            hidden: self.hidden_size,
            inner: self.intermediate_size,
            heads: self.num_attention_heads,
            key_heads: self.num_key_value_heads.unwrap_or(self.num_attention_heads),
            head_width,
            context,
            epsilon: self.rms_norm_eps,
            activation,
            tied: self.tie_word_embeddings.unwrap_or(false),
            qkv_bias: match family.attention_bias {
                AttentionBias::Never => false,
                AttentionBias::Inputs => true,
                AttentionBias::Stated | AttentionBias::StatedInputs => stated,
            },
            output_bias: family.attention_bias == AttentionBias::Stated && stated,
            feed_forward_bias: self.mlp_bias.unwrap_or(false),
            fused_qkv: family.fused_qkv,
            feed_forward: family.feed_forward,
            query_key_norms: family.query_key_norms,
            norms: family.norms,
            norm_offset: family.gemma,
            embedding_scale: match family.gemma {
                true => Some((self.hidden_size as f32).sqrt()),
                false => multiplier(self.embedding_multiplier),
            },
            query_scale: multiplier(self.attention_multiplier).unwrap_or_else(|| {
                by_width(self.query_pre_attn_scalar.unwrap_or(head_width as f32))
            }),
            residual_scale: multiplier(self.residual_multiplier),
            score_divisor: multiplier(self.logits_scaling),
            attention_cap: self.attn_logit_softcapping,
            final_cap: self.final_logit_softcapping,
            layers,
        })
    }

    fn activation(&self) -> Result<Activation, String> {
        let name = self.hidden_activation.as_ref().or(self.hidden_act.as_ref());
        match name.map_or("silu", String::as_str) {
            "silu" | "swish" => Ok(Activation::Silu),
            "gelu_pytorch_tanh" | "gelu_new" => Ok(Activation::GeluTanh),
            "xielu" => Ok(Activation::Xielu),
            other => Err(format!("the activation `{other}` is not computed here")),
        }
    }

    /// The layers, and the context that all of them are made for.
    fn layers(
        &self,
        family: &Family,
        head_width: usize,
    ) -> Result<(Vec<LayerConfig>, usize), String> {
        if let Some(types) = &self.layer_types
            && types.len() != self.num_hidden_layers
        {
            return Err("`layer_types` does not name every layer".to_owned());
        }
        let (sliding, narrow) = self.rotary(family, head_width, SLIDING)?;
        let (full, wide) = self.rotary(family, head_width, FULL)?;
        let context = narrow.into_iter().chain(wide).min();
        let context = context.map_or(self.max_position_embeddings, |limit| {
            limit.min(self.max_position_embeddings)
        });
        let layers = (0..self.num_hidden_layers).map(|layer| {
            Ok(if self.slides(family, layer)? {
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
        });
        Ok((layers.collect::<Result<_, String>>()?, context))
    }

    /// Whether a layer sees no farther than the sliding window.
    fn slides(&self, family: &Family, layer: usize) -> Result<bool, String> {
        if let Some(types) = &self.layer_types {
            return match types[layer].as_str() {
                FULL => Ok(false),
                SLIDING => Ok(true),
                other => Err(format!(
                    "layers of the type `{other}` are not computed here"
                )),
            };
        }
        Ok(match family.sliding {
            Sliding::Never => false,
            Sliding::WithWindow => self.sliding_window.is_some(),
            Sliding::AllBut(each) => {
                !(layer + 1).is_multiple_of(self.sliding_window_pattern.unwrap_or(each))
            }
            Sliding::FromLayer => {
                self.use_sliding_window.unwrap_or(false)
                    && self.max_window_layers.is_none_or(|first| layer >= first)
            }
        })
    }

    /// Rotation of the layers of one kind, and the context that it is limited to, if it is.
    fn rotary(
        &self,
        family: &Family,
        head_width: usize,
        kind: &str,
    ) -> Result<(RotaryConfig, Option<usize>), String> {
        // Where only some layers slide, `rope_theta` and `rope_scaling` are those of the others.
        let local = kind == SLIDING && matches!(family.sliding, Sliding::AllBut(_));
        // `transformers` 5 writes one object for all layers, or one for each kind of them.
        let parameters = self.rope_parameters.as_ref();
        let parameters = parameters.map(|all| all.get(kind).unwrap_or(all));
        let scaling = match parameters {
            Some(_) => parameters,
            None if local => None,
            None => self.rope_scaling.as_ref(),
        };
        let stated = |key: &str| parameters.and_then(|own| own.get(key)?.as_f64());
        let theta = match stated("rope_theta") {
            Some(theta) => theta as f32,
            None => (self.rope_local_base_freq.filter(|_| local))
                .or(self.rope_theta)
                .unwrap_or(10_000.0),
        };
        let part = stated("partial_rotary_factor").or(self.partial_rotary_factor);
        let width = (head_width as f64 * part.unwrap_or(1.0)) as usize;
        let sizes = Sizes {
            theta,
            width,
            context: self.max_position_embeddings,
            original_context: self.original_max_position_embeddings,
        };
        let RotaryScaling {
            scaling,
            magnitude,
            context,
        } = scaling_of(scaling, &sizes)?;
        let rotary = RotaryConfig {
            theta,
            width,
            scaling,
            magnitude,
            interleaved: family.interleaved,
        };
        Ok((rotary, context))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{RotaryConfig, Scaling};
    use super::*;
    use serde_json::json;

    fn parsed(written: Value) -> Result<Config, String> {
        Config::parse(written.to_string().as_bytes()).map_err(|error| error.to_string())
    }

    /// The text part of the published Gemma 3 with four billion parameters says no more than this.
    #[test]
    fn what_gemma_leaves_out_has_its_defaults() {
        let config = parsed(json!({
            "model_type": "gemma3",
            "vision_config": {"hidden_size": 1152},
            "text_config": {
                "model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240,
                "num_hidden_layers": 34, "sliding_window": 1024,
                "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
            },
        }))
        .unwrap();
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
        let local = Some(1024);
        assert_eq!(windows[..6], [local, local, local, local, local, None]);
        let rotary = |layer: usize| &config.layers[layer].rotary;
        assert_eq!(rotary(5).theta, 1_000_000.0);
        assert_eq!(rotary(5).scaling, Scaling::Linear { factor: 8.0 });
        assert_eq!(rotary(0).theta, 10_000.0);
        assert_eq!(rotary(0).scaling, Scaling::None);
    }

    /// The keys of Phi 4 mini, which turns three quarters of each head and has another scaling beyond
    /// 4,096 tokens.
    fn phi() -> Value {
        json!({
            "model_type": "phi3", "vocab_size": 200_064, "hidden_size": 3072,
            "intermediate_size": 8192, "num_hidden_layers": 32, "num_attention_heads": 24,
            "num_key_value_heads": 8, "max_position_embeddings": 131_072,
            "original_max_position_embeddings": 4096, "rms_norm_eps": 1e-5,
            "partial_rotary_factor": 0.75, "sliding_window": 262_144, "rope_theta": 10000.0,
            "rope_scaling": {"type": "longrope", "short_factor": vec![1.5; 48], "long_factor": vec![2.0; 48]},
        })
    }

    #[test]
    fn a_model_with_two_scalings_keeps_to_the_context_of_the_first() {
        let config = parsed(phi()).unwrap();
        assert_eq!((config.context, config.head_width), (4096, 128));
        let RotaryConfig {
            width,
            scaling,
            magnitude,
            ..
        } = &config.layers[0].rotary;
        assert_eq!((*width, scaling), (96, &Scaling::Divisors(vec![1.5; 48])));
        // sqrt(1 + ln 32 / ln 4096)
        assert!((magnitude - 1.190_238).abs() < 1e-6, "{magnitude}");
        let mut short = phi();
        short["rope_scaling"]["short_factor"] = json!([1.0, 2.0]);
        assert!(parsed(short).unwrap_err().contains("divisor"));
        for (key, value, named) in [
            ("partial_rotary_factor", json!(1.75), "more of a head"),
            ("num_hidden_layers", json!(1_000_000_000_000u64), "layers"),
            ("hidden_size", json!(u64::MAX), "larger than any model"),
            (
                "num_attention_heads",
                json!((1u64 << 61) + 4),
                "larger than any model",
            ),
        ] {
            let mut odd = phi();
            odd["head_dim"] = json!(128);
            odd[key] = value;
            let message = parsed(odd).unwrap_err();
            assert!(message.contains(named), "{message}");
        }
    }

    /// A window that is left out is Mistral's first one; a window of `null` is none.
    #[test]
    fn a_window_that_is_left_out_is_not_the_same_as_none() {
        let mut written = json!({
            "model_type": "mistral", "vocab_size": 32000, "hidden_size": 4096,
            "intermediate_size": 14336, "num_hidden_layers": 1, "num_attention_heads": 32,
            "max_position_embeddings": 32768, "rms_norm_eps": 1e-5,
        });
        let window = |written: &Value| parsed(written.clone()).unwrap().layers[0].window;
        assert_eq!(window(&written), Some(4096));
        written["sliding_window"] = Value::Null;
        assert_eq!(window(&written), None);
    }
}
