//! Reading a scenario's or a recipe's file into text.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use super::error::ScenarioError;
use crate::text::nearest;

/// The longest such file, in bytes; real ones have a few thousand.
const MOST_BYTES: u64 = 1 << 20;

/// The text of the file at `path`, which is to be a `what`.
pub(super) fn read(path: &Path, what: &str) -> Result<String, ScenarioError> {
    let file = path.display().to_string();
    let unreadable = |why: String| ScenarioError::Unreadable { file: file.clone(), why };
    let folder = || unreadable(format!("is a folder; give a {what} file in it"));
    if path.is_dir() {
        return Err(folder());
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes)).map_err(
        |error| match error.kind() {
            ErrorKind::NotFound => unreadable(missing(path)),
            ErrorKind::IsADirectory => folder(),
            _ => unreadable(format!("cannot be read: {error}")),
        },
    )?;
    if bytes.len() as u64 > MOST_BYTES {
        let most = MOST_BYTES >> 20;
        return Err(unreadable(format!("is longer than {most} MiB; is it a {what}?")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let (at, bytes) = (error.utf8_error().valid_up_to(), error.as_bytes());
        let line_start = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |i| i + 1);
        let line = bytes[..line_start].iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = String::from_utf8_lossy(&bytes[line_start..at]).chars().count() + 1;
        ScenarioError::Unreadable {
            file: format!("{file}:{line}:{column}"),
            why: format!(
                "found the byte 0x{:02X}, which is not UTF-8; save the file as UTF-8",
                bytes[at]
            ),
        }
    })
}

fn missing(path: &Path) -> String {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return format!("there is no such file: the folder {} does not exist", folder.display());
    }
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".toml") && folder.join(name).is_file())
        .collect();
    names.sort();
    let wanted = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    match nearest(wanted, names.iter().map(String::as_str)) {
        Some(name) => {
            format!(
                "there is no such file; did you mean `{}`?",
                path.with_file_name(name).display()
            )
        }
        None => "there is no such file".into(),
    }
}
