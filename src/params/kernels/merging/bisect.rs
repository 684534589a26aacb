//! Order statistics of many rows: every coordinate's value at a rank is closed in on by
//! counting the values above a pivot, sixteen coordinates at a time.
//!
//! Which pivots are tried never changes a result: the search ends where a pivot has exactly the
//! wanted number of values below it, or where a single value is left. A pass costs two vector
//! operations a value; values spread smoothly take about ten passes, any values at most
//! [`GUESSES`] and twice 32.

use super::super::simd::{Kernel, Vector, lanes, run16};
use super::MergeScratch;
use super::order::{Wanted, middle};

/// Coordinates that are searched together, a line of memory.
const WIDTH: usize = 16;

/// Numbers of rows and coordinates copied together, at most: they fit the second cache.
const TILE: usize = 64 << 10;

/// Passes that guess the pivot from the counts before every other one halves what is left.
const GUESSES: usize = 8;

/// Rows whose values are added up before their sum is added to the whole.
const SUM_ROWS: usize = 64;

pub(super) fn order(
    wanted: Wanted,
    rows: &[&[f32]],
    start: usize,
    out: &mut [f32],
    scratch: &mut MergeScratch,
) {
    let n = rows.len();
    let width = (TILE / n / WIDTH).clamp(1, 4) * WIDTH;
    let (tile, distances) = scratch.take(n * (width + WIDTH)).split_at_mut(n * width);
    run16(Bisected { wanted, rows, start, out, width, tile, distances });
}

struct Bisected<'a> {
    wanted: Wanted,
    rows: &'a [&'a [f32]],
    start: usize,
    out: &'a mut [f32],
    width: usize,
    tile: &'a mut [f32],
    distances: &'a mut [f32],
}

impl Kernel for Bisected<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let n = self.rows.len();
        for (i, out) in self.out.chunks_mut(self.width).enumerate() {
            gather(self.rows, self.start + i * self.width, out.len(), self.tile);
            for (values, out) in self.tile.chunks_exact(n * WIDTH).zip(out.chunks_mut(WIDTH)) {
                // SAFETY: the caller has V's instruction set, of sixteen lanes; both arrays
                // hold `n` rows of sixteen.
                let results = unsafe {
                    let values = Values { at: values.as_ptr(), n };
                    lanes(match self.wanted {
                        Wanted::Median => median::<V>(values),
                        Wanted::Trimmed(trim) => trimmed::<V>(values, trim),
                        Wanted::Around(keep) => around::<V>(values, keep, self.distances),
                    })
                };
                out.copy_from_slice(&results[..out.len()]);
            }
        }
    }
}

/// Copies `len` coordinates from `start` of all rows, sixteen coordinates of all rows after
/// another, so that many passes over them read memory in order. Missing ones are zeros.
#[inline(always)]
fn gather(rows: &[&[f32]], start: usize, len: usize, tile: &mut [f32]) {
    let n = rows.len();
    for (r, row) in rows.iter().enumerate() {
        for (group, from) in row[start..start + len].chunks(WIDTH).enumerate() {
            let to = &mut tile[(group * n + r) * WIDTH..][..WIDTH];
            if let Ok(from) = <&[f32; WIDTH]>::try_from(from) {
                to.copy_from_slice(from);
            } else {
                to.fill(0.0);
                to[..from.len()].copy_from_slice(from);
            }
        }
    }
}

/// `n` rows of sixteen numbers.
#[derive(Clone, Copy)]
struct Values {
    at: *const f32,
    n: usize,
}

impl Values {
    /// # Safety
    /// The caller has V's instruction set, of sixteen lanes, and there is a row `r`.
    #[inline(always)]
    unsafe fn row<V: Vector>(self, r: usize) -> V {
        debug_assert!(V::LANES == WIDTH && r < self.n);
        // SAFETY: as the caller vouches.
        unsafe { V::load(self.at.add(r * WIDTH)) }
    }

    /// The least and the greatest value of every lane.
    ///
    /// # Safety
    /// As of [`Values::row`].
    #[inline(always)]
    unsafe fn range<V: Vector>(self) -> ([f32; WIDTH], [f32; WIDTH]) {
        // SAFETY: as the caller vouches.
        unsafe {
            let (mut low, mut high) = (self.row::<V>(0), self.row::<V>(0));
            for r in 1..self.n {
                let x = self.row::<V>(r);
                low = low.min(x);
                high = high.max(x);
            }
            (lanes(low), lanes(high))
        }
    }

