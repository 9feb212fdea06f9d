//! What a decoder computes, in one description for all families.
//!
//! The families that are shaped like Llama differ in a dozen details. [`Config`] states each of them,
//! so that the forward pass asks for properties and never for a family's name.
//! candle-transformers has a configuration type for each family; they are not used, because they
//! refuse files that the current `transformers` writes (`rope_parameters`, `layer_types`) and leave
//! out what some checkpoints need (Llama's linear scaling, Qwen3 without `head_dim`).

pub(in crate::inference) mod families;
mod scaling;
mod written;

pub(in crate::inference) use scaling::long_rope_magnitude;

/// A Llama-shaped decoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// As `model_type` names it: `llama`, `mistral`, `qwen3`, `gemma3_text`, …
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
    /// Queries, keys and values are made by one matrix, `qkv_proj` (Phi 3).
    pub fused_qkv: bool,
    pub feed_forward: FeedForwardShape,
    pub query_key_norms: QueryKeyNorms,
    pub norms: NormNames,
    /// A norm multiplies by 1 + its weight (Gemma's checkpoints; its GGUF files have added the 1).
    pub norm_offset: bool,
    /// What the embeddings are multiplied with (Gemma, Granite).
    pub embedding_scale: Option<f32>,
    /// What queries are multiplied with.
    pub query_scale: f32,
    /// What a block adds is multiplied with this first (Granite).
    pub residual_scale: Option<f32>,
    /// What scores are divided by (Granite).
    pub score_divisor: Option<f32>,
    pub attention_cap: Option<f32>,
    pub final_cap: Option<f32>,
    /// One description a layer.
    pub layers: Vec<LayerConfig>,
}

/// The names of a layer's norms, below `model.layers.N`; none where it does not have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NormNames {
    pub before_attention: Option<&'static str>,
    /// Of what attention adds to the states.
    pub after_attention: Option<&'static str>,
    pub before_feed_forward: Option<&'static str>,
    /// Of what the feed-forward block adds to the states.
    pub after_feed_forward: Option<&'static str>,
}

/// Whether queries and keys are normalised before they are rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryKeyNorms {
    None,
    /// Head by head (Qwen3, Gemma 3, Apertus).
    Heads,
    /// All heads together (OLMo).
    Whole,
}

/// Which matrices the feed-forward block begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedForwardShape {
    /// `gate_proj` and `up_proj`.
    Gated,
    /// The same in one matrix, `gate_up_proj` (Phi 3, GLM).
    FusedGate,
    /// `up_proj` alone (Apertus).
    Plain,
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
    /// How many of a head's numbers are rotated, from the first on (GLM and Phi 4 mini: a part).
    pub width: usize,
    pub scaling: Scaling,
    /// What the rotated numbers are multiplied with (YaRN and LongRoPE).
    pub magnitude: f32,
    /// Neighbouring numbers are rotated against each other, instead of the two halves of a head: GLM,
    /// and how GGUF files hold the queries and keys of Llama, Mistral and Granite.
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
    /// The same idea, between two numbers of turns in the original context (Peng et al., arXiv
    /// 2309.00071).
    Yarn {
        factor: f32,
        /// Pairs of numbers up to this place are not stretched.
        low: f32,
        /// Pairs from this place on are stretched by `factor`.
        high: f32,
    },
    /// Each by a divisor of its own, one for each pair of numbers that are rotated (LongRoPE, GGUF).
    Divisors(Vec<f32>),
}

/// What stands between the matrices of the feed-forward block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `x` times its logistic function.
    Silu,
    /// Gaussian error linear unit, in the approximation by tanh.
    GeluTanh,
    /// Expanded integral of the exponential linear unit, with two learned numbers a layer.
    Xielu,
}

/// More layers than any model has; a number beyond it is a damaged file.
pub(in crate::inference) const MOST_LAYERS: usize = 10_000;
/// More than any other size of a model. Below it no product of sizes overflows.
const LARGEST: usize = 1 << 24;
/// The same for the width of all heads together.
const WIDEST: usize = 1 << 32;

impl Config {
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
        let wide = sizes.iter().any(|&size| size > LARGEST);
        if wide || self.heads * self.head_width > WIDEST || self.layers.len() > MOST_LAYERS {
            return Err("a size is larger than any model's");
        }
        if !self.heads.is_multiple_of(self.key_heads) {
            return Err("the query heads cannot be shared out among the key heads");
        }
        for layer in &self.layers {
            layer.check(self.head_width)?;
        }
        Ok(())
    }
}

impl LayerConfig {
    fn check(&self, head_width: usize) -> Result<(), &'static str> {
        let width = self.rotary.width;
        if !width.is_multiple_of(2) || width == 0 {
            return Err("the part of a head that is rotated is odd or empty");
        }
        if width > head_width {
            return Err("more of a head is rotated than it has");
        }
        if let Scaling::Divisors(divisors) = &self.rotary.scaling
            && divisors.len() != width / 2
        {
            return Err("the rotary scaling does not have one divisor for each pair of numbers");
        }
        if self.window == Some(0) {
            return Err("a sliding window holds no token");
        }
        Ok(())
    }
}
