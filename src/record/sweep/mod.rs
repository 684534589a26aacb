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

mod run_file;
mod runs_table;

use super::atomic;
use super::directory::{Made, check_writable, lock};
use super::error::RecordError;
use super::manifest::FORMAT;
use super::pretty;
use crate::pending::is_temporary;
use crate::sweep::{Analysis, Finished, Sweep};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

const HEADER: &str = "sweep.json";
const RUNS: &str = "runs";

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
    let text = fs::read_to_string(path.join(HEADER))
        .map_err(|error| none(format!("{HEADER} cannot be read: {error}")))?;
    serde_json::from_str(&text).map_err(|error| none(format!("{HEADER} is not hivesim's: {error}")))
}

/// The run of a digest out of a sweep's folder, if it is there and whole.
pub fn read_run_file(path: &Path, digest: &str) -> Option<Finished> {
    run_file::read(&path.join(RUNS), digest)
}

/// A directory that is filled with the runs of one sweep.
#[derive(Debug)]
pub struct SweepDirectory {
    path: PathBuf,
    id: String,
    made: Made,
    /// Held open for its lock; none where the file system has no locks.
    _lock: Option<File>,
}

impl SweepDirectory {
    /// Makes the directory, or takes one that is empty or holds runs of the same sweep, and writes
    /// down whose it is.
    ///
    /// # Errors
    /// [`RecordError::OtherSweep`] when it holds another sweep, [`RecordError::Occupied`] when it
    /// holds anything else, [`RecordError::Busy`] when another process writes to it, and whatever
    /// the file system says.
    pub fn create(
        path: &Path,
        sweep: &Sweep,
        shard: Option<(usize, usize)>,
    ) -> Result<Self, RecordError> {
        if path.exists() && !path.is_dir() {
            return Err(RecordError::NotADirectory { path: path.into() });
        }
        let made = Made::missing(path);
        let id = sweep.id();
        let taken = fs::create_dir_all(path)
            .map_err(|e| RecordError::io("create", path, e))
            .and_then(|()| take(path, &id));
        let lock = taken.inspect_err(|error| match error {
            // another process's by now
            RecordError::Busy { .. } => {}
            _ => made.remove(),
        })?;
        let directory = SweepDirectory { path: path.into(), id, made, _lock: lock };
        let header = SweepHeader::of(sweep, shard);
        directory.put(HEADER, &pretty(&json!(header)))?;
        // only text, numbers and lists of them
        let plan = toml::to_string(&sweep.resolved()).unwrap_or_default();
        directory.put("sweep.toml", &plan)?;
        directory.put("scenario.toml", &sweep.text)?;
        let runs = path.join(RUNS);
        fs::create_dir_all(&runs).map_err(|e| RecordError::io("create", &runs, e))?;
        atomic::sweep(&runs)?;
        Ok(directory)
    }

    /// The folders that were made for it, to be removed where it comes to nothing.
    pub fn made(&self) -> Made {
        self.made.clone()
    }

    /// Takes everything away again where the folder was made for this sweep and no run is done.
    pub fn withdraw(&self) {
        let Made(made) = &self.made;
        // the folder of runs goes only if it is empty
        if made.contains(&self.path) && fs::remove_dir(self.path.join(RUNS)).is_ok() {
            for name in [HEADER, "sweep.toml", "scenario.toml"] {
                // what cannot be removed does no harm, and another error is the one to tell
                let _ = fs::remove_file(self.path.join(name));
            }
            self.made.remove();
        }
    }

    /// The run of this digest, if it is here and whole.
    pub fn read(&self, digest: &str) -> Option<Finished> {
        read_run_file(&self.path, digest)
    }

    /// Writes down what came of a run.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn write(&self, digest: &str, seed: u64, run: &Finished) -> Result<(), RecordError> {
        let name = format!("{RUNS}/{}", run_file::name(digest));
        self.put(&name, &run_file::text(digest, seed, run))
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
        let path = self.path.join("runs.parquet");
        atomic::write(&path, |sink| {
            runs_table::write(sink, sweep, runs, &self.id)
                .map_err(|e| RecordError::parquet(&path, e))
        })?;
        self.put("comparisons.json", &pretty(comparisons))?;
        self.put("report.html", page)
    }

    fn put(&self, name: &str, text: &str) -> Result<(), RecordError> {
        let path = self.path.join(name);
        let body = |sink: &mut atomic::Sink| {
            sink.write_all(text.as_bytes()).map_err(|e| RecordError::io("write", &path, e))
        };
        atomic::write(&path, body).map(|_| ())
    }
}

/// Takes an existing directory that is empty or the sweep's own; gives its lock.
fn take(path: &Path, id: &str) -> Result<Option<File>, RecordError> {
    let entries = fs::read_dir(path).map_err(|e| RecordError::io("list", path, e))?;
    let names = entries.map(|entry| entry.map(|entry| entry.file_name()));
    let names: io::Result<Vec<_>> = names.collect();
    let names = names.map_err(|e| RecordError::io("list", path, e))?;
    let empty = names.iter().all(|name| is_temporary(&name.to_string_lossy()));
    if !empty {
        let header = read_header(path).map_err(|error| match error {
            RecordError::NoSweep { why, .. } => {
                RecordError::Occupied { path: path.into(), found: format!("no sweep, {why}") }
            }
            error => error,
        })?;
        if let Some(found) = header.other_than(id) {
            return Err(RecordError::OtherSweep { path: path.into(), found });
        }
    }
    let lock = lock(path)?;
    atomic::sweep(path)?;
    check_writable(path)?;
    Ok(lock)
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
