//! Sorting networks on vectors: lane `l` of `N` vectors is a column of its own, and a
//! comparator is one minimum and one maximum. Up to sixteen vectors stay in registers.
//!
//! A network's comparators are written out: that is what keeps the vectors in registers, and
//! what lets the compiler drop every minimum and maximum that no wanted rank depends on.

use super::super::simd::Vector;

/// Puts the smaller of two ranks first. Comparators that reach beyond `N` are those with ranks
/// that hold nothing, so not there.
#[inline(always)]
unsafe fn compare<V: Vector, const N: usize>(v: &mut [V; N], i: usize, j: usize) {
    if j < N {
        let (a, b) = (v[i], v[j]);
        // SAFETY: the caller has V's instruction set.
        unsafe {
            v[i] = a.min(b);
            v[j] = a.max(b);
        }
    }
}

macro_rules! network {
    ($v:ident: $($i:literal $j:literal),* $(,)?) => {
        $( compare($v, $i, $j); )*
    };
}

/// Sorts up to sixteen vectors, lane by lane, the least first.
///
/// Batcher's network of 19 comparators for up to eight (1968), Green's of 60 for up to sixteen
/// (Knuth, The Art of Computer Programming 3, 5.3.4).
///
/// # Safety
/// The caller has V's instruction set.
#[inline(always)]
pub(super) unsafe fn sort<V: Vector, const N: usize>(v: &mut [V; N]) {
    // SAFETY: as the caller vouches.
    unsafe {
        if N <= 8 {
            network!(v:
                0 1, 2 3, 4 5, 6 7,
                0 2, 1 3, 4 6, 5 7,
                1 2, 5 6,
                0 4, 1 5, 2 6, 3 7,
                2 4, 3 5,
                1 2, 3 4, 5 6,
            );
            return;
        }
        network!(v:
            0 1, 2 3, 4 5, 6 7, 8 9, 10 11, 12 13, 14 15,
            0 2, 1 3, 4 6, 5 7, 8 10, 9 11, 12 14, 13 15,
            0 4, 1 5, 2 6, 3 7, 8 12, 9 13, 10 14, 11 15,
            0 8, 1 9, 2 10, 3 11, 4 12, 5 13, 6 14, 7 15,
            5 10, 6 9, 3 12, 13 14, 4 8, 7 11, 1 2,
            1 4, 7 13, 2 8, 11 14,
            2 4, 5 6, 9 10, 11 13, 3 8, 7 12,
            6 8, 10 12, 3 5, 7 9,
            3 4, 5 6, 7 8, 9 10, 11 12,
            6 7, 8 9,
        );
    }
}

/// Sorts sixteen vectors that rise and then fall, or the other way round: Batcher's bitonic
/// merge, 32 comparators.
///
/// # Safety
/// The caller has V's instruction set.
#[inline(always)]
pub(super) unsafe fn sort_bitonic<V: Vector>(v: &mut [V; 16]) {
    // SAFETY: as the caller vouches.
    unsafe {
        network!(v:
            0 8, 1 9, 2 10, 3 11, 4 12, 5 13, 6 14, 7 15,
            0 4, 1 5, 2 6, 3 7, 8 12, 9 13, 10 14, 11 15,
            0 2, 1 3, 4 6, 5 7, 8 10, 9 11, 12 14, 13 15,
            0 1, 2 3, 4 5, 6 7, 8 9, 10 11, 12 13, 14 15,
        );
    }
}

/// Merges two sorted runs of sixteen at `a` and `b` into 32 at `out`. A rank is
/// a vector.
///
/// The first sixteen of the result are the lesser of rank `i` of one run and rank `15 - i` of
/// the other, which rise and then fall; the last sixteen the greater ones.
///
/// # Safety
/// The caller has V's instruction set; a vector may be read at each rank of `a` and `b` and
/// written at each of `out`, which overlaps neither.
#[inline(always)]
pub(super) unsafe fn merge_16<V: Vector>(a: *const f32, b: *const f32, out: *mut f32) {
    // SAFETY: as the caller vouches.
    unsafe {
        let mut half = [V::splat(0.0); 16];
        for i in 0..16 {
            half[i] = V::load(a.add(i * V::LANES)).min(V::load(b.add((15 - i) * V::LANES)));
        }
        sort_bitonic(&mut half);
        for i in 0..16 {
            half[i].store(out.add(i * V::LANES));
        }
        for i in 0..16 {
            half[i] = V::load(a.add(i * V::LANES)).max(V::load(b.add((15 - i) * V::LANES)));
        }
        sort_bitonic(&mut half);
        for i in 0..16 {
            half[i].store(out.add((16 + i) * V::LANES));
        }
    }
}

