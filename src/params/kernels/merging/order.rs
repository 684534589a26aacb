//! Order statistics of every coordinate over the same coordinate of `n` rows.
//!
//! Up to 64 rows are sorted by networks, a lane to a coordinate (see [`network`]); more are
//! bisected, which [`bisect`] does. A zero that comes out is positive, so that no result
//! depends on the order of the rows.

use super::super::simd::{Kernel, Vector, run_widest};
use super::super::vectors::prefetch_line;
use super::abreast::{Abreast, Ahead, BLOCK};
use super::{MergeScratch, bisect, network};

/// Rows that networks sort; more are bisected.
pub(super) const NETWORK_ROWS: usize = 64;

/// Numbers that up to sixteen rows side by side are asked for ahead of their time.
const AHEAD: usize = 256;

/// What is wanted of a coordinate's `n` values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Median,
    /// The mean without so many at either end.
    Trimmed(usize),
    /// The mean of so many closest to the median.
    Around(usize),
}

/// `out[i]` = the median of `rows[..][start + i]`; of an even number of values, half the sum
/// of the two in the middle.
///
/// Costs at most 14 vector operations a value up to 64 rows, two a value and pass beyond, of
/// which ten or so are needed. Any cut of the coordinates gives the same bits. Values must be
/// finite.
///
/// # Panics
/// Without rows, or where a row is shorter than `start + out.len()`.
///
/// # Source
/// Yin, Chen, Ramchandran and Bartlett, "Byzantine-robust distributed learning", ICML 2018.
pub fn median(rows: &[&[f32]], start: usize, out: &mut [f32], scratch: &mut MergeScratch) {
    order(Wanted::Median, rows, start, out, scratch);
}

/// `out[i]` = the mean of `rows[..][start + i]` without the `trim` least and `trim` greatest.
///
/// Costs at most 20 vector operations a value up to 64 rows, four a value and pass beyond. Any
/// cut of the coordinates gives the same bits. Values must be finite.
///
/// # Panics
/// Where `2 · trim` is not below the number of rows, or a row is shorter than
/// `start + out.len()`.
///
/// # Source
/// Yin, Chen, Ramchandran and Bartlett, "Byzantine-robust distributed learning", ICML 2018.
pub fn trimmed_mean(
    rows: &[&[f32]],
    trim: usize,
    start: usize,
    out: &mut [f32],
    scratch: &mut MergeScratch,
) {
    assert!(2 * trim < rows.len(), "nothing is left of {} rows", rows.len());
    order(Wanted::Trimmed(trim), rows, start, out, scratch);
}

/// `out[i]` = the mean of the `keep` values of `rows[..][start + i]` that are closest to their
/// [`median`]. Of values equally far on either side, those below the median come first; beyond
/// 64 rows, values on one side whose distances round to the same count with their mean.
///
/// Costs as much as [`trimmed_mean`]. Any cut of the coordinates gives the same bits. Values
/// must be finite.
///
/// # Panics
/// Where `keep` is none or more than there are rows, or a row is shorter than
/// `start + out.len()`.
///
/// # Source
/// Xie, Koyejo and Gupta, "Generalized Byzantine-tolerant SGD", 2018. ByzFL's `Meamed` takes
/// `keep = n - f` and leaves ties to its sort.
pub fn mean_around_median(
    rows: &[&[f32]],
    keep: usize,
    start: usize,
    out: &mut [f32],
    scratch: &mut MergeScratch,
) {
    assert!(0 < keep && keep <= rows.len(), "{keep} of {} rows", rows.len());
    order(Wanted::Around(keep), rows, start, out, scratch);
}

