//! Vectors of plain arrays: the reference, and the way of machines without the others.

#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "one argument for all calls of a pair, below"
)]

use super::Vector;

/// Lanes in a plain array.
#[derive(Clone, Copy)]
pub struct Plain<const N: usize>([f32; N]);

impl<const N: usize> Plain<N> {
    /// All lanes of a step. Where x86's own vectors stand beside the arrays, each step is a call:
    /// written out at every use, lanes were a tenth of the compiler's work, for machines of
    /// before 2013, which reckon each fused multiply-add in software anyway.
    #[cfg_attr(all(target_arch = "x86_64", not(target_feature = "fma")), inline(never))]
    #[cfg_attr(not(all(target_arch = "x86_64", not(target_feature = "fma"))), inline(always))]
    fn each(lane: impl Fn(usize) -> f32) -> Self {
        Plain(std::array::from_fn(lane))
    }

    #[inline(always)]
    fn zip(self, b: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self::each(|i| f(self.0[i], b.0[i]))
    }

    #[inline(always)]
    fn halve(self, f: impl Fn(f32, f32) -> f32) -> f32 {
        let mut lanes = self.0;
        let mut half = N / 2;
        while half > 0 {
            for i in 0..half {
                lanes[i] = f(lanes[i], lanes[i + half]);
            }
            half /= 2;
        }
        lanes[0]
    }
}

