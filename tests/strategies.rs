//! The catalogue of strategies and the comparison of them, through the real binary.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hivesim"));
        command.args(args).current_dir(self.0.path()).stdin(Stdio::null());
        command.output().unwrap()
    }
}

fn out(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", err(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&out(output)).unwrap()
}

#[test]
fn every_listed_strategy_can_be_shown() {
    let place = Place::new();
    let all = json(&place.run(&["strategies", "--json"]));
    let listing = out(&place.run(&["strategies"]));
    let names: Vec<&str> =
        all.as_array().unwrap().iter().map(|e| e["name"].as_str().unwrap()).collect();
    assert!(names.len() >= 46, "{}", names.len());
    for name in names {
        assert!(listing.lines().any(|line| line.split_whitespace().next() == Some(name)), "{name}");
        let sheet = out(&place.run(&["strategies", "show", name]));
        assert!(sheet.starts_with(name), "{sheet}");
        for head in ["Breakdown point:", "Time:", "Memory:", "Needs:", "aper"] {
            assert!(sheet.contains(head), "{sheet}");
        }
    }
}

#[test]
fn parameters_come_with_their_default_range_and_meaning() {
    let sheet = out(&Place::new().run(&["strategies", "show", "ties"]));
    assert!(sheet.contains("density = 0.2   (a number from 0 to 1)"), "{sheet}");
    assert!(sheet.contains("Share of a task vector's entries that is kept."), "{sheet}");
}

