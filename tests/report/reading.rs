//! A run's directory read back: the same page to the byte, and what cannot be read refused.

use hivesim::engine::{Experiment, Silent};
use hivesim::measure::Outcome;
use hivesim::record::{
    Histories, ReadError, RunDirectory, RunFacts, pretty, read_run, replace_report, summary,
    write_run,
};
use hivesim::report::{render, render_side_by_side};
use hivesim::scenario::Scenario;
use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

const SMALL: &str = "rounds = 4\n[fleet]\nagents = 12\ntasks = 10\n[world]\nskills = 3\n\
                     companies = 2\n[measure]\npanel = 4\nprobes = 8\nevery = 2\n";

/// Runs a scenario and writes it as the command does; gives what came out and its page.
fn written(at: &Path, sets: &[&str]) -> (Outcome, String) {
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    let scenario = Scenario::parse(SMALL, "small.toml", &sets).unwrap();
    let toml = scenario.to_toml();
    let mut outcome = Experiment::new(scenario).run(&Silent).unwrap();
    outcome.hive.seconds = 0.123_456_789;
    let finished = UNIX_EPOCH + Duration::from_micros(1_300_007);
    let facts = RunFacts::in_one_go("serial", 1, (UNIX_EPOCH, finished));
    let histories = Histories::of(&outcome);
    let numbers = summary(&outcome, &histories, "serial", 1, facts.seconds);
    let page = render(&outcome, &histories, &pretty(&numbers), &toml).unwrap();
    let directory = RunDirectory::create(at).unwrap();
    write_run(&directory, &outcome, &histories, &facts, &toml, &page).unwrap();
    (outcome, page)
}

fn redrawn(at: &Path) -> String {
    let read = read_run(at).unwrap();
    let histories = Histories::of(&read.outcome);
    render(&read.outcome, &histories, &read.summary, &read.scenario_toml).unwrap()
}

#[test]
fn a_page_drawn_anew_is_the_same_to_the_byte() {
    let kinds: [&[&str]; 8] = [
        &["measure.bounds=[\"isolated\", \"pooled\"]"],
        &["distiller.topology=gossip", "distiller.gossip.graph=ring"],
        &["hives=[{name = \"a\", efficiency = 0.1}, {}]"],
        &["learner.kind=practice"],
        &[
            "measure.interference=true",
            "measure.barriers=2",
            "fleet.newcomers.agents=6",
            "fleet.newcomers.round=2",
        ],
        &[
            "distiller.schedule.kind=buffered",
            "distiller.schedule.learnings=3",
            "fleet.speed.kind=lognormal",
            "measure.bounds=[\"isolated\", \"pooled\"]",
        ],
        &["distiller.topology=hierarchical", "world.company=0.123456789012345678"],
        &[
            "attack.method.kind=backdoor",
            "attack.share=0.3",
            "measure.bounds=[\"isolated\", \"pooled\"]",
        ],
    ];
    for sets in kinds {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("run");
        let (outcome, page) = written(&at, sets);
        assert!(redrawn(&at) == page, "{sets:?}");
        let backdoor = sets.contains(&"attack.method.kind=backdoor");
        assert_eq!(page.contains("id=\"fig-backdoor\""), backdoor, "{sets:?}");
        assert_eq!(page.contains("behind a backdoor"), backdoor, "{sets:?}");
        let adopters = |outcome: &Outcome| -> Vec<Vec<u64>> {
            outcome.hive.frames.iter().map(|frame| frame.adopters.clone()).collect()
        };
        assert_eq!(adopters(&read_run(&at).unwrap().outcome), adopters(&outcome));
        let all_known = adopters(&outcome).iter().all(|agents| !agents.is_empty());
        assert_eq!(all_known, sets.contains(&"learner.kind=practice"), "{sets:?}");
    }
}

