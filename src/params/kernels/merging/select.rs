//! The largest entries of a long vector by magnitude.
//!
//! A sample tells two magnitudes between which the wanted one lies in all likelihood; one pass
//! counts what is above them and sets aside what is between, where the wanted one is found. Where
//! the sample misled, magnitudes are counted by their bits instead. Few values are put in order at
//! once. All three find the same.

use super::super::simd::{Kernel, Vector, run16};
use super::super::vectors::prefetch_line;
use super::bracket;
use super::magnitudes::{AHEAD, Magnitudes, key};

/// Values that are put in order at once.
const FEW: usize = 4096;

/// Where the largest magnitudes of a vector end: an entry is among them if its magnitude is
/// above, or equal and its index below `ties_end`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// The least magnitude among them.
    pub magnitude: f32,
    /// Entries of that magnitude count up to here.
    pub ties_end: usize,
}

impl Cut {
    /// Leaves nothing.
    pub const NOTHING: Cut = Cut { magnitude: f32::INFINITY, ties_end: 0 };
    /// Leaves everything.
    pub const ALL: Cut = Cut { magnitude: 0.0, ties_end: usize::MAX };

    /// Whether entry `index` is among the largest.
    #[inline]
    pub fn keeps(&self, index: usize, x: f32) -> bool {
        x.abs() >= self.least(index)
    }

    /// The least magnitude that entry `index` is kept with; no number where none is.
    #[inline(always)]
    pub(super) fn least(&self, index: usize) -> f32 {
        let tied = index < self.ties_end;
        f32::from_bits(self.magnitude.to_bits() + u32::from(!tied))
    }
}

/// Entries that a share of them comes to: rounded down, at least one unless the share is zero.
pub fn share_of(share: f64, entries: usize) -> usize {
    match (share * entries as f64) as usize {
        0 if share > 0.0 => entries.min(1),
        some => some.min(entries),
    }
}

/// Memory that selections work in.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    bins: Magnitudes,
    keys: Vec<u32>,
    near: Vec<bracket::Near>,
}

/// Where the `k` largest magnitudes of `values` end; of equal ones, the first count.
///
/// Reads the values once, in all likelihood.
///
/// # Panics
/// Where `k` is more than there are values, or those more than 2³².
pub fn cut_of_largest(values: &[f32], k: usize, scratch: &mut Selection) -> Cut {
    let [cut] = cuts_of_largest(values, [k], scratch);
    cut
}

/// [`cut_of_largest`] for some numbers at once, in the same pass.
///
/// # Panics
/// As there.
pub fn cuts_of_largest<const N: usize>(
    values: &[f32],
    ks: [usize; N],
    scratch: &mut Selection,
) -> [Cut; N] {
    ks.iter().for_each(|&k| assert!(k <= values.len(), "{k} of {}", values.len()));
    assert!(u32::try_from(values.len()).is_ok(), "counts have 32 bits");
    if values.len() <= FEW {
        let keys = &mut scratch.keys;
        keys.clear();
        keys.extend(values.iter().map(|x| key(*x)));
        return ks.map(|k| cut_in_order(values, k, keys));
    }
    bracket::cuts(values, ks, &mut scratch.keys, &mut scratch.near)
        .unwrap_or_else(|| ks.map(|k| cut_by_counts(values, k, &mut scratch.bins)))
}

/// [`cut_of_largest`] by counting magnitudes' bits.
fn cut_by_counts(values: &[f32], k: usize, bins: &mut Magnitudes) -> Cut {
    bins.clear();
    bins.count_upper(values);
    let Some((upper, left)) = bins.of_rank(k) else { return Cut::NOTHING };
    bins.clear();
    bins.count_lower(values, upper);
    let (lower, left) = bins.of_rank(left).expect("as many were counted as there are values");
    cut_at(values, Magnitudes::magnitude(upper, lower), left, bins.counted(lower))
}

/// [`cut_of_largest`] by putting the values' keys in order.
fn cut_in_order(values: &[f32], k: usize, keys: &mut [u32]) -> Cut {
    match ranked(keys, k) {
        None => Cut::NOTHING,
        Some((least, left, all)) => cut_at(values, f32::from_bits(least), left, all),
    }
}

/// The `k`-th largest of some keys, how many of those equal to it are among the `k` largest, and
/// how many there are. None where none is wanted.
fn ranked(keys: &mut [u32], k: usize) -> Option<(u32, usize, usize)> {
    let (_, &mut least, _) = keys.select_nth_unstable_by(k.checked_sub(1)?, |a, b| b.cmp(a));
    let (above, below) = keys.split_at(k);
    let equal = |keys: &[u32]| keys.iter().filter(|key| **key == least).count();
    let kept = equal(above);
    Some((least, kept, kept + equal(below)))
}

