//! Whether a model fits into this machine's memory.

use super::Checkpoint;
use crate::inference::InferenceError;

/// What a model needs on a processor, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryNeed {
    /// The weights, in the precision of the file.
    pub weights: u64,
    /// Keys and values of one token, in 32 bits.
    pub token: u64,
}

/// Tokens that are read together at most when responses are analysed.
pub const READ_TOKENS: u64 = 8192;

/// Tokens for which room is asked: those that are read together, and half as many for the questions that branch
/// from them and their answers.
pub const WORKING_TOKENS: u64 = READ_TOKENS + READ_TOKENS / 2;

impl MemoryNeed {
    /// Weights, the keys and values of [`WORKING_TOKENS`], and half a gigabyte for the rest of the
    /// program.
    pub fn total(&self) -> u64 {
        self.weights + self.token * WORKING_TOKENS + (1 << 29)
    }
}

impl Checkpoint {
    pub fn memory_need(&self) -> MemoryNeed {
        let config = self.config();
        let width = config.key_heads * config.head_width;
        MemoryNeed {
            weights: self.weight_bytes(),
            token: (2 * config.layers.len() * width * size_of::<f32>()) as u64,
        }
    }

    /// # Errors
    /// The model needs more than the machine has left. Where that cannot be found out, none.
    pub fn fits(&self) -> Result<(), InferenceError> {
        let needed = self.memory_need().total();
        match available() {
            Some(available) if available < needed => Err(InferenceError::TooLarge {
                model: self.name().to_owned(),
                needed: gigabytes(needed),
                available: gigabytes(available),
            }),
            _ => Ok(()),
        }
    }
}

/// Memory that the machine can still give, in bytes; none where it does not say (outside Linux).
pub fn available() -> Option<u64> {
    let table = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = table
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// `4.2`
pub fn gigabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e9)
}
