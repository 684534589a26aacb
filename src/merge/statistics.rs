//! Strategies that weigh by statistics which agents bring beside their contribution.

use super::{Group, MergeError, Strategy};
use crate::learner::Statistic;
use crate::scenario;
use nalgebra::{Cholesky, DMatrix};

fn missing(strategy: &'static str, needs: &str) -> MergeError {
    MergeError::Needs { strategy, needs: needs.into(), found: "none".into() }
}

/// `θ_j = Σ_i w_i F_ij θ_ij / Σ_i w_i F_ij` with `F_ij` the diagonal Fisher information of
/// parameter `j` on agent `i`'s tasks, at least `floor` (Matena and Raffel 2022, "Merging models
/// with Fisher-weighted averaging", NeurIPS).
///
/// Needs the diagonal Fisher information. Breakdown point 0: who claims information leads. Cost:
/// two multiply-adds a value; agents send twice as much.
#[derive(Clone, Debug)]
pub struct Fisher(pub scenario::Fisher);

impl Strategy for Fisher {
    fn name(&self) -> &'static str {
        "fisher"
    }

    fn statistic(&self) -> Option<Statistic> {
        Some(Statistic::Fisher)
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let (floor, weighting) = (self.0.floor as f32, self.0.weighting);
        group.write(|segment, out| {
            let weights = segment.weights(weighting);
            let mut rows = Vec::with_capacity(weights.len());
            for (row, weight) in segment.rows.iter().zip(weights) {
                let Some(fisher) = row.statistic else {
                    let needs = "the diagonal Fisher information of every contribution";
                    return Err(missing("fisher", needs));
                };
                rows.push((weight as f32, row.values, fisher));
            }
            out.fill(|from, part| {
                for (i, out) in part.iter_mut().enumerate() {
                    let (mut top, mut bottom) = (0.0, 0.0);
                    for (weight, values, fisher) in &rows {
                        let w = weight * fisher[from + i].max(floor);
                        top += w * values[from + i];
                        bottom += w;
                    }
                    *out = if bottom > 0.0 { top / bottom } else { 0.0 };
                }
            });
            Ok(())
        })
    }
}

/// `W = (Σ_i G̃_i)⁻¹ Σ_i G̃_i W_i` with `G_i = X_iᵀX_i` the Gram matrix of agent `i`'s inputs to the
/// linear map `W_i` and `G̃ = α G + (1 − α) diag(G)`: the map nearest, in least squares, to what
/// every agent's map gives on its own inputs (Jin, Ren, Preoţiuc-Pietro and Cheng 2023,
/// "Dataless knowledge fusion by merging weights of language models", ICLR).
///
/// Needs the inputs' Gram matrices. What has none is averaged. Breakdown point 0. Cost: a linear
/// system of the inputs a matrix; agents send `inputs²` numbers more.
#[derive(Clone, Debug)]
pub struct Regmean(pub scenario::Regmean);

impl Strategy for Regmean {
    fn name(&self) -> &'static str {
        "regmean"
    }

    fn statistic(&self) -> Option<Statistic> {
        Some(Statistic::Gram)
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let alpha = self.0.alpha;
        // a fleet's blocks have a row for each input; tensors of files have a column
        let by_rows = group.is_fleet();
        group.write(|segment, out| {
            let shape = segment.shape;
            if !by_rows && shape.rows == 1 {
                let share = 1.0 / segment.rows.len() as f32;
                out.weighted(&vec![share; segment.rows.len()], &segment.values());
                return Ok(());
            }
            let inputs = if by_rows { shape.rows } else { shape.columns };
            let outputs = if by_rows { shape.live } else { shape.rows };
            let at = |input: usize, output: usize| {
                if by_rows {
                    input * shape.columns + output
                } else {
                    output * shape.columns + input
                }
            };
            let (mut sum, mut right) =
                (DMatrix::zeros(inputs, inputs), DMatrix::zeros(inputs, outputs));
            for row in &segment.rows {
                let gram = row.statistic.filter(|gram| gram.len() == inputs * inputs);
                let Some(gram) = gram else {
                    return Err(missing("regmean", "the Gram matrix of every layer's inputs"));
                };
                let gram = DMatrix::from_fn(inputs, inputs, |i, j| {
                    let shrunk = if i == j { 1.0 } else { alpha };
                    shrunk * f64::from(gram[i * inputs + j])
                });
                let w = DMatrix::from_fn(inputs, outputs, |i, o| f64::from(row.values[at(i, o)]));
                right += &gram * w;
                sum += gram;
            }
            for i in 0..inputs {
                // an input that nobody saw, or saw without scatter, decides nothing
                sum[(i, i)] += 1e-6 * sum.diagonal().mean().max(1e-12);
            }
            let Some(solver) = Cholesky::new(sum) else {
                return Err(missing("regmean", "Gram matrices that are positive"));
            };
            let solved = solver.solve(&right);
            let out = out.zeros();
            for i in 0..inputs {
                for o in 0..outputs {
                    out[at(i, o)] = solved[(i, o)] as f32;
                }
            }
            Ok(())
        })
    }
}
