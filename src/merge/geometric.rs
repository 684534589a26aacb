//! Robust strategies by distances to a moving point.

use super::output::add_weighted;
use super::{Group, MergeError, Strategy};
use crate::scenario::{self, Scope, Start};
use crate::state::{Reader, StateError, Writer};
use std::collections::BTreeMap;

/// The geometric median by smoothed Weiszfeld steps: from `z = 0`,
/// `z ← Σ β_i x_i / Σ β_i` with `β_i = α_i / max(ν, ‖x_i − z‖)`, `α_i` the share of the weights
/// (RFA, Pillutla, Kakade and Harchaoui 2022, "Robust aggregation for federated learning", IEEE
/// TSP). Every `z` is a weighted mean of the contributions, so that weights are all that is kept
/// between steps.
///
/// Breakdown point 1/2. Cost: one pass over memory a step, and one for the result.
#[derive(Clone, Debug)]
pub struct GeometricMedian(pub scenario::GeometricMedian);

impl Strategy for GeometricMedian {
    fn name(&self) -> &'static str {
        "geometric-median"
    }

    fn scope(&self) -> Scope {
        self.0.scope
    }

    fn spreads(&self) -> bool {
        true
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let shares = group.weights_of_mean(self.0.weighting)?;
        let mut weights = vec![0.0; group.n()];
        for _ in 0..self.0.iterations {
            let squares = group.distances_to(&weights)?;
            let beta = shares.iter().zip(&squares).map(|(a, d)| a / d.sqrt().max(self.0.nu));
            let beta: Vec<f64> = beta.collect();
            let total: f64 = beta.iter().sum();
            weights = beta.into_iter().map(|beta| beta / total).collect();
        }
        group.combine(&weights)
    }
}

/// Centred clipping: `v ← v + (1/n) Σ_i (x_i − v) min(1, τ/‖x_i − v‖)`, from zero, where the core
/// stands, or from the last round's result (Karimireddy, He and Jaggi 2021, "Learning from history
/// for Byzantine robust optimization", ICML).
///
/// An attacker moves it by at most `τ/n` a step, wherever it stands. Cost: one pass over memory
/// a step, and one for the result; one vector is kept for the round to come if it starts there.
#[derive(Clone, Debug)]
pub struct CentredClipping {
    spec: scenario::CentredClipping,
    /// The last round's result, by segment.
    previous: BTreeMap<usize, Vec<f32>>,
}

impl CentredClipping {
    /// With nothing behind it.
    pub fn new(spec: scenario::CentredClipping) -> Self {
        CentredClipping { spec, previous: BTreeMap::new() }
    }
}

impl Strategy for CentredClipping {
    fn name(&self) -> &'static str {
        "centred-clipping"
    }

    fn remembers(&self) -> bool {
        self.spec.start == Start::Previous
    }

    fn keep(&self, out: &mut Writer<'_>) {
        out.put(&self.previous);
    }

    fn take_up(&mut self, from: &mut Reader<'_>) -> Result<(), StateError> {
        self.previous = from.get()?;
        Ok(())
    }

    fn scope(&self) -> Scope {
        self.spec.scope
    }

    fn spreads(&self) -> bool {
        true
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let n = group.n();
        // v = Σ weights[i] x_i + rest · previous
        let mut weights = vec![0.0; n];
        let mut rest = if self.spec.start == Start::Previous { 1.0 } else { 0.0 };
        for _ in 0..self.spec.iterations {
            let squares = group.distances_to_point(&weights, (&self.previous, rest))?;
            let clip = |square: &f64| (self.spec.tau / square.sqrt()).min(1.0) / n as f64;
            let clips: Vec<f64> = squares.iter().map(clip).collect();
            let left = 1.0 - clips.iter().sum::<f64>();
            weights.iter_mut().zip(&clips).for_each(|(w, c)| *w = left * *w + c);
            rest *= left;
        }
        let remembers = self.spec.start == Start::Previous && !group.context().last;
        let previous = &mut self.previous;
        group.write(|segment, out| {
            let (mut shares, mut rows) = (segment.shares(&weights, n), segment.values());
            let before = previous.remove(&segment.index);
            if let Some(before) = before.as_deref().filter(|_| rest != 0.0) {
                shares.push(rest as f32);
                rows.push(before);
            }
            if remembers {
                let v = out.zeros();
                add_weighted(&shares, &rows, segment.threads(), v);
                previous.insert(segment.index, v.to_vec());
            } else {
                out.weighted(&shares, &rows);
            }
            Ok(())
        })
    }
}
