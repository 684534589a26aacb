//! What compressors make of a vector: some of its numbers, whole multiples of a step, or signs.
//! Plain loops: compiled for each instruction set, they vectorise.

use super::merging::Cut;
use super::simd::{Kernel, Vector, run16};

/// The most that a number rounded to a byte is, in steps.
const MOST: f32 = 127.0;

/// `Σ |x[i]|` in double precision: 16 sums over every sixteenth entry, then by halves.
pub fn sum_of_magnitudes(x: &[f32]) -> f64 {
    run16(SumOfMagnitudes { x })
}

struct SumOfMagnitudes<'a> {
    x: &'a [f32],
}

impl Kernel for SumOfMagnitudes<'_> {
    type Output = f64;
    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> f64 {
        let mut sums = [0.0_f64; 16];
        let mut chunks = self.x.chunks_exact(16);
        for chunk in &mut chunks {
            sums.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += f64::from(x.abs()));
        }
        let rest = chunks.remainder().iter();
        sums.iter_mut().zip(rest).for_each(|(sum, x)| *sum += f64::from(x.abs()));
        let mut half = 8;
        while half > 0 {
            for i in 0..half {
                sums[i] += sums[i + half];
            }
            half /= 2;
        }
        sums[0]
    }
}

/// `out[i]` = `magnitude` with the sign of `x[i]`, plus for either zero.
///
/// # Panics
/// Where the lengths differ.
pub fn signs(x: &[f32], magnitude: f32, out: &mut [f32]) {
    assert_eq!(x.len(), out.len());
    run16(Signs { x, magnitude, out });
}

struct Signs<'a> {
    x: &'a [f32],
    magnitude: f32,
    out: &'a mut [f32],
}

impl Kernel for Signs<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        for (out, x) in self.out.iter_mut().zip(self.x) {
            *out = if *x < 0.0 { -self.magnitude } else { self.magnitude };
        }
    }
}

/// The step in which the largest magnitude of `x` is 127; zero where that is none.
pub fn byte_step(x: &[f32]) -> f32 {
    let step = run16(Largest { x }) / MOST;
    // steps that are no normal numbers have no multiples to speak of
    if step < f32::MIN_POSITIVE { 0.0 } else { step }
}

struct Largest<'a> {
    x: &'a [f32],
}

impl Kernel for Largest<'_> {
    type Output = f32;
    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> f32 {
        let mut most = [0.0_f32; 16];
        let mut chunks = self.x.chunks_exact(16);
        let larger = |most: &mut [f32], x: &[f32]| {
            most.iter_mut().zip(x).for_each(|(m, x)| *m = if x.abs() > *m { x.abs() } else { *m });
        };
        for chunk in &mut chunks {
            larger(&mut most, chunk);
        }
        larger(&mut most, chunks.remainder());
        most.into_iter().fold(0.0, |a, b| if b > a { b } else { a })
    }
}

/// `out[i]` = `x[i]` as the nearest whole multiple, from −127 to 127, of a step above zero; of two
/// the even one.
///
/// # Panics
/// Where the lengths differ.
pub fn round_to_steps(x: &[f32], step: f32, out: &mut [f32]) {
    assert_eq!(x.len(), out.len());
    run16(Nearest { x, step, out });
}

struct Nearest<'a> {
    x: &'a [f32],
    step: f32,
    out: &'a mut [f32],
}

impl Kernel for Nearest<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        for (out, x) in self.out.iter_mut().zip(self.x) {
            *out = (x / self.step).round_ties_even().clamp(-MOST, MOST) * self.step;
        }
    }
}

/// `out[i]` = `x[i]` as one of the two whole multiples of a step above zero between which it lies,
/// from −127 to 127: the upper one with as much probability as it is near, decided by the upper 24
/// bits of `words[i]`. If words are uniform, the mean is `x[i]`, to 2⁻²⁴ of a step.
///
/// # Panics
/// Where the lengths differ, or words are too few.
pub fn round_at_random(x: &[f32], step: f32, words: &[u32], out: &mut [f32]) {
    assert_eq!(x.len(), out.len());
    run16(AtRandom { x, step, words: &words[..x.len()], out });
}

struct AtRandom<'a> {
    x: &'a [f32],
    step: f32,
    words: &'a [u32],
    out: &'a mut [f32],
}

impl Kernel for AtRandom<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        for ((out, x), word) in self.out.iter_mut().zip(self.x).zip(self.words) {
            let x = x / self.step;
            let lower = x.floor();
            // below 2²⁴, so that signed numbers do, which convert in one instruction
            let up = ((word >> 8) as i32 as f32) < (x - lower) * 16_777_216.0;
            let x = if up { lower + 1.0 } else { lower };
            *out = x.clamp(-MOST, MOST) * self.step;
        }
    }
}

/// `out[i]` = `factor · x[i]` where `ranks[i]` is among the largest that `cut` ends, else zero.
///
/// # Panics
/// Where the lengths differ.
pub fn keep_ranked(ranks: &[f32], cut: Cut, x: &[f32], factor: f32, out: &mut [f32]) {
    assert!(x.len() == out.len() && x.len() == ranks.len());
    run16(Ranked { ranks, cut, x, factor, out });
}

struct Ranked<'a> {
    ranks: &'a [f32],
    cut: Cut,
    x: &'a [f32],
    factor: f32,
    out: &'a mut [f32],
}

impl Kernel for Ranked<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        for (i, ((out, x), rank)) in self.out.iter_mut().zip(self.x).zip(self.ranks).enumerate() {
            *out = if self.cut.keeps(i, *rank) { self.factor * x } else { 0.0 };
        }
    }
}
