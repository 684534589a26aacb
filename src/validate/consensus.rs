//! Linear dynamics of a core and of agents who average with their neighbours: delay, rings,
//! pairs.

use super::fleet::cores;
use super::merging::{Merger, contribution};
use super::{CheckError, Row, Rows, Trial, mean_and_error};
use crate::graph::Graph;
use crate::maths::{cos, ln, pow};
use crate::merge::Context;
use crate::params::Sparse;
use crate::scenario::{Combine, Gossip, Mean};
use nalgebra::{DMatrix, SymmetricEigen};
use std::collections::VecDeque;
use std::f64::consts::{PI, TAU};

fn mean() -> Combine {
    Combine::Mean(Mean::default())
}

/// Entries of a vector here; all go the same way from starts of their own.
const ENTRIES: usize = 8;

fn starts(trial: &Trial, owner: u32) -> Vec<f32> {
    let mut stream = trial.stream(owner, 0);
    (0..ENTRIES).map(|_| stream.normal() as f32).collect()
}

/// A core that steps down the gradient of `x²/2` at rate `a` as an agent saw it `k` cores ago,
/// `x_{t+1} = x_t − a x_{t−k}`, is stable if and only if `0 < a < 2 cos(kπ/(2k+1))`.
pub(super) fn delay(trial: &Trial) -> Rows {
    [0_u32, 1, 2, 4]
        .into_iter()
        .map(|k| {
            let late = k + trial.model(0, 1);
            // a rate above 2 is unstable at every delay
            let (mut low, mut high) = (0.0, 2.5);
            while high - low > 2e-4 {
                let middle = 0.5 * (low + high);
                let grows = grows(trial, middle, late as usize)?;
                *(if grows { &mut high } else { &mut low }) = middle;
            }
            let law = 2.0 * cos(f64::from(k) * PI / f64::from(2 * k + 1));
            // Half a bracket, 1e-4, and what 4000 steps tell of growth: ln 2 of an envelope that
            // beats is 2e-4 a step, which over the slope of the growth, 0.3 and more, is 6e-4.
            Ok(Row::within(
                format!("delay {k}: greatest stable rate"),
                law,
                0.5 * (low + high),
                1e-3,
            ))
        })
        .collect()
}

/// Whether the core moves away from zero.
fn grows(trial: &Trial, rate: f64, delay: usize) -> Result<bool, CheckError> {
    const SETTLING: usize = 500;
    const STEPS: usize = 4000;
    let mut merger = Merger::new(mean(), ENTRIES);
    let start = starts(trial, 0);
    // newest first
    let mut cores: VecDeque<Vec<f32>> = std::iter::repeat_n(start, delay + 1).collect();
    let norm = |cores: &VecDeque<Vec<f32>>| {
        cores.iter().flatten().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>()
    };
    let mut grown = 0.0;
    let mut before = norm(&cores);
    for step in 0..SETTLING + STEPS {
        let seen = &cores[delay];
        let delta = contribution(1, seen.iter().map(|x| -(rate as f32) * x));
        let context = Context::new(trial.seed, step as u32);
        let next = merger.merge(&cores[0], &[&delta], &context)?.to_vec();
        cores.push_front(next);
        cores.truncate(delay + 1);
        if step % 100 == 99 {
            // measured and set back to where it was, long before single precision ends
            let now = norm(&cores);
            grown += if step >= SETTLING { ln(now / before) } else { 0.0 };
            let back = (1.0 / now.sqrt()) as f32;
            cores.iter_mut().flatten().for_each(|x| *x *= back);
            before = norm(&cores);
            // far from the limit the answer is plain
            if grown.abs() > 30.0 || now == 0.0 {
                break;
            }
        }
    }
    Ok(grown > 0.0)
}

