//! What is published beside the core: control variates, and companies' own layers.

use super::distiller::Distiller;
use super::harvest::Harvest;
use crate::agent::CompanyLayer;
use crate::params::Store;
use crate::scenario::Absent;

impl Distiller<'_> {
    /// SCAFFOLD: the fleet's control variate of a block is the mean of those of its agents, `c =
    /// Σ c_i/N`; `harvest` brings what they changed by. With `absent = "skip"` a block's agents are
    /// those that ever touched it, else all.
    pub(super) fn next_control(&mut self, before: &[f32], harvest: &Harvest) -> Vec<f32> {
        let mut control = before.to_vec();
        let Some(changes) = &harvest.controls else { return control };
        let layout = self.fleet.learner.core_layout();
        let agents = self.fleet.world.facts().agents as f32;
        for (block, _, change) in changes.sum.blocks() {
            let held = &mut self.controlled[block as usize];
            let old = *held as f32;
            *held += changes.newcomers[block as usize];
            let (old, new) = match self.pipeline.absent() {
                Absent::Skip => (old, *held as f32),
                Absent::Zero => (agents, agents),
            };
            let values = &mut control[layout.range(block)];
            values.iter_mut().zip(change).for_each(|(c, d)| *c = (old * *c + d) / new);
        }
        control
    }

    /// `nested`: `χ_c += k_c (mean_c − Δ)` block by block, `mean_c` the mean of the company's
    /// contributions, `Δ` what the core absorbed, `k_c = n/(n + λ_c)` after `n` of the
    /// company's tasks.
    pub(super) fn next_companies(
        &self,
        before: &CompanyLayer,
        harvest: &Harvest,
        old: &[f32],
        new: &[f32],
    ) -> CompanyLayer {
        let layout = self.fleet.learner.core_layout();
        let shrink = self.scenario.job_knowledge.company_shrink;
        let mut layer = before.layer.clone();
        let mut change = Store::new(layout.clone(), layer.owners());
        for (company, sum) in &harvest.companies {
            for (block, weight, values) in sum.blocks() {
                let range = layout.range(block);
                let (chi, count) = layer.entry(company.index(), block);
                *count = count.saturating_add(weight as u32);
                let n = f64::from(*count);
                let share = (n / (n + shrink)) as f32;
                let mean = (1.0 / weight) as f32;
                let (changed, _) = change.entry(company.index(), block);
                for (i, at) in range.enumerate() {
                    changed[i] = share * (mean * values[i] - (new[at] - old[at]));
                    chi[i] += changed[i];
                }
            }
        }
        CompanyLayer { layer, change }
    }
}
