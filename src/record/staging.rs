//! The hidden folder in which a result is written, beside an earlier one whose place it will take.

use super::atomic::{self, Sink};
use super::error::RecordError;
use super::manifest::FileEntry;
use super::table::Table;
use crate::disk;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Such a folder. Its name is that of a temporary.
#[derive(Debug)]
pub(super) struct Staging {
    folder: PathBuf,
    /// Where the result will be.
    place: PathBuf,
}

impl Staging {
    /// One of this process in the directory `place`.
    pub fn of(place: &Path) -> Self {
        let folder = place.join(format!(".hivesim-staging-{}.tmp", std::process::id()));
        Staging { folder, place: place.into() }
    }

    /// One that another process made.
    pub fn of_another(folder: PathBuf) -> Self {
        let place = folder.parent().unwrap_or(&folder).into();
        Staging { folder, place }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Makes room for new files.
    pub fn begin(&self) -> Result<(), RecordError> {
        self.abandon()?;
        disk::create_dir(&self.folder).map_err(|e| RecordError::io("create", &self.folder, e))
    }

    /// Takes away what was written since [`Staging::begin`].
    pub fn abandon(&self) -> Result<(), RecordError> {
        atomic::remove(&self.folder)
    }

    /// Writes a file.
    pub fn write(
        &self,
        name: &str,
        body: impl FnOnce(&mut Sink) -> Result<(), RecordError>,
    ) -> Result<FileEntry, RecordError> {
        let ((), digest) = atomic::write(&self.folder.join(name), body)?;
        Ok(FileEntry { name: name.into(), bytes: digest.bytes, blake3: digest.blake3, rows: None })
    }

    /// Writes a file of text.
    pub fn write_text(&self, name: &str, text: &str) -> Result<FileEntry, RecordError> {
        let path = self.place.join(name);
        self.write(name, |sink| {
            sink.write_all(text.as_bytes()).map_err(|e| RecordError::io("write", &path, e))
        })
    }

    /// Writes a table.
    pub fn write_table<R>(
        &self,
        table: &Table<R>,
        hash: &str,
        mut rows: impl Iterator<Item = R>,
    ) -> Result<FileEntry, RecordError> {
        self.write_rows(&format!("{}.parquet", table.name), |sink| {
            table.write(sink, hash, &mut rows)
        })
    }

    /// Writes a file of rows, of which `body` says how many there are.
    pub fn write_rows(
        &self,
        name: &str,
        body: impl FnOnce(&mut Sink) -> parquet::errors::Result<u64>,
    ) -> Result<FileEntry, RecordError> {
        let path = self.place.join(name);
        let mut rows = 0;
        let entry = self.write(name, |sink| {
            rows = body(sink).map_err(|e| RecordError::parquet(&path, e))?;
            Ok(())
        })?;
        Ok(FileEntry { rows: Some(rows), ..entry })
    }
}
