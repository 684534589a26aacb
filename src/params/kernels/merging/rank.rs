//! Ranks among some thousand keys, closed in on by counting: the keys lie in the nearest cache, and
//! a pass over them is cheaper than a branch that guesses wrong.

use super::super::simd::{Kernel, Vector, counted, run16};

/// One more than any key: keys are magnitudes, whose bits are below.
const BEYOND: u32 = 1 << 31;

/// Vectors that are counted side by side, so that the units need not wait.
const CHAINS: usize = 4;

/// A key at a rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ranked {
    pub key: u32,
    /// Keys above it.
    pub above: usize,
    /// Keys equal to it.
    pub equal: usize,
}

/// Where a search stands: at least `k` keys are `low` or above, fewer are `high` or above.
struct Search {
    low: u32,
    from_low: usize,
    high: u32,
    from_high: usize,
}

impl Search {
    /// Of all keys up to 2³¹.
    fn new(keys: &[u32]) -> Search {
        Search { low: 0, from_low: keys.len(), high: BEYOND, from_high: 0 }
    }

    /// Closes in on the `k`-th largest key, until it is found or `is_near` says of a number of
    /// keys at or above a pivot that it will do; that pivot is returned.
    fn close_in(&mut self, keys: &[u32], k: usize, is_near: impl Fn(usize) -> bool) -> Option<u32> {
        for pass in 0.. {
            let width = self.high - self.low;
            if width == 1 {
                break;
            }
            // as if keys were spread evenly, a little off the middle of the step between two of
            // them; every third pass halves what is left, as they need not be
            let part = (k - self.from_high) as f64 - 0.5;
            let step = f64::from(width) / (self.from_low - self.from_high) as f64;
            let guess = if pass % 3 == 2 { width / 2 } else { (part * step) as u32 };
            let pivot = self.high - guess.clamp(1, width - 1);
            let from_pivot = count_from(keys, pivot);
            if is_near(from_pivot) {
                return Some(pivot);
            }
            if from_pivot >= k {
                (self.low, self.from_low) = (pivot, from_pivot);
            } else {
                (self.high, self.from_high) = (pivot, from_pivot);
            }
        }
        None
    }
}

/// The `k`-th largest of some keys, all of which are within `low..=high`.
///
/// # Panics
/// Where `k` is none or more than there are keys.
pub(super) fn kth_largest(keys: &[u32], k: usize, (low, high): (u32, u32)) -> Ranked {
    assert!(0 < k && k <= keys.len(), "rank {k} of {}", keys.len());
    let mut search = Search { low, from_low: keys.len(), high: high + 1, from_high: 0 };
    search.close_in(keys, k, |_| false);
    let above = search.from_high;
    Ranked { key: search.low, above, equal: search.from_low - above }
}

/// A pivot which about `k` of some keys are at or above: no more than `slack` more or fewer where
/// there is such a pivot, and else the `k`-th largest key.
pub(super) fn about_kth_largest(keys: &[u32], k: usize, slack: usize) -> u32 {
    assert!(0 < k && k <= keys.len(), "rank {k} of {}", keys.len());
    let mut search = Search::new(keys);
    let near = search.close_in(keys, k, |n| n.abs_diff(k) <= slack);
    near.unwrap_or(search.low)
}

/// How many keys are `pivot`, which is not 0, or above.
fn count_from(keys: &[u32], pivot: u32) -> usize {
    run16(Count { keys, over: pivot - 1 })
}

struct Count<'a> {
    keys: &'a [u32],
    over: u32,
}

impl Kernel for Count<'_> {
    type Output = usize;
    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> usize {
        let mut lines = self.keys.chunks_exact(CHAINS * V::LANES);
        // SAFETY: the caller has V's instruction set, of sixteen lanes.
        unsafe {
            let over = V::splat(f32::from_bits(self.over));
            let mut chains = [V::splat(0.0); CHAINS];
            for line in &mut lines {
                for (k, chain) in chains.iter_mut().enumerate() {
                    let keys = V::load(line.as_ptr().add(k * V::LANES).cast());
                    *chain = keys.count_bits_above(over, *chain);
                }
            }
            let mut sum = 0;
            for chain in chains {
                sum += counted(chain);
            }
            sum + lines.remainder().iter().filter(|key| **key > self.over).count()
        }
    }
}
