//! What a policy's tasks say beside its gradients.

use crate::params::kernels::add_scaled;
use crate::params::{Local, Sparse};
use serde::{Deserialize, Serialize};

/// A statistic that agents take beside their contribution, of the policy that they came to on
/// the tasks that they learned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Statistic {
    /// The diagonal of the Fisher information, `E_x E_y~p(y|x) (∂ ln p(y|x)/∂θ_j)²`: a number for
    /// each parameter, the mean over the tasks that touched its block, the expectation over
    /// answers taken exactly (Matena and Raffel 2022, eq. 3).
    Fisher,
    /// The Gram matrix `Σ x xᵀ` of the inputs that went into each block: `inputs × inputs`
    /// numbers, the sum over the tasks that touched it (Jin et al. 2023).
    Gram,
}

/// Adds a block of `len(block)` zeros to `to` for every block of the working copy, slot by slot,
/// each standing for the tasks that touched it; gives where they begin.
pub(super) fn push_blocks(
    local: &Local,
    to: &mut Sparse,
    len: impl Fn(u32) -> usize,
) -> Vec<usize> {
    let push = |slot| {
        let ((block, count), at) = (local.block(slot), to.values().len());
        to.push(block, count, len(block));
        at
    };
    (0..local.len()).map(push).collect()
}

/// `to += x xᵀ`.
pub(super) fn add_outer(x: &[f32], to: &mut [f32]) {
    for (row, x_i) in to.chunks_exact_mut(x.len()).zip(x) {
        add_scaled(row, *x_i, x);
    }
}
