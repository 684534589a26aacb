//! Vectors of 8 and 16 single-precision lanes on AVX-512, AVX2 and plain arrays.
//!
//! All three compute the same bits: multiply-adds are fused everywhere (the arrays use
//! `f32::mul_add`, exact by definition), and sums over lanes go by halves, lane `i` with lane
//! `i + N/2` first. The arrays are the reference that the tests hold the others to.

mod arrays;
#[cfg(target_arch = "x86_64")]
mod x86;

use arrays::{Pair, Plain};
use std::sync::atomic::{AtomicU8, Ordering};

/// A vector of lanes.
///
/// # Safety
/// Methods may only run where the implementing type's instruction set is available; pointers
/// must be valid for `LANES` numbers.
pub(super) trait Vector: Copy {
    const LANES: usize;
    /// Examples that go forward through the rows of a block together, each with a sum of its
    /// own: as many as registers hold, and at most ten. Never changes a result.
    const FORWARD: usize;
    /// Examples whose steps are added to the rows of a block together: each row's sum is a
    /// chain, and more rows are under way where chains are short. Never changes a result.
    const BACKWARD: usize;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    /// Stores past the caches, where the processor can; `to` is the start of a line of memory or
    /// whole vectors on from one. Whoever does so ends with [`fence`].
    #[inline(always)]
    unsafe fn stream(self, to: *mut f32) {
        // SAFETY: as the caller vouches.
        unsafe { self.store(to) }
    }
    unsafe fn splat(x: f32) -> Self;
    unsafe fn add(self, b: Self) -> Self;
    unsafe fn sub(self, b: Self) -> Self;
    unsafe fn mul(self, b: Self) -> Self;
    unsafe fn div(self, b: Self) -> Self;
    /// The second where they do not compare.
    unsafe fn min(self, b: Self) -> Self;
    /// The second where they do not compare.
    unsafe fn max(self, b: Self) -> Self;
    unsafe fn abs(self) -> Self;
    /// `yes` in the lanes where `self > b`, `no` in the others.
    unsafe fn where_above(self, b: Self, yes: Self, no: Self) -> Self;
    /// `yes` in the lanes where `self >= b`, `no` in the others.
    unsafe fn where_not_below(self, b: Self, yes: Self, no: Self) -> Self;
    /// Counts the lanes where `self > b`: adds 1 to the integers whose bits `counts` holds.
    unsafe fn count_above(self, b: Self, counts: Self) -> Self;
    /// Counts the lanes whose bits are above `b`'s, both as numbers below 2³¹: adds 1 to the
    /// integers whose bits `counts` holds.
    unsafe fn count_bits_above(self, b: Self, counts: Self) -> Self;
    /// Stores the lanes whose bits are within `low..=high`, all as numbers below 2³¹, one after
    /// another; returns how many. There must be room for `LANES` numbers, which may all change.
    unsafe fn store_bits_within(self, low: Self, high: Self, to: *mut f32) -> usize;
    /// The even lanes, taken as words, times a word: products as wide as two lanes.
    unsafe fn mul_even_words(self, by: u32) -> Self;
    /// The odd lanes in the even places; what is in the odd places is of no account.
    unsafe fn odd_words(self) -> Self;
    /// Its even lanes, each followed by the even lane of `b`.
    unsafe fn zip_even_words(self, b: Self) -> Self;
    unsafe fn xor(self, b: Self) -> Self;
    /// `x` in the lanes whose bits, taken as words, are no more than `most`, zero in the others.
    unsafe fn where_words_up_to(self, most: u32, x: Self) -> Self;
    /// `self · b + c`, rounded once.
    unsafe fn fma(self, b: Self, c: Self) -> Self;
    /// Adds the low bits of `t` to the exponent: `self · 2^n` for `t = n + 1.5·2²³`.
    unsafe fn scale_pow2(self, t: Self) -> Self;
    unsafe fn sum(self) -> f32;
    /// The sums of four vectors, each as [`sum`](Vector::sum) has it.
    #[inline(always)]
    unsafe fn sums(of: [Self; 4]) -> [f32; 4] {
        let mut sums = [0.0; 4];
        // SAFETY: as the caller vouches.
        sums.iter_mut().zip(of).for_each(|(sum, v)| *sum = unsafe { v.sum() });
        sums
    }
    unsafe fn max_lane(self) -> f32;
    /// The first lane that equals `x`; `LANES` or more where none does.
    unsafe fn first_equal(self, x: f32) -> u32;
    /// Rows to columns, for vectors of eight lanes: lane `i` of vector `k` and lane `k` of
    /// vector `i` change places.
    #[inline(always)]
    unsafe fn transpose(rows: &mut [Self; 8]) {
        debug_assert_eq!(Self::LANES, 8);
        let (mut from, mut to) = ([[0.0_f32; 8]; 8], [[0.0_f32; 8]; 8]);
        // SAFETY: each row of the arrays has eight lanes.
        unsafe {
            rows.iter().zip(&mut from).for_each(|(v, row)| v.store(row.as_mut_ptr()));
            for i in 0..8 {
                for k in 0..8 {
                    to[k][i] = from[i][k];
                }
            }
            rows.iter_mut().zip(&to).for_each(|(v, row)| *v = Self::load(row.as_ptr()));
        }
    }
}

/// Lets what was [streamed](Vector::stream) be seen by other threads in its order.
#[inline(always)]
pub(super) fn fence() {
    // Miri knows no such instruction, and no order of stores that wants it
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: the instruction is part of every x86-64 processor.
    unsafe {
        std::arch::x86_64::_mm_sfence()
    };
}

