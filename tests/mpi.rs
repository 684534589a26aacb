//! `hivesim run --engine mpi` under `mpirun`. Says so and does nothing where there is no `mpirun`.
#![cfg(feature = "mpi")]
#![allow(clippy::disallowed_methods, reason = "what waits for a process reads the clock")]

use hivesim::record::read_run;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const HIVE: &str = "name = \"x\"\nrounds = 4\n[fleet]\nagents = 40\ntasks = 8\n\
                    [world]\nskills = 5\ncompanies = 4\nfeatures = 6\nanswers = 4\n\
                    [measure]\npanel = 9\nprobes = 8\n";

/// A folder with a scenario in it, or nothing where MPI cannot be tried. One test at a time has it: an
/// `mpirun` that ends takes down folders that another is about to use.
fn place() -> Option<(tempfile::TempDir, MutexGuard<'static, ()>)> {
    static ONE: Mutex<()> = Mutex::new(());
    let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    if Command::new("mpirun").arg("--version").output().is_err() {
        eprintln!("no mpirun: ranks are not tried as processes");
        return None;
    }
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("x.toml"), HIVE).unwrap();
    Some((place, one))
}

/// `hivesim` on some ranks.
fn command(place: &Path, ranks: usize, args: &str) -> Command {
    let mut command = Command::new("mpirun");
    command
        .args(["--oversubscribe", "-n", &ranks.to_string(), env!("CARGO_BIN_EXE_hivesim")])
        .args(args.split_whitespace())
        .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
        .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
        .current_dir(place);
    command
}

fn run(place: &Path, ranks: usize, args: &str) -> Output {
    command(place, ranks, args).output().unwrap()
}

fn hash(output: &Output) -> String {
    let err = String::from_utf8_lossy(&output.stderr);
    let out: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {err}"));
    out["result_hash"].as_str().unwrap().into()
}

#[test]
fn one_to_four_ranks_and_the_pool_give_one_hash() {
    let Some((place, _one)) = place() else { return };
    let strategies = [
        "",
        "--set distiller.combine.kind=fednova",
        "--set distiller.combine.kind=median",
        "--set distiller.combine.kind=trimmed-mean",
        "--set distiller.combine.kind=krum",
        "--set distiller.combine.kind=multi-krum --set distiller.combine.scope=model",
        "--set distiller.combine.kind=bulyan",
        "--set distiller.combine.kind=geometric-median --set distiller.combine.scope=model",
        "--set distiller.combine.kind=ties",
        "--set distiller.combine.kind=dare --set distiller.server.kind=fedadam",
        "--set distiller.combine.kind=karcher",
    ];
    let others = [
        "--set distiller.topology=hierarchical",
        "--set distiller.topology=gossip",
        "--set distiller.schedule.kind=buffered --set fleet.speed.kind=lognormal",
        "--set distiller.exchange=predictions",
    ];
    let all: &[usize] = &[1, 2, 3, 4];
    let cases = strategies.map(|sets| (sets, all)).into_iter();
    for (sets, some) in cases.chain(others.map(|sets| (sets, &all[2..3]))) {
        let run = |ranks: usize, engine: &str| {
            let args = format!("run x.toml --json --out {engine} --engine {engine} {sets}");
            hash(&run(place.path(), ranks, &args))
        };
        let reference = run(1, "pool");
        for ranks in some {
            assert_eq!(run(*ranks, "mpi"), reference, "{ranks} ranks: {sets}");
        }
    }
}

