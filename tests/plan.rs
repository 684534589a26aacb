//! What runs take, foretold: laws that are put in come out, bytes are those of the runs themselves, and
//! the command says what it was asked.

mod common;

use hivesim::costs::{Hosts, Lap, Laws, Pilot, Question, Sample, measure, survey};
use hivesim::scenario::{Override, Scenario};
use serde_json::Value;
use std::process::{Command, Output};

const HIVE: &str = "rounds = 12\n[fleet]\nagents = 900\ntasks = 5\n[world]\nskills = 6\ncompanies = 9\n\
                    features = 6\nanswers = 3\n[measure]\nprobes = 8\npanel = 16\nevery = 3\n";

const HERE: Hosts = Hosts { nodes: 1, bandwidth: 1e9, latency: 1e-6, cores: None };

fn close(found: f64, wanted: f64, within: f64, what: &str) {
    assert!((found / wanted - 1.0).abs() <= within, "{what}: {found} and not {wanted}");
}

/// A machine on which an agent takes 2 microseconds of a thread, a millionth of which cannot be shared,
/// a merge 5 nanoseconds for each agent and 30 for each pair, and a rank 20 MB, 400 bytes an agent of its
/// own and 8 of each of all.
fn made_up(pilot: &Pilot, pairs: bool) -> Sample {
    let (n, p) = (f64::from(pilot.agents), pilot.ranks as f64);
    let tour = 1e-3 + 2e-6 * n / p / f64::from(pilot.threads);
    let merge = 5e-9 * n + if pairs { 30e-9 * n * n } else { 0.0 };
    let lap = |at: u32| Lap {
        measured: at.is_multiple_of(3),
        // the first takes twice as long, and measuring a millisecond
        tour: if at == 0 { 2.0 * tour } else { tour }
            + if at.is_multiple_of(3) { 1e-3 } else { 0.0 },
        merge,
        up: 100.0 * n,
        down: 50.0 * n,
        ..Lap::default()
    };
    let before = 10e6;
    let memory = p * (20e6 + 8.0 * n) + 400.0 * n;
    Sample {
        agents: pilot.agents,
        ranks: pilot.ranks,
        threads: pilot.threads,
        laps: (0..pilot.rounds).map(lap).collect(),
        opening: 1e-7 * n,
        closing: 0.0,
        before,
        peak: before + memory,
        writing: if pilot.writes { 3e6 } else { 0.0 },
        levels: 0.0,
    }
}

#[test]
fn laws_that_are_put_in_come_out_of_a_billion_agents() {
    let text = "rounds = 30\n[fleet]\nagents = 1000000000\n[measure]\nevery = 3\n";
    let sets = [Override::set("engine.kind=mpi")];
    let scenario = Scenario::parse_over(text, "test", &sets).unwrap();
    let question = Question { ranks: 64, threads: 8, cores: 2, memory: 64e9, joining: 0.0 };
    let mut largest = 0;
    let surveyed = survey(&scenario, question, &mut |pilot| {
        largest = largest.max(pilot.agents);
        Ok::<_, ()>(made_up(pilot, false))
    });
    assert!(
        (100_000..2_000_000).contains(&largest),
        "pilots are of a size that can be had: {largest}"
    );
    let costs = Laws::fit(&surveyed.unwrap()).costs(1_000_000_000, 64, 8, HERE);
    let n: f64 = 1e9;
    let tour = 2e-6 * n / 64.0 / 8.0;
    // the first of 30 rounds counts twice
    close(costs.tour_seconds, tour * 31.0 / 30.0, 0.03, "work");
    close(costs.merge_seconds, 5e-9 * n, 0.03, "merge");
    close(costs.rank_memory_bytes, 10e6 + 20e6 + 8.0 * n + 400.0 * n / 64.0 + 3e6, 0.1, "memory");
    close(costs.bytes_up, 100.0 * n, 0.001, "up");
    close(costs.bytes_down, 50.0 * n, 0.001, "down");
}

#[test]
fn a_process_that_joins_others_has_what_that_takes() {
    let sets = [Override::set("engine.kind=mpi")];
    let scenario = Scenario::parse_over("[fleet]\nagents = 5000\n", "test", &sets).unwrap();
    let memory = |ranks: usize, joining: f64| {
        let question = Question { ranks, threads: 1, cores: 2, memory: 64e9, joining };
        let surveyed = survey(&scenario, question, &mut |pilot| Ok::<_, ()>(made_up(pilot, false)));
        Laws::fit(&surveyed.unwrap()).costs(5000, ranks, 1, HERE).rank_memory_bytes
    };
    assert!((memory(3, 9e6) - memory(3, 0.0) - 9e6).abs() < 1.0);
    assert_eq!(memory(1, 9e6), memory(1, 0.0), "who is alone joins nobody");
}

#[test]
fn what_holds_agents_against_each_other_grows_as_their_square() {
    let text = "rounds = 30\n[fleet]\nagents = 100000\n[measure]\nevery = 3\n\
                [distiller.combine]\nkind = \"krum\"\n";
    let scenario = Scenario::parse_over(text, "test", &[]).unwrap();
    let question = Question { ranks: 1, threads: 1, cores: 1, memory: 64e9, joining: 0.0 };
    let surveyed =
        survey(&scenario, question, &mut |pilot| Ok::<_, ()>(made_up(pilot, true))).unwrap();
    let costs = Laws::fit(&surveyed).costs(100_000, 1, 1, HERE);
    close(costs.merge_seconds, 30e-9 * 1e10, 0.05, "merge");
}