fn order(
    wanted: Wanted,
    rows: &[&[f32]],
    start: usize,
    out: &mut [f32],
    scratch: &mut MergeScratch,
) {
    assert!(!rows.is_empty(), "no rows have no order");
    assert!(rows.iter().all(|row| row.len() >= start + out.len()), "a row is too short");
    if rows.len() > NETWORK_ROWS {
        return bisect::order(wanted, rows, start, out, scratch);
    }
    let work = Networks { wanted, rows, start, out, scratch };
    match rows.len() {
        1 => run_widest(Sorted::<1>(work)),
        2 => run_widest(Sorted::<2>(work)),
        3 => run_widest(Sorted::<3>(work)),
        4 => run_widest(Sorted::<4>(work)),
        5 => run_widest(Sorted::<5>(work)),
        6 => run_widest(Sorted::<6>(work)),
        7 => run_widest(Sorted::<7>(work)),
        8 => run_widest(Sorted::<8>(work)),
        9 => run_widest(Sorted::<9>(work)),
        10 => run_widest(Sorted::<10>(work)),
        11 => run_widest(Sorted::<11>(work)),
        12 => run_widest(Sorted::<12>(work)),
        13 => run_widest(Sorted::<13>(work)),
        14 => run_widest(Sorted::<14>(work)),
        15 => run_widest(Sorted::<15>(work)),
        16 => run_widest(Sorted::<16>(work)),
        _ => run_widest(Merged(work)),
    }
}

struct Networks<'a> {
    wanted: Wanted,
    rows: &'a [&'a [f32]],
    start: usize,
    out: &'a mut [f32],
    scratch: &'a mut MergeScratch,
}

/// Ranks of a column, a vector each.
#[repr(align(64))]
struct Ranks<const N: usize>([[f32; 16]; N]);

impl<const N: usize> Ranks<N> {
    fn new() -> Self {
        Ranks([[0.0; 16]; N])
    }

    fn room(&mut self) -> *mut f32 {
        self.0.as_mut_ptr().cast()
    }
}

/// Up to sixteen rows: one network, in registers.
struct Sorted<'a, const N: usize>(Networks<'a>);

impl<const N: usize> Kernel for Sorted<'_, N> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Networks { wanted, rows, start, out, .. } = self.0;
        let mut abreast = Abreast::new(rows, start, out.len());
        let mut room = Ranks::<N>::new();
        let ranks = room.room();
        for (c, out) in out.chunks_mut(V::LANES).enumerate() {
            // SAFETY: the caller has V's instruction set; there is such a column, and room for a
            // vector of each row.
            unsafe {
                let at = abreast.column::<V>(c * V::LANES);
                let mut v = [V::splat(0.0); N];
                for r in 0..N {
                    prefetch_line(abreast.row(r, at + AHEAD));
                    v[r] = V::load(abreast.row(r, at));
                }
                network::sort(&mut v);
                let result = if wanted == Wanted::Median {
                    middle(N, v[(N - 1) / 2], v[N / 2])
                } else {
                    for r in 0..N {
                        v[r].store(ranks.add(r * V::LANES));
                    }
                    mean_of_ranks::<V>(wanted, ranks, N)
                };
                store_some(result, out);
            }
        }
    }
}

/// Up to 64 rows: runs of sixteen sorted in registers, then merged, a block of coordinates at a
/// time. Missing ranks are filled up with as many infinities at either end, so that the middle
/// stays in the middle.
struct Merged<'a>(Networks<'a>);

impl Kernel for Merged<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Networks { wanted, rows, mut start, out, scratch } = self.0;
        let n = rows.len();
        let ranks = n.next_multiple_of(16);
        let below = (ranks - n) / 2;
        let mut merges = Merges { wanted, n, ranks, first: Ranks::new(), second: Ranks::new() };
        let runs = scratch.take(ranks * BLOCK).as_mut_ptr();
        for out in out.chunks_mut(BLOCK) {
            let mut ahead = Ahead::new(rows, start + BLOCK, 2 * BLOCK / V::LANES);
            // SAFETY: the caller has V's instruction set; rows reach to the end of `out`, and
            // there is room for a block of every rank, column by column.
            unsafe {
                for run in (0..ranks).step_by(16) {
                    let here = &rows[run.min(n)..(run + 16).min(n)];
                    let mut abreast = Abreast::new(here, start, out.len());
                    for i in (0..out.len()).step_by(V::LANES) {
                        let to = runs.add(i * ranks + run * V::LANES);
                        sort_run::<V>(&mut abreast, i, (n + below).saturating_sub(run), to);
                    }
                }
                for (c, out) in out.chunks_mut(V::LANES).enumerate() {
                    let column = runs.add(c * V::LANES * ranks);
                    store_some(merges.result::<V>(column, &mut ahead), out);
                }
            }
            start += out.len();
        }
    }
}

