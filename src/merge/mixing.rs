//! What vectors go through before they are combined. Every pre-aggregation makes new vectors
//! out of linear combinations of the old ones, so each is told by a matrix.

use super::MergeError;
use super::group::Group;
use super::material::{Loaded, Member, Row, Space};
use crate::params::kernels::merging::parallel_chunks;
use crate::params::kernels::weighted_sum;
use crate::scenario::{Pre, Scope};
use crate::stream::{Purpose, Stream};

/// New vectors out of old ones: for each new one the old ones it is made of, with their shares.
pub(super) type Matrix = Vec<Vec<(usize, f64)>>;

/// A pre-aggregation's matrices: one for all segments, or one for each.
#[derive(Clone, Debug)]
pub struct Mixing {
    matrices: Vec<Matrix>,
    /// Who brings the new vectors.
    members: Vec<Member>,
}

impl Mixing {
    /// A pre-aggregation's mixing of `members` by matrices with a row for each of the new vectors.
    pub(super) fn new(pre: &Pre, matrices: Vec<Matrix>, members: &[Member]) -> Self {
        let members = if !matches!(pre, Pre::Bucketing(_)) {
            // a new vector for each: they stay who they are
            members.to_vec()
        } else {
            let bring = |shares: &Vec<(usize, f64)>| {
                let of = |get: fn(&Member) -> f64| -> f64 {
                    shares.iter().map(|(member, share)| share * get(&members[*member])).sum()
                };
                Member {
                    id: members[shares[0].0].id,
                    weight: of(|m| m.weight),
                    steps: of(|m| m.steps as f64) as u64,
                    staleness: shares.iter().map(|s| members[s.0].staleness).max().unwrap_or(0),
                }
            };
            matrices.first().into_iter().flatten().map(bring).collect()
        };
        Mixing { matrices, members }
    }

    /// Who brings the new vectors.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    fn matrix(&self, segment: usize) -> &Matrix {
        if let [only] = self.matrices.as_slice() { only } else { &self.matrices[segment] }
    }
}

/// What is left of one by shares that sum to it but for rounding.
const ROUNDING: f64 = 1e-12;

/// A vector as a combination of loaded ones.
struct Virtual {
    member: usize,
    weight: f64,
    shares: Vec<(usize, f64)>,
}

/// A segment's vectors after all mixings, in `buffers`; mixed is what moved, in whichever space
/// they are measured. A mean over members of whom some lack the segment is the mean over the
/// others.
pub(super) fn mix<'s>(
    mixings: &[Mixing],
    segment: usize,
    (loaded, space): (Loaded<'s>, Space),
    buffers: &'s mut Vec<Vec<f32>>,
    threads: usize,
) -> Loaded<'s> {
    if mixings.is_empty() {
        return loaded;
    }
    let Loaded { base, rows } = loaded;
    let own = |(at, row): (usize, &Row<'_>)| Virtual {
        member: row.member,
        weight: row.weight,
        shares: vec![(at, 1.0)],
    };
    let mut vectors: Vec<Virtual> = rows.iter().enumerate().map(own).collect();
    for mixing in mixings {
        vectors = mixed(mixing.matrix(segment), &vectors, rows.len());
    }
    if buffers.len() < vectors.len() {
        buffers.resize_with(vectors.len(), Vec::new);
    }
    let len = rows.first().map_or(0, |row| row.values.len());
    let items: Vec<(&Virtual, &mut Vec<f32>)> = vectors.iter().zip(buffers.iter_mut()).collect();
    let threads = if len * vectors.len() < 1 << 16 { 1 } else { threads };
    parallel_chunks(threads, items, |(vector, buffer)| {
        buffer.clear();
        buffer.resize(len, 0.0);
        let mut shares: Vec<f32> = vector.shares.iter().map(|(_, share)| *share as f32).collect();
        let mut rows: Vec<&[f32]> = vector.shares.iter().map(|(at, _)| rows[*at].values).collect();
        // of models, what is not theirs is the base's
        let rest = 1.0 - vector.shares.iter().map(|(_, share)| share).sum::<f64>();
        if let Some(base) = base.filter(|_| space == Space::Models && rest.abs() > ROUNDING) {
            shares.push(rest as f32);
            rows.push(base);
        }
        weighted_sum(buffer, &shares, &rows);
    });
    let row = |(vector, values): (&Virtual, &'s Vec<f32>)| Row {
        member: vector.member,
        weight: vector.weight,
        values,
        statistic: None,
    };
    Loaded { base, rows: vectors.iter().zip(buffers.iter()).map(row).collect() }
}

/// One mixing of vectors over `n` loaded ones.
fn mixed(matrix: &Matrix, vectors: &[Virtual], n: usize) -> Vec<Virtual> {
    let members = 1 + vectors.iter().map(|v| v.member).max().unwrap_or(0);
    let mut at: Vec<Option<&Virtual>> = vec![None; members];
    vectors.iter().for_each(|v| at[v.member] = Some(v));
    let mut out = Vec::new();
    for (member, shares) in matrix.iter().enumerate() {
        let here: Vec<(&Virtual, f64)> = shares
            .iter()
            .filter_map(|(old, share)| Some((at.get(*old).copied().flatten()?, *share)))
            .collect();
        if here.is_empty() {
            continue;
        }
        let all: f64 = shares.iter().map(|(_, share)| share).sum();
        let held: f64 = here.iter().map(|(_, share)| share).sum();
        let factor = if here.len() == shares.len() { 1.0 } else { all / held };
        let mut sums = vec![0.0; n];
        let mut weight = 0.0;
        for (vector, share) in &here {
            weight += vector.weight / here.len() as f64;
            vector.shares.iter().for_each(|(old, s)| sums[*old] += factor * share * s);
        }
        let shares = sums.into_iter().enumerate().filter(|(_, share)| *share != 0.0).collect();
        out.push(Virtual { member, weight, shares });
    }
    out
}

