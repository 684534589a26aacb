//! The directory of one run.
//!
//! ```text
//! begin:  a hidden folder is made beside the earlier result
//! write:  files go there, one by one; a full disk or a kill leaves the earlier result whole
//! finish: marker written → earlier manifest and files removed → new files moved in →
//!         manifest moved in → marker removed
//! ```
//! At every moment a manifest means a whole result, files of two runs never stand side by
//! side, and a marker means that the directory is hivesim's own even though it has no
//! manifest, so that a killed run can be run again. A lock on the directory, which ends with
//! the process, keeps a second run out.

use super::agent_tables;
use super::atomic;
use super::checkpoints::{self, Trace};
use super::error::RecordError;
use super::lock::Lock;
use super::manifest::FileEntry;
use super::pretty;
use super::staging::Staging;
use crate::disk;
use crate::pending::is_temporary;
use serde_json::Value;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const MANIFEST: &str = "manifest.json";
pub(super) const MARKER: &str = ".hivesim-unfinished";

/// What a directory is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The result of a run.
    Run,
    /// A comparison of many.
    Comparison,
    /// A benchmark.
    Bench,
}

impl Content {
    /// All its files, by name.
    pub(super) fn files(self) -> &'static [&'static str] {
        match self {
            Content::Run => &[
                "accounts.parquet",
                "continual.parquet",
                "hives.parquet",
                "inequality.parquet",
                "interference.parquet",
                "jobs.parquet",
                "levels.parquet",
                "lineage.parquet",
                MANIFEST,
                "panel.parquet",
                "report.html",
                "rounds.parquet",
                "scenario.toml",
                "skills.parquet",
                "spread.parquet",
                "staleness.parquet",
                "summary.json",
                "tags.parquet",
                "taught.parquet",
            ],
            Content::Comparison => {
                &["comparison.json", "comparison.parquet", MANIFEST, "report.html", "scenario.toml"]
            }
            Content::Bench => {
                &["bench.json", "bench.parquet", MANIFEST, "report.html", "scenario.toml"]
            }
        }
    }
}

/// A directory that may be filled with the result of a run, or a comparison of runs.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    pub(super) staging: Staging,
    made: Made,
    /// None where the file system has no locks.
    _lock: Option<Lock>,
}

impl RunDirectory {
    /// Makes the directory and those above it, or takes an existing one that is empty or
    /// holds an earlier run. An earlier result stays whole until the next is written.
    ///
    /// # Errors
    /// [`RecordError::Occupied`] when it holds anything else, [`RecordError::OtherResult`] when
    /// that is a comparison, [`RecordError::Busy`] when another run holds it,
    /// [`RecordError::NotADirectory`] when it is a file, [`RecordError::Io`] when nothing can be
    /// written there: better before a long run than after it.
    pub fn create(path: &Path) -> Result<Self, RecordError> {
        Self::create_for(path, Content::Run)
    }

    /// The same for a result of a kind, which may only take the place of one of its kind.
    ///
    /// # Errors
    /// As of [`RunDirectory::create`].
    pub fn create_for(path: &Path, content: Content) -> Result<Self, RecordError> {
        if path.exists() && !path.is_dir() {
            return Err(RecordError::NotADirectory { path: path.into() });
        }
        let made = Made::missing(path);
        let taken = disk::create_dir_all(path)
            .map_err(|e| RecordError::io("create", path, e))
            .and_then(|()| take(path, content));
        let lock = taken.inspect_err(|error| match error {
            // another run's by now
            RecordError::Busy { .. } => {}
            _ => made.remove(),
        })?;
        Ok(RunDirectory::taken(path, made, lock))
    }

    /// Takes the directory of a run that was cut off, to go on with it.
    ///
    /// # Errors
    /// [`RecordError::Busy`] when a run holds it, [`RecordError::Io`] when nothing can be written there.
    pub fn resume(path: &Path) -> Result<Self, RecordError> {
        check_replaceable(path, Content::Run.files().iter().copied())?;
        let lock = secure(path)?;
        Ok(RunDirectory::taken(path, Made::default(), lock))
    }

    fn taken(path: &Path, made: Made, lock: Option<Lock>) -> Self {
        RunDirectory { path: path.into(), staging: Staging::of(path), made, _lock: lock }
    }

    /// The folders that were made for this run, to be removed where it comes to nothing.
    pub fn made(&self) -> Made {
        self.made.clone()
    }

    /// Where it is, as given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Fills it with the files that `write` writes and lists and the manifest that it gives, whole or not
    /// at all: an earlier result is then still there.
    pub(super) fn fill(
        &self,
        write: impl FnOnce(&Staging) -> Result<(Vec<FileEntry>, Value), RecordError>,
    ) -> Result<Vec<FileEntry>, RecordError> {
        let all = || {
            self.staging.begin()?;
            let (files, manifest) = write(&self.staging)?;
            self.finish(&files, &pretty(&manifest))?;
            Ok(files)
        };
        all().inspect_err(|_| {
            // the first error is the one to report
            let _ = self.staging.abandon();
        })
    }

