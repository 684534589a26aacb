//! Vectors of 8 and 16 single-precision lanes on AVX-512, AVX2 and plain arrays.
//!
//! All three compute the same bits: multiply-adds are fused everywhere (the arrays use
//! `f32::mul_add`, exact by definition), and sums over lanes go by halves, lane `i` with lane
//! `i + N/2` first. The arrays are the reference that the tests hold the others to.

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

/// Lanes in a plain array.
#[derive(Clone, Copy)]
pub(super) struct Plain<const N: usize>([f32; N]);

impl<const N: usize> Plain<N> {
    #[inline(always)]
    fn zip(self, b: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Plain(std::array::from_fn(|i| f(self.0[i], b.0[i])))
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
        Plain(self.0.map(f32::abs))
    }
    #[inline(always)]
    unsafe fn where_above(self, b: Self, yes: Self, no: Self) -> Self {
        Plain(std::array::from_fn(|i| if self.0[i] > b.0[i] { yes.0[i] } else { no.0[i] }))
    }
    #[inline(always)]
    unsafe fn where_not_below(self, b: Self, yes: Self, no: Self) -> Self {
        Plain(std::array::from_fn(|i| if self.0[i] >= b.0[i] { yes.0[i] } else { no.0[i] }))
    }
    #[inline(always)]
    unsafe fn count_above(self, b: Self, counts: Self) -> Self {
        let one = |i: usize| u32::from(self.0[i] > b.0[i]);
        Plain(std::array::from_fn(|i| f32::from_bits(counts.0[i].to_bits() + one(i))))
    }
    #[inline(always)]
    unsafe fn count_bits_above(self, b: Self, counts: Self) -> Self {
        let one = |i: usize| u32::from(self.0[i].to_bits() > b.0[i].to_bits());
        Plain(std::array::from_fn(|i| f32::from_bits(counts.0[i].to_bits() + one(i))))
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
        Plain(std::array::from_fn(|i| f32::from_bits((product(i) >> (32 * (i & 1))) as u32)))
    }
    #[inline(always)]
    unsafe fn odd_words(self) -> Self {
        Plain(std::array::from_fn(|i| self.0[i | 1]))
    }
    #[inline(always)]
    unsafe fn zip_even_words(self, b: Self) -> Self {
        Plain(std::array::from_fn(|i| if i & 1 == 0 { self.0[i] } else { b.0[i - 1] }))
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
    // where each lane is a call, all of them written out at every use would be most of the code
    #[cfg_attr(all(target_arch = "x86_64", not(target_feature = "fma")), inline(never))]
    #[cfg_attr(not(all(target_arch = "x86_64", not(target_feature = "fma"))), inline(always))]
    unsafe fn fma(self, b: Self, c: Self) -> Self {
        Plain(std::array::from_fn(|i| self.0[i].mul_add(b.0[i], c.0[i])))
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
pub(super) struct Pair<V>(V, V);

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

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Vector;
    use std::arch::x86_64::*;

    /// Eight lanes in an AVX2 register.
    #[derive(Clone, Copy)]
    pub struct Ymm(__m256);

    /// Sixteen lanes in an AVX-512 register.
    #[derive(Clone, Copy)]
    pub struct Zmm(__m512);

    /// For each set of eight lanes, the order that puts them first.
    static FIRST: [[i32; 8]; 256] = {
        let mut orders = [[0; 8]; 256];
        let mut set = 0;
        while set < 256 {
            let (mut lane, mut at) = (0, 0);
            while lane < 8 {
                if set >> lane & 1 == 1 {
                    orders[set][at] = lane;
                    at += 1;
                }
                lane += 1;
            }
            set += 1;
        }
        orders
    };

    // SAFETY of all calls below: the trait's contract gives the instruction set and pointers.
    impl Vector for Ymm {
        const LANES: usize = 8;
        const FORWARD: usize = 10;
        const BACKWARD: usize = 5;
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            unsafe { Ymm(_mm256_loadu_ps(from)) }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            unsafe { _mm256_storeu_ps(to, self.0) }
        }
        #[inline(always)]
        unsafe fn splat(x: f32) -> Self {
            unsafe { Ymm(_mm256_set1_ps(x)) }
        }
        #[inline(always)]
        unsafe fn add(self, b: Self) -> Self {
            unsafe { Ymm(_mm256_add_ps(self.0, b.0)) }
        }
        #[inline(always)]
        unsafe fn sub(self, b: Self) -> Self {
            unsafe { Ymm(_mm256_sub_ps(self.0, b.0)) }
        }
        #[inline(always)]
        unsafe fn mul(self, b: Self) -> Self {
            unsafe { Ymm(_mm256_mul_ps(self.0, b.0)) }
        }
        #[inline(always)]
        unsafe fn div(self, b: Self) -> Self {
            unsafe { Ymm(_mm256_div_ps(self.0, b.0)) }
        }
        #[inline(always)]
        unsafe fn min(self, b: Self) -> Self {
            unsafe { Ymm(_mm256_min_ps(self.0, b.0)) }
        }
        #[inline(always)]
        unsafe fn max(self, b: Self) -> Self {
            unsafe { Ymm(_mm256_max_ps(self.0, b.0)) }
        }
        #[inline(always)]
        unsafe fn abs(self) -> Self {
            unsafe { Ymm(_mm256_andnot_ps(_mm256_set1_ps(-0.0), self.0)) }
        }
        #[inline(always)]
        unsafe fn where_above(self, b: Self, yes: Self, no: Self) -> Self {
            unsafe {
                let above = _mm256_cmp_ps::<_CMP_GT_OQ>(self.0, b.0);
                Ymm(_mm256_blendv_ps(no.0, yes.0, above))
            }
        }
        #[inline(always)]
        unsafe fn where_not_below(self, b: Self, yes: Self, no: Self) -> Self {
            unsafe {
                let not_below = _mm256_cmp_ps::<_CMP_GE_OQ>(self.0, b.0);
                Ymm(_mm256_blendv_ps(no.0, yes.0, not_below))
            }
        }
        #[inline(always)]
        unsafe fn count_above(self, b: Self, counts: Self) -> Self {
            unsafe {
                // all ones is -1
                let above = _mm256_castps_si256(_mm256_cmp_ps::<_CMP_GT_OQ>(self.0, b.0));
                let counts = _mm256_sub_epi32(_mm256_castps_si256(counts.0), above);
                Ymm(_mm256_castsi256_ps(counts))
            }
        }
        #[inline(always)]
        unsafe fn count_bits_above(self, b: Self, counts: Self) -> Self {
            unsafe {
                let (x, b) = (_mm256_castps_si256(self.0), _mm256_castps_si256(b.0));
                let above = _mm256_cmpgt_epi32(x, b);
                let counts = _mm256_sub_epi32(_mm256_castps_si256(counts.0), above);
                Ymm(_mm256_castsi256_ps(counts))
            }
        }
        #[inline(always)]
        unsafe fn store_bits_within(self, low: Self, high: Self, to: *mut f32) -> usize {
            unsafe {
                let x = _mm256_castps_si256(self.0);
                let below = _mm256_cmpgt_epi32(_mm256_castps_si256(low.0), x);
                let above = _mm256_cmpgt_epi32(x, _mm256_castps_si256(high.0));
                let outside = _mm256_castsi256_ps(_mm256_or_si256(below, above));
                let within = !_mm256_movemask_ps(outside) as usize & 0xff;
                let order = _mm256_loadu_si256(FIRST[within].as_ptr().cast());
                _mm256_storeu_ps(to, _mm256_permutevar8x32_ps(self.0, order));
                within.count_ones() as usize
            }
        }
        #[inline(always)]
        unsafe fn mul_even_words(self, by: u32) -> Self {
            unsafe {
                let (x, by) = (_mm256_castps_si256(self.0), _mm256_set1_epi32(by as i32));
                Ymm(_mm256_castsi256_ps(_mm256_mul_epu32(x, by)))
            }
        }
        #[inline(always)]
        unsafe fn odd_words(self) -> Self {
            unsafe { Ymm(_mm256_movehdup_ps(self.0)) }
        }
        #[inline(always)]
        unsafe fn zip_even_words(self, b: Self) -> Self {
            unsafe { Ymm(_mm256_blend_ps::<0xAA>(self.0, _mm256_moveldup_ps(b.0))) }
        }
        #[inline(always)]
        unsafe fn xor(self, b: Self) -> Self {
            unsafe { Ymm(_mm256_xor_ps(self.0, b.0)) }
        }
        #[inline(always)]
        unsafe fn where_words_up_to(self, most: u32, x: Self) -> Self {
            unsafe {
                let (words, most) = (_mm256_castps_si256(self.0), _mm256_set1_epi32(most as i32));
                let up_to = _mm256_cmpeq_epi32(_mm256_min_epu32(words, most), words);
                Ymm(_mm256_and_ps(x.0, _mm256_castsi256_ps(up_to)))
            }
        }
        #[inline(always)]
        unsafe fn fma(self, b: Self, c: Self) -> Self {
            unsafe { Ymm(_mm256_fmadd_ps(self.0, b.0, c.0)) }
        }
        #[inline(always)]
        unsafe fn scale_pow2(self, t: Self) -> Self {
            unsafe {
                let shift = _mm256_slli_epi32::<23>(_mm256_castps_si256(t.0));
                Ymm(_mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(self.0), shift)))
            }
        }
        #[inline(always)]
        unsafe fn sum(self) -> f32 {
            unsafe {
                let four =
                    _mm_add_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps::<1>(self.0));
                let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
                _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
            }
        }
        #[inline(always)]
        unsafe fn max_lane(self) -> f32 {
            unsafe {
                let four =
                    _mm_max_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps::<1>(self.0));
                let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
                _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps::<1>(two, two)))
            }
        }
        #[inline(always)]
        unsafe fn transpose(rows: &mut [Self; 8]) {
            unsafe {
                let r = rows.map(|row| row.0);
                let pairs = |a, b| (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
                let ((a0, a1), (b0, b1)) = (pairs(r[0], r[1]), pairs(r[2], r[3]));
                let ((c0, c1), (d0, d1)) = (pairs(r[4], r[5]), pairs(r[6], r[7]));
                let fours =
                    |a, b| (_mm256_shuffle_ps::<0x44>(a, b), _mm256_shuffle_ps::<0xEE>(a, b));
                let (((e0, e1), (e2, e3)), ((f0, f1), (f2, f3))) =
                    ((fours(a0, b0), fours(a1, b1)), (fours(c0, d0), fours(c1, d1)));
                for (k, (e, f)) in [(e0, f0), (e1, f1), (e2, f2), (e3, f3)].into_iter().enumerate()
                {
                    rows[k] = Ymm(_mm256_permute2f128_ps::<0x20>(e, f));
                    rows[k + 4] = Ymm(_mm256_permute2f128_ps::<0x31>(e, f));
                }
            }
        }
        #[inline(always)]
        unsafe fn first_equal(self, x: f32) -> u32 {
            unsafe {
                let equal = _mm256_cmp_ps::<_CMP_EQ_OQ>(self.0, _mm256_set1_ps(x));
                (_mm256_movemask_ps(equal) as u32 | 1 << 8).trailing_zeros()
            }
        }
    }

    impl Vector for Zmm {
        const LANES: usize = 16;
        const FORWARD: usize = 10;
        const BACKWARD: usize = 5;
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            unsafe { Zmm(_mm512_loadu_ps(from)) }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            unsafe { _mm512_storeu_ps(to, self.0) }
        }
        #[inline(always)]
        unsafe fn splat(x: f32) -> Self {
            unsafe { Zmm(_mm512_set1_ps(x)) }
        }
        #[inline(always)]
        unsafe fn add(self, b: Self) -> Self {
            unsafe { Zmm(_mm512_add_ps(self.0, b.0)) }
        }
        #[inline(always)]
        unsafe fn sub(self, b: Self) -> Self {
            unsafe { Zmm(_mm512_sub_ps(self.0, b.0)) }
        }
        #[inline(always)]
        unsafe fn mul(self, b: Self) -> Self {
            unsafe { Zmm(_mm512_mul_ps(self.0, b.0)) }
        }
        #[inline(always)]
        unsafe fn div(self, b: Self) -> Self {
            unsafe { Zmm(_mm512_div_ps(self.0, b.0)) }
        }
        #[inline(always)]
        unsafe fn min(self, b: Self) -> Self {
            unsafe { Zmm(_mm512_min_ps(self.0, b.0)) }
        }
        #[inline(always)]
        unsafe fn max(self, b: Self) -> Self {
            unsafe { Zmm(_mm512_max_ps(self.0, b.0)) }
        }
        #[inline(always)]
        unsafe fn abs(self) -> Self {
            unsafe { Zmm(_mm512_abs_ps(self.0)) }
        }
        #[inline(always)]
        unsafe fn where_above(self, b: Self, yes: Self, no: Self) -> Self {
            unsafe {
                let above = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, b.0);
                Zmm(_mm512_mask_blend_ps(above, no.0, yes.0))
            }
        }
        #[inline(always)]
        unsafe fn where_not_below(self, b: Self, yes: Self, no: Self) -> Self {
            unsafe {
                let not_below = _mm512_cmp_ps_mask::<_CMP_GE_OQ>(self.0, b.0);
                Zmm(_mm512_mask_blend_ps(not_below, no.0, yes.0))
            }
        }
        #[inline(always)]
        unsafe fn count_above(self, b: Self, counts: Self) -> Self {
            unsafe {
                let above = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, b.0);
                let counts = _mm512_castps_si512(counts.0);
                let more = _mm512_mask_add_epi32(counts, above, counts, _mm512_set1_epi32(1));
                Zmm(_mm512_castsi512_ps(more))
            }
        }
        #[inline(always)]
        unsafe fn count_bits_above(self, b: Self, counts: Self) -> Self {
            unsafe {
                let (x, b) = (_mm512_castps_si512(self.0), _mm512_castps_si512(b.0));
                let (above, counts) =
                    (_mm512_cmpgt_epi32_mask(x, b), _mm512_castps_si512(counts.0));
                let more = _mm512_mask_add_epi32(counts, above, counts, _mm512_set1_epi32(1));
                Zmm(_mm512_castsi512_ps(more))
            }
        }
        #[inline(always)]
        unsafe fn store_bits_within(self, low: Self, high: Self, to: *mut f32) -> usize {
            unsafe {
                let x = _mm512_castps_si512(self.0);
                let not_below = _mm512_cmpge_epi32_mask(x, _mm512_castps_si512(low.0));
                let within =
                    _mm512_mask_cmple_epi32_mask(not_below, x, _mm512_castps_si512(high.0));
                _mm512_storeu_ps(to, _mm512_maskz_compress_ps(within, self.0));
                within.count_ones() as usize
            }
        }
        #[inline(always)]
        unsafe fn mul_even_words(self, by: u32) -> Self {
            unsafe {
                let (x, by) = (_mm512_castps_si512(self.0), _mm512_set1_epi32(by as i32));
                Zmm(_mm512_castsi512_ps(_mm512_mul_epu32(x, by)))
            }
        }
        #[inline(always)]
        unsafe fn odd_words(self) -> Self {
            unsafe { Zmm(_mm512_movehdup_ps(self.0)) }
        }
        #[inline(always)]
        unsafe fn zip_even_words(self, b: Self) -> Self {
            unsafe { Zmm(_mm512_mask_moveldup_ps(self.0, 0xAAAA, b.0)) }
        }
        #[inline(always)]
        unsafe fn xor(self, b: Self) -> Self {
            unsafe { Zmm(_mm512_xor_ps(self.0, b.0)) }
        }
        #[inline(always)]
        unsafe fn where_words_up_to(self, most: u32, x: Self) -> Self {
            unsafe {
                let (words, most) = (_mm512_castps_si512(self.0), _mm512_set1_epi32(most as i32));
                Zmm(_mm512_maskz_mov_ps(_mm512_cmple_epu32_mask(words, most), x.0))
            }
        }
        #[inline(always)]
        unsafe fn fma(self, b: Self, c: Self) -> Self {
            unsafe { Zmm(_mm512_fmadd_ps(self.0, b.0, c.0)) }
        }
        #[inline(always)]
        unsafe fn scale_pow2(self, t: Self) -> Self {
            unsafe {
                let shift = _mm512_slli_epi32::<23>(_mm512_castps_si512(t.0));
                Zmm(_mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(self.0), shift)))
            }
        }
        #[inline(always)]
        unsafe fn sum(self) -> f32 {
            unsafe { self.low().add(self.high()).sum() }
        }
        #[inline(always)]
        unsafe fn max_lane(self) -> f32 {
            unsafe { self.low().max(self.high()).max_lane() }
        }
        #[inline(always)]
        unsafe fn first_equal(self, x: f32) -> u32 {
            unsafe {
                let equal = _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(self.0, _mm512_set1_ps(x));
                (u32::from(equal) | 1 << 16).trailing_zeros()
            }
        }
    }

    impl Zmm {
        #[inline(always)]
        unsafe fn low(self) -> Ymm {
            unsafe { Ymm(_mm512_castps512_ps256(self.0)) }
        }
        #[inline(always)]
        unsafe fn high(self) -> Ymm {
            unsafe { Ymm(_mm512_extractf32x8_ps::<1>(self.0)) }
        }
    }
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
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
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
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
unsafe fn with_avx512<V: Vector, K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: this function's features are those of both vectors it is called with.
    unsafe { kernel.run::<V>() }
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma")]
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
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
unsafe fn around_avx512<A: Around>(work: A) -> A::Output {
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
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
/// they have must not change a result.
#[inline(always)]
pub(super) fn run_widest<K: Kernel>(kernel: K) -> K::Output {
    if level() == Level::Avx512 { run16(kernel) } else { run8(kernel) }
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
