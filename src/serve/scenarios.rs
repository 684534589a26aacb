//! The folder of scenarios that runs can be started from, by name as runs are.

use super::answer::Refusal;
use super::runs::entries;
use crate::scenario::{CheckedScenario, Location, Override, Scenario, ScenarioError};
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Most scenarios that are listed.
const SCENARIOS_MAX: usize = 200;
/// Overrides of a run, and bytes of one.
pub(super) const SETS_MAX: usize = 64;
pub(super) const SET_MAX: usize = 2000;

fn files(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut files = entries(folder);
    files.retain(|(name, path)| name.ends_with(".toml") && path.is_file());
    files.sort();
    files.truncate(SCENARIOS_MAX);
    files
}

/// All that can be run, by name, with what each asks.
pub(super) fn list(folder: &Path) -> Value {
    let read = |(file, path): (String, PathBuf)| {
        let scenario = Scenario::load(&path, &[]).ok()?;
        Some(json!({
            "file": file,
            "name": scenario.name,
            "question": scenario.question,
            "expect": scenario.expect,
            "seed": scenario.seed.0,
            "rounds": scenario.rounds.0,
            "agents": scenario.fleet.agents,
            "engine": scenario.engine.kind,
        }))
    };
    files(folder).into_iter().filter_map(read).collect()
}

/// The scenario in a file of the folder, with overrides.
pub(super) fn load(folder: &Path, name: &str, sets: &[String]) -> Result<CheckedScenario, Refusal> {
    check_sets(sets)?;
    let Some((_, path)) = files(folder).into_iter().find(|(file, _)| file == name) else {
        return Err(Refusal::unknown("there is no scenario of that name in the folder"));
    };
    let sets: Vec<Override> = sets.iter().map(|set| Override::set(set)).collect();
    Scenario::load_over(&path, &sets).map_err(|error| refusal(&error))
}

/// Few and short.
pub(super) fn check_sets(sets: &[String]) -> Result<(), Refusal> {
    if sets.len() > SETS_MAX || sets.iter().any(|set| set.len() > SET_MAX) {
        let text = format!("at most {SETS_MAX} overrides, of {SET_MAX} bytes each");
        return Err(Refusal::bad(text));
    }
    Ok(())
}

/// The loader's problems, each with its key, so that a page can show it where it belongs.
fn refusal(error: &ScenarioError) -> Refusal {
    let problem = |problem: &crate::scenario::Problem| {
        let place = match &problem.location {
            Location::File { file, line, column } => format!("{file}:{line}:{column}"),
            Location::Set(place) | Location::Whole(place) => place.clone(),
        };
        json!({ "key": problem.key, "message": problem.message, "place": place })
    };
    let problems = error.problems().iter().map(problem).collect();
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Refusal { problems, ..Refusal::new(status, error.to_string()) }
}
