//! Magnitudes counted by their bits, vector by vector: counts add up, so that they need not all
//! be at hand at once.
//!
//! A magnitude is taken as the 31 bits of `|x|`, whose order is that of the numbers. Two passes
//! count: first how many share the upper 16 bits, then, of those that share the wanted ones, how
//! many share the lower 15.

use super::super::simd::{Kernel, Vector, run16};
use super::super::vectors::prefetch_line;

/// Magnitudes' lower bits, which the second pass counts.
const LOW_BITS: u32 = 15;
const BINS: usize = 1 << 16;

/// Numbers that are asked for ahead of their time: one stream is guessed too late.
pub(super) const AHEAD: usize = 1024;

/// The bits of a magnitude.
#[inline(always)]
pub(super) fn key(x: f32) -> u32 {
    x.to_bits() & 0x7fff_ffff
}

/// Counts of magnitudes: memory that a selection works in, 256 KiB once something is counted.
#[derive(Clone, Debug, Default)]
pub struct Magnitudes {
    bins: Vec<u32>,
}

impl Magnitudes {
    /// Forgets all counts.
    pub fn clear(&mut self) {
        self.bins.fill(0);
    }

    /// Counts values by the upper bits of their magnitudes.
    pub fn count_upper(&mut self, values: &[f32]) {
        self.bins.resize(BINS, 0);
        let bins: &mut [u32; BINS] =
            self.bins.as_mut_slice().try_into().expect("made with so many bins");
        for line in values.chunks(16) {
            prefetch_line(line.as_ptr().wrapping_add(AHEAD));
            for x in line {
                bins[(key(*x) >> LOW_BITS) as usize] += 1;
            }
        }
    }

    /// Counts those values whose upper bits are `upper` by the lower bits of their magnitudes.
    pub fn count_lower(&mut self, values: &[f32], upper: u32) {
        self.bins.resize(BINS, 0);
        run16(CountLower { bins: &mut self.bins, values, upper });
    }

    /// The magnitude with these upper and lower bits.
    pub fn magnitude(upper: u32, lower: u32) -> f32 {
        f32::from_bits(upper << LOW_BITS | lower)
    }

    /// How many were counted with these bits.
    pub fn counted(&self, bits: u32) -> usize {
        self.bins.get(bits as usize).map_or(0, |count| *count as usize)
    }

    /// The bits of the `k`-th largest counted magnitude, from one, and how many of those that
    /// have them are among the `k` largest. None where fewer were counted.
    pub fn of_rank(&self, k: usize) -> Option<(u32, usize)> {
        let mut left = k;
        for (bits, &count) in self.bins.iter().enumerate().rev() {
            if left <= count as usize {
                return (left > 0).then_some((bits as u32, left));
            }
            left -= count as usize;
        }
        None
    }
}

struct CountLower<'a> {
    bins: &'a mut [u32],
    values: &'a [f32],
    upper: u32,
}

impl Kernel for CountLower<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let low = (1 << LOW_BITS) - 1;
        let mut chunks = self.values.chunks_exact(32);
        let count = |bins: &mut [u32], values: &[f32]| {
            for x in values {
                if key(*x) >> LOW_BITS == self.upper {
                    bins[(key(*x) & low) as usize] += 1;
                }
            }
        };
        for values in &mut chunks {
            prefetch_line(values.as_ptr().wrapping_add(AHEAD));
            prefetch_line(values.as_ptr().wrapping_add(AHEAD + 16));
            // few values have these bits, so most chunks are done with here
            let mut hits = 0_u32;
            for x in values {
                hits |= u32::from(key(*x) >> LOW_BITS == self.upper);
            }
            if hits > 0 {
                count(self.bins, values);
            }
        }
        count(self.bins, chunks.remainder());
    }
}
