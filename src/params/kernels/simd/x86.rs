//! Vectors in registers of x86-64.

#![allow(clippy::undocumented_unsafe_blocks, reason = "one argument for all calls, below")]

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
    unsafe fn stream(self, to: *mut f32) {
        unsafe { _mm256_stream_ps(to, self.0) }
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
    unsafe fn sums(of: [Self; 4]) -> [f32; 4] {
        unsafe {
            let [a, b, c, d] = [of[0].0, of[1].0, of[2].0, of[3].0];
            // of each, its lower half with its upper
            let ab = _mm256_add_ps(
                _mm256_permute2f128_ps::<0x20>(a, b),
                _mm256_permute2f128_ps::<0x31>(a, b),
            );
            let cd = _mm256_add_ps(
                _mm256_permute2f128_ps::<0x20>(c, d),
                _mm256_permute2f128_ps::<0x31>(c, d),
            );
            // the first two of four with the last two, and the first of two with the last
            let two = _mm256_add_ps(
                _mm256_shuffle_ps::<0b01_00_01_00>(ab, cd),
                _mm256_shuffle_ps::<0b11_10_11_10>(ab, cd),
            );
            let one = _mm256_add_ps(two, _mm256_permute_ps::<0b10_11_00_01>(two));
            let mut lanes = [0.0; 8];
            _mm256_storeu_ps(lanes.as_mut_ptr(), one);
            [lanes[0], lanes[4], lanes[2], lanes[6]]
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
            let r: [_; 8] = std::array::from_fn(|i| rows[i].0);
            let pairs = |a, b| (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            let ((a0, a1), (b0, b1)) = (pairs(r[0], r[1]), pairs(r[2], r[3]));
            let ((c0, c1), (d0, d1)) = (pairs(r[4], r[5]), pairs(r[6], r[7]));
            let fours = |a, b| (_mm256_shuffle_ps::<0x44>(a, b), _mm256_shuffle_ps::<0xEE>(a, b));
            let (((e0, e1), (e2, e3)), ((f0, f1), (f2, f3))) =
                ((fours(a0, b0), fours(a1, b1)), (fours(c0, d0), fours(c1, d1)));
            for (k, (e, f)) in [(e0, f0), (e1, f1), (e2, f2), (e3, f3)].into_iter().enumerate() {
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
    unsafe fn stream(self, to: *mut f32) {
        unsafe { _mm512_stream_ps(to, self.0) }
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
            let (above, counts) = (_mm512_cmpgt_epi32_mask(x, b), _mm512_castps_si512(counts.0));
            let more = _mm512_mask_add_epi32(counts, above, counts, _mm512_set1_epi32(1));
            Zmm(_mm512_castsi512_ps(more))
        }
    }
    #[inline(always)]
    unsafe fn store_bits_within(self, low: Self, high: Self, to: *mut f32) -> usize {
        unsafe {
            let x = _mm512_castps_si512(self.0);
            let not_below = _mm512_cmpge_epi32_mask(x, _mm512_castps_si512(low.0));
            let within = _mm512_mask_cmple_epi32_mask(not_below, x, _mm512_castps_si512(high.0));
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
    unsafe fn sums(of: [Self; 4]) -> [f32; 4] {
        unsafe {
            let mut halves = [Ymm::splat(0.0); 4];
            for i in 0..4 {
                halves[i] = of[i].low().add(of[i].high());
            }
            Ymm::sums(halves)
        }
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
