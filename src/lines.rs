//! Text files, line by line.

use crate::text::one_line;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Bytes of a line that are looked at: a row of numbers and a comment fit.
const LINE_MOST: usize = 1 << 16;

/// What is wrong with a text file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// The file cannot be read, or is wrong as a whole.
    #[error("{path}: {message}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says, or what is wanted.
        message: String,
    },
    /// A line is not what it is to be.
    #[error("{path}:{line}: {message}")]
    Line {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What was found and what is wanted.
        message: String,
    },
}

impl LineError {
    /// What is wrong with a file as a whole.
    pub(crate) fn of_file(path: &Path, message: String) -> Self {
        LineError::Unreadable { path: one_line(&path.display().to_string()), message }
    }
}

/// Gives every line of a file, without its end, to `take`; `what` names the file's kind.
///
/// # Errors
/// Where the file cannot be read, a line has more than 64 KiB or is not UTF-8, or the first message
/// of `take`.
pub(crate) fn for_each(
    path: &Path,
    what: &str,
    mut take: impl FnMut(&str) -> Result<(), String>,
) -> Result<(), LineError> {
    let unreadable =
        |e: std::io::Error| LineError::of_file(path, format!("cannot read {what}: {e}"));
    let mut reader = BufReader::new(File::open(path).map_err(unreadable)?);
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        let mut bounded = reader.by_ref().take(LINE_MOST as u64 + 1);
        if bounded.read_until(b'\n', &mut text).map_err(unreadable)? == 0 {
            break;
        }
        let wrong = |message: String| {
            let path = one_line(&path.display().to_string());
            LineError::Line { path, line, message }
        };
        if text.len() > LINE_MOST {
            return Err(wrong(format!("the line has more than {LINE_MOST} bytes")));
        }
        let text = std::str::from_utf8(&text).map_err(|_| wrong("not UTF-8".into()))?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        take(text.strip_suffix('\r').unwrap_or(text)).map_err(wrong)?;
    }
    Ok(())
}
