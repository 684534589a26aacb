//! Runs of a scenario with keys set, and the hash that engines have in common.

use hivesim::engine::{Experiment, Silent};
use hivesim::measure::Outcome;
use hivesim::scenario::Scenario;

/// Engines and thread counts that are held to the serial reference.
#[allow(dead_code, reason = "fleets of numbers have others")]
pub const MACHINES: &[(&str, u32)] = &[
    ("pool", 1),
    ("pool", 2),
    ("pool", 3),
    ("pool", 8),
    ("tasks", 1),
    ("tasks", 2),
    ("tasks", 3),
    ("tasks", 8),
];

/// Runs a scenario with keys set, `KEY=VALUE` between spaces.
pub fn run(text: &str, sets: &str) -> Outcome {
    let sets: Vec<String> = sets.split_whitespace().map(str::to_owned).collect();
    let scenario = Scenario::parse(text, "test", &sets).unwrap_or_else(|e| panic!("{sets:?}: {e}"));
    Experiment::new(scenario).run(&Silent).unwrap_or_else(|e| panic!("{sets:?}: {e}"))
}

/// The hash of a run on an engine.
#[allow(dead_code, reason = "free agents have none in common")]
pub fn hash(text: &str, sets: &str, engine: &str, threads: u32) -> String {
    run(text, &format!("{sets} engine.kind={engine} engine.threads={threads}")).result_hash
}

/// The hash that the serial engine and some machines have in common.
#[allow(dead_code, reason = "free agents have none in common")]
pub fn common_hash(text: &str, sets: &str, machines: &[(&str, u32)]) -> String {
    let reference = hash(text, sets, "serial", 1);
    for (engine, threads) in machines {
        assert_eq!(hash(text, sets, engine, *threads), reference, "{engine} {threads} {sets}");
    }
    reference
}