/// The members with a vector after all mixings and what it counts, of those that have one before.
pub(super) fn holders(
    mixings: &[Mixing],
    segment: usize,
    mut held: Vec<(usize, f64)>,
) -> Vec<(usize, f64)> {
    for mixing in mixings {
        let weight = |old: &(usize, f64)| {
            held.binary_search_by_key(&old.0, |h| h.0).ok().map(|at| held[at].1)
        };
        let mean = |(member, shares): (usize, &Vec<(usize, f64)>)| {
            let here: Vec<f64> = shares.iter().filter_map(weight).collect();
            (!here.is_empty()).then(|| (member, here.iter().sum::<f64>() / here.len() as f64))
        };
        held = mixing.matrix(segment).iter().enumerate().filter_map(mean).collect();
    }
    held
}

/// What counts as one vector for a pre-aggregation.
pub(super) fn scope(pre: &Pre) -> Scope {
    match pre {
        Pre::NearestNeighbourMixing(spec) => spec.scope,
        Pre::Bucketing(_) => Scope::Model,
        Pre::Clip(spec) => spec.scope,
        Pre::AdaptiveRobustClipping(spec) => spec.scope,
    }
}

/// A pre-aggregation's name in scenarios.
pub(super) fn name(pre: &Pre) -> &'static str {
    match pre {
        Pre::NearestNeighbourMixing(_) => "nearest-neighbour-mixing",
        Pre::Bucketing(_) => "bucketing",
        Pre::Clip(_) => "clip",
        Pre::AdaptiveRobustClipping(_) => "adaptive-robust-clipping",
    }
}

/// The matrix of a pre-aggregation for a group.
///
/// - `nearest-neighbour-mixing`: `x_i' = mean of the n − f nearest to x_i` (Allouah et al. 2023,
///   "Fixing by mixing", AISTATS). Needs `n ≥ 2f + 1`. Cost: a Gram matrix and `n − f` multiply-adds a
///   value.
/// - `bucketing`: means of `s` in a row, of a random order (Karimireddy, He and Jaggi 2022,
///   "Byzantine-robust learning on heterogeneous datasets via bucketing", ICLR).
/// - `clip`: `x_i' = x_i min(1, norm/‖x_i‖)`.
/// - `adaptive-robust-clipping`: the `⌊2f(n − f)/n⌋` longest are clipped to the length of the
///   longest of the others (ARC, Allouah et al. 2025, "Adaptive gradient clipping for robust
///   federated learning", ICLR).
pub(super) fn matrix(pre: &Pre, group: &mut Group<'_>) -> Result<Matrix, MergeError> {
    let n = group.n();
    match pre {
        Pre::NearestNeighbourMixing(spec) => {
            let f = group.attackers(spec.attackers(n))?;
            let products = group.products()?;
            let keep = n - f;
            let row = |i: usize| {
                let mut order: Vec<usize> = (0..n).collect();
                // itself first, whatever rounding makes of its distance; then by distance
                let key = |j: &usize| if *j == i { -1.0 } else { products.distance(i, *j) };
                order.sort_by(|a, b| key(a).total_cmp(&key(b)));
                order.truncate(keep);
                order.sort_unstable();
                order.into_iter().map(|j| (j, 1.0 / keep as f64)).collect()
            };
            Ok((0..n).map(row).collect())
        }
        Pre::Bucketing(spec) => {
            let context = group.context();
            let mut stream = Stream::new(context.seed, Purpose::Buckets, 0, context.round);
            let mut order: Vec<usize> = (0..n).collect();
            stream.shuffle(&mut order);
            let bucket = |members: &[usize]| {
                members.iter().map(|m| (*m, 1.0 / members.len() as f64)).collect()
            };
            Ok(order.chunks(spec.size as usize).map(bucket).collect())
        }
        Pre::Clip(spec) => {
            let norms = group.norms()?;
            Ok(norms.iter().enumerate().map(|(i, norm)| shortened(i, *norm, spec.norm)).collect())
        }
        Pre::AdaptiveRobustClipping(spec) => {
            let f = group.attackers(spec.attackers(n))?;
            let norms = group.norms()?;
            let clipped = (2 * f * (n - f)) / n;
            let mut sorted = norms.clone();
            sorted.sort_by(f64::total_cmp);
            let most = sorted[n - clipped - 1];
            Ok(norms.iter().enumerate().map(|(i, norm)| shortened(i, *norm, most)).collect())
        }
    }
}

fn shortened(i: usize, norm: f64, most: f64) -> Vec<(usize, f64)> {
    vec![(i, if norm > most { most / norm } else { 1.0 })]
}
