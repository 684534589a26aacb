//! FedAvg and FedProx: a plain loop in double precision, and the paper's figure.

use super::fleet::hive;
use super::{CheckError, Row, Rows, Trial};
use crate::ids::AgentId;
use crate::maths::{exp, ln};
use crate::measure::Trace;
use crate::scenario::Scenario;
use crate::stream::{Purpose, Stream};
use crate::sweep::statistics::Paired;
use crate::world::{self, Tasks};

const EPOCHS: u32 = 6;
const AGENTS: u32 = 12;
const WORKING: u32 = 5;
const BATCH: usize = 10;
const ROUNDS: u32 = 12;
const RATE: f64 = 0.01;
/// Features with the constant, and answers, of the paper world.
const INPUTS: usize = 61;
const ANSWERS: usize = 10;

fn text(rate: f64) -> String {
    format!(
        "rounds = {ROUNDS}\n[world]\nkind = \"synthetic\"\n\
         sizes = {{ kind = \"lognormal\", mean = 3.0, sigma = 1.0, least = 13 }}\n\
         [fleet]\nagents = {AGENTS}\nparticipants = {WORKING}\n[learner]\nrate = {rate:?}\n\
         solver = {{ batch = {BATCH}, epochs = {EPOCHS} }}\n[engine]\nkind = \"serial\""
    )
}

/// Who pulls how hard, which share of the devices straggles, and whether their work is kept.
#[derive(Clone, Copy)]
struct Algorithm {
    mu: f64,
    share: f64,
    keep: bool,
}

impl Algorithm {
    fn sets(self) -> Vec<String> {
        let Algorithm { mu, share, keep } = self;
        vec![
            format!("learner.solver.prox={mu:?}"),
            format!("fleet.stragglers.share={share:?}"),
            format!("fleet.stragglers.partial={}", if keep { "keep" } else { "drop" }),
        ]
    }

    fn name(self) -> String {
        let Algorithm { mu, share, keep } = self;
        let kept = match (share == 0.0, keep) {
            (true, _) => String::new(),
            (false, true) => format!(", {:.0} % stragglers kept", 100.0 * share),
            (false, false) => format!(", {:.0} % stragglers dropped", 100.0 * share),
        };
        format!("mu {mu}{kept}")
    }
}

/// hivesim beside a plain loop: where the training losses of their cores differ most.
pub(super) fn plain_loop(trial: &Trial) -> Rows {
    [(0.0, 0.0, true), (1.0, 0.0, true), (0.0, 0.8, false), (0.0, 0.8, true), (1.0, 0.8, true)]
        .into_iter()
        .map(|(mu, share, keep)| {
            let algorithm = Algorithm { mu, share, keep };
            let there = text(trial.model(RATE, 1.01 * RATE));
            let trace = hive(&there, trial, &algorithm.sets())?;
            let plain = plain_losses(trial, algorithm)?;
            let pairs = trace.rounds.iter().zip(plain);
            let apart = pairs.map(|(row, plain)| (row.train_loss - plain).abs());
            // what is no number is the largest
            let worst = apart.max_by(f64::total_cmp).unwrap_or(f64::NAN);
            // 12 rounds of up to 6 epochs of about 10 steps, each rounded by 2^-24 of weights
            // below 1 on inputs of norm below 10; of either sign: 4 · √720 · 6e-8 · 10
            let what = format!("{}: largest difference of losses, nats", algorithm.name());
            Ok(Row::within(what, 0.0, worst, 6.4e-5))
        })
        .collect()
}

/// Probabilities of the answers.
fn probabilities(w: &[f64], x: &[f32]) -> [f64; ANSWERS] {
    let mut p = [0.0; ANSWERS];
    for (x, row) in x.iter().zip(w.chunks(ANSWERS)) {
        p.iter_mut().zip(row).for_each(|(p, w)| *p += f64::from(*x) * w);
    }
    let top = p.iter().copied().fold(f64::MIN, f64::max);
    let p = p.map(|p| exp(p - top));
    let sum: f64 = p.iter().sum();
    p.map(|p| p / sum)
}

