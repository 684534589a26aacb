//! What can go wrong when results are written.

use std::io;
use std::path::{Path, PathBuf};

/// Why a result could not be written. Each message names the file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The directory holds something that is not an earlier run.
    #[error(
        "`{}` is not empty and is no hivesim run ({found}): name another directory, or empty this one",
        path.display()
    )]
    Occupied {
        /// The directory asked for.
        path: PathBuf,
        /// Why it is not taken for a run.
        found: String,
    },
    /// The directory holds another kind of result, whose files would stay beside the new ones.
    #[error("`{}` holds {found}: name another directory, or empty this one", path.display())]
    OtherResult {
        /// The directory asked for.
        path: PathBuf,
        /// What is there.
        found: &'static str,
    },
    /// The directory holds another sweep's runs, or another battery's.
    #[error(
        "`{}` holds {found}: name another directory, or give it the plan or battery that it was made with",
        path.display()
    )]
    OtherRuns {
        /// The directory asked for.
        path: PathBuf,
        /// What is there.
        found: String,
    },
    /// A directory that is to be merged holds no sweep.
    #[error("`{}` holds no sweep: {why}", path.display())]
    NoSweep {
        /// The directory.
        path: PathBuf,
        /// What is missing or wrong.
        why: String,
    },
    /// Another run is to be written there.
    #[error("another hivesim run is writing to `{}`: name another directory, or wait", path.display())]
    Busy {
        /// The directory asked for.
        path: PathBuf,
    },
    /// A run that was cut off can go on there.
    #[error(
        "`{0}` holds a run that was cut off: go on with it (`hivesim resume {0}`), give it up \
         (--restart), or name another directory", path.display()
    )]
    Unfinished {
        /// The directory asked for.
        path: PathBuf,
    },
    /// The path exists and is a file.
    #[error("`{}` is a file, a run needs a directory: name another one", path.display())]
    NotADirectory {
        /// The path asked for.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("could not {action} `{}`: {source}; {hint}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What to do about it.
        hint: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The Parquet writer failed.
    #[error("could not write the table `{}`: {source}; {hint}", path.display())]
    Parquet {
        /// The table's file.
        path: PathBuf,
        /// What to do about it.
        hint: &'static str,
        /// What the writer said.
        source: parquet::errors::ParquetError,
    },
    /// Another rank could not write its part of the tables.
    #[error("rank {rank}: {said}")]
    Elsewhere {
        /// Which.
        rank: usize,
        /// What it said.
        said: String,
    },
    /// A trace whose levels do not fit its panel and skills.
    #[error(
        "the {fleet} fleet's trace is inconsistent: {what} has {found} entries, not {expected}; \
         this is a fault of whatever made the trace, nothing was written"
    )]
    Shape {
        /// `hive`, `isolated` or `pooled`.
        fleet: &'static str,
        /// Which part.
        what: String,
        /// Its length.
        found: usize,
        /// The length that panel and skills ask for.
        expected: usize,
    },
}

impl RecordError {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        RecordError::Io { action, path: path.into(), hint: hint(source.kind()), source }
    }

    pub(super) fn parquet(path: &Path, source: parquet::errors::ParquetError) -> Self {
        let hint = match &source {
            parquet::errors::ParquetError::External(cause) => {
                hint(cause.downcast_ref::<io::Error>().map_or(io::ErrorKind::Other, |e| e.kind()))
            }
            _ => "please report it with the scenario and its seed",
        };
        RecordError::Parquet { path: path.into(), hint, source }
    }
}

fn hint(kind: io::ErrorKind) -> &'static str {
    use io::ErrorKind::*;
    match kind {
        NotFound => "does the folder that it is in exist?",
        PermissionDenied | ReadOnlyFilesystem => {
            "name a directory that you may write to, or change its permissions"
        }
        StorageFull | QuotaExceeded => {
            "free some space on that disk, or name a directory on another"
        }
        IsADirectory | DirectoryNotEmpty => {
            "a directory stands where a file has to go: move it away"
        }
        NotADirectory => "a file stands where a directory is needed: name another path",
        _ => "check the disk and the path, then run again",
    }
}
