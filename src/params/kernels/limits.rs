//! Work that does nothing but reach the machine's limits: what a benchmark holds itself against.

use super::simd::{Kernel, Vector, run_widest, run16};
use super::{Level, level};

/// Sums that are under way at once: more than any processor needs to keep its units busy.
const CHAINS: usize = 12;

/// Does `rounds` × [`multiply_adds_of`]`(1)` independent single-precision multiply-adds on
/// registers. Returns a number that depends on all of them.
pub fn spin_multiply_adds(rounds: u64) -> f32 {
    run_widest(Spin { rounds })
}

/// Multiply-adds that [`spin_multiply_adds`] does in so many rounds.
pub fn multiply_adds_of(rounds: u64) -> u64 {
    let lanes = if level() == Level::Avx512 { 16 } else { 8 };
    rounds * CHAINS as u64 * lanes
}

struct Spin {
    rounds: u64,
}

impl Kernel for Spin {
    type Output = f32;
    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> f32 {
        // SAFETY: the caller has V's instruction set.
        unsafe {
            let (a, b) = (V::splat(0.999), V::splat(0.001));
            let mut sums = [V::splat(1.0); CHAINS];
            for round in 0..self.rounds {
                // the processor cannot know that nothing changes
                let a = if std::hint::black_box(round) == u64::MAX { b } else { a };
                for sum in &mut sums {
                    *sum = sum.fma(a, b);
                }
            }
            let mut total = V::splat(0.0);
            for sum in sums {
                total = total.add(sum);
            }
            total.sum()
        }
    }
}

/// Reads every number once, in eight streams side by side, and adds it to one of many sums: what
/// memory gives to plain loads, none of which are asked for ahead.
pub fn read_all(numbers: &[f32]) -> f32 {
    run16(Read { numbers })
}

struct Read<'a> {
    numbers: &'a [f32],
}

impl Kernel for Read<'_> {
    type Output = f32;
    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> f32 {
        let each = self.numbers.len() / 8 / V::LANES * V::LANES;
        let start = self.numbers.as_ptr();
        // SAFETY: the caller has V's instruction set; eight streams of `each` numbers, a whole
        // number of vectors, lie in `numbers`.
        unsafe {
            let mut sums = [V::splat(0.0); 8];
            for i in (0..each).step_by(V::LANES) {
                for (stream, sum) in sums.iter_mut().enumerate() {
                    *sum = sum.add(V::load(start.add(stream * each + i)));
                }
            }
            let mut total = V::splat(0.0);
            for sum in sums {
                total = total.add(sum);
            }
            total.sum()
        }
    }
}