/// FedAvg and FedProx written down once more, slow and in double precision, on the same data,
/// the same agents, the same order of examples: training losses of all cores.
///
/// Every step subtracts `rate · (gradient + mu (w − θ))`, the last batch of an epoch is what
/// is left over; examples are shuffled afresh every epoch; the core is the mean of the agents'
/// parameters weighted by their examples; a straggler makes 1 to E−1 epochs.
fn plain_losses(trial: &Trial, algorithm: Algorithm) -> Result<Vec<f64>, CheckError> {
    let Algorithm { mu, share, keep } = algorithm;
    let seed = trial.seed;
    let world = world::build(&*Scenario::parse(&text(RATE), "law", &[format!("seed={seed}")])?)?;
    let data: Vec<Tasks<'_>> =
        (0..AGENTS).filter_map(|a| world.holdings(AgentId(a))).map(|(train, _)| train).collect();
    let mut core = vec![0.0; INPUTS * ANSWERS];
    let mut losses = Vec::new();
    for round in 1..=ROUNDS + 1 {
        losses.push(loss(&data, &core));
        let working = Stream::new(seed, Purpose::Participation, 0, round).sample(AGENTS, WORKING);
        let mut straggling = Stream::new(seed, Purpose::Straggling, 0, round);
        let slow: Vec<(u32, u32)> = straggling
            .sample(WORKING, (share * f64::from(WORKING)).round() as u32)
            .into_iter()
            .map(|place| (working[place as usize], 1 + straggling.below(EPOCHS - 1)))
            .collect();
        let (mut sum, mut weight) = (vec![0.0; core.len()], 0.0);
        for agent in working {
            let part = slow.iter().find(|(slow, _)| *slow == agent).map(|(_, epochs)| *epochs);
            if part.is_some() && !keep {
                continue;
            }
            let shuffle = Stream::new(seed, Purpose::Shuffle, agent, round);
            let tasks = data[agent as usize];
            let w = worked(tasks, &core, mu, part.unwrap_or(EPOCHS), shuffle);
            let n = tasks.len() as f64;
            weight += n;
            sum.iter_mut().zip(&w).for_each(|(sum, w)| *sum += n * w);
        }
        if weight > 0.0 {
            core = sum.iter().map(|s| s / weight).collect();
        }
    }
    Ok(losses)
}

