//! Rows of words, one an agent.

/// Words of a line of memory.
const LINE: usize = 16;

/// A table of 32-bit words, a row an agent, laid out for being read at random: no row that fits
/// a line of 64 bytes lies across two, and a longer one begins a line. Costs up to twice the words
/// asked for in padding, which is zero; reading a row costs one line, or as many as it is long.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    words: Vec<u32>,
    /// Words before the first line.
    skip: usize,
    rows: usize,
    stride: usize,
}

impl Grid {
    /// `rows` rows of `width` words, all zero.
    pub fn new(rows: usize, width: usize) -> Self {
        let stride =
            if width <= LINE { width.next_power_of_two() } else { width.next_multiple_of(LINE) };
        let words = vec![0; rows * stride + LINE];
        let skip = words.as_ptr().align_offset(4 * LINE).min(LINE);
        Grid { words, skip, rows, stride }
    }

    /// Words from one row to the next.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// All rows, one after another.
    pub fn all(&self) -> &[u32] {
        &self.words[self.skip..self.skip + self.rows * self.stride]
    }

    /// The same, to be changed.
    pub fn all_mut(&mut self) -> &mut [u32] {
        &mut self.words[self.skip..self.skip + self.rows * self.stride]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_lie_within_lines_or_begin_them() {
        for (width, stride) in [(1, 1), (3, 4), (16, 16), (17, 32), (48, 48)] {
            let mut grid = Grid::new(5, width);
            assert_eq!((grid.stride(), grid.all().len()), (stride, 5 * stride));
            assert!(grid.all().as_ptr().cast::<u8>().align_offset(64) == 0, "{width}");
            grid.row_mut(4)[0] = 7;
            assert_eq!((grid.row(4)[0], grid.all()[4 * stride]), (7, 7));
        }
    }
}
