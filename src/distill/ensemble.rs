//! Learning from what others answer (FedDF, Lin et al. 2020, "Ensemble distillation for robust
//! model fusion in federated learning", NeurIPS): agents' answers, or those of their models.

use super::distiller::Distiller;
use super::harvest::Harvest;
use crate::agent::Publication;
use crate::ids::Round;
use crate::learner::Targets;
use crate::merge::MergeError;
use crate::params::kernels::softmax_rows;
use crate::scenario::{Absent, Predictions};
use crate::world::{TaskBuffer, Tasks};

impl Distiller<'_> {
    /// The exchange of predictions: the core learns the softmax of the agents' combined logits
    /// on the shared inputs of every skill that somebody practised.
    pub(super) fn learn_from_answers(
        &mut self,
        before: &Publication,
        harvest: &Harvest,
        core: &mut [f32],
    ) -> Result<(), MergeError> {
        let Some(inputs) = before.shift.as_ref().and_then(|s| s.shared_inputs.clone()) else {
            return Ok(());
        };
        let layout = self.answers_layout();
        let base = vec![0.0; layout.entries()];
        let mut answers = base.clone();
        self.merge(&layout, before, &base, harvest, |l| &l.answers, &mut answers)?;
        let mut answered = vec![false; layout.blocks()];
        if let Some(sum) = &harvest.sum {
            sum.blocks().for_each(|(skill, ..)| answered[skill as usize] = true);
        }
        for learning in &harvest.learnings {
            learning.answers.iter().for_each(|(skill, ..)| answered[skill as usize] = true);
        }
        let spec = self.scenario.distiller.predictions.clone();
        self.learn(&inputs.view(), answers, &answered, &spec, before, core);
        Ok(())
    }

    /// The server step `feddf`: the core learns the softmax of the mean logits (the paper's
    /// AvgLogits) that the contributors' models give on fresh inputs of every skill.
    pub(super) fn learn_from_ensemble(
        &mut self,
        before: &Publication,
        harvest: &Harvest,
        spec: &Predictions,
        core: &mut [f32],
    ) {
        let learner = self.fleet.learner.clone();
        let layout = learner.core_layout();
        let (skills, each) = (self.fleet.world.facts().skills.len(), spec.inputs as usize);
        let mut inputs = TaskBuffer::default();
        self.fleet.world.shared_inputs(Round(before.version.0 + 1), each, &mut inputs);
        if self.fleet.halt.is_set() {
            // there may be fewer
            return;
        }
        let inputs = inputs.view();
        let of_skill = |skill: usize| inputs.slice(skill * each..(skill + 1) * each);
        let mut needed = Vec::with_capacity(skills);
        for skill in 0..skills {
            self.local.clear();
            learner.touch(&of_skill(skill), &mut self.local);
            let blocks = (0..self.local.len()).map(|slot| self.local.block(slot).0);
            needed.push(blocks.collect::<Vec<u32>>());
        }
        let (_, stride) = learner.answers();
        let mut sums = vec![0.0; skills * each * stride];
        let mut voices = vec![0_u32; skills];
        let (mut model, mut logits) = (before.core.as_ref().clone(), Vec::new());
        let mut held = vec![false; layout.blocks()];
        for learning in &harvest.learnings {
            if self.fleet.halt.is_set() {
                return;
            }
            learning.contribution.add_to(layout, &mut model);
            learning.contribution.iter().for_each(|(block, ..)| held[block as usize] = true);
            for skill in 0..skills {
                let holds = needed[skill].iter().all(|block| held[*block as usize]);
                if !holds && self.scenario.distiller.absent == Absent::Skip {
                    continue;
                }
                learner.logits(&model, &of_skill(skill), &mut self.scratch, &mut logits);
                let sum = &mut sums[skill * each * stride..][..each * stride];
                sum.iter_mut().zip(&logits).for_each(|(s, l)| *s += l);
                voices[skill] += 1;
            }
            for (block, ..) in learning.contribution.iter() {
                let range = layout.range(block);
                model[range.clone()].copy_from_slice(&before.core[range]);
                held[block as usize] = false;
            }
        }
        for (sum, voices) in sums.chunks_exact_mut(each * stride).zip(&voices) {
            sum.iter_mut().for_each(|s| *s /= (*voices).max(1) as f32);
        }
        let answered: Vec<bool> = voices.iter().map(|n| *n > 0).collect();
        self.learn(&inputs, sums, &answered, spec, before, core);
    }

    /// Trains the core on the softmax of `logits`, `inputs × stride`, of the skills that were
    /// answered.
    fn learn(
        &mut self,
        inputs: &Tasks<'_>,
        logits: Vec<f32>,
        answered: &[bool],
        spec: &Predictions,
        before: &Publication,
        core: &mut [f32],
    ) {
        let (outputs, stride) = self.fleet.learner.answers();
        let each = inputs.len() / answered.len();
        let (mut pool, mut soft) = (TaskBuffer::default(), Vec::new());
        pool.clear(inputs.inputs);
        for skill in (0..answered.len()).filter(|s| answered[*s]) {
            for task in skill * each..(skill + 1) * each {
                pool.push(inputs.row(task), skill as u32, 0);
            }
            soft.extend_from_slice(&logits[skill * each * stride..(skill + 1) * each * stride]);
        }
        soft.iter_mut().for_each(|logit| *logit /= spec.temperature as f32);
        let mut norms = vec![(0.0, 0.0); pool.len()];
        softmax_rows(outputs, stride, &mut soft, &mut norms);
        let plan = self.own_plan(spec.batch, spec.epochs, spec.rate);
        self.train(&pool.view(), Targets::Soft(&soft), &plan, before.version.0 + 1, core);
    }
}
