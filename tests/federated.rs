//! Federated data end to end: a plain loop in double precision and another implementation's
//! results beside hivesim's, small data sets as LEAF JSON and as Parquet, and what is wrong
//! with a data set.

#[path = "federated/reference.rs"]
mod reference;
#[path = "federated/small.rs"]
mod small;

use hivesim::engine::{Experiment, Silent};
use hivesim::ids::AgentId;
use hivesim::maths::{exp, ln};
use hivesim::measure::Outcome;
use hivesim::scenario::Scenario;
use hivesim::stream::{Purpose, Stream};
use hivesim::world;

fn run(text: &str, sets: &[&str]) -> Outcome {
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    let scenario = Scenario::parse(text, "federated", &sets).unwrap_or_else(|e| panic!("{e}"));
    Experiment::new(scenario).run(&Silent).unwrap_or_else(|e| panic!("{e}"))
}

const PAPER: &str = "rounds = 12\n[world]\nkind = \"synthetic\"\n\
                     sizes = { kind = \"lognormal\", mean = 3.0, sigma = 1.0, least = 13 }\n\
                     [fleet]\nagents = 12\nparticipants = 5\n[learner]\nrate = 0.01\n\
                     solver = { batch = 10, epochs = 6 }\n[engine]\nkind = \"serial\"";

/// FedAvg and FedProx written down once more, slow and in double precision, on the same data,
/// the same agents, the same order of examples: training losses of all cores.
///
/// Every step subtracts `rate · (gradient + mu (w − θ))`, the last batch of an epoch is what
/// is left over; examples are shuffled afresh every epoch; the core is the mean of the agents'
/// parameters weighted by their examples; a straggler makes 1 to E−1 epochs.
fn plain_losses(scenario: &Scenario, mu: f64, share: f64, keep: bool) -> Vec<f64> {
    let world = world::build(scenario).unwrap();
    let (seed, epochs, agents) = (scenario.seed.0, 6, 12);
    let data = |agent| world.holdings(AgentId(agent)).unwrap().0;
    let (inputs, answers) = (61, 10);
    let probabilities = |w: &[f64], x: &[f32]| {
        let mut p = vec![0.0; answers];
        for (x, row) in x.iter().zip(w.chunks(answers)) {
            p.iter_mut().zip(row).for_each(|(p, w)| *p += f64::from(*x) * w);
        }
        let top = p.iter().copied().fold(f64::MIN, f64::max);
        p.iter_mut().for_each(|p| *p = exp(*p - top));
        let sum: f64 = p.iter().sum();
        p.iter_mut().for_each(|p| *p /= sum);
        p
    };
    let mut core = vec![0.0; inputs * answers];
    let mut losses = Vec::new();
    for round in 1..=13 {
        let (mut loss, mut n) = (0.0, 0.0);
        for tasks in (0..agents).map(data) {
            for task in 0..tasks.len() {
                loss -= ln(probabilities(&core, tasks.row(task))[tasks.answers[task] as usize]);
                n += 1.0;
            }
        }
        losses.push(loss / n);
        let working = Stream::new(seed, Purpose::Participation, 0, round).sample(agents, 5);
        let mut straggling = Stream::new(seed, Purpose::Straggling, 0, round);
        let slow: Vec<(u32, u32)> = straggling
            .sample(5, (share * 5.0).round() as u32)
            .into_iter()
            .map(|place| (working[place as usize], 1 + straggling.below(epochs - 1)))
            .collect();
        let (mut sum, mut weight) = (vec![0.0; core.len()], 0.0);
        for agent in working {
            let part = slow.iter().find(|(slow, _)| *slow == agent).map(|(_, epochs)| *epochs);
            if part.is_some() && !keep {
                continue;
            }
            let (tasks, mut w) = (data(agent), core.clone());
            let mut order: Vec<u32> = (0..tasks.len() as u32).collect();
            let mut shuffle = Stream::new(seed, Purpose::Shuffle, agent, round);
            for _ in 0..part.unwrap_or(epochs) {
                shuffle.shuffle(&mut order);
                for batch in order.chunks(10) {
                    let mut step: Vec<f64> =
                        w.iter().zip(&core).map(|(w, core)| mu * (w - core)).collect();
                    for &task in batch {
                        let x = tasks.row(task as usize);
                        let mut p = probabilities(&w, x);
                        p[tasks.answers[task as usize] as usize] -= 1.0;
                        for (x, row) in x.iter().zip(step.chunks_mut(answers)) {
                            let x = f64::from(*x) / batch.len() as f64;
                            row.iter_mut().zip(&p).for_each(|(s, p)| *s += x * p);
                        }
                    }
                    w.iter_mut().zip(&step).for_each(|(w, s)| *w -= 0.01 * s);
                }
            }
            let n = tasks.len() as f64;
            weight += n;
            sum.iter_mut().zip(&w).for_each(|(sum, w)| *sum += n * w);
        }
        if weight > 0.0 {
            core = sum.iter().map(|s| s / weight).collect();
        }
    }
    losses
}

