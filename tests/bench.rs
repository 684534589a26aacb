//! `hivesim bench` through the command line: what it measures, compares, refuses and writes.

#[path = "common/place.rs"]
#[allow(dead_code, reason = "others look at tables and kill commands")]
mod place;

use place::Place;
use serde_json::Value;

/// A matrix that is over in a moment, with more arguments.
fn bench(more: &str) -> String {
    format!(
        "bench --agents 20 --threads 1 --tasks 2 --repeats 2 --seconds 0.02 --warm-up 0.01 {more}"
    )
}

fn rows(json: &str) -> Vec<Value> {
    let bench: Value = serde_json::from_str(json).unwrap_or_else(|e| panic!("{e}: {json}"));
    bench["rows"].as_array().unwrap().clone()
}

fn median(row: &Value, figure: &str) -> Option<f64> {
    row["figures"][figure]["median"].as_f64()
}

#[test]
fn every_engine_and_fabric_is_measured_beside_a_plain_loop_and_held_against_an_earlier_run() {
    let place = Place::new();
    let done = place.fine(&bench("--json --out b").replace("--threads 1", "--threads 1,2"));
    let rows = rows(&done);
    // a plain loop, the pool and the tasks on one and two threads, and four fabrics on each
    assert_eq!(rows.len(), 1 + 2 + 2 + 8);
    for row in &rows {
        let shown = row["case"].to_string();
        assert!(median(row, "tasks_per_second").unwrap() > 0.0, "{shown}");
        assert!(median(row, "learnings_per_second").unwrap() > 0.0, "{shown}");
        assert_eq!(row["samples"].as_array().unwrap().len(), 2, "{shown}");
        let live = row["case"]["engine"] == "live";
        for figure in ["merge_p50", "merge_p999", "pull_p50", "spawn_seconds", "busy_share"] {
            assert_eq!(median(row, figure).is_some(), live, "{figure} of {shown}");
        }
        if live {
            assert!(median(row, "merge_p99") >= median(row, "merge_p50"), "{shown}");
        }
        let one = row["case"]["threads"] == 1;
        assert_eq!(row["speed_up"].as_f64() == Some(1.0), one, "{shown}");
        assert!(row["overhead"].is_number(), "{shown}");
    }
    assert_eq!(rows[0]["case"]["engine"], "serial");
    assert_eq!(rows[0]["overhead"].as_f64(), Some(0.0));
    for file in ["bench.json", "bench.parquet", "manifest.json", "report.html", "scenario.toml"] {
        assert!(place.path("b").join(file).is_file(), "{file}");
    }
    let again = place.fine(&bench("--out c --engines pool --compare b/bench.json"));
    assert!(again.contains("compared  "), "{again}");
    assert!(again.contains("overhead"), "{again}");
    let other = bench("--out d --engines serial --compare b/bench.json");
    let nothing = place.fine(&other.replace("--agents 20", "--agents 21"));
    assert!(nothing.contains("no case in common"), "{nothing}");
}

#[test]
fn agents_that_only_spin_are_measured_on_every_machine() {
    let place = Place::new();
    let done = place.fine(&bench("--json --out b --workload synthetic:200"));
    let rows = rows(&done);
    assert_eq!(rows.len(), 1 + 1 + 1 + 4);
    for row in &rows {
        // 200 ns a round are at most five million rounds a second and thread
        let rate = median(row, "tasks_per_second").unwrap();
        assert!(rate > 0.0 && rate <= 5e6, "{rate}: {}", row["case"]);
        assert_eq!(row["case"]["strategy"], "sum");
    }
}

#[test]
fn what_cannot_go_together_is_refused_row_by_row() {
    let place = Place::new();
    let live = "--engines live --fabrics map-dashmap,channel-tokio --strategies median --out b";
    let done = place.fine(&bench(live));
    assert!(done.contains("refused  live map-dashmap snapshot"), "{done}");
    assert!(done.contains("\"median\" looks at them one by one"), "{done}");
    assert!(done.contains("live channel-tokio snapshot"), "{done}");
    place.write("wrong.json", "{\"rows\": 3}");
    for (args, said) in [
        ("--engines poool", "pool"),
        ("--engines auto", "wanted serial, pool, tasks or live"),
        ("--fabrics map-hash", "map-dashmap"),
        ("--workload synthetic:-3", "synthetic:1000"),
        ("--strategies mdian", "median"),
        ("--seconds 0", "above 0"),
        ("--compare none.json", "none.json"),
        ("--compare wrong.json", "wanted the bench.json"),
        ("--set fleet.agent=3", "fleet.agents"),
        ("--set world.skills=0", "world.skills"),
    ] {
        let args = bench(args).replace("--seconds 0.02 --warm-up 0.01 --seconds", "--seconds");
        place.refused(&format!("{args} --out n"), &[said]);
        assert!(!place.path("n").exists(), "{args} left a folder");
    }
    place.fine("run tiny.toml --out r --quiet");
    place.refused(&bench("--out r --engines serial"), &["a run, which nothing else replaces"]);
    assert!(place.path("r/summary.json").is_file());
}

#[test]
fn a_load_that_every_machine_refuses_is_bad_input() {
    let place = Place::new();
    // nine decisions share a reward, and every case has two tasks a round
    let args =
        bench("--out n --engines live --set feedback.kind=verifiable --set feedback.horizon=9");
    place.refused(&args, &["all cases are refused", "feedback.horizon"]);
    assert!(!place.path("n").exists());
}