#[test]
fn an_unknown_strategy_is_bad_input_and_the_nearest_is_named() {
    let place = Place::new();
    let output = place.run(&["strategies", "show", "geometric-medien"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("did you mean `geometric-median`?"), "{}", err(&output));
    let output = place.run(&["strategies", "show", "zzzzzz"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("`hivesim strategies` lists all"), "{}", err(&output));
}

#[test]
fn the_page_of_strategies_is_the_generated_one() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/strategies.md");
    let written = fs::read_to_string(page).unwrap_or_default();
    let made = out(&Place::new().run(&["strategies", "--markdown"]));
    assert!(
        written == made,
        "docs/strategies.md is not what the catalogue says; to make it again: \
         cargo run -- strategies --markdown > docs/strategies.md"
    );
}

const TINY: &str = "name = \"tiny\"\nrounds = 4\n[fleet]\nagents = 12\ntasks = 10\n[world]\nskills = 3\n\
                    companies = 2\n[measure]\npanel = 4\nprobes = 8\nbounds = [\"isolated\"]\n";

fn tiny() -> Place {
    let place = Place::new();
    fs::write(place.0.path().join("x.toml"), TINY).unwrap();
    place
}

#[test]
fn a_comparison_is_the_same_at_any_number_of_threads_and_written_whole() {
    let place = tiny();
    let compare = |threads: &str, out: &str| {
        let list = "mean,median,bucketing(size=3)+krum,mean+fedadam,slerp";
        let args = ["compare", "x.toml", "--strategies", list, "--seeds", "2", "--json"];
        json(&place.run(&[&args[..], &["--threads", threads, "--out", out]].concat()))
    };
    let (one, three) = (compare("1", "one"), compare("3", "three"));
    let hashes = |found: &Value| -> Vec<String> {
        let standings = found["strategies"].as_array().unwrap().iter();
        standings
            .chain(found["bounds"].as_array().unwrap())
            .flat_map(|s| s["runs"].as_array().unwrap())
            .map(|run| run["result_hash"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(hashes(&one), hashes(&three));
    assert_eq!(one["result_hash"], three["result_hash"]);
    assert_eq!(hashes(&one).len(), (4 + 1) * 2);
    // every run is the one that `hivesim run` makes
    let sets = ["--set", "distiller.combine.kind=median", "--set", "measure.bounds=[]"];
    let alone = json(&place.run(&[&["run", "x.toml", "--json"], &sets[..]].concat()));
    let hash = alone["result_hash"].as_str().unwrap().to_owned();
    assert!(hashes(&one).contains(&hash));
    // the best first
    let levels: Vec<f64> = one["strategies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["core_skill"]["mean"].as_f64().unwrap())
        .collect();
    assert!(levels.windows(2).all(|pair| pair[0] >= pair[1]), "{levels:?}");
    assert_eq!(one["refused"][0]["name"], "slerp");
    for file in
        ["comparison.json", "comparison.parquet", "report.html", "scenario.toml", "manifest.json"]
    {
        assert!(place.0.path().join("one").join(file).exists(), "{file}");
    }
    let page = fs::read_to_string(place.0.path().join("one/report.html")).unwrap();
    for text in ["bucketing(size=3)+krum", "fig-dots", "isolated", "<code>slerp</code>"] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn the_table_lists_the_refused_with_their_reasons() {
    let place = tiny();
    let args = ["compare", "x.toml", "--strategies", "mean,nuslerp,nearswap", "--seeds", "1"];
    let text = out(&place.run(&args));
    assert!(text.lines().next().unwrap().starts_with("strategy"), "{text}");
    assert!(text.lines().any(|line| line.starts_with("mean ")), "{text}");
    for name in ["nuslerp", "nearswap"] {
        let line = text.lines().find(|line| line.starts_with(&format!("refused  {name}: ")));
        assert!(line.is_some_and(|line| line.contains("contribution")), "{text}");
    }
}

#[test]
fn wrong_names_and_settings_of_a_comparison_are_bad_input_and_leave_nothing() {
    let place = tiny();
    for (list, said) in [
        ("medien", "did you mean `median`?"),
        ("ties(densty=0.5)", "densty"),
        ("ties(density=7)", "from 0 to 1"),
        ("mean+median", "two ways to combine"),
    ] {
        let output = place.run(&["compare", "x.toml", "--strategies", list, "--out", "o"]);
        assert_eq!(output.status.code(), Some(2), "{list}");
        assert!(err(&output).contains(said), "{list}: {}", err(&output));
        assert!(!place.0.path().join("o").exists(), "{list}");
    }
    let output = place.run(&["compare", "x.toml", "--strategies", "slerp", "--out", "o"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("no strategy can run"), "{}", err(&output));
    assert!(!place.0.path().join("o").exists());
}

#[test]
fn seeds_that_are_no_sample_are_bad_input() {
    let place = tiny();
    for (flags, said) in [
        (&["--seed", "3,1,3"][..], "3 is there twice"),
        (&["--seed", "x"][..], "invalid value 'x'"),
        (&["--seeds", "0"][..], "invalid value '0'"),
        (&["--set", "seed=9223372036854775807", "--seeds", "2"][..], "not so many"),
    ] {
        let args = [&["compare", "x.toml", "--strategies", "mean", "--out", "o"][..], flags];
        let output = place.run(&args.concat());
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        assert!(err(&output).contains(said), "{flags:?}: {}", err(&output));
        assert!(!place.0.path().join("o").exists(), "{flags:?}");
    }
}

#[test]
fn a_scenario_that_is_not_there_or_a_place_that_cannot_be_written_is_bad_input() {
    let place = tiny();
    let output = place.run(&["compare", "y.toml", "--out", "o"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("y.toml"), "{}", err(&output));
    for at in ["x.toml", "x.toml/below"] {
        let output = place.run(&["compare", "x.toml", "--strategies", "mean", "--out", at]);
        assert_eq!(output.status.code(), Some(2), "{at}");
        assert!(err(&output).contains(at), "{}", err(&output));
    }
}

#[test]
fn a_comparison_and_a_run_do_not_mix_in_one_folder() {
    let place = tiny();
    let compare = ["compare", "x.toml", "--strategies", "mean", "--seeds", "1", "--out", "o"];
    let run = ["run", "x.toml", "--out", "o"];
    out(&place.run(&compare));
    let refused = place.run(&run);
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains("a comparison"), "{}", err(&refused));
    // one of its own kind it replaces
    out(&place.run(&compare));
    fs::remove_dir_all(place.0.path().join("o")).unwrap();
    out(&place.run(&run));
    let refused = place.run(&compare);
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains("holds a run"), "{}", err(&refused));
}

#[test]
fn whatever_a_world_of_tasks_can_run_is_compared() {
    let place = tiny();
    let list = "fisher,regmean,best-by-probe,greedy-soup,mean+feddf,scaffold+mean";
    let found =
        json(&place.run(&["compare", "x.toml", "--strategies", list, "--seeds", "1", "--json"]));
    assert_eq!(found["strategies"].as_array().unwrap().len(), 6, "{}", found["refused"]);
    let family = |name: &str| {
        let standings = found["strategies"].as_array().unwrap().iter();
        let mut of = standings.filter(|s| s["name"] == name).map(|s| s["family"].clone());
        of.next().unwrap()
    };
    assert_eq!(family("scaffold+mean"), "averaging");
    assert_eq!(family("mean+feddf"), "server step");
}

#[cfg(unix)]
#[test]
fn an_interrupted_comparison_writes_nothing_and_leaves_an_earlier_one() {
    use std::time::Duration;
    let place = tiny();
    let earlier = ["compare", "x.toml", "--strategies", "mean", "--seeds", "1", "--out", "old"];
    out(&place.run(&earlier));
    let before = fs::read_to_string(place.0.path().join("old/manifest.json")).unwrap();
    for at in ["new", "old"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hivesim"));
        let endless = ["--set", "rounds=1000000", "--out", at];
        let args = [&["compare", "x.toml", "--strategies", "mean,median"][..], &endless].concat();
        command.args(&args).current_dir(place.0.path()).stdin(Stdio::null());
        let mut running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // the folder is taken just before the signals are caught
        for _ in 0..6_000 {
            if place.0.path().join(at).exists() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(500));
        let id = running.id().to_string();
        assert!(running.try_wait().unwrap().is_none(), "it ended before it was interrupted");
        assert!(Command::new("kill").args(["-s", "INT", &id]).status().unwrap().success());
        let output = running.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", err(&output));
        assert!(err(&output).contains("nothing was written"), "{}", err(&output));
    }
    assert!(!place.0.path().join("new").exists());
    let left: Vec<_> = fs::read_dir(place.0.path().join("old")).unwrap().flatten().collect();
    assert!(left.iter().all(|entry| !entry.file_name().to_string_lossy().starts_with('.')));
    assert_eq!(fs::read_to_string(place.0.path().join("old/manifest.json")).unwrap(), before);
}
