//! Dropping at random, by rank of magnitude.

use super::sparse::{Merge, drop_key};
use super::{Group, MergeError, Strategy};
use crate::params::kernels::merging::{parallel_chunks, parallel_chunks_with};
use crate::scenario::{self, Scope};
use crate::stream::{Key, below};

/// DELLA's MAGPRUNE: an entry of rank `r` by magnitude among `m`, from zero, is kept with
/// probability `p = density − ε + 2ε r/(m − 1)` and divided by `p` (Deep, Bhardwaj and Poria 2024,
/// "DELLA-merging: reducing interference in model merging through magnitude-based sampling"), so
/// that the expectation stays and a coordinate's variance is `(1 − p)/p · δ²`; then signs are
/// elected as in TIES.
///
/// Needs `density ± epsilon` within 0 and 1. Breakdown point 0. Cost: a sort of each vector.
#[derive(Clone, Debug)]
pub struct Della(pub scenario::Della);

impl Strategy for Della {
    fn name(&self) -> &'static str {
        "della"
    }

    fn scope(&self) -> Scope {
        self.0.scope
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let spec = self.0.clone();
        let (density, epsilon) = (spec.density, spec.epsilon);
        if density < 1.0 && (density - epsilon <= 0.0 || density + epsilon > 1.0) {
            let found = format!("density = {density}, epsilon = {epsilon}");
            return Err(group.needs("density ± epsilon above 0 and not above 1", found));
        }
        let merge = Merge {
            then: spec.then,
            normalise: spec.normalise,
            lambda: spec.lambda,
            weighting: spec.weighting,
        };
        let n = group.n();
        let ranks = ranks(group)?;
        let probability = |rank: u16, last: u16| {
            if density >= 1.0 || last == 0 {
                return density as f32;
            }
            (density - epsilon + 2.0 * epsilon * f64::from(rank) / f64::from(last)) as f32
        };
        let (seed, round) = (group.context().seed, group.context().round);
        let ids: Vec<u32> = group.members().iter().map(|m| m.id).collect();
        let mut done = vec![0; n];
        group.write(|segment, out| {
            let rows: Vec<(Key, &[u16], u16)> = segment
                .rows
                .iter()
                .map(|row| {
                    let key = drop_key(seed, segment.index, ids[row.member], round);
                    let Ranks { of, last } = &ranks[row.member];
                    (key, &of[done[row.member]..][..segment.len()], *last)
                })
                .collect();
            merge.thinned(segment, out, &|row, start, values, weight, to| {
                let (key, ranks, last) = rows[row];
                key.for_words(start, values.len(), |i, word| {
                    let p = probability(ranks[start + i], last);
                    let factor = if spec.rescale { 1.0 / p } else { 1.0 };
                    let keep = u64::from(word) < below(f64::from(p));
                    let left = if keep { factor * values[i] } else { 0.0 };
                    to[i] = weight.map_or(left, |weight| weight.mul_add(left, to[i]));
                });
            })?;
            segment.rows.iter().for_each(|row| done[row.member] += segment.len());
            Ok(())
        })
    }
}

/// A vector's entries by magnitude, in half the memory of the vector itself.
#[derive(Clone, Debug, Default)]
struct Ranks {
    /// The rank of each entry, of equal ones by place; in a vector of more entries than 16 bits
    /// tell apart, the nearest of as many evenly spaced ones.
    of: Vec<u16>,
    /// The last rank.
    last: u16,
}

/// The ranks of each member's vector.
fn ranks(group: &mut Group<'_>) -> Result<Vec<Ranks>, MergeError> {
    let mut ranks = vec![Ranks::default(); group.n()];
    if group.is_one_segment() {
        group.read(|segment| {
            let rows: Vec<(usize, &[f32])> =
                segment.rows.iter().map(|row| (row.member, row.values)).collect();
            let rank = |(member, values): (usize, &[f32]), order: &mut Vec<u32>| {
                order.clear();
                order.extend(0..values.len() as u32);
                order.sort_unstable_by_key(|at| (values[*at as usize].abs().to_bits(), *at));
                (member, Ranks::new(order.iter().copied()))
            };
            // a thread holds one vector's order: as few as a quarter of the vectors
            let threads = segment.threads().min(rows.len() / 4).max(1);
            let found = parallel_chunks_with(threads, rows, rank);
            found.into_iter().for_each(|(member, found)| ranks[member] = found);
            Ok(())
        })?;
        return Ok(ranks);
    }
    let mut keys: Vec<Vec<(u32, u32)>> = vec![Vec::new(); group.n()];
    group.read(|segment| {
        for row in &segment.rows {
            let keys = &mut keys[row.member];
            let start = keys.len() as u32;
            let key = |(i, x): (usize, &f32)| (x.abs().to_bits(), start + i as u32);
            keys.extend(row.values.iter().enumerate().map(key));
        }
        Ok(())
    })?;
    Ok(parallel_chunks(group.context().threads, keys, |mut keys| {
        keys.sort_unstable();
        Ranks::new(keys.iter().map(|(_, at)| *at))
    }))
}

impl Ranks {
    /// Of entries that come in this order.
    fn new(order: impl ExactSizeIterator<Item = u32>) -> Self {
        let (mut of, most) = (vec![0; order.len()], order.len().saturating_sub(1));
        let last = most.min(usize::from(u16::MAX));
        let rank = |rank: usize| if last == most { rank } else { (rank * last + most / 2) / most };
        order.enumerate().for_each(|(at, entry)| of[entry as usize] = rank(at) as u16);
        Ranks { of, last: last as u16 }
    }
}
