//! The paper world, `synthetic(alpha, beta)` of LEAF and FedProx (Li et al. 2020,
//! arXiv 1812.06127, section 5.1), after the authors' `generate_synthetic.py` and
//! `generate_iid.py` (<https://github.com/litian96/FedProx>):
//!
//! ```text
//! u_k ~ N(0, alpha)    W_k (d × K) ~ N(u_k, 1)    b_k ~ N(u_k, 1)
//! B_k ~ N(0, beta)     v_kj ~ N(B_k, 1)           x ~ N(v_k, diag(j^-1.2)), j = 1..d
//! y = argmax softmax(x W_k + b_k)
//! n_k = floor(lognormal(4, 2)) + 50, shuffled, the first floor(0.9 n_k) for training
//! ```
//! The second argument of N is a standard deviation, as in numpy, for alpha and beta; the
//! inputs' diagonal is of variances. The IID variant has one `W, b ~ N(0, 1)` for all and
//! `v = 0`; alpha and beta play no part in it.

use super::dataset::{FederatedData, Split};
use crate::halt::Halt;
use crate::scenario::{Sizes, Synthetic};

/// What a stream of random numbers is for. Each (purpose, agent) has a stream of its own, so
/// that an agent's data do not depend on how many others there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// How many examples the agent holds.
    Size,
    /// `u_k`, then `W_k` row by row, then `b_k`. In the IID variant agent 0's stream serves all.
    Model,
    /// `B_k`, then `v_k`.
    Centre,
    /// The inputs, row by row.
    Inputs,
    /// The shuffle before the split.
    Shuffle,
}

/// Where the random numbers come from: the same ones whenever the same stream is asked for.
pub trait Draws {
    /// Standard normals.
    fn normals(&self, purpose: Purpose, agent: u32) -> impl Iterator<Item = f64>;

    /// Uniform 64-bit words.
    fn words(&self, purpose: Purpose, agent: u32) -> impl Iterator<Item = u64>;
}

/// Generates the data of `agents` agents. Cost: features × answers multiply-adds an example,
/// and 4 bytes a feature of memory; agent `k` has 450 examples on average, but the tail is
/// heavy: the largest of 30 has about 3,000, the largest of 1000 about 35,000.
///
/// An agent has at least one training example, which only a tiny `train_share × n` decides.
pub fn generate(spec: &Synthetic, agents: u32, draws: &impl Draws) -> FederatedData {
    generate_until(&Halt::default(), spec, agents, draws)
}

/// The same, unless it is halted: then the data are fewer, and of no use.
pub(super) fn generate_until(
    halt: &Halt,
    spec: &Synthetic,
    agents: u32,
    draws: &impl Draws,
) -> FederatedData {
    let (mut train, mut test) = (Split::default(), Split::default());
    let spread = spread(spec.features as usize);
    for agent in 0..agents {
        let model = Model::draw(spec, agent, draws);
        let centre = centre(spec, agent, draws);
        let size = size(&spec.sizes, agent, draws);
        let normals = draws.normals(Purpose::Inputs, agent);
        let (x, y) = examples(halt, &model, &centre, &spread, size, normals);
        if halt.is_set() {
            break;
        }
        let order = shuffled(size, draws.words(Purpose::Shuffle, agent));
        // int(0.9 * n), in the same double precision as Python.
        let train_size = ((spec.train_share * size as f64) as usize).clamp(1, size);
        for (place, &i) in order.iter().enumerate() {
            let split = if place < train_size { &mut train } else { &mut test };
            let row = &x[i * centre.len()..(i + 1) * centre.len()];
            split.push(row.iter().map(|&value| value as f32), y[i]);
        }
        train.close_user();
        test.close_user();
    }
    FederatedData {
        features: spec.features as usize,
        answers: spec.answers as usize,
        users: (0..agents).map(|agent| format!("f_{agent:05}")).collect(),
        train,
        test,
    }
}

