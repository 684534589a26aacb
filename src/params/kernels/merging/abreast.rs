//! Rows that are read side by side, where they lie.

use super::super::simd::Vector;
use super::super::vectors::prefetch_line;

/// Coordinates that all rows are brought through before the next: a page of each row. Memory
/// streams through a page of one row after another's; of a line of each in turn it makes less than
/// half as much.
pub(super) const BLOCK: usize = 1024;

/// Numbers in a line of memory.
const LINE: usize = 16;

/// Lines of a row that are asked for together.
const LINES: usize = 16;

/// Up to sixteen rows side by side from some coordinate on.
pub(super) struct Abreast<'a> {
    rows: &'a [&'a [f32]],
    at: [*const f32; 16],
    start: usize,
    len: usize,
    /// What is left of each row where that is less than a vector.
    rest: [[f32; 16]; 16],
}

impl<'a> Abreast<'a> {
    /// # Panics
    /// Where there are more than sixteen rows, or one is shorter than `start + len`.
    pub fn new(rows: &'a [&'a [f32]], start: usize, len: usize) -> Self {
        assert!(rows.len() <= 16, "too many rows side by side");
        let mut at = [std::ptr::null(); 16];
        rows.iter().zip(&mut at).for_each(|(row, at)| *at = row[start..start + len].as_ptr());
        Abreast { rows, at, start, len, rest: [[0.0; 16]; 16] }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Where row `r` has the coordinate at a place that [`column`](Abreast::column) told of.
    #[inline(always)]
    pub fn row(&self, r: usize, place: usize) -> *const f32 {
        self.at[r].wrapping_add(place)
    }

    /// Where the rows' vectors of coordinate `i` on stand, with zeros beyond the end. After the
    /// last one no other can be had.
    #[inline(always)]
    pub fn column<V: Vector>(&mut self, i: usize) -> usize {
        if i + V::LANES <= self.len {
            return i;
        }
        for (r, row) in self.rows.iter().enumerate() {
            let rest = &row[self.start + i..self.start + self.len];
            self.rest[r][..rest.len()].copy_from_slice(rest);
            self.at[r] = self.rest[r].as_ptr();
        }
        0
    }
}

/// Asks for a block of every row while other work is done: row by row, as memory likes it, and
/// little by little, for all at once would have to be waited for.
pub(super) struct Ahead<'a> {
    rows: &'a [&'a [f32]],
    start: usize,
    /// What was asked for, in pieces of [`LINES`].
    asked: usize,
    /// What is due, in shares of a call.
    due: usize,
    calls: usize,
}

impl<'a> Ahead<'a> {
    /// For the block from coordinate `start` on, in so many calls.
    pub fn new(rows: &'a [&'a [f32]], start: usize, calls: usize) -> Self {
        Ahead { rows, start, asked: 0, due: 0, calls }
    }

    /// Asks for its share.
    #[inline(always)]
    pub fn ask(&mut self) {
        const PIECES: usize = BLOCK / (LINE * LINES);
        self.due += self.rows.len() * PIECES;
        while self.due >= self.calls {
            self.due -= self.calls;
            let row = self.rows[self.asked / PIECES].as_ptr();
            let from = row.wrapping_add(self.start + self.asked % PIECES * LINE * LINES);
            for line in 0..LINES {
                prefetch_line(from.wrapping_add(line * LINE));
            }
            self.asked += 1;
        }
    }
}
