//! What messages weigh.

use crate::learner::Learner;

/// Bytes of a message beside its blocks: agent, version, tasks, length.
pub(super) const HEADER: u64 = 16;

/// Bytes of some blocks as they would be sent, padding left out: 4 of an id, 4 of a number of
/// tasks, and 4 a parameter.
pub(super) fn blocks_bytes(learner: &dyn Learner, blocks: impl Iterator<Item = u32>) -> u64 {
    blocks.map(|block| 8 + 4 * learner.numbers(block) as u64).sum()
}