/// How many examples `agents` agents hold in all, without generating them: a heavy tail may hold
/// more than any memory.
pub(super) fn examples_of(halt: &Halt, spec: &Synthetic, agents: u32, draws: &impl Draws) -> u128 {
    (0..agents)
        .take_while(|_| !halt.is_set())
        .map(|agent| size(&spec.sizes, agent, draws) as u128)
        .sum()
}

/// An agent's truth.
#[derive(Clone, Debug, PartialEq)]
struct Model {
    /// `features × answers`, row by row.
    weights: Vec<f64>,
    /// One an answer.
    bias: Vec<f64>,
}

impl Model {
    fn draw(spec: &Synthetic, agent: u32, draws: &impl Draws) -> Self {
        let (features, answers) = (spec.features as usize, spec.answers as usize);
        let mut normals = draws.normals(Purpose::Model, if spec.iid { 0 } else { agent });
        // Drawn in the IID variant too, and multiplied by 0: one stream layout for both.
        let mean = if spec.iid { 0.0 } else { spec.alpha } * take(&mut normals);
        let mut around = |count| (0..count).map(|_| mean + take(&mut normals)).collect();
        Model { weights: around(features * answers), bias: around(answers) }
    }

    /// The first largest score: softmax keeps the order, so it is left out.
    fn answer(&self, x: &[f64]) -> u32 {
        let answers = self.bias.len();
        let mut scores = self.bias.clone();
        for (value, weights) in x.iter().zip(self.weights.chunks_exact(answers)) {
            for (score, weight) in scores.iter_mut().zip(weights) {
                *score += value * weight;
            }
        }
        let mut best = 0;
        for k in 1..answers {
            if scores[k] > scores[best] {
                best = k;
            }
        }
        best as u32
    }
}

/// `v_k`, one entry a feature.
fn centre(spec: &Synthetic, agent: u32, draws: &impl Draws) -> Vec<f64> {
    let features = spec.features as usize;
    if spec.iid {
        return vec![0.0; features];
    }
    let mut normals = draws.normals(Purpose::Centre, agent);
    let mean = spec.beta * take(&mut normals);
    (0..features).map(|_| mean + take(&mut normals)).collect()
}

/// Standard deviations of the features: the roots of `j^-1.2`, `j = 1..features`.
fn spread(features: usize) -> Vec<f64> {
    (1..=features).map(|j| libm::pow(j as f64, -1.2).sqrt()).collect()
}

fn size(sizes: &Sizes, agent: u32, draws: &impl Draws) -> usize {
    match sizes {
        Sizes::Fixed(fixed) => fixed.examples as usize,
        Sizes::Lognormal(s) => {
            let normal = take(&mut draws.normals(Purpose::Size, agent));
            (libm::exp(s.mean + s.sigma * normal) as usize).saturating_add(s.least as usize)
        }
    }
}

/// `size` inputs, row by row, and their answers.
fn examples(
    halt: &Halt,
    model: &Model,
    centre: &[f64],
    spread: &[f64],
    size: usize,
    mut normals: impl Iterator<Item = f64>,
) -> (Vec<f64>, Vec<u32>) {
    let mut x = Vec::with_capacity(size * centre.len());
    let mut y = Vec::with_capacity(size);
    for row in (0..size).take_while(|_| !halt.is_set()) {
        x.extend(centre.iter().zip(spread).map(|(mean, sd)| mean + sd * take(&mut normals)));
        y.push(model.answer(&x[row * centre.len()..]));
    }
    (x, y)
}

/// Fisher and Yates; a word times the bound, divided by 2^64, is uniform up to bound/2^64.
fn shuffled(size: usize, mut words: impl Iterator<Item = u64>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..size).collect();
    for last in (1..size).rev() {
        let word = words.next().expect(ENDLESS);
        let other = (u128::from(word) * (last as u128 + 1)) >> 64;
        order.swap(last, other as usize);
    }
    order
}

const ENDLESS: &str = "a stream of random numbers never ends";

fn take(normals: &mut impl Iterator<Item = f64>) -> f64 {
    normals.next().expect(ENDLESS)
}

#[cfg(test)]
mod tests;