/// The bytes of a round of a fleet that really runs on so many ranks: of all, and of the busiest.
fn sent(sets: &[Override], agents: u32, ranks: usize) -> (f64, f64) {
    let pilot = Pilot { agents, whole: 900, ranks, threads: 1, rounds: 12, writes: false };
    let (sample, outcome) = measure(&pilot, (HIVE, "test", sets), None).unwrap();
    assert!(outcome.complete && sample.laps.len() == 12);
    let mean = |get: fn(&Lap) -> f64| sample.laps.iter().map(get).sum::<f64>() / 12.0;
    (mean(|lap| lap.sent), mean(|lap| lap.busiest))
}

#[test]
fn bytes_between_ranks_are_foretold_for_more_ranks_than_any_pilot_had() {
    for strategy in [
        "distiller.combine.kind=mean",
        "distiller.combine.kind=median",
        "distiller.combine.kind=krum",
        "distiller.topology=hierarchical",
        "distiller.topology=gossip",
        "job_knowledge.personalisation=fedsim",
    ] {
        let sets = [Override::set(strategy)];
        let scenario = Scenario::parse_over(HIVE, "test", &sets).unwrap();
        let question = Question { ranks: 7, threads: 1, cores: 1, memory: 4e9, joining: 0.0 };
        let surveyed = survey(&scenario, question, &mut |pilot| {
            assert!(pilot.ranks <= 4);
            measure(pilot, (HIVE, "test", &sets), None).map(|(sample, _)| sample)
        });
        let laws = Laws::fit(&surveyed.unwrap());
        for ranks in [5, 7] {
            let costs = laws.costs(900, ranks, 1, HERE);
            let (all, busiest) = sent(&sets, 900, ranks);
            close(costs.sent_bytes, all, 0.2, &format!("{strategy} on {ranks} ranks"));
            close(
                costs.busiest_bytes,
                busiest,
                0.2,
                &format!("{strategy}, the busiest of {ranks}"),
            );
        }
    }
}

fn hivesim(args: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_hivesim")).args(args).output();
    output.expect("the command runs")
}

#[test]
fn the_command_tells_bytes_as_a_run_has_them_and_memory_where_the_system_does() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hive.toml");
    std::fs::write(&file, HIVE).unwrap();
    let file = file.to_str().unwrap();
    let set = ["--set", "fleet.agents=3000", "--set", "fleet.participants=0"];
    let output = hivesim(&[&["plan", file, "--json"][..], &set].concat());
    let plan: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let out = folder.path().join("run");
    let out = out.to_str().unwrap();
    let run = hivesim(&[&["run", file, "--json", "--out", out][..], &set].concat());
    let run: Value = serde_json::from_slice(&run.stdout).unwrap();
    let manifest = std::fs::read_to_string(folder.path().join("run/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let number = |value: &Value, key: &str| value[key].as_f64().unwrap_or(f64::NAN);
    close(number(&plan, "bytes_up") * 12.0, number(&run, "bytes_up"), 0.06, "up");
    close(number(&plan, "bytes_down") * 12.0, number(&run, "bytes_down"), 1e-6, "down");
    assert!(number(&plan, "round_seconds") > 0.0 && plan["here"].is_null());
    if cfg!(target_os = "linux") {
        let most = number(&manifest, "peak_memory_bytes");
        close(number(&plan, "rank_memory_bytes"), most, 0.5, "memory");
    }
    assert_eq!(manifest["mail"], Value::Null, "one process has nobody to write to");
    let text = hivesim(&["plan", file, "--ranks", "3", "--threads", "1", "--quiet"]);
    let text = String::from_utf8(text.stdout).unwrap();
    for word in
        ["900 agents, 3 ranks of 1 thread, on 3 hosts", "a rank, ", "between ranks", "busiest"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[test]
fn what_cannot_be_planned_is_bad_input() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hive.toml");
    std::fs::write(&file, HIVE).unwrap();
    let file = file.to_str().unwrap();
    let cases: &[(&[&str], &str)] = &[
        (&["--ranks", "0"], "0 is not in 1..=1000000"),
        (&["--ranks", "2", "--nodes", "3"], "2 ranks are on at most as many hosts"),
        (&["--bandwidth", "0"], "wanted a number above 0"),
        (&["--set", "fleet.agent=5"], "did you mean `agents`?"),
        (&["--ranks", "2", "--set", "learner.kind=practice"], "engine.kind"),
    ];
    for (args, words) in cases {
        let output = hivesim(&[&["plan", file][..], args].concat());
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {err}");
        assert!(err.contains(words), "{args:?}: {err}");
        assert!(output.stdout.is_empty());
    }
    let data = hivesim(&["plan", file, "--set", "world={kind=\"dataset\", path=\"nowhere\"}"]);
    let err = String::from_utf8(data.stderr).unwrap();
    assert_eq!(data.status.code(), Some(2), "{err}");
    assert!(err.contains("nowhere") && err.contains("world.path"), "{err}");
    let gone = hivesim(&["plan", "nowhere.toml"]);
    assert_eq!(gone.status.code(), Some(2));
    let pilot = hivesim(&["plan-pilot"]);
    assert_eq!(pilot.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&pilot.stderr).contains("a part of `hivesim plan`"));
}
