//! Files that get their names only when they are complete.

use crate::disk::{self, File};
use std::collections::BTreeSet;
use std::fs;
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
pub(crate) fn remove_unfinished() {
    let paths = unfinished();
    // a folder comes before what is in it
    for path in paths.iter().rev() {
        let _ = fs::remove_file(path).or_else(|_| fs::remove_dir(path));
    }
    // held for good
    std::mem::forget(paths);
}

/// What every temporary name begins with.
const PREFIX: &str = ".hivesim-";
/// What every temporary name ends with.
const SUFFIX: &str = ".tmp";

/// A file under a temporary name in the folder where it belongs. Taken away when dropped, unless
/// it was [kept](Pending::keep), even if it has its name by then.
pub(crate) struct Pending {
    at: PathBuf,
    to: PathBuf,
    kept: bool,
}

impl Pending {
    /// Creates the file. The process's id in its name keeps processes apart, the counter
    /// threads; `create_new` settles the rest.
    pub fn create(to: &Path) -> io::Result<(Self, File)> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let name = to.file_name().unwrap_or_default().to_string_lossy();
        loop {
            let count = COUNTER.fetch_add(1, Ordering::Relaxed);
            let process = std::process::id();
            let at = to.with_file_name(format!("{PREFIX}{name}-{process}-{count}{SUFFIX}"));
            let mut unfinished = unfinished();
            match File::create_new(&at) {
                Ok(file) => {
                    unfinished.insert(at.clone());
                    return Ok((Pending { at, to: to.into(), kept: false }, file));
                }
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(e) => return Err(e),
            }
        }
    }

    /// Gives the file its name, over one that has it.
    pub fn rename(&mut self) -> io::Result<()> {
        disk::rename(&self.at, &self.to)?;
        unfinished().remove(&self.at);
        self.at.clone_from(&self.to);
        Ok(())
    }

    /// The name that it is to have.
    pub fn path(&self) -> &Path {
        &self.to
    }

    /// It stays.
    pub fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.kept {
            // On the way out of a failure: the first error is the one to report.
            let _ = disk::remove_file(&self.at);
            unfinished().remove(&self.at);
        }
    }
}

/// A folder that goes again if nothing is kept in it.
pub(crate) struct MadeFolder(PathBuf);

impl MadeFolder {
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut unfinished = unfinished();
        disk::create_dir(path)?;
        unfinished.insert(path.into());
        Ok(MadeFolder(path.into()))
    }

    /// It stays.
    pub fn keep(self) {
        unfinished().remove(&self.0);
        std::mem::forget(self);
    }
}

impl Drop for MadeFolder {
    fn drop(&mut self) {
        let _ = disk::remove_dir(&self.0);
        unfinished().remove(&self.0);
    }
}

/// Whether a file's name is one that unfinished files have.
pub(crate) fn is_temporary(name: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
