//! The one folder that may hold `unsafe`, each use with its reason and a plain reference beside it.

mod map;
mod threads;

pub(super) use map::{Bytes, map};
pub(crate) use threads::one_thread_per_response;
