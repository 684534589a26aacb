//! Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): four
//! random words as a pure function of a 128-bit counter and a 64-bit key.

use super::simd::Vector;

const M0: u32 = 0xD251_1F53;
const M1: u32 = 0xCD9E_8D57;
const W0: u32 = 0x9E37_79B9;
const W1: u32 = 0xBB67_AE85;

/// Four random words for one counter and key.
#[inline(always)]
pub fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [mut c0, mut c1, mut c2, mut c3] = counter;
    let [mut k0, mut k1] = key;
    for _ in 0..10 {
        let p0 = u64::from(M0) * u64::from(c0);
        let p1 = u64::from(M1) * u64::from(c2);
        (c0, c1, c2, c3) =
            ((p1 >> 32) as u32 ^ c1 ^ k0, p1 as u32, (p0 >> 32) as u32 ^ c3 ^ k1, p0 as u32);
        k0 = k0.wrapping_add(W0);
        k1 = k1.wrapping_add(W1);
    }
    [c0, c1, c2, c3]
}

/// Counters whose words are drawn together.
pub(super) const WIDTH: usize = 16;

/// [`philox4x32`] for the counters `[first + i, rest…]`, a lane to a counter, in `B` vectors: the
/// bits of `[b][w]` are the words `w` of those in vector `b`. Rounds are chains, and each vector
/// makes two of them that are under way together.
///
/// # Safety
/// The caller has V's instruction set, of sixteen lanes at most.
#[inline(always)]
pub(super) unsafe fn wide<V: Vector, const B: usize>(
    first: u32,
    rest: [u32; 3],
    key: [u32; 2],
) -> [[V; 4]; B] {
    debug_assert!(V::LANES <= WIDTH);
    // SAFETY: as the caller vouches; there is a counter for every lane.
    unsafe {
        let word = |bits: u32| V::splat(f32::from_bits(bits));
        // products are as wide as two lanes: counters in even places, and those in odd ones
        let mut c = [[[word(0), word(rest[0]), word(rest[1]), word(rest[2])]; 2]; B];
        for b in 0..B {
            let mut counters = [0.0; WIDTH];
            for i in 0..V::LANES {
                counters[i] = f32::from_bits(first.wrapping_add((b * V::LANES + i) as u32));
            }
            c[b][0][0] = V::load(counters.as_ptr());
            c[b][1][0] = c[b][0][0].odd_words();
        }
        let [mut k0, mut k1] = key;
        for _ in 0..10 {
            for b in 0..B {
                for h in 0..2 {
                    let [c0, c1, c2, c3] = c[b][h];
                    let (p0, p1) = (c0.mul_even_words(M0), c2.mul_even_words(M1));
                    let a = p1.odd_words().xor(c1).xor(word(k0));
                    c[b][h] = [a, p1, p0.odd_words().xor(c3).xor(word(k1)), p0];
                }
            }
            k0 = k0.wrapping_add(W0);
            k1 = k1.wrapping_add(W1);
        }
        let mut words = [[word(0); 4]; B];
        for b in 0..B {
            for w in 0..4 {
                words[b][w] = c[b][0][w].zip_even_words(c[b][1][w]);
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Counters, Level, fill_words, force_level, level};
    use super::philox4x32;

    #[test]
    fn wide_words_are_the_single_ones_on_every_instruction_set() {
        let best = level();
        for wanted in [Level::Baseline, Level::Avx2, Level::Avx512] {
            force_level(wanted);
            let mut words = [[0; 16]; 4];
            let counters = Counters { key: [8, 9], rest: [5, 6, 7] };
            fill_words(counters, u32::MAX - 3, &mut words);
            for i in 0..16 {
                let one = philox4x32([(u32::MAX - 3).wrapping_add(i as u32), 5, 6, 7], [8, 9]);
                assert_eq!(one, std::array::from_fn(|w| words[w][i]), "{wanted:?}");
            }
        }
        force_level(best);
    }

    /// The known answers of Random123's `kat_vectors`.
    #[test]
    fn philox_gives_random123s_known_answers() {
        assert_eq!(
            philox4x32([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox4x32([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox4x32(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }
}
