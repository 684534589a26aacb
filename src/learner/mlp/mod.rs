//! A small network, and low-rank adapters as job knowledge.

mod network;

use super::statistic::push_blocks;
use super::{Batch, Learner, Lesson, Model, Rates, Scratch, Statistic, Tally};
use crate::params::kernels::{add_scaled, softmax_rows, stride_of};
use crate::params::{Layout, Local, Sparse};
use crate::scenario::{self, Activation};
use crate::stream::{Key, Purpose};
use crate::world::{Facts, Tasks};
use network::{Adapters, Buffers, Layer, Network};
use std::sync::Arc;

/// Examples that go through the network together where there is no step to make.
const EXAMINED: usize = 64;

/// A network `[code of the skill; z; 1] → hidden layers → answers`, fully connected.
///
/// The code is a fixed random ±1 vector, drawn once for each skill, so that skills share all
/// weights and the network has to find out what they have in common. A block is a layer,
/// `inputs × stride`, the constant's row the bias. The first weights are Gaussian with
/// variance `1/inputs` (LeCun et al. 1998), twice that before a rectifier (He et al. 2015); the
/// biases are zero.
///
/// Job knowledge is an adapter on every layer, `W + (scale/rank) A B` (Hu et al. 2021, "LoRA:
/// low-rank adaptation of large language models"): `A` starts Gaussian with variance
/// `1/inputs`, `B` at zero, so that it adds nothing at first. Its ridge is on the entries of
/// `A` and `B`. It [decays](Learner::decay) by way of `B` alone: what it adds to the policy
/// shrinks by just the factor, and with `A` as it was it can go on learning even from nothing.
/// Not convex: a mean of two good networks may be a bad one.
///
/// Cost of a step, an example: two multiply-adds a weight for the pass forward and the move,
/// one more a weight for the pass back, and `rank · (inputs + outputs)` a layer of the same
/// for the adapters; `A B` is never written out.
#[derive(Clone, Debug)]
pub struct Mlp {
    core: Arc<Layout>,
    job: Arc<Layout>,
    network: Network,
    /// `skills × code`.
    codes: Vec<f32>,
    code: usize,
    rate: f32,
}

impl Mlp {
    /// The policy for a world; with room for job knowledge or without.
    pub fn new(spec: &scenario::Mlp, facts: &Facts, seed: u64, knows_job: bool) -> Self {
        let code = spec.code as usize;
        let mut codes = Vec::with_capacity(facts.skills.len() * code);
        for skill in 0..facts.skills.len() as u32 {
            let mut bits = Key::new(seed, Purpose::SkillCode, skill, 0).stream();
            codes.extend((0..code).map(|_| if bits.word() >> 31 == 0 { 1.0 } else { -1.0 }));
        }
        let mut layers = Vec::with_capacity(spec.hidden.len() + 1);
        let mut inputs = code + facts.inputs;
        for outputs in spec.hidden.iter().map(|w| *w as usize).chain([facts.answers]) {
            layers.push(Layer { inputs, outputs, stride: stride_of(outputs) });
            inputs = outputs + 1;
        }
        let rank = spec.rank as usize;
        let factor = (spec.scale / rank as f64) as f32;
        let adapters = Adapters { rank, lanes: stride_of(rank), factor };
        let weights = layers.iter().map(|layer| layer.inputs * layer.stride);
        let adapted = |layer| if knows_job { adapters.entries(layer) } else { 0 };
        Mlp {
            core: Arc::new(Layout::new(weights)),
            job: Arc::new(Layout::new(layers.iter().map(adapted))),
            network: Network { layers, adapters, activation: spec.activation },
            codes,
            code,
            rate: spec.rate as f32,
        }
    }

    /// Lays examples into the buffers.
    fn lay(&self, tasks: &Tasks<'_>, rows: impl Iterator<Item = usize>, buffers: &mut Buffers) {
        let to = buffers.inputs();
        for row in rows {
            let skill = tasks.skill(row) as usize;
            to.extend_from_slice(&self.codes[skill * self.code..(skill + 1) * self.code]);
            to.extend_from_slice(tasks.row(row));
        }
    }
}

/// A worker's buffers, new ones if another learner left its own.
fn buffers(scratch: &mut Scratch) -> Box<Buffers> {
    scratch.own.take().and_then(|own| own.downcast().ok()).unwrap_or_default()
}

