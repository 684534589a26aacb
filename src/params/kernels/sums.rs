//! Weighted sums of long rows, and results that are written past the caches.

use super::simd::{Kernel, Vector, fence, run16};
use super::vectors::{AHEAD, prefetch_line};
use std::mem::MaybeUninit;

/// Coordinates that a few rows are brought through before the next few: memory gives all it has to
/// a few streams that are long, and a quarter less to rows in pieces of a page. Their sums stay in
/// the second cache.
const STRETCH: usize = 16384;

/// Rows that are brought through a stretch together, or one more.
const ROWS: usize = 4;

/// `sum[i] += Σ_r weights[r] · rows[r][i]`, rows in order, each product fused into the sum:
/// reads every row once and `sum` once.
///
/// # Panics
/// Where there are other than as many rows as weights, or a row is shorter than `sum`.
pub fn weighted_sum(sum: &mut [f32], weights: &[f32], rows: &[&[f32]]) {
    weighted(Weighted { out: sum, weights, rows, onto: true, past: false });
}

/// `out[i] = Σ_r weights[r] · rows[r][i]`, rows in order, each product fused into the sum; whether
/// all of it is finite. Reads every row once and writes `out` once, past the caches with `past`: for
/// results that are too long to be read again out of them, whose lines need not be fetched before
/// they are written, nor push out what is still read.
///
/// # Panics
/// Where there are other than as many rows as weights, or a row is shorter than `out`.
pub fn weighted_result(out: &mut [f32], weights: &[f32], rows: &[&[f32]], past: bool) -> bool {
    weighted(Weighted { out, weights, rows, onto: false, past })
}

fn weighted(work: Weighted<'_>) -> bool {
    assert_eq!(work.weights.len(), work.rows.len());
    assert!(work.rows.iter().all(|r| r.len() >= work.out.len()));
    run16(work)
}

struct Weighted<'a> {
    out: &'a mut [f32],
    weights: &'a [f32],
    rows: &'a [&'a [f32]],
    /// Whether what `out` holds is the first term.
    onto: bool,
    past: bool,
}

/// The sums of a stretch before the last rows are added.
#[repr(align(64))]
struct Near(#[expect(dead_code, reason = "room and nothing else")] [f32; STRETCH]);

impl Kernel for Weighted<'_> {
    type Output = bool;
    #[inline(always)]
    unsafe fn run<V: Vector>(mut self) -> bool {
        let len = self.out.len();
        // to the next whole line
        let head = if self.past { self.out.as_ptr().align_offset(64).min(len) } else { 0 };
        let whole = head + (len - head) / V::LANES * V::LANES;
        let mut finite = self.one_by_one(0..head);
        let mut near = MaybeUninit::<Near>::uninit();
        let near: *mut f32 = near.as_mut_ptr().cast();
        // SAFETY: the caller has V's instruction set; vectors lie below `whole`, which no row falls
        // short of, and in `near` below `STRETCH`, a whole number of them. The first rows write what
        // the next ones read there.
        unsafe {
            let mut broken = V::splat(0.0);
            for start in (head..whole).step_by(STRETCH) {
                self.stretch(start, (whole - start).min(STRETCH), near, &mut broken);
            }
            finite &= broken.sum() == 0.0;
        }
        finite &= self.one_by_one(whole..len);
        if self.past {
            fence();
        }
        finite
    }
}

impl Weighted<'_> {
    /// Coordinate by coordinate.
    #[inline(always)]
    fn one_by_one(&mut self, range: std::ops::Range<usize>) -> bool {
        let mut finite = true;
        for i in range {
            let mut sum = if self.onto { self.out[i] } else { 0.0 };
            for (row, &weight) in self.rows.iter().zip(self.weights) {
                sum = weight.mul_add(row[i], sum);
            }
            self.out[i] = sum;
            finite &= sum.is_finite();
        }
        finite
    }

    /// The `len` sums from coordinate `start` on, some rows after others; `broken` does not stay 0
    /// where one of them is not finite.
    ///
    /// # Safety
    /// As of [`Kernel::run`]; `len` is a whole number of vectors, for which there is room at `near`.
    #[inline(always)]
    unsafe fn stretch<V: Vector>(
        &mut self,
        start: usize,
        len: usize,
        near: *mut f32,
        broken: &mut V,
    ) {
        let n = self.rows.len();
        // as even as can be: one row alone comes at two thirds of the speed
        let groups = ((n + ROWS / 2) / ROWS).max(1);
        let group = |g: usize| g * n / groups..(g + 1) * n / groups;
        // where what is asked for while coordinate 0 is added stands in each row of a group
        let asked = |g: usize, at: usize| {
            let mut asked = [std::ptr::null(); ROWS + 1];
            let rows = self.rows[group(g)].iter();
            rows.zip(&mut asked).for_each(|(row, to)| *to = row.as_ptr().wrapping_add(at));
            asked
        };
        let out = self.out.as_mut_ptr().wrapping_add(start);
        let turn = len.saturating_sub(AHEAD);
        for g in 0..groups {
            let (rows, weights) = (&self.rows[group(g)], &self.weights[group(g)]);
            let (first, last) = (g == 0, g + 1 == groups);
            // in the end, what the next rows begin with
            let (next, from) = if last { (0, start + len) } else { (g + 1, start) };
            let ranges = [0..turn, turn..len];
            let asked = [asked(g, start + AHEAD), asked(next, from.wrapping_sub(turn))];
            for (range, asked) in ranges.into_iter().zip(asked) {
                for i in range.step_by(V::LANES) {
                    // SAFETY: as the caller vouches.
                    unsafe {
                        let mut sum = match (first, self.onto) {
                            (false, _) => V::load(near.add(i)),
                            (true, true) => V::load(out.add(i)),
                            (true, false) => V::splat(0.0),
                        };
                        for ((row, &weight), asked) in rows.iter().zip(weights).zip(asked) {
                            prefetch_line(asked.wrapping_add(i));
                            let x = V::load(row.as_ptr().add(start + i));
                            sum = V::splat(weight).fma(x, sum);
                        }
                        if !last {
                            sum.store(near.add(i));
                            continue;
                        }
                        // 0 · x is 0 for all but those that are infinite or none
                        *broken = sum.fma(V::splat(0.0), *broken);
                        if self.past { sum.stream(out.add(i)) } else { sum.store(out.add(i)) }
                    }
                }
            }
        }
    }
}