/// What merges the sorted runs of a column.
struct Merges {
    wanted: Wanted,
    /// Rows.
    n: usize,
    /// Ranks, of which some hold infinities.
    ranks: usize,
    first: Ranks<NETWORK_ROWS>,
    second: Ranks<NETWORK_ROWS>,
}

impl Merges {
    /// # Safety
    /// The caller has V's instruction set; at `runs` are sorted runs of sixteen vectors.
    #[inline(always)]
    unsafe fn result<V: Vector>(&mut self, runs: *const f32, ahead: &mut Ahead<'_>) -> V {
        let (first, second) = (self.first.room(), self.second.room());
        let Merges { wanted, n, ranks, .. } = *self;
        let run = 16 * V::LANES;
        let median = wanted == Wanted::Median;
        // SAFETY: as the caller vouches; there is room for 64 ranks in either.
        unsafe {
            ahead.ask();
            if ranks > 32 {
                network::merge_16::<V>(runs, runs.add(run), first);
            }
            ahead.ask();
            let last = runs.add(2 * run);
            let sorted = match (ranks, median) {
                (32, true) => {
                    let (low, high) = network::middle_of_two::<V>(runs, runs.add(run), 16, 16);
                    return middle(n, low, high);
                }
                (32, false) => {
                    network::merge_16::<V>(runs, runs.add(run), second);
                    second
                }
                (48, true) => {
                    let (low, high) = network::middle_of_two::<V>(first, last, 32, 16);
                    return middle(n, low, high);
                }
                (48, false) => {
                    network::merge_32_with_16::<V>(first, last, second);
                    second
                }
                (_, true) => {
                    network::merge_16::<V>(last, last.add(run), second);
                    let (low, high) = network::middle_of_two::<V>(first, second, 32, 32);
                    return middle(n, low, high);
                }
                (_, false) => {
                    let last_two = first.add(2 * run);
                    network::merge_16::<V>(last, last.add(run), last_two);
                    network::merge_32::<V>(first, last_two, second);
                    second
                }
            };
            mean_of_ranks::<V>(wanted, sorted.add((ranks - n) / 2 * V::LANES), n)
        }
    }
}

/// Sorts a column of up to sixteen rows into as many ranks at `to`. Of rows that are not there,
/// those before `small` are taken to be endlessly small and the others endlessly great.
///
/// # Safety
/// As of [`Abreast::column`]; `to` has room for sixteen ranks.
#[inline(always)]
unsafe fn sort_run<V: Vector>(abreast: &mut Abreast<'_>, i: usize, small: usize, to: *mut f32) {
    // SAFETY: as the caller vouches.
    unsafe {
        let at = abreast.column::<V>(i);
        let mut v = [V::splat(0.0); 16];
        if abreast.len() == 16 {
            for r in 0..16 {
                v[r] = V::load(abreast.row(r, at));
            }
        } else {
            for r in 0..16 {
                v[r] = if r < abreast.len() {
                    V::load(abreast.row(r, at))
                } else if r < small {
                    V::splat(f32::NEG_INFINITY)
                } else {
                    V::splat(f32::INFINITY)
                };
            }
        }
        network::sort(&mut v);
        for r in 0..16 {
            v[r].store(to.add(r * V::LANES));
        }
    }
}

/// Stores as many lanes as there is room for.
///
/// # Safety
/// The caller has V's instruction set.
#[inline(always)]
unsafe fn store_some<V: Vector>(v: V, to: &mut [f32]) {
    // SAFETY: as the caller vouches; no vector has more than sixteen lanes.
    unsafe {
        if to.len() == V::LANES {
            v.store(to.as_mut_ptr());
        } else {
            let mut last = [0.0; 16];
            v.store(last.as_mut_ptr());
            to.copy_from_slice(&last[..to.len()]);
        }
    }
}

