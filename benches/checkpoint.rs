//! What a checkpoint takes, next to the disk's own pace: `cargo bench --bench checkpoint`.

#![allow(clippy::disallowed_methods, reason = "benchmarks read the clock")]

mod common;

use hivesim::engine::{Experiment, Moment, Safekeeping, Silent, State, Vault};
use hivesim::record::{Checkpoints, Progress, RunDirectory};
use hivesim::scenario::{Checkpoint, Scenario};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

const SCENARIO: &str = include_str!("../scenarios/million.toml");

/// A vault with a clock.
struct Timed<'a> {
    checkpoints: Checkpoints<'a>,
    folder: &'a Path,
    /// Round, the share of agents that changed, seconds, bytes written.
    kept: Mutex<Vec<(u32, f64, f64, u64)>>,
}

impl Vault for Timed<'_> {
    fn wants(&self, moment: Moment) -> bool {
        self.checkpoints.wants(moment)
    }

    fn keep(&self, moment: Moment, state: State<'_>) -> bool {
        let changed = state.agents.as_ref().map_or(1.0, |agents| agents.changed);
        let begun = Instant::now();
        let kept = self.checkpoints.keep(moment, state);
        let seconds = begun.elapsed().as_secs_f64();
        let newest = self.checkpoints_of_newest();
        self.kept.lock().unwrap().push((moment.round, changed, seconds, newest));
        kept
    }
}

impl Timed<'_> {
    /// Bytes of the newest head and its own file of agents.
    fn checkpoints_of_newest(&self) -> u64 {
        let entries = fs::read_dir(self.folder.join("checkpoints")).unwrap().flatten();
        let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
        files
            .retain(|path| path.extension().is_some_and(|kind| kind == "head" || kind == "agents"));
        let stem = files.iter().filter_map(|path| path.file_stem()).max().map(ToOwned::to_owned);
        let own = files.iter().filter(|path| path.file_stem() == stem.as_deref());
        own.map(|path| path.metadata().unwrap().len()).sum()
    }
}

/// Bytes a second that the disk takes: a file of so many, written a mebibyte at a time and flushed.
fn disk(folder: &Path, bytes: u64) -> f64 {
    let piece: Vec<u8> = (0..1_u32 << 18).flat_map(u32::to_le_bytes).collect();
    let path = folder.join("limit");
    let begun = Instant::now();
    let mut file = File::create(&path).unwrap();
    for _ in 0..bytes.div_ceil(piece.len() as u64) {
        file.write_all(&piece).unwrap();
    }
    file.sync_all().unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    fs::remove_file(path).unwrap();
    (bytes.next_multiple_of(piece.len() as u64)) as f64 / seconds
}

fn main() {
    let mut lines = vec![
        "| agents | at work in a round | what is written | MB | seconds | MB/s | the disk, MB/s | a round, s |"
            .to_string(),
        "| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |".into(),
    ];
    for (agents, participants, rounds) in [
        (10_000, 0, 5),
        (100_000, 0, 5),
        (100_000, 1000, 9),
        (1_000_000, 0, 3),
        (1_000_000, 10_000, 5),
    ] {
        let sets = [
            format!("fleet.agents={agents}"),
            format!("fleet.participants={participants}"),
            format!("world.companies={}", agents / 1000),
            format!("rounds={rounds}"),
            "engine.kind=pool".into(),
        ];
        let scenario = Scenario::parse(SCENARIO, "million.toml", &sets).unwrap();
        let temporary = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let folder = temporary.path();
        let directory = RunDirectory::create(folder).unwrap();
        let progress = || Progress {
            scenario: scenario.to_toml(),
            started: 0.0,
            worked: 0.0,
            seconds: Vec::new(),
        };
        let spec = Checkpoint { rounds: 1, ..Checkpoint::default() };
        let tell = |text: &str| panic!("{text}");
        let checkpoints = Checkpoints::begin(&directory, &spec, None, &progress, &tell).unwrap();
        let vault = Timed { checkpoints, folder, kept: Mutex::default() };
        let experiment = Experiment::new(scenario.clone());
        let safe = Safekeeping { vault: Some(&vault), from: None };
        let begun = Instant::now();
        experiment.run_safely(&Silent, safe).unwrap();
        let kept = vault.kept.lock().unwrap().clone();
        let keeping: f64 = kept.iter().map(|(_, _, seconds, _)| seconds).sum();
        let round = (begun.elapsed().as_secs_f64() - keeping) / f64::from(rounds + 1);
        // the last of a kind: memory and pages are there by then
        let whole = kept.iter().rev().find(|(_, changed, ..)| *changed >= 0.5);
        let part = kept.iter().rev().find(|(round, changed, ..)| *changed < 0.5 && *round > 1);
        let first = kept.first().filter(|_| whole.is_none());
        for (what, kept) in [("all", whole.or(first)), ("those who changed", part)] {
            let Some((_, changed, seconds, bytes)) = kept else { continue };
            let limit = disk(folder, *bytes) / 1e6;
            let rate = *bytes as f64 / seconds / 1e6;
            let megabytes = *bytes as f64 / 1e6;
            let at_work = if participants == 0 { agents } else { participants };
            let what = if what == "all" {
                what.into()
            } else {
                format!("{what}: {:.1} %", 100.0 * changed)
            };
            lines.push(format!(
                "| {agents} | {at_work} | {what} | {megabytes:.1} | {seconds:.3} | {rate:.0} | {limit:.0} | {round:.3} |"
            ));
        }
    }
    common::publish("checkpoint", &lines.join("\n"));
}
