//! A round of a million agents on ranks and in the pool, on as many cores:
//! `cargo bench --features mpi --bench mpi`.

mod common;

use std::path::Path;
use std::process::Command;

/// Ranks, and threads of the pool beside them.
const CORES: u32 = 2;

/// Runs of each; they take turns, so that both meet the same noise.
const REPEATS: usize = 3;

const ROUNDS: u32 = 6;

/// The seconds of a round of `million.toml`, and the hash of the result.
fn round(command: &mut Command, engine: &str, threads: u32) -> (f64, String) {
    let out = std::env::temp_dir().join(format!("hivesim-mpi-bench-{}", std::process::id()));
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/million.toml");
    let output = command
        .arg("run")
        .arg(scenario)
        .args(["--json", "--engine", engine, "--threads", &threads.to_string()])
        .args(["--set", &format!("rounds={ROUNDS}"), "--set", &format!("measure.every={ROUNDS}")])
        .arg("--out")
        .arg(&out)
        .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
        .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
        .output()
        .expect("the command runs");
    let _ = std::fs::remove_dir_all(out);
    let err = String::from_utf8_lossy(&output.stderr);
    let run: serde_json::Value = serde_json::from_slice(&output.stdout).expect(&err);
    let seconds = run["hive_seconds"].as_f64().expect("a run takes some time");
    (seconds / f64::from(ROUNDS), run["result_hash"].to_string())
}

fn main() {
    let hivesim = env!("CARGO_BIN_EXE_hivesim");
    let pool = || round(&mut Command::new(hivesim), "pool", CORES);
    let ranks = || {
        let mut command = Command::new("mpirun");
        command.args(["--oversubscribe", "-n", &CORES.to_string(), hivesim]);
        round(&mut command, "mpi", 1)
    };
    let (mut pools, mut spreads) = (Vec::new(), Vec::new());
    for _ in 0..REPEATS {
        let (one, many) = (pool(), ranks());
        assert_eq!(one.1, many.1, "one meaning");
        pools.push(one.0);
        spreads.push(many.0);
    }
    let median = |all: &[f64]| common::median(all.to_vec()).expect("some runs");
    let row = |name: &str, all: &[f64]| {
        let (least, most) = all.iter().fold((f64::MAX, 0.0), |(a, b), x| (x.min(a), x.max(b)));
        format!("| {name} | {:.3} s | {least:.3} s to {most:.3} s |", median(all))
    };
    let text = [
        "| a round of 1,000,000 agents | median | range |".into(),
        "| --- | --- | --- |".into(),
        row(&format!("`pool`, {CORES} threads"), &pools),
        row(&format!("`mpi`, {CORES} ranks"), &spreads),
        String::new(),
        format!("Ranks take {:.2} times as long.", median(&spreads) / median(&pools)),
    ];
    common::publish("mpi", &text.join("\n"));
}
