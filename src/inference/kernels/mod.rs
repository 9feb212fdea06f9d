//! The one folder that may hold `unsafe`, each use with its reason and a plain reference beside it.

mod map;

pub(super) use map::{Bytes, map};