    /// How many values of every lane are above its pivot.
    ///
    /// # Safety
    /// As of [`Values::row`].
    #[inline(always)]
    unsafe fn above<V: Vector>(self, pivots: &[f32; WIDTH]) -> [u32; WIDTH] {
        // SAFETY: as the caller vouches.
        unsafe {
            let pivots = V::load(pivots.as_ptr());
            // two chains, so that the units need not wait
            let mut counts = [V::splat(0.0); 2];
            for r in (0..self.n - 1).step_by(2) {
                counts[0] = self.row::<V>(r).count_above(pivots, counts[0]);
                counts[1] = self.row::<V>(r + 1).count_above(pivots, counts[1]);
            }
            if self.n % 2 == 1 {
                counts[0] = self.row::<V>(self.n - 1).count_above(pivots, counts[0]);
            }
            let (a, b) = (lanes(counts[0]), lanes(counts[1]));
            std::array::from_fn(|l| a[l].to_bits() + b[l].to_bits())
        }
    }
}

/// Between which values each lane's ranks are split: `up_to_low` values are at most `low`,
/// `up_to_high` at most `high`, the wanted number lies between the two, and no value does.
#[derive(Clone, Copy)]
struct Split {
    low: [f32; WIDTH],
    high: [f32; WIDTH],
    up_to_low: [u32; WIDTH],
    up_to_high: [u32; WIDTH],
}

/// A number's place in the order of all numbers.
#[inline(always)]
fn place(x: f32) -> i32 {
    let bits = x.to_bits() as i32;
    bits ^ ((bits >> 31) as u32 >> 1) as i32
}

/// The number at a place.
#[inline(always)]
fn at_place(place: i32) -> f32 {
    f32::from_bits((place ^ ((place >> 31) as u32 >> 1) as i32) as u32)
}

/// Splits off the `count` least values of every lane, of between `low` and `high`; `count` is
/// neither none nor all of them.
///
/// # Safety
/// As of [`Values::row`].
#[inline(always)]
unsafe fn split<V: Vector>(
    values: Values,
    count: usize,
    low: &[f32; WIDTH],
    high: &[f32; WIDTH],
) -> Split {
    debug_assert!(0 < count && count < values.n);
    let (n, count) = (values.n as u32, count as u32);
    let mut s = Split {
        // below both zeros, where the least is one
        low: low.map(|x| at_place(place(if x == 0.0 { -0.0 } else { x }).saturating_sub(1))),
        high: *high,
        up_to_low: [0; WIDTH],
        up_to_high: [n; WIDTH],
    };
    for pass in 0.. {
        let halve = pass >= GUESSES && pass % 2 == 0;
        let mut pivots = [0.0; WIDTH];
        let mut open = 0;
        for l in 0..WIDTH {
            let (low, high) = (s.low[l], s.high[l]);
            let (a, b) = (place(low), place(high));
            // as if the values were spread evenly
            let part = (count - s.up_to_low[l]) as i32 as f32
                / (s.up_to_high[l] - s.up_to_low[l]) as i32 as f32;
            let guess = (high - low).mul_add(part, low);
            let middle = at_place((a & b) + ((a ^ b) >> 1));
            pivots[l] = if !halve && guess > low && guess < high { guess } else { middle };
            open |= i32::from(a.wrapping_sub(b) != 0 && a.wrapping_sub(b) != -1);
        }
        if open == 0 {
            break;
        }
        // SAFETY: as the caller vouches.
        let above = unsafe { values.above::<V>(&pivots) };
        for l in 0..WIDTH {
            let up_to = n - above[l];
            let (below, beyond) = (up_to <= count, up_to >= count);
            s.low[l] = if below { pivots[l] } else { s.low[l] };
            s.up_to_low[l] = if below { up_to } else { s.up_to_low[l] };
            s.high[l] = if beyond { pivots[l] } else { s.high[l] };
            s.up_to_high[l] = if beyond { up_to } else { s.up_to_high[l] };
        }
    }
    s
}

/// # Safety
/// As of [`Values::row`].
#[inline(always)]
unsafe fn median<V: Vector>(values: Values) -> V {
    // SAFETY: as the caller vouches.
    unsafe {
        let (low, high) = values.range::<V>();
        median_within::<V>(values, &low, &high)
    }
}

/// # Safety
/// As of [`Values::row`].
#[inline(always)]
unsafe fn median_within<V: Vector>(values: Values, low: &[f32; WIDTH], high: &[f32; WIDTH]) -> V {
    // SAFETY: as the caller vouches.
    unsafe {
        let s = split::<V>(values, values.n / 2, low, high);
        let (low, high) = (V::load(s.low.as_ptr()), V::load(s.high.as_ptr()));
        // the least value above `low` is the first beyond the split, the greatest up to `high`
        // the last before it: both are `high` where a tie straddles it
        let (mut last, mut first) = (V::splat(f32::NEG_INFINITY), V::splat(f32::INFINITY));
        for r in 0..values.n {
            let x = values.row::<V>(r);
            first = x.where_above(low, x, first).min(first);
            last = x.where_above(high, last, x).max(last);
        }
        if values.n.is_multiple_of(2) { middle(2, last, first) } else { middle(1, first, first) }
    }
}

