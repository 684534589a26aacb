//! Files that get their names only when they are complete.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

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
            match OpenOptions::new().write(true).create_new(true).open(&at) {
                Ok(file) => return Ok((Pending { at, to: to.into(), kept: false }, file)),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(e) => return Err(e),
            }
        }
    }

    /// Gives the file its name, over one that has it.
    pub fn rename(&mut self) -> io::Result<()> {
        fs::rename(&self.at, &self.to)?;
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
            let _ = fs::remove_file(&self.at);
        }
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

/// Makes the names in a folder survive a power cut. Does nothing where a folder cannot be opened
/// as a file; a rename is still atomic there.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
