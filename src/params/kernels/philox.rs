//! Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): four
//! random words as a pure function of a 128-bit counter and a 64-bit key.

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

/// [`philox4x32`] for the counters `[first + i, rest…]`, lane by lane, so that it vectorises.
#[inline(always)]
pub(super) fn wide<const N: usize>(
    first: u32,
    rest: [u32; 3],
    key: [u32; 2],
    words: &mut [[u32; N]; 4],
) {
    let mut c0: [u32; N] = std::array::from_fn(|i| first.wrapping_add(i as u32));
    let mut c1 = [rest[0]; N];
    let mut c2 = [rest[1]; N];
    let mut c3 = [rest[2]; N];
    let [mut k0, mut k1] = key;
    for _ in 0..10 {
        for i in 0..N {
            let p0 = u64::from(M0) * u64::from(c0[i]);
            let p1 = u64::from(M1) * u64::from(c2[i]);
            c0[i] = (p1 >> 32) as u32 ^ c1[i] ^ k0;
            c1[i] = p1 as u32;
            c2[i] = (p0 >> 32) as u32 ^ c3[i] ^ k1;
            c3[i] = p0 as u32;
        }
        k0 = k0.wrapping_add(W0);
        k1 = k1.wrapping_add(W1);
    }
    *words = [c0, c1, c2, c3];
}

#[cfg(test)]
mod tests {
    use super::{philox4x32, wide};

    #[test]
    fn wide_words_are_the_single_ones() {
        let mut words = [[0; 16]; 4];
        wide(u32::MAX - 3, [5, 6, 7], [8, 9], &mut words);
        for i in 0..16 {
            let one = philox4x32([(u32::MAX - 3).wrapping_add(i as u32), 5, 6, 7], [8, 9]);
            assert_eq!(one, std::array::from_fn(|w| words[w][i]));
        }
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
