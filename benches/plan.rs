//! What `hivesim plan` says beside what a run then takes, for fleets larger than any pilot:
//! `cargo bench --features mpi --bench plan` (without the feature, on one process alone).

mod common;

use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Name, scenario, keys, ranks.
type Case = (&'static str, &'static str, &'static [&'static str], u32);

const CASES: &[Case] = &[
    ("million agents", "million", &[], 1),
    ("mean", "first-hive", &["fleet.agents=400000", "rounds=8"], 1),
    (
        "median",
        "first-hive",
        &["fleet.agents=80000", "rounds=6", "distiller.combine.kind=median"],
        1,
    ),
    ("TIES", "first-hive", &["fleet.agents=60000", "rounds=6", "distiller.combine.kind=ties"], 1),
    ("Krum", "first-hive", &["fleet.agents=6500", "rounds=4", "distiller.combine.kind=krum"], 1),
    (
        "wider core, other seed",
        "first-hive",
        &["fleet.agents=60000", "rounds=6", "world.features=64", "world.answers=16", "seed=7"],
        1,
    ),
    (
        "tenth at work",
        "first-hive",
        &["fleet.agents=400000", "fleet.participants=40000", "rounds=8"],
        1,
    ),
    (
        "hierarchy",
        "first-hive",
        &["fleet.agents=60000", "rounds=6", "distiller.topology=hierarchical"],
        1,
    ),
    (
        "out of step",
        "stragglers",
        &["fleet.agents=40000", "distiller.schedule.learnings=4000", "rounds=40"],
        1,
    ),
    ("many rounds", "million", &["fleet.agents=200000", "world.companies=200", "rounds=40"], 1),
    ("million agents", "million", &[], 2),
    ("mean", "first-hive", &["fleet.agents=400000", "rounds=8"], 2),
    (
        "median",
        "first-hive",
        &["fleet.agents=60000", "rounds=6", "distiller.combine.kind=median"],
        2,
    ),
    ("Krum", "first-hive", &["fleet.agents=6500", "rounds=4", "distiller.combine.kind=krum"], 2),
    (
        "geometric median",
        "first-hive",
        &["fleet.agents=60000", "rounds=6", "distiller.combine.kind=geometric-median", "seed=3"],
        2,
    ),
    ("million agents", "million", &["fleet.agents=400000", "world.companies=400"], 4),
];

/// Runs of each case.
const REPEATS: usize = 3;

fn main() {
    let mut rows = vec![
        "| case | agents | ranks | time a round: plan, run | | memory of a rank: plan, run | | bytes a round: plan, run | |".to_owned(),
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    let mut worst = 0.0_f64;
    for (name, scenario, sets, ranks) in CASES {
        if *ranks > 1 && !cfg!(feature = "mpi") {
            continue;
        }
        let plan = plan(scenario, sets, *ranks);
        let run = median_run(scenario, sets, *ranks);
        let rounds = plan["rounds"].as_f64().expect("rounds");
        let here = if plan["here"].is_null() { &plan } else { &plan["here"] };
        let of = |value: &Value, key: &str| value[key].as_f64().expect(key);
        let bytes = match ranks {
            // of agents where there are no ranks, and else of the first
            1 => (of(&plan, "bytes_up"), run.up / rounds),
            _ => (of(&plan, "busiest_bytes"), run.mail / rounds),
        };
        let pairs = [
            (of(here, "run_seconds") / rounds, run.seconds / rounds),
            (of(&plan, "rank_memory_bytes"), run.memory),
            bytes,
        ];
        let [time, memory, bytes] = pairs.map(|(plan, run)| {
            let off = plan / run - 1.0;
            worst = worst.max(off.abs());
            (plan, run, format!("{:+.1} %", 100.0 * off))
        });
        let cells = [
            format!("{:.4} s, {:.4} s | {}", time.0, time.1, time.2),
            format!("{:.1} MB, {:.1} MB | {}", memory.0 / 1e6, memory.1 / 1e6, memory.2),
            format!("{:.2} MB, {:.2} MB | {}", bytes.0 / 1e6, bytes.1 / 1e6, bytes.2),
        ];
        let row = format!("| {name} | {} | {ranks} | {} |", plan["agents"], cells.join(" | "));
        println!("{row}");
        rows.push(row);
    }
    rows.push(String::new());
    rows.push(format!("The plan that is furthest off is so by {:.0} %.", 100.0 * worst));
    common::publish("plan", &rows.join("\n"));
}

fn file(scenario: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(scenario).with_extension("toml")
}

/// The keys of a case; bounds are fleets of their own, which no plan counts.
fn keys(sets: &[&str]) -> Vec<String> {
    let all = sets.iter().copied().chain(["measure.bounds=[]"]);
    all.flat_map(|set| ["--set".to_owned(), set.to_owned()]).collect()
}

fn output(command: &mut Command) -> Value {
    let output = command.output().expect("the command runs");
    let err = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{err}"))
}

fn plan(scenario: &str, sets: &[&str], ranks: u32) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hivesim"));
    command.arg("plan").arg(file(scenario)).arg("--json").args(keys(sets));
    if ranks > 1 {
        command.args(["--threads", "1", "--nodes", "1", "--ranks", &ranks.to_string()]);
    }
    output(&mut command)
}

/// What a run took.
struct Run {
    seconds: f64,
    memory: f64,
    up: f64,
    mail: f64,
}

/// The run of several that took neither longest nor least: what memory is free, and in which pages, makes
/// a fifth of a difference to fleets of gigabytes.
fn median_run(scenario: &str, sets: &[&str], ranks: u32) -> Run {
    let mut runs: Vec<Run> = (0..REPEATS).map(|_| run(scenario, sets, ranks)).collect();
    runs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    runs.swap_remove(REPEATS / 2)
}

fn run(scenario: &str, sets: &[&str], ranks: u32) -> Run {
    let hivesim = env!("CARGO_BIN_EXE_hivesim");
    let out = std::env::temp_dir().join(format!("hivesim-plan-bench-{}", std::process::id()));
    let mut command = match ranks {
        1 => Command::new(hivesim),
        _ => {
            let mut command = Command::new("mpirun");
            command.args(["--oversubscribe", "-n", &ranks.to_string(), hivesim]);
            command
        }
    };
    command.arg("run").arg(file(scenario)).arg("--json").args(keys(sets)).arg("--out").arg(&out);
    command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    if ranks > 1 {
        command.args(["--engine", "mpi", "--threads", "1"]);
    }
    let summary = output(&mut command);
    let manifest = std::fs::read_to_string(out.join("manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    let _ = std::fs::remove_dir_all(out);
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    Run {
        seconds: number(&summary["hive_seconds"]),
        memory: number(&manifest["peak_memory_bytes"]),
        up: number(&summary["bytes_up"]),
        mail: number(&manifest["mail"]["sent_bytes"]) + number(&manifest["mail"]["received_bytes"]),
    }
}
