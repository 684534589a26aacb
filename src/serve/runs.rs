//! The folder of past runs. A run is asked for by its name, which is looked for among what the
//! folder lists: no path is ever made of what a client sends.

use super::answer::Refusal;
use crate::record::{Recorded, glance, read_run};
use crate::report::{number, render_side_by_side};
use serde_json::{Value, json};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Most entries of a folder that are looked at.
pub(super) const ENTRIES_MAX: usize = 2000;
/// Most runs that are listed, the newest.
const RUNS_MAX: usize = 200;
/// Runs side by side.
const COMPARED_MAX: usize = 8;
/// Bytes of a report.
const REPORT_MAX: u64 = 256 << 20;

/// What a folder holds by name: those that a client can name.
pub(super) fn entries(folder: &Path) -> Vec<(String, PathBuf)> {
    let all = fs::read_dir(folder).into_iter().flatten().take(ENTRIES_MAX).flatten();
    let named = |entry: fs::DirEntry| Some((entry.file_name().into_string().ok()?, entry.path()));
    all.filter_map(named).collect()
}

/// The run of a name.
fn find(folder: &Path, name: &str) -> Result<PathBuf, Refusal> {
    let found = entries(folder).into_iter().find(|(each, path)| each == name && path.is_dir());
    found.map(|(_, path)| path).ok_or_else(|| Refusal::unknown("there is no run of that name"))
}

/// All runs that can be read, the newest first.
pub(super) fn list(folder: &Path) -> Value {
    let read = |(folder, path): (String, PathBuf)| {
        let run = glance(&path).ok()?;
        let row = json!({
            "run": folder,
            "name": run.name,
            "seed": run.seed,
            "complete": run.complete,
            "finished": run.finished,
            "seconds": number(run.seconds),
            "result_hash": run.result_hash,
            "agents": run.agents,
            "rounds": run.rounds,
            "core_skill": number(run.core_skill),
            "panel_skill": number(run.panel_skill),
        });
        Some((run.finished, row))
    };
    let mut runs: Vec<(String, Value)> = entries(folder).into_iter().filter_map(read).collect();
    runs.sort_by(|a, b| b.0.cmp(&a.0));
    runs.into_iter().take(RUNS_MAX).map(|(_, row)| row).collect()
}

/// A run's report.
pub(super) fn report(folder: &Path, name: &str) -> Result<Vec<u8>, Refusal> {
    let path = find(folder, name)?.join("report.html");
    let mut page = Vec::new();
    let read = fs::File::open(path).and_then(|file| {
        let length = file.metadata()?.len().min(REPORT_MAX);
        file.take(length).read_to_end(&mut page)
    });
    match read {
        Ok(_) => Ok(page),
        Err(_) => Err(Refusal::unknown("that run has no report")),
    }
}

/// Several runs on a page of their own, by names between slashes.
pub(super) fn compare(folder: &Path, names: &str) -> Result<String, Refusal> {
    let names: Vec<&str> = names.split('/').filter(|name| !name.is_empty()).collect();
    if !(2..=COMPARED_MAX).contains(&names.len()) {
        return Err(Refusal::bad(format!("name 2 to {COMPARED_MAX} runs to lay side by side")));
    }
    let read = names.iter().map(|name| {
        read_run(&find(folder, name)?).map_err(|error| Refusal::conflict(error.to_string()))
    });
    let read = read.collect::<Result<Vec<Recorded>, Refusal>>()?;
    let named: Vec<_> = names.into_iter().zip(read.iter().map(|run| &run.outcome)).collect();
    render_side_by_side(&named).map_err(Refusal::failed)
}
