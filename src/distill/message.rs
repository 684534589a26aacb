//! What messages weigh.

use crate::agent;
use crate::learner::Learner;
use crate::scenario::Compression;

/// Bytes of a message beside its blocks: agent, version, tasks, length.
pub(super) const HEADER: u64 = 16;

/// Bytes of some blocks as they would be sent, padding left out: 4 of an id, 4 of a number of
/// tasks, and 4 a parameter.
pub(super) fn blocks_bytes(learner: &dyn Learner, blocks: impl Iterator<Item = u32>) -> u64 {
    blocks.map(|block| 8 + 4 * learner.numbers(block) as u64).sum()
}

/// The same of the blocks of a contribution as an agent compresses it.
pub(super) fn compressed_bytes(
    learner: &dyn Learner,
    compression: &Compression,
    blocks: impl ExactSizeIterator<Item = u32>,
) -> u64 {
    8 * blocks.len() as u64 + agent::bytes(compression, blocks.map(|block| learner.numbers(block)))
}
