//! How many harvests ranks send each other where what agents bring is summed: the nodes of the one tree
//! of leaves that each has whole.

use crate::merge::share_of;
use std::ops::Range;

/// What ranks have to do with in a round.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Load {
    /// Harvests, each of which has a sum.
    pub sums: f64,
    /// What they hold of single agents, of which each brings its part: all of it counts 1.
    pub parts: f64,
    /// Messages.
    pub messages: f64,
}

impl Load {
    fn add(&mut self, sums: u64, parts: f64) {
        self.sums += sums as f64;
        self.parts += parts;
        self.messages += 1.0;
    }
}

/// The fewest whole nodes of a tree of so many leaves that a range of them is made of.
fn nodes(leaves: usize, range: Range<usize>) -> u64 {
    let (mut at, mut nodes) = (range.start, 0);
    while at < range.end {
        // as high as a node that begins here, and ends with the range or the tree, can be
        let mut size = 1;
        while at.is_multiple_of(2 * size)
            && (at + 2 * size).min(leaves) <= range.end
            && size < leaves
        {
            size *= 2;
        }
        at += size;
        nodes += 1;
    }
    nodes
}

/// The harvests of a round of so many leaves over some ranks, in messages of the reduction and of the
/// broadcast that follows: what all ranks send, and what the busiest sends and receives.
pub(super) fn harvests(leaves: usize, ranks: usize) -> (Load, Load) {
    let mut loads = vec![Load::default(); ranks];
    let mut all = Load::default();
    let mut send = |from: usize, to: usize, sums: u64, parts: f64| {
        all.add(sums, parts);
        loads[from].add(sums, parts);
        loads[to].add(sums, parts);
    };
    let mut apart = 1;
    while apart < ranks {
        for rank in (apart..ranks).step_by(2 * apart) {
            // which by now has what the ranks up to the next that sends had
            let last = (rank + apart).min(ranks) - 1;
            let own = share_of(rank, ranks, leaves).start..share_of(last, ranks, leaves).end;
            let part = own.len() as f64 / leaves as f64;
            send(rank, rank - apart, nodes(leaves, own), part);
        }
        apart *= 2;
    }
    // each rank is told by the one that lacks its highest bit
    (1..ranks).for_each(|rank| send(rank - (1 << rank.ilog2()), rank, 1, 1.0));
    let busiest = loads.into_iter().max_by(|a, b| a.sums.total_cmp(&b.sums)).unwrap_or_default();
    (all, busiest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::FixedTree;

    #[test]
    fn nodes_are_those_that_a_tree_is_left_with() {
        for leaves in [1, 2, 5, 8, 13] {
            for start in 0..leaves {
                for end in start + 1..=leaves {
                    let tree = FixedTree::new(leaves);
                    (start..end).for_each(|leaf| tree.put(leaf, (), |(), ()| ()));
                    let left = tree.take_nodes().len() as u64;
                    assert_eq!(nodes(leaves, start..end), left, "{start}..{end} of {leaves}");
                }
            }
        }
    }

    #[test]
    fn one_rank_sends_nothing_and_two_a_sum_each_way() {
        let load = |sums, parts, messages| Load { sums, parts, messages };
        assert_eq!(harvests(256, 1), (Load::default(), Load::default()));
        assert_eq!(harvests(256, 2), (load(2.0, 1.5, 2.0), load(2.0, 1.5, 2.0)));
        // rank 0 hears of a quarter and of a half, and tells two
        assert_eq!(harvests(256, 4), (load(6.0, 4.0, 6.0), load(4.0, 2.75, 4.0)));
        // 85 leaves are no node: more are sent
        assert!(harvests(256, 3).0.sums > 6.0);
    }
}
