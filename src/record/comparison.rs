//! A comparison on disk: `comparison.json`, a table of all runs, the scenario and the page.

use super::directory::RunDirectory;
use super::error::RecordError;
use super::manifest::{FORMAT, FileEntry, RunFacts, build, rfc3339};
use super::staging::Staging;
use super::table::{Cell, Column, Table};
use super::{machine, pretty};
use crate::compare::{Comparison, Run};
use serde_json::{Value, json};

/// A run with whose it is.
struct Row<'a> {
    name: &'a str,
    family: &'static str,
    run: &'a Run,
}

#[rustfmt::skip]
fn table<'a>() -> Table<Row<'a>> {
    Table { name: "comparison", columns: vec![
        Column::new("strategy", "", "The pipeline, or the bound.", Cell::Text(|r: &Row<'a>| r.name)),
        Column::new("family", "", "What is special about it.", Cell::Text(|r| r.family)),
        Column::new("seed", "", "The run's seed.", Cell::Integer(|r| r.run.seed)),
        Column::new("core_skill", "level", "Level of the core at the end.", Cell::Real(|r| r.run.core_skill)),
        Column::new("panel_skill", "level", "Level of the agents at the end.", Cell::Real(|r| r.run.panel_skill)),
        Column::new("test_accuracy", "share", "Of the core at the end, on test data.", Cell::Real(|r| r.run.test_accuracy)),
        Column::new("time_to_half", "rounds", "Until half the panel has adopted its job.", Cell::Real(|r| r.run.time_to_half.unwrap_or(f64::NAN))),
        Column::new("merge_seconds", "s", "Spent on making cores.", Cell::Real(|r| r.run.merge_seconds)),
        Column::new("bytes", "B", "Sent up and down.", Cell::Integer(|r| r.run.bytes)),
        Column::new("result_hash", "", "BLAKE3 of the run's result.", Cell::Text(|r| &r.run.result_hash)),
    ] }
}

/// Writes a comparison into `directory`, whole or not at all.
///
/// # Errors
/// Whatever the file system says; an earlier result is then still there.
pub fn write_comparison(
    directory: &RunDirectory,
    comparison: &Comparison,
    facts: &RunFacts,
    scenario_toml: &str,
    report_html: &str,
) -> Result<Vec<FileEntry>, RecordError> {
    directory.fill(|staging| write_all(staging, comparison, facts, scenario_toml, report_html))
}

fn write_all(
    staging: &Staging,
    comparison: &Comparison,
    facts: &RunFacts,
    scenario_toml: &str,
    report_html: &str,
) -> Result<(Vec<FileEntry>, Value), RecordError> {
    let hash = comparison.result_hash();
    let rows = comparison.standings.iter().chain(&comparison.bounds).flat_map(|standing| {
        standing.runs.iter().map(|run| Row { name: &standing.name, family: standing.family, run })
    });
    let files = vec![
        staging.write_text("scenario.toml", scenario_toml)?,
        staging.write_table(&table(), &hash, rows)?,
        staging.write_text("comparison.json", &pretty(&comparison.to_json()))?,
        staging.write_text("report.html", report_html)?,
    ];
    let manifest = json!({
        "hivesim": env!("CARGO_PKG_VERSION"),
        "format": FORMAT,
        "comparison": comparison.name,
        "result_hash": hash,
        "seeds": comparison.seeds,
        "started": rfc3339(facts.started),
        "finished": rfc3339(facts.finished),
        "seconds": facts.seconds,
        "engine": facts.engine,
        "threads": facts.threads,
        "build": build(),
        "machine": machine::describe(),
        "files": files,
    });
    Ok((files, manifest))
}
