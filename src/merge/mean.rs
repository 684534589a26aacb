//! Averaging.

use super::{Contribution, Gathered, Intake, MergeError, MergeRound, Strategy, Weighting};
use crate::params::kernels::weighted_sum;
use crate::params::{BlockSum, Layout};
use crate::scenario;

/// The weighted mean, block by block: `θ_b += Σ_i w_{i,b} δ_{i,b} / Σ_i w_{i,b}` over the
/// contributions that hold block `b`. With a single block and weights by examples this is
/// FedAvg (McMahan et al. 2017, "Communication-efficient learning of deep networks from
/// decentralized data").
///
/// Breakdown point 0: one contribution can move it anywhere. Cost: one multiply-add a value.
#[derive(Clone, Debug)]
pub struct Mean {
    weighting: Weighting,
}

impl Mean {
    /// A mean with the scenario's weighting.
    pub fn new(spec: &scenario::Mean) -> Self {
        let weighting = match spec.weighting {
            scenario::Weighting::Tasks => Weighting::Tasks,
            scenario::Weighting::Uniform => Weighting::Uniform,
        };
        Mean { weighting }
    }
}

impl Strategy for Mean {
    fn name(&self) -> &'static str {
        "mean"
    }

    fn intake(&self) -> Intake {
        Intake::Sum(self.weighting)
    }

    fn merge(&mut self, round: MergeRound<'_>, next: &mut [f32]) -> Result<(), MergeError> {
        match round.gathered {
            Gathered::Sum(sum) => add_mean(sum, next),
            Gathered::All(contributions) => {
                for (block, rows) in by_block(round.layout, contributions).iter().enumerate() {
                    let weight = |(tasks, _): &(u32, _)| f64::from(self.weighting.of(*tasks));
                    let total: f64 = rows.iter().map(weight).sum();
                    if total > 0.0 {
                        let shares: Vec<f32> =
                            rows.iter().map(|row| (weight(row) / total) as f32).collect();
                        let rows: Vec<&[f32]> = rows.iter().map(|(_, values)| *values).collect();
                        let range = round.layout.range(block as u32);
                        weighted_sum(&mut next[range], &shares, &rows);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Who brought a block: its tasks and values, block by block, in the order of the contributions.
fn by_block<'a>(layout: &Layout, contributions: &[Contribution<'a>]) -> Vec<Vec<(u32, &'a [f32])>> {
    let mut rows = vec![Vec::new(); layout.blocks()];
    for contribution in contributions {
        for (block, tasks, values) in contribution.delta.iter() {
            rows[block as usize].push((tasks, values));
        }
    }
    rows
}

/// `next_b += sum_b / weight_b`.
fn add_mean(sum: &BlockSum, next: &mut [f32]) {
    for (block, weight, values) in sum.blocks() {
        let share = (1.0 / weight) as f32;
        let at = &mut next[sum.layout().range(block)];
        at.iter_mut().zip(values).for_each(|(next, v)| *next = share.mul_add(*v, *next));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::AgentId;
    use crate::params::Sparse;
    use std::sync::Arc;

    fn contribution(blocks: &[(u32, u32, [f32; 2])]) -> Sparse {
        let mut sparse = Sparse::default();
        for (block, tasks, values) in blocks {
            sparse.push(*block, *tasks, 2).copy_from_slice(values);
        }
        sparse
    }

    #[test]
    fn blocks_are_averaged_over_those_who_touched_them() {
        let layout = Arc::new(Layout::new([2, 2, 2]));
        let a = contribution(&[(0, 3, [1.0, 2.0]), (2, 1, [8.0, 8.0])]);
        let b = contribution(&[(0, 1, [5.0, 6.0])]);
        for (weighting, first) in
            [(scenario::Weighting::Tasks, [2.0, 3.0]), (scenario::Weighting::Uniform, [3.0, 4.0])]
        {
            let mut mean = Mean::new(&scenario::Mean { weighting });
            let mut sum = BlockSum::new(layout.clone());
            for c in [&a, &b] {
                sum.add(c, |tasks| mean.weighting.of(tasks));
            }
            let all = [&a, &b].map(|delta| Contribution::fresh(AgentId(0), delta));
            for gathered in [Gathered::Sum(&sum), Gathered::All(&all)] {
                let base = [1.0; 6];
                let mut next = base;
                let round = MergeRound { layout: &layout, base: &base, gathered, name: (1, 1) };
                mean.merge(round, &mut next).expect("the mean takes anything");
                assert_eq!(next, [1.0 + first[0], 1.0 + first[1], 1.0, 1.0, 9.0, 9.0]);
            }
        }
    }
}
