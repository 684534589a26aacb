//! Weighted sums of block-sparse vectors.

use super::kernels::add_scaled;
use super::{Layout, Sparse};
use std::sync::Arc;

/// `Σ weight · values` and `Σ weight`, block by block. A block that nobody brought has weight
/// zero and costs nothing but its memory.
#[derive(Clone, Debug)]
pub struct BlockSum {
    layout: Arc<Layout>,
    values: Vec<f32>,
    weights: Vec<f64>,
}

impl BlockSum {
    /// An empty sum.
    pub fn new(layout: Arc<Layout>) -> Self {
        let (values, weights) = (vec![0.0; layout.entries()], vec![0.0; layout.blocks()]);
        BlockSum { layout, values, weights }
    }

    /// Empties it; cost: the blocks that are in it.
    pub fn clear(&mut self) {
        for block in 0..self.weights.len() {
            if self.weights[block] > 0.0 {
                self.weights[block] = 0.0;
                self.values[self.layout.range(block as u32)].fill(0.0);
            }
        }
    }

    /// Adds a vector, each block by the weight that `weight` gives to its tasks; weights are
    /// not negative, blocks of weight 0 are left out.
    pub fn add(&mut self, vector: &Sparse, weight: impl Fn(u32) -> f32) {
        for (block, count, values) in vector.iter() {
            let weight = weight(count);
            if weight > 0.0 {
                self.weights[block as usize] += f64::from(weight);
                add_scaled(&mut self.values[self.layout.range(block)], weight, values);
            }
        }
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &BlockSum) {
        for block in 0..self.weights.len() {
            if other.weights[block] > 0.0 {
                self.weights[block] += other.weights[block];
                let range = self.layout.range(block as u32);
                add_scaled(&mut self.values[range.clone()], 1.0, &other.values[range]);
            }
        }
    }

    /// Puts a block in by its total weight, which is positive, and gives its weighted sum to be written.
    pub(crate) fn put(&mut self, block: u32, weight: f64) -> &mut [f32] {
        self.weights[block as usize] = weight;
        &mut self.values[self.layout.range(block)]
    }

    /// The blocks that are in it: id, total weight, weighted sum.
    pub fn blocks(&self) -> impl Iterator<Item = (u32, f64, &[f32])> {
        self.weights
            .iter()
            .enumerate()
            .filter(|(_, weight)| **weight > 0.0)
            .map(|(b, weight)| (b as u32, *weight, &self.values[self.layout.range(b as u32)]))
    }

    /// What one of several brought of this sum of all: its values under the weights of all, zeros
    /// where it brought nothing.
    ///
    /// # Panics
    /// If the two have different layouts.
    pub fn share_of(&self, part: Option<&BlockSum>) -> BlockSum {
        let values = match part {
            Some(part) => part.values.clone(),
            None => vec![0.0; self.values.len()],
        };
        assert_eq!(values.len(), self.values.len(), "one layout");
        BlockSum { layout: self.layout.clone(), values, weights: self.weights.clone() }
    }

    /// The layout that it is over.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }
}