/// Agents who each take a weighted mean of themselves and some others, round after round: how
/// much of the distance from consensus the last of `rounds` leaves.
fn contraction(
    trial: &Trial,
    neighbours: &[Vec<(usize, u32)>],
    rounds: u32,
) -> Result<f64, CheckError> {
    let mut merger = Merger::new(mean(), ENTRIES);
    let mut values: Vec<Vec<f32>> =
        (0..neighbours.len() as u32).map(|i| starts(trial, i)).collect();
    let zeros = [0.0; ENTRIES];
    let mut left = f64::NAN;
    let mut before = spread(&values);
    for round in 1..=rounds {
        let context = Context::new(trial.seed, round);
        let mut next = Vec::with_capacity(values.len());
        for near in neighbours {
            let heard: Vec<Sparse> = near
                .iter()
                .map(|(from, weight)| contribution(*weight, values[*from].iter().copied()))
                .collect();
            let heard: Vec<&Sparse> = heard.iter().collect();
            next.push(merger.merge(&zeros, &heard, &context)?.to_vec());
        }
        values = next;
        let now = spread(&values);
        left = (now / before).sqrt();
        before = now;
    }
    Ok(left)
}

/// Squared distance from consensus: of all values from the mean of their entry.
fn spread(values: &[Vec<f32>]) -> f64 {
    let n = values.len() as f64;
    let of_entry = |entry: usize| {
        let mean = values.iter().map(|v| f64::from(v[entry])).sum::<f64>() / n;
        values.iter().map(|v| f64::from(v[entry]) - mean).map(|d| d * d).sum::<f64>()
    };
    (0..ENTRIES).map(of_entry).sum()
}

/// On a ring where everyone takes the mean of itself and both neighbours, a round leaves the
/// second eigenvalue `1/3 + 2/3 cos(2π/n)` of the distance from consensus.
pub(super) fn ring(trial: &Trial) -> Rows {
    let row = |(n, rounds): (usize, u32)| {
        let own = trial.model(1, 2);
        let ring: Vec<Vec<(usize, u32)>> =
            (0..n).map(|i| vec![((i + n - 1) % n, 1), (i, own), ((i + 1) % n, 1)]).collect();
        let law = 1.0 / 3.0 + 2.0 / 3.0 * cos(TAU / n as f64);
        // By then the square of the third eigenvalue's part is below 3e-9 of the second's, and
        // the distance from consensus 0.04 of what it was: numbers of about 0.4, rounded thrice
        // by 2^-25, are off by 6e-7 of it each, and 8n of them on their own: 1e-7 in all.
        let left = contraction(trial, &ring, rounds)?;
        Ok(Row::within(format!("ring of {n}: left by a round"), law, left, 1e-6))
    };
    [(8, 15), (16, 60), (32, 250)].into_iter().map(row).collect()
}

/// Agents of a fleet on a random graph who begin with the second eigenvector of its averaging
/// matrix, each with one number, and then hear all their neighbours: a round leaves the second
/// eigenvalue of every number. The law's eigenvalues are nalgebra's, of the dense matrix.
pub(super) fn graphs(trial: &Trial) -> Rows {
    const AGENTS: u32 = 24;
    const ROUNDS: usize = 8;
    let row = |(graph, name): (Graph, &str)| {
        let (factor, vector) = second(&graph);
        let text = format!(
            "rounds = {ROUNDS}\n[fleet]\nagents = {AGENTS}\n[world]\nkind = \"synthetic\"\n\
             [world.sizes]\nkind = \"fixed\"\nexamples = 20\n[measure]\npanel = 0\n\
             [engine]\nkind = \"serial\"\n[distiller]\ntopology = \"gossip\"\n\
             [distiller.gossip]\ncontacts = 0\ngraph = \"{}\"\n",
            trial.model(name, "ring")
        );
        let seen = cores(&text, trial, 1, move |agent, round, x| {
            if round == 1 {
                x[0] += vector[agent as usize] as f32;
            }
        })?;
        // all begin with the same core, which is seen once
        let numbers: Vec<f64> = seen.iter().skip(1).map(|core| f64::from(core[0])).collect();
        let size = |round: &[f64]| round.iter().map(|x| x * x).sum::<f64>().sqrt();
        let sizes: Vec<f64> = numbers.chunks(AGENTS as usize).map(size).collect();
        // a neighbour of the very same number would be seen once for both
        let whole = numbers.len() == AGENTS as usize * ROUNDS;
        let left = if whole { sizes[ROUNDS - 1] / sizes[ROUNDS - 2] } else { f64::NAN };
        // Numbers of about 0.2, rounded by 2^-26 of it a round and shrunk to no less than a
        // hundredth: 2e-6 of them, 24 on their own.
        Ok(Row::within(format!("{name} graph of {AGENTS}: left by a round"), factor, left, 2e-6))
    };
    // as the scenario draws them
    let Gossip { neighbours: k, rewire, .. } = Gossip::default();
    [
        (Graph::regular(AGENTS, k, trial.seed), "regular"),
        (Graph::small_world(AGENTS, k, rewire, trial.seed), "small-world"),
        (Graph::scale_free(AGENTS, k, trial.seed), "scale-free"),
    ]
    .into_iter()
    .map(row)
    .collect()
}

