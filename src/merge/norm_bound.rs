//! Bounded and noisy means.

use super::{Group, MergeError, Strategy};
use crate::params::kernels::weighted_sum;
use crate::scenario::{self, Scope};
use crate::stream::{Key, Purpose};

/// `(1/n) (Σ_i δ_i min(1, S/‖δ_i‖) + N(0, z² S² I))`: contributions shortened to `norm = S`, with
/// Gaussian noise of multiplier `noise = z` (Sun, Kairouz, Suresh and McMahan 2019, "Can you
/// really backdoor federated learning?"; McMahan, Ramage, Talwar and Zhang 2018, "Learning
/// differentially private recurrent language models", ICLR). The privacy that rounds spend is in
/// [`measure::privacy`](crate::measure).
///
/// Contributions count the same, for the noise is measured by the longest. An attacker moves the
/// result by at most `S/n`. Cost: two passes, and a normal draw a parameter.
#[derive(Clone, Debug)]
pub struct NormBound(pub scenario::NormBound);

impl Strategy for NormBound {
    fn name(&self) -> &'static str {
        "norm-bound"
    }

    fn scope(&self) -> Scope {
        self.0.scope
    }

    fn spreads(&self) -> bool {
        true
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let n = group.n();
        let norms = group.norms()?;
        let clip = |norm: &f64| (self.0.norm / norm).min(1.0) / n as f64;
        let weights: Vec<f64> = norms.iter().map(clip).collect();
        let deviation = (self.0.noise * self.0.norm / n as f64) as f32;
        let (seed, round) = (group.context().seed, group.context().round);
        group.write(|segment, out| {
            let here: Vec<f32> =
                segment.rows.iter().map(|row| weights[row.member] as f32).collect();
            let rows = segment.values();
            let key = Key::new(seed, Purpose::MergeNoise, segment.index as u32, round);
            out.fill_with(|start, out, noise: &mut Vec<f32>| {
                let rows: Vec<&[f32]> = rows.iter().map(|row| &row[start..][..out.len()]).collect();
                weighted_sum(out, &here, &rows);
                if deviation > 0.0 {
                    noise.resize(out.len(), 0.0);
                    key.fill_normals((start / 4) as u32, noise);
                    out.iter_mut().zip(noise).for_each(|(out, x)| *out += deviation * *x);
                }
            });
            Ok(())
        })
    }
}
