//! Order statistics of every coordinate over the same coordinate of `n` rows.
//!
//! Up to 64 rows are sorted by networks, a lane to a coordinate (see [`network`]); more are
//! bisected, which [`bisect`] does. A zero that comes out is positive, so that no result
//! depends on the order of the rows.

use super::super::simd::{Kernel, Vector, run_widest};
use super::super::vectors::prefetch_line;
use super::{MergeScratch, bisect, network};

/// Rows that networks sort; more are bisected.
pub(super) const NETWORK_ROWS: usize = 64;

/// Coordinates that networks work on at a time: two lines of memory of every row.
const BLOCK: usize = 32;

/// Coordinates that are asked for together, ahead of their time.
const STRETCH: usize = 128;

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
    let room = scratch.take(3 * NETWORK_ROWS * BLOCK);
    let (block, room) = room.split_at_mut(NETWORK_ROWS * BLOCK);
    let (first, second) = room.split_at_mut(NETWORK_ROWS * BLOCK);
    let work = Networks { wanted, rows, start, out, block, first, second };
    match (rows.len(), wanted) {
        (1, _) => run_widest(Sorted::<1>(work)),
        (2, _) => run_widest(Sorted::<2>(work)),
        (3, _) => run_widest(Sorted::<3>(work)),
        (4, _) => run_widest(Sorted::<4>(work)),
        (5, _) => run_widest(Sorted::<5>(work)),
        (6, _) => run_widest(Sorted::<6>(work)),
        (7, _) => run_widest(Sorted::<7>(work)),
        (8, _) => run_widest(Sorted::<8>(work)),
        (9, _) => run_widest(Sorted::<9>(work)),
        (10, _) => run_widest(Sorted::<10>(work)),
        (11, _) => run_widest(Sorted::<11>(work)),
        (12, _) => run_widest(Sorted::<12>(work)),
        (13, _) => run_widest(Sorted::<13>(work)),
        (14, _) => run_widest(Sorted::<14>(work)),
        (15, _) => run_widest(Sorted::<15>(work)),
        (16, _) => run_widest(Sorted::<16>(work)),
        _ => run_widest(Merged(work)),
    }
}

/// The work of networks: `block`, `first` and `second` are `NETWORK_ROWS × BLOCK`.
struct Networks<'a> {
    wanted: Wanted,
    rows: &'a [&'a [f32]],
    start: usize,
    out: &'a mut [f32],
    block: &'a mut [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
}

impl Networks<'_> {
    /// Copies a block of all rows, so that each line of memory is fetched once: rows that lie a
    /// power of two apart would drive each other out of the nearest cache halfway through a
    /// line.
    ///
    /// # Safety
    /// The caller has V's instruction set.
    #[inline(always)]
    unsafe fn gather<V: Vector>(&mut self, i: usize) {
        let at = self.start + i;
        if self.out.len() - i < BLOCK {
            let rest = self.out.len() - i;
            for (row, to) in self.rows.iter().zip(self.block.chunks_exact_mut(BLOCK)) {
                to.fill(0.0);
                to[..rest].copy_from_slice(&row[at..at + rest]);
            }
            return;
        }
        let to = self.block.as_mut_ptr();
        for (r, row) in self.rows.iter().enumerate() {
            // SAFETY: every row has a block at `at`, and `block` one for every row.
            unsafe {
                let from = row.as_ptr().add(at);
                for c in (0..BLOCK).step_by(V::LANES) {
                    V::load(from.add(c)).store(to.add(r * BLOCK + c));
                }
            }
        }
    }

    /// Asks for one of a block's so many shares of the next stretch: the processor does not
    /// guess so many rows side by side, and asked for all at once they would have to be waited
    /// for. Memory likes a stretch of a row better than a line of each.
    #[inline(always)]
    fn prefetch(&self, i: usize, share: usize, shares: usize) {
        let lines = self.rows.len() * STRETCH / 16;
        let (share, shares) = (i % STRETCH / BLOCK * shares + share, STRETCH / BLOCK * shares);
        let next = self.start + i / STRETCH * STRETCH + STRETCH;
        for line in share * lines / shares..(share + 1) * lines / shares {
            let row = self.rows[line / (STRETCH / 16)].as_ptr();
            prefetch_line(row.wrapping_add(next + line % (STRETCH / 16) * 16));
        }
    }

    #[inline(always)]
    fn put(&mut self, i: usize, result: &[f32; BLOCK]) {
        let len = BLOCK.min(self.out.len() - i);
        self.out[i..i + len].copy_from_slice(&result[..len]);
    }
}

