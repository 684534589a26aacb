//! A file in memory. The only `unsafe` outside `params::kernels`: a map is a loan of memory that
//! the rest of the system can write to, which no compiler can check (docs/hardening.md).

#![allow(unsafe_code, reason = "a memory map is only as safe as its file is left alone")]

use memmap2::Mmap;
use std::fs::{self, File};
use std::io;
use std::ops::{Deref, Range};
use std::path::Path;

/// A file's bytes, read only, which take memory as the system's file cache does.
#[derive(Debug)]
pub(super) struct Map(Mmap);

impl Map {
    /// Maps a regular file; `None` where it is something else.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(path: &Path) -> io::Result<Option<Map>> {
        // Before it is opened: opening a pipe would wait for a writer.
        if !fs::metadata(path)?.is_file() {
            return Ok(None);
        }
        let file = File::open(path)?;
        // SAFETY: the map is read only, as bytes and as floats, for which any bits are valid. That
        // the file is left alone while it is mapped is asked of the caller in Checkpoint's docs.
        let map = unsafe { Mmap::map(&file) }?;
        Ok(Some(Map(map)))
    }

    /// Gives a range's memory back to the system, which keeps it in its cache as long as it likes. It
    /// comes again when it is touched.
    ///
    /// # Panics
    /// Where the range leaves the file.
    pub fn release(&self, range: Range<usize>) {
        assert!(range.start <= range.end && range.end <= self.0.len(), "within the file");
        #[cfg(unix)]
        {
            let advice = memmap2::UncheckedAdvice::DontNeed;
            // SAFETY: the map is of a file and read only, so that a page that is dropped comes back
            // with the same bytes.
            let advised =
                unsafe { self.0.unchecked_advise_range(advice, range.start, range.len()) };
            // Advice: where the system does not take it, all is still right.
            let _ = advised;
        }
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
