//! Learners: what a policy is, and how it follows gradients.
//! Lives here: the policies `softmax` and `mlp` over parameter blocks, feedback, local solvers; search
//! on a rugged landscape.
//! May not: know who owns the parameters, or when and with whom they are merged.

mod descent;
mod feedback;
#[cfg(test)]
mod gradients;
mod mlp;
pub mod search;
mod softmax;
mod statistic;

pub use descent::{Batch, Lesson, Model, Order, Plan, Rates, Share, Targets};
pub use mlp::Mlp;
pub use softmax::Softmax;
pub use statistic::Statistic;

use crate::params::kernels::{argmax, scale};
use crate::params::{Layout, Local, Sparse};
use crate::world::{Probe, Tasks};
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::sync::Arc;

/// What a learner did in a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Tasks done.
    pub tasks: u64,
    /// Examples trained on, each as often as it was.
    pub sample_steps: u64,
    /// Gradient steps made.
    pub steps: u64,
    /// Tasks done right at first sight.
    pub correct: u64,
    /// Value made, in value units.
    pub value: f64,
    /// Cross-entropy at first sight, nats, summed over tasks.
    pub loss: f64,
    /// Information that feedback gave, bits, summed over tasks.
    pub bits: f64,
    /// Multiply-adds spent.
    pub multiply_adds: u64,
}

impl Tally {
    /// Adds another.
    pub fn add(&mut self, other: &Tally) {
        self.tasks += other.tasks;
        self.sample_steps += other.sample_steps;
        self.steps += other.steps;
        self.correct += other.correct;
        self.value += other.value;
        self.loss += other.loss;
        self.bits += other.bits;
        self.multiply_adds += other.multiply_adds;
    }

    /// What counts of a pass over tasks that were seen before: its training, not its tasks.
    pub(crate) fn repeated(&self) -> Tally {
        let Tally { sample_steps, steps, multiply_adds, .. } = *self;
        Tally { sample_steps, steps, multiply_adds, ..Tally::default() }
    }
}

/// A worker's buffers for learning; reused for every agent.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) descent: descent::Buffers,
    /// Logits of probe tasks and their best answers.
    examined: (Vec<f32>, Vec<u32>),
    /// The learner's own.
    pub own: Option<Box<dyn Any + Send>>,
}

/// A policy with parameters in blocks, and the way it learns. Engines, agents and the
/// distiller know no more of a learner than this.
///
/// The core's parameters follow [`core_layout`](Learner::core_layout), job knowledge follows
/// [`job_layout`](Learner::job_layout); both have the same number of blocks.
pub trait Learner: Send + Sync {
    /// Blocks of the core.
    fn core_layout(&self) -> &Arc<Layout>;

    /// Blocks of the job knowledge, empty ones where none is kept.
    fn job_layout(&self) -> &Arc<Layout>;

    /// Possible answers, and the lanes that a row of logits takes.
    fn answers(&self) -> (usize, usize);

    /// Numbers of a core's block that are not padding: what it comes to where it is sent or
    /// counted. By default as many rows as fit the block, a row as in [`answers`](Learner::answers).
    fn numbers(&self, block: u32) -> usize {
        let (outputs, stride) = self.answers();
        self.core_layout().len(block) / stride * outputs
    }

    /// Columns of a core's block as a matrix with a row for each input: with padding, and
    /// without. They divide its length. By default those of a row of logits.
    fn columns(&self, _block: u32) -> (usize, usize) {
        let (outputs, stride) = self.answers();
        (stride, outputs)
    }

    /// Writes the first core (all zeros when called).
    fn initial_core(&self, seed: u64, core: &mut [f32]);

    /// Writes an agent's first job knowledge of a block (all zeros when called), so that it
    /// adds nothing to the policy.
    fn initial_job(&self, _seed: u64, _agent: u32, _block: u32, _to: &mut [f32]) {}

    /// Touches every block that the tasks need, once for each task.
    fn touch(&self, tasks: &Tasks<'_>, local: &mut Local);

    /// Trains the working copy on a lesson. All blocks that it needs have been touched.
    fn train(&self, lesson: Lesson<'_>, local: &mut Local, scratch: &mut Scratch) -> Tally;

    /// The learning rate of a core's block, where the learner corrects every step of it by the
    /// working copy's [correction](Local::correct), as SCAFFOLD needs; by default it does not.
    fn rate(&self, _block: u32) -> Option<f32> {
        None
    }

    /// Takes a statistic of the policy in the working copy on the tasks that it was trained on:
    /// `to`, which is empty, gets a block for each that was touched. By default none, for
    /// learners that know of none; strategies which need it then say so.
    fn statistic(
        &self,
        _kind: Statistic,
        _tasks: &Tasks<'_>,
        _local: &mut Local,
        _scratch: &mut Scratch,
        _to: &mut Sparse,
    ) {
    }

    /// Adds the job knowledge of a block to the core's parameters of the same block, so that
    /// the sum is the policy.
    fn absorb(&self, block: u32, knowledge: &[f32], core: &mut [f32]);

    /// Shrinks the job knowledge of a block so that what it adds to the policy is `left` times
    /// what it was. By default by that factor itself: right where it is added as it stands.
    fn decay(&self, _block: u32, left: f32, knowledge: &mut [f32]) {
        scale(knowledge, left);
    }

    /// The policy's logits on some tasks: `to` becomes `n × stride`.
    fn logits(&self, params: &[f32], tasks: &Tasks<'_>, scratch: &mut Scratch, to: &mut Vec<f32>);

    /// A policy's level on a skill's probe tasks, `(accuracy − chance) / (oracle accuracy −
    /// chance)`. By default accuracy is the share of tasks on which the largest logit is the right
    /// answer's, or its expectation where right answers are drawn.
    fn level(&self, params: &[f32], probe: &Probe<'_>, scratch: &mut Scratch) -> f64 {
        let (outputs, stride) = self.answers();
        let (mut logits, mut best) = std::mem::take(&mut scratch.examined);
        self.logits(params, &probe.tasks, scratch, &mut logits);
        best.resize(probe.tasks.len(), 0);
        argmax(outputs, stride, &logits, &mut best);
        let right = match probe.odds {
            None => best.iter().zip(probe.tasks.answers).filter(|(a, b)| a == b).count() as f64,
            Some(odds) => {
                let rows = odds.chunks_exact(odds.len() / best.len());
                rows.zip(&best).map(|(row, best)| f64::from(row[*best as usize])).sum()
            }
        };
        let accuracy = right / probe.tasks.len() as f64;
        scratch.examined = (logits, best);
        (accuracy - probe.chance) / (probe.oracle - probe.chance)
    }
}
