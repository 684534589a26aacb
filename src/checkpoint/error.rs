//! What can be wrong with a checkpoint.

use crate::text::legible;
use std::io;
use std::path::{Path, PathBuf};

/// Why a checkpoint could not be read, compared or written: the file, the tensor where it is
/// about one, what was found and what is expected. Elements are counted from 0.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file system refused.
    #[error("could not {action} `{}`: {source}; {hint}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What to do about it.
        hint: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// There is no checkpoint, or not just one, where one was looked for.
    #[error("no checkpoint in `{}`: {expected}", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
        /// What should be there.
        expected: String,
    },
    /// The file is not a safetensors file or not its index, or only the first part of one.
    #[error("`{}` cannot be read: {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        what: String,
    },
    /// A tensor that does not fit, or a value in it.
    #[error("`{}`, tensor `{}`: found {found}; expected {expected}", path.display(), legible(tensor))]
    Tensor {
        /// The file, or the checkpoint in which a tensor is missing.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// What is there.
        found: String,
        /// What should be there.
        expected: String,
    },
    /// A plan that cannot be written, or a writer that was not used as planned.
    #[error("`{}` cannot be written: {what}", path.display())]
    Refused {
        /// The file asked for.
        path: PathBuf,
        /// Why not.
        what: String,
    },
}

impl CheckpointError {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        let hint = hint(source.kind());
        CheckpointError::Io { action, path: path.into(), hint, source }
    }

    pub(super) fn missing(path: &Path, expected: impl Into<String>) -> Self {
        CheckpointError::Missing { path: path.into(), expected: expected.into() }
    }

    pub(super) fn malformed(path: &Path, what: impl Into<String>) -> Self {
        CheckpointError::Malformed { path: path.into(), what: what.into() }
    }

    pub(super) fn tensor(
        path: &Path,
        tensor: &str,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        CheckpointError::Tensor {
            path: path.into(),
            tensor: tensor.into(),
            found: found.into(),
            expected: expected.into(),
        }
    }

    pub(super) fn refused(path: &Path, what: impl Into<String>) -> Self {
        CheckpointError::Refused { path: path.into(), what: what.into() }
    }
}

fn hint(kind: io::ErrorKind) -> &'static str {
    use io::ErrorKind::*;
    match kind {
        NotFound => "does the folder that it is in exist?",
        PermissionDenied | ReadOnlyFilesystem => {
            "name another file, or change the permissions of this one and its folder"
        }
        StorageFull | QuotaExceeded => "free some space on that disk, or name a file on another",
        IsADirectory | DirectoryNotEmpty => "a folder stands where a file has to go: move it away",
        NotADirectory => "a file stands where a folder is needed: name another path",
        _ => "check the disk and the path, then run again",
    }
}
