//! A sweep on disk: a file for each run as soon as it is done, and when all are there the table,
//! the comparisons and the page.
//!
//! ```text
//! sweep.json           whose runs these are; written first
//! sweep.toml           the plan with all its defaults, scenario.toml the scenario's file
//! runs/DIGEST.json     a run, named by what it depends on
//! runs.parquet, comparisons.json, report.html
//! ```
//! A kill leaves whole runs and at most temporary files: the same command goes on from there.

mod runs_table;

use super::atomic::Sink;
use super::error::RecordError;
use super::manifest::FORMAT;
use super::pretty;
use super::runs_folder::{self, RunsFolder};
use crate::sweep::{Analysis, Finished, Sweep};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::Path;

const HEADER: &str = "sweep.json";

/// sweep.json: whose runs a folder holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepHeader {
    /// hivesim's version.
    pub hivesim: String,
    /// Version of the folder's format.
    pub format: u32,
    /// The plan's name.
    pub sweep: String,
    /// A digest of all runs of the sweep.
    pub id: String,
    /// How many they are.
    pub runs: usize,
    /// Which of how many shards the folder is for, from 1; none is the whole.
    pub shard: Option<(usize, usize)>,
}

impl SweepHeader {
    fn of(sweep: &Sweep, shard: Option<(usize, usize)>) -> Self {
        SweepHeader {
            hivesim: env!("CARGO_PKG_VERSION").into(),
            format: FORMAT,
            sweep: sweep.plan.name.clone(),
            id: sweep.id(),
            runs: sweep.len(),
            shard,
        }
    }

    /// The sweep in words, where it is another than the one that is wanted.
    pub fn other_than(&self, wanted: &str) -> Option<String> {
        let version = env!("CARGO_PKG_VERSION");
        let (name, runs) = (crate::text::name(&self.sweep), self.runs);
        if self.hivesim != version {
            let made = &crate::text::name(&self.hivesim);
            return Some(format!("a sweep of hivesim {made}, and this is {version}"));
        }
        (self.id != wanted).then(|| format!("another sweep, `{name}` of {runs} runs"))
    }
}

/// Reads whose runs a folder holds.
///
/// # Errors
/// [`RecordError::NoSweep`] where it holds none.
pub fn read_header(path: &Path) -> Result<SweepHeader, RecordError> {
    let none = |why: String| RecordError::NoSweep { path: path.into(), why };
    runs_folder::header(path, HEADER).map_err(none)
}

/// A directory that is filled with the runs of one sweep.
#[derive(Debug)]
pub struct SweepDirectory {
    folder: RunsFolder,
    id: String,
}

impl SweepDirectory {
    /// Makes the directory, or takes one that is empty or holds runs of the same sweep, and writes
    /// down whose it is.
    ///
    /// # Errors
    /// [`RecordError::OtherRuns`] when it holds another sweep, [`RecordError::Occupied`] when it
    /// holds anything else, [`RecordError::Busy`] when another process writes to it, and whatever
    /// the file system says.
    pub fn create(
        path: &Path,
        sweep: &Sweep,
        shard: Option<(usize, usize)>,
    ) -> Result<Self, RecordError> {
        let id = sweep.id();
        let other = |path: &Path| {
            let header: Result<SweepHeader, String> = runs_folder::header(path, HEADER);
            let header = header.map_err(|why| format!("no sweep, {why}"))?;
            Ok(header.other_than(&id))
        };
        let header = SweepHeader::of(sweep, shard);
        // only text, numbers and lists of them
        let plan = toml::to_string(&sweep.resolved()).unwrap_or_default();
        let files = [
            (HEADER, pretty(&json!(header))),
            ("sweep.toml", plan),
            ("scenario.toml", sweep.text.clone()),
        ];
        let folder = RunsFolder::create(path, &files, other)?;
        Ok(SweepDirectory { folder, id })
    }

    /// The folder of its runs.
    pub fn runs(&self) -> &RunsFolder {
        &self.folder
    }

    /// Writes the table of all runs, what they come to, and the page.
    ///
    /// # Errors
    /// Whatever the file system says. Each file is whole or as it was.
    pub fn finish(
        &self,
        sweep: &Sweep,
        runs: &[Finished],
        comparisons: &Value,
        page: &str,
    ) -> Result<(), RecordError> {
        let table = |sink: &mut Sink| runs_table::write(sink, sweep, runs, &self.id);
        self.folder.table("runs.parquet", table)?;
        self.folder.put("comparisons.json", &pretty(comparisons))?;
        self.folder.put("report.html", page)
    }
}

/// comparisons.json: what all runs come to.
pub fn comparisons(sweep: &Sweep, runs: &[Finished], analysis: &Analysis) -> Value {
    let failed = |(i, run): (usize, &Finished)| {
        let cause = run.result.as_ref().err()?;
        let (case, seed) = sweep.run(i);
        Some(json!({ "case": case.name, "seed": seed, "cause": cause }))
    };
    let cases: Vec<&str> = sweep.design.cases.iter().map(|case| case.name.as_str()).collect();
    json!({
        "hivesim": env!("CARGO_PKG_VERSION"),
        "name": sweep.plan.name,
        "id": sweep.id(),
        "result_hash": result_hash(sweep, runs),
        "runs": runs.len(),
        "seeds": sweep.seeds,
        "factors": sweep.design.factors,
        "cases": cases,
        "failed": runs.iter().enumerate().filter_map(failed).collect::<Vec<_>>(),
        "figures": analysis.figures,
    })
}

/// A hash over all results: the same wherever and on however many threads they were run.
pub fn result_hash(sweep: &Sweep, runs: &[Finished]) -> String {
    let mut hasher = blake3::Hasher::new();
    for (digest, run) in sweep.digests.iter().zip(runs) {
        let (Ok(result) | Err(result)) = &run.result;
        hasher.update(format!("{digest} {result}\n").as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
