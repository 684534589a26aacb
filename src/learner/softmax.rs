//! Multinomial logistic policy over hashed, skill-crossed features.

use super::statistic::{add_outer, push_blocks};
use super::{Batch, Learner, Lesson, Model, Rates, Scratch, Statistic, Tally};
use crate::params::kernels::{
    Rows, Shape, backward, backward_at, forward, forward_add, forward_at, softmax_rows, stride_of,
};
use crate::params::{Layout, Local, Sparse};
use crate::scenario;
use crate::stream::{Key, Purpose};
use crate::world::{Facts, Tasks};
use std::sync::Arc;

/// The input `[z;1]` stands in the general block, block 0, and again in the block of its
/// skill (Daumé 2007, "Frustratingly easy domain adaptation"; Weinberger et al. 2009, "Feature
/// hashing for large scale multitask learning"). With fewer blocks than skills, skills share
/// blocks by a hash of the seed: a limit on capacity, with true interference.
///
/// A block is `inputs × stride`, see [`kernels`](crate::params::kernels). Convex; the first
/// core is all zeros.
#[derive(Clone, Debug)]
pub struct Softmax {
    core: Arc<Layout>,
    job: Arc<Layout>,
    inputs: usize,
    outputs: usize,
    stride: usize,
    /// The block of each skill; 0 where there is only the general one.
    block_of: Vec<u32>,
    rate: f32,
    general_rate: f32,
}

impl Softmax {
    /// The policy for a world; with room for job knowledge or without.
    pub fn new(spec: &scenario::Softmax, facts: &Facts, seed: u64, knows_job: bool) -> Self {
        let skills = facts.skills.len();
        let buckets = match spec.buckets {
            Some(buckets) => buckets as usize,
            None if skills > 1 => skills,
            None => 0,
        };
        let block_of = (0..skills as u32)
            .map(|skill| match buckets {
                0 => 0,
                buckets if buckets >= skills => 1 + skill,
                buckets => {
                    let hash = Key::new(seed, Purpose::SkillCode, skill, 0).words(0)[0];
                    1 + hash % buckets as u32
                }
            })
            .collect();
        let stride = stride_of(facts.answers);
        let entries = facts.inputs * stride;
        let layout = |entries| Arc::new(Layout::new(std::iter::repeat_n(entries, buckets + 1)));
        let own = if buckets == 0 { spec.rate } else { spec.rate / 5.0 };
        Softmax {
            core: layout(entries),
            job: layout(if knows_job { entries } else { 0 }),
            inputs: facts.inputs,
            outputs: facts.answers,
            stride,
            block_of,
            rate: spec.rate as f32,
            general_rate: spec.general_rate.unwrap_or(own) as f32,
        }
    }

    fn shape(&self, n: usize) -> Shape {
        Shape { n, inputs: self.inputs, stride: self.stride }
    }

    /// Adds job knowledge to the present parameters.
    fn with_job(&self, local: &mut Local) {
        for slot in 0..if self.job.is_empty() { 0 } else { local.len() } {
            let (_, now, job) = local.parts(slot);
            now.iter_mut().zip(job).for_each(|(now, job)| *now += *job);
        }
    }

    /// Takes it off again.
    fn without_job(&self, local: &mut Local) {
        for slot in 0..if self.job.is_empty() { 0 } else { local.len() } {
            let (_, now, job) = local.parts(slot);
            now.iter_mut().zip(job).for_each(|(now, job)| *now -= *job);
        }
    }

    /// The blocks of a task: the general one, and that of its skill where there are such.
    fn blocks(&self, skill: u32) -> impl Iterator<Item = u32> {
        let own = (self.core.blocks() > 1).then(|| self.block_of[skill as usize]);
        std::iter::once(0).chain(own)
    }

