//! What the fuzz targets share: files in memory, and inputs of several parts.
//! A target is a reader and what has to hold of whatever it reads; docs/hardening.md lists them.

use hivesim::world::dataset::FederatedData;
use std::fs;
use std::path::{Path, PathBuf};

/// Between the parts of an input: a line of its own, so that inputs are text files to look at.
const CUT: &str = "\n=====\n";

/// The parts of an input that is text.
pub fn parts(data: &[u8]) -> Option<Vec<&str>> {
    std::str::from_utf8(data).ok().map(|text| text.split(CUT).collect())
}

/// The first part of an input that is text, and the lines of the second: a file and its overrides.
pub fn overridden(data: &[u8]) -> Option<(&str, Vec<String>)> {
    let parts = parts(data)?;
    let sets = parts.get(1).into_iter().flat_map(|sets| sets.lines()).map(String::from).collect();
    Some((parts[0], sets))
}

/// A folder of this process's own, in memory where the system has some for files.
pub struct Place(tempfile::TempDir);

impl Place {
    /// An empty one.
    pub fn new() -> Place {
        let memory = Path::new("/dev/shm");
        let folder = match memory.is_dir() {
            true => tempfile::tempdir_in(memory),
            false => tempfile::tempdir(),
        };
        Place(folder.expect("a temporary folder"))
    }

    /// Where a file of that name is, or would be.
    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the folders that it is in.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        if name.contains('/') {
            fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
        }
        fs::write(&path, bytes).expect("a file");
        path
    }
}

impl Default for Place {
    fn default() -> Self {
        Place::new()
    }
}

/// An error is a text that says something.
pub fn explained(error: impl std::fmt::Display) {
    assert!(!error.to_string().trim().is_empty());
}

/// Every user has examples to learn from, every row is as wide and finite, every label an answer.
pub fn hang_together(data: &FederatedData) {
    for split in [&data.train, &data.test] {
        assert_eq!(split.offsets.len(), data.users.len() + 1);
        assert_eq!(split.x.len(), split.y.len() * (data.features + 1));
        assert!(split.x.iter().all(|feature| feature.is_finite()));
        assert!(split.y.iter().all(|&label| (label as usize) < data.answers));
    }
    assert!((0..data.users.len()).all(|user| !data.train.rows(user).is_empty()));
}
