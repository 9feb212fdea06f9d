//! Attention of new tokens over everything that their sequence has read: one function.
//!
//! A token sees itself and what came before it, within its layer's window. Its weights are computed
//! over exactly these, so that it makes no difference which tokens are read at the same time, or
//! in how many pieces a text is read.

use super::ops::{Engine, tensor, with_slice};
use crate::inference::kernels::{Matrix, cap, softmax};
use candle_core::{D, DType, Result, Tensor};
use rayon::prelude::*;

/// New tokens whose weights are held at the same time: they are as many as all tokens before them, for
/// each of them and every head.
const QUERIES: usize = 32;

/// What a layer's attention needs to know.
#[derive(Clone, Copy)]
pub(super) struct Heads {
    /// Query heads.
    pub queries: usize,
    /// Key heads; each serves `queries / keys` query heads.
    pub keys: usize,
    pub width: usize,
    pub scale: f32,
    pub cap: Option<f32>,
    /// How many tokens a token sees, itself among them; all if none.
    pub window: Option<usize>,
}

impl Heads {
    /// The first position that the token at `position` sees.
    fn first_seen(&self, position: usize) -> usize {
        self.window
            .map_or(0, |window| (position + 1).saturating_sub(window))
    }
}

/// `queries`: [new tokens, query heads * width]; `read`: keys and values of all tokens of the
/// sequence, the new ones last, [tokens, key heads * width] each → [new tokens, query heads * width].
pub(super) fn attend(
    queries: &Tensor,
    read: &[(Tensor, Tensor)],
    heads: &Heads,
    engine: Engine,
) -> Result<Tensor> {
    let total: usize = read
        .iter()
        .map(|(keys, _)| keys.dim(0))
        .sum::<Result<_>>()?;
    let past = total - queries.dim(0)?;
    match engine {
        Engine::Kernels => on_kernels(queries, read, heads, past),
        Engine::Candle => on_candle(queries, read, heads, past),
    }
}

fn on_kernels(
    queries: &Tensor,
    read: &[(Tensor, Tensor)],
    heads: &Heads,
    past: usize,
) -> Result<Tensor> {
    let new = queries.dim(0)?;
    // What no new token sees need not be copied.
    let begin = heads.first_seen(past);
    let keys = joined(read.iter().map(|(keys, _)| keys), begin, heads)?;
    let values = joined(read.iter().map(|(_, values)| values), begin, heads)?;
    let group = heads.queries / heads.keys;
    let mixed: Vec<Vec<f32>> = with_slice(queries, |queries| {
        let one = |head| {
            let head = Head {
                heads,
                head,
                past,
                begin,
            };
            head.mix(queries, &keys, &values)
        };
        (0..heads.keys).into_par_iter().map(one).collect()
    })?;
    // [key head][new][group * width] → [new, query heads * width]
    let mut rows = vec![0.0; new * heads.queries * heads.width];
    let stretch = group * heads.width;
    for (token, row) in rows.chunks_exact_mut(heads.keys * stretch).enumerate() {
        for (own, mixed) in row.chunks_exact_mut(stretch).zip(&mixed) {
            own.copy_from_slice(&mixed[token * stretch..(token + 1) * stretch]);
        }
    }
    tensor(rows, heads.queries * heads.width)
}

/// Rows of several blocks from the token `begin` on, one after the other.
fn joined<'a>(
    blocks: impl Iterator<Item = &'a Tensor>,
    begin: usize,
    heads: &Heads,
) -> Result<Vec<f32>> {
    let mut all = Vec::new();
    let mut skip = begin * heads.keys * heads.width;
    for block in blocks {
        with_slice(block, |rows| {
            let skipped = skip.min(rows.len());
            skip -= skipped;
            all.extend_from_slice(&rows[skipped..]);
        })?;
    }
    Ok(all)
}

/// One key head with the query heads that it serves.
struct Head<'a> {
    heads: &'a Heads,
    head: usize,
    /// Tokens of the sequence before the new ones.
    past: usize,
    /// The token that the keys and values begin with.
    begin: usize,
}