/// Scales the first `live` lanes of every row, and empties the rest.
fn scale_rows(rows: &mut [f32], live: usize, stride: usize, by: f32) {
    for row in rows.chunks_exact_mut(stride) {
        row[..live].iter_mut().for_each(|v| *v *= by);
        row[live..].fill(0.0);
    }
}

impl Learner for Mlp {
    fn core_layout(&self) -> &Arc<Layout> {
        &self.core
    }

    fn job_layout(&self) -> &Arc<Layout> {
        &self.job
    }

    fn answers(&self) -> (usize, usize) {
        let last = &self.network.layers[self.network.layers.len() - 1];
        (last.outputs, last.stride)
    }

    fn numbers(&self, block: u32) -> usize {
        let layer = &self.network.layers[block as usize];
        layer.inputs * layer.outputs
    }

    fn columns(&self, block: u32) -> (usize, usize) {
        let layer = &self.network.layers[block as usize];
        (layer.stride, layer.outputs)
    }

    fn initial_core(&self, seed: u64, core: &mut [f32]) {
        for (l, layer) in self.network.layers.iter().enumerate() {
            let fan_in = layer.inputs - 1;
            let rows = &mut core[self.core.range(l as u32)][..fan_in * layer.stride];
            let last = l + 1 == self.network.layers.len();
            let rectified = self.network.activation == Activation::Relu && !last;
            let variance = if rectified { 2.0 } else { 1.0 } / fan_in as f32;
            Key::new(seed, Purpose::InitialCore, l as u32, 0).fill_normals(0, rows);
            scale_rows(rows, layer.outputs, layer.stride, variance.sqrt());
        }
    }

    fn initial_job(&self, seed: u64, agent: u32, block: u32, to: &mut [f32]) {
        if to.is_empty() {
            return;
        }
        let (layer, adapters) = (&self.network.layers[block as usize], &self.network.adapters);
        let a = &mut to[..adapters.split(layer)];
        Key::new(seed, Purpose::InitialJob, agent, block).fill_normals(0, a);
        scale_rows(a, adapters.rank, adapters.lanes, (1.0 / layer.inputs as f32).sqrt());
    }

    fn touch(&self, tasks: &Tasks<'_>, local: &mut Local) {
        (0..self.core.blocks() as u32).for_each(|l| local.touch(l, tasks.len() as u32));
    }

    fn train(&self, lesson: Lesson<'_>, local: &mut Local, scratch: &mut Scratch) -> Tally {
        let mut buffers = buffers(scratch);
        let mut policy = Policy { mlp: self, local, buffers: &mut buffers };
        let tally = scratch.descend(lesson, &mut policy);
        scratch.own = Some(buffers);
        tally
    }

    fn rate(&self, _block: u32) -> Option<f32> {
        Some(self.rate)
    }

    fn statistic(
        &self,
        kind: Statistic,
        tasks: &Tasks<'_>,
        local: &mut Local,
        scratch: &mut Scratch,
        to: &mut Sparse,
    ) {
        let (outputs, stride) = Learner::answers(self);
        let len = |l: u32| match (kind, &self.network.layers[l as usize]) {
            (Statistic::Fisher, layer) => layer.inputs * layer.stride,
            (Statistic::Gram, layer) => layer.inputs * layer.inputs,
        };
        // every layer was touched, in order
        let at = push_blocks(local, to, len);
        let at: Vec<_> = at.into_iter().zip(0..).map(|(at, l)| at..at + len(l)).collect();
        let share = 1.0 / tasks.len() as f32;
        let mut buffers = buffers(scratch);
        let (mut p, mut norms, mut gradient) = (Vec::new(), Vec::new(), Vec::new());
        for first in (0..tasks.len()).step_by(EXAMINED) {
            let n = EXAMINED.min(tasks.len() - first);
            self.lay(tasks, first..first + n, &mut buffers);
            p.resize(n * stride, 0.0);
            self.network.forward(n, |l| layer(local, l), &mut buffers, &mut p);
            if kind == Statistic::Gram {
                for (l, at) in at.iter().enumerate() {
                    self.network.add_gram(l, &mut to.values_mut()[at.clone()], &buffers);
                }
                continue;
            }
            norms.resize(n, (0.0, 0.0));
            softmax_rows(outputs, stride, &mut p, &mut norms);
            // the mean over answers: each in turn taken as given, with its probability
            for answer in 0..outputs {
                gradient.clear();
                gradient.extend_from_slice(&p);
                gradient.iter_mut().skip(answer).step_by(stride).for_each(|g| *g -= 1.0);
                self.network.backward(n, |l| layer(local, l), &mut buffers, &gradient);
                let weights: Vec<f32> = p.iter().skip(answer).step_by(stride).copied().collect();
                for (l, at) in at.iter().enumerate() {
                    let to = &mut to.values_mut()[at.clone()];
                    self.network.add_squares(l, share, &weights, to, &mut buffers);
                }
            }
        }
        scratch.own = Some(buffers);
    }

