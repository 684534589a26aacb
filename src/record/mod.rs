//! Results on disk: a run directory with Parquet tables, a summary and a manifest.
//! Lives here: how an [`Outcome`] becomes files, each whole or absent.
//! May not: run or measure anything. Apart from the live page and the command line this is the
//! only place that may ask what time it is.

mod agent_tables;
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
mod staging;
mod stress;
mod summary;
mod sweep;
mod table;
mod tables;
mod together;

pub use bench::{described, read_bench, write_bench};
pub use checkpoints::{
    Checkpoints, FORMAT as CHECKPOINT_FORMAT, Found, Progress, ResumeError, Unfinished, find,
    forget,
};
pub use comparison::write_comparison;
pub use directory::{Content, Made, RunDirectory};
pub use error::RecordError;
pub use manifest::{FORMAT, FileEntry, OLDEST_FORMAT, RunFacts, rfc3339};
pub use measured::Histories;
pub use reading::{Glance, ReadError, Recorded, glance, read_run};
pub use replacing::{replace_report, write_page};
pub use runs_folder::{RunsFolder, read_run_file};
pub use stress::{StressDirectory, report_cards, stress_hash};
pub use summary::{summary, time_to_half_fleet};
pub use sweep::{SweepDirectory, SweepHeader, comparisons, read_header, result_hash};
pub use together::assist_run;

use self::agent_tables::Part;
use self::staging::Staging;
use self::together::Place;
use crate::engine::{Link, Threads};
use crate::measure::{Outcome, Trace};
use crate::scenario::Bound;
use crate::sweep::{Figure, Finished};

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
    let alone = &Threads::new(1)[0];
    write_run_over(alone, directory, outcome, histories, facts, scenario_toml, report_html)
}

/// [`write_run`] by rank 0 of several that ran it together. Each writes its own part of the tables that
/// have rows for each agent of the panel, by [`assist_run`]: `levels.part-0-of-4.parquet` and so on, with
/// the rows of the agents that were its own. All other files are the same as of one process.
///
/// # Errors
/// As there, and [`RecordError::Elsewhere`] where another rank cannot write its part.
pub fn write_run_over(
    link: &dyn Link,
    directory: &RunDirectory,
    outcome: &Outcome,
    histories: &Histories<'_>,
    facts: &RunFacts,
    scenario_toml: &str,
    report_html: &str,
) -> Result<Vec<FileEntry>, RecordError> {
    check_shapes(outcome)?;
    let write_all = |staging: &Staging, parts: &[Part]| {
        let hash = &outcome.result_hash;
        let mut files = vec![staging.write_text("scenario.toml", scenario_toml)?];
        files.extend(tables::write_all(staging, outcome)?);
        files.extend(history_tables::write_all(staging, histories, hash)?);
        files.extend(origin_tables::write_all(staging, histories, hash)?);
        let numbers = summary(outcome, histories, &facts.engine, facts.threads, facts.seconds);
        files.push(staging.write_text("summary.json", &pretty(&numbers))?);
        files.push(staging.write_text("report.html", report_html)?);
        for part in parts {
            files.extend(agent_tables::write_part(staging, outcome, part)?);
        }
        Ok(files)
    };
    let mut told = false;
    let filled = directory.fill(|staging| {
        told = true;
        let place = Place::of(staging, link.ranks(), facts.finished);
        let seen = together::open(link, place.as_ref().ok());
        place?;
        let left = (0..link.ranks()).filter(|&rank| rank == 0 || !seen[rank]);
        let left: Vec<Part> = left.map(|rank| Part::of(outcome, rank, link.ranks())).collect();
        let files = together::close(link, write_all(staging, &left))?;
        let manifest = manifest::manifest(outcome, facts, &files);
        Ok((files, manifest))
    });
    if !told {
        together::open(link, None);
    }
    filled
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
