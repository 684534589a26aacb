//! Arithmetic on task vectors, whole or thinned out.

use super::averaging::{not_negative, shares};
use super::bounds::Bounds;
use super::{Group, MergeError, Output, Segment, Strategy};
use crate::params::kernels::merging::{
    Cut, DivideBy, ElectBy, Election, add_between, between, elect, share_of,
};
use crate::params::kernels::{add_thin, thin, weighted_sum};
use crate::scenario::{self, Scope, Sign, Then, Weighting};
use crate::stream::{Key, Purpose};

/// `θ_0 + λ Σ w_i τ_i` with task vectors `τ_i = θ_i − θ_0` (Ilharco et al. 2023, "Editing models
/// with task arithmetic", ICLR).
///
/// Breakdown point 0. Cost: one multiply-add a value.
#[derive(Clone, Debug)]
pub struct TaskArithmetic(pub scenario::TaskArithmetic);

impl Strategy for TaskArithmetic {
    fn name(&self) -> &'static str {
        "task-arithmetic"
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let spec = self.0.clone();
        let normalise = group.normalises(spec.normalise);
        group.write(|segment, out| {
            let weights = scaled(self.name(), segment, spec.weighting, normalise, spec.lambda)?;
            out.weighted(&weights, &segment.values());
            Ok(())
        })
    }
}

/// What vectors count in a linear merge, `λ` included.
fn scaled(
    strategy: &'static str,
    segment: &Segment<'_>,
    weighting: Weighting,
    normalise: bool,
    lambda: f64,
) -> Result<Vec<f32>, MergeError> {
    let weights = shares(strategy, segment.weights(weighting), normalise)?;
    Ok(weights.into_iter().map(|w| (f64::from(w) * lambda) as f32).collect())
}

/// How thinned task vectors are merged.
#[derive(Clone, Copy)]
pub(super) struct Merge {
    pub then: Then,
    pub normalise: bool,
    pub lambda: f64,
    pub weighting: Weighting,
}

impl Merge {
    fn election(self, by: Sign) -> Election {
        Election {
            by: if by == Sign::Sum { ElectBy::Sum } else { ElectBy::Count },
            divide: if self.normalise { DivideBy::AgreeingWeights } else { DivideBy::One },
            scale: self.lambda as f32,
        }
    }

    /// Merges a segment whose vectors are thinned on the way: `thin(row, start, values, weight,
    /// out)` takes what is left of `values`, which begin at coordinate `start`, and writes it, or
    /// adds it to what is there with a weight.
    pub fn thinned(
        self,
        segment: &Segment<'_>,
        out: &mut Output<'_>,
        thin: &(impl Fn(usize, usize, &[f32], Option<f32>, &mut [f32]) + Sync),
    ) -> Result<(), MergeError> {
        let rows = segment.values();
        // a tile of the result, or of all rows, stays in a cache
        match self.then {
            Then::Linear => {
                let (weighting, normalise) = (self.weighting, self.normalise);
                let weights = scaled("a linear merge", segment, weighting, normalise, self.lambda)?;
                out.fill(|from, part| {
                    for (i, out) in part.chunks_mut(4096).enumerate() {
                        let start = from + i * 4096;
                        for (row, (values, weight)) in rows.iter().zip(&weights).enumerate() {
                            thin(row, start, &values[start..][..out.len()], Some(*weight), out);
                        }
                    }
                });
            }
            Then::Ties => {
                let weights = positive(segment, self.weighting)?;
                let (cuts, election) = (vec![Cut::ALL; rows.len()], self.election(Sign::Sum));
                let tile = (65_536 / rows.len().max(1)).clamp(64, 4096) / 64 * 64;
                out.fill_with(|from, part, thinned: &mut Vec<f32>| {
                    thinned.resize(tile * rows.len(), 0.0);
                    for (i, out) in part.chunks_mut(tile).enumerate() {
                        let start = from + i * tile;
                        for (row, to) in thinned.chunks_exact_mut(tile).enumerate() {
                            let values = &rows[row][start..][..out.len()];
                            thin(row, start, values, None, &mut to[..out.len()]);
                        }
                        let thinned: Vec<&[f32]> =
                            thinned.chunks_exact(tile).map(|to| &to[..out.len()]).collect();
                        elect(election, &thinned, &weights, &cuts, 0, out);
                    }
                });
            }
        }
        Ok(())
    }
}

/// Weights for an election, which has no sense for negative ones.
fn positive(segment: &Segment<'_>, weighting: Weighting) -> Result<Vec<f32>, MergeError> {
    let weights = not_negative("sign election", segment.weights(weighting))?;
    Ok(weights.into_iter().map(|w| w as f32).collect())
}

/// TIES: of every task vector the `density` largest entries are kept; the sign of a coordinate is
/// that of `Σ w_i τ_i` (or of the signs' sum); entries of that sign are averaged (Yadav, Tam,
/// Choshen, Raffel and Bansal 2023, "TIES-merging: resolving interference when merging models",
/// NeurIPS). Of equal magnitudes the first are kept; a sum of zero elects `+`, as in mergekit.
///
/// Breakdown point 0. Cost: two passes where the vector is one segment, its thresholds told by a
/// sample; three where it is several, by counting.
#[derive(Clone, Debug)]
pub struct Ties(pub scenario::Ties);

impl Strategy for Ties {
    fn name(&self) -> &'static str {
        "ties"
    }

    fn scope(&self) -> Scope {
        self.0.scope
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let spec = self.0.clone();
        let merge = Merge {
            then: Then::Ties,
            normalise: spec.normalise,
            lambda: spec.lambda,
            weighting: spec.weighting,
        };
        let keep = |entries: usize| share_of(spec.density, entries);
        let mut bounds = Bounds::find(group, [&keep])?;
        group.write(|segment, out| {
            let weights = positive(segment, spec.weighting)?;
            let cuts: Vec<Cut> = bounds.cuts(segment).into_iter().map(|[cut]| cut).collect();
            let (rows, election) = (segment.values(), merge.election(spec.sign));
            out.fill(|start, out| elect(election, &rows, &weights, &cuts, start, out));
            Ok(())
        })
    }
}

