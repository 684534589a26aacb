//! Bounded and noisy means.

use super::{Group, MergeError, Strategy};
use crate::params::kernels::merging::parts_mut;
use crate::params::kernels::merging::{PARTS_MAX, parallel_chunks};
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
            segment.add_weighted(&here, out);
            if deviation > 0.0 {
                let key = Key::new(seed, Purpose::MergeNoise, segment.index as u32, round);
                let items: Vec<(usize, &mut [f32])> = parts_mut(out, PARTS_MAX).collect();
                parallel_chunks(segment.threads(), items, |(start, out)| {
                    let mut noise = vec![0.0; 4096];
                    for (i, out) in out.chunks_mut(4096).enumerate() {
                        key.fill_normals(((start + i * 4096) / 4) as u32, &mut noise);
                        out.iter_mut().zip(&noise).for_each(|(out, x)| *out += deviation * x);
                    }
                });
            }
            Ok(())
        })
    }
}
