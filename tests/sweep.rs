//! Sweeps: what a plan runs, that nothing of it is lost or run twice, and that nothing about how
//! it was run shows in the table.

#![allow(clippy::disallowed_methods, reason = "a sweep is killed at moments of the clock")]

#[path = "common/place.rs"]
mod place;

use parquet::record::Field;
use place::{Place, real, rows, text};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

const GRID: &str = "scenario = \"tiny.toml\"\nseeds = 3\nfigures = [\"panel\", \"core\"]\n\
                    [[axis]]\nkey = \"learner.rate\"\nvalues = [0.1, 0.3]\n\
                    [[axis]]\nname = \"merge\"\nlevels = [{ name = \"mean\" }, { name = \"median\", \
                    set = { distiller.combine.kind = \"median\" } }]\n";

#[test]
fn every_row_of_a_grid_is_the_run_with_the_same_keys_set() {
    let place = Place::with(GRID);
    place.fine("sweep plan.toml --quiet --out out");
    let rows = rows(&place.path("out/runs.parquet"));
    assert_eq!(rows.len(), 12);
    let merges = [("mean", "mean"), ("median", "median")];
    let mut expected = Vec::new();
    for rate in [0.1, 0.3] {
        for (level, kind) in merges {
            expected.extend((1..=3).map(|seed| (rate, level, kind, seed)));
        }
    }
    for (row, (rate, level, kind, seed)) in rows.iter().zip(expected) {
        assert_eq!(text(&row["case"]), format!("learner.rate={rate}, {level}"));
        assert_eq!((real(&row["learner.rate"]), text(&row["merge"])), (rate, level.into()));
        assert_eq!((&row["seed"], text(&row["failed"])), (&Field::Long(seed), String::new()));
        let run = place.fine(&format!(
            "run tiny.toml --json --seed {seed} --set learner.rate={rate} --set \
             distiller.combine.kind={kind} --out run"
        ));
        let run: Value = serde_json::from_str(&run).unwrap();
        assert_eq!(text(&row["result_hash"]), run["result_hash"].as_str().unwrap());
        for figure in ["panel", "core"] {
            // the reader of JSON may lose a last digit
            let told = run["skills"][figure].as_f64().unwrap();
            assert!((real(&row[figure]) - told).abs() < 1e-14, "{figure} {told}: {row:?}");
        }
    }
}

#[test]
fn means_effects_and_differences_of_differences_are_those_of_the_table() {
    let place = Place::with(GRID);
    let numbers: Value =
        serde_json::from_str(&place.fine("sweep plan.toml --json --out out")).unwrap();
    let core: Vec<f64> =
        rows(&place.path("out/runs.parquet")).iter().map(|row| real(&row["core"])).collect();
    // rate, merge, seed
    let at = |rate: usize, merge: usize, seed: usize| core[6 * rate + 3 * merge + seed];
    let mean = |of: &dyn Fn(usize) -> f64| (0..3).map(of).sum::<f64>() / 3.0;
    let judged = &numbers["figures"][1];
    assert_eq!(judged["figure"], "core");
    let near = |got: &Value, want: f64| {
        assert!((got.as_f64().unwrap() - want).abs() < 1e-12, "{got} is not {want}");
    };
    near(&judged["cases"][2]["mean"], mean(&|seed| at(1, 0, seed)));
    near(&judged["effects"][0][1]["mean"], mean(&|seed| 0.5 * (at(1, 0, seed) + at(1, 1, seed))));
    near(&judged["interactions"][0]["cells"][0][1]["mean"], mean(&|seed| at(0, 1, seed)));
    let contrast = &judged["interactions"][0]["contrasts"][0];
    let twice = |seed| at(1, 1, seed) - at(0, 1, seed) - (at(1, 0, seed) - at(0, 0, seed));
    near(&contrast["difference"], mean(&twice));
    // cases, then the levels of either axis over all settings of the other
    let contests = judged["contests"].as_array().unwrap();
    let blocks: Vec<_> = contests.iter().map(|contest| &contest["friedman"]["blocks"]).collect();
    assert_eq!(blocks, [3, 6, 6]);
    near(
        &contests[2]["pairs"][0]["difference"],
        mean(&|seed| 0.5 * (at(0, 1, seed) + at(1, 1, seed) - at(0, 0, seed) - at(1, 0, seed))),
    );
}

