//! Rows of words, one an agent.

use memmap2::MmapMut;

/// Words of a line of memory.
const LINE: usize = 16;

/// Bytes from which on a table has pages of its own: a large page.
const PAGE: usize = 1 << 21;

/// A table of 32-bit words, a row an agent, laid out for being read at random: no row that fits
/// a line of 64 bytes lies across two, and a longer one begins a line. Costs up to twice the words
/// asked for in padding, which is zero; reading a row costs one line, or as many as it is long. A
/// large table asks the system for large pages, where it has them, so that the way to a line is
/// not looked up anew each time.
#[derive(Debug, Default)]
pub struct Grid {
    memory: Memory,
    rows: usize,
    stride: usize,
}

#[derive(Debug)]
enum Memory {
    /// Words, and how many lie before the first line.
    Heap(Vec<u32>, usize),
    Pages(MmapMut),
}

impl Default for Memory {
    fn default() -> Self {
        Memory::Heap(Vec::new(), 0)
    }
}

impl Memory {
    fn new(words: usize) -> Self {
        if 4 * words >= PAGE
            && let Ok(pages) = MmapMut::map_anon(4 * words)
        {
            // where there are none, small ones do as well
            #[cfg(target_os = "linux")]
            let _ = pages.advise(memmap2::Advice::HugePage);
            return Memory::Pages(pages);
        }
        let words = vec![0; words + LINE];
        let skip = words.as_ptr().align_offset(4 * LINE).min(LINE);
        Memory::Heap(words, skip)
    }
}

impl Grid {
    /// `rows` rows of `width` words, all zero.
    pub fn new(rows: usize, width: usize) -> Self {
        let stride = stride_of(width);
        Grid { memory: Memory::new(rows * stride), rows, stride }
    }

    /// Words from one row to the next.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// All rows, one after another.
    pub fn all(&self) -> &[u32] {
        let words = self.rows * self.stride;
        match &self.memory {
            Memory::Heap(all, skip) => &all[*skip..*skip + words],
            Memory::Pages(bytes) => &bytemuck::cast_slice(bytes)[..words],
        }
    }

    /// The same, to be changed.
    pub fn all_mut(&mut self) -> &mut [u32] {
        let words = self.rows * self.stride;
        match &mut self.memory {
            Memory::Heap(all, skip) => &mut all[*skip..*skip + words],
            Memory::Pages(bytes) => &mut bytemuck::cast_slice_mut(bytes)[..words],
        }
    }

    /// A row, with its padding.
    pub fn row(&self, row: usize) -> &[u32] {
        &self.all()[row * self.stride..(row + 1) * self.stride]
    }

    /// The same, to be changed.
    pub fn row_mut(&mut self, row: usize) -> &mut [u32] {
        let stride = self.stride;
        &mut self.all_mut()[row * stride..(row + 1) * stride]
    }
}

/// Words from a row of so many to the next.
pub(super) fn stride_of(width: usize) -> usize {
    if width <= LINE { width.next_power_of_two() } else { width.next_multiple_of(LINE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_lie_within_lines_or_begin_them() {
        for (width, stride) in [(1, 1), (3, 4), (16, 16), (17, 32), (48, 48)] {
            // on the heap, and on pages of its own
            for rows in [5, PAGE / 4] {
                let mut grid = Grid::new(rows, width);
                assert_eq!((grid.stride(), grid.all().len()), (stride, rows * stride));
                assert!(grid.all().as_ptr().cast::<u8>().align_offset(64) == 0, "{width}");
                assert!(grid.all().iter().all(|word| *word == 0));
                grid.row_mut(4)[0] = 7;
                assert_eq!((grid.row(4)[0], grid.all()[4 * stride]), (7, 7));
            }
        }
    }
}
