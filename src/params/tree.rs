//! Sums whose shape does not depend on who finishes first.

use crate::threads::lock;
use std::sync::Mutex;

/// Combines `leaves` values in a fixed binary tree, in whatever order and from whatever
/// threads they come: leaf `2i` always takes in leaf `2i + 1`, and so on upward. The order of
/// arrival decides only who does the work.
///
/// Cost: one uncontended lock a leaf and level; holds at most the values that wait for their
/// neighbour.
#[derive(Debug)]
pub struct FixedTree<T> {
    leaves: usize,
    /// For each level and pair of neighbours, the one that came first, and which of them it is.
    waiting: Vec<Vec<Slot<T>>>,
    root: Mutex<Option<T>>,
}

/// Where one of two neighbours waits for the other.
type Slot<T> = Mutex<Option<(usize, T)>>;

/// A node of a tree: the whole of what lies below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Steps above the leaves.
    pub level: usize,
    /// Its place among the nodes of its level.
    pub at: usize,
}

impl<T> FixedTree<T> {
    /// A tree that waits for `leaves` values.
    pub fn new(leaves: usize) -> Self {
        let mut waiting = Vec::new();
        let mut width = leaves;
        while width > 1 {
            waiting.push((0..width / 2).map(|_| Mutex::new(None)).collect());
            width = width.div_ceil(2);
        }
        FixedTree { leaves, waiting, root: Mutex::new(None) }
    }

    /// Puts in the value of a leaf; `combine(left, right)` adds the right neighbour to the left.
    ///
    /// # Panics
    /// Where there is no such leaf.
    pub fn put(&self, leaf: usize, value: T, combine: impl Fn(&mut T, T)) {
        self.put_node(Node { level: 0, at: leaf }, value, combine);
    }

    /// Puts in the value of a whole node, which another tree of as many leaves made.
    ///
    /// # Panics
    /// Where there is no such node.
    pub fn put_node(&self, node: Node, value: T, combine: impl Fn(&mut T, T)) {
        let Node { level, mut at } = node;
        let mut width = (0..level).fold(self.leaves, |width, _| width.div_ceil(2));
        assert!(at < width, "{node:?} of {} leaves", self.leaves);
        let mut value = value;
        for level in self.waiting.iter().skip(level) {
            if at ^ 1 < width {
                let mut slot = lock(&level[at / 2]);
                let Some((_, neighbour)) = slot.take() else {
                    *slot = Some((at, value));
                    return;
                };
                drop(slot);
                let (mut left, right) =
                    if at & 1 == 1 { (neighbour, value) } else { (value, neighbour) };
                combine(&mut left, right);
                value = left;
            }
            at /= 2;
            width = width.div_ceil(2);
        }
        *lock(&self.root) = Some(value);
    }

    /// Takes the largest whole nodes that there are: what waits for neighbours that are not in, or
    /// the root. The tree is then as new.
    pub fn take_nodes(&self) -> Vec<(Node, T)> {
        let root = Node { level: self.waiting.len(), at: 0 };
        let mut nodes: Vec<_> = self.take().map(|value| (root, value)).into_iter().collect();
        for (level, slots) in self.waiting.iter().enumerate() {
            for slot in slots {
                let waits = lock(slot).take();
                nodes.extend(waits.map(|(at, value)| (Node { level, at }, value)));
            }
        }
        nodes
    }

    /// Takes the whole, if every leaf is in; the tree is then as new.
    pub fn take(&self) -> Option<T> {
        lock(&self.root).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{Purpose, Stream};

    #[test]
    fn order_of_arrival_never_reaches_the_result() {
        for leaves in [1, 2, 3, 5, 8, 13, 100] {
            let tree = FixedTree::new(leaves);
            let mut shapes = std::collections::BTreeSet::new();
            for trial in 0..20 {
                let mut order: Vec<usize> = (0..leaves).collect();
                Stream::new(1, Purpose::Shuffle, trial, 0).shuffle(&mut order);
                for leaf in order {
                    let join = |a: &mut String, b: String| *a = format!("({a}{b})");
                    tree.put(leaf, format!("{leaf},"), join);
                }
                shapes.insert(tree.take().expect("all leaves are in"));
            }
            assert_eq!(shapes.len(), 1, "{shapes:?}");
            let flat = shapes.pop_first().expect("one").replace(['(', ')'], "");
            assert_eq!(flat, (0..leaves).map(|i| format!("{i},")).collect::<String>());
        }
    }

    #[test]
    fn parts_of_a_tree_that_are_made_apart_come_to_the_same_whole() {
        let join = |a: &mut String, b: String| *a = format!("({a}{b})");
        for leaves in [1, 2, 3, 7, 16, 37] {
            let tree = FixedTree::new(leaves);
            (0..leaves).for_each(|leaf| tree.put(leaf, leaf.to_string(), join));
            let whole = tree.take().expect("all leaves are in");
            for parts in 2..=5 {
                for part in (0..parts).rev() {
                    let own = FixedTree::new(leaves);
                    let range = part * leaves / parts..(part + 1) * leaves / parts;
                    range.for_each(|leaf| own.put(leaf, leaf.to_string(), join));
                    let nodes = own.take_nodes();
                    assert!(nodes.len() <= (2 * own.waiting.len()).max(1), "{nodes:?}");
                    nodes.into_iter().for_each(|(node, value)| tree.put_node(node, value, join));
                    assert_eq!(own.take_nodes(), []);
                }
                assert_eq!(tree.take().as_ref(), Some(&whole), "{leaves} leaves in {parts}");
            }
        }
    }
}