/// The median out of the two middle values, of which the lower is the one where `n` is odd.
/// Adding zero makes a negative zero positive.
///
/// # Safety
/// The caller has V's instruction set.
#[inline(always)]
pub(super) unsafe fn middle<V: Vector>(n: usize, low: V, high: V) -> V {
    // SAFETY: as the caller vouches.
    unsafe {
        let both = low.add(high).mul(V::splat(0.5));
        (if n.is_multiple_of(2) { both } else { low }).add(V::splat(0.0))
    }
}

/// The mean of the wanted of `n` sorted ranks, as four sums over every fourth.
///
/// # Safety
/// The caller has V's instruction set; `ranks` holds `n` vectors.
#[inline(always)]
unsafe fn mean_of_ranks<V: Vector>(wanted: Wanted, ranks: *const f32, n: usize) -> V {
    // SAFETY: as the caller vouches.
    unsafe {
        let zero = V::splat(0.0);
        let mut sums = [zero; 4];
        // no closures in here: one that is not inlined has no instruction set
        let kept = match wanted {
            Wanted::Trimmed(trim) => {
                add_ranks(ranks, trim, n - trim, &mut sums);
                n - 2 * trim
            }
            Wanted::Around(keep) => {
                let median = middle(
                    n,
                    V::load(ranks.add((n - 1) / 2 * V::LANES)),
                    V::load(ranks.add(n / 2 * V::LANES)),
                );
                // every window of `keep` ranks holds these
                let left = n - keep;
                add_ranks(ranks, left.min(keep), keep, &mut sums);
                if left <= keep {
                    // and of each rank below them and the one `keep` ranks on, the closer
                    for r in 0..left {
                        let low = V::load(ranks.add(r * V::LANES));
                        let high = V::load(ranks.add((r + keep) * V::LANES));
                        let closer = median.sub(low).where_above(high.sub(median), high, low);
                        sums = [sums[1], sums[2], sums[3], sums[0].add(closer)];
                    }
                } else {
                    add_window(ranks, n, keep, median, &mut sums);
                }
                keep
            }
            Wanted::Median => unreachable!("medians have no ranks to add"),
        };
        let sum = sums[0].add(sums[1]).add(sums[2].add(sums[3]));
        sum.div(V::splat(kept as f32)).add(zero)
    }
}

/// Adds ranks `from..to` to four sums in turn.
///
/// # Safety
/// As of [`mean_of_ranks`].
#[inline(always)]
unsafe fn add_ranks<V: Vector>(ranks: *const f32, from: usize, to: usize, sums: &mut [V; 4]) {
    // SAFETY: as the caller vouches.
    unsafe {
        let mut r = from;
        while r + 4 <= to {
            for k in 0..4 {
                sums[k] = sums[k].add(V::load(ranks.add((r + k) * V::LANES)));
            }
            r += 4;
        }
        for k in 0..3 {
            if r + k < to {
                sums[k] = sums[k].add(V::load(ranks.add((r + k) * V::LANES)));
            }
        }
    }
}

/// Adds the `keep` of `n` ranks that are closest to the median, fewer than half.
///
/// # Safety
/// As of [`mean_of_ranks`].
#[inline(always)]
unsafe fn add_window<V: Vector>(
    ranks: *const f32,
    n: usize,
    keep: usize,
    median: V,
    sums: &mut [V; 4],
) {
    // SAFETY: as the caller vouches.
    unsafe {
        let zero = V::splat(0.0);
        for r in 0..n {
            let x = V::load(ranks.add(r * V::LANES));
            let mut counted = x;
            // the window of `keep` ranks that starts at `from` moves on where the rank that it
            // would take in is closer than the one it would leave
            if r >= keep {
                let left = median.sub(V::load(ranks.add((r - keep) * V::LANES)));
                counted = left.where_above(x.sub(median), counted, zero);
            }
            if r + keep < n {
                let taken = V::load(ranks.add((r + keep) * V::LANES)).sub(median);
                counted = median.sub(x).where_above(taken, zero, counted);
            }
            // a chain of four is shifted rather than indexed: it stays in registers
            *sums = [sums[1], sums[2], sums[3], sums[0].add(counted)];
        }
    }
}
