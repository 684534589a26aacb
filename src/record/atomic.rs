//! A file that is there whole or not at all.
//!
//! Written under a temporary name in the same folder, flushed to the disk, renamed over the
//! target (which POSIX makes atomic), and the folder flushed so that the name survives a
//! power cut. Cost: two fsyncs a file, a few milliseconds; a run writes nineteen files.

use super::error::RecordError;
use crate::disk::{self, File, sync_folder};
use crate::pending::{Pending, folder_of, is_temporary};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// What was written: enough to recognise it again.
pub(super) struct Digest {
    pub bytes: u64,
    pub blake3: String,
}

/// Counts and hashes what goes through to the file.
pub(super) struct Sink {
    file: BufWriter<File>,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl Write for Sink {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.hasher.update(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Replaces `path` by what `body` writes, or leaves it as it was.
pub(super) fn write<T>(
    path: &Path,
    body: impl FnOnce(&mut Sink) -> Result<T, RecordError>,
) -> Result<(T, Digest), RecordError> {
    let (mut pending, file) =
        Pending::create(path).map_err(|e| RecordError::io("create", path, e))?;
    let mut sink = Sink {
        file: BufWriter::with_capacity(1 << 16, file),
        hasher: blake3::Hasher::new(),
        bytes: 0,
    };
    let value = body(&mut sink)?;
    let Sink { file, hasher, bytes } = sink;
    let file = file.into_inner().map_err(|e| RecordError::io("write", path, e.into_error()))?;
    file.sync_all().map_err(|e| RecordError::io("flush to disk", path, e))?;
    drop(file);
    pending.rename().map_err(|e| RecordError::io("replace", path, e))?;
    pending.keep();
    sync_folder_of(path)?;
    Ok((value, Digest { bytes, blake3: hasher.finalize().to_hex().to_string() }))
}

/// Gives a file its final name, for good.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), RecordError> {
    disk::rename(from, to).map_err(|e| RecordError::io("replace", to, e))?;
    sync_folder_of(to)
}

/// Takes a file, or a temporary folder with all that is in it, away, if it is there, for good.
pub(super) fn remove(path: &Path) -> Result<(), RecordError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let removed = match is_temporary(&name) && path.is_dir() {
        true => disk::remove_dir_all(path),
        false => disk::remove_file(path),
    };
    match removed {
        Ok(()) => sync_folder_of(path),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(RecordError::io("remove", path, e)),
    }
}

/// Takes away temporary files that a killed process left in `folder`.
pub(super) fn sweep(folder: &Path) -> Result<(), RecordError> {
    let entries = fs::read_dir(folder).map_err(|e| RecordError::io("list", folder, e))?;
    for entry in entries {
        let entry = entry.map_err(|e| RecordError::io("list", folder, e))?;
        if is_temporary(&entry.file_name().to_string_lossy()) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

pub(super) fn sync_folder_of(path: &Path) -> Result<(), RecordError> {
    let folder = folder_of(path);
    sync_folder(folder).map_err(|e| RecordError::io("flush to disk", folder, e))
}