#[test]
fn a_page_may_be_replaced_and_the_run_stays_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (_, page) = written(folder.path(), &[]);
    let manifest = || fs::read_to_string(folder.path().join("manifest.json")).unwrap();
    let before = manifest();
    replace_report(folder.path(), "another").unwrap();
    assert!(manifest() != before);
    assert_eq!(fs::read_to_string(folder.path().join("report.html")).unwrap(), "another");
    replace_report(folder.path(), &redrawn(folder.path())).unwrap();
    assert_eq!(manifest(), before);
    assert!(fs::read_to_string(folder.path().join("report.html")).unwrap() == page);
}

#[test]
fn what_is_no_whole_run_of_this_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("run");
    assert!(matches!(read_run(&at), Err(ReadError::Missing { .. })));
    fs::create_dir(&at).unwrap();
    assert!(matches!(read_run(&at), Err(ReadError::NotARun { .. })));
    fs::write(at.join("manifest.json"), "{\"hivesim\": 7}").unwrap();
    assert!(matches!(read_run(&at), Err(ReadError::NotARun { .. })));
    fs::remove_file(at.join("manifest.json")).unwrap();
    written(&at, &[]);
    assert!(matches!(read_run(&at.join("manifest.json")), Err(ReadError::NotARun { .. })));

    let manifest = fs::read_to_string(at.join("manifest.json")).unwrap();
    for (format, advice) in [(1, "run the scenario again"), (9, "take the newer hivesim")] {
        let other = manifest.replace("\"format\": 5", &format!("\"format\": {format}"));
        fs::write(at.join("manifest.json"), other).unwrap();
        let error = read_run(&at).unwrap_err().to_string();
        assert!(
            error.contains(&format!("in format {format}")) && error.contains(advice),
            "{error}"
        );
    }
    // before there were parts
    fs::write(at.join("manifest.json"), manifest.replace("\"format\": 5", "\"format\": 4"))
        .unwrap();
    assert!(read_run(&at).is_ok());
    fs::write(at.join("manifest.json"), &manifest[..manifest.len() / 2]).unwrap();
    assert!(matches!(read_run(&at), Err(ReadError::Damaged { .. })));
    fs::write(at.join("manifest.json"), &manifest).unwrap();

    for file in ["levels.parquet", "rounds.parquet", "summary.json", "scenario.toml"] {
        let whole = fs::read(at.join(file)).unwrap();
        let mut bent = whole.clone();
        let middle = bent.len() / 2;
        bent[middle] ^= 1;
        fs::write(at.join(file), bent).unwrap();
        let error = read_run(&at).unwrap_err().to_string();
        assert!(error.contains(file) && error.contains("BLAKE3"), "{error}");
        fs::remove_file(at.join(file)).unwrap();
        let error = read_run(&at).unwrap_err().to_string();
        assert!(error.contains(file) && error.contains("missing"), "{error}");
        fs::write(at.join(file), whole).unwrap();
    }
    read_run(&at).unwrap();
}

#[test]
fn runs_side_by_side_show_differences_and_escape_names() {
    let folder = tempfile::tempdir().unwrap();
    let (a, _) = written(&folder.path().join("a"), &[]);
    let (b, _) = written(&folder.path().join("b"), &["world.company=0.5", "seed=7"]);
    let page = render_side_by_side(&[("plain", &a), ("<b>", &b)]).unwrap();
    assert!(page.contains("<h1>2 runs side by side</h1>") && !page.contains("<b>"));
    let keys = super::between(&page, "id=\"keys\"", "</section>");
    let names: Vec<&str> = keys
        .split("<th scope=\"row\"><code>")
        .skip(1)
        .map(|k| &k[..k.find('<').unwrap()])
        .collect();
    assert_eq!(names, ["seed", "world.company"]);
    let data = super::data(&page);
    assert_eq!(data["runs"].as_array().unwrap().len(), 2);
    assert_eq!(data["figures"][0]["lines"][1]["run"], 1);
    let same = render_side_by_side(&[("x", &a), ("y", &a)]).unwrap();
    assert!(same.contains("In no key: the same scenario with the same seed."));
    assert!(same.contains("end level"));
}