/// Model Breadcrumbs: of every task vector the `gamma` largest entries and all but the `density`
/// next largest are dropped (Davari and Belilovsky 2024, "Model breadcrumbs: scaling multi-task
/// model merging with sparse masks", ECCV).
///
/// Breakdown point 0. Cost: as TIES.
#[derive(Clone, Debug)]
pub struct Breadcrumbs(pub scenario::Breadcrumbs);

impl Strategy for Breadcrumbs {
    fn name(&self) -> &'static str {
        "breadcrumbs"
    }

    fn scope(&self) -> Scope {
        self.0.scope
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let spec = self.0.clone();
        let merge = Merge {
            then: spec.then,
            normalise: group.normalises(spec.normalise),
            lambda: spec.lambda,
            weighting: spec.weighting,
        };
        let keep = |entries: usize| (spec.density * entries as f64) as usize;
        let dropped = |entries: usize| {
            if spec.density >= 1.0 {
                return 0;
            }
            ((spec.gamma * entries as f64) as usize).min(entries - keep(entries).min(entries))
        };
        let inner = |entries: usize| (dropped(entries) + keep(entries)).min(entries);
        let mut bounds = Bounds::find(group, [&inner, &dropped])?;
        group.write(|segment, out| {
            let cuts: Vec<[Cut; 2]> = bounds.cuts(segment);
            let rows = segment.values();
            merge.thinned(segment, out, &|row, start, values, weight, to| {
                let [inner, outer] = cuts[row];
                match weight {
                    None => between(values, start, inner, outer, to),
                    Some(weight) => {
                        let next = &rows[(row + 1) % rows.len()][start..];
                        add_between(values, start, (inner, outer), weight, next, to);
                    }
                }
            })
        })
    }
}

/// DARE: every entry of a task vector is kept with probability `p = density` and then divided by
/// `p`, so that the expectation stays and a coordinate's variance is `(1 − p)/p · δ²` (Yu, Yu,
/// Yu, Huang and Li 2024, "Language models are super Mario", ICML).
///
/// Breakdown point 0. Cost: one pass, and a 32-bit draw a value.
#[derive(Clone, Debug)]
pub struct Dare(pub scenario::Dare);

impl Strategy for Dare {
    fn name(&self) -> &'static str {
        "dare"
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let spec = self.0.clone();
        let merge = Merge {
            then: spec.then,
            normalise: group.normalises(spec.normalise),
            lambda: spec.lambda,
            weighting: spec.weighting,
        };
        let (seed, round) = (group.context().seed, group.context().round);
        let ids: Vec<u32> = group.members().iter().map(|m| m.id).collect();
        let factor = if spec.rescale { (1.0 / spec.density) as f32 } else { 1.0 };
        group.write(|segment, out| {
            let keys: Vec<Key> = segment
                .rows
                .iter()
                .map(|row| drop_key(seed, segment.index, ids[row.member], round))
                .collect();
            merge.thinned(segment, out, &|row, start, values, weight, to| {
                let thinning = keys[row].thinning(spec.density, factor);
                match weight {
                    None => thin(thinning, start, values, to),
                    Some(weight) => add_thin(thinning, weight, start, values, to),
                }
            })
        })
    }
}

/// The stream that decides what is dropped of a member's vector in a segment.
pub(super) fn drop_key(seed: u64, segment: usize, id: u32, round: u32) -> Key {
    // a segment's own seed: streams have no fourth name (Weyl's sequence, golden ratio)
    let seed = seed.wrapping_add((segment as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    Key::new(seed, Purpose::Drop, id, round)
}

/// Consensus merging: a task needs coordinate `j` where `|w τ_j| ≥ λ_t |Σ_others w τ_j|` (the
/// TALL mask); of the merged task vector, coordinates that fewer than `k` tasks need are dropped
/// (Wang, Dimitriadis, Ortiz-Jiménez, Fleuret and Frossard 2024, "Localizing task information for
/// improved model merging and compression", ICML).
///
/// Breakdown point 0. Cost: two passes within the cache.
#[derive(Clone, Debug)]
pub struct Consensus(pub scenario::Consensus);

impl Strategy for Consensus {
    fn name(&self) -> &'static str {
        "consensus"
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let spec = self.0.clone();
        let normalise = group.normalises(spec.normalise);
        group.write(|segment, out| {
            let weights = scaled(self.name(), segment, spec.weighting, normalise, spec.lambda)?;
            let rows = segment.values();
            let (limit, k) = (spec.threshold as f32, spec.k);
            out.fill(|from, part| {
                for (i, out) in part.chunks_mut(4096).enumerate() {
                    let start = from + i * 4096;
                    let here: Vec<&[f32]> =
                        rows.iter().map(|row| &row[start..][..out.len()]).collect();
                    weighted_sum(out, &weights, &here);
                    let mut needed = vec![0_u32; out.len()];
                    for (row, w) in here.iter().zip(&weights) {
                        for ((needed, x), sum) in needed.iter_mut().zip(*row).zip(&*out) {
                            let own = w * x;
                            let needs = own != 0.0 && own.abs() >= limit * (sum - own).abs();
                            *needed += u32::from(needs);
                        }
                    }
                    for (out, needed) in out.iter_mut().zip(needed) {
                        *out = if needed >= k { *out } else { 0.0 };
                    }
                }
            });
            Ok(())
        })
    }
}