/// Up to sixteen rows: one network, in registers.
struct Sorted<'a, const N: usize>(Networks<'a>);

impl<const N: usize> Kernel for Sorted<'_, N> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(mut self) {
        let (block, sorted) = (self.0.block.as_ptr(), self.0.first.as_mut_ptr());
        let mut result = [0.0; BLOCK];
        let to = result.as_mut_ptr();
        let wanted = self.0.wanted;
        // SAFETY: the caller has V's instruction set, `block` and `first` hold `N` rows of
        // `BLOCK` numbers, and the result one.
        unsafe {
            for i in (0..self.0.out.len()).step_by(BLOCK) {
                self.0.gather::<V>(i);
                for c in (0..BLOCK).step_by(V::LANES) {
                    self.0.prefetch(i, c / V::LANES, BLOCK / V::LANES);
                    let mut v = [V::splat(0.0); N];
                    for r in 0..N {
                        v[r] = V::load(block.add(r * BLOCK + c));
                    }
                    network::sort(&mut v);
                    if wanted == Wanted::Median {
                        middle(N, v[(N - 1) / 2], v[N / 2]).store(to.add(c));
                    } else {
                        for r in 0..N {
                            v[r].store(sorted.add(r * BLOCK + c));
                        }
                    }
                }
                if wanted != Wanted::Median {
                    mean_of_ranks::<V>(wanted, sorted, N, to);
                }
                self.0.put(i, &result);
            }
        }
    }
}

/// Up to 64 rows: runs of sixteen sorted in registers, then merged. Missing ranks are filled up
/// with as many infinities at either end, so that the middle stays in the middle.
struct Merged<'a>(Networks<'a>);

impl Kernel for Merged<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(mut self) {
        let n = self.0.rows.len();
        let block = self.0.block.as_ptr();
        let mut result = [0.0; BLOCK];
        let to = result.as_mut_ptr();
        let (first, second) = (self.0.first.as_mut_ptr(), self.0.second.as_mut_ptr());
        let wanted = self.0.wanted;
        let columns = BLOCK / V::LANES;
        let ranks = if n <= 32 { 32 } else { 64 };
        let below = (ranks - n) / 2;
        const RUN: usize = 16 * BLOCK;
        // SAFETY: the caller has V's instruction set, `block`, `first` and `second` hold 64
        // rows of `BLOCK` numbers, and the result one.
        unsafe {
            for i in (0..self.0.out.len()).step_by(BLOCK) {
                self.0.gather::<V>(i);
                let sorts = ranks / 16 * columns;
                for sort in 0..sorts {
                    // half of a later block while sorting, the other half while merging
                    self.0.prefetch(i, sort, 2 * sorts);
                    let (run, c) = (sort / columns * 16, sort % columns * V::LANES);
                    sort_run::<V>(block.add(c), run, n, below, first.add(run * BLOCK + c));
                }
                for c in (0..BLOCK).step_by(V::LANES) {
                    self.0.prefetch(i, columns + c / V::LANES, 2 * columns);
                    let (from, at) = (first.add(c), second.add(c));
                    match (ranks, wanted) {
                        (32, Wanted::Median) => {
                            let (low, high) =
                                network::middle_of_two::<V>(from, from.add(RUN), 16, BLOCK);
                            middle(n, low, high).store(to.add(c));
                        }
                        (32, _) => network::merge_16::<V>(from, from.add(RUN), at, BLOCK),
                        _ => {
                            network::merge_16::<V>(from, from.add(RUN), at, BLOCK);
                            network::merge_16::<V>(
                                from.add(2 * RUN),
                                from.add(3 * RUN),
                                at.add(2 * RUN),
                                BLOCK,
                            );
                            let last = at.add(2 * RUN);
                            if wanted == Wanted::Median {
                                let (low, high) = network::middle_of_two::<V>(at, last, 32, BLOCK);
                                middle(n, low, high).store(to.add(c));
                            } else {
                                network::merge_32::<V>(at, last, from, BLOCK);
                            }
                        }
                    }
                }
                if wanted != Wanted::Median {
                    let sorted = if ranks == 32 { second } else { first };
                    mean_of_ranks::<V>(wanted, sorted.add(below * BLOCK), n, to);
                }
                self.0.put(i, &result);
            }
        }
    }
}

