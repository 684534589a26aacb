//! Where a segment's result goes.

use crate::params::kernels::merging::{
    PARTS_MAX, parallel_chunks, parallel_chunks_with, parts_mut,
};
use crate::params::kernels::{
    add_scaled, copy_past_caches, first_not_finite, weighted_result, weighted_sum,
};
use crate::threads::SHARES;

/// Numbers that are begun, worked on and ended while they are in the nearest cache.
const TILE: usize = 4096;

/// Results from so many numbers on are written past the caches: too long to stay in them.
const LONG: usize = 1 << 20;

/// A segment's result as a strategy writes it: in one go with [`fill`](Output::fill) or
/// [`weighted`](Output::weighted), which touch memory once, or by any way it likes to what
/// [`zeros`](Output::zeros) gives. What nothing was written to is zeros.
#[derive(Debug)]
pub struct Output<'o> {
    numbers: &'o mut [f32],
    /// What the result is measured from, to be added when it stands.
    base: Option<&'o [f32]>,
    threads: usize,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Untouched,
    /// Written to, not ended.
    Open,
    /// Ended; where the first number is that is infinite or none.
    Ended(Option<usize>),
}

impl<'o> Output<'o> {
    /// `numbers` may hold anything.
    pub(super) fn new(numbers: &'o mut [f32], base: Option<&'o [f32]>, threads: usize) -> Self {
        Output { numbers, base, threads, stage: Stage::Untouched }
    }

    /// Calls `work(start, part)` with parts of the result, which begin as zeros, on some threads; a
    /// part is coordinates `start..start + part.len()`. What is written must depend on the
    /// coordinate alone.
    ///
    /// # Panics
    /// Where something was written before.
    pub fn fill(&mut self, work: impl Fn(usize, &mut [f32]) + Sync) {
        self.fill_with(|start, part, _: &mut ()| work(start, part));
    }

    /// [`fill`](Output::fill) with memory that a thread goes on working in, part after part.
    ///
    /// # Panics
    /// As there.
    pub fn fill_with<S: Default>(&mut self, work: impl Fn(usize, &mut [f32], &mut S) + Sync) {
        assert_eq!(self.stage, Stage::Untouched, "a result is written once");
        self.end(|start, tile, scratch| {
            tile.fill(0.0);
            work(start, tile, scratch);
        });
    }

    /// `Σ weights[r] · rows[r]`, rows in order.
    ///
    /// # Panics
    /// As [`fill`](Output::fill), or where there are other than as many rows as weights, or a row
    /// is shorter than the result.
    pub fn weighted(&mut self, weights: &[f32], rows: &[&[f32]]) {
        assert_eq!(self.stage, Stage::Untouched, "a result is written once");
        let past = self.numbers.len() >= LONG;
        // what it is measured from is one more row
        let rows: Vec<&[f32]> = rows.iter().copied().chain(self.base).collect();
        let weights: Vec<f32> = weights.iter().copied().chain(self.base.map(|_| 1.0)).collect();
        self.end_parts(long_parts(self.threads), |start, part, here: &mut Vec<_>| {
            here.clear();
            here.extend(rows.iter().map(|row| &row[start..][..part.len()]));
            let finite = weighted_result(part, &weights, here, past);
            if finite { None } else { first_not_finite(part).map(|at| start + at) }
        });
    }

    /// The whole result, as zeros at first.
    ///
    /// # Panics
    /// Where it was filled before.
    pub fn zeros(&mut self) -> &mut [f32] {
        assert_eq!(self.stage, Stage::Untouched, "a result is written once");
        self.stage = Stage::Open;
        self.numbers.fill(0.0);
        self.numbers
    }

    /// Ends what is not ended; where the first number is that is infinite or none.
    pub(super) fn finish(mut self) -> Option<usize> {
        match self.stage {
            Stage::Untouched => self.end(|_, tile, _: &mut ()| tile.fill(0.0)),
            Stage::Open => self.end(|_, _, _: &mut ()| {}),
            Stage::Ended(_) => {}
        }
        match self.stage {
            Stage::Ended(not_finite) => not_finite,
            Stage::Untouched | Stage::Open => unreachable!("just ended"),
        }
    }