    /// The diagonal Fisher information: the derivative of `ln p_y` on weight `(j, k)` is
    /// `x_j ([y = k] − p_k)`, whose square is `x_j² p_k (1 − p_k)` on the mean over `y ~ p`.
    fn fisher(&self, tasks: &Tasks<'_>, local: &mut Local, to: &mut Sparse) {
        let at = push_blocks(local, to, |block| self.core.len(block));
        let (mut p, mut norms) = (vec![0.0; self.stride], vec![(0.0, 0.0)]);
        let mut squares = vec![0.0; self.inputs];
        for task in 0..tasks.len() {
            let rows = [task as u32];
            Policy { softmax: self, local }.logits(Batch { tasks: *tasks, rows: &rows }, &mut p);
            softmax_rows(self.outputs, self.stride, &mut p, &mut norms);
            p.iter_mut().for_each(|p| *p *= 1.0 - *p);
            squares.iter_mut().zip(tasks.row(task)).for_each(|(square, x)| *square = x * x);
            for block in self.blocks(tasks.skill(task)) {
                let slot = local.slot(block);
                let share = 1.0 / local.block(slot).1 as f32;
                backward_at(to.values_mut(), [(at[slot], share)], &squares, &p);
            }
        }
    }

    /// The Gram matrices of the blocks' inputs.
    fn gram(&self, tasks: &Tasks<'_>, local: &Local, to: &mut Sparse) {
        let at = push_blocks(local, to, |_| self.inputs * self.inputs);
        for task in 0..tasks.len() {
            let x = tasks.row(task);
            for block in self.blocks(tasks.skill(task)) {
                add_outer(x, &mut to.values_mut()[at[local.slot(block)]..]);
            }
        }
    }
}

impl Learner for Softmax {
    fn core_layout(&self) -> &Arc<Layout> {
        &self.core
    }

    fn job_layout(&self) -> &Arc<Layout> {
        &self.job
    }

    fn answers(&self) -> (usize, usize) {
        (self.outputs, self.stride)
    }

    fn initial_core(&self, _seed: u64, _core: &mut [f32]) {}

    fn touch(&self, tasks: &Tasks<'_>, local: &mut Local) {
        local.touch(0, tasks.len() as u32);
        if self.core.blocks() > 1 {
            for task in 0..tasks.len() {
                local.touch(self.block_of[tasks.skill(task) as usize], 1);
            }
        }
    }

    fn train(&self, lesson: Lesson<'_>, local: &mut Local, scratch: &mut Scratch) -> Tally {
        // while training, `now` holds the policy, core and job knowledge in one
        self.with_job(local);
        let tally = scratch.descend(lesson, &mut Policy { softmax: self, local });
        self.without_job(local);
        tally
    }

    fn rate(&self, block: u32) -> Option<f32> {
        Some(if block == 0 { self.general_rate } else { self.rate })
    }

    fn statistic(
        &self,
        kind: Statistic,
        tasks: &Tasks<'_>,
        local: &mut Local,
        _: &mut Scratch,
        to: &mut Sparse,
    ) {
        match kind {
            Statistic::Fisher => {
                self.with_job(local);
                self.fisher(tasks, local, to);
                self.without_job(local);
            }
            Statistic::Gram => self.gram(tasks, local, to),
        }
    }

    fn absorb(&self, _block: u32, knowledge: &[f32], core: &mut [f32]) {
        core.iter_mut().zip(knowledge).for_each(|(core, job)| *core += job);
    }

    fn logits(&self, params: &[f32], tasks: &Tasks<'_>, _: &mut Scratch, to: &mut Vec<f32>) {
        to.resize(tasks.len() * self.stride, 0.0);
        let general = &params[self.core.range(0)];
        forward(self.shape(tasks.len()), general, Rows::all(tasks.x), to);
        if self.core.blocks() == 1 {
            return;
        }
        let mut start = 0;
        while start < tasks.len() {
            let skill = tasks.skill(start);
            let same = (start..tasks.len()).take_while(|&t| tasks.skill(t) == skill).count();
            let block = &params[self.core.range(self.block_of[skill as usize])];
            let x = Rows::all(&tasks.x[start * self.inputs..]);
            forward_add(self.shape(same), block, x, &mut to[start * self.stride..]);
            start += same;
        }
    }
}

/// The policy that a working copy stands for.
struct Policy<'a> {
    softmax: &'a Softmax,
    local: &'a mut Local,
}