/// Mean cross-entropy over all agents' training data, nats.
fn loss(data: &[Tasks<'_>], core: &[f64]) -> f64 {
    let (mut loss, mut n) = (0.0, 0.0);
    for tasks in data {
        for task in 0..tasks.len() {
            loss -= ln(probabilities(core, tasks.row(task))[tasks.answers[task] as usize]);
            n += 1.0;
        }
    }
    loss / n
}

/// Where an agent's epochs lead from the core.
fn worked(tasks: Tasks<'_>, core: &[f64], mu: f64, epochs: u32, mut shuffle: Stream) -> Vec<f64> {
    let mut w = core.to_vec();
    let mut order: Vec<u32> = (0..tasks.len() as u32).collect();
    for _ in 0..epochs {
        shuffle.shuffle(&mut order);
        for batch in order.chunks(BATCH) {
            let mut step: Vec<f64> = w.iter().zip(core).map(|(w, core)| mu * (w - core)).collect();
            for &task in batch {
                let x = tasks.row(task as usize);
                let mut p = probabilities(&w, x);
                p[tasks.answers[task as usize] as usize] -= 1.0;
                for (x, row) in x.iter().zip(step.chunks_mut(ANSWERS)) {
                    let x = f64::from(*x) / batch.len() as f64;
                    row.iter_mut().zip(&p).for_each(|(s, p)| *s += x * p);
                }
            }
            w.iter_mut().zip(&step).for_each(|(w, s)| *w -= RATE * s);
        }
    }
    w
}

/// The last half of a run: loss, its mean change from a core to the next, accuracy.
fn end(trace: &Trace) -> [f64; 3] {
    let rows = &trace.rounds[trace.rounds.len() / 2..];
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let jump = |pair: &[crate::measure::RoundRow]| (pair[1].train_loss - pair[0].train_loss).abs();
    [
        mean(rows.iter().map(|row| row.train_loss).collect()),
        mean(rows.windows(2).map(jump).collect()),
        mean(rows.iter().map(|row| row.test_accuracy).collect()),
    ]
}

/// The paper's setting.
const TEXT: &str = "rounds = 100\n[world]\nkind = \"synthetic\"\n[fleet]\nagents = 30\n\
                    participants = 10\n[learner]\nrate = 0.01\n\
                    solver = { batch = 10, epochs = 20 }\n[measure]\npanel = 0\n\
                    [engine]\nkind = \"serial\"";

/// What keeping stragglers' work does to FedAvg (μ = 0) beside dropping it, on the same data, devices
/// and stragglers: means over the last half of the rounds, paired over seeds. Data sets differ by
/// more than a factor in their losses, so that these are compared by ratios.
pub(super) fn partial_work(trial: &Trial) -> Rows {
    let (seeds, rounds) = trial.sized((12_u64, 40), (30, 100));
    let run = |keep: bool| -> Result<Vec<[f64; 3]>, CheckError> {
        let sets = Algorithm { mu: 0.0, share: 0.9, keep }.sets();
        let world = ["world.alpha=1.0", "world.beta=1.0"].map(str::to_owned);
        let sets = [sets, world.to_vec(), vec![format!("rounds={rounds}")]].concat();
        let seed = |i: u64| trial.seed.wrapping_mul(seeds).wrapping_add(i) & (i64::MAX as u64);
        let of = |i| hive(TEXT, &Trial { seed: seed(i), ..*trial }, &sets).map(|t| end(&t));
        (0..seeds).map(of).collect()
    };
    let (kept, dropped) = (run(trial.model(true, false))?, run(trial.model(false, true))?);
    let paired = |of: fn(&[f64; 3]) -> f64| {
        let of = |ends: &[[f64; 3]]| ends.iter().map(of).collect::<Vec<f64>>();
        Paired::of(&of(&kept), &of(&dropped), trial.seed)
    };
    let ratio = |what: &str, of| {
        let Paired { difference, interval, .. } = paired(of);
        let what = format!(
            "{what}, kept over dropped: {:.3} in the mean of {seeds} seeds, upper end of its 95 % \
             interval",
            exp(difference)
        );
        Row::at_most(what, 1.0, exp(interval.high))
    };
    let accuracy = paired(|end| end[2]);
    let what = format!(
        "test accuracy, kept less dropped: {:.3} in the mean, lower end of its interval",
        accuracy.difference
    );
    // Of 100 seeds 99 had a lower loss with the work kept after 40 rounds, and 93 after 100; the mean
    // was five standard errors of twelve seeds away from a ratio of 1, and so were the others.
    Ok(vec![
        ratio("training loss", |end| ln(end[0])),
        ratio("jumps of the loss", |end| ln(end[1])),
        Row::at_least(what, 0.0, accuracy.interval.low),
    ])
}

/// Order and shape of the paper's Figure 2, on data of two seeds.
pub(super) fn figure(trial: &Trial) -> Rows {
    let run = |world: &str, mu: f64, share: f64, keep: bool, seed: u64| {
        let mut sets = Algorithm { mu, share, keep }.sets();
        sets.extend(world.split(' ').map(str::to_owned));
        hive(TEXT, &Trial { seed, ..*trial }, &sets).map(|trace| end(&trace))
    };
    let pull = trial.model(1.0, 0.0);
    let keep = trial.model(true, false);
    let mut rows = Vec::new();
    for seed in [trial.seed, trial.seed.wrapping_add(1) & (i64::MAX as u64)] {
        let worlds = "world.alpha=1.0 world.beta=1.0";
        let fedavg = run(worlds, 0.0, 0.9, false, seed)?;
        let fedprox = run(worlds, pull, 0.9, keep, seed)?;
        let iid = "world.iid=true";
        let (even, even_pulled) =
            (run(iid, 0.0, 0.0, false, seed)?, run(iid, pull, 0.0, true, seed)?);
        // Of five seeds and 200 rounds (the table below) mu = 1 had 0.26 to 0.4 of the loss, a
        // fortieth of the jumps, and 0.13 to 0.21 less accuracy where devices are alike.
        let mut at_most = |what: &str, expected, measured| {
            let what = format!("{what}, seed {seed}");
            rows.push(Row::at_most(what, expected, measured));
        };
        at_most("(1, 1), 90 % stragglers: loss over FedAvg's", 0.7, fedprox[0] / fedavg[0]);
        at_most("(1, 1), 90 % stragglers: jumps over FedAvg's", 0.2, fedprox[1] / fedavg[1]);
        at_most("IID: accuracy less FedAvg's", -0.05, even_pulled[2] - even[2]);
    }
    Ok(rows)
}
