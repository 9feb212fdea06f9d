//! The one folder that may hold `unsafe`, each use with its reason and a plain reference beside it.
//!
//! What is computed on the processor is computed here, so that it is the same bits everywhere:
//! on every processor, in any company, on any number of threads.

mod elementwise;
mod map;
mod matrix;
mod threads;

pub(super) use elementwise::{layer_norm, softmax};
pub(super) use map::{Bytes, map};
pub(super) use matrix::Matrix;
pub(crate) use threads::one_thread_per_response;
