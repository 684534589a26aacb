//! The scenarios that come with hivesim say in their headers what they ask.

#[path = "../examples/scenarios/reference.rs"]
mod reference;

use hivesim::scenario::{Battery, Plan, Scenario};
use hivesim::stress::Stress;
use hivesim::sweep::{FIGURES, Sweep};
use std::fs;
use std::path::{Path, PathBuf};

/// The TOML files of a folder.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect()
}

/// The comment at the head of a file, on one line.
fn header(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().map_while(|line| line.strip_prefix('#'));
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_header_holds_the_question_and_the_expectation() {
    let mut seen = 0;
    for path in files("scenarios") {
        let header = header(&path);
        let scenario = Scenario::load(&path, &[]).unwrap_or_else(|e| panic!("{e}"));
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert_eq!(scenario.name, name);
        for said in [&scenario.question, &scenario.expect] {
            assert!(!said.is_empty() && header.contains(said.as_str()), "{name}: {said:?}");
        }
        seen += 1;
    }
    assert!(seen >= 10, "{seen} scenarios");
}

#[test]
fn every_plan_can_be_run_and_its_header_holds_the_question_and_the_expectation() {
    let paths = files("scenarios/sweeps");
    for path in &paths {
        let plan = Plan::load(path, &[]).unwrap_or_else(|e| panic!("{e}"));
        for said in [&plan.question, &plan.expect] {
            assert!(!said.is_empty() && header(path).contains(said.as_str()), "{path:?}: {said:?}");
        }
        let sweep = Sweep::new(plan).unwrap_or_else(|e| panic!("{e}"));
        assert!(sweep.len() > 1, "{path:?}");
    }
    assert!(!paths.is_empty());
}

#[test]
fn every_battery_can_be_run_and_its_header_holds_the_question_and_the_expectation() {
    let paths = files("scenarios/stress");
    for path in &paths {
        let battery = Battery::load(path, &[]).unwrap_or_else(|e| panic!("{e}"));
        for said in [&battery.question, &battery.expect] {
            assert!(!said.is_empty() && header(path).contains(said.as_str()), "{path:?}: {said:?}");
        }
        for quick in [false, true] {
            let stress = Stress::new(battery.clone(), quick, "", &[]);
            let stress = stress.unwrap_or_else(|e| panic!("{e}"));
            // whoever it is made for faces all of it
            let faces = |refused: &Result<Vec<Option<String>>, String>| {
                refused.as_ref().is_ok_and(|why| why.iter().all(Option::is_none))
            };
            assert!(stress.refused.iter().all(faces), "{path:?}: {:?}", stress.refused);
        }
    }
    assert!(!paths.is_empty());
}

#[test]
fn the_page_of_sweeps_has_every_figure() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sweeps.md")).unwrap();
    for figure in &FIGURES {
        let mark = if figure.high_is_better { "" } else { "¹" };
        assert!(page.contains(&format!("`{}`{mark}", figure.name)), "{}", figure.name);
    }
}

#[test]
fn the_page_of_scenarios_has_every_key() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scenarios.md");
    let page = fs::read_to_string(path).unwrap();
    let made = page.contains(&reference::reference());
    assert!(made, "cargo run --example scenarios -- reference");
}
