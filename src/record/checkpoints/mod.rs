//! Checkpoints of a run: what is in its folder while it is under way, and what it goes on from.
//!
//! ```text
//! RUN/checkpoints/
//!     run.json         by which hivesim, when and in which folder the run was begun
//!     scenario.toml    what it is a run of
//!     000007.agents    the fleet's agents, or those that changed since another such file
//!     000007.head      all else, which files of agents go with it, and a checksum of both
//! ```
//! A head is written last, and each file gets its name when it is whole on the disk: at every moment
//! the newest head that is whole, with whole files of agents, is a state to go on from.

mod head;
mod unfinished;
mod vault;

pub use head::{FORMAT, Progress};
pub use unfinished::{Found, ResumeError, Unfinished, find, forget};
pub use vault::Checkpoints;

use super::atomic;
use super::error::RecordError;
use crate::disk;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The folder of checkpoints in a run's.
pub(super) const FOLDER: &str = "checkpoints";
const RUN: &str = "run.json";
const SCENARIO: &str = "scenario.toml";
const HEAD: &str = "head";
const AGENTS: &str = "agents";

fn folder_in(run: &Path) -> PathBuf {
    run.join(FOLDER)
}

fn file_name(number: u64, kind: &str) -> String {
    format!("{number:06}.{kind}")
}

/// The heads in a folder, the newest first.
fn heads(folder: &Path) -> Result<Vec<(u64, PathBuf)>, RecordError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(RecordError::io("list", folder, e)),
    };
    let mut heads = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| RecordError::io("list", folder, e))?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        let is_head = path.extension().is_some_and(|kind| kind == HEAD);
        heads.extend(number.filter(|_| is_head).map(|number| (number, path)));
    }
    heads.sort_unstable_by(|a, b| b.cmp(a));
    Ok(heads)
}

/// What a run's folder says of a run under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trace {
    /// Nothing.
    None,
    /// That one was begun, of which nothing is kept.
    Begun,
    /// That one can go on.
    Kept,
    /// There is a folder of that name which is none of hivesim's.
    Foreign,
}

/// Looks for a run under way.
pub(super) fn trace_of(run: &Path) -> Result<Trace, RecordError> {
    let folder = folder_in(run);
    if !folder.exists() {
        return Ok(Trace::None);
    }
    if !folder.is_dir() {
        return Ok(Trace::Foreign);
    }
    if !heads(&folder)?.is_empty() {
        return Ok(Trace::Kept);
    }
    let mut entries = fs::read_dir(&folder).map_err(|e| RecordError::io("list", &folder, e))?;
    // a run that was killed as it began may have left next to nothing
    let own = folder.join(RUN).is_file()
        || entries.all(|entry| {
            entry.is_ok_and(|entry| {
                crate::pending::is_temporary(&entry.file_name().to_string_lossy())
            })
        });
    Ok(if own { Trace::Begun } else { Trace::Foreign })
}

/// Whether a run was begun there and nothing of it is kept.
pub(super) fn is_but_begun(run: &Path) -> bool {
    matches!(trace_of(run), Ok(Trace::Begun))
}

/// Takes the folder of checkpoints away, with those files that hivesim writes there. What it is a run
/// of goes last, so that a run that is killed meanwhile can be begun again, or is known to be over.
pub(super) fn remove(run: &Path) -> Result<(), RecordError> {
    let folder = folder_in(run);
    if !folder.exists() {
        return Ok(());
    }
    clear(run)?;
    for name in [SCENARIO, RUN] {
        atomic::remove(&folder.join(name))?;
    }
    match disk::remove_dir(&folder) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(RecordError::io("remove", &folder, e)),
        _ => atomic::sync_folder_of(&folder),
    }
}

/// Takes all states away.
fn clear(run: &Path) -> Result<(), RecordError> {
    let folder = folder_in(run);
    // heads first: without one there is nothing that could be taken for a state
    for (_, path) in heads(&folder)? {
        atomic::remove(&path)?;
    }
    let entries = fs::read_dir(&folder).map_err(|e| RecordError::io("list", &folder, e))?;
    for entry in entries {
        let path = entry.map_err(|e| RecordError::io("list", &folder, e))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let own = path.extension().is_some_and(|kind| kind == AGENTS);
        if own || crate::pending::is_temporary(&name) {
            disk::remove_file(&path).map_err(|e| RecordError::io("remove", &path, e))?;
        }
    }
    Ok(())
}

fn write_text(path: &Path, text: &str) -> Result<(), RecordError> {
    let write = |sink: &mut atomic::Sink| {
        sink.write_all(text.as_bytes()).map_err(|e| RecordError::io("write", path, e))
    };
    atomic::write(path, write).map(|_| ())
}
