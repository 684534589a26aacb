//! The command line, through the real binary: what it prints where, and how it exits.
#![allow(clippy::disallowed_methods, reason = "what waits for a process reads the clock")]

use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const SMALL: &str = "rounds = 3\n[fleet]\nagents = 12\ntasks = 10\n[world]\nskills = 3\n\
                     companies = 2\n[measure]\npanel = 4\nprobes = 8\n";
/// Far more rounds than a test waits for.
const ENDLESS: &str = "rounds = 1000000\n[fleet]\nagents = 12\ntasks = 10\n[world]\nskills = 3\n\
                       companies = 2\n[measure]\npanel = 4\nprobes = 8\nevery = 50\n";

struct Place(tempfile::TempDir);

impl Place {
    /// A folder of its own with a scenario `x.toml` in it.
    fn with(scenario: &str) -> Place {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("x.toml"), scenario).unwrap();
        Place(folder)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hivesim"));
        command.args(args).current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    fn read(&self, name: &str) -> String {
        let path = self.0.path().join(name);
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn hash(output: &Output) -> String {
    assert!(output.status.success(), "{}", err(output));
    let summary: Value = serde_json::from_str(&out(output)).unwrap();
    summary["result_hash"].as_str().unwrap().to_string()
}

#[test]
fn json_on_standard_output_is_summary_json_to_the_byte_and_nothing_else_is_said() {
    let place = Place::with(SMALL);
    let bounds = "measure.bounds=[\"isolated\", \"pooled\"]";
    let output = place.run(&["run", "x.toml", "--json", "--set", bounds]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(out(&output), place.read("runs/x-1/summary.json"));
    assert_eq!(err(&output), "");
    let summary: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(summary["tasks"], 3 * 12 * 10);
    assert_eq!(summary["result_hash"].as_str().unwrap().len(), 64);
    for number in [
        &summary["seconds"],
        &summary["tasks_per_second"],
        &summary["skills"]["core"],
        &summary["bounds"]["isolated"]["panel"],
        &summary["bounds"]["pooled"]["panel"],
    ] {
        assert!(number.as_f64().is_some_and(f64::is_finite), "{summary:#}");
    }
}

#[test]
fn engines_and_threads_are_named_in_the_result_and_do_not_change_it() {
    let place = Place::with(SMALL);
    let reference = hash(&place.run(&["run", "x.toml", "--json", "--engine", "serial"]));
    for (engine, threads) in [("pool", "1"), ("pool", "3"), ("tasks", "2"), ("auto", "2")] {
        let arguments = ["run", "x.toml", "--json", "--engine", engine, "--threads", threads];
        assert_eq!(hash(&place.run(&arguments)), reference, "{engine} {threads}");
        let manifest = place.json("runs/x-1/manifest.json");
        let named = if engine == "auto" { "tasks" } else { engine };
        assert_eq!(manifest["engine"], named);
        assert_eq!(manifest["threads"].to_string(), threads);
    }
    assert_ne!(hash(&place.run(&["run", "x.toml", "--json", "--seed", "2"])), reference);
    assert!(place.0.path().join("runs/x-2/manifest.json").exists(), "the seed names the folder");
}

#[test]
fn a_scenario_as_shown_or_as_recorded_runs_to_the_same_result() {
    let place = Place::with(SMALL);
    let set = ["--set", "world.company=0.7", "--set", "job_knowledge.personalisation=fedsim"];
    let first = hash(&place.run(&[&["run", "x.toml", "--json"], &set[..]].concat()));
    let shown = place.run(&[&["scenario", "show", "x.toml"], &set[..]].concat());
    fs::write(place.0.path().join("shown.toml"), &shown.stdout).unwrap();
    assert_eq!(hash(&place.run(&["run", "shown.toml", "--json"])), first);
    let recorded = ["run", "runs/x-1/scenario.toml", "--json", "--out", "again"];
    assert_eq!(hash(&place.run(&recorded)), first);
    assert_eq!(out(&shown), place.read("runs/x-1/scenario.toml"));
}

/// Data given by a relative path, on the command line or in a file elsewhere.
#[test]
fn a_run_on_the_readers_own_data_can_be_made_again_from_its_folder() {
    let place = Place::with(
        "rounds = 1\n[world]\nkind = \"dataset\"\n[measure]\nbounds = [\"isolated\"]\n",
    );
    let root = place.0.path();
    let user = |label: u32| json!({ "x": [[label, 1]], "y": [label] });
    let data = json!({
        "users": ["ann", "ben"],
        "num_samples": [1, 1],
        "user_data": { "ann": user(0), "ben": user(1) },
    });
    fs::create_dir_all(root.join("elsewhere/data")).unwrap();
    for name in ["train.json", "test.json"] {
        fs::write(root.join("elsewhere/data").join(name), data.to_string()).unwrap();
    }
    let set = ["run", "x.toml", "--json", "--set", "world.path=elsewhere/data"];
    let first = hash(&place.run(&set));
    let text = "name = \"y\"\nrounds = 1\n[world]\nkind = \"dataset\"\npath = \"data\"\n\
                [measure]\nbounds = [\"isolated\"]\n";
    fs::write(root.join("elsewhere/y.toml"), text).unwrap();
    assert_eq!(hash(&place.run(&["run", "elsewhere/y.toml", "--json"])), first);
    for run in ["x", "y"] {
        let recorded = format!("runs/{run}-1/scenario.toml");
        let again = place.run(&["run", &recorded, "--json", "--out", &format!("{run}-again")]);
        assert_eq!(hash(&again), first);
    }
    // isolated agents make no core that could be right or wrong
    let summary = place.json("runs/x-1/summary.json");
    assert!(summary["test_accuracy"].is_number(), "{summary:#}");
    let isolated = &summary["bounds"]["isolated"];
    assert!(isolated["panel"].is_number(), "{isolated:#}");
    for key in ["core", "test_accuracy", "train_loss"] {
        assert!(isolated[key].is_null(), "{key}: {isolated:#}");
    }
}

#[test]
fn the_closing_table_tells_hive_and_bounds_apart() {
    let place = Place::with(SMALL);
    let sets = ["--set", "measure.bounds=[\"isolated\", \"pooled\"]", "--set", "rounds=12"];
    let output = place.run(&[&["run", "x.toml"], &sets[..]].concat());
    let text = out(&output);
    let lines: Vec<&str> = text.lines().collect();
    for head in ["core skill", "panel skill", "never practised", "half the fleet", "tasks/s"] {
        assert!(lines[0].contains(head), "{text}");
    }
    let summary = place.json("runs/x-1/summary.json");
    for (line, fleet) in lines[1..4].iter().zip(["hive", "isolated", "pooled"]) {
        assert!(line.starts_with(fleet), "{text}");
    }
    let panel = format!("{:.3}", summary["skills"]["panel"].as_f64().unwrap());
    let pooled = format!("{:.3}", summary["bounds"]["pooled"]["panel"].as_f64().unwrap());
    assert!(lines[1].contains(&panel) && lines[3].contains(&pooled), "{text}\n{summary:#}");
    let half = match summary["time_to_half_fleet"].as_f64() {
        Some(round) => format!("round {round:.1}"),
        None => "never".into(),
    };
    assert!(lines[1].contains(&half), "{text}\n{summary:#}");
    assert!(text.contains(summary["result_hash"].as_str().unwrap()), "{text}");
    assert!(text.contains("report.html"), "{text}");
}

#[test]
fn fixed_data_closes_with_test_accuracy_and_training_loss() {
    let place = Place::with(
        "rounds = 2\n[world]\nkind = \"synthetic\"\nsizes = { kind = \"fixed\", examples = 20 }\n\
         [fleet]\nagents = 8\n[measure]\npanel = 4\n",
    );
    let text = out(&place.run(&["run", "x.toml"]));
    let summary = place.json("runs/x-1/summary.json");
    for key in ["train_loss", "test_accuracy"] {
        let number = format!("{:.3}", summary[key].as_f64().unwrap());
        assert!(text.contains(&number), "{key} {number}\n{text}");
    }
    // without test data there is no skill, and no column that could hold none
    let text = out(&place.run(&["run", "x.toml", "--set", "world.train_share=1.0"]));
    assert!(text.contains("training loss") && !text.contains("core skill"), "{text}");
}

#[test]
fn lines_go_to_standard_error_and_quiet_says_nothing_at_all() {
    let place = Place::with(SMALL);
    let output = place.run(&["run", "x.toml"]);
    assert!(err(&output).contains("hive: 3 rounds\nhive: 3 of 3 rounds in "), "{}", err(&output));
    assert!(!out(&output).contains("rounds in "), "{}", out(&output));
    let output = place.run(&["run", "x.toml", "--quiet"]);
    assert_eq!((out(&output).as_str(), err(&output).as_str()), ("", ""));
    assert!(output.status.success());
}

#[test]
fn bad_input_exits_2_with_what_is_allowed_and_leaves_no_folder() {
    let place = Place::with(SMALL);
    fs::write(place.0.path().join("binary.toml"), [0xff, 0xfe, 0]).unwrap();
    fs::write(place.0.path().join("broken.toml"), "rounds = 3\n[world\n").unwrap();
    fs::write(place.0.path().join("nodata.toml"), "[world]\nkind = \"dataset\"\n").unwrap();
    let cases: [(&[&str], &[&str]); 18] = [
        (&["run"], &["<SCENARIO>"]),
        (&["scenaro"], &["scenario"]),
        (&["run", "y.toml"], &["y.toml: there is no such file"]),
        (&["run", "xx.toml"], &["did you mean `x.toml`?"]),
        (&["run", "."], &["is a folder"]),
        (&["run", "binary.toml"], &["binary.toml:1:1", "0xFF"]),
        (&["run", "broken.toml"], &["broken.toml:2:"]),
        (&["run", "nodata.toml"], &["path"]),
        (&["run", "nodata.toml", "--set", "world.path=nowhere"], &["nowhere"]),
        (&["run", "x.toml", "--set", "world.skils=9"], &["world.skils", "did you mean `skills`?"]),
        (&["run", "x.toml", "--set", "rounds"], &["found no `=`"]),
        (&["run", "x.toml", "--engine", "pol"], &["serial", "'pool'"]),
        (&["run", "x.toml", "--threads", "2000"], &["0..=1024"]),
        (&["run", "x.toml", "--seed", "-1"], &["-1 is not in 0..="]),
        (&["run", "x.toml", "--sed", "1"], &["--seed"]),
        (&["run", "x.toml", "--metrics", "localhost"], &["127.0.0.1:9000"]),
        (&["run", "x.toml", "--out", "x.toml"], &["is a file"]),
        (&["scenario", "check", "x.toml", "--set", "rounds=0"], &["wanted a whole number"]),
    ];
    for (args, words) in cases {
        let output = place.run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", err(&output));
        assert_eq!(out(&output), "", "{args:?}");
        for word in words {
            assert!(err(&output).contains(word), "{args:?}: {}", err(&output));
        }
    }
    let left = fs::read_dir(place.0.path().join("runs")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "no folder for what never ran");
}

#[test]
fn a_run_that_fails_removes_the_folders_that_it_made_and_no_others() {
    let place = Place::with("[world]\nkind = \"dataset\"\npath = \"nowhere\"\n");
    let there = |name: &str| place.0.path().join(name).is_dir();
    for mine in ["mine", "parent"] {
        fs::create_dir(place.0.path().join(mine)).unwrap();
    }
    for folder in ["mine", "parent/deep/er", "new/deep/er", "runs/x-1"] {
        let output = place.run(&["run", "x.toml", "--out", folder]);
        assert_eq!(output.status.code(), Some(2), "{folder}: {}", err(&output));
        assert!(
            err(&output).starts_with("x.toml:3:8: world.path: no data in "),
            "{}",
            err(&output)
        );
    }
    assert!(there("mine") && there("parent"), "these were there before");
    assert!(!there("parent/deep") && !there("new") && !there("runs"), "these were made");
}

#[cfg(not(feature = "mpi"))]
#[test]
fn ranks_are_refused_by_the_feature_that_is_missing() {
    let place = Place::with(SMALL);
    let output = place.run(&["run", "x.toml", "--engine", "mpi", "--out", "new"]);
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    assert!(err(&output).starts_with("--engine mpi: engine.kind: "), "{}", err(&output));
    assert!(err(&output).contains("--features mpi"), "{}", err(&output));
    assert!(!place.0.path().join("new").exists());
}

#[test]
fn a_run_that_diverges_says_which_fleet_and_how_to_see_it_again() {
    let place = Place::with(SMALL);
    // each step overshoots what pulls it back a hundred thousand times
    let sets = ["--set", "learner.rate=100.0", "--set", "learner.solver.prox=1000.0"];
    let output = place.run(&[&["run", "x.toml", "--seed", "4"], &sets[..]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    let text = err(&output);
    for words in ["the hive fleet: agent ", "diverged", "(round 1, seed 4; ", "--seed 4"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!place.0.path().join("runs").exists());
}

/// The features are finite, and so is the core after one step on them; their product is not.
#[test]
fn a_loss_that_is_no_number_fails_the_run_by_name() {
    let place = Place::with("rounds = 1\n[world]\nkind = \"dataset\"\npath = \".\"\n");
    let user = r#"{"users": ["a"], "num_samples": [1],
                   "user_data": {"a": {"x": [[1e30, 1]], "y": [1]}}}"#;
    for part in ["train.json", "test.json"] {
        fs::write(place.0.path().join(part), user).unwrap();
    }
    let output = place.run(&["run", "x.toml"]);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    let text = err(&output);
    for words in ["the hive fleet: the core's training loss is ", "(round 1, seed 1; "] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!place.0.path().join("runs").exists());
}

#[test]
fn names_in_data_reach_the_terminal_escaped() {
    let place = Place::with("[world]\nkind = \"dataset\"\npath = \".\"\n");
    let data = r#"{"users": ["\u001b[31mred"], "num_samples": [1], "user_data": {}}"#;
    for part in ["train.json", "test.json"] {
        fs::write(place.0.path().join(part), data).unwrap();
    }
    let output = place.run(&["run", "x.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains(r"user `\u{1b}[31mred`"), "{}", err(&output));
    assert!(!err(&output).contains('\u{1b}'), "{:?}", err(&output));
}

#[test]
fn a_name_from_anywhere_makes_one_folder_below_runs() {
    let place = Place::with(SMALL);
    let folders =
        [("../../up", "up-1"), ("a/b", "a-b-1"), ("..", "run-1"), ("\\u001b[31mred", "[31mred-1")];
    for (name, folder) in folders {
        let name = format!("name=\"{name}\"");
        let output = place.run(&["run", "x.toml", "--set", "rounds=1", "--set", &name]);
        assert!(output.status.success(), "{name}: {}", err(&output));
        assert!(out(&output).contains(&format!("runs/{folder}/report.html")), "{}", out(&output));
        assert!(place.0.path().join("runs").join(folder).join("manifest.json").is_file());
    }
    assert_eq!(fs::read_dir(place.0.path()).unwrap().count(), 2, "the scenario and runs/");
}

/// Readers that go away before the first word comes.
#[test]
fn nobody_listening_is_no_reason_to_fail() {
    let place = Place::with(SMALL);
    let mut child = place
        .command(&["run", "x.toml", "--set", "measure.bounds=[\"isolated\"]"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(place.json("runs/x-1/manifest.json")["complete"], true);
}

#[cfg(unix)]
#[test]
fn closed_standard_streams_are_no_reason_to_fail() {
    let place = Place::with(SMALL);
    let command = format!("{} run x.toml >&- 2>&-", env!("CARGO_BIN_EXE_hivesim"));
    let status =
        Command::new("sh").args(["-c", &command]).current_dir(place.0.path()).status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(place.json("runs/x-1/manifest.json")["complete"], true);
}

#[test]
fn the_folder_of_an_earlier_run_is_replaced_and_that_of_anything_else_refused() {
    let place = Place::with(SMALL);
    let arguments = ["run", "x.toml", "--quiet", "--out", "o"];
    assert!(place.run(&arguments).status.success());
    let first = place.json("o/summary.json")["result_hash"].clone();
    assert!(place.run(&[&arguments[..], &["--seed", "9"]].concat()).status.success());
    let second = place.json("o/summary.json");
    assert_ne!(second["result_hash"], first);
    assert_eq!(second["seed"], 9);
    fs::create_dir(place.0.path().join("mine")).unwrap();
    fs::write(place.0.path().join("mine/thesis.txt"), "words").unwrap();
    let output = place.run(&["run", "x.toml", "--out", "mine"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("is not empty and is no hivesim run"), "{}", err(&output));
    assert_eq!(place.read("mine/thesis.txt"), "words");
}

#[test]
fn the_scenario_commands_check_show_and_describe() {
    let place = Place::with(SMALL);
    let output = place.run(&["scenario", "check", "x.toml"]);
    assert_eq!((out(&output).as_str(), output.status.code()), ("x.toml: fine\n", Some(0)));
    let shown = out(&place.run(&["scenario", "show", "x.toml", "--set", "fleet.agents=7"]));
    assert!(shown.contains("\nagents = 7\n") && shown.contains("\nalpha = "), "{shown}");
    let schema = out(&place.run(&["scenario", "schema"]));
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert!(schema["properties"]["world"].is_object());
}

#[test]
fn help_teaches_with_examples_columns_and_exit_codes() {
    let place = Place::with(SMALL);
    let help = out(&place.run(&["run", "--help"]));
    for words in ["Examples:", "half the fleet", "130 interrupted", "runs/NAME-SEED"] {
        assert!(help.contains(words), "{words}\n{help}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_standard_output_that_takes_nothing_fails_the_command() {
    let place = Place::with(SMALL);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = place.command(&["run", "x.toml", "--json"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("cannot write to standard output"), "{}", err(&output));
}

#[cfg(target_os = "linux")]
#[test]
fn help_and_version_that_nobody_gets_fail_the_command() {
    let place = Place::with(SMALL);
    for args in [&["--help"][..], &["--version"], &["run", "--help"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = place.command(args).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(err(&output).contains("cannot write to standard output"), "{}", err(&output));
        assert_eq!(place.run(args).status.code(), Some(0), "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_this_machine_cannot_hold_is_refused_by_its_key_before_it_runs() {
    let place = Place::with("[world]\nskills = 1000\nfeatures = 2000\n[measure]\nprobes = 10000\n");
    assert_eq!(place.run(&["scenario", "check", "x.toml"]).status.code(), Some(0));
    let binary = env!("CARGO_BIN_EXE_hivesim");
    let command = format!("ulimit -v 2000000; exec {binary} run x.toml");
    let output =
        Command::new("sh").args(["-c", &command]).current_dir(place.0.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    let text = err(&output);
    // 10,000 · 1,000 · 2,001 numbers of 4 bytes; 2,000,000 KiB
    for words in ["x.toml:5:10: measure.probes: 10000 probe tasks", " 74 GiB of", " 1953 MiB for"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!place.0.path().join("runs").exists());
    // 1,024 agents' windows of 1,000 tasks with 501 inputs, in two orders
    let pooled = "[fleet]\nagents = 2000\ntasks = 1000\n[world]\nfeatures = 500\nskills = 2\n\
                  [measure]\nbounds = [\"pooled\"]\n";
    fs::write(place.0.path().join("x.toml"), pooled).unwrap();
    let output =
        Command::new("sh").args(["-c", &command]).current_dir(place.0.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    let text = err(&output);
    for words in ["x.toml:3:9: fleet.tasks: the pooled learner's 1000", " 3914 MiB", " 1953 MiB"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn what_is_wrong_at_run_time_is_placed_like_everything_else() {
    let place = Place::with("[world]\nkind = \"dataset\"\npath = \".\"\n[fleet]\nagents = 31\n");
    let user = r#"{"users": ["a"], "num_samples": [1],
                   "user_data": {"a": {"x": [[1, 1]], "y": [1]}}}"#;
    for part in ["train.json", "test.json"] {
        fs::write(place.0.path().join(part), user).unwrap();
    }
    let text = err(&place.run(&["run", "x.toml"]));
    assert!(text.starts_with("x.toml:5:10: fleet.agents: 31 agents, but "), "{text}");
    assert!(text.contains("\n5 | agents = 31\n"), "{text}");
    let text = err(&place.run(&["run", "x.toml", "--set", "world.path=nope"]));
    assert!(text.starts_with("--set world.path=nope: world.path: no data in `nope`"), "{text}");
    let text = err(&place.run(&["run", "x.toml", "--engine", "serial", "--threads", "4"]));
    assert!(text.starts_with("--threads 4: engine.threads: 4 threads, but "), "{text}");
    assert!(text.contains("= with --engine serial"), "{text}");
}

/// A gigabyte of addresses has no room for a thousand stacks of two megabytes.
#[cfg(target_os = "linux")]
#[test]
fn threads_that_the_system_does_not_give_fail_the_run_by_their_number() {
    let place = Place::with(SMALL);
    for engine in ["pool", "tasks"] {
        let binary = env!("CARGO_BIN_EXE_hivesim");
        let command = format!(
            "ulimit -v 1000000; exec {binary} run x.toml --quiet --engine {engine} --threads 1000"
        );
        let output =
            Command::new("sh").args(["-c", &command]).current_dir(place.0.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{engine}: {}", err(&output));
        assert!(err(&output).starts_with("1000 threads asked for, "), "{}", err(&output));
        assert!(err(&output).contains("lower `--threads`"), "{}", err(&output));
        assert!(!place.0.path().join("runs").exists(), "{engine}");
    }
}

/// An endless run under way, and how to end it.
#[cfg(unix)]
mod under_way {
    use super::*;
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::process::Child;
    use std::time::{Duration, Instant};

    /// Kills the run when a test gives up on it.
    struct Run(Child);

    impl Drop for Run {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    impl Run {
        fn of(place: &Place, args: &[&str]) -> Run {
            let mut command = place.command(&[&["run", "x.toml"], args].concat());
            Run(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
        }

        fn signal(&self, name: &str) {
            let id = self.0.id().to_string();
            assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
        }

        /// The exit code, and standard error; within a minute.
        fn ended(mut self) -> (Option<i32>, String) {
            let since = Instant::now();
            while self.0.try_wait().unwrap().is_none() {
                assert!(since.elapsed() < Duration::from_secs(60), "it does not end");
                std::thread::sleep(Duration::from_millis(10));
            }
            let mut text = String::new();
            self.0.stderr.take().unwrap().read_to_string(&mut text).unwrap();
            (self.0.wait().unwrap().code(), text)
        }
    }

    /// An address that was free a moment ago.
    fn address() -> String {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
    }

    fn page(address: &str) -> Option<String> {
        let mut stream = TcpStream::connect(address).ok()?;
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        Some(text)
    }

    /// The metrics' page once it holds `words`.
    fn page_with(address: &str, words: &str) -> String {
        let since = Instant::now();
        let mut last = None;
        while since.elapsed() < Duration::from_secs(60) {
            last = page(address);
            if let Some(text) = last.as_ref().filter(|text| text.contains(words)) {
                return text.clone();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("no {words} in {last:?}");
    }

    #[test]
    fn an_interrupted_run_keeps_its_rounds_and_exits_130() {
        for signal in ["INT", "TERM"] {
            let place = Place::with(ENDLESS);
            let address = address();
            let run = Run::of(&place, &["--metrics", &address]);
            // a few rounds are done when their learnings were counted
            page_with(&address, "hivesim_learnings_total{fleet=\"hive\"}");
            run.signal(signal);
            let (code, text) = run.ended();
            assert_eq!(code, Some(130), "{signal}: {text}");
            assert!(text.contains("the rounds done are kept"), "{text}");
            assert!(text.contains("runs/x-1 holds the rounds done, marked incomplete"), "{text}");
            let summary = place.json("runs/x-1/summary.json");
            assert_eq!(summary["complete"], false);
            let rounds = summary["rounds"].as_u64().unwrap();
            assert_eq!(summary["tasks"].as_u64().unwrap(), rounds * 120);
            assert_eq!(place.json("runs/x-1/manifest.json")["complete"], false);
            assert!(place.read("runs/x-1/report.html").contains("Incomplete."));
        }
    }

    /// One examination takes minutes, so that the first signal alone would not end it for long.
    #[test]
    fn a_second_signal_ends_the_run_at_once_and_keeps_nothing() {
        let place = Place::with(
            "rounds = 1\n[fleet]\nagents = 1\n[measure]\nprobes = 100000\n\
             [world]\nskills = 2\ncompanies = 1\nfeatures = 64\nanswers = 256\n\
             [learner]\nkind = \"mlp\"\nhidden = [1024, 1024, 1024, 1024]\n",
        );
        let mut run = Run::of(&place, &[]);
        std::thread::sleep(Duration::from_millis(600));
        let mut lines = BufReader::new(run.0.stderr.take().unwrap()).lines();
        run.signal("INT");
        assert!(lines.any(|line| line.unwrap().starts_with("stopping; ")));
        assert!(run.0.try_wait().unwrap().is_none(), "the examination is still under way");
        let since = Instant::now();
        run.signal("INT");
        assert_eq!(run.0.wait().unwrap().code(), Some(130));
        assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
        assert!(!place.0.path().join("runs").exists());
    }

    /// Each would take minutes by itself, and is cut short: in the agents' lessons, in the
    /// distiller's, and while the world is drawn.
    #[test]
    fn long_lessons_and_worlds_are_interrupted() {
        let lesson = "[world]\nkind = \"synthetic\"\nsizes = { kind = \"fixed\", examples = 2000 }\n\
                      [fleet]\nagents = 2\n[learner.solver]\nepochs = 10000\n";
        let distiller = "[fleet]\nagents = 20\ntasks = 1000\n[world]\ncompanies = 2\n\
                         [distiller]\nexchange = \"experience\"\n\
                         [distiller.experience]\nreservoir = 1000\nepochs = 1000\n";
        let probes = "[fleet]\nagents = 20\n[world]\nskills = 1000\nfeatures = 200\ncompanies = 2\n\
                      [measure]\nprobes = 10000\n";
        for (text, wait, folder) in
            [(lesson, 700, true), (distiller, 700, true), (probes, 100, false)]
        {
            let place = Place::with(text);
            let run = Run::of(&place, &[]);
            std::thread::sleep(Duration::from_millis(wait));
            run.signal("INT");
            let (code, text) = run.ended();
            assert_eq!(code, Some(130), "{text}");
            assert_eq!(place.0.path().join("runs").exists(), folder, "{text}");
        }
    }

    #[test]
    fn a_killed_run_leaves_an_earlier_result_as_it_was() {
        let place = Place::with(SMALL);
        assert!(place.run(&["run", "x.toml", "--quiet"]).status.success());
        let before = place.read("runs/x-1/manifest.json");
        fs::write(place.0.path().join("x.toml"), ENDLESS).unwrap();
        let address = address();
        let run = Run::of(&place, &["--metrics", &address]);
        page_with(&address, "hivesim_learnings_total");
        run.signal("KILL");
        assert_eq!(run.ended().0, None, "a signal ended it");
        assert_eq!(place.read("runs/x-1/manifest.json"), before);
        fs::write(place.0.path().join("x.toml"), SMALL).unwrap();
        assert!(place.run(&["run", "x.toml", "--quiet"]).status.success());
    }

    #[test]
    fn long_runs_without_a_terminal_report_rates_and_time_left() {
        let place = Place::with(ENDLESS);
        let run = Run::of(&place, &[]);
        std::thread::sleep(Duration::from_millis(1800));
        run.signal("INT");
        let (_, text) = run.ended();
        let line = text.lines().find(|line| line.contains(" of 1000000 rounds, "));
        let line = line.unwrap_or_else(|| panic!("no line of progress: {text}"));
        assert!(line.starts_with("hive: ") && line.contains(" tasks/s, skill "), "{line}");
        assert!(line.ends_with(" s left"), "{line}");
    }

    #[test]
    fn metrics_are_served_while_it_runs_with_help_types_and_buckets() {
        let place = Place::with(ENDLESS);
        let address = address();
        let run = Run::of(&place, &["--quiet", "--engine", "tasks", "--metrics", &address]);
        let page = page_with(&address, "hivesim_live_tasks");
        for words in [
            "# HELP hivesim_tasks_total Tasks done, after each round.",
            "# TYPE hivesim_tasks_total counter",
            "# TYPE hivesim_panel_skill gauge",
            "# TYPE hivesim_merge_seconds histogram",
            "hivesim_merge_seconds_bucket{fleet=\"hive\",le=\"0.1\"}",
            "hivesim_merge_seconds_count{fleet=\"hive\"}",
            "# TYPE hivesim_staleness histogram",
            "hivesim_bytes_total{fleet=\"hive\",way=\"up\"}",
            "hivesim_learnings_dropped_total{fleet=\"hive\"} 0",
            "hivesim_live_agents{fleet=\"hive\"} 12",
            "hivesim_live_agents_at_newest_core{fleet=\"hive\"}",
        ] {
            assert!(page.contains(words), "{words} is missing:\n{page}");
        }
        // the counters count: 12 agents bring a learning each for their 10 tasks
        let value = |name: &str| -> f64 {
            let start = format!("{name}{{fleet=\"hive\"}} ");
            let line = page.lines().find_map(|line| line.strip_prefix(start.as_str()));
            line.unwrap_or_else(|| panic!("{name}:\n{page}")).parse().unwrap()
        };
        let (tasks, learnings) = (value("hivesim_tasks_total"), value("hivesim_learnings_total"));
        assert!(learnings >= 12.0 && tasks >= 120.0, "{tasks} {learnings}");
        // a scrape may fall between two counters of one round
        assert!((tasks / 10.0 - learnings).abs() <= 12.0, "{tasks} {learnings}");
        run.signal("INT");
        assert_eq!(run.ended().0, Some(130));
    }

    #[test]
    fn a_metrics_address_in_use_is_refused_before_anything_runs() {
        let place = Place::with(SMALL);
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let output = place.run(&["run", "x.toml", "--metrics", &address]);
        assert_eq!(output.status.code(), Some(2));
        let text = err(&output);
        assert!(text.contains(&address) && text.contains("Name another port"), "{text}");
        assert!(!Path::new(&place.0.path().join("runs")).exists());
    }
}

#[cfg(feature = "tui")]
#[test]
fn a_view_without_a_terminal_is_refused_before_anything_is_written() {
    let place = Place::with(SMALL);
    let output = place.run(&["run", "x.toml", "--tui", "--out", "results"]);
    assert_eq!(output.status.code(), Some(2));
    let wanted = "--tui shows the run on a terminal, and standard input is none; leave it out\n";
    assert_eq!(err(&output), wanted);
    assert!(!place.0.path().join("results").exists());
    for other in ["--json", "--quiet"] {
        assert_eq!(place.run(&["run", "x.toml", "--tui", other]).status.code(), Some(2), "{other}");
    }
}
