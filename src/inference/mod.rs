//! Tokens in; vectors, scores and tokens out. Knows nothing of consultations.
//!
//! Two kinds of model. The [`Decoder`] is a language model of one's own choice, read from a
//! [`Checkpoint`]: it scores labels and writes answers. The encoder ships with the program.
//!
//! The [`Encoder`] is a small bidirectional transformer (ModernBERT's architecture) with heads
//! for salience and stance, and beside it a bag of topic vectors that says what a text is about.
//! It reads every sentence once and every theme once; what it says about a pair is computed from
//! the two vectors, so that ten themes cost little more than one.
//!
//! Results do not depend on what else is computed at the same time, and on a processor not on
//! which one it is: see `kernels`.

pub mod checkpoint;
pub mod decoder;
mod encoder;
mod error;
mod generate;
mod heads;
mod kernels;
pub mod store;
mod tokens;
mod topics;
mod weights;

pub use checkpoint::Checkpoint;
pub use decoder::Decoder;
pub use encoder::{BATCH_TOKENS, Encoder, Vectors};
pub use error::InferenceError;
pub use generate::{
    Answer, ChatTemplate, Choice, Chosen, End, Generator, Grammar, Grammars, Label, LanguageModel,
    LanguageTokens, Likely, Marked, Prompt, Sampling, label_probabilities, likeliest,
    read_in_pieces,
};
pub use heads::{PairScores, STANCE_CLASSES};
pub(crate) use tokens::clean;
pub use weights::{DeviceChoice, ModelFiles, ModelIdentity, device_name, open_device};