/// Merges two sorted runs of 32 at `a` and `b` into 64 at `out`, a quarter at a time.
///
/// # Safety
/// As of [`merge_16`].
#[inline(always)]
pub(super) unsafe fn merge_32<V: Vector>(a: *const f32, b: *const f32, out: *mut f32) {
    // SAFETY: as the caller vouches.
    unsafe {
        for quarter in 0..4 {
            let mut v = [V::splat(0.0); 16];
            for i in 0..16 {
                // ranks `i` and `i + 16` of one run, and their partners of the other
                let (p, q) = (V::load(a.add(i * V::LANES)), V::load(b.add((31 - i) * V::LANES)));
                let (r, s) =
                    (V::load(a.add((16 + i) * V::LANES)), V::load(b.add((15 - i) * V::LANES)));
                v[i] = match quarter {
                    0 => p.min(q).min(r.min(s)),
                    1 => p.min(q).max(r.min(s)),
                    2 => p.max(q).min(r.max(s)),
                    _ => p.max(q).max(r.max(s)),
                };
            }
            sort_bitonic(&mut v);
            for i in 0..16 {
                v[i].store(out.add((16 * quarter + i) * V::LANES));
            }
        }
    }
}

/// Merges a sorted run of 32 at `a` and one of sixteen at `b` into 48 at `out`: [`merge_32`] where
/// the last sixteen of the second run are endlessly great.
///
/// # Safety
/// As of [`merge_16`].
#[inline(always)]
pub(super) unsafe fn merge_32_with_16<V: Vector>(a: *const f32, b: *const f32, out: *mut f32) {
    // SAFETY: as the caller vouches.
    unsafe {
        for third in 0..3 {
            let mut v = [V::splat(0.0); 16];
            for i in 0..16 {
                let p = V::load(a.add(i * V::LANES));
                let (r, s) =
                    (V::load(a.add((16 + i) * V::LANES)), V::load(b.add((15 - i) * V::LANES)));
                v[i] = match third {
                    0 => p.min(r.min(s)),
                    1 => p.max(r.min(s)),
                    _ => r.max(s),
                };
            }
            sort_bitonic(&mut v);
            for i in 0..16 {
                v[i].store(out.add((16 * third + i) * V::LANES));
            }
        }
    }
}

/// The two middle ranks of a sorted run of `long` at `a` and one of `short`, no longer, at `b`,
/// both even: the greatest of the lesser half, and the least of the greater.
///
/// # Safety
/// The caller has V's instruction set; a vector may be read at each rank of `a` and `b`.
#[inline(always)]
pub(super) unsafe fn middle_of_two<V: Vector>(
    a: *const f32,
    b: *const f32,
    long: usize,
    short: usize,
) -> (V, V) {
    // SAFETY: as the caller vouches.
    unsafe {
        let mut below = [V::splat(f32::NEG_INFINITY); 2];
        let mut above = [V::splat(f32::INFINITY); 2];
        // of the longer run, so many are among the lesser half whatever the other holds
        let sure = (long - short) / 2;
        if sure > 0 {
            below[0] = V::load(a.add((sure - 1) * V::LANES));
            above[0] = V::load(a.add((sure + short) * V::LANES));
        }
        // two chains each, so that the units need not wait
        for i in (0..short).step_by(2) {
            for k in 0..2 {
                let a = V::load(a.add((sure + i + k) * V::LANES));
                let b = V::load(b.add((short - 1 - i - k) * V::LANES));
                below[k] = below[k].max(a.min(b));
                above[k] = above[k].min(a.max(b));
            }
        }
        (below[0].max(below[1]), above[0].min(above[1]))
    }
}
