//! Closed forms that the engine must come to. Every law is a list of rows (what the formula
//! gives, what hivesim gives, how far apart they may be); the tests hold the rows to it, and
//! `examples/validation` prints the same rows into docs/validation.md.

#[path = "laws/toy.rs"]
mod toy;

use hivesim::engine::{Experiment, Silent};
use hivesim::ids::AgentId;
use hivesim::maths::{ln, pow};
use hivesim::measure::{Trace, quality};
use hivesim::merge::{Context, Contribution, Flat, Group, MergeError, Pipeline, Strategy, Vectors};
use hivesim::params::{Layout, Sparse};
use hivesim::scenario::{self, Scenario};
use hivesim::stream::{Purpose, Stream};
use hivesim::world;
use std::path::Path;

/// A formula's number beside hivesim's.
pub struct Row {
    /// What is compared.
    pub what: String,
    /// What the formula gives.
    pub law: f64,
    /// What hivesim gives.
    pub got: f64,
    /// How far apart they may be.
    pub within: f64,
}

impl Row {
    fn new(what: impl Into<String>, law: f64, got: f64, within: f64) -> Self {
        Row { what: what.into(), law, got, within }
    }
}

fn run(text: &str, sets: &[String]) -> Trace {
    let scenario = Scenario::parse(text, "law", sets).unwrap_or_else(|e| panic!("{e}"));
    Experiment::new(scenario).run(&Silent).unwrap_or_else(|e| panic!("{e}")).hive
}

/// FedAvg on quadratics `a_i (x − b_i)²/2`, `τ_i` local steps of rate `η`: with `w_i` the
/// agents' weights and `q_i = 1 − (1 − η a_i)^τ_i`, a round takes the core `Σwq` of the way to
/// `Σwqb / Σwq`.
pub fn fedavg_on_quadratics() -> Vec<Row> {
    let (agents, entries, rate) = (10, 8, 0.1);
    let text = format!(
        "rounds = 60\n[world]\nkind = \"synthetic\"\nsizes = {{ kind = \"lognormal\", sigma = 1.0 }}\n\
         [fleet]\nagents = {agents}\n[measure]\npanel = 1\n[engine]\nkind = \"serial\""
    );
    let curvature = |agent: u32| 0.5 + 0.15 * f64::from(agent);
    let steps = |agent: u32| 1 + agent % 10;
    let centre =
        |agent: u32, entry: usize| Stream::new(3, Purpose::Job, agent, entry as u32).normal() + 1.0;
    let cores = toy::cores(&text, entries, move |agent, _, entry, x| {
        let (pull, b) = ((rate * curvature(agent)) as f32, centre(agent, entry) as f32);
        (0..steps(agent)).fold(x, |x, _| x - pull * (x - b))
    });
    let scenario = Scenario::parse(&text, "law", &[]).unwrap_or_else(|e| panic!("{e}"));
    let data = world::build(&scenario).unwrap_or_else(|e| panic!("{e}"));
    let weight = |agent| data.holdings(AgentId(agent)).map_or(0, |h| h.0.len());
    let total: usize = (0..agents).map(weight).sum();
    let wq = |agent: u32| {
        let w = weight(agent) as f64 / total as f64;
        w * (1.0 - pow(1.0 - rate * curvature(agent), f64::from(steps(agent))))
    };
    let speed: f64 = (0..agents).map(wq).sum();
    let end = &cores[cores.len() - 1];
    // A round rounds 3 operations a step (10 at most), the sum over 10 agents, and the mean,
    // each by 2^-24 of numbers below 4; a fixed point gathers 1/Σwq rounds of that.
    let within = f64::from(3 * 10 + agents + 3) * pow(2.0, -24.0) * 4.0 / speed;
    let mut rows = Vec::new();
    let fixed = |entry: usize| (0..agents).map(|i| wq(i) * centre(i, entry)).sum::<f64>() / speed;
    for entry in 0..2 {
        let what = format!("FedAvg on quadratics: fixed point, entry {entry}");
        rows.push(Row::new(what, fixed(entry), f64::from(end[entry]), within));
    }
    let gap = |round: usize| f64::from(cores[round][0]) - fixed(0);
    // two gaps of about 0.1 or more, each within the error above
    let left = gap(2) / gap(1);
    let within = 2.0 * within / gap(1).abs();
    rows.push(Row::new("FedAvg on quadratics: gap left by a round", 1.0 - speed, left, within));
    rows
}

