//! The disk, as all that hivesim writes meets it: one place, that tests can tell to fail.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// What is done to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    /// Something is made or grows.
    Fill,
    /// Anything else.
    Other,
}

/// A file that is written.
#[derive(Debug)]
pub(crate) struct File(fs::File);

impl File {
    /// Makes one that was not there.
    pub fn create_new(path: &Path) -> io::Result<File> {
        fault(Deed::Fill)?;
        fs::OpenOptions::new().write(true).create_new(true).open(path).map(File)
    }

    /// Waits until all of it is on the disk.
    pub fn sync_all(&self) -> io::Result<()> {
        fault(Deed::Fill)?;
        self.0.sync_all()
    }
}

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        fault(Deed::Fill)?;
        self.0.write(&bytes[..portion(bytes.len())])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fault(Deed::Other)?;
    fs::rename(from, to)
}

pub(crate) fn remove_file(path: &Path) -> io::Result<()> {
    fault(Deed::Other)?;
    fs::remove_file(path)
}

pub(crate) fn remove_dir(path: &Path) -> io::Result<()> {
    fault(Deed::Other)?;
    fs::remove_dir(path)
}

pub(crate) fn remove_dir_all(path: &Path) -> io::Result<()> {
    fault(Deed::Other)?;
    fs::remove_dir_all(path)
}

pub(crate) fn create_dir(path: &Path) -> io::Result<()> {
    fault(Deed::Fill)?;
    fs::create_dir(path)
}

pub(crate) fn create_dir_all(path: &Path) -> io::Result<()> {
    fault(Deed::Fill)?;
    fs::create_dir_all(path)
}

/// Makes the names in a folder survive a power cut. Does nothing where a folder cannot be opened
/// as a file; a rename is still atomic there.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    fault(Deed::Other)?;
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(not(test))]
#[inline]
fn fault(_: Deed) -> io::Result<()> {
    Ok(())
}

#[cfg(not(test))]
#[inline]
fn portion(bytes: usize) -> usize {
    bytes
}

#[cfg(test)]
use faults::{fault, portion};

/// Disks that fail, a thread each.
#[cfg(test)]
pub(crate) mod faults {
    use super::Deed;
    use std::cell::Cell;
    use std::io;

    /// How a disk fails.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum Fault {
        /// It is full from then on (ENOSPC).
        Full,
        /// It fails once (EIO).
        Once,
        /// Nothing is done from then on, as whoever did it was killed.
        Killed,
        /// It takes a part of what it is given, and fails never.
        Short,
    }

    thread_local! {
        /// The fault, and deeds until then.
        static FAULT: Cell<Option<(Fault, u64)>> = const { Cell::new(None) };
    }

    /// Does something on a disk that fails after so many deeds; tells whether it came to that.
    pub(crate) fn failing<T>(kind: Fault, after: u64, f: impl FnOnce() -> T) -> (T, bool) {
        FAULT.set(Some((kind, after)));
        let done = f();
        let left = FAULT.take().map_or(0, |(_, left)| left);
        (done, left == 0)
    }

    pub(super) fn fault(deed: Deed) -> io::Result<()> {
        match FAULT.get() {
            None | Some((Fault::Short, _)) => Ok(()),
            Some((kind, left)) if left > 1 => {
                FAULT.set(Some((kind, left - 1)));
                Ok(())
            }
            // the deed itself fails
            Some((kind, 1)) => {
                FAULT.set(Some((kind, 0)));
                Err(error(kind))
            }
            Some((Fault::Full, _)) if deed == Deed::Fill => Err(error(Fault::Full)),
            Some((Fault::Killed, _)) => Err(error(Fault::Killed)),
            Some(_) => Ok(()),
        }
    }

    pub(super) fn portion(bytes: usize) -> usize {
        match FAULT.get() {
            Some((Fault::Short, _)) if bytes > 1 => bytes / 2,
            _ => bytes,
        }
    }

    /// What the system says of a fault.
    pub(crate) fn error(kind: Fault) -> io::Error {
        // ENOSPC and EIO
        io::Error::from_raw_os_error(if kind == Fault::Full { 28 } else { 5 })
    }
}
