//! Weighted sums of long rows, and results that are written past the caches.

use super::simd::{Kernel, Vector, fence, run16};
use super::vectors::{AHEAD, prefetch_line};

/// Entries that the weighted sum works on at a time: they stay in the nearest cache while
/// all rows stream by.
const TILE: usize = 4096;

/// Rows that one pass over a tile adds.
const ROWS: usize = 8;

/// `sum[i] += Σ_r weights[r] · rows[r][i]`, rows in order, each product fused into the sum:
/// reads every row once and `sum` once.
///
/// # Panics
/// Where there are other than as many rows as weights, or a row is shorter than `sum`.
pub fn weighted_sum(sum: &mut [f32], weights: &[f32], rows: &[&[f32]]) {
    assert_eq!(weights.len(), rows.len());
    assert!(rows.iter().all(|r| r.len() >= sum.len()));
    run16(WeightedSum { sum, weights, rows });
}

struct WeightedSum<'a> {
    sum: &'a mut [f32],
    weights: &'a [f32],
    rows: &'a [&'a [f32]],
}

impl Kernel for WeightedSum<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let len = self.sum.len();
        for start in (0..len).step_by(TILE) {
            let end = (start + TILE).min(len);
            let tile = &mut self.sum[start..end];
            let whole = tile.len() / V::LANES * V::LANES;
            for (rows, weights) in self.rows.chunks(ROWS).zip(self.weights.chunks(ROWS)) {
                for i in (0..whole).step_by(V::LANES) {
                    // SAFETY: `i + LANES <= tile.len()` and `start + i + LANES <= len`, which
                    // no row falls short of.
                    unsafe {
                        let at = tile.as_mut_ptr().add(i);
                        let mut acc = V::load(at);
                        for (row, &weight) in rows.iter().zip(weights) {
                            let x = row.as_ptr().add(start + i);
                            prefetch_line(x.wrapping_add(AHEAD));
                            let x = V::load(x);
                            acc = V::splat(weight).fma(x, acc);
                        }
                        acc.store(at);
                    }
                }
                for (i, t) in tile.iter_mut().enumerate().skip(whole) {
                    for (row, &weight) in rows.iter().zip(weights) {
                        *t = weight.mul_add(row[start + i], *t);
                    }
                }
            }
        }
    }
}

/// Coordinates whose sum is made while it stays in the nearest cache beside what is read ahead.
const STRETCH: usize = 1024;

/// `out[i] = Σ_r weights[r] · rows[r][i] + base[i]`, rows in order, each product fused into the sum,
/// and the base added to that where there is one; whether all of it is finite. Reads every row and
/// the base once and writes `out` once, past the caches with `past`: for results that are too long
/// to be read again out of them, whose lines need not be fetched before they are written, nor push
/// out what is still read.
///
/// # Panics
/// Where there are other than as many rows as weights, or a row or the base is shorter than `out`.
pub fn weighted_result(
    out: &mut [f32],
    weights: &[f32],
    rows: &[&[f32]],
    base: Option<&[f32]>,
    past: bool,
) -> bool {
    assert_eq!(weights.len(), rows.len());
    assert!(rows.iter().chain(&base).all(|r| r.len() >= out.len()));
    run16(WeightedResult { out, weights, rows, base, past })
}

struct WeightedResult<'a> {
    out: &'a mut [f32],
    weights: &'a [f32],
    rows: &'a [&'a [f32]],
    base: Option<&'a [f32]>,
    past: bool,
}

impl WeightedResult<'_> {
    /// Coordinate by coordinate.
    #[inline(always)]
    fn one_by_one(&mut self, range: std::ops::Range<usize>) -> bool {
        let mut finite = true;
        for i in range {
            let mut sum = 0.0;
            for (row, &weight) in self.rows.iter().zip(self.weights) {
                sum = weight.mul_add(row[i], sum);
            }
            self.out[i] = self.base.map_or(sum, |base| sum + base[i]);
            finite &= self.out[i].is_finite();
        }
        finite
    }
}

/// A stretch of a sum.
#[repr(align(64))]
struct Near([f32; STRETCH]);

