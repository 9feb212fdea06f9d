//! Rotary scaling as `config.json` names it.
//!
//! The rules are those of `transformers`, `modeling_rope_utils.py`.

use super::Scaling;
use serde_json::Value;
use std::f64::consts::TAU;

/// How the frequencies of one kind of layers are scaled.
pub(super) struct RotaryScaling {
    pub scaling: Scaling,
    pub magnitude: f32,
    /// The context beyond which another scaling would be needed, if there is such a limit.
    pub context: Option<usize>,
}

/// What a model's sizes contribute.
pub(super) struct Sizes {
    pub theta: f32,
    /// How many of a head's numbers are rotated.
    pub width: usize,
    pub context: usize,
    /// `original_max_position_embeddings`, where it stands beside the scaling and not in it.
    pub original_context: Option<usize>,
}

/// `rope_scaling`, or the same keys within `rope_parameters`.
pub(super) fn scaling_of(written: Option<&Value>, sizes: &Sizes) -> Result<RotaryScaling, String> {
    let plain = |scaling| RotaryScaling {
        scaling,
        magnitude: 1.0,
        context: None,
    };
    let Some(keys) = written.filter(|written| written.is_object()) else {
        return Ok(plain(Scaling::None));
    };
    let kind = keys.get("rope_type").or_else(|| keys.get("type"));
    let kind = kind.and_then(Value::as_str).unwrap_or("default");
    let stated = |key: &str| keys.get(key).and_then(Value::as_f64);
    let needed =
        |key: &str| stated(key).ok_or_else(|| format!("the rotary scaling `{kind}` needs `{key}`"));
    let original = || {
        let beside = sizes.original_context.map(|context| context as f64);
        let within = stated("original_max_position_embeddings").or(beside);
        within.ok_or_else(|| {
            format!("the rotary scaling `{kind}` needs `original_max_position_embeddings`")
        })
    };
    Ok(match kind {
        "default" => plain(Scaling::None),
        "linear" => plain(Scaling::Linear {
            factor: needed("factor")? as f32,
        }),
        "llama3" => plain(Scaling::Llama3 {
            factor: needed("factor")? as f32,
            low: needed("low_freq_factor")? as f32,
            high: needed("high_freq_factor")? as f32,
            original_context: original()? as f32,
        }),
        "yarn" => {
            let factor = needed("factor")?;
            let original = original()?;
            // The place of the pair that turns this often within the original context.
            let place = |turns: f64| {
                sizes.width as f64 * (original / (turns * TAU)).ln()
                    / (2.0 * f64::from(sizes.theta).ln())
            };
            let mut low = place(stated("beta_fast").unwrap_or(32.0));
            let mut high = place(stated("beta_slow").unwrap_or(1.0));
            if keys.get("truncate").and_then(Value::as_bool) != Some(false) {
                (low, high) = (low.floor(), high.ceil());
            }
            let low = low.max(0.0);
            let mut high = high.min(sizes.width as f64 - 1.0);
            if low == high {
                high += 0.001;
            }
            // Two more keys of DeepSeek's models, which are not computed here.
            if stated("mscale").is_some() || stated("mscale_all_dim").is_some() {
                return Err("the rotary scaling `yarn` with `mscale` is not computed here".into());
            }
            let magnitude = stated("attention_factor").unwrap_or(1.0 + 0.1 * factor.max(1.0).ln());
            RotaryScaling {
                scaling: Scaling::Yarn {
                    factor: factor as f32,
                    low: low as f32,
                    high: high as f32,
                },
                magnitude: magnitude as f32,
                context: None,
            }
        }
        // `su` is what Phi 3 first called it.
        "longrope" | "su" => {
            let divisors = keys.get("short_factor").and_then(Value::as_array);
            let divisors = divisors.ok_or("the rotary scaling `longrope` needs `short_factor`")?;
            let divisors = divisors
                .iter()
                .map(|divisor| divisor.as_f64().map(|divisor| divisor as f32))
                .collect::<Option<Vec<f32>>>()
                .ok_or("`short_factor` holds something else than numbers")?;
            let original = original()?;
            let (factor, magnitude) = (stated("factor"), stated("attention_factor"));
            RotaryScaling {
                scaling: Scaling::Divisors(divisors),
                magnitude: long_rope_magnitude(sizes.context as f64, original, factor, magnitude),
                context: Some(original as usize),
            }
        }
        other => {
            return Err(format!(
                "the rotary scaling `{other}` is not computed here; its results would be wrong \
                 beyond the context it stretches"
            ));
        }
    })
}

/// LongRoPE's magnitude of what is rotated (Ding et al., arXiv 2402.13753), where the file does not state
/// it: for a context of `original` tokens that is stretched to `factor` times as many, or to `context`.
pub(in crate::inference) fn long_rope_magnitude(
    context: f64,
    original: f64,
    factor: Option<f64>,
    stated: Option<f64>,
) -> f32 {
    let factor = factor.unwrap_or(context / original);
    let by_rule = || match factor > 1.0 {
        true => (1.0 + factor.ln() / original.ln()).sqrt(),
        false => 1.0,
    };
    stated.unwrap_or_else(by_rule) as f32
}
