//! The arithmetic that everything spends its time in.
//! Lives here: kernels on weight blocks, rows of examples and long vectors, and the choice of
//! instruction set. All `unsafe` of the crate is here, but for the map of a file (`checkpoint::map`).
//! May not: know what a skill, an agent or a strategy is.
//!
//! A weight block is `inputs × stride`, row by row: the row of an input holds its weights to
//! all outputs, padded with zeros to `stride` lanes. A forward pass is then a sum of rows and
//! a gradient step adds multiples of one vector to rows: no sums over lanes in either.

#![allow(
    unsafe_code,
    reason = "vector registers; a property test holds each kernel to its plain one"
)]

mod compression;
mod dense;
mod draws;
mod limits;
pub mod merging;
mod philox;
mod simd;
mod softmax;
mod sums;
mod vectors;

pub use compression::{
    byte_step, keep_ranked, round_at_random, round_to_steps, signs, sum_of_magnitudes,
};
pub use dense::{Rows, backward, backward_at, dot_rows, forward, forward_add, forward_at};
pub use draws::{Counters, Thinning, add_thin, fill_entries, fill_normals, fill_words, thin};
pub use limits::{multiply_adds_of, read_all, spin_multiply_adds};
pub use philox::philox4x32;
pub(crate) use simd::{Around, run_around};
pub use simd::{Level, force_level, level};
pub use softmax::{argmax, softmax_rows, surprises};
pub use sums::{copy_past_caches, weighted_result, weighted_sum};
pub use vectors::{add_scaled, dot_f64, first_not_finite, prefetch, prefetch_words, scale, tanh};

/// Lanes that a row of `outputs` weights takes: 8, or the next multiple of 16.
pub const fn stride_of(outputs: usize) -> usize {
    if outputs <= 8 { 8 } else { outputs.div_ceil(16) * 16 }
}

/// Shape of a batch on a weight block: `n` examples of `inputs` features, rows of `stride` lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Examples.
    pub n: usize,
    /// Inputs, the constant included.
    pub inputs: usize,
    /// Lanes of a row; see [`stride_of`].
    pub stride: usize,
}

#[cfg(test)]
mod tests;