/// Copies a vector past the caches: for results that are too long to be read again out of them,
/// whose lines need not be fetched before they are written, nor push out what is still read.
///
/// # Panics
/// Where the lengths differ.
pub fn copy_past_caches(from: &[f32], to: &mut [f32]) {
    assert_eq!(from.len(), to.len());
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{_mm_loadu_ps, _mm_stream_ps};
        // to the next whole line
        let head = to.as_ptr().align_offset(64).min(to.len());
        let (first, rest) = to.split_at_mut(head);
        first.copy_from_slice(&from[..head]);
        let whole = rest.len() / 4 * 4;
        for i in (0..whole).step_by(4) {
            // SAFETY: every x86-64 has SSE; `head + i + 4` is within both, and `rest` begins a line.
            unsafe {
                let x = _mm_loadu_ps(from.as_ptr().add(head + i));
                _mm_stream_ps(rest.as_mut_ptr().add(i), x);
            }
        }
        rest[whole..].copy_from_slice(&from[head + whole..]);
        fence();
    }
    #[cfg(any(not(target_arch = "x86_64"), miri))]
    to.copy_from_slice(from);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_past_the_caches_is_a_copy_wherever_it_begins_and_ends() {
        let from: Vec<f32> = (0..200).map(|i| i as f32).collect();
        for start in 0..20 {
            for len in [0, 1, 3, 15, 16, 17, 64, 101] {
                let mut to = vec![-1.0; 200];
                copy_past_caches(&from[start..start + len], &mut to[2 * start..2 * start + len]);
                let mut want = vec![-1.0; 200];
                want[2 * start..2 * start + len].copy_from_slice(&from[start..start + len]);
                assert_eq!(to, want, "{start} {len}");
            }
        }
    }

    #[test]
    fn a_weighted_sum_is_that_of_its_terms_in_order_wherever_it_begins_and_ends() {
        let len = STRETCH + 3000;
        let rows: Vec<Vec<f32>> = (0..19)
            .map(|r| (0..len).map(|i| ((i * (r + 3)) % 101) as f32 * 0.3).collect())
            .collect();
        let weights: Vec<f32> = (0..19).map(|r| 0.5 - r as f32 * 0.13).collect();
        for n in [0, 1, 2, 5, 6, 9, 19] {
            for (start, len) in [(0, 0), (1, 5), (3, 40), (0, AHEAD), (7, 2300), (5, len - 9)] {
                let some: Vec<&[f32]> =
                    rows[..n].iter().map(|row| &row[start..start + len]).collect();
                for onto in [0.0, 0.7] {
                    let want: Vec<f32> = (0..len)
                        .map(|i| {
                            let terms = some.iter().zip(&weights);
                            terms.fold(onto, |sum, (row, w): (_, &f32)| w.mul_add(row[i], sum))
                        })
                        .collect();
                    let mut room = vec![onto; rows[0].len()];
                    let out = &mut room[start..start + len];
                    weighted_sum(out, &weights[..n], &some);
                    assert_eq!(out, want, "{n} {start} {len}");
                    for past in [false, true].into_iter().filter(|_| onto == 0.0) {
                        let mut room = vec![-1.0; rows[0].len()];
                        let out = &mut room[start..start + len];
                        assert!(weighted_result(out, &weights[..n], &some, past));
                        assert_eq!(out, want, "{n} {start} {len} {past}");
                        assert!(room[start + len..].iter().all(|x| *x == -1.0));
                    }
                }
            }
        }
        for at in [0, 17, 2299] {
            let mut row = rows[0].clone();
            row[at] = f32::MAX;
            let mut out = vec![0.0; 2300];
            assert!(!weighted_result(&mut out, &[2.0], &[&row], true), "{at}");
        }
    }
}
