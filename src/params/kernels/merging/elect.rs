//! Sign election: what TIES makes of many rows once they are trimmed.

use super::super::simd::{Kernel, Vector, run16};
use super::super::vectors::prefetch_line;
use super::{Cut, MergeScratch};

/// Coordinates that are elected together: four lines of memory of every row.
const BLOCK: usize = 64;

/// Vectors of a block.
const VECTORS: usize = 4;

/// Rows that are asked for ahead of their time, where they end those of the next blocks.
const AHEAD: usize = 64;

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
/// Reads every row once and trims on the way. About ten vector operations a value. Any cut of
/// the coordinates gives the same bits. Sums go in the rows' order.
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
    scratch: &mut MergeScratch,
) {
    assert_eq!(rows.len(), weights.len(), "a weight for each row");
    assert_eq!(rows.len(), cuts.len(), "a cut for each row");
    assert!(weights.iter().all(|w| *w >= 0.0), "a weight is negative");
    assert!(rows.iter().all(|row| row.len() >= start + out.len()), "a row is too short");
    let counted = scratch.take(rows.len() * BLOCK);
    run16(Elect { election, rows, weights, cuts, start, out, counted });
}

struct Elect<'a> {
    election: Election,
    rows: &'a [&'a [f32]],
    weights: &'a [f32],
    cuts: &'a [Cut],
    start: usize,
    out: &'a mut [f32],
    /// Weighted values of a block that count, row by row.
    counted: &'a mut [f32],
}

impl Kernel for Elect<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        debug_assert_eq!(BLOCK, VECTORS * V::LANES);
        let counted = self.counted.as_mut_ptr();
        let n = self.rows.len().max(1);
        for (b, out) in self.out.chunks_mut(BLOCK).enumerate() {
            let start = self.start + b * BLOCK;
            // SAFETY: the caller has V's instruction set; rows reach to the end of `out`, and
            // `counted` holds a block of each.
            unsafe {
                let zero = V::splat(0.0);
                let mut votes = [zero; VECTORS];
                let (mut ahead, mut later_start) = (AHEAD % n, start + AHEAD / n * BLOCK);
                for (r, (row, &weight)) in self.rows.iter().zip(self.weights).enumerate() {
                    let later = self.rows[ahead].as_ptr().wrapping_add(later_start);
                    (0..VECTORS).for_each(|k| prefetch_line(later.wrapping_add(k * 16)));
                    ahead += 1;
                    if ahead == self.rows.len() {
                        (ahead, later_start) = (0, later_start + BLOCK);
                    }
                    let mut values = [zero; VECTORS];
                    if out.len() == BLOCK {
                        let from = row.as_ptr().add(start);
                        for k in 0..VECTORS {
                            values[k] = V::load(from.add(k * V::LANES));
                        }
                    } else {
                        let mut last = [0.0; BLOCK];
                        last[..out.len()].copy_from_slice(&row[start..start + out.len()]);
                        for k in 0..VECTORS {
                            values[k] = V::load(last.as_ptr().add(k * V::LANES));
                        }
                    }
                    let cut = self.cuts[r];
                    let least = if start < cut.ties_end && cut.ties_end < start + BLOCK {
                        let mut least = [0.0; BLOCK];
                        (0..BLOCK).for_each(|i| least[i] = cut.least(start + i));
                        std::array::from_fn(|k| V::load(least[k * V::LANES..].as_ptr()))
                    } else {
                        [V::splat(cut.least(start)); VECTORS]
                    };
                    for k in 0..VECTORS {
                        let x = values[k].mul(V::splat(weight));
                        let kept = values[k].abs().where_not_below(least[k], x, zero);
                        kept.store(counted.add(r * BLOCK + k * V::LANES));
                        let vote = match self.election.by {
                            ElectBy::Sum => kept,
                            ElectBy::Count => {
                                let (yes, no) = (V::splat(1.0), V::splat(-1.0));
                                kept.where_above(zero, yes, zero.where_above(kept, no, zero))
                            }
                        };
                        votes[k] = votes[k].add(vote);
                    }
                }
                let mut signs = [zero; VECTORS];
                for k in 0..VECTORS {
                    signs[k] = zero.where_above(votes[k], V::splat(-1.0), V::splat(1.0));
                }
                let (mut sums, mut shares) = ([zero; VECTORS], [zero; VECTORS]);
                for (r, &weight) in self.weights.iter().enumerate() {
                    for k in 0..VECTORS {
                        let kept = V::load(counted.add(r * BLOCK + k * V::LANES)).mul(signs[k]);
                        sums[k] = sums[k].add(kept.max(zero));
                        let share = kept.where_above(zero, V::splat(weight), zero);
                        shares[k] = shares[k].add(share);
                    }
                }
                let mut merged = [0.0; BLOCK];
                for k in 0..VECTORS {
                    let signed = sums[k].mul(signs[k]).mul(V::splat(self.election.scale));
                    let result = match self.election.divide {
                        DivideBy::AgreeingWeights => {
                            shares[k].where_above(zero, signed.div(shares[k]), zero)
                        }
                        DivideBy::One => signed,
                    };
                    result.add(zero).store(merged.as_mut_ptr().add(k * V::LANES));
                }
                out.copy_from_slice(&merged[..out.len()]);
            }
        }
    }
}
