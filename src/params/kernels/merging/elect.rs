//! Sign election: what TIES makes of many rows once they are trimmed.

use super::super::simd::{Kernel, Vector, lanes, run16};
use super::super::vectors::prefetch_line;
use super::Cut;

/// Numbers of a vector: a line of memory.
const LANES: usize = 16;

/// Vectors of coordinates that are elected together: their sums fit the nearest cache, and a row
/// of them is long enough to be read in one go.
const TILE: usize = 64;

/// Rows that go through a tile together, so that its sums are fetched and stored once for all.
const TOGETHER: usize = 4;

/// What a coordinate's sign is elected by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElectBy {
    /// The sum of the weighted values.
    Sum,
    /// How many weighted values are above zero against how many are below.
    Count,
}

/// What the sum of the agreeing values is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DivideBy {
    /// The sum of the agreeing rows' weights: the disjoint mean.
    AgreeingWeights,
    /// Nothing.
    One,
}

/// How rows are merged by [`elect`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Election {
    /// What the sign is elected by.
    pub by: ElectBy,
    /// What the agreeing values' sum is divided by.
    pub divide: DivideBy,
    /// What the result is multiplied by: TIES' `λ`.
    pub scale: f32,
}

/// `out[i]` = the merge of `rows[..][start + i]`. A row's value counts if its cut keeps it.
/// The sign `s` is that of `Σ w x`, or of `Σ sign w x`, over those that count, above zero where
/// they cancel out; the result is `scale · Σ w x / Σ w` over those with `w x s > 0`, zero where
/// there are none.
///
/// Reads every row once and trims on the way: both signs are added up while they are voted on, so
/// that nothing is kept for after the vote. About ten vector operations a value. Any cut of the
/// coordinates gives the same bits. Sums go in the rows' order.
///
/// # Panics
/// Where there are other than as many weights and cuts as rows, a weight is negative, or a row
/// is shorter than `start + out.len()`.
///
/// # Source
/// Yadav, Tam, Choshen, Raffel and Bansal, "TIES-merging", NeurIPS 2023; a sum of zero elects
/// as in mergekit.
pub fn elect(
    election: Election,
    rows: &[&[f32]],
    weights: &[f32],
    cuts: &[Cut],
    start: usize,
    out: &mut [f32],
) {
    assert_eq!(rows.len(), weights.len(), "a weight for each row");
    assert_eq!(rows.len(), cuts.len(), "a cut for each row");
    assert!(weights.iter().all(|w| *w >= 0.0), "a weight is negative");
    assert!(rows.iter().all(|row| row.len() >= start + out.len()), "a row is too short");
    run16(Elect { election, rows, weights, cuts, start, out });
}

struct Elect<'a> {
    election: Election,
    rows: &'a [&'a [f32]],
    weights: &'a [f32],
    cuts: &'a [Cut],
    start: usize,
    out: &'a mut [f32],
}

impl Kernel for Elect<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(mut self) {
        debug_assert_eq!(LANES, V::LANES);
        let mut sums = [Sums::NONE; TILE];
        let out = std::mem::take(&mut self.out);
        for (i, out) in out.chunks_mut(TILE * LANES).enumerate() {
            let start = self.start + i * TILE * LANES;
            let sums = &mut sums[..out.len().div_ceil(LANES)];
            sums.fill(Sums::NONE);
            // SAFETY: the caller has V's instruction set; rows reach to the end of `out`.
            unsafe {
                match self.election.by {
                    ElectBy::Sum => self.add_up::<V, false>(start, out.len(), sums),
                    ElectBy::Count => self.add_up::<V, true>(start, out.len(), sums),
                }
                for (sums, out) in sums.iter().zip(out.chunks_mut(LANES)) {
                    let merged = lanes(sums.merged::<V>(self.election));
                    out.copy_from_slice(&merged[..out.len()]);
                }
            }
        }
    }
}

/// What is added up of a vector of coordinates.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Sums {
    votes: [f32; LANES],
    above: [f32; LANES],
    below: [f32; LANES],
    /// Weights of what is above zero, and of what is below.
    weights: [[f32; LANES]; 2],
}

impl Sums {
    const NONE: Sums = Sums {
        votes: [0.0; LANES],
        above: [0.0; LANES],
        below: [0.0; LANES],
        weights: [[0.0; LANES]; 2],
    };

    /// The result of the vote.
    ///
    /// # Safety
    /// The caller has V's instruction set, of sixteen lanes.
    #[inline(always)]
    unsafe fn merged<V: Vector>(&self, election: Election) -> V {
        // SAFETY: as the caller vouches.
        unsafe {
            let (zero, votes) = (V::splat(0.0), V::load(self.votes.as_ptr()));
            let of_winner = |above: &[f32; LANES], below: &[f32; LANES]| {
                zero.where_above(votes, V::load(below.as_ptr()), V::load(above.as_ptr()))
            };
            let sum = of_winner(&self.above, &self.below).mul(V::splat(election.scale));
            let share = of_winner(&self.weights[0], &self.weights[1]);
            let merged = match election.divide {
                DivideBy::AgreeingWeights => share.where_above(zero, sum.div(share), zero),
                DivideBy::One => sum,
            };
            merged.add(zero)
        }
    }
}

