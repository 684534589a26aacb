//! Files that get their names only when all of them are complete.

use super::CheckpointError;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A file under a temporary name in the folder where it belongs. Taken away when dropped, unless
/// it was [kept](Pending::keep), even if it has its name by then.
pub(super) struct Pending {
    at: PathBuf,
    to: PathBuf,
    kept: bool,
}

impl Pending {
    /// Creates the file. The process's id in its name keeps processes apart, the counter
    /// threads; `create_new` settles the rest.
    pub(super) fn create(to: &Path) -> Result<(Self, File), CheckpointError> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let name = to.file_name().unwrap_or_default().to_string_lossy();
        loop {
            let count = COUNTER.fetch_add(1, Ordering::Relaxed);
            let at =
                to.with_file_name(format!(".hivesim-{name}-{}-{count}.tmp", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).open(&at) {
                Ok(file) => return Ok((Pending { at, to: to.into(), kept: false }, file)),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(e) => return Err(CheckpointError::io("create", to, e)),
            }
        }
    }

    /// Gives the file its name, over one that has it.
    pub(super) fn rename(&mut self) -> Result<(), CheckpointError> {
        fs::rename(&self.at, &self.to).map_err(|e| CheckpointError::io("replace", &self.to, e))?;
        self.at.clone_from(&self.to);
        Ok(())
    }

    pub(super) fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.kept {
            // On the way out of a failure: the first error is the one to report.
            let _ = fs::remove_file(&self.at);
        }
    }
}

/// Makes the names in a folder survive a power cut.
pub(super) fn sync_folder_of(path: &Path) -> Result<(), CheckpointError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Elsewhere a folder cannot be opened as a file; the rename itself is still atomic.
    if cfg!(unix) {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|e| CheckpointError::io("flush to disk", folder, e))?;
    }
    Ok(())
}