impl Head<'_> {
    /// [new tokens, group * width]
    fn mix(&self, queries: &[f32], keys: &[f32], values: &[f32]) -> Vec<f32> {
        let Heads {
            keys: count, width, ..
        } = *self.heads;
        let group = self.heads.queries / count;
        let seen = keys.len() / (count * width);
        let part = |rows: &[f32], token: usize, i: usize| {
            rows[token * count * width + self.head * width + i]
        };
        let (mut key_matrix, mut value_matrix) = (Matrix::default(), Matrix::default());
        key_matrix.pack(seen, width, |i, tokens, own| {
            for (value, token) in own.iter_mut().zip(tokens) {
                *value = part(keys, token, i);
            }
        });
        value_matrix.pack(width, seen, |token, place, own| {
            let begin = token * count * width + self.head * width;
            own.copy_from_slice(&values[begin + place.start..begin + place.end]);
        });
        // The queries of this head's group, token by token: [new * group, width]
        let stretch = group * width;
        let own: Vec<f32> = queries
            .chunks_exact(self.heads.queries * width)
            .flat_map(|row| &row[self.head * stretch..(self.head + 1) * stretch])
            .map(|value| value * self.heads.scale)
            .collect();
        let mut mixed = vec![0.0; own.len()];
        let block = QUERIES * stretch;
        for (number, (own, mixed)) in own.chunks(block).zip(mixed.chunks_mut(block)).enumerate() {
            let past = self.past + number * QUERIES;
            self.mix_block(own, &key_matrix, &value_matrix, past, mixed);
        }
        mixed
    }

    /// The same for some of the new tokens, the first at position `past`.
    fn mix_block(
        &self,
        own: &[f32],
        keys: &Matrix,
        values: &Matrix,
        past: usize,
        mixed: &mut [f32],
    ) {
        let group = self.heads.queries / self.heads.keys;
        let seen = keys.outputs();
        let mut weights = vec![0.0; own.len() / self.heads.width * seen];
        keys.multiply(own, &mut weights);
        for (row, weights) in weights.chunks_exact_mut(seen).enumerate() {
            let position = past + row / group;
            let visible = self.heads.first_seen(position) - self.begin..position + 1 - self.begin;
            if let Some(limit) = self.heads.cap {
                cap(&mut weights[visible.clone()], limit);
            }
            softmax(&mut weights[visible.clone()]);
            weights[..visible.start].fill(0.0);
            weights[visible.end..].fill(0.0);
        }
        values.multiply(&weights, mixed);
    }
}

fn on_candle(
    queries: &Tensor,
    read: &[(Tensor, Tensor)],
    heads: &Heads,
    past: usize,
) -> Result<Tensor> {
    let new = queries.dim(0)?;
    let total = past + new;
    let group = heads.queries / heads.keys;
    let joined = |blocks: Vec<&Tensor>| -> Result<Tensor> {
        let rows = Tensor::cat(&blocks, 0)?.reshape((total, heads.keys, 1, heads.width))?;
        let shape = (total, heads.keys, group, heads.width);
        let rows = rows
            .broadcast_as(shape)?
            .reshape((total, (), heads.width))?;
        rows.transpose(0, 1)?.contiguous() // [query heads, total, width]
    };
    let keys = joined(read.iter().map(|(keys, _)| keys).collect())?;
    let values = joined(read.iter().map(|(_, values)| values).collect())?;
    let queries = queries.reshape((new, heads.queries, heads.width))?;
    let queries = (queries.transpose(0, 1)?.contiguous()? * f64::from(heads.scale))?;
    // Scores in 32 bits, as the reference implementations have them.
    let mut scores = queries.matmul(&keys.t()?)?.to_dtype(DType::F32)?;
    if let Some(limit) = heads.cap {
        scores = super::ops::cap(&scores, limit, Engine::Candle)?;
    }
    let mask: Vec<f32> = (past..total)
        .flat_map(|position| {
            let visible = heads.first_seen(position)..=position;
            (0..total).map(move |key| {
                if visible.contains(&key) {
                    0.0
                } else {
                    f32::NEG_INFINITY
                }
            })
        })
        .collect();
    let mask = Tensor::from_vec(mask, (1, new, total), queries.device())?;
    let weights = candle_nn::ops::softmax(&scores.broadcast_add(&mask)?, D::Minus1)?;
    let mixed = weights.to_dtype(values.dtype())?.matmul(&values)?;
    mixed
        .transpose(0, 1)?
        .contiguous()?
        .reshape((new, heads.queries * heads.width))
}
