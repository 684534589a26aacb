//! Availability as a file has it, through the command line and on all engines.

mod common;

use common::{MACHINES, common_hash, run};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const TRACE: &str = include_str!("data/devices.csv");
const DEVICES: u32 = 30;

/// A hive whose agents are there as a file beside the scenario says.
const HIVE: &str = "rounds = 200\n[fleet]\nagents = 30\ntasks = 2\n\
                    availability = { kind = \"trace\", file = \"devices.csv\" }\n\
                    [world]\nskills = 2\ncompanies = 2\nfeatures = 4\nanswers = 3\n\
                    [measure]\npanel = 3\nprobes = 4\nevery = 50\n";

/// How many of the file's devices are there at each hour of its week.
fn there() -> Vec<u64> {
    let mut hours = vec![std::collections::BTreeSet::new(); 168];
    for row in TRACE.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        for hour in cells[1].parse().unwrap()..cells[2].parse::<usize>().unwrap() {
            hours[hour].insert(cells[0]);
        }
    }
    hours.iter().map(|devices| devices.len() as u64).collect()
}

/// A scenario with a trace beside it, in a folder below the one that hivesim runs in.
fn hivesim(trace: &str, args: &[&str]) -> (tempfile::TempDir, Output) {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("below");
    fs::create_dir(&below).unwrap();
    fs::write(below.join("x.toml"), HIVE).unwrap();
    fs::write(below.join("devices.csv"), trace).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hivesim"));
    let output = command.args(args).current_dir(folder.path()).output().unwrap();
    (folder, output)
}

fn trace(path: &Path, more: &str) -> String {
    format!(
        "fleet.availability.kind=trace fleet.availability.file={} {more}",
        path.join("devices.csv").display()
    )
}

/// The folder of the tests' data.
fn data() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data"))
}

#[test]
fn as_many_work_in_a_round_as_devices_are_there_and_the_week_comes_again() {
    let hive = HIVE.replace("availability = { kind = \"trace\", file = \"devices.csv\" }\n", "");
    let there = there();
    for (agents, times) in [(DEVICES, 1), (3 * DEVICES, 3)] {
        let outcome = run(&hive, &trace(data(), &format!("fleet.agents={agents}")));
        for row in &outcome.hive.rounds[1..] {
            let want = times * there[(row.round as usize - 1) % 168];
            assert_eq!(row.learnings, want, "round {}", row.round);
        }
    }
    // fewer agents than devices have a part of them, and another seed another part
    let some = |seed: u32| {
        let outcome = run(&hive, &trace(data(), &format!("fleet.agents=7 seed={seed}")));
        outcome.hive.rounds[1..].iter().map(|row| row.learnings).collect::<Vec<u64>>()
    };
    assert!(some(1).iter().zip(there.iter().cycle()).all(|(got, all)| got <= all));
    assert_ne!(some(1), some(2));
    // every third hour
    let coarse = run(&hive, &trace(data(), "fleet.availability.unit=3"));
    for row in &coarse.hive.rounds[1..] {
        assert_eq!(row.learnings, there[3 * (row.round as usize - 1) % 168]);
    }
}

#[test]
fn traces_agree_on_all_engines_in_step_and_out_of_it() {
    let hive = HIVE.replace("availability = { kind = \"trace\", file = \"devices.csv\" }\n", "");
    let buffered = "distiller.schedule.kind=buffered distiller.schedule.learnings=4";
    let mut hashes = std::collections::BTreeSet::new();
    for more in [
        "rounds=60 measure.bounds=[\"isolated\",\"pooled\"]".to_owned(),
        format!("rounds=60 {buffered} fleet.speed.kind=lognormal fleet.churn.rate=0.1"),
        format!("rounds=40 {buffered} fleet.churn.rate=0.3 fleet.churn.replace=false"),
        "rounds=90 distiller.schedule.kind=asynchronous fleet.agents=50".to_owned(),
    ] {
        hashes.insert(common_hash(&hive, &trace(data(), &more), MACHINES));
    }
    assert_eq!(hashes.len(), 4);
}

/// Nobody waits for a device that is never there when a round begins.
#[test]
fn a_device_that_is_never_seen_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "device,from,to\na,0,1\nb,7,8\n";
    fs::write(folder.path().join("devices.csv"), rows).unwrap();
    let hive = HIVE.replace("availability = { kind = \"trace\", file = \"devices.csv\" }\n", "");
    let sets = "fleet.agents=2 measure.panel=2 fleet.availability.unit=10 fleet.availability.period=20 rounds=6 \
                fleet.churn.rate=0.9 fleet.churn.replace=false \
                distiller.schedule.kind=asynchronous";
    let outcome = run(&hive, &trace(folder.path(), sets));
    assert!(outcome.complete);
    assert!(outcome.hive.rounds[6].learnings == 0);
}

#[test]
fn the_file_stands_beside_the_scenario() {
    let (folder, output) = hivesim(TRACE, &["run", "below/x.toml", "--out", "out", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // the folder of results can be read from anywhere, and its scenario run again
    let written = fs::read_to_string(folder.path().join("out/scenario.toml")).unwrap();
    let whole = folder.path().canonicalize().unwrap().join("below").join("devices.csv");
    assert!(written.contains(&format!("file = {:?}", whole.display().to_string())), "{written}");
    let again = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hivesim"));
        let output = command.args(args).current_dir(folder.path().join("out")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let hash = |summary: &[u8]| {
        let summary: serde_json::Value = serde_json::from_slice(summary).unwrap();
        summary["result_hash"].as_str().unwrap().to_owned()
    };
    assert_eq!(hash(&again(&["run", "scenario.toml", "--json"])), hash(&output.stdout));
    again(&["report", "."]);
}

#[test]
fn a_trace_that_is_wrong_is_refused_with_its_line_and_nothing_is_written() {
    for (rows, want) in [
        ("device,from\na,1\n", "below/devices.csv:1: found a header without `to`"),
        ("device,from,to\na,1,x\n", "below/devices.csv:2: to: found `x`; wanted a whole number"),
    ] {
        let (folder, output) = hivesim(rows, &["run", "below/x.toml", "--out", "out"]);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{message}");
        for part in ["below/x.toml:5:41", "fleet.availability.file", want] {
            assert!(message.contains(part), "`{part}` is not in {message}");
        }
        assert!(!folder.path().join("out").exists());
    }
    let args = ["run", "below/x.toml", "--set", "fleet.availability.unit=1000"];
    let (_, output) = hivesim(
        "device,from,to\na,1,2\n",
        &[&args[..], &["--set", "fleet.availability.period=1000"]].concat(),
    );
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("no agent's device is there when a round begins"), "{message}");
}

#[test]
fn a_sweep_finds_the_file_from_any_folder() {
    let plan = "scenario = \"x.toml\"\nseeds = 2\n[[axis]]\nkey = \"rounds\"\nvalues = [2, 3]\n";
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("below");
    fs::create_dir(&below).unwrap();
    for (name, text) in [("x.toml", HIVE), ("devices.csv", TRACE), ("plan.toml", plan)] {
        fs::write(below.join(name), text).unwrap();
    }
    let sweep = |folder: &Path, plan: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hivesim"));
        command.args(["sweep", plan, "--out", "out"]).current_dir(folder);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let runs = fs::read_dir(folder.join("out/runs")).unwrap();
        let names =
            runs.map(|run| run.unwrap().file_name()).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(names.len(), 4);
        names
    };
    assert_eq!(sweep(folder.path(), "below/plan.toml"), sweep(&below, "plan.toml"));
}