#[test]
fn each_rank_writes_its_own_part_of_the_tables() {
    let Some((place, _one)) = place() else { return };
    let traces = |out: &str| {
        let outcome = read_run(&place.path().join(out)).unwrap().outcome;
        [&outcome.hive, &outcome.bounds[0].1].map(|trace| {
            // levels that are not there are not equal
            format!("{:?} {:?} {:?}", trace.panel, trace.frames, trace.rounds)
        })
    };
    let begin = |ranks: usize, engine: &str, out: &str| {
        let sets = "--set measure.panel=0 --set measure.bounds=[\"pooled\"]";
        run(place.path(), ranks, &format!("run x.toml --json {sets} --engine {engine} --out {out}"))
    };
    let reference = hash(&begin(1, "pool", "one"));
    // the last in the place of the one before
    for (ranks, out) in [(1, "a"), (4, "b"), (3, "b")] {
        assert_eq!(hash(&begin(ranks, "mpi", out)), reference);
        assert_eq!(traces(out), traces("one"), "{ranks} ranks");
    }
    let entries = std::fs::read_dir(place.path().join("b")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut levels: Vec<String> = names.filter(|name| name.starts_with("levels")).collect();
    levels.sort();
    assert_eq!(levels, [0, 1, 2].map(|rank| format!("levels.part-{rank}-of-3.parquet")));
    let report = Command::new(env!("CARGO_BIN_EXE_hivesim"))
        .args(["report", "b", "--out", "b.html"])
        .current_dir(place.path())
        .output()
        .unwrap();
    assert!(report.status.success(), "{}", String::from_utf8_lossy(&report.stderr));
}

#[test]
fn without_mpirun_there_is_one_rank() {
    let Some((place, _one)) = place() else { return };
    let hash = |engine: &str| {
        let args = ["run", "x.toml", "--json", "--engine", engine, "--out", engine];
        let mut command = Command::new(env!("CARGO_BIN_EXE_hivesim"));
        hash(&command.args(args).current_dir(place.path()).output().unwrap())
    };
    assert_eq!(hash("mpi"), hash("pool"));
}

/// A small run's, of which MPI's own is a good part.
#[test]
fn the_memory_of_ranks_that_are_processes_is_foretold() {
    let Some((place, _one)) = place() else { return };
    let sets = "--set fleet.agents=2000 --set measure.bounds=[]";
    let plan = format!("plan x.toml --ranks 2 --threads 1 --json {sets}");
    let plan = Command::new(env!("CARGO_BIN_EXE_hivesim"))
        .args(plan.split_whitespace())
        .current_dir(place.path())
        .output()
        .unwrap();
    let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).unwrap();
    assert!(plan["laws"]["joining"].as_f64().unwrap() > 1e6, "{plan}");
    let output = run(place.path(), 2, &format!("run x.toml --engine mpi --out y --quiet {sets}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let manifest = std::fs::read(place.path().join("y/manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let (told, had) = (&plan["rank_memory_bytes"], &manifest["peak_memory_bytes"]);
    let off = told.as_f64().unwrap() / had.as_f64().unwrap() - 1.0;
    assert!(off.abs() < 0.2, "{told} told, {had} had");
}

#[test]
fn what_is_wrong_is_said_once_and_leaves_nothing() {
    let Some((place, _one)) = place() else { return };
    let cases = [
        ("run nothere.toml --engine mpi", 2, "nothere.toml: there is no such file"),
        ("run x.toml --engine mpi --set rounds=0", 2, "rounds: found 0"),
        ("run x.toml --engine pool", 2, "this is one of 3 processes"),
        ("run x.toml --engine mpi --serve 127.0.0.1:0", 2, "--serve: "),
        (
            "run x.toml --engine mpi --set fleet.tasks=60 --set learner.rate=100.0 \
             --set learner.solver.prox=1000.0",
            1,
            "the hive fleet: agent ",
        ),
    ];
    for (args, code, says) in cases {
        let output = run(place.path(), 3, &format!("{args} --out new"));
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args}: {err}");
        assert_eq!(err.matches(says).count(), 1, "{args}: {err}");
        assert!(!place.path().join("new").exists(), "{args}");
    }
}

/// The processes of a run, by their command lines.
fn ranks_of(place: &Path) -> Vec<u32> {
    let folders = std::fs::read_dir("/proc").unwrap().flatten();
    let ids = folders.filter_map(|folder| folder.file_name().to_str()?.parse::<u32>().ok());
    let is_rank = |id: &u32| {
        let command = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let folder = std::fs::read_link(format!("/proc/{id}/cwd")).unwrap_or_default();
        command.starts_with(env!("CARGO_BIN_EXE_hivesim").as_bytes())
            && folder == place.canonicalize().unwrap()
    };
    ids.filter(is_rank).collect()
}

/// Starts a run on three ranks and kills one of them when `there` is; what `mpirun` says then.
#[cfg(target_os = "linux")]
fn run_and_kill(place: &Path, run: &str, there: impl Fn() -> bool) -> String {
    let mut command = command(place, 3, run);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    let mut ranks = ranks_of(place);
    while ranks.len() < 3 || !there() {
        assert!(Instant::now() < patience, "three ranks come up");
        std::thread::sleep(Duration::from_millis(2));
        ranks = ranks_of(place);
    }
    let killed = Command::new("kill").args(["-9", &ranks[1].to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{err}");
    assert!(err.contains("mpirun noticed that process rank"), "{err}");
    assert_eq!(ranks_of(place), [0; 0], "nobody is left waiting");
    err
}

#[cfg(target_os = "linux")]
#[test]
fn a_rank_that_dies_ends_the_run_and_leaves_no_half_of_it() {
    let Some((place, _one)) = place() else { return };
    let new = place.path().join("new");
    let run = "run x.toml --engine mpi --out new --set rounds=1000000 --set measure.every=1000000";
    run_and_kill(place.path(), run, || new.exists());
    assert!(!new.join("summary.json").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_of_which_a_rank_died_goes_on_from_its_last_checkpoint() {
    let Some((place, _one)) = place() else { return };
    let sets = "--set rounds=1500 --set measure.every=1500 --set checkpoint.rounds=20 \
                --set job_knowledge.personalisation=fedsim";
    let whole = hash(&run(place.path(), 1, &format!("run x.toml --engine pool --json {sets}")));
    let checkpoints = place.path().join("new/checkpoints");
    let is_kept = || {
        let files = std::fs::read_dir(&checkpoints).into_iter().flatten().flatten();
        files.into_iter().any(|file| file.path().extension().is_some_and(|kind| kind == "head"))
    };
    let begin = format!("run x.toml --engine mpi --out new --quiet {sets}");
    run_and_kill(place.path(), &begin, is_kept);
    assert!(is_kept() && !place.path().join("new/summary.json").exists());
    let goes_on = run(place.path(), 2, "resume new --engine mpi --json");
    assert_eq!(hash(&goes_on), whole);
    assert!(!checkpoints.exists(), "it is complete");
    let manifest = std::fs::read_to_string(place.path().join("new/manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["ranks"], 2);
    assert!(manifest["resumed"]["round"].as_u64().is_some_and(|round| round >= 20), "{manifest}");
}