impl Policy<'_> {
    /// One step of the general block on a batch.
    #[inline(always)]
    fn step_general(&mut self, batch: Batch<'_>, g: &[f32], rates: Rates) {
        let Softmax { inputs, stride, general_rate, .. } = *self.softmax;
        let shape = Shape { n: batch.len(), inputs, stride };
        let rate = -general_rate * rates.mean;
        let (core, job) = self.local.at(0);
        let (now, knowledge) = self.local.all_mut();
        backward(shape, &mut now[core..], batch.inputs(), rate * (rates.core + rates.job), g);
        if rates.job > 0.0 {
            backward(shape, &mut knowledge[job..], batch.inputs(), rate * rates.job, g);
        }
    }

    /// One step of an example in the general block and in that of its skill.
    #[inline(always)]
    fn step_crossed(&mut self, block: u32, x: &[f32], g: &[f32], rates: Rates) {
        let Softmax { rate, general_rate, .. } = *self.softmax;
        let (own, general) = (-rate * rates.mean, -general_rate * rates.mean);
        let ((core, job), (own_core, own_job)) = (self.local.at(0), self.local.at(block));
        let (now, knowledge) = self.local.all_mut();
        let both = rates.core + rates.job;
        backward_at(now, [(core, general * both), (own_core, own * both)], x, g);
        if rates.job > 0.0 {
            let at = [(job, general * rates.job), (own_job, own * rates.job)];
            backward_at(knowledge, at, x, g);
        }
    }

    /// SCAFFOLD's correction and the pulls of FedProx and of the ridge on all blocks at work in the round, whichever of
    /// them the step's examples touch, at their values before the step.
    fn pull(&mut self, rates: Rates) {
        for slot in 0..self.local.len() {
            let general = self.local.block(slot).0 == 0;
            let rate = if general { self.softmax.general_rate } else { self.softmax.rate };
            self.local.correct(slot, rate * rates.core);
            let (start, now, job) = self.local.parts(slot);
            if rates.prox > 0.0 && rates.core > 0.0 {
                let pull = rate * rates.core * rates.prox;
                if job.is_empty() {
                    for (now, start) in now.iter_mut().zip(start) {
                        *now -= pull * (*now - start);
                    }
                } else {
                    for ((now, start), job) in now.iter_mut().zip(start).zip(job.iter()) {
                        *now -= pull * (*now - start - job);
                    }
                }
            }
            if rates.ridge > 0.0 && rates.job > 0.0 {
                let pull = rate * rates.job * rates.ridge;
                for (now, job) in now.iter_mut().zip(job) {
                    let step = pull * *job;
                    *job -= step;
                    *now -= step;
                }
            }
        }
    }
}

impl Model for Policy<'_> {
    #[inline(always)]
    fn answers(&self) -> (usize, usize) {
        (self.softmax.outputs, self.softmax.stride)
    }

    #[inline(always)]
    fn logits(&mut self, batch: Batch<'_>, to: &mut [f32]) {
        let Softmax { stride, .. } = *self.softmax;
        let (general, _) = self.local.at(0);
        if self.softmax.core.blocks() == 1 {
            let block = &self.local.all()[general..];
            forward(self.softmax.shape(batch.len()), block, batch.inputs(), to);
            return;
        }
        for i in 0..batch.len() {
            let (own, _) = self.local.at(self.softmax.block_of[batch.skill(i) as usize]);
            let to = &mut to[i * stride..(i + 1) * stride];
            forward_at(self.local.all(), [general, own], batch.row(i), to);
        }
    }

    #[inline(always)]
    fn step(&mut self, batch: Batch<'_>, gradient: &mut [f32], rates: Rates) {
        if rates.prox > 0.0 || rates.ridge > 0.0 || self.local.corrects() {
            self.pull(rates);
        }
        if self.softmax.core.blocks() == 1 {
            self.step_general(batch, gradient, rates);
            return;
        }
        let Softmax { stride, .. } = *self.softmax;
        for i in 0..batch.len() {
            let gradient = &gradient[i * stride..(i + 1) * stride];
            let block = self.softmax.block_of[batch.skill(i) as usize];
            self.step_crossed(block, batch.row(i), gradient, rates);
        }
    }

    #[inline(always)]
    fn multiply_adds(&self, rates: Rates) -> u64 {
        let softmax = self.softmax;
        let blocks = if softmax.core.blocks() > 1 { 2 } else { 1 };
        let passes = if rates.job > 0.0 { 3 } else { 2 };
        (blocks * passes * softmax.inputs * softmax.outputs) as u64
    }
}
