//! Results on disk: a run directory with Parquet tables, a summary and a manifest.
//! Lives here: how an [`Outcome`] becomes files, each whole or absent.
//! May not: run or measure anything. Apart from the live page and the command line this is the
//! only place that may ask what time it is.

mod atomic;
mod bench;
mod checkpoints;
mod comparison;
mod directory;
mod error;
mod history_tables;
mod lock;
mod machine;
mod manifest;
mod measured;
mod origin_tables;
mod reading;
mod replacing;
mod runs_folder;
mod stress;
mod summary;
mod sweep;
mod table;
mod tables;

pub use bench::{described, read_bench, write_bench};
pub use checkpoints::{
    Checkpoints, FORMAT as CHECKPOINT_FORMAT, Found, Progress, ResumeError, Unfinished, find,
    forget,
};
pub use comparison::write_comparison;
pub use directory::{Content, Made, RunDirectory};
pub use error::RecordError;
pub use manifest::{FORMAT, FileEntry, RunFacts, rfc3339};
pub use measured::Histories;
pub use reading::{Glance, ReadError, Recorded, glance, read_run};
pub use replacing::{replace_report, write_page};
pub use runs_folder::{RunsFolder, read_run_file};
pub use stress::{StressDirectory, report_cards, stress_hash};
pub use summary::{summary, time_to_half_fleet};
pub use sweep::{SweepDirectory, SweepHeader, comparisons, read_header, result_hash};

use crate::measure::{Outcome, Trace};
use crate::scenario::Bound;
use crate::sweep::{Figure, Finished};
use serde_json::Value;
use std::io::Write;

/// Writes the whole result, with what its histories come to, into `directory`: `scenario.toml`,
/// the Parquet tables, `summary.json`, `report.html` and, last, `manifest.json`, whose presence
/// therefore means that all the others are there and belong together.
///
/// Returns what the manifest lists. The tables are a function of the outcome alone: the same
/// result gives the same bytes, whatever the engine, the threads and the hour.
///
/// # Errors
/// Whatever the file system says, with the file and a hint; or [`RecordError::Shape`] when
/// a trace's levels do not fit its panel and skills. No half-written file is left: an earlier
/// result is still there, or, if the last step failed, no manifest is; the next run may use the
/// directory again.
pub fn write_run(
    directory: &RunDirectory,
    outcome: &Outcome,
    histories: &Histories<'_>,
    facts: &RunFacts,
    scenario_toml: &str,
    report_html: &str,
) -> Result<Vec<FileEntry>, RecordError> {
    check_shapes(outcome)?;
    directory.fill(|| write_all(directory, outcome, histories, facts, scenario_toml, report_html))
}

fn write_all(
    directory: &RunDirectory,
    outcome: &Outcome,
    histories: &Histories<'_>,
    facts: &RunFacts,
    scenario_toml: &str,
    report_html: &str,
) -> Result<(Vec<FileEntry>, Value), RecordError> {
    let mut files = vec![write_text(directory, "scenario.toml", scenario_toml)?];
    files.extend(tables::write_all(directory, outcome)?);
    files.extend(history_tables::write_all(directory, histories, &outcome.result_hash)?);
    files.extend(origin_tables::write_all(directory, histories, &outcome.result_hash)?);
    let numbers = summary(outcome, histories, &facts.engine, facts.threads, facts.seconds);
    files.push(write_text(directory, "summary.json", &pretty(&numbers))?);
    files.push(write_text(directory, "report.html", report_html)?);
    let manifest = manifest::manifest(outcome, facts, &files);
    Ok((files, manifest))
}

/// A run with all its figures, whose merges took so many seconds.
pub fn finished(outcome: &Outcome, merge_seconds: f64) -> Finished {
    // no figure depends on engine, threads or seconds
    let numbers = summary(outcome, &Histories::of(outcome), "", 1, 0.0);
    let result = Ok(outcome.result_hash.clone());
    Finished { result, figures: Figure::all_of(&numbers), merge_seconds }
}

/// All fleets of an outcome with the names that tables give them, the hive first.
fn fleets(outcome: &Outcome) -> impl Iterator<Item = (&'static str, &Trace)> {
    let bounds = outcome.bounds.iter().map(|(bound, trace)| (bound_name(*bound), trace));
    std::iter::once(("hive", &outcome.hive)).chain(bounds)
}

fn bound_name(bound: Bound) -> &'static str {
    match bound {
        Bound::Isolated => "isolated",
        Bound::Pooled => "pooled",
    }
}

fn write_text(directory: &RunDirectory, name: &str, text: &str) -> Result<FileEntry, RecordError> {
    let path = directory.path().join(name);
    directory.write(name, None, |sink| {
        sink.write_all(text.as_bytes()).map_err(|e| RecordError::io("write", &path, e))
    })
}

/// JSON as the run's files hold it.
pub fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

/// The tables index levels by panel agent and skill: better to say what does not fit than
/// to panic half way through a file.
fn check_shapes(outcome: &Outcome) -> Result<(), RecordError> {
    for (fleet, trace) in fleets(outcome) {
        let skills = trace.skills.len();
        let expected = trace.panel.len() * skills;
        let shape = |what: String, found: usize, expected: usize| {
            if found == expected {
                Ok(())
            } else {
                Err(RecordError::Shape { fleet, what, found, expected })
            }
        };
        shape("frequencies".into(), trace.frequencies.len(), skills)?;
        for member in &trace.panel {
            shape(format!("job of agent {}", member.agent), member.job.len(), skills)?;
        }
        for frame in &trace.frames {
            let round = frame.round;
            shape(format!("panel levels of round {round}"), frame.panel.len(), expected)?;
            shape(format!("core levels of round {round}"), frame.core.len(), expected)?;
            shape(format!("practised counts of round {round}"), frame.practised.len(), expected)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
