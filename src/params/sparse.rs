//! A vector that holds some blocks of a layout.

use super::Layout;
use serde::{Deserialize, Serialize};

/// Blocks of a parameter vector, each with the number of tasks that it stands for. What is not
/// there was not touched. Reused from round to round: clearing keeps the memory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct Sparse {
    blocks: Vec<u32>,
    counts: Vec<u32>,
    ends: Vec<usize>,
    values: Vec<f32>,
}

/// What is read of one, before it is known to be whole.
#[derive(Deserialize)]
struct Parts {
    blocks: Vec<u32>,
    counts: Vec<u32>,
    ends: Vec<usize>,
    values: Vec<f32>,
}

impl TryFrom<Parts> for Sparse {
    type Error = &'static str;

    fn try_from(Parts { blocks, counts, ends, values }: Parts) -> Result<Self, Self::Error> {
        let whole = blocks.len() == ends.len() && counts.len() == ends.len();
        if !whole || !ends.is_sorted() || ends.last().copied().unwrap_or(0) != values.len() {
            return Err("blocks and values do not fit each other");
        }
        Ok(Sparse { blocks, counts, ends, values })
    }
}

impl Sparse {
    /// Whether its blocks are whole ones of a layout.
    pub fn fits(&self, layout: &Layout) -> bool {
        let whole = |(block, _, values): (u32, u32, &[f32])| {
            (block as usize) < layout.blocks() && values.len() == layout.len(block)
        };
        self.iter().all(whole)
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.blocks.clear();
        self.counts.clear();
        self.ends.clear();
        self.values.clear();
    }

    /// Adds a block of `len` zeros that stands for `count` tasks and gives it to be filled.
    pub fn push(&mut self, block: u32, count: u32, len: usize) -> &mut [f32] {
        let start = self.values.len();
        self.values.resize(start + len, 0.0);
        self.blocks.push(block);
        self.counts.push(count);
        self.ends.push(start + len);
        &mut self.values[start..]
    }

    /// Leaves the last `n` values out, or all that there are: blocks end where values do.
    pub fn cut(&mut self, n: usize) {
        let left = self.values.len().saturating_sub(n);
        self.values.truncate(left);
        self.ends.iter_mut().for_each(|end| *end = left.min(*end));
    }

    /// The blocks in the order in which they were added: id, tasks, values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (u32, u32, &[f32])> {
        (0..self.blocks.len()).map(|i| {
            let start = if i == 0 { 0 } else { self.ends[i - 1] };
            (self.blocks[i], self.counts[i], &self.values[start..self.ends[i]])
        })
    }

    /// Gives the values of each block to be changed, in the order in which they were added.
    pub fn for_each_mut(&mut self, mut change: impl FnMut(u32, &mut [f32])) {
        let mut start = 0;
        for (block, end) in self.blocks.iter().zip(&self.ends) {
            change(*block, &mut self.values[start..*end]);
            start = *end;
        }
    }

    /// Adds it to a whole vector, `to += vector`.
    ///
    /// # Panics
    /// Where `to` is shorter than the layout, or a block is none of it.
    pub fn add_to(&self, layout: &Layout, to: &mut [f32]) {
        for (block, _, values) in self.iter() {
            let to = to[layout.range(block)].iter_mut();
            to.zip(values).for_each(|(to, value)| *to += value);
        }
    }

    /// The values of a block, if it is there. Cost: linear in the number of blocks.
    pub fn get(&self, block: u32) -> Option<&[f32]> {
        self.iter().find(|&(b, ..)| b == block).map(|(.., values)| values)
    }

    /// Number of blocks held.
    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Whether no block is held.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// All values, block behind block.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// All values, block behind block, to be written.
    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// Bytes on the wire: a 4-byte id and a 4-byte count a block, 4 bytes a value.
    pub fn bytes(&self) -> u64 {
        (8 * self.blocks.len() + 4 * self.values.len()) as u64
    }
}
