//! The largest entries of a long vector by magnitude, found by counting.
//!
//! A magnitude is taken as the 31 bits of `|x|`, whose order is that of the numbers. Two
//! passes count: first how many share the upper 16 bits, then, of those that share the wanted
//! ones, how many share the lower 15. Counts of chunks add up, so any cut and any number of
//! threads find the same. Few values are put in order instead: that is done before the counts
//! are empty.

use super::super::simd::{Kernel, Vector, run16};
use super::super::vectors::prefetch_line;
use super::parts::{PARTS_MAX, parallel_chunks, parts};

/// Magnitudes' lower bits, which the second pass counts.
const LOW_BITS: u32 = 15;
const BINS: usize = 1 << 16;

/// Values that are put in order.
const FEW: usize = 4096;

/// Numbers that are asked for ahead of their time: one stream is guessed too late.
const AHEAD: usize = 1024;

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

/// Counts of magnitudes: memory that a selection works in, 256 KiB once something is counted.
#[derive(Clone, Debug, Default)]
pub struct Magnitudes {
    bins: Vec<u32>,
}

fn key(x: f32) -> u32 {
    x.to_bits() & 0x7fff_ffff
}

impl Magnitudes {
    /// Forgets all counts.
    pub fn clear(&mut self) {
        self.bins.fill(0);
    }

    /// Counts values by the upper bits of their magnitudes.
    pub fn count_upper(&mut self, values: &[f32]) {
        self.bins.resize(BINS, 0);
        let bins: &mut [u32; BINS] =
            self.bins.as_mut_slice().try_into().expect("made with so many bins");
        for line in values.chunks(16) {
            prefetch_line(line.as_ptr().wrapping_add(AHEAD));
            for x in line {
                bins[(key(*x) >> LOW_BITS) as usize] += 1;
            }
        }
    }

    /// Counts those values whose upper bits are `upper` by the lower bits of their magnitudes.
    pub fn count_lower(&mut self, values: &[f32], upper: u32) {
        self.bins.resize(BINS, 0);
        run16(CountLower { bins: &mut self.bins, values, upper });
    }

    /// The magnitude with these upper and lower bits.
    pub fn magnitude(upper: u32, lower: u32) -> f32 {
        f32::from_bits(upper << LOW_BITS | lower)
    }

    /// How many were counted with these bits.
    pub fn counted(&self, bits: u32) -> usize {
        self.bins.get(bits as usize).map_or(0, |count| *count as usize)
    }

    /// Adds another's counts to these.
    pub fn add(&mut self, other: &Magnitudes) {
        self.bins.iter_mut().zip(&other.bins).for_each(|(a, b)| *a += b);
    }

    /// The bits of the `k`-th largest counted magnitude, from one, and how many of those that
    /// have them are among the `k` largest. None where fewer were counted.
    pub fn of_rank(&self, k: usize) -> Option<(u32, usize)> {
        let mut left = k;
        for (bits, &count) in self.bins.iter().enumerate().rev() {
            if left <= count as usize {
                return (left > 0).then_some((bits as u32, left));
            }
            left -= count as usize;
        }
        None
    }
}

struct CountLower<'a> {
    bins: &'a mut [u32],
    values: &'a [f32],
    upper: u32,
}

impl Kernel for CountLower<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let low = (1 << LOW_BITS) - 1;
        let mut chunks = self.values.chunks_exact(32);
        let count = |bins: &mut [u32], values: &[f32]| {
            for x in values {
                if key(*x) >> LOW_BITS == self.upper {
                    bins[(key(*x) & low) as usize] += 1;
                }
            }
        };
        for values in &mut chunks {
            prefetch_line(values.as_ptr().wrapping_add(AHEAD));
            prefetch_line(values.as_ptr().wrapping_add(AHEAD + 16));
            // few values have these bits, so most chunks are done with here
            let mut hits = 0_u32;
            for x in values {
                hits |= u32::from(key(*x) >> LOW_BITS == self.upper);
            }
            if hits > 0 {
                count(self.bins, values);
            }
        }
        count(self.bins, chunks.remainder());
    }
}

/// Where the `k` largest magnitudes of `values` end; of equal ones, the first count.
///
/// Reads the values twice, and where not all of equal magnitude are among the largest, up to
/// the last of them that is once more. The result does not depend on `threads`, each of which
/// works in an element of `scratch` while there are any.
///
/// # Panics
/// Where `k` is more than there are values, those more than 2³², or `scratch` is empty.
pub fn cut_of_largest(values: &[f32], k: usize, scratch: &mut [Magnitudes]) -> Cut {
    let [cut] = cuts_of_largest(values, [k], scratch);
    cut
}