/// The lanes of a vector of sixteen.
///
/// # Safety
/// The caller has V's instruction set, of sixteen lanes.
#[inline(always)]
pub(super) unsafe fn lanes<V: Vector>(v: V) -> [f32; 16] {
    debug_assert_eq!(V::LANES, 16);
    let mut lanes = [0.0; 16];
    // SAFETY: sixteen lanes.
    unsafe { v.store(lanes.as_mut_ptr()) };
    lanes
}

/// The sum of sixteen lanes' counts, of [`Vector::count_above`] or
/// [`Vector::count_bits_above`].
///
/// # Safety
/// As of [`lanes`].
#[inline(always)]
pub(super) unsafe fn counted<V: Vector>(counts: V) -> usize {
    // SAFETY: as the caller vouches.
    unsafe { lanes(counts) }.iter().map(|count| count.to_bits() as usize).sum()
}

/// An instruction set that the kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// Whatever the build's target has.
    Baseline = 1,
    /// AVX2 with FMA.
    Avx2 = 2,
    /// AVX-512 F, VL, DQ and BW.
    Avx512 = 3,
}

static FORCED: AtomicU8 = AtomicU8::new(0);

/// The best level of this machine, or the one that was [forced](force_level).
#[inline(always)]
pub fn level() -> Level {
    match FORCED.load(Ordering::Relaxed) {
        0 => detect(),
        1 => Level::Baseline,
        2 => Level::Avx2,
        _ => Level::Avx512,
    }
}

#[cold]
fn detect() -> Level {
    #[cfg(target_arch = "x86_64")]
    let best = {
        let avx2 = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("popcnt");
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw");
        match (avx2, avx512) {
            (true, true) => Level::Avx512,
            (true, false) => Level::Avx2,
            _ => Level::Baseline,
        }
    };
    #[cfg(not(target_arch = "x86_64"))]
    let best = Level::Baseline;
    FORCED.store(best as u8, Ordering::Relaxed);
    best
}

/// Runs the kernels of a lower level from now on, in the whole process; never changes a
/// result. A level that the machine lacks is lowered to the best that it has.
pub fn force_level(wanted: Level) {
    let best = detect();
    FORCED.store(wanted.min(best) as u8, Ordering::Relaxed);
}

/// A piece of work written once for all vectors.
pub(super) trait Kernel {
    type Output;
    /// # Safety
    /// May only run where `V`'s instruction set is available. Must be `#[inline(always)]`,
    /// so that it is compiled for the caller's instruction set.
    unsafe fn run<V: Vector>(self) -> Self::Output;
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,popcnt")]
unsafe fn with_avx512<V: Vector, K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: this function's features are those of both vectors it is called with.
    unsafe { kernel.run::<V>() }
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma,popcnt")]
unsafe fn with_avx2<V: Vector, K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: this function's features are those of both vectors it is called with.
    unsafe { kernel.run::<V>() }
}

/// The reference, and the way of machines without the others. Not inlined: where it stands beside
/// them, it would be compiled as many more times as there are callers.
#[inline(never)]
unsafe fn with_arrays<V: Vector, K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: arrays need no instruction set.
    unsafe { kernel.run::<V>() }
}

/// A piece of work around kernels that is worth compiling for each instruction set as a whole,
/// so that the kernels it calls need no call of their own.
pub(crate) trait Around {
    type Output;
    /// Must be `#[inline(always)]`, so that it is compiled for the caller's instruction set.
    fn run(self) -> Self::Output;
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,popcnt")]
unsafe fn around_avx512<A: Around>(work: A) -> A::Output {
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,popcnt")]
unsafe fn around_avx2<A: Around>(work: A) -> A::Output {
    work.run()
}

/// Runs a piece of work compiled for the [level] at hand.
pub(crate) fn run_around<A: Around>(work: A) -> A::Output {
    match level() {
        // SAFETY: `level` is never above what was detected.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { around_avx512(work) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { around_avx2(work) },
        _ => work.run(),
    }
}

/// Runs a kernel on vectors of 8 lanes.
#[inline(always)]
pub(super) fn run8<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: `level` is never above what was detected.
    unsafe {
        match level() {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => with_avx512::<x86::Ymm, K>(kernel),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => with_avx2::<x86::Ymm, K>(kernel),
            _ => with_arrays::<Plain<8>, K>(kernel),
        }
    }
}

/// Runs a kernel whose lanes know nothing of each other on the widest vectors: how many lanes
/// they have must not change a result. By way of [`run16`] and [`run8`], it would be compiled for
/// three kinds of vectors more, on which it never runs.
#[inline(always)]
pub(super) fn run_widest<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: `level` is never above what was detected.
    unsafe {
        match level() {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => with_avx512::<x86::Zmm, K>(kernel),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => with_avx2::<x86::Ymm, K>(kernel),
            _ => with_arrays::<Plain<8>, K>(kernel),
        }
    }
}

/// Runs a kernel on vectors of 16 lanes.
#[inline(always)]
pub(super) fn run16<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: `level` is never above what was detected.
    unsafe {
        match level() {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => with_avx512::<x86::Zmm, K>(kernel),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => with_avx2::<Pair<x86::Ymm>, K>(kernel),
            _ => with_arrays::<Pair<Plain<8>>, K>(kernel),
        }
    }
}
