//! How a parameter vector divides into blocks.

/// The blocks of a parameter vector, one behind the other. Block `b` holds the entries
/// [`range(b)`](Layout::range).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Where each block begins, and at last where the vector ends.
    offsets: Vec<usize>,
}

impl Layout {
    /// A layout of blocks with the given numbers of entries.
    pub fn new(lengths: impl IntoIterator<Item = usize>) -> Self {
        let mut offsets = vec![0];
        let mut end = 0;
        for length in lengths {
            end += length;
            offsets.push(end);
        }
        Layout { offsets }
    }

    /// Number of blocks.
    pub fn blocks(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Entries of all blocks together.
    pub fn entries(&self) -> usize {
        self.offsets[self.blocks()]
    }

    /// The entries of a block.
    #[inline]
    pub fn range(&self, block: u32) -> std::ops::Range<usize> {
        self.offsets[block as usize]..self.offsets[block as usize + 1]
    }

    /// Number of entries of a block.
    #[inline]
    pub fn len(&self, block: u32) -> usize {
        self.range(block).len()
    }

    /// Whether there are no entries at all.
    pub fn is_empty(&self) -> bool {
        self.entries() == 0
    }

    /// Entries of the largest block.
    pub fn largest(&self) -> usize {
        (0..self.blocks() as u32).map(|b| self.len(b)).max().unwrap_or(0)
    }
}
