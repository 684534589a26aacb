//! What can be wrong with federated data.

use crate::text::{legible, shortened};
use std::path::{Path, PathBuf};

/// Why a data set could not be read: the file, the place in it, what was found there and
/// what is allowed. Rows are counted from 0. Names and values are cut, and their control characters
/// shown escaped, so that no data flood a terminal or reach it as commands.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file system refused.
    #[error("could not read `{}`: {source}", shown(path))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something that should be there is not.
    #[error("no data in `{}`: {expected}", shown(path))]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
        /// What should be there.
        expected: &'static str,
    },
    /// The file is not JSON or not Parquet, or only the first part of one.
    #[error("`{}` cannot be read: {}", shown(path), legible(what))]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        what: String,
    },
    /// A column is missing or has the wrong type.
    #[error("`{}`, column `{column}`: found {}; allowed is {allowed}", shown(path), legible(found))]
    Column {
        /// The file.
        path: PathBuf,
        /// The column's name.
        column: &'static str,
        /// What is there instead.
        found: String,
        /// What should be.
        allowed: &'static str,
    },
    /// A value that does not fit.
    #[error(
        "`{}`, {}: found {}; allowed is {}",
        shown(path),
        legible(place),
        legible(found),
        legible(allowed)
    )]
    Value {
        /// The file.
        path: PathBuf,
        /// User and row, or the part of the file.
        place: String,
        /// What is there.
        found: String,
        /// What may be there.
        allowed: String,
    },
}

impl DataError {
    pub(super) fn value(
        path: &Path,
        place: impl Into<String>,
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) -> Self {
        DataError::Value {
            path: path.into(),
            place: place.into(),
            found: found.into(),
            allowed: allowed.into(),
        }
    }
}

/// The longest path that systems take.
const PATH_MOST: usize = 4096;

fn shown(path: &Path) -> String {
    shortened(&path.to_string_lossy(), PATH_MOST)
}