impl<const N: usize> Vector for Plain<N> {
    const LANES: usize = N;
    const FORWARD: usize = 10;
    const BACKWARD: usize = 5;
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller vouches for `N` numbers; an array of them has their alignment.
        Plain(unsafe { from.cast::<[f32; N]>().read() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as in `load`.
        unsafe { to.cast::<[f32; N]>().write(self.0) }
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Plain([x; N])
    }
    #[inline(always)]
    unsafe fn add(self, b: Self) -> Self {
        self.zip(b, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(self, b: Self) -> Self {
        self.zip(b, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn mul(self, b: Self) -> Self {
        self.zip(b, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn div(self, b: Self) -> Self {
        self.zip(b, |a, b| a / b)
    }
    #[inline(always)]
    unsafe fn min(self, b: Self) -> Self {
        self.zip(b, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    unsafe fn max(self, b: Self) -> Self {
        // as the instruction has it: the second operand where they do not compare
        self.zip(b, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    unsafe fn abs(self) -> Self {
        Self::each(|i| self.0[i].abs())
    }
    #[inline(always)]
    unsafe fn where_above(self, b: Self, yes: Self, no: Self) -> Self {
        Self::each(|i| if self.0[i] > b.0[i] { yes.0[i] } else { no.0[i] })
    }
    #[inline(always)]
    unsafe fn where_not_below(self, b: Self, yes: Self, no: Self) -> Self {
        Self::each(|i| if self.0[i] >= b.0[i] { yes.0[i] } else { no.0[i] })
    }
    #[inline(always)]
    unsafe fn count_above(self, b: Self, counts: Self) -> Self {
        let one = |i: usize| u32::from(self.0[i] > b.0[i]);
        Self::each(|i| f32::from_bits(counts.0[i].to_bits() + one(i)))
    }
    #[inline(always)]
    unsafe fn count_bits_above(self, b: Self, counts: Self) -> Self {
        let one = |i: usize| u32::from(self.0[i].to_bits() > b.0[i].to_bits());
        Self::each(|i| f32::from_bits(counts.0[i].to_bits() + one(i)))
    }
    #[inline(always)]
    unsafe fn store_bits_within(self, low: Self, high: Self, to: *mut f32) -> usize {
        let mut stored = 0;
        for i in 0..N {
            let (x, low, high) = (self.0[i].to_bits(), low.0[i].to_bits(), high.0[i].to_bits());
            // SAFETY: the caller vouches for `N` numbers, and no more were stored before.
            unsafe { to.add(stored).write(self.0[i]) };
            stored += usize::from(low <= x && x <= high);
        }
        stored
    }
    #[inline(always)]
    unsafe fn mul_even_words(self, by: u32) -> Self {
        let product = |i: usize| u64::from(by) * u64::from(self.0[i & !1].to_bits());
        Self::each(|i| f32::from_bits((product(i) >> (32 * (i & 1))) as u32))
    }
    #[inline(always)]
    unsafe fn odd_words(self) -> Self {
        Self::each(|i| self.0[i | 1])
    }
    #[inline(always)]
    unsafe fn zip_even_words(self, b: Self) -> Self {
        Self::each(|i| if i & 1 == 0 { self.0[i] } else { b.0[i - 1] })
    }
    #[inline(always)]
    unsafe fn xor(self, b: Self) -> Self {
        self.zip(b, |a, b| f32::from_bits(a.to_bits() ^ b.to_bits()))
    }
    #[inline(always)]
    unsafe fn where_words_up_to(self, most: u32, x: Self) -> Self {
        let kept = |word: f32| if word.to_bits() <= most { u32::MAX } else { 0 };
        self.zip(x, |word, x| f32::from_bits(x.to_bits() & kept(word)))
    }
    #[inline(always)]
    unsafe fn fma(self, b: Self, c: Self) -> Self {
        Self::each(|i| self.0[i].mul_add(b.0[i], c.0[i]))
    }
    #[inline(always)]
    unsafe fn scale_pow2(self, t: Self) -> Self {
        self.zip(t, |a, t| f32::from_bits(a.to_bits().wrapping_add(t.to_bits() << 23)))
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        self.halve(|a, b| a + b)
    }
    #[inline(always)]
    unsafe fn max_lane(self) -> f32 {
        self.halve(|a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    unsafe fn first_equal(self, x: f32) -> u32 {
        self.0.iter().position(|&a| a == x).unwrap_or(N) as u32
    }
}

/// Twice as many lanes as `V`: sixteen where registers hold eight.
#[derive(Clone, Copy)]
pub struct Pair<V>(V, V);

// SAFETY of all calls below: the caller of each method vouches for what the halves need.
impl<V: Vector> Vector for Pair<V> {
    const LANES: usize = 2 * V::LANES;
    const FORWARD: usize = V::FORWARD / 2;
    const BACKWARD: usize = V::BACKWARD;
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { Pair(V::load(from), V::load(from.add(V::LANES))) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe {
            self.0.store(to);
            self.1.store(to.add(V::LANES));
        }
    }
    #[inline(always)]
    unsafe fn stream(self, to: *mut f32) {
        unsafe {
            self.0.stream(to);
            self.1.stream(to.add(V::LANES));
        }
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        unsafe { Pair(V::splat(x), V::splat(x)) }
    }
    #[inline(always)]
    unsafe fn add(self, b: Self) -> Self {
        unsafe { Pair(self.0.add(b.0), self.1.add(b.1)) }
    }
    #[inline(always)]
    unsafe fn sub(self, b: Self) -> Self {
        unsafe { Pair(self.0.sub(b.0), self.1.sub(b.1)) }
    }
    #[inline(always)]
    unsafe fn mul(self, b: Self) -> Self {
        unsafe { Pair(self.0.mul(b.0), self.1.mul(b.1)) }
    }
    #[inline(always)]
    unsafe fn div(self, b: Self) -> Self {
        unsafe { Pair(self.0.div(b.0), self.1.div(b.1)) }
    }
    #[inline(always)]
    unsafe fn min(self, b: Self) -> Self {
        unsafe { Pair(self.0.min(b.0), self.1.min(b.1)) }
    }
    #[inline(always)]
    unsafe fn max(self, b: Self) -> Self {
        unsafe { Pair(self.0.max(b.0), self.1.max(b.1)) }
    }
    #[inline(always)]
    unsafe fn abs(self) -> Self {
        unsafe { Pair(self.0.abs(), self.1.abs()) }
    }
    #[inline(always)]
    unsafe fn where_above(self, b: Self, yes: Self, no: Self) -> Self {
        unsafe {
            let low = self.0.where_above(b.0, yes.0, no.0);
            Pair(low, self.1.where_above(b.1, yes.1, no.1))
        }
    }
    #[inline(always)]
    unsafe fn where_not_below(self, b: Self, yes: Self, no: Self) -> Self {
        unsafe {
            let low = self.0.where_not_below(b.0, yes.0, no.0);
            Pair(low, self.1.where_not_below(b.1, yes.1, no.1))
        }
    }
    #[inline(always)]
    unsafe fn count_above(self, b: Self, counts: Self) -> Self {
        unsafe { Pair(self.0.count_above(b.0, counts.0), self.1.count_above(b.1, counts.1)) }
    }
    #[inline(always)]
    unsafe fn count_bits_above(self, b: Self, counts: Self) -> Self {
        unsafe {
            let low = self.0.count_bits_above(b.0, counts.0);
            Pair(low, self.1.count_bits_above(b.1, counts.1))
        }
    }
    #[inline(always)]
    unsafe fn store_bits_within(self, low: Self, high: Self, to: *mut f32) -> usize {
        unsafe {
            let stored = self.0.store_bits_within(low.0, high.0, to);
            stored + self.1.store_bits_within(low.1, high.1, to.add(stored))
        }
    }
    #[inline(always)]
    unsafe fn mul_even_words(self, by: u32) -> Self {
        unsafe { Pair(self.0.mul_even_words(by), self.1.mul_even_words(by)) }
    }
    #[inline(always)]
    unsafe fn odd_words(self) -> Self {
        unsafe { Pair(self.0.odd_words(), self.1.odd_words()) }
    }
    #[inline(always)]
    unsafe fn zip_even_words(self, b: Self) -> Self {
        unsafe { Pair(self.0.zip_even_words(b.0), self.1.zip_even_words(b.1)) }
    }
    #[inline(always)]
    unsafe fn xor(self, b: Self) -> Self {
        unsafe { Pair(self.0.xor(b.0), self.1.xor(b.1)) }
    }
    #[inline(always)]
    unsafe fn where_words_up_to(self, most: u32, x: Self) -> Self {
        unsafe { Pair(self.0.where_words_up_to(most, x.0), self.1.where_words_up_to(most, x.1)) }
    }
    #[inline(always)]
    unsafe fn fma(self, b: Self, c: Self) -> Self {
        unsafe { Pair(self.0.fma(b.0, c.0), self.1.fma(b.1, c.1)) }
    }
    #[inline(always)]
    unsafe fn scale_pow2(self, t: Self) -> Self {
        unsafe { Pair(self.0.scale_pow2(t.0), self.1.scale_pow2(t.1)) }
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        unsafe { self.0.add(self.1).sum() }
    }
    #[inline(always)]
    unsafe fn max_lane(self) -> f32 {
        unsafe { self.0.max(self.1).max_lane() }
    }
    #[inline(always)]
    unsafe fn first_equal(self, x: f32) -> u32 {
        unsafe {
            let low = self.0.first_equal(x);
            if (low as usize) < V::LANES { low } else { V::LANES as u32 + self.1.first_equal(x) }
        }
    }
}
