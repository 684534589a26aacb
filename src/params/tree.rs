//! Sums whose shape does not depend on who finishes first.

use std::sync::{Mutex, PoisonError};

/// Combines `leaves` values in a fixed binary tree, in whatever order and from whatever
/// threads they come: leaf `2i` always takes in leaf `2i + 1`, and so on upward. The order of
/// arrival decides only who does the work.
///
/// Cost: one uncontended lock a leaf and level; holds at most the values that wait for their
/// neighbour.
#[derive(Debug)]
pub struct FixedTree<T> {
    leaves: usize,
    /// For each level and pair of neighbours, the one that came first.
    waiting: Vec<Vec<Mutex<Option<T>>>>,
    root: Mutex<Option<T>>,
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
        assert!(leaf < self.leaves, "leaf {leaf} of {}", self.leaves);
        let (mut at, mut width, mut value) = (leaf, self.leaves, value);
        for level in &self.waiting {
            if at ^ 1 < width {
                let mut slot = level[at / 2].lock().unwrap_or_else(PoisonError::into_inner);
                let Some(neighbour) = slot.take() else {
                    *slot = Some(value);
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
        *self.root.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }

    /// Takes the whole, if every leaf is in; the tree is then as new.
    pub fn take(&self) -> Option<T> {
        self.root.lock().unwrap_or_else(PoisonError::into_inner).take()
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
}