#[test]
fn axes_of_the_command_line_make_the_sweep_that_a_plan_makes() {
    let place = Place::with(
        "scenario = \"tiny.toml\"\nseeds = [5, 2]\n[set]\nrounds = 2\n\
         [[axis]]\nkey = \"learner.rate\"\nvalues = [0.1, 0.3]\n\
         [[axis]]\nkey = \"distiller.combine\"\nvalues = [{ kind = \"mean\" }, { kind = \"median\" }]\n",
    );
    place.fine("sweep plan.toml --quiet --out a");
    let output = place
        .command(
            "sweep tiny.toml --quiet --out b --seed 5,2 --set rounds=2 --axis learner.rate=0.1,0.3",
        )
        .args(["--axis", "distiller.combine={ kind = \"mean\" }, { kind = \"median\" }"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(place.bytes("a/runs.parquet"), place.bytes("b/runs.parquet"));
    // what was resolved makes it too, from a folder of its own
    place.fine("sweep a/sweep.toml --quiet --out c");
    assert_eq!(place.bytes("a/runs.parquet"), place.bytes("c/runs.parquet"));
    assert_eq!(place.bytes("a/comparisons.json"), place.bytes("c/comparisons.json"));
}

#[test]
fn a_list_runs_its_cases_and_compares_them_with_its_baseline() {
    let place = Place::with(
        "scenario = \"tiny.toml\"\nseeds = 4\ndesign = \"list\"\nbaseline = \"plain\"\n\
         [set]\nrounds = 8\nfleet.tasks = 40\n\
         [[case]]\nname = \"plain\"\n\
         [[case]]\nname = \"kept\"\nset = { job_knowledge.personalisation = \"fedsim\" }\n\
         [[case]]\nname = \"slow\"\nset = { learner.rate = 0.0 }\n",
    );
    let said = place.fine("sweep plan.toml --json --out out");
    let numbers: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said.as_bytes(), place.bytes("out/comparisons.json"));
    assert_eq!(numbers["cases"], serde_json::json!(["plain", "kept", "slow"]));
    let judged = &numbers["figures"][0];
    assert_eq!(judged["figure"], "panel");
    let contest = &judged["contests"][0];
    assert_eq!(
        (contest["reference"].as_u64(), contest["pairs"].as_array().unwrap().len()),
        (Some(0), 2)
    );
    // seed by seed, out of the table of runs
    let rows = rows(&place.path("out/runs.parquet"));
    let panel: Vec<f64> = rows.iter().map(|row| real(&row["panel"])).collect();
    let difference = (0..4).map(|seed| panel[8 + seed] - panel[seed]).sum::<f64>() / 4.0;
    let slow = &contest["pairs"][1];
    assert_eq!((slow["a"].as_u64(), slow["b"].as_u64()), (Some(2), Some(0)));
    assert!((slow["difference"].as_f64().unwrap() - difference).abs() < 1e-12, "{slow}");
    // learning nothing at all is worse on every seed: of four, that is one chance in eight
    assert_eq!((slow["cliffs_delta"].as_f64(), slow["p"].as_f64()), (Some(-1.0), Some(0.125)));
    assert_eq!(slow["pairs"], 4);
}

#[test]
fn a_latin_hypercube_has_points_as_its_rows_and_correlations() {
    let place = Place::with(
        "scenario = \"tiny.toml\"\nseeds = 2\ndesign = \"latin-hypercube\"\npoints = 12\n\
         [set]\nrounds = 8\n\
         [[axis]]\nkey = \"fleet.tasks\"\nfrom = 1\nto = 100\nscale = \"log\"\n\
         [[axis]]\nkey = \"fleet.agents\"\nname = \"agents\"\nfrom = 6\nto = 29\n",
    );
    let numbers: Value =
        serde_json::from_str(&place.fine("sweep plan.toml --json --out out")).unwrap();
    let rows = rows(&place.path("out/runs.parquet"));
    assert_eq!(rows.len(), 24);
    let mut agents: Vec<i64> = rows
        .iter()
        .step_by(2)
        .map(|row| match row["agents"] {
            Field::Long(agents) => agents,
            ref other => panic!("{other:?}"),
        })
        .collect();
    agents.sort_unstable();
    // a point in each twelfth of the way
    for (i, agents) in agents.iter().enumerate() {
        let slice = (*agents as f64 - 6.0) / 23.0 * 12.0;
        assert!((slice - i as f64 - 0.5).abs() <= 0.5 + 12.0 / 46.0, "{agents} in slice {i}");
    }
    let correlations = numbers["figures"][0]["correlations"].as_array().unwrap();
    // what is learned in eight rounds grows with the tasks
    assert_eq!(correlations[0]["axis"], "fleet.tasks");
    assert!(correlations[0]["rho"].as_f64().unwrap() > 0.5, "{correlations:?}");
}

#[test]
fn engines_threads_and_jobs_do_not_show() {
    let place = Place::with(GRID);
    place.fine("sweep plan.toml --quiet --jobs 1 --out one");
    for (i, how) in [
        "--jobs 3",
        "--jobs 2 --threads 3 --set engine.kind=pool",
        "--threads 2 --set engine.kind=tasks",
        "--set engine.kind=serial",
    ]
    .iter()
    .enumerate()
    {
        place.fine(&format!("sweep plan.toml --quiet {how} --out {i}"));
        for file in ["runs.parquet", "comparisons.json"] {
            assert_eq!(
                place.bytes(&format!("{i}/{file}")),
                place.bytes(&format!("one/{file}")),
                "{how}"
            );
        }
        // it is the same sweep, too: nothing is run for another engine
        place.fine(&format!("sweep plan.toml --quiet {how} --out one"));
    }
}

#[test]
fn shards_put_together_are_the_whole() {
    let place = Place::with(GRID);
    place.fine("sweep plan.toml --quiet --out whole");
    for i in 1..=3 {
        let said = place.fine(&format!("sweep plan.toml --shard {i}/3 --out part-{i}"));
        assert!(said.contains(&format!("shard {i}/3 is done: 4 of 12 runs")), "{said}");
    }
    assert!(!place.path("part-1/runs.parquet").exists());
    place.refused(
        "sweep merge part-1 part-3 -o merged",
        &[
            "4 of 12 runs are missing, the first of them `learner.rate=0.1, mean` with seed 2",
            "run or finish --shard 2/3",
        ],
    );
    place.refused("sweep merge part-1 nowhere -o merged", &["`nowhere` holds no sweep"]);
    place.fine("sweep plan.toml --quiet --seeds 2 --out other");
    place.refused(
        "sweep merge part-1 part-2 part-3 other -o merged",
        &["`other` holds another sweep, `plan` of 8 runs"],
    );
    assert!(!place.path("merged").exists());
    place.fine("sweep merge part-3 part-1 part-2 -o merged");
    for file in ["runs.parquet", "comparisons.json", "report.html", "sweep.toml"] {
        assert_eq!(
            place.bytes(&format!("merged/{file}")),
            place.bytes(&format!("whole/{file}")),
            "{file}"
        );
    }
}

#[test]
fn runs_that_nobody_can_make_again_are_refused() {
    let place = Place::new();
    place.refused(
        "sweep tiny.toml --axis engine.kind=serial,live --out n",
        &["engine.kind", "\"live\" is not reproducible"],
    );
    assert!(!place.path("n").exists());
}

#[test]
fn a_folder_of_something_else_is_refused_and_stays_as_it_is() {
    let place = Place::with(GRID);
    place.fine("sweep plan.toml --quiet --out out");
    let before = place.bytes("out/runs.parquet");
    place.refused(
        "sweep plan.toml --set rounds=2 --out out",
        &["`out` holds another sweep, `plan` of 12 runs"],
    );
    place.fine("run tiny.toml --quiet --out run");
    place.refused("sweep plan.toml --out run", &["`run` is not empty"]);
    place.refused("run tiny.toml --out out", &["`out` is not empty and is no hivesim run"]);
    assert_eq!(place.bytes("out/runs.parquet"), before);
    // other figures are another look at the same runs
    place.fine("sweep plan.toml --quiet --figures unpractised --out out");
    assert!(rows(&place.path("out/runs.parquet"))[0].contains_key("unpractised"));
}

#[test]
fn a_run_that_diverges_is_a_row_with_its_cause() {
    let place = Place::with(
        "scenario = \"tiny.toml\"\nseeds = 2\n[[axis]]\nkey = \"learner.rate\"\nvalues = [0.0, 100.0]\n\
         [set]\nlearner.solver.prox = 1000.0\nfleet.tasks = 40\n",
    );
    let said = place.fine("sweep plan.toml --out out");
    assert!(said.contains("failed  learner.rate=100.0, seed 1: the hive fleet: agent "), "{said}");
    let rows = rows(&place.path("out/runs.parquet"));
    assert_eq!((text(&rows[0]["failed"]), &rows[2]["panel"]), (String::new(), &Field::Null));
    assert!(text(&rows[2]["failed"]).contains("seed 1"), "{rows:?}");
    // it is done: the same command runs nothing, and says the same
    assert_eq!(place.fine("sweep plan.toml --out out"), said);
}

#[test]
fn wrong_plans_are_refused_before_anything_runs() {
    let axis = |axis: &str| format!("scenario = \"tiny.toml\"\n[[axis]]\n{axis}");
    let refused: [(String, &[&str]); 22] = [
        (axis("key = \"learner.rat\"\nvalues = [0.1]"), &["axis learner.rat=0.1", "no such key", "did you mean `rate`?"]),
        (axis("key = \"learner.rate\"\nvalues = [0.1, -5.0]"), &["axis learner.rate=-5.0", "wanted a number from 0"]),
        (axis("key = \"learner.rate\"\nvalues = [0.1]\n[[axis]]\nkey = \"learner.rate\"\nvalues = [0.2]"), &["plan.toml:6:7", "axis.1.key", "there is another axis `learner.rate`"]),
        (axis("key = \"learner.rate\"\nvalues = [0.1, 0.1]"), &["plan.toml:4:16", "0.1 stands here twice"]),
        (axis("key = \"learner.rate\""), &["axis.0", "wanted a `key` with `values`, or a `name` with `levels`"]),
        (axis("key = \"seed\"\nvalues = [1, 2]"), &["all cases run on the same seeds"]),
        (axis("key = \"learner.rate\"\nvalue = [1, 2]"), &["plan.toml:4:1", "did you mean `values`?"]),
        (axis("key = \"learner.rate\"\nfrom = 0.1\nto = 0.2"), &["axis.0.from", "latin-hypercube"]),
        (axis("name = \"panel\"\nkey = \"learner.rate\"\nvalues = [0.1]"), &["axis `panel`", "another column of that name"]),
        ("scenario = \"tiny.toml\"\n".into(), &["found nothing to sweep"]),
        ("scenario = \"tini.toml\"\n[[axis]]\nkey = \"learner.rate\"\nvalues = [0.1]".into(), &["there is no such file; did you mean `tiny.toml`?"]),
        ("scenario = \"tiny.toml\"\ndesign = \"list\"".into(), &["a list needs cases"]),
        ("scenario = \"tiny.toml\"\nseeds = 0\n[[axis]]\nkey = \"learner.rate\"\nvalues = [0.1]".into(), &["plan.toml:2:9", "found 0; wanted a whole number from 1 to 1000, or a list of seeds"]),
        ("scenario = \"tiny.toml\"\nseeds = [3, 1, 3]\n[[axis]]\nkey = \"learner.rate\"\nvalues = [0.1]".into(), &["plan.toml:2:16", "3 stands here twice"]),
        ("scenario = \"tiny.toml\"\nfigures = [\"panle\"]\n[[axis]]\nkey = \"learner.rate\"\nvalues = [0.1]".into(), &["no such figure `panle`", "did you mean `panel`?"]),
        ("scenario = \"tiny.toml\"\nbaseline = \"learner.rate=0.2\"\n[[axis]]\nkey = \"learner.rate\"\nvalues = [0.1, 0.3]".into(), &["there is no case `learner.rate=0.2`"]),
        (axis("key = \"learner.rate\"\nvalues = [0.1]\n[set]\nfleet.agent = 3"), &["set fleet.agent=3", "did you mean `agents`?"]),
        ("scenario = \"tiny.toml\"\ndesign = \"latin-hypercube\"\npoints = 4\n[[axis]]\nkey = \"learner.rate\"\nfrom = 0.3\nto = 0.1".into(), &["axis.0.to", "not above `from`"]),
        ("scenario = \"tiny.toml\"\ndesign = \"latin-hypercube\"\npoints = 4\n[[axis]]\nkey = \"learner.rate\"\nfrom = 0\nto = 1\nscale = \"log\"".into(), &["a logarithm needs more than 0"]),
        (
            axis("key = \"learner.rate\"\nvalues = [0.1]\n[[axis]]\nname = \"how\"\nlevels = [{ name = \"a\", set = { learner.rate = 0.2 } }]"),
            &["axis.1.name", "axis `learner.rate` sets `learner.rate` too"],
        ),
        (
            axis("key = \"distiller.combine\"\nvalues = [{ kind = \"mean\" }]\n[[axis]]\nkey = \"distiller.combine.kind\"\nvalues = [\"median\"]"),
            &["axis.1.key", "axis `distiller.combine` sets `distiller.combine` too"],
        ),
        (
            axis("key = \"learner.rate\"\nvalues = [0.1]").replace("[[axis]]", "figures = [\"core\", \"core\"]\n[[axis]]"),
            &["figures: `core` stands here twice"],
        ),
    ];
    for (plan, words) in refused {
        let place = Place::with(&plan);
        place.refused("sweep plan.toml --out out", words);
        // and nothing is left behind
        assert!(!place.path("out").exists(), "{plan}");
    }
    let place = Place::with(GRID);
    place.refused("sweep plan.toml --shard 3/2", &["there is no shard 3 of 2"]);
    place.refused("sweep plan.toml --shard 0/2", &["there is no shard 0 of 2"]);
    place.refused(
        "sweep tiny.toml",
        &["tiny.toml: it is a scenario, not a plan", "--axis learner.rate=0.1,0.3"],
    );
    // one that is no scenario either is told what is wrong with it as a plan
    let neither = Place::with("rounds = 3\nfleet = 4\n");
    neither.refused("sweep plan.toml", &["plan.toml:1:1: rounds: no such key", "scenario"]);
    place.refused("sweep tiny.toml --axis learner.rate", &["--axis learner.rate: found no `=`"]);
    place.refused(
        "sweep plan.toml --set seed=3",
        &["--set seed=3: all cases run on the same seeds"],
    );
    assert!(!place.path("runs").exists());
}

#[cfg(unix)]
#[test]
fn a_sweep_that_is_killed_at_any_moment_goes_on_to_the_same_bytes() {
    // long enough to be hit in the middle of it
    let sweep = "sweep plan.toml --quiet --jobs 2 --seeds 8 --set rounds=8";
    let files = ["runs.parquet", "comparisons.json", "report.html"];
    Place::with(GRID).survives_kills(sweep, &files, 32);
}

#[cfg(unix)]
#[test]
fn an_interrupted_sweep_keeps_its_runs_and_exits_130() {
    let place = Place::with(GRID);
    let sweep = "sweep plan.toml --seeds 40 --set rounds=1000 --jobs 2 --out out";
    let child = place.command(sweep).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let runs = || fs::read_dir(place.path("out/runs")).map_or(0, |runs| runs.count());
    let begun = Instant::now();
    while runs() < 3 && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{said}");
    let kept = runs();
    assert!((3..160).contains(&kept), "{kept} runs are kept: {said}");
    let words = format!("interrupted: {kept} of 160 runs are done; the same command goes on");
    assert!(said.contains(&words), "{said}");
    assert!(!place.path("out/runs.parquet").exists());
}

#[test]
fn what_is_done_is_not_run_again_and_what_is_torn_is() {
    let place = Place::with(GRID);
    place.fine("sweep plan.toml --quiet --out out");
    let whole = place.bytes("out/runs.parquet");
    let mut files: Vec<PathBuf> =
        fs::read_dir(place.path("out/runs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let written = |path: &PathBuf| fs::metadata(path).unwrap().modified().unwrap();
    let before: Vec<_> = files.iter().map(written).collect();
    let text = fs::read(&files[3]).unwrap();
    fs::write(&files[3], &text[..text.len() / 2]).unwrap();
    fs::remove_file(&files[7]).unwrap();
    place.fine("sweep plan.toml --quiet --out out");
    assert_eq!(place.bytes("out/runs.parquet"), whole);
    for (i, path) in files.iter().enumerate() {
        assert_eq!(written(path) != before[i], [3, 7].contains(&i), "run {i}");
    }
}