/// A core that follows a random walk of step `q` with gain `η` through `N` agents who see it
/// with noise `σ`: mean square error `((1−η)² q² + η² σ²/N) / (1 − (1−η)²)`.
pub fn tracking_a_random_walk() -> Vec<Row> {
    let (rounds, entries, agents) = (400_u32, 256, 30_u32);
    let (step, noise, gain) = (0.1, 1.0, 0.3);
    let text = format!(
        "rounds = {rounds}\n[world]\nkind = \"synthetic\"\ntrain_share = 1.0\n\
         sizes = {{ kind = \"fixed\", examples = 1 }}\n[fleet]\nagents = {agents}\n\
         [measure]\npanel = 1\n[engine]\nkind = \"serial\""
    );
    let mut walk = vec![vec![0.0; entries]];
    for round in 1..=rounds as usize {
        let mut stream = Stream::new(1, Purpose::Drift, 0, round as u32);
        let next = walk[round - 1].iter().map(|w| w + step * stream.normal()).collect();
        walk.push(next);
    }
    let truth = walk.clone();
    let cores = toy::cores(&text, entries, move |agent, round, entry, x| {
        let mut stream = Stream::new(2, Purpose::Job, agent * entries as u32 + entry as u32, round);
        let seen = truth[round as usize][entry] + noise * stream.normal();
        x + gain as f32 * (seen as f32 - x)
    });
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
    vec![Row::new("core tracks a random walk: mean square error", law, square / n, within)]
}

/// The time of a softmax policy over `K` answers from chance to probability .9 of the right
/// one: told, `ln(p/(1−p)) + 1/(1−p)`; rewarded, `2 ln(p/(1−p)) + 1/(1−p) − 1/p`, as
/// differences between end and start. Ratios of the two.
pub fn told_and_rewarded() -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    write_one_task(folder.path(), 1024);
    [(10_u32, 500), (100, 2_000), (256, 4_500)]
        .into_iter()
        .map(|(answers, rounds)| {
            let time = |feedback: &str, rounds: u32| {
                let sets = [
                    format!("world.path={}", folder.path().display()),
                    format!("world.answers={answers}"),
                    format!("feedback.kind={feedback}"),
                    format!("rounds={rounds}"),
                ];
                passes(&run(ONE_TASK, &sets), -ln(0.9))
            };
            let got = time("verifiable", rounds) / time("semantic", 500);
            let told = |p: f64| ln(p / (1.0 - p)) + 1.0 / (1.0 - p);
            let rewarded = |p: f64| 2.0 * ln(p / (1.0 - p)) + 1.0 / (1.0 - p) - 1.0 / p;
            let from = 1.0 / f64::from(answers);
            let law = (rewarded(0.9) - rewarded(from)) / (told(0.9) - told(from));
            // Steps of 0.1 instead of a flow: half a step in each time, 0.4 % of the shortest.
            // Rewards: the slow start, 1/p rounds/η, sees η⁻¹ · 1024 of them for a unit of the
            // logit: 1 % of noise, four times that.
            Row::new(
                format!("rewarded over told, {answers} answers: time to .9"),
                law,
                got,
                0.045 * law,
            )
        })
        .collect()
}

/// One agent, one task that it sees 1024 times a round in one gradient step.
const ONE_TASK: &str = "[world]\nkind = \"dataset\"\npath = \"-\"\n[learner]\nrate = 0.1\n\
                        solver = { batch = 1024 }\n[feedback]\nbaseline_rate = 0.0\n\
                        [measure]\nevery = 5\n[engine]\nkind = \"serial\"";

/// LEAF files with a single user whose examples all have input 0 and answer 0.
fn write_one_task(folder: &Path, examples: usize) {
    let (x, y) = (vec![[0.0]; examples], vec![0; examples]);
    let data = serde_json::json!({
        "users": ["one"], "num_samples": [examples], "user_data": { "one": { "x": x, "y": y } }
    });
    for part in ["train.json", "test.json"] {
        std::fs::write(folder.join(part), data.to_string()).unwrap_or_else(|e| panic!("{e}"));
    }
}

/// The round at which the training loss falls below a level, on the line between measurements.
fn passes(trace: &Trace, level: f64) -> f64 {
    let mut before = (0.0, f64::INFINITY);
    for row in trace.rounds.iter().filter(|row| !row.train_loss.is_nan()) {
        let now = (f64::from(row.round), row.train_loss);
        if now.1 < level {
            return now.0 - (now.0 - before.0) * (level - now.1) / (before.1 - now.1);
        }
        before = now;
    }
    panic!("the loss never falls below {level}; it ends at {}", before.1)
}

