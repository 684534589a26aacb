//! What averaging does: FedAvg's fixed point and rate, the variance of a mean, tracking.

use super::fleet::cores;
use super::merging::{Merger, contribution};
use super::{CheckError, Row, Rows, Trial};
use crate::ids::AgentId;
use crate::maths::pow;
use crate::merge::Context;
use crate::scenario::{Combine, Mean, Scenario};
use crate::world;

/// FedAvg on quadratics `a_i (x − b_i)²/2`, `τ_i` local steps of rate `η`: with `w_i` the
/// agents' weights and `q_i = 1 − (1 − η a_i)^τ_i`, a round takes the core `Σwq` of the way to
/// `Σwqb / Σwq`.
pub(super) fn quadratics(trial: &Trial) -> Rows {
    let (agents, entries, rate) = (10_u32, 8, 0.1);
    let text = format!(
        "rounds = 60\n[world]\nkind = \"synthetic\"\nsizes = {{ kind = \"lognormal\", sigma = 1.0 }}\n\
         [fleet]\nagents = {agents}\n[measure]\npanel = 1\n[engine]\nkind = \"serial\""
    );
    let curvature = |agent: u32| 0.5 + 0.15 * f64::from(agent);
    let steps = |agent: u32| 1 + agent % 10;
    let centres = |agent: u32| -> Vec<f64> {
        let mut stream = trial.stream(agent, 0);
        (0..entries).map(|_| 1.0 + stream.normal()).collect()
    };
    let centres: Vec<Vec<f64>> = (0..agents).map(centres).collect();
    let more = trial.model(0, 1);
    let pulled = centres.clone();
    let cores = cores(&text, trial, entries, move |agent, _, x| {
        let pull = (rate * curvature(agent)) as f32;
        for (x, b) in x.iter_mut().zip(&pulled[agent as usize]) {
            (0..steps(agent) + more).for_each(|_| *x -= pull * (*x - *b as f32));
        }
    })?;
    let data = world::build(&*Scenario::parse(&text, "law", &[format!("seed={}", trial.seed)])?)?;
    let weight = |agent| data.holdings(AgentId(agent)).map_or(0, |h| h.0.len());
    let total: usize = (0..agents).map(weight).sum();
    let wq = |agent: u32| {
        let w = weight(agent) as f64 / total as f64;
        w * (1.0 - pow(1.0 - rate * curvature(agent), f64::from(steps(agent))))
    };
    let speed: f64 = (0..agents).map(wq).sum();
    let fixed =
        |entry: usize| (0..agents).map(|i| wq(i) * centres[i as usize][entry]).sum::<f64>() / speed;
    let end = &cores[cores.len() - 1];
    // A round rounds 3 operations a step (10 at most), the sum over 10 agents, and the mean,
    // each by 2^-24 of numbers no larger than the farthest centre; a fixed point gathers 1/Σwq
    // rounds of that.
    let farthest = centres.iter().flatten().fold(0.0_f64, |most, b| most.max(b.abs()));
    let within = f64::from(3 * 10 + agents + 3) * pow(2.0, -24.0) * farthest / speed;
    let mut rows: Vec<Row> = (0..2)
        .map(|entry| {
            let what = format!("fixed point, entry {entry}");
            Row::within(what, fixed(entry), f64::from(end[entry]), within)
        })
        .collect();
    // where there is most to go
    let gap = |round: usize, entry: usize| f64::from(cores[round][entry]) - fixed(entry);
    let farther = |a: &usize, b: &usize| gap(0, *a).abs().total_cmp(&gap(0, *b).abs());
    let entry = (0..entries).max_by(farther).unwrap_or(0);
    let left = gap(2, entry) / gap(1, entry);
    // each gap within the error above
    let within = 2.0 * within / gap(1, entry).abs();
    rows.push(Row::within("share of the gap that a round leaves", 1.0 - speed, left, within));
    Ok(rows)
}

/// The mean of `n` independent contributions of variance 1 has variance `1/n`.
pub(super) fn variance(trial: &Trial) -> Rows {
    let entries = trial.sized(1 << 14, 1 << 17);
    let row = |n: u32| -> Result<Row, CheckError> {
        let tasks = |agent: u32| trial.model(1, 1 + 8 * (agent % 2));
        let deltas: Vec<_> = (0..n)
            .map(|agent| {
                let mut stream = trial.stream(agent, n);
                contribution(tasks(agent), (0..entries).map(|_| stream.normal() as f32))
            })
            .collect();
        let mut merger = Merger::new(Combine::Mean(Mean::default()), entries);
        let all: Vec<_> = deltas.iter().collect();
        let mean = merger.merge(&vec![0.0; entries], &all, &Context::new(trial.seed, 1))?;
        let square = mean.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>();
        let law = 1.0 / f64::from(n);
        // a mean of squares of as many Gaussians: its relative variance is 2/entries
        let within = 4.0 * law * (2.0 / entries as f64).sqrt();
        Ok(Row::within(
            format!("variance of the mean of {n}"),
            law,
            square / entries as f64,
            within,
        ))
    };
    [4, 16, 64].into_iter().map(row).collect()
}

/// A core that follows a random walk of step `q` with gain `η` through `N` agents who see it
/// with noise `σ`: mean square error `((1−η)² q² + η² σ²/N) / (1 − (1−η)²)`.
pub(super) fn tracking(trial: &Trial) -> Rows {
    let (rounds, entries, agents) = (trial.sized(300, 1000_u32), 256, 30_u32);
    let (step, noise, gain) = (0.1, 1.0, 0.3);
    let text = format!(
        "rounds = {rounds}\n[world]\nkind = \"synthetic\"\ntrain_share = 1.0\nfeatures = 1\n\
         sizes = {{ kind = \"fixed\", examples = 1 }}\n[fleet]\nagents = {agents}\n\
         [measure]\npanel = 1\n[engine]\nkind = \"serial\""
    );
    let mut walk = vec![vec![0.0; entries]];
    for round in 1..=rounds as usize {
        let mut stream = trial.stream(u32::MAX, round as u32);
        let next = walk[round - 1].iter().map(|w| w + step * stream.normal()).collect();
        walk.push(next);
    }
    let (truth, trial_of_agents) = (walk.clone(), *trial);
    let seen_with = trial.model(noise, 1.5 * noise);
    let cores = cores(&text, trial, entries, move |agent, round, x| {
        let mut stream = trial_of_agents.stream(agent, round);
        for (x, truth) in x.iter_mut().zip(&truth[round as usize]) {
            let seen = truth + seen_with * stream.normal();
            *x += gain as f32 * (seen as f32 - *x);
        }
    })?;
    // after 50 rounds (1 − η)^50 = 2e-8 of the start is left
    let (mut square, mut n) = (0.0, 0.0);
    for (core, truth) in cores.iter().zip(&walk).skip(50) {
        for (x, w) in core.iter().zip(truth) {
            square += (f64::from(*x) - w) * (f64::from(*x) - w);
            n += 1.0;
        }
    }
    let left = (1.0 - gain) * (1.0 - gain);
    let law = (left * step * step + gain * gain * noise * noise / f64::from(agents)) / (1.0 - left);
    // squares of a Gaussian AR(1) with coefficient 1 − η: n (1 − c²)/(1 + c²) are independent
    let independent = n * (1.0 - left) / (1.0 + left);
    let within = 4.0 * law * (2.0 / independent).sqrt();
    Ok(vec![Row::within("mean square error of the core", law, square / n, within)])
}
