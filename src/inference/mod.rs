//! Tokens in; vectors and scores out. Knows nothing of consultations.
//!
//! The [`Encoder`] is a small bidirectional transformer (ModernBERT's architecture) with heads
//! for salience and stance, and beside it a bag of topic vectors that says what a text is about.
//! It reads every sentence once and every theme once; what it says about a pair is computed from
//! the two vectors, so that ten themes cost little more than one.
//!
//! Results do not depend on what else is computed at the same time, and on a processor not on
//! which one it is: see `kernels`.

mod encoder;
mod error;
mod heads;
mod kernels;
mod tokens;
mod topics;
mod weights;

pub use encoder::{BATCH_TOKENS, Encoder, Vectors};
pub use error::InferenceError;
pub use heads::{PairScores, STANCE_CLASSES};
pub(crate) use tokens::clean;
pub use weights::{DeviceChoice, ModelFiles, ModelIdentity, device_name, open_device};
