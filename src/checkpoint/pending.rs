//! Files that get their names only when all of them are complete.

use super::CheckpointError;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is to go if the process ends now.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the temporary files of this process, and lets no more be made: for a process that is
/// about to end without unwinding, as on a second signal.
pub fn remove_unfinished() {
    let paths = unfinished();
    // a folder comes before what is in it
    for path in paths.iter().rev() {
        let _ = fs::remove_file(path).or_else(|_| fs::remove_dir(path));
    }
    // held for good
    std::mem::forget(paths);
}

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
            let mut unfinished = unfinished();
            match OpenOptions::new().write(true).create_new(true).open(&at) {
                Ok(file) => {
                    unfinished.insert(at.clone());
                    return Ok((Pending { at, to: to.into(), kept: false }, file));
                }
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(e) => return Err(CheckpointError::io("create", to, e)),
            }
        }
    }

    /// Gives the file its name, over one that has it.
    pub(super) fn rename(&mut self) -> Result<(), CheckpointError> {
        fs::rename(&self.at, &self.to).map_err(|e| CheckpointError::io("replace", &self.to, e))?;
        unfinished().remove(&self.at);
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
            unfinished().remove(&self.at);
        }
    }
}

/// A folder that goes again if nothing is kept in it.
pub(super) struct MadeFolder(PathBuf);

impl MadeFolder {
    pub(super) fn create(path: &Path) -> Result<Self, CheckpointError> {
        let mut unfinished = unfinished();
        fs::create_dir(path).map_err(|e| CheckpointError::io("create the folder", path, e))?;
        unfinished.insert(path.into());
        Ok(MadeFolder(path.into()))
    }

    /// It stays.
    pub(super) fn keep(self) {
        unfinished().remove(&self.0);
        std::mem::forget(self);
    }
}

impl Drop for MadeFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
        unfinished().remove(&self.0);
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
