//! A folder of many runs, a file each as soon as it is done, so that the same command goes on after
//! a kill: that leaves whole runs and at most temporary files.
//! Lives here: taking the folder, and the file of a run (`run_file`).
//! May not: know what the runs are of.

mod run_file;

use super::atomic::{self, Sink};
use super::directory::{Made, check_writable};
use super::error::RecordError;
use super::lock::Lock;
use crate::disk;
use crate::pending::is_temporary;
use crate::sweep::Finished;
use serde::de::DeserializeOwned;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

const RUNS: &str = "runs";

/// Reads the JSON that says whose runs a folder holds, or says why it cannot.
pub(super) fn header<T: DeserializeOwned>(path: &Path, name: &str) -> Result<T, String> {
    let text = fs::read_to_string(path.join(name))
        .map_err(|error| format!("{name} cannot be read: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("{name} is not hivesim's: {error}"))
}

/// The run of a digest out of such a folder, if it is there and whole.
pub fn read_run_file(path: &Path, digest: &str) -> Option<Finished> {
    run_file::read(&path.join(RUNS), digest)
}

/// A folder that is filled with runs.
#[derive(Debug)]
pub struct RunsFolder {
    path: PathBuf,
    /// The files that are there before any run is.
    begun: Vec<&'static str>,
    made: Made,
    /// None where the file system has no locks.
    _lock: Option<Lock>,
}

impl RunsFolder {
    /// Makes the folder, or takes one that is empty or holds the same runs, and writes `files`, of
    /// which one says whose it is. `other` says which other runs the folder holds, if any, or why
    /// it is not taken for such a folder.
    pub(super) fn create(
        path: &Path,
        files: &[(&'static str, String)],
        other: impl Fn(&Path) -> Result<Option<String>, String>,
    ) -> Result<Self, RecordError> {
        if path.exists() && !path.is_dir() {
            return Err(RecordError::NotADirectory { path: path.into() });
        }
        let made = Made::missing(path);
        let taken = disk::create_dir_all(path)
            .map_err(|e| RecordError::io("create", path, e))
            .and_then(|()| take(path, other));
        let lock = taken.inspect_err(|error| match error {
            // another process's by now
            RecordError::Busy { .. } => {}
            _ => made.remove(),
        })?;
        let begun = files.iter().map(|(name, _)| *name).collect();
        let folder = RunsFolder { path: path.into(), begun, made, _lock: lock };
        for (name, text) in files {
            folder.put(name, text)?;
        }
        let runs = path.join(RUNS);
        disk::create_dir_all(&runs).map_err(|e| RecordError::io("create", &runs, e))?;
        atomic::sweep(&runs)?;
        Ok(folder)
    }

    /// The folders that were made for it, to be removed where it comes to nothing.
    pub fn made(&self) -> Made {
        self.made.clone()
    }

    /// Takes everything away again where the folder was made for these runs and none is done.
    pub fn withdraw(&self) {
        let Made(made) = &self.made;
        // the folder of runs goes only if it is empty
        if made.contains(&self.path) && fs::remove_dir(self.path.join(RUNS)).is_ok() {
            for name in &self.begun {
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

    /// Writes a file of text, whole or not at all.
    pub(super) fn put(&self, name: &str, text: &str) -> Result<(), RecordError> {
        let path = self.path.join(name);
        let body = |sink: &mut Sink| {
            sink.write_all(text.as_bytes()).map_err(|e| RecordError::io("write", &path, e))
        };
        atomic::write(&path, body).map(|_| ())
    }

    /// Writes a table, whole or not at all.
    pub(super) fn table(
        &self,
        name: &str,
        body: impl FnOnce(&mut Sink) -> parquet::errors::Result<()>,
    ) -> Result<(), RecordError> {
        let path = self.path.join(name);
        let body = |sink: &mut Sink| body(sink).map_err(|e| RecordError::parquet(&path, e));
        atomic::write(&path, body).map(|_| ())
    }
}

/// Takes an existing folder that is empty or holds such runs; gives its lock.
fn take(
    path: &Path,
    other: impl Fn(&Path) -> Result<Option<String>, String>,
) -> Result<Option<Lock>, RecordError> {
    let entries = fs::read_dir(path).map_err(|e| RecordError::io("list", path, e))?;
    let names = entries.map(|entry| entry.map(|entry| entry.file_name()));
    let names: io::Result<Vec<_>> = names.collect();
    let names = names.map_err(|e| RecordError::io("list", path, e))?;
    let empty = names.iter().all(|name| is_temporary(&name.to_string_lossy()));
    if !empty {
        let path = path.to_path_buf();
        match other(&path) {
            Ok(None) => {}
            Ok(Some(found)) => return Err(RecordError::OtherRuns { path, found }),
            Err(found) => return Err(RecordError::Occupied { path, found }),
        }
    }
    let lock = Lock::of(path)?;
    atomic::sweep(path)?;
    check_writable(path)?;
    Ok(lock)
}