/// [`cut_of_largest`] for some numbers at once: their upper bits are counted together.
fn cuts_of_largest<const N: usize>(
    values: &[f32],
    ks: [usize; N],
    scratch: &mut [Magnitudes],
) -> [Cut; N] {
    ks.iter().for_each(|&k| assert!(k <= values.len(), "{k} of {}", values.len()));
    assert!(u32::try_from(values.len()).is_ok(), "counts have 32 bits");
    if ks == [0; N] {
        return [Cut::NOTHING; N];
    }
    if values.len() <= FEW {
        let mut keys: Vec<u32> = values.iter().map(|x| key(*x)).collect();
        return ks.map(|k| cut_in_order(values, k, &mut keys));
    }
    counted(values, scratch, &Magnitudes::count_upper);
    // none where none is wanted
    let uppers = ks.map(|k| scratch[0].of_rank(k));
    uppers.map(|upper| {
        upper.map_or(Cut::NOTHING, |(upper, left)| cut_within(values, upper, left, scratch))
    })
}

/// Where the `left` largest of the magnitudes with these upper bits end.
fn cut_within(values: &[f32], upper: u32, left: usize, scratch: &mut [Magnitudes]) -> Cut {
    let missing = "as many were counted as there are values";
    counted(values, scratch, &|bins, part| bins.count_lower(part, upper));
    let (lower, left) = scratch[0].of_rank(left).expect(missing);
    let all = scratch[0].counted(lower);
    cut_at(values, Magnitudes::magnitude(upper, lower), left, all)
}

/// [`cut_of_largest`] by putting the values' keys in order.
fn cut_in_order(values: &[f32], k: usize, keys: &mut [u32]) -> Cut {
    if k == 0 {
        return Cut::NOTHING;
    }
    let (_, &mut least, _) = keys.select_nth_unstable_by(k - 1, |a, b| b.cmp(a));
    let above = keys.iter().filter(|key| **key > least).count();
    let all = keys.iter().filter(|key| **key == least).count();
    cut_at(values, f32::from_bits(least), k - above, all)
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

/// Counts all values into the first of `scratch`.
fn counted(
    values: &[f32],
    scratch: &mut [Magnitudes],
    count: &(impl Fn(&mut Magnitudes, &[f32]) + Sync),
) {
    scratch.iter_mut().for_each(Magnitudes::clear);
    let threads = scratch.len();
    let shares = parts(values.len(), PARTS_MAX.min(threads));
    let items: Vec<_> = shares.zip(scratch.iter_mut()).collect();
    parallel_chunks(threads, items, |(part, bins)| count(bins, &values[part]));
    let (first, others) = scratch.split_first_mut().expect("memory to count in");
    others.iter().for_each(|bins| first.add(bins));
}

/// `out` = `values` with all but the `k` largest magnitudes zero: exactly `k` stay, of equal
/// ones the first. See [`cut_of_largest`].
///
/// # Panics
/// As there, or where the lengths differ.
pub fn keep_largest(values: &[f32], k: usize, scratch: &mut [Magnitudes], out: &mut [f32]) {
    keep_band(values, 0, k, scratch, out);
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
    scratch: &mut [Magnitudes],
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
    assert_eq!(values.len(), out.len());
    run16(Between { values, start, inner, outer, out });
}

struct Between<'a> {
    values: &'a [f32],
    start: usize,
    inner: Cut,
    outer: Cut,
    out: &'a mut [f32],
}

impl Kernel for Between<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let len = self.values.len();
        // between the ends of ties what is kept depends on the magnitude alone
        let end = |cut: Cut| cut.ties_end.saturating_sub(self.start).min(len);
        let (a, b) = (end(self.inner), end(self.outer));
        let ends = [0, a.min(b), a.max(b), len];
        for (&from, &to) in ends.iter().zip(&ends[1..]) {
            let least = self.inner.least(self.start + from);
            let too_large = self.outer.least(self.start + from);
            for (x, out) in self.values[from..to].iter().zip(&mut self.out[from..to]) {
                let (kept, dropped) = (x.abs() >= least, x.abs() >= too_large);
                *out = f32::from_bits(if kept & !dropped { x.to_bits() } else { 0 });
            }
        }
    }
}