/// A share `s` of agents that send `−a` times what they learned leaves `1 − s(1 + a)` of the
/// mean: the hive learns below the share `1/(1 + a)`, and not above.
pub fn sign_flip_on_the_mean() -> Vec<Row> {
    let level = |flipped: usize| {
        let scenario = Scenario::parse(FLIPPED, "law", &[]).unwrap_or_else(|e| panic!("{e}"));
        let experiment = Experiment::new(scenario).with_strategy(move || Box::new(Flip(flipped)));
        let outcome = experiment.run(&Silent).unwrap_or_else(|e| panic!("{e}"));
        outcome.hive.rounds[30].core_skill
    };
    // agents of 200; the last number that still learns and the first that does not
    let learns = (0..=10).map(|i| 28 + i).take_while(|n| level(*n) > 0.1).last().unwrap_or(0);
    let law = 1.0 / (1.0 + f64::from(FACTOR));
    vec![Row::new(
        "sign flip × 5 on the mean: share that ends learning",
        law,
        (learns as f64 + 0.5) / 200.0,
        0.02,
    )]
}

const FACTOR: f32 = 5.0;
const FLIPPED: &str =
    "rounds = 30\n[world]\nkind = \"mixed-effects\"\ncompany = 0.0\n[measure]\nevery = 30";

/// The mean, with so many of the contributions turned round.
struct Flip(usize);

impl Strategy for Flip {
    fn name(&self) -> &'static str {
        "flip"
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        // spread evenly over the 200 agents, because companies are neighbours
        let flips = |i: usize| (i + 1) * self.0 / 200 > i * self.0 / 200;
        let factor = |i: usize| if flips(i) { -FACTOR } else { 1.0 };
        let factors: Vec<f32> = group.members().iter().map(|m| factor(m.id as usize)).collect();
        group.write(|segment, out| {
            let total: f64 = segment.rows.iter().map(|row| row.weight).sum();
            let share =
                |row: &hivesim::merge::Row<'_>| (row.weight / total) as f32 * factors[row.member];
            let shares: Vec<f32> = segment.rows.iter().map(share).collect();
            out.weighted(&shares, &segment.values());
            Ok(())
        })
    }
}

/// What a strategy makes of 21 contributions of which `attackers` send `size` and the others 0.
fn merged(combine: &str, attackers: u32, size: f32) -> f64 {
    let layout = Layout::new([8]);
    let deltas: Vec<Sparse> = (0..21)
        .map(|agent| {
            let mut delta = Sparse::default();
            delta.push(0, 5, 8).fill(if agent % 21 < attackers { size } else { 0.0 });
            delta
        })
        .collect();
    let all: Vec<_> = deltas.iter().map(|delta| Contribution::fresh(AgentId(0), delta)).collect();
    let (base, mut next) = ([0.0; 8], [0.0; 8]);
    let combine = toml::from_str(combine).unwrap_or_else(|e| panic!("{e}"));
    let spec = scenario::Distiller { combine, ..scenario::Distiller::default() };
    let absent = scenario::Absent::Skip;
    let mut vectors = Vectors::contributions(&layout, &Flat, &base, &all, absent, &mut next);
    Pipeline::new(&spec).merge(&mut vectors, &Context::new(1, 1)).unwrap_or_else(|e| panic!("{e}"));
    f64::from(next[0])
}

/// One contribution of 21 moves the mean by a 21st of itself, however large it is: breakdown
/// point 0.
pub fn breakdown_of_the_mean() -> Vec<Row> {
    [1.0, 1e6_f32]
        .into_iter()
        .map(|size| {
            let law = f64::from(size) / 21.0;
            // the weighted value, the share and their product are rounded: three half units
            let within = 3.0 * pow(2.0, -24.0) * law;
            let what = format!("mean of 21, one sends {size:e}: the core moves");
            Row::new(what, law, merged("kind = 'mean'", 1, size), within)
        })
        .collect()
}

/// The least number of attackers of 21, all sending the same, that move the core without bound:
/// one more than are cut off or held against, half of all for medians.
pub fn breakdown_points() -> Vec<Row> {
    let points = [
        ("mean", "kind = 'mean'", 1),
        ("trimmed-mean, f = 5", "kind = 'trimmed-mean'\nf = 5", 6),
        ("median", "kind = 'median'", 11),
        ("geometric-median", "kind = 'geometric-median'\niterations = 1000", 11),
        ("mean-around-median, f = 10", "kind = 'mean-around-median'\nf = 10", 11),
    ];
    let row = |(name, spec, law): (&str, &str, u32)| {
        let breaks = |f: &u32| merged(spec, *f, 1e9).abs() > 1e6;
        let got = (1..=21).find(breaks).unwrap_or(22);
        let what = format!("{name} of 21: attackers that break it");
        Row::new(what, f64::from(law), f64::from(got), 0.0)
    };
    points.into_iter().map(row).collect()
}