/// # Safety
/// As of [`Values::row`].
#[inline(always)]
unsafe fn trimmed<V: Vector>(values: Values, trim: usize) -> V {
    let n = values.n;
    // SAFETY: as the caller vouches.
    unsafe {
        let (low, high) = values.range::<V>();
        let kept = n - 2 * trim;
        let (mut from, mut to) = ([f32::NEG_INFINITY; WIDTH], [f32::INFINITY; WIDTH]);
        // values at the very ends that ties leave over, added as multiples
        let mut more = [0.0_f32; WIDTH];
        let mut same = [None; WIDTH];
        if trim > 0 {
            let a = split::<V>(values, trim, &low, &high);
            let b = split::<V>(values, n - trim, &low, &high);
            for l in 0..WIDTH {
                (from[l], to[l]) = (a.high[l], b.low[l]);
                let (first, last) =
                    (a.up_to_high[l] - trim as u32, (n - trim) as u32 - b.up_to_low[l]);
                more[l] = (first as f32) * a.high[l] + (last as f32) * b.high[l];
                same[l] = (b.low[l] < a.high[l]).then_some(a.high[l]);
            }
        }
        let (from, to) = (V::load(from.as_ptr()), V::load(to.as_ptr()));
        let zero = V::splat(0.0);
        let mut sum = V::load(more.as_ptr());
        for rows in (0..n).step_by(SUM_ROWS) {
            let mut part = zero;
            for r in rows..(rows + SUM_ROWS).min(n) {
                let x = values.row::<V>(r);
                part = part.add(x.where_above(from, x.where_above(to, zero, x), zero));
            }
            sum = sum.add(part);
        }
        let mut means = lanes(sum.div(V::splat(kept as f32)).add(zero));
        for l in 0..WIDTH {
            // a tie holds all that is kept
            means[l] = same[l].map_or(means[l], |x| x + 0.0);
        }
        V::load(means.as_ptr())
    }
}

/// # Safety
/// As of [`Values::row`]; `distances` holds as many numbers as the values.
#[inline(always)]
unsafe fn around<V: Vector>(values: Values, keep: usize, distances: &mut [f32]) -> V {
    let n = values.n;
    if keep == n {
        // SAFETY: as the caller vouches.
        return unsafe { trimmed::<V>(values, 0) };
    }
    // SAFETY: as the caller vouches.
    unsafe {
        let zero = V::splat(0.0);
        let median = median::<V>(values);
        for r in 0..n {
            let distance = values.row::<V>(r).sub(median).abs();
            distance.store(distances.as_mut_ptr().add(r * WIDTH));
        }
        let distances = Values { at: distances.as_ptr(), n };
        let (low, high) = distances.range::<V>();
        let s = split::<V>(distances, keep, &low, &high);
        let (low, high) = (V::load(s.low.as_ptr()), V::load(s.high.as_ptr()));
        let (mut sum, one) = (zero, V::splat(1.0));
        // those at the very distance where the split is, on either side: sums and numbers
        let (mut under, mut over) = ((zero, zero), (zero, zero));
        for rows in (0..n).step_by(SUM_ROWS) {
            let mut part = zero;
            for r in rows..(rows + SUM_ROWS).min(n) {
                let (x, d) = (values.row::<V>(r), distances.row::<V>(r));
                part = part.add(d.where_above(low, zero, x));
                let tied = d.where_above(low, d.where_above(high, zero, one), zero);
                let tied_under = median.where_above(x, tied, zero);
                let tied_over = tied.sub(tied_under);
                under = (tied_under.fma(x, under.0), tied_under.add(under.1));
                over = (tied_over.fma(x, over.0), tied_over.add(over.1));
            }
            sum = sum.add(part);
        }
        let mut sums = lanes(sum);
        let (under, over) = ((lanes(under.0), lanes(under.1)), (lanes(over.0), lanes(over.1)));
        for l in 0..WIDTH {
            let left = (keep as u32 - s.up_to_low[l]) as f32;
            let from_under = left.min(under.1[l]);
            let from_over = left - from_under;
            if from_under > 0.0 {
                sums[l] += under.0[l] / under.1[l] * from_under;
            }
            if from_over > 0.0 {
                sums[l] += over.0[l] / over.1[l] * from_over;
            }
        }
        V::load(sums.as_ptr()).div(V::splat(keep as f32)).add(zero)
    }
}