#[test]
fn a_plain_loop_in_double_precision_gives_the_same_losses() {
    for (mu, share, keep) in
        [(0.0, 0.0, true), (1.0, 0.0, true), (0.0, 0.8, false), (0.0, 0.8, true), (1.0, 0.8, true)]
    {
        let partial = if keep { "keep" } else { "drop" };
        let sets = [
            format!("learner.solver.prox={mu:?}"),
            format!("fleet.stragglers.share={share:?}"),
            format!("fleet.stragglers.partial={partial}"),
        ];
        let outcome = run(PAPER, &sets.each_ref().map(String::as_str));
        let plain = plain_losses(&outcome.scenario, mu, share, keep);
        for (row, plain) in outcome.hive.rounds.iter().zip(&plain) {
            // 12 rounds of up to 6 epochs of about 10 steps, each rounded by 2^-24 of weights
            // below 1 on inputs of norm below 10; of either sign: 4 · √720 · 6e-8 · 10
            assert!((row.train_loss - plain).abs() < 6.4e-5, "{sets:?} {row:?} {plain}");
        }
        let (least, most) =
            plain.iter().fold((9.0_f64, 0.0_f64), |(l, m), v| (l.min(*v), m.max(*v)));
        assert!(most - least > 0.1, "the loss moves far more than that: {plain:?}");
    }
}

/// What an agent knows of the small data sets is in their first feature alone.
#[test]
fn a_hive_learns_the_readers_own_data_from_leaf_and_parquet_alike() {
    let folder = tempfile::tempdir().unwrap();
    let data = small::generated();
    let (leaf, table) = (folder.path().join("leaf"), folder.path().join("data.parquet"));
    small::write_leaf(&leaf, &data);
    small::write_parquet(&table, &data);
    let outcomes = [&leaf, &table].map(|path| {
        let path = format!("world.path={}", path.display());
        run(small::SCENARIO, &[&path])
    });
    let [of_leaf, of_parquet] = &outcomes;
    assert_eq!(of_leaf.result_hash, of_parquet.result_hash);
    assert_eq!(of_leaf.scenario.fleet.agents, 4);
    let rows = &of_leaf.hive.rounds;
    assert!((rows[0].train_loss - ln(3.0)).abs() < 1e-6, "three answers, all alike");
    let last = &rows[rows.len() - 1];
    assert!(last.test_accuracy > 0.9 && last.train_loss < 0.5, "{last:?}");
    assert_eq!(last.tasks, data.iter().map(|user| user.train.len() as u64).sum::<u64>());
    assert!((last.core_skill - last.test_accuracy).abs() < 1e-6, "equal test sets: the same mean");
}

#[test]
fn fewer_agents_than_users_take_the_first_ones() {
    let folder = tempfile::tempdir().unwrap();
    let data = small::generated();
    small::write_leaf(folder.path(), &data);
    let path = format!("world.path={}", folder.path().display());
    let outcome = run(small::SCENARIO, &[&path, "fleet.agents=2"]);
    let first: usize = data[..2].iter().map(|user| user.train.len()).sum();
    assert_eq!(outcome.hive.rounds[1].tasks, first as u64);
    let cut = tempfile::tempdir().unwrap();
    small::write_leaf(cut.path(), &data[..2]);
    let path = format!("world.path={}", cut.path().display());
    let alone = run(small::SCENARIO, &[&path, "world.answers=3"]);
    assert_eq!(outcome.result_hash, alone.result_hash, "the others play no part");
}

/// The command's exit code and what it says of a data set at a path.
fn refusal(path: &std::path::Path, sets: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("own.toml");
    std::fs::write(&scenario, small::SCENARIO).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hivesim"));
    command.arg("run").arg(&scenario).arg("--out").arg(folder.path().join("out"));
    command.arg("--set").arg(format!("world.path={}", path.display()));
    command.args(sets.iter().flat_map(|set| ["--set", set]));
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn what_is_wrong_with_a_data_set_is_said_with_its_place() {
    let data = small::generated();
    let written = || {
        let folder = tempfile::tempdir().unwrap();
        small::write_leaf(folder.path(), &data);
        folder
    };
    let edited = |from: &str, to: &str| {
        let folder = written();
        let path = folder.path().join("train.json");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from}");
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        folder
    };
    let gone = written();
    std::fs::remove_file(gone.path().join("test.json")).unwrap();
    let cases = [
        (written(), &["fleet.agents=9"][..], "9 agents, but"),
        (written(), &["world.answers=2"][..], "label 2"),
        (edited("\"y\":[0,", "\"y\":[-1,"), &[][..], "train.json"),
        (edited("\"users\"", "\"people\""), &[][..], "users"),
        (edited("}", ""), &[][..], "train.json"),
        (gone, &[][..], "test.json"),
    ];
    for (folder, sets, part) in cases {
        let (code, message) = refusal(folder.path(), sets);
        assert_eq!(code, Some(2), "bad input: {message}");
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
    let nowhere = gone_path();
    let (code, message) = refusal(&nowhere, &[]);
    assert!(code == Some(2) && message.contains("there is no such file"), "{code:?} {message}");
}

fn gone_path() -> std::path::PathBuf {
    tempfile::tempdir().unwrap().path().join("not-there")
}