/// The cut at a magnitude that `all` entries have, of which the first `left` are kept.
fn cut_at(values: &[f32], magnitude: f32, left: usize, all: usize) -> Cut {
    // by their bits, for NaN, of the largest magnitudes, does not equal itself
    let mut ties = values.iter().enumerate().filter(|(_, x)| key(**x) == magnitude.to_bits());
    let ties_end = if left == all {
        values.len()
    } else {
        1 + ties.nth(left - 1).map(|(index, _)| index).expect("as many have it as were counted")
    };
    Cut { magnitude, ties_end }
}

/// `out` = `values` with all but a middle band of magnitudes zero: the `drop` largest go, the
/// `keep` next largest stay. Of equal ones the first count as larger.
///
/// # Panics
/// As of [`cut_of_largest`] for `drop + keep`, or where the lengths differ.
///
/// # Source
/// Davari and Belilovsky, "Model Breadcrumbs", ECCV 2024.
pub fn keep_band(
    values: &[f32],
    drop: usize,
    keep: usize,
    scratch: &mut Selection,
    out: &mut [f32],
) {
    assert_eq!(values.len(), out.len());
    let [inner, outer] = cuts_of_largest(values, [drop + keep, drop], scratch);
    between(values, 0, inner, outer, out);
}

/// `out[i]` = `values[i]` where entry `start + i` is kept by `inner` and not by `outer`, zero
/// elsewhere.
///
/// # Panics
/// Where the lengths differ.
pub fn between(values: &[f32], start: usize, inner: Cut, outer: Cut, out: &mut [f32]) {
    run16(Between::<false> { values, start, inner, outer, weight: 0.0, next: &[], out });
}

/// `out[i] += weight · x[i]`, fused, with `x` what [`between`] makes of `values`. The caller says
/// what it reads `next`, so that it is there by then.
///
/// # Panics
/// As there.
pub fn add_between(
    values: &[f32],
    start: usize,
    (inner, outer): (Cut, Cut),
    weight: f32,
    next: &[f32],
    out: &mut [f32],
) {
    run16(Between::<true> { values, start, inner, outer, weight, next, out });
}

struct Between<'a, const ADD: bool> {
    values: &'a [f32],
    start: usize,
    inner: Cut,
    outer: Cut,
    weight: f32,
    next: &'a [f32],
    out: &'a mut [f32],
}

impl<const ADD: bool> Kernel for Between<'_, ADD> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        assert_eq!(self.values.len(), self.out.len());
        let len = self.values.len();
        // between the ends of ties what is kept depends on the magnitude alone
        let end = |cut: Cut| cut.ties_end.saturating_sub(self.start).min(len);
        let (a, b) = (end(self.inner), end(self.outer));
        let ends = [0, a.min(b), a.max(b), len];
        let next = match self.next {
            [] => self.values.as_ptr().wrapping_add(AHEAD),
            next => next.as_ptr(),
        };
        for (&from, &to) in ends.iter().zip(&ends[1..]) {
            let least = self.inner.least(self.start + from);
            let too_large = self.outer.least(self.start + from);
            let whole = from + (to - from) / V::LANES * V::LANES;
            for i in (from..whole).step_by(V::LANES) {
                // SAFETY: the caller has V's instruction set, and `i + LANES <= to`, which both
                // reach to.
                unsafe {
                    let (at, to) = (self.values.as_ptr().add(i), self.out.as_mut_ptr().add(i));
                    prefetch_line(next.wrapping_add(i));
                    let (x, zero) = (V::load(at), V::splat(0.0));
                    let magnitude = x.abs();
                    let kept = magnitude.where_not_below(V::splat(least), x, zero);
                    let x = magnitude.where_not_below(V::splat(too_large), zero, kept);
                    let x = if ADD { V::splat(self.weight).fma(x, V::load(to)) } else { x };
                    x.store(to);
                }
            }
            let from = whole;
            for (x, out) in self.values[from..to].iter().zip(&mut self.out[from..to]) {
                let (kept, dropped) = (x.abs() >= least, x.abs() >= too_large);
                let x = f32::from_bits(if kept & !dropped { x.to_bits() } else { 0 });
                *out = if ADD { self.weight.mul_add(x, *out) } else { x };
            }
        }
    }
}
