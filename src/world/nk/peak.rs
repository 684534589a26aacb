//! The highest point of a landscape, by going through all of it.

use super::{Fitness, LAST, Landscape, Solution};
use crate::halt::Halt;

/// Low bits whose solutions are summed together.
const LOW: u32 = 6;

/// Solutions of a block: those that differ in the low bits alone.
const BLOCK: usize = 1 << LOW;

/// The part of a block's contributions that comes from one bit.
#[derive(Clone)]
struct Row {
    /// For each solution of the block, the place of its contribution in the run.
    places: [u8; BLOCK],
    /// Contributions that differ within a block: two to the number of low bits that matter. They
    /// lie side by side, because the bits of an index rise.
    length: usize,
    /// The run of the block at hand.
    run: [u32; BLOCK],
}

impl Landscape {
    /// The highest solution of all, among equals the one of lowest bits. N is at most
    /// [`EXHAUSTIBLE`](super::EXHAUSTIBLE).
    ///
    /// Blocks of 64 solutions follow each other in the order of a Gray code (Gray 1953) of the high
    /// bits: from one to the next a single bit changes, and only the contributions that it matters
    /// to do. Cost: 2^N (K + 1) additions, and as many draws where there is no table.
    pub fn peak(&self) -> Solution {
        self.peak_until(&Halt::default())
    }

    /// The same, or the highest so far where it is halted.
    pub(super) fn peak_until(&self, halt: &Halt) -> Solution {
        debug_assert!(self.n <= super::EXHAUSTIBLE, "2^N solutions are too many");
        let low = LOW.min(self.n);
        let size = 1 << low;
        let mut rows: Vec<Row> = (0..self.n as usize).map(|bit| self.row(bit, size)).collect();
        let mut sums = [0_u64; BLOCK];
        for row in &rows {
            for (sum, place) in sums.iter_mut().zip(&row.places) {
                *sum += u64::from(row.run[usize::from(*place)]);
            }
        }
        let mut best = highest(&sums[..size], 0);
        let mut high = 0_u64;
        for step in 1..1_u64 << (self.n - low) {
            if step.is_multiple_of(1024) && halt.is_set() {
                break;
            }
            let bit = low + step.trailing_zeros();
            high ^= 1 << bit;
            for (i, _) in &self.matters[bit as usize] {
                self.change(usize::from(*i), high, &mut rows[usize::from(*i)], &mut sums);
            }
            let found = highest(&sums[..size], high);
            if found.beats(&best) {
                best = found;
            }
        }
        best
    }

    /// What a bit brings to the block of high bits 0.
    fn row(&self, bit: usize, size: usize) -> Row {
        let places: [u8; BLOCK] =
            std::array::from_fn(|l| self.index(bit, (l & (size - 1)) as u64) as u8);
        let length = usize::from(places[size - 1]) + 1;
        let mut row = Row { places, length, run: [0; BLOCK] };
        self.load(bit, 0, &mut row.run[..length]);
        row
    }

    /// Takes a row to the block of other high bits.
    #[inline]
    fn change(&self, bit: usize, high: u64, row: &mut Row, sums: &mut [u64; BLOCK]) {
        let mut run = [0; BLOCK];
        self.load(bit, high, &mut run[..row.length]);
        let mut change = [0_u64; BLOCK];
        for (change, (new, old)) in change.iter_mut().zip(run.iter().zip(&row.run)) {
            *change = u64::from(*new).wrapping_sub((*old).into());
        }
        row.run = run;
        for (sum, place) in sums.iter_mut().zip(&row.places) {
            *sum = sum.wrapping_add(change[usize::from(*place) % BLOCK]);
        }
    }

    /// The contributions of a bit from the one of a block's first solution on.
    fn load(&self, bit: usize, high: u64, run: &mut [u32]) {
        let first = self.index(bit, high);
        if self.table.is_empty() {
            let within = first as usize % BLOCK;
            let block = (first & LAST) as usize - within;
            let mut words = [0; BLOCK];
            self.key(bit, first).for_words(block, BLOCK, |i, word| words[i] = word);
            run.copy_from_slice(&words[within..][..run.len()]);
        } else {
            run.copy_from_slice(&self.table[(bit << self.width) + first as usize..][..run.len()]);
        }
    }
}

/// The best of a block.
#[inline]
fn highest(sums: &[u64], high: u64) -> Solution {
    let most = sums.iter().fold(0, |most, sum| most.max(*sum));
    let place = sums.iter().position(|sum| *sum == most).unwrap_or_default();
    Solution { bits: high | place as u64, fitness: Fitness(most) }
}
