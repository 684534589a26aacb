//! A few coordinates of many rows, copied next to each other.

use super::super::simd::Vector;
use super::super::vectors::prefetch_line;

/// Coordinates of a tile: two lines of memory of every row.
pub(super) const WIDTH: usize = 32;

/// Coordinates of a row that are asked for together. Memory likes a stretch of a row better than a
/// line of each.
const STRETCH: usize = 128;

/// Numbers in a line of memory.
const LINE: usize = 16;

/// The present tile of some rows. Copied at once, each line of memory is fetched once: rows that
/// lie a power of two apart would drive each other out of the nearest cache halfway through a
/// line. Meanwhile the next stretch of every row is asked for, row by row: the processor does not
/// guess what is wanted of so many, and asked for all at once they would have to be waited for.
pub(super) struct Tiles<'a> {
    rows: &'a [&'a [f32]],
    tile: &'a mut [f32],
    /// Where the next stretch begins, which of its rows is to be asked for, and what is due, in
    /// shares of a call.
    next: usize,
    row: usize,
    due: usize,
    /// How often [`Tiles::ask`] is called in a stretch.
    calls: usize,
}

impl<'a> Tiles<'a> {
    /// Of rows that will be asked for in so many calls a tile, from coordinate `start` on. `tile`
    /// has room for a tile of every row.
    #[inline(always)]
    pub fn new(rows: &'a [&'a [f32]], start: usize, calls: usize, tile: &'a mut [f32]) -> Self {
        let tile = &mut tile[..rows.len() * WIDTH];
        let calls = calls * (STRETCH / WIDTH);
        Tiles { rows, tile, next: start + STRETCH, row: 0, due: 0, calls }
    }

    /// Copies the tile at coordinate `at`, of `len` coordinates, and returns it: row by row,
    /// missing ones zeros.
    ///
    /// # Safety
    /// The caller has V's instruction set; rows reach to `at + len`.
    #[inline(always)]
    pub unsafe fn copy<V: Vector>(&mut self, at: usize, len: usize) -> *const f32 {
        if at >= self.next {
            (self.next, self.row, self.due) = (at + STRETCH, 0, 0);
        }
        if len < WIDTH {
            for (row, to) in self.rows.iter().zip(self.tile.chunks_exact_mut(WIDTH)) {
                to.fill(0.0);
                to[..len].copy_from_slice(&row[at..at + len]);
            }
            return self.tile.as_ptr();
        }
        let to = self.tile.as_mut_ptr();
        for (r, row) in self.rows.iter().enumerate() {
            // SAFETY: every row has as much from `at` on, and the tile room for it.
            unsafe {
                let from = row.as_ptr().add(at);
                for c in (0..WIDTH).step_by(V::LANES) {
                    V::load(from.add(c)).store(to.add(r * WIDTH + c));
                }
            }
        }
        to
    }

    /// Asks for its share of the next stretch.
    #[inline(always)]
    pub fn ask(&mut self) {
        self.due += self.rows.len();
        while self.due >= self.calls {
            self.due -= self.calls;
            let from = self.rows[self.row].as_ptr().wrapping_add(self.next);
            for line in 0..STRETCH / LINE {
                prefetch_line(from.wrapping_add(line * LINE));
            }
            self.row += 1;
        }
    }
}