impl Kernel for WeightedResult<'_> {
    type Output = bool;
    #[inline(always)]
    unsafe fn run<V: Vector>(mut self) -> bool {
        let len = self.out.len();
        // to the next whole line
        let head = if self.past { self.out.as_ptr().align_offset(64).min(len) } else { 0 };
        let whole = head + (len - head) / V::LANES * V::LANES;
        let mut finite = self.one_by_one(0..head);
        let mut near = Near([0.0; STRETCH]);
        let groups = self.rows.len().div_ceil(ROWS).max(1);
        // SAFETY: the caller has V's instruction set; vectors lie below `whole`, which no row falls
        // short of, and in `near` below `STRETCH`, a whole number of them.
        unsafe {
            let zero = V::splat(0.0);
            let mut broken = zero;
            for start in (head..whole).step_by(STRETCH) {
                let stretch = (whole - start).min(STRETCH);
                for group in 0..groups {
                    let some = group * ROWS..self.rows.len().min((group + 1) * ROWS);
                    let (rows, weights) = (&self.rows[some.clone()], &self.weights[some]);
                    for i in (0..stretch).step_by(V::LANES) {
                        let at = near.0.as_mut_ptr().add(i);
                        let mut sum = if group == 0 { zero } else { V::load(at) };
                        for (row, &weight) in rows.iter().zip(weights) {
                            let x = row.as_ptr().add(start + i);
                            prefetch_line(x.wrapping_add(AHEAD));
                            sum = V::splat(weight).fma(V::load(x), sum);
                        }
                        if group + 1 < groups {
                            sum.store(at);
                            continue;
                        }
                        if let Some(base) = self.base {
                            let base = base.as_ptr().add(start + i);
                            prefetch_line(base.wrapping_add(AHEAD));
                            sum = sum.add(V::load(base));
                        }
                        // 0 · x is 0 for all but those that are infinite or none
                        broken = sum.fma(zero, broken);
                        let to = self.out.as_mut_ptr().add(start + i);
                        if self.past { sum.stream(to) } else { sum.store(to) }
                    }
                }
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

/// Copies a vector past the caches: for results that are too long to be read again out of them,
/// whose lines need not be fetched before they are written, nor push out what is still read.
///
/// # Panics
/// Where the lengths differ.
pub fn copy_past_caches(from: &[f32], to: &mut [f32]) {
    assert_eq!(from.len(), to.len());
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_mm_loadu_ps, _mm_sfence, _mm_stream_ps};
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
        // SAFETY: every x86-64 has SSE. Other threads see these stores in their order again.
        unsafe { _mm_sfence() };
    }
    #[cfg(not(target_arch = "x86_64"))]
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
    fn a_result_is_the_sum_and_the_base_wherever_it_begins_and_ends() {
        let rows: Vec<Vec<f32>> = (0..19)
            .map(|r| (0..3000).map(|i| ((i * (r + 3)) % 101) as f32 * 0.25).collect())
            .collect();
        let base: Vec<f32> = (0..3000).map(|i| i as f32 * 0.5).collect();
        let weights: Vec<f32> = (0..19).map(|r| 0.5 - r as f32 * 0.125).collect();
        for n in [0, 1, 8, 9, 19] {
            for (start, len) in [(0, 0), (1, 5), (3, 40), (0, 1024), (7, 2300)] {
                for past in [false, true] {
                    for base in [None, Some(&base[start..start + len])] {
                        let some: Vec<&[f32]> =
                            rows[..n].iter().map(|row| &row[start..start + len]).collect();
                        let mut want = vec![0.0; len];
                        weighted_sum(&mut want, &weights[..n], &some);
                        base.iter().for_each(|base| {
                            want.iter_mut().zip(*base).for_each(|(w, b)| *w += b);
                        });
                        let mut room = vec![-1.0; 3000];
                        let out = &mut room[start..start + len];
                        assert!(weighted_result(out, &weights[..n], &some, base, past));
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
            assert!(!weighted_result(&mut out, &[2.0], &[&row], None, true), "{at}");
        }
    }
}
