//! Order statistics of every coordinate over the same coordinate of `n` rows.
//!
//! Up to 64 rows are sorted by networks, a lane to a coordinate (see [`network`]); more are
//! bisected, which [`bisect`] does. A zero that comes out is positive, so that no result
//! depends on the order of the rows.

use super::super::simd::{Kernel, Vector, run_widest};
use super::tiles::{Tiles, WIDTH};
use super::{MergeScratch, bisect, network};

/// Rows that networks sort; more are bisected.
pub(super) const NETWORK_ROWS: usize = 64;

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

/// What becomes of a column: a vector of each of `n` rows, `WIDTH` numbers apart.
trait Column {
    /// How often it asks for what comes next.
    const ASKS: usize;

    /// # Safety
    /// The caller has V's instruction set, and there is such a column at `at`.
    unsafe fn result<V: Vector>(
        &mut self,
        wanted: Wanted,
        n: usize,
        at: *const f32,
        tiles: &mut Tiles<'_>,
    ) -> V;
}

impl Networks<'_> {
    /// Goes through the coordinates column by column.
    ///
    /// # Safety
    /// The caller has V's instruction set.
    #[inline(always)]
    unsafe fn columns<V: Vector, C: Column>(self, mut column: C) {
        let Networks { wanted, rows, mut start, out, scratch } = self;
        let room = scratch.take(rows.len() * WIDTH);
        let mut tiles = Tiles::new(rows, start, C::ASKS * (WIDTH / V::LANES), room);
        for out in out.chunks_mut(WIDTH) {
            // SAFETY: the caller has V's instruction set; rows reach to the end of `out`.
            unsafe {
                let tile = tiles.copy::<V>(start, out.len());
                for (c, out) in out.chunks_mut(V::LANES).enumerate() {
                    let at = tile.add(c * V::LANES);
                    let result: V = column.result(wanted, rows.len(), at, &mut tiles);
                    if out.len() == V::LANES {
                        result.store(out.as_mut_ptr());
                    } else {
                        let mut last = [0.0; 16];
                        result.store(last.as_mut_ptr());
                        out.copy_from_slice(&last[..out.len()]);
                    }
                }
            }
            start += out.len();
        }
    }
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
        // SAFETY: the caller has V's instruction set.
        unsafe { self.0.columns::<V, _>(Ranks::<N>::new()) }
    }
}

impl<const N: usize> Column for Ranks<N> {
    const ASKS: usize = 1;

    #[inline(always)]
    unsafe fn result<V: Vector>(
        &mut self,
        wanted: Wanted,
        _: usize,
        at: *const f32,
        tiles: &mut Tiles<'_>,
    ) -> V {
        tiles.ask();
        // SAFETY: as the caller vouches.
        unsafe {
            let mut v = [V::splat(0.0); N];
            for r in 0..N {
                v[r] = V::load(at.add(r * WIDTH));
            }
            network::sort(&mut v);
            if wanted == Wanted::Median {
                return middle(N, v[(N - 1) / 2], v[N / 2]);
            }
            let ranks = self.room();
            for r in 0..N {
                v[r].store(ranks.add(r * V::LANES));
            }
            mean_of_ranks::<V>(wanted, ranks, N)
        }
    }
}

/// Up to 64 rows: runs of sixteen sorted in registers, then merged. Missing ranks are filled up
/// with as many infinities at either end, so that the middle stays in the middle.
struct Merged<'a>(Networks<'a>);

impl Kernel for Merged<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let runs = Runs { first: Ranks::new(), second: Ranks::new() };
        // SAFETY: the caller has V's instruction set.
        unsafe { self.0.columns::<V, _>(runs) }
    }
}

/// The runs of a column, before and after merging.
struct Runs {
    first: Ranks<NETWORK_ROWS>,
    second: Ranks<NETWORK_ROWS>,
}

impl Column for Runs {
    const ASKS: usize = 6;