    /// Ends what `work` has still to do, tile by tile.
    fn end<S: Default>(&mut self, work: impl Fn(usize, &mut [f32], &mut S) + Sync) {
        let base = self.base;
        // what is made anew and too long to stay in a cache is made in one, and copied
        let apart = self.stage == Stage::Untouched && self.numbers.len() >= LONG;
        let make = |start: usize, tile: &mut [f32], scratch: &mut S| {
            work(start, tile, scratch);
            if let Some(base) = base {
                add_scaled(tile, 1.0, &base[start..][..tile.len()]);
            }
            first_not_finite(tile).map(|at| start + at)
        };
        self.end_parts(PARTS_MAX, |from, part, (scratch, near): &mut (S, Vec<f32>)| {
            let mut found = None;
            for (i, tile) in part.chunks_mut(TILE).enumerate() {
                let start = from + i * TILE;
                let bad = if apart {
                    near.resize(tile.len(), 0.0);
                    let bad = make(start, near, scratch);
                    copy_past_caches(near, tile);
                    bad
                } else {
                    make(start, tile, scratch)
                };
                found = found.or(bad);
            }
            found
        });
    }

    /// Ends the result in at most so many parts, on some threads; `work` says where a part's first
    /// number is that is infinite or none.
    fn end_parts<S: Default>(
        &mut self,
        most: usize,
        work: impl Fn(usize, &mut [f32], &mut S) -> Option<usize> + Sync,
    ) {
        let parts: Vec<(usize, &mut [f32])> = parts_mut(self.numbers, most).collect();
        let found = parallel_chunks_with(self.threads, parts, |(start, part), scratch: &mut S| {
            work(start, part, scratch)
        });
        self.stage = Stage::Ended(found.into_iter().flatten().next());
    }
}

/// Parts of weighted sums, which are the same however they are cut: no more than threads take, for
/// memory likes them long.
fn long_parts(threads: usize) -> usize {
    SHARES * threads.max(1)
}

/// `out += Σ weights[r] · rows[r]`.
pub(super) fn add_weighted(weights: &[f32], rows: &[&[f32]], threads: usize, out: &mut [f32]) {
    let parts: Vec<(usize, &mut [f32])> = parts_mut(out, long_parts(threads)).collect();
    parallel_chunks(threads, parts, |(start, part)| {
        let here: Vec<&[f32]> = rows.iter().map(|row| &row[start..][..part.len()]).collect();
        weighted_sum(part, weights, &here);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some tiles, some parts, and what is left over.
    const LEN: usize = 3 * TILE + 77;

    #[test]
    fn a_result_is_the_same_however_it_is_written() {
        let rows: Vec<Vec<f32>> =
            (0..3).map(|r| (0..LEN).map(|i| (i * (r + 2)) as f32 * 0.01).collect()).collect();
        let rows: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
        let (base, weights) = (vec![0.25_f32; LEN], [0.5, -0.25, 2.0]);
        for threads in [1, 2, 5] {
            for base in [None, Some(&base[..])] {
                let write = |make: &dyn Fn(&mut Output<'_>)| {
                    let mut numbers = vec![f32::NAN; LEN];
                    let mut out = Output::new(&mut numbers, base, threads);
                    make(&mut out);
                    assert_eq!(out.finish(), None);
                    numbers
                };
                let weighted = write(&|out| out.weighted(&weights, &rows));
                let whole = write(&|out| add_weighted(&weights, &rows, threads, out.zeros()));
                assert_eq!(weighted, whole);
                let untouched = write(&|_| {});
                assert_eq!(untouched, vec![base.map_or(0.0, |base| base[0]); LEN]);
            }
        }
    }

    #[test]
    fn the_first_number_that_is_none_is_told() {
        for threads in [1, 3] {
            let mut numbers = vec![0.0; LEN];
            let mut out = Output::new(&mut numbers, None, threads);
            out.fill(|start, part| {
                for (i, out) in part.iter_mut().enumerate() {
                    let bad = [LEN - 1, 2 * TILE + 5, 2 * TILE + 9].contains(&(start + i));
                    *out = if bad { f32::INFINITY } else { 1.0 };
                }
            });
            assert_eq!(out.finish(), Some(2 * TILE + 5));
        }
    }

    #[test]
    #[should_panic(expected = "a result is written once")]
    fn a_result_is_not_written_twice() {
        let mut numbers = vec![0.0; 4];
        let mut out = Output::new(&mut numbers, None, 1);
        out.fill(|_, _| {});
        out.fill(|_, _| {});
    }
}
