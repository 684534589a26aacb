//! Federated data end to end: another implementation's results beside hivesim's, small data sets
//! as LEAF JSON and as Parquet, and what is wrong with a data set.

#[path = "federated/reference.rs"]
mod reference;
#[path = "federated/small.rs"]
mod small;

use hivesim::engine::{Experiment, Silent};
use hivesim::maths::ln;
use hivesim::measure::Outcome;
use hivesim::scenario::Scenario;

fn run(text: &str, sets: &[&str]) -> Outcome {
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    let scenario = Scenario::parse(text, "federated", &sets).unwrap_or_else(|e| panic!("{e}"));
    Experiment::new(scenario).run(&Silent).unwrap_or_else(|e| panic!("{e}"))
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
