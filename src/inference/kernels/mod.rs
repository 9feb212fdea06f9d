//! The one folder that may hold `unsafe`, each use with its reason and a plain reference beside it.
//!
//! What a transformer spends its time on: matrix products, norms, softmax. Each gives the same
//! bits on every processor, in any company, on any number of threads.

mod elementwise;
mod map;
mod matrix;
mod stored;

pub(super) use elementwise::{
    XIELU_SLOPE, add, cap, gelu, gelu_tanh, layer_norm, relu, rms_norm, silu, softmax, xielu,
};
pub(super) use map::{Bytes, map};
pub(super) use matrix::Matrix;
pub(super) use stored::{QUANTISED_ROWS, Rows, StoredMatrix};
