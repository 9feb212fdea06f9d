//! The one folder that may hold `unsafe`, each use with its reason and a plain reference beside it.
//!
//! What a transformer spends its time on: matrix products, norms, softmax. Each gives the same
//! bits on every processor, in any company, on any number of threads.

mod elementwise;
mod map;
mod matrix;

pub(super) use elementwise::{add, gelu, layer_norm, relu, softmax};
pub(super) use map::{Bytes, map};
pub(super) use matrix::Matrix;
