//! Averaging.

use super::{Group, Intake, MergeError, Strategy};
use crate::scenario;

/// The weighted mean, block by block: `θ_b += Σ_i w_{i,b} δ_{i,b} / Σ_i w_{i,b}` over the
/// contributions that hold block `b`. With a single block and weights by examples this is
/// FedAvg (McMahan et al. 2017, "Communication-efficient learning of deep networks from
/// decentralized data"). Without `normalise` the sum is not divided.
///
/// Breakdown point 0: one contribution can move it anywhere. Cost: one multiply-add a value.
#[derive(Clone, Debug)]
pub struct Mean(pub scenario::Mean);

impl Strategy for Mean {
    fn name(&self) -> &'static str {
        "mean"
    }

    fn intake(&self) -> Intake {
        if self.0.normalise { Intake::Mean(self.0.weighting) } else { Intake::All }
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let (weighting, normalise) = (self.0.weighting, self.0.normalise);
        group.write(|segment, out| {
            let weights = shares(self.name(), segment.weights(weighting), normalise)?;
            out.weighted(&weights, &segment.values());
            Ok(())
        })
    }
}

/// Weights as they are, or divided by their sum.
///
/// # Errors
/// Where they are to be divided and cancel out.
pub(super) fn shares(
    strategy: &'static str,
    weights: Vec<f64>,
    normalise: bool,
) -> Result<Vec<f32>, MergeError> {
    let total: f64 = weights.iter().sum();
    if normalise && total == 0.0 && weights.iter().any(|w| *w != 0.0) {
        return Err(sum_of_zero(strategy));
    }
    let by = if normalise && total != 0.0 { total } else { 1.0 };
    Ok(weights.into_iter().map(|w| (w / by) as f32).collect())
}

/// That weights cannot be divided by their sum.
pub(super) fn sum_of_zero(strategy: &'static str) -> MergeError {
    let (needs, found) = ("weights that do not sum to zero".into(), "a sum of zero".into());
    MergeError::Needs { strategy, needs, found }
}

/// Weights for what has no sense with negative ones.
///
/// # Errors
/// Where there is one.
pub(super) fn not_negative(
    strategy: &'static str,
    weights: Vec<f64>,
) -> Result<Vec<f64>, MergeError> {
    match weights.iter().find(|w| **w < 0.0) {
        None => Ok(weights),
        Some(w) => {
            let (needs, found) = ("weights of 0 or more".into(), format!("a weight of {w}"));
            Err(MergeError::Needs { strategy, needs, found })
        }
    }
}

/// Normalised averaging: `θ += τ_eff Σ_i p_i δ_i/τ_i` with `p_i` the share of the weights, `τ_i`
/// the gradient steps of agent `i` and `τ_eff = Σ_i p_i τ_i` (FedNova, Wang et al. 2020,
/// "Tackling the objective inconsistency problem in heterogeneous federated optimization",
/// NeurIPS; `a_i = 1` for plain SGD, where `‖a_i‖₁ = τ_i`). With equal steps it is the mean.
///
/// Breakdown point 0. Cost: one multiply-add a value.
#[derive(Clone, Debug)]
pub struct Fednova(pub scenario::Fednova);

impl Strategy for Fednova {
    fn name(&self) -> &'static str {
        "fednova"
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let steps: Vec<f64> = group.members().iter().map(|m| m.steps.max(1) as f64).collect();
        let weighting = self.0.weighting;
        group.weights_of_mean(weighting)?;
        group.write(|segment, out| {
            let weights = segment.weights(weighting);
            let total: f64 = weights.iter().sum();
            if total == 0.0 {
                return Ok(());
            }
            let steps = || segment.rows.iter().map(|row| steps[row.member]);
            let effective: f64 = weights.iter().zip(steps()).map(|(w, t)| w / total * t).sum();
            let weights: Vec<f32> = weights
                .iter()
                .zip(steps())
                .map(|(w, t)| (effective * w / total / t) as f32)
                .collect();
            out.weighted(&weights, &segment.values());
            Ok(())
        })
    }
}
