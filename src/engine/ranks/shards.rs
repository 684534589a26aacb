//! Learnings that are merged block by block, by all ranks at once.

use super::link::{Link, exchange, gather};
use super::wire::{Part, Reader, Wire};
use crate::agent::Learning;
use crate::measure::compared;
use crate::merge::Spread;
use crate::params::Layout;
use std::fmt;
use std::sync::Arc;

/// Which rank merges which blocks: each of them always the same, as strategies and servers remember
/// them from round to round.
pub(super) struct Shards {
    link: Arc<dyn Link>,
    /// The rank of each block.
    holders: Vec<usize>,
}

impl Shards {
    /// Shards of a layout that have as many numbers each as can be had of whole blocks.
    pub fn new(link: &Arc<dyn Link>, layout: &Layout) -> Self {
        let lengths: Vec<usize> = (0..layout.blocks() as u32).map(|b| layout.len(b)).collect();
        Shards { link: link.clone(), holders: holders(&lengths, link.ranks()) }
    }

    /// Deals the learnings of all ranks out: gives those of all agents, in their order, with the values
    /// of this rank's blocks. Those that are compared with each other are there with all values.
    pub fn deal(&self, own: Vec<Learning>, layout: &Arc<Layout>) -> Vec<Learning> {
        let (rank, ranks) = (self.link.rank(), self.link.ranks());
        let mut count = Vec::new();
        own.len().write(&mut count);
        let counts = gather(&*self.link, count);
        let counts: Vec<usize> =
            counts.iter().map(|count| Reader::new(count, layout).next()).collect();
        let before: usize = counts[..rank].iter().sum();
        let whole = compared(counts.iter().sum());
        let message = |to: usize| {
            let mut message = Vec::new();
            for (at, learning) in own.iter().enumerate().filter(|_| to != rank) {
                let all = whole.binary_search(&(before + at)).is_ok();
                Part(learning, |b| all || self.holders[b as usize] == to).write(&mut message);
            }
            message
        };
        let came = exchange(&*self.link, (0..ranks).map(message).collect());
        let mut learnings = Vec::with_capacity(counts.iter().sum());
        let mut own = Some(own);
        for (from, message) in came.iter().enumerate() {
            if from == rank {
                learnings.extend(own.take().into_iter().flatten());
                continue;
            }
            let mut reader = Reader::new(message, layout);
            learnings.extend((0..counts[from]).map(|_| reader.next::<Learning>()));
        }
        learnings
    }
}

impl fmt::Debug for Shards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "blocks of rank {}: {:?}", self.own(), self.holders)
    }
}

impl Spread for Shards {
    fn own(&self) -> usize {
        self.link.rank()
    }

    fn processes(&self) -> usize {
        self.link.ranks()
    }

    fn holder(&self, segment: usize) -> usize {
        self.holders[segment]
    }

    fn gather(&self, own: Vec<u8>) -> Vec<Vec<u8>> {
        gather(&*self.link, own)
    }
}

/// The rank of each block of these lengths: the longest first, each to the rank that has least by
/// then.
fn holders(lengths: &[usize], ranks: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|block| std::cmp::Reverse(lengths[*block]));
    let (mut holders, mut held) = (vec![0; lengths.len()], vec![0; ranks]);
    for block in order {
        let least = (0..ranks).min_by_key(|rank| held[*rank]).unwrap_or(0);
        holders[block] = least;
        held[least] += lengths[block];
    }
    holders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_as_even_as_whole_blocks_can_be() {
        assert_eq!(holders(&[5, 5, 5, 5, 5], 2), [0, 1, 0, 1, 0]);
        assert_eq!(holders(&[1, 9, 3, 5], 2), [1, 0, 1, 1]);
        assert_eq!(holders(&[7, 2], 4), [0, 1]);
        assert_eq!(holders(&[4, 4], 1), [0, 0]);
    }
}