/// Sorts a column of rows `run..run + 16` of a block into as many ranks at `to`. Of rows beyond
/// `n`, the first `below` are taken to be endlessly small and the others endlessly great.
///
/// # Safety
/// The caller has V's instruction set; `block` holds `n` rows of `BLOCK` numbers, and `to` sixteen.
#[inline(always)]
unsafe fn sort_run<V: Vector>(block: *const f32, run: usize, n: usize, below: usize, to: *mut f32) {
    // SAFETY: as the caller vouches.
    unsafe {
        let mut v = [V::splat(0.0); 16];
        for i in 0..16 {
            v[i] = if run + i < n {
                V::load(block.add((run + i) * BLOCK))
            } else if run + i < n + below {
                V::splat(f32::NEG_INFINITY)
            } else {
                V::splat(f32::INFINITY)
            };
        }
        network::sort(&mut v);
        for i in 0..16 {
            v[i].store(to.add(i * BLOCK));
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

/// The mean of the wanted of `n` sorted ranks of a block, as four sums over every fourth.
///
/// # Safety
/// The caller has V's instruction set; `sorted` holds `n` ranks of `BLOCK` numbers, `to` one.
#[inline(always)]
unsafe fn mean_of_ranks<V: Vector>(wanted: Wanted, sorted: *const f32, n: usize, to: *mut f32) {
    // SAFETY: as the caller vouches.
    unsafe {
        let zero = V::splat(0.0);
        for c in (0..BLOCK).step_by(V::LANES) {
            let mut sums = [zero; 4];
            // no closures in here: one that is not inlined has no instruction set
            let ranks = sorted.add(c);
            let kept = match wanted {
                Wanted::Trimmed(trim) => {
                    let mut r = trim;
                    while r + 4 <= n - trim {
                        for k in 0..4 {
                            sums[k] = sums[k].add(V::load(ranks.add((r + k) * BLOCK)));
                        }
                        r += 4;
                    }
                    let rest = n - trim - r;
                    for k in 0..3 {
                        if k < rest {
                            sums[k] = sums[k].add(V::load(ranks.add((r + k) * BLOCK)));
                        }
                    }
                    n - 2 * trim
                }
                Wanted::Around(keep) => {
                    let median = middle(
                        n,
                        V::load(ranks.add((n - 1) / 2 * BLOCK)),
                        V::load(ranks.add(n / 2 * BLOCK)),
                    );
                    for r in 0..n {
                        let x = V::load(ranks.add(r * BLOCK));
                        let mut counted = x;
                        // the window of `keep` ranks that starts at `from` moves on where the
                        // rank that it would take in is closer than the one it would leave
                        if r >= keep {
                            let left = median.sub(V::load(ranks.add((r - keep) * BLOCK)));
                            counted = left.where_above(x.sub(median), counted, zero);
                        }
                        if r + keep < n {
                            let taken = V::load(ranks.add((r + keep) * BLOCK)).sub(median);
                            counted = median.sub(x).where_above(taken, zero, counted);
                        }
                        // a chain of four is shifted rather than indexed: it stays in registers
                        sums = [sums[1], sums[2], sums[3], sums[0].add(counted)];
                    }
                    keep
                }
                Wanted::Median => unreachable!("medians have no ranks to add"),
            };
            let sum = sums[0].add(sums[1]).add(sums[2].add(sums[3]));
            sum.div(V::splat(kept as f32)).add(zero).store(to.add(c));
        }
    }
}