    /// Puts the new result, `files` and the manifest, in the place of the earlier one.
    pub(super) fn finish(&self, files: &[FileEntry], manifest: &str) -> Result<(), RecordError> {
        let names = || files.iter().map(|file| file.name.as_str());
        check_replaceable(&self.path, names().chain([MANIFEST]))?;
        let staged = self.staging.path().join(MANIFEST);
        atomic::write(&staged, |sink| {
            sink.write_all(manifest.as_bytes()).map_err(|e| RecordError::io("write", &staged, e))
        })?;
        let marker = self.path.join(MARKER);
        atomic::write(&marker, |sink| {
            sink.write_all(b"A hivesim run is being written here, or was cut short.\n")
                .map_err(|e| RecordError::io("write", &marker, e))
        })?;
        // the manifest goes first and comes last
        atomic::remove(&self.path.join(MANIFEST))?;
        names().try_for_each(|name| atomic::remove(&self.path.join(name)))?;
        remove_parts(&self.path)?;
        for name in names().chain([MANIFEST]) {
            atomic::rename(&self.staging.path().join(name), &self.path.join(name))?;
        }
        self.staging.abandon()?;
        atomic::remove(&marker)
    }
}

/// Folders that were not there before a run, the deepest first.
#[derive(Clone, Debug, Default)]
pub struct Made(pub(super) Vec<PathBuf>);

impl Made {
    /// Those of `path` and the folders above it that do not exist.
    pub(super) fn missing(path: &Path) -> Made {
        let above = path.ancestors().filter(|folder| !folder.as_os_str().is_empty());
        Made(above.take_while(|folder| !folder.exists()).map(Path::to_path_buf).collect())
    }

    /// Removes those that are empty, or hold no more than that a run was begun; what holds anything
    /// stays, a state to go on from too, and so does what was there before.
    pub fn remove(&self) {
        if let Some(run) = self.0.first().filter(|run| checkpoints::is_but_begun(run)) {
            let _ = checkpoints::remove(run);
        }
        for folder in &self.0 {
            // one that cannot be removed does no harm, and the run's own error is the one to tell
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Takes an existing directory that is vacant; gives its lock.
fn take(path: &Path, content: Content) -> Result<Option<Lock>, RecordError> {
    check_vacant(path, content)?;
    check_replaceable(path, content.files().iter().copied())?;
    let lock = secure(path)?;
    if checkpoints::trace_of(path)? == Trace::Kept {
        return Err(RecordError::Unfinished { path: path.into() });
    }
    Ok(lock)
}

/// Locks a directory and sees that it can be written to.
fn secure(path: &Path) -> Result<Option<Lock>, RecordError> {
    let lock = Lock::of(path)?;
    atomic::sweep(path)?;
    check_writable(path)?;
    Ok(lock)
}

/// Empty, an earlier result of the same kind, or one that was cut short; nothing of anybody else's.
fn check_vacant(path: &Path, content: Content) -> Result<(), RecordError> {
    let entries = fs::read_dir(path).map_err(|e| RecordError::io("list", path, e))?;
    let mut empty = true;
    let cut_off = matches!(checkpoints::trace_of(path)?, Trace::Begun | Trace::Kept);
    for entry in entries {
        let name = entry.map_err(|e| RecordError::io("list", path, e))?.file_name();
        let name = name.to_string_lossy();
        if name == MARKER {
            return Ok(());
        }
        empty &= is_temporary(&name) || cut_off && name == checkpoints::FOLDER;
    }
    if empty {
        return Ok(());
    }
    let occupied = |found: &str| RecordError::Occupied { path: path.into(), found: found.into() };
    let manifest = path.join(MANIFEST);
    let text = match fs::read_to_string(&manifest) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return Err(occupied("it has no manifest.json"));
        }
        Err(e) => return Err(RecordError::io("read", &manifest, e)),
    };
    match serde_json::from_str::<Value>(&text) {
        Ok(value) if value.get("hivesim").is_some() => {
            let has = |key: &str| value.get(key).is_some();
            let (there, found) = match (has("comparison"), has("bench")) {
                (true, _) => (Content::Comparison, "a comparison, which nothing else replaces"),
                (_, true) => (Content::Bench, "a benchmark, which nothing else replaces"),
                _ => (Content::Run, "a run, which nothing else replaces"),
            };
            if there == content {
                return Ok(());
            }
            Err(RecordError::OtherResult { path: path.into(), found })
        }
        Ok(_) => Err(occupied("its manifest.json is not hivesim's")),
        Err(e) => Err(occupied(&format!("its manifest.json cannot be read: {e}"))),
    }
}

/// Takes away what an earlier run has of tables that may come in parts, of whatever number of ranks.
fn remove_parts(path: &Path) -> Result<(), RecordError> {
    let entries = fs::read_dir(path).map_err(|e| RecordError::io("list", path, e))?;
    for entry in entries {
        let entry = entry.map_err(|e| RecordError::io("list", path, e))?;
        if agent_tables::is_file(&entry.file_name().to_string_lossy()) {
            atomic::remove(&entry.path())?;
        }
    }
    Ok(())
}

/// No folder stands where a file has to go.
fn check_replaceable<'a>(
    path: &Path,
    mut names: impl Iterator<Item = &'a str>,
) -> Result<(), RecordError> {
    match names.find(|name| path.join(name).is_dir()) {
        None => Ok(()),
        Some(name) => {
            let source = io::Error::from(io::ErrorKind::IsADirectory);
            Err(RecordError::io("replace", &path.join(name), source))
        }
    }
}

/// The probe is named like a temporary file, so that a killed run leaves nothing in the way.
pub(super) fn check_writable(path: &Path) -> Result<(), RecordError> {
    let probe = path.join(".hivesim-writable.tmp");
    atomic::write(&probe, |_| Ok(()))?;
    atomic::remove(&probe)
}
