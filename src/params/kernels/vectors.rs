//! Sums and functions over long vectors. Plain loops: compiled for each instruction set, they
//! vectorise.

use super::simd::{Kernel, Vector, run16};
use crate::maths::tanh_f32;

/// Asks for numbers that will soon be read in no order, so that they are on their way while
/// other work is done. Does nothing where the processor cannot be asked.
#[inline]
pub fn prefetch(numbers: &[f32]) {
    numbers.chunks(16).for_each(|line| prefetch_line(line.as_ptr()));
}

/// The same for a row of words that is no longer than a line, or the first line of a longer one.
#[inline(always)]
pub fn prefetch_words(row: &[u32]) {
    prefetch_line(row.as_ptr().cast());
}

/// Numbers that rows are asked for ahead of their time: what is read once and in few streams is
/// guessed too late.
pub(super) const AHEAD: usize = 512;

/// Asks for the line of memory at an address, which need not be anyone's.
#[inline(always)]
pub(super) fn prefetch_line(at: *const f32) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the instruction is part of every x86-64 processor and reads nothing itself.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// `to[i] += a · from[i]`, fused.
///
/// # Panics
/// Where the lengths differ.
#[inline]
pub fn add_scaled(to: &mut [f32], a: f32, from: &[f32]) {
    assert_eq!(to.len(), from.len());
    run16(AddScaled { to, a, from });
}

struct AddScaled<'a> {
    to: &'a mut [f32],
    a: f32,
    from: &'a [f32],
}

impl Kernel for AddScaled<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        for (t, f) in self.to.iter_mut().zip(self.from) {
            *t = self.a.mul_add(*f, *t);
        }
    }
}

/// Where the first number is that is infinite or none. Reads all of them at once, and one by one
/// only where there is such a number: `0 · x` is 0 for all others.
pub fn first_not_finite(x: &[f32]) -> Option<usize> {
    if run16(AllFinite { x }) {
        return None;
    }
    x.iter().position(|v| !v.is_finite())
}

struct AllFinite<'a> {
    x: &'a [f32],
}

impl Kernel for AllFinite<'_> {
    type Output = bool;
    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> bool {
        let mut chunks = self.x.chunks_exact(4 * V::LANES);
        // SAFETY: the caller has V's instruction set; a chunk holds four vectors.
        let sum = unsafe {
            let zero = V::splat(0.0);
            let mut sums = [zero; 4];
            for chunk in &mut chunks {
                for (k, sum) in sums.iter_mut().enumerate() {
                    *sum = V::load(chunk.as_ptr().add(k * V::LANES)).fma(zero, *sum);
                }
            }
            sums[0].add(sums[1]).add(sums[2].add(sums[3])).sum()
        };
        sum == 0.0 && chunks.remainder().iter().all(|v| v.is_finite())
    }
}

/// `x[i] *= a`.
#[inline]
pub fn scale(x: &mut [f32], a: f32) {
    x.iter_mut().for_each(|x| *x *= a);
}

/// `x[i] = tanh x[i]`; see [`tanh_f32`].
#[inline]
pub fn tanh(x: &mut [f32]) {
    run16(Tanh { x });
}

struct Tanh<'a> {
    x: &'a mut [f32],
}

impl Kernel for Tanh<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        self.x.iter_mut().for_each(|x| *x = tanh_f32(*x));
    }
}

/// `Σ a[i] · b[i]` in double precision: 16 sums over every sixteenth entry, then by halves.
///
/// # Panics
/// Where the lengths differ.
pub fn dot_f64(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let mut sums = [0.0_f64; 16];
    let mut chunks = a.chunks_exact(16).zip(b.chunks_exact(16));
    for (a, b) in &mut chunks {
        for i in 0..16 {
            sums[i] += f64::from(a[i]) * f64::from(b[i]);
        }
    }
    let rest = a.len() / 16 * 16;
    for (i, (a, b)) in a[rest..].iter().zip(&b[rest..]).enumerate() {
        sums[i] += f64::from(*a) * f64::from(*b);
    }
    let mut half = 8;
    while half > 0 {
        for i in 0..half {
            sums[i] += sums[i + half];
        }
        half /= 2;
    }
    sums[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_that_is_none_is_found_wherever_it_stands() {
        for len in [0, 1, 15, 16, 17, 64, 65, 150] {
            let finite: Vec<f32> = (0..len).map(|i| [f32::MAX, -0.0, f32::MIN][i % 3]).collect();
            assert_eq!(first_not_finite(&finite), None);
            for at in 0..len {
                for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                    let mut x = finite.clone();
                    x[len - 1] = f32::NAN;
                    x[at] = bad;
                    assert_eq!(first_not_finite(&x), Some(at), "{len}");
                }
            }
        }
    }
    use crate::params::kernels::{Level, force_level, level};

    #[test]
    fn tanh_has_the_bits_of_the_scalar_function_on_every_instruction_set() {
        let best = level();
        let x: Vec<f32> = (0..2003).map(|i| (i - 1000) as f32 * 0.0123).collect();
        let want: Vec<u32> = x.iter().map(|x| tanh_f32(*x).to_bits()).collect();
        for wanted in [Level::Baseline, Level::Avx2, Level::Avx512] {
            force_level(wanted);
            // no whole number of vectors: the rest is computed as well
            for len in [2003, 37, 1] {
                let mut got = x[..len].to_vec();
                tanh(&mut got);
                let got: Vec<u32> = got.iter().map(|y| y.to_bits()).collect();
                assert_eq!(got, want[..len], "{wanted:?}");
            }
        }
        force_level(best);
    }
}
