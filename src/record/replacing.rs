//! A page in the place of an earlier one.

use super::atomic;
use super::directory::RunDirectory;
use super::error::RecordError;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Writes a page to `path`, whole or not at all.
///
/// # Errors
/// Whatever the file system says, with the file and a hint.
pub fn write_page(path: &Path, html: &str) -> Result<(), RecordError> {
    put(path, html).map(|_| ())
}

/// Puts a page in the place of a run's `report.html`, and its size and hash in the manifest's. A
/// kill in between leaves the new page beside the old manifest, which does no harm: nothing is
/// made from the page.
///
/// # Errors
/// Those of [`RunDirectory::create`], and whatever the file system says.
pub fn replace_report(path: &Path, html: &str) -> Result<(), RecordError> {
    // held for its lock
    let directory = RunDirectory::create(path)?;
    let at = directory.path().join("manifest.json");
    let manifest = fs::read_to_string(&at).map_err(|e| RecordError::io("read", &at, e))?;
    let digest = put(&directory.path().join("report.html"), html)?;
    let entry = relisted(&manifest, "report.html", digest.bytes, &digest.blake3);
    let strange = || io::Error::new(io::ErrorKind::InvalidData, "it does not list report.html");
    let entry = entry.ok_or_else(|| RecordError::io("read", &at, strange()))?;
    put(&at, &entry).map(|_| ())
}

fn put(path: &Path, text: &str) -> Result<atomic::Digest, RecordError> {
    let body = |sink: &mut atomic::Sink| {
        sink.write_all(text.as_bytes()).map_err(|e| RecordError::io("write", path, e))
    };
    atomic::write(path, body).map(|((), digest)| digest)
}

/// A manifest with a file's size and hash changed. By text: a number that is parsed and printed
/// again may lose its last digit.
fn relisted(manifest: &str, name: &str, bytes: u64, blake3: &str) -> Option<String> {
    let (before, entry) = manifest.split_once(&format!("\"name\": \"{name}\""))?;
    let (entry, after) = entry.split_once('}')?;
    let value = |key: &str| {
        let rest = entry.split_once(&format!("\"{key}\": "))?.1;
        rest.split([',', '\n']).next()
    };
    let entry = entry.replacen(value("bytes")?, &bytes.to_string(), 1).replacen(
        value("blake3")?,
        &format!("\"{blake3}\""),
        1,
    );
    Some(format!("{before}\"name\": \"{name}\"{entry}}}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_listed_anew_and_nothing_else_changes() {
        let file = |name: &str, bytes: u64, hash: &str| serde_json::json!({ "name": name, "bytes": bytes, "blake3": hash });
        let of = |bytes, hash| {
            let files = [file("a", 7, "07"), file("report.html", bytes, hash), file("b", 7, "07")];
            format!("{:#}\n", serde_json::json!({ "seconds": 0.1, "files": files }))
        };
        assert_eq!(relisted(&of(7, "07"), "report.html", 123, "ab"), Some(of(123, "ab")));
        assert_eq!(relisted("{}", "report.html", 1, "ab"), None);
    }
}