impl Elect<'_> {
    /// Adds up a tile, the `len` coordinates from `start` on. The votes are the signs' where `COUNT`
    /// says so.
    ///
    /// # Safety
    /// The caller has V's instruction set, of sixteen lanes; rows reach to the end of the tile.
    #[inline(always)]
    unsafe fn add_up<V: Vector, const COUNT: bool>(
        &self,
        start: usize,
        len: usize,
        sums: &mut [Sums],
    ) {
        let n = self.rows.len();
        let is_plain = |r: usize| {
            let end = self.cuts[r].ties_end;
            len.is_multiple_of(LANES) && !(start < end && end < start + len)
        };
        let mut r = 0;
        while r < n {
            // SAFETY: as the caller vouches.
            unsafe {
                if r + TOGETHER <= n && (r..r + TOGETHER).all(is_plain) {
                    self.add_rows::<V, TOGETHER, COUNT>(r, start, sums);
                    r += TOGETHER;
                } else if is_plain(r) {
                    self.add_rows::<V, 1, COUNT>(r, start, sums);
                    r += 1;
                } else {
                    self.add_rare::<V, COUNT>(r, start, len, sums);
                    r += 1;
                }
            }
        }
    }

    /// Adds `R` rows from `first` on, whose ties do not end within the tile, which is whole
    /// vectors.
    ///
    /// # Safety
    /// As of [`add_up`](Elect::add_up).
    #[inline(always)]
    unsafe fn add_rows<V: Vector, const R: usize, const COUNT: bool>(
        &self,
        first: usize,
        start: usize,
        sums: &mut [Sums],
    ) {
        let n = self.rows.len();
        // the rows that come next, in this tile or in the one after it
        let later: [*const f32; R] = std::array::from_fn(|r| match first + R + r {
            next if next < n => self.rows[next].as_ptr().wrapping_add(start),
            next => self.rows[(next - n) % n].as_ptr().wrapping_add(start + sums.len() * LANES),
        });
        // SAFETY: as the caller vouches.
        unsafe {
            let rows: [*const f32; R] =
                std::array::from_fn(|r| self.rows[first + r].as_ptr().add(start));
            let least: [V; R] =
                std::array::from_fn(|r| V::splat(self.cuts[first + r].least(start)));
            let weights: [V; R] = std::array::from_fn(|r| V::splat(self.weights[first + r]));
            for (k, sums) in sums.iter_mut().enumerate() {
                later.iter().for_each(|later| prefetch_line(later.wrapping_add(k * LANES)));
                let mut tally = Tally::<V>::of(sums);
                for r in 0..R {
                    let values = V::load(rows[r].add(k * LANES));
                    tally.add::<COUNT>(values, least[r], weights[r]);
                }
                tally.store(sums);
            }
        }
    }

    /// Adds any row.
    ///
    /// # Safety
    /// As of [`add_up`](Elect::add_up).
    #[inline(always)]
    unsafe fn add_rare<V: Vector, const COUNT: bool>(
        &self,
        r: usize,
        start: usize,
        len: usize,
        sums: &mut [Sums],
    ) {
        for (k, (sums, row)) in
            sums.iter_mut().zip(self.rows[r][start..start + len].chunks(LANES)).enumerate()
        {
            let (mut values, mut least) = ([0.0; LANES], [0.0; LANES]);
            values[..row.len()].copy_from_slice(row);
            (0..LANES).for_each(|i| least[i] = self.cuts[r].least(start + k * LANES + i));
            // SAFETY: as the caller vouches.
            unsafe {
                let mut tally = Tally::<V>::of(sums);
                let (values, least) = (V::load(values.as_ptr()), V::load(least.as_ptr()));
                tally.add::<COUNT>(values, least, V::splat(self.weights[r]));
                tally.store(sums);
            }
        }
    }
}

/// [`Sums`] at work.
struct Tally<V> {
    votes: V,
    above: V,
    below: V,
    weights: [V; 2],
}

impl<V: Vector> Tally<V> {
    /// # Safety
    /// The caller has V's instruction set, of sixteen lanes.
    #[inline(always)]
    unsafe fn of(sums: &Sums) -> Self {
        // SAFETY: as the caller vouches.
        unsafe {
            Tally {
                votes: V::load(sums.votes.as_ptr()),
                above: V::load(sums.above.as_ptr()),
                below: V::load(sums.below.as_ptr()),
                weights: [V::load(sums.weights[0].as_ptr()), V::load(sums.weights[1].as_ptr())],
            }
        }
    }

    /// # Safety
    /// As of [`of`](Tally::of).
    #[inline(always)]
    unsafe fn store(self, sums: &mut Sums) {
        // SAFETY: as the caller vouches.
        unsafe {
            self.votes.store(sums.votes.as_mut_ptr());
            self.above.store(sums.above.as_mut_ptr());
            self.below.store(sums.below.as_mut_ptr());
            self.weights[0].store(sums.weights[0].as_mut_ptr());
            self.weights[1].store(sums.weights[1].as_mut_ptr());
        }
    }

    /// Adds a row's values, of which those count that are not below `least`.
    ///
    /// # Safety
    /// As of [`of`](Tally::of).
    #[inline(always)]
    unsafe fn add<const COUNT: bool>(&mut self, values: V, least: V, weight: V) {
        // SAFETY: as the caller vouches.
        unsafe {
            let (zero, one) = (V::splat(0.0), V::splat(1.0));
            let Tally { votes, above, below, weights } = self;
            let kept = values.abs().where_not_below(least, values.mul(weight), zero);
            *votes = if COUNT {
                let fewer = zero.where_above(kept, votes.sub(one), *votes);
                kept.where_above(zero, votes.add(one), fewer)
            } else {
                votes.add(kept)
            };
            *above = kept.where_above(zero, above.add(kept), *above);
            *below = zero.where_above(kept, below.add(kept), *below);
            weights[0] = kept.where_above(zero, weights[0].add(weight), weights[0]);
            weights[1] = zero.where_above(kept, weights[1].add(weight), weights[1]);
        }
    }
}
