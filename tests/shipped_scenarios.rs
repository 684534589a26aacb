//! The scenarios that come with hivesim say in their headers what they ask.

#[path = "../examples/scenarios/reference.rs"]
mod reference;

use hivesim::scenario::Scenario;
use std::fs;
use std::path::Path;

#[test]
fn every_header_holds_the_question_and_the_expectation() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let header: Vec<&str> = text
            .lines()
            .map_while(|line| line.strip_prefix('#'))
            .flat_map(str::split_whitespace)
            .collect();
        let header = header.join(" ");
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
fn the_page_of_scenarios_has_every_key() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scenarios.md");
    let page = fs::read_to_string(path).unwrap();
    let made = page.contains(&reference::reference());
    assert!(made, "cargo run --example scenarios -- reference");
}