/// Two contributions whose entries are jointly normal with correlation `ρ` differ in sign with
/// probability `arccos(ρ)/π`.
pub fn sign_conflict() -> Vec<Row> {
    let n = 100_000;
    let layout = Layout::new([n]);
    [0.0_f64, 0.3, 0.9]
        .into_iter()
        .map(|rho| {
            let mut stream = Stream::new(4, Purpose::Job, 0, 0);
            let (mut a, mut b) = (Sparse::default(), Sparse::default());
            let (to_a, to_b) = (a.push(0, 1, n), b.push(0, 1, n));
            for (a, b) in to_a.iter_mut().zip(to_b) {
                let shared = stream.normal();
                *a = shared as f32;
                *b = (rho * shared + (1.0 - rho * rho).sqrt() * stream.normal()) as f32;
            }
            let got = quality(&layout, &[&a, &b], &vec![0.0; n]).sign_conflict;
            let law = 0.5 - libm::asin(rho) / std::f64::consts::PI;
            let within = 4.0 * (law * (1.0 - law) / n as f64).sqrt();
            Row::new(format!("sign conflict at correlation {rho}"), law, got, within)
        })
        .collect()
}

/// The entropy of an agent's answers in the paper world: the authors' `generate_synthetic.py`
/// (numpy 2.4, 20,000 devices of 200 examples) against the world `synthetic` (500 agents of
/// each of four seeds). It hangs on every part of the generator: the models' and inputs'
/// means, the covariance, the bias.
pub fn answers_of_the_paper_world() -> Vec<Row> {
    // (alpha = beta, mean entropy in nats, its standard error)
    [(0.0, 0.448_80, 0.002_75), (0.5, 0.411_59, 0.002_69), (1.0, 0.352_89, 0.002_59)]
        .into_iter()
        .map(|(spread, law, error)| {
            let entropies: Vec<f64> =
                (1..=4).flat_map(|seed| entropies(spread, 500, seed)).collect();
            let n = entropies.len() as f64;
            let mean = entropies.iter().sum::<f64>() / n;
            let variance = entropies.iter().map(|e| (e - mean) * (e - mean)).sum::<f64>() / n;
            let within = 4.0 * (variance / n + error * error).sqrt();
            let what = format!("synthetic({spread}, {spread}): entropy of answers");
            Row::new(what, law, mean, within)
        })
        .collect()
}

/// Entropy of each agent's 200 answers, nats.
fn entropies(spread: f64, agents: u32, seed: u64) -> Vec<f64> {
    let text = format!(
        "seed = {seed}\n[world]\nkind = \"synthetic\"\nalpha = {spread:.1}\nbeta = {spread:.1}\n\
         train_share = 1.0\nsizes = {{ kind = \"fixed\", examples = 200 }}\n\
         [fleet]\nagents = {agents}"
    );
    let scenario = Scenario::parse(&text, "law", &[]).unwrap_or_else(|e| panic!("{e}"));
    let world = world::build(&scenario).unwrap_or_else(|e| panic!("{e}"));
    let of_agent = |agent| {
        let (train, _) = world.holdings(AgentId(agent)).expect("this world has fixed data");
        let share = |k: u32| train.answers.iter().filter(|y| **y == k).count() as f64 / 200.0;
        (0..10).map(share).filter(|p| *p > 0.0).map(|p| -p * ln(p)).sum()
    };
    (0..agents).map(of_agent).collect()
}

#[cfg(test)]
fn hold(rows: Vec<Row>) {
    for Row { what, law, got, within } in rows {
        assert!((got - law).abs() <= within, "{what}: {got}, not {law} ± {within}");
    }
}

#[test]
fn fedavg_on_quadratics_goes_to_its_fixed_point_at_its_rate() {
    hold(fedavg_on_quadratics());
}

#[test]
fn a_core_tracks_a_random_walk_as_well_as_theory_says() {
    hold(tracking_a_random_walk());
}

#[test]
fn rewards_teach_slower_than_answers_by_the_ratio_of_the_flows() {
    hold(told_and_rewarded());
}

#[test]
fn sign_flippers_end_learning_at_the_share_where_the_mean_turns() {
    hold(sign_flip_on_the_mean());
}

#[test]
fn one_contribution_moves_the_mean_without_bound() {
    hold(breakdown_of_the_mean());
    hold(breakdown_points());
}

#[test]
fn sign_conflict_follows_the_arccosine() {
    hold(sign_conflict());
}

#[test]
fn the_paper_worlds_answers_vary_as_its_authors_do() {
    hold(answers_of_the_paper_world());
}
