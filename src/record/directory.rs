//! The directory of one run.
//!
//! ```text
//! begin:  marker written → earlier manifest removed → files replaced one by one
//! finish: manifest written → marker removed
//! ```
//! At every moment a manifest means a whole result, and a marker means that the directory is
//! hivesim's own even though it has no manifest, so that a killed run can be run again.

use super::atomic::{self, Sink};
use super::error::RecordError;
use super::manifest::FileEntry;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const MANIFEST: &str = "manifest.json";
const MARKER: &str = ".hivesim-unfinished";

/// A directory that may be filled with the result of a run.
#[derive(Clone, Debug)]
pub struct RunDirectory {
    path: PathBuf,
}

impl RunDirectory {
    /// Makes the directory and those above it, or takes an existing one that is empty or
    /// holds an earlier run. An earlier result stays whole until the next is written.
    ///
    /// # Errors
    /// [`RecordError::Occupied`] when it holds anything else, [`RecordError::NotADirectory`]
    /// when it is a file, [`RecordError::Io`] when nothing can be written there: better
    /// before a long run than after it.
    pub fn create(path: &Path) -> Result<Self, RecordError> {
        if path.exists() && !path.is_dir() {
            return Err(RecordError::NotADirectory { path: path.into() });
        }
        fs::create_dir_all(path).map_err(|e| RecordError::io("create", path, e))?;
        check_vacant(path)?;
        atomic::sweep(path)?;
        check_writable(path)?;
        Ok(RunDirectory { path: path.into() })
    }

    /// Where it is, as given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// From here on the earlier result, if any, counts as gone.
    pub(super) fn begin(&self) -> Result<(), RecordError> {
        let marker = self.path.join(MARKER);
        atomic::write(&marker, |sink| {
            sink.write_all(b"A hivesim run is being written here, or was cut short.\n")
                .map_err(|e| RecordError::io("write", &marker, e))
        })?;
        atomic::remove(&self.path.join(MANIFEST))
    }

    /// Writes one of the run's files; `rows` is what the manifest tells of a table.
    pub(super) fn write(
        &self,
        name: &str,
        rows: Option<u64>,
        body: impl FnOnce(&mut Sink) -> Result<(), RecordError>,
    ) -> Result<FileEntry, RecordError> {
        let ((), digest) = atomic::write(&self.path.join(name), body)?;
        Ok(FileEntry { name: name.into(), bytes: digest.bytes, blake3: digest.blake3, rows })
    }

    /// Declares the result whole.
    pub(super) fn finish(&self, manifest: &str) -> Result<(), RecordError> {
        let path = self.path.join(MANIFEST);
        atomic::write(&path, |sink| {
            sink.write_all(manifest.as_bytes()).map_err(|e| RecordError::io("write", &path, e))
        })?;
        atomic::remove(&self.path.join(MARKER))
    }
}

/// Empty, an earlier run, or one that was cut short; nothing of anybody else's.
fn check_vacant(path: &Path) -> Result<(), RecordError> {
    let entries = fs::read_dir(path).map_err(|e| RecordError::io("list", path, e))?;
    let mut empty = true;
    for entry in entries {
        let name = entry.map_err(|e| RecordError::io("list", path, e))?.file_name();
        let name = name.to_string_lossy();
        if name == MARKER {
            return Ok(());
        }
        empty &= atomic::is_temporary(&name);
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
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(value) if value.get("hivesim").is_some() => Ok(()),
        Ok(_) => Err(occupied("its manifest.json is not hivesim's")),
        Err(e) => Err(occupied(&format!("its manifest.json cannot be read: {e}"))),
    }
}

/// The probe is named like a temporary file, so that a killed run leaves nothing in the way.
fn check_writable(path: &Path) -> Result<(), RecordError> {
    let probe = path.join(".hivesim-writable.tmp");
    atomic::write(&probe, |_| Ok(()))?;
    atomic::remove(&probe)
}