    fn absorb(&self, block: u32, knowledge: &[f32], core: &mut [f32]) {
        let (layer, adapters) = (&self.network.layers[block as usize], &self.network.adapters);
        let (a, b) = knowledge.split_at(adapters.split(layer));
        let rows = core.chunks_exact_mut(layer.stride);
        for (row, a) in rows.zip(a.chunks_exact(adapters.lanes)) {
            for (a, b) in a.iter().zip(b.chunks_exact(layer.stride)) {
                add_scaled(row, adapters.factor * a, b);
            }
        }
    }

    fn decay(&self, block: u32, left: f32, knowledge: &mut [f32]) {
        let split = self.network.adapters.split(&self.network.layers[block as usize]);
        knowledge[split..].iter_mut().for_each(|b| *b *= left);
    }

    fn logits(&self, params: &[f32], tasks: &Tasks<'_>, scratch: &mut Scratch, to: &mut Vec<f32>) {
        let (_, stride) = self.answers();
        to.resize(tasks.len() * stride, 0.0);
        let mut buffers = buffers(scratch);
        for (part, to) in to.chunks_mut(EXAMINED * stride).enumerate() {
            let (first, n) = (part * EXAMINED, to.len() / stride);
            self.lay(tasks, first..first + n, &mut buffers);
            let weights = |l| (&params[self.core.range(l as u32)], &[][..]);
            self.network.forward(n, weights, &mut buffers, to);
        }
        scratch.own = Some(buffers);
    }
}

/// The policy that a working copy stands for.
struct Policy<'a> {
    mlp: &'a Mlp,
    local: &'a mut Local,
    buffers: &'a mut Buffers,
}

/// A layer's weights and adapter.
fn layer(local: &Local, l: usize) -> (&[f32], &[f32]) {
    let slot = local.slot(l as u32);
    (local.now(slot), local.knowledge(slot))
}

impl Model for Policy<'_> {
    fn answers(&self) -> (usize, usize) {
        Learner::answers(self.mlp)
    }

    fn logits(&mut self, batch: Batch<'_>, to: &mut [f32]) {
        let Policy { mlp, local, buffers } = self;
        mlp.lay(&batch.tasks, batch.rows.iter().map(|row| *row as usize), buffers);
        mlp.network.forward(batch.len(), |l| layer(local, l), buffers, to);
    }

    fn step(&mut self, batch: Batch<'_>, gradient: &mut [f32], rates: Rates) {
        let Policy { mlp, local, buffers } = self;
        let (network, n) = (&mlp.network, batch.len());
        network.backward(n, |l| layer(local, l), buffers, gradient);
        let (core, job) = (mlp.rate * rates.core, mlp.rate * rates.job);
        for l in 0..network.layers.len() {
            let slot = local.slot(l as u32);
            local.correct(slot, core);
            let (start, now, adapter) = local.parts(slot);
            if core > 0.0 {
                if rates.prox > 0.0 {
                    let pull = core * rates.prox;
                    now.iter_mut()
                        .zip(start)
                        .for_each(|(now, start)| *now -= pull * (*now - start));
                }
                network.move_weights(n, l, core * rates.mean, now, buffers);
            }
            if job > 0.0 && !adapter.is_empty() {
                if rates.ridge > 0.0 {
                    let pull = job * rates.ridge;
                    adapter.iter_mut().for_each(|v| *v -= pull * *v);
                }
                network.move_adapter(n, l, job * rates.mean, adapter, buffers);
            }
        }
    }

    fn multiply_adds(&self, rates: Rates) -> u64 {
        let adapted = !self.mlp.job.is_empty();
        self.mlp.network.multiply_adds(adapted, rates.core > 0.0, rates.job > 0.0)
    }
}

#[cfg(test)]
mod tests;