    #[inline(always)]
    unsafe fn result<V: Vector>(
        &mut self,
        wanted: Wanted,
        n: usize,
        at: *const f32,
        tiles: &mut Tiles<'_>,
    ) -> V {
        let (first, second) = (self.first.room(), self.second.room());
        let run = 16 * V::LANES;
        let ranks = if n <= 32 { 32 } else { 64 };
        let below = (ranks - n) / 2;
        // SAFETY: as the caller vouches; there is room for 64 ranks in either.
        unsafe {
            for sort in 0..4 {
                tiles.ask();
                if sort < ranks / 16 {
                    sort_run::<V>(at, sort * 16, n, below, first.add(sort * run));
                }
            }
            tiles.ask();
            let sorted = if ranks == 32 {
                tiles.ask();
                if wanted == Wanted::Median {
                    let (low, high) = network::middle_of_two::<V>(first, first.add(run), 16);
                    return middle(n, low, high);
                }
                network::merge_16::<V>(first, first.add(run), second);
                second
            } else {
                let last = second.add(2 * run);
                network::merge_16::<V>(first, first.add(run), second);
                tiles.ask();
                network::merge_16::<V>(first.add(2 * run), first.add(3 * run), last);
                if wanted == Wanted::Median {
                    let (low, high) = network::middle_of_two::<V>(second, last, 32);
                    return middle(n, low, high);
                }
                network::merge_32::<V>(second, last, first);
                first
            };
            mean_of_ranks::<V>(wanted, sorted.add(below * V::LANES), n)
        }
    }
}

/// Sorts rows `run..run + 16` of a column into as many ranks at `to`. Of rows beyond `n`, the
/// first `below` are taken to be endlessly small and the others endlessly great.
///
/// # Safety
/// As of [`Column::result`]; `to` has room for sixteen ranks.
#[inline(always)]
unsafe fn sort_run<V: Vector>(at: *const f32, run: usize, n: usize, below: usize, to: *mut f32) {
    // SAFETY: as the caller vouches.
    unsafe {
        let mut v = [V::splat(0.0); 16];
        if run + 16 <= n {
            for i in 0..16 {
                v[i] = V::load(at.add((run + i) * WIDTH));
            }
        } else {
            for i in 0..16 {
                v[i] = if run + i < n {
                    V::load(at.add((run + i) * WIDTH))
                } else if run + i < n + below {
                    V::splat(f32::NEG_INFINITY)
                } else {
                    V::splat(f32::INFINITY)
                };
            }
        }
        network::sort(&mut v);
        for i in 0..16 {
            v[i].store(to.add(i * V::LANES));
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
                let mut r = trim;
                while r + 4 <= n - trim {
                    for k in 0..4 {
                        sums[k] = sums[k].add(V::load(ranks.add((r + k) * V::LANES)));
                    }
                    r += 4;
                }
                let rest = n - trim - r;
                for k in 0..3 {
                    if k < rest {
                        sums[k] = sums[k].add(V::load(ranks.add((r + k) * V::LANES)));
                    }
                }
                n - 2 * trim
            }
            Wanted::Around(keep) => {
                let median = middle(
                    n,
                    V::load(ranks.add((n - 1) / 2 * V::LANES)),
                    V::load(ranks.add(n / 2 * V::LANES)),
                );
                for r in 0..n {
                    let x = V::load(ranks.add(r * V::LANES));
                    let mut counted = x;
                    // the window of `keep` ranks that starts at `from` moves on where the
                    // rank that it would take in is closer than the one it would leave
                    if r >= keep {
                        let left = median.sub(V::load(ranks.add((r - keep) * V::LANES)));
                        counted = left.where_above(x.sub(median), counted, zero);
                    }
                    if r + keep < n {
                        let taken = V::load(ranks.add((r + keep) * V::LANES)).sub(median);
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
        sum.div(V::splat(kept as f32)).add(zero)
    }
}