/// The eigenvalue of second largest modulus, in modulus, of the matrix by which everyone takes the
/// mean of itself and its neighbours, and its vector. With `d` the degrees and 1, the matrix is
/// `D^-1 (A + I)`, which has the eigenvalues of the symmetric `D^-1/2 (A + I) D^-1/2`.
fn second(graph: &Graph) -> (f64, Vec<f64>) {
    let n = graph.nodes() as usize;
    let root = |i: usize| (f64::from(graph.degree(i as u32)) + 1.0).sqrt();
    let linked = |i: usize, j: usize| {
        let near = graph.neighbours(i as u32).is_none_or(|near| near.contains(&(j as u32)));
        i == j || near
    };
    let entry = |i, j| if linked(i, j) { 1.0 / (root(i) * root(j)) } else { 0.0 };
    let eigen = SymmetricEigen::new(DMatrix::from_fn(n, n, entry));
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| eigen.eigenvalues[*b].abs().total_cmp(&eigen.eigenvalues[*a].abs()));
    let at = order[1];
    let vector = eigen.eigenvectors.column(at);
    (eigen.eigenvalues[at].abs(), vector.iter().enumerate().map(|(i, u)| u / root(i)).collect())
}

/// Two agents drawn from `n` take their mean: a tick leaves the share `1 − 1/(n−1)` of the
/// expected squared distance from consensus.
pub(super) fn pairs(trial: &Trial) -> Rows {
    let (n, ticks, runs) = (20_u32, 19, trial.sized(1000, 10_000_u32));
    let mut merger = Merger::new(mean(), ENTRIES);
    let zeros = [0.0; ENTRIES];
    let mut left = Vec::new();
    for run in 0..runs {
        let mut values: Vec<Vec<f32>> = (0..n).map(|i| starts(trial, run * n + i)).collect();
        let start = spread(&values);
        let mut stream = trial.stream(run, 1);
        for tick in 0..ticks {
            let a = stream.below(n);
            // everybody else alike; broken: the next one on a ring
            let b = (a + 1 + trial.model(stream.below(n - 1), 0)) % n;
            let heard = [a, b].map(|i| contribution(1, values[i as usize].iter().copied()));
            let context = Context::new(trial.seed, tick);
            let mean = merger.merge(&zeros, &[&heard[0], &heard[1]], &context)?;
            for i in [a, b] {
                values[i as usize].copy_from_slice(mean);
            }
        }
        left.push(spread(&values) / start);
    }
    let law = pow(1.0 - 1.0 / f64::from(n - 1), f64::from(ticks));
    // The share is of a distance that was drawn, not of its expectation; who meets whom does not
    // hang on the values, so that the expectation of the ratio is the same.
    let (mean, error) = mean_and_error(&left);
    let what = format!("{n} agents, {ticks} pairs: share of the squared distance left");
    Ok(vec![Row::within(what, law, mean, 4.0 * error)])
}
