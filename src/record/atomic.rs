//! A file that is there whole or not at all.
//!
//! Written under a temporary name in the same folder, flushed to the disk, renamed over the
//! target (which POSIX makes atomic), and the folder flushed so that the name survives a
//! power cut. Cost: two fsyncs a file, a few milliseconds; a run writes eight files.

use super::error::RecordError;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// What every temporary name begins with: hidden, and known to [`sweep`].
const PREFIX: &str = ".hivesim-";
const SUFFIX: &str = ".tmp";

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

/// The temporary file's name; takes the file away unless it was renamed.
struct Temporary {
    path: PathBuf,
    renamed: bool,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.renamed {
            // On the way out of a failure: the first error is the one to report.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Replaces `path` by what `body` writes, or leaves it as it was.
pub(super) fn write<T>(
    path: &Path,
    body: impl FnOnce(&mut Sink) -> Result<T, RecordError>,
) -> Result<(T, Digest), RecordError> {
    let folder = folder_of(path);
    let (mut temporary, file) = create_temporary(path, folder)?;
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
    fs::rename(&temporary.path, path).map_err(|e| RecordError::io("replace", path, e))?;
    temporary.renamed = true;
    sync_folder(folder)?;
    Ok((value, Digest { bytes, blake3: hasher.finalize().to_hex().to_string() }))
}

/// Gives a file its final name, for good.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), RecordError> {
    fs::rename(from, to).map_err(|e| RecordError::io("replace", to, e))?;
    sync_folder(folder_of(to))
}

/// Takes a file, or a temporary folder with all that is in it, away, if it is there, for good.
pub(super) fn remove(path: &Path) -> Result<(), RecordError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let removed = match is_temporary(&name) && path.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    };
    match removed {
        Ok(()) => sync_folder(folder_of(path)),
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

/// Whether a file's name is one that [`write`] gives to unfinished files.
pub(super) fn is_temporary(name: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The process id keeps processes apart, the counter threads; `create_new` settles the rest.
fn create_temporary(path: &Path, folder: &Path) -> Result<(Temporary, File), RecordError> {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    loop {
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let temporary = folder.join(format!("{PREFIX}{name}-{process}-{count}{SUFFIX}"));
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Ok(file) => return Ok((Temporary { path: temporary, renamed: false }, file)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(e) => return Err(RecordError::io("create", path, e)),
        }
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<(), RecordError> {
    File::open(folder)
        .and_then(|f| f.sync_all())
        .map_err(|e| RecordError::io("flush to disk", folder, e))
}

/// Elsewhere a folder cannot be opened as a file; the rename itself is still atomic.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> Result<(), RecordError> {
    Ok(())
}
