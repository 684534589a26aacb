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
