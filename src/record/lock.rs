//! Who writes into a folder, one at a time.

use super::error::RecordError;
use std::fs::{File, TryLockError};
use std::path::Path;

/// Keeps others out of a folder until it is dropped, or the process ends.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// The lock of a folder; none where a folder cannot be opened or locked, as on some network
    /// disks: nothing is kept out there.
    ///
    /// # Errors
    /// [`RecordError::Busy`] while another has it.
    pub fn of(folder: &Path) -> Result<Option<Lock>, RecordError> {
        let Ok(file) = File::open(folder) else { return Ok(None) };
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(RecordError::Busy { path: folder.into() }),
            Ok(()) => Ok(Some(Lock(file))),
            Err(TryLockError::Error(_)) => Ok(None),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // closing would not do: a process that another thread is just starting has the file open too
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_ends_with_its_holder_whoever_else_has_the_folder_open() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::of(folder.path()).unwrap().expect("a disk with locks");
        let elsewhere = lock.0.try_clone().unwrap();
        assert!(matches!(Lock::of(folder.path()), Err(RecordError::Busy { .. })));
        drop(lock);
        Lock::of(folder.path()).unwrap();
        drop(elsewhere);
    }
}
