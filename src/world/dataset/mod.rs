//! Federated data: one user's examples an agent, for training and for testing.
//! Lives here: the data's form and its readers, LEAF JSON and Parquet.
//! May not: change what it reads: what does not fit is an error that says where.

mod error;
mod leaf;
mod parquet;
mod split;

pub use error::DataError;
pub use split::Split;

use std::path::Path;

/// The most answers that a scenario may have; larger labels are refused.
const ANSWERS_MAX: u32 = 256;

/// Data of several users, each with examples of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct FederatedData {
    /// Features of an example, without the constant.
    pub features: usize,
    /// Possible answers; labels are below it.
    pub answers: usize,
    /// The users' names, in the order of the data. User `i` is agent `i`.
    pub users: Vec<String>,
    /// Examples to learn from; every user has some.
    pub train: Split,
    /// Examples to be tested on; a user may have none.
    pub test: Split,
}

/// Reads federated data from `path`:
/// - a folder in LEAF's form (Caldas et al. 2018): `train.json` and `test.json`, or folders
///   `train/` and `test/` of such files;
/// - a Parquet file, or a folder of them, with the columns `agent`, `split`, `label` and
///   `features`.
///
/// `answers` is the number of possible answers; 0 takes the largest label + 1, at least 2.
///
/// # Errors
/// [`DataError`], with the file, the user and the row of what does not fit.
pub fn read(path: &Path, answers: u32) -> Result<FederatedData, DataError> {
    if !path.exists() {
        return Err(DataError::Missing { path: path.into(), expected: "there is no such file" });
    }
    if !path.is_file() && !path.is_dir() {
        let expected = "it is neither a file nor a folder";
        return Err(DataError::Missing { path: path.into(), expected });
    }
    let is_json = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
    if path.is_file() && is_json {
        let expected = "it is a single file of LEAF's JSON; name the folder that holds train.json and \
                        test.json (or train/*.json and test/*.json)";
        return Err(DataError::Missing { path: path.into(), expected });
    }
    let mut data = if path.is_file() {
        parquet::read(&[path.to_path_buf()], answers)?
    } else {
        let tables = files_in(path, "parquet")?;
        if tables.is_empty() {
            leaf::read(path, answers)?
        } else {
            parquet::read(&tables, answers)?
        }
    };
    data.answers = match answers {
        0 => data.train.answers().max(data.test.answers()).max(2),
        given => given as usize,
    };
    Ok(data)
}

/// The folder's files with that extension, in the order of their names.
fn files_in(folder: &Path, extension: &str) -> Result<Vec<std::path::PathBuf>, DataError> {
    let io = |source| DataError::Io { path: folder.into(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.is_file() && path.extension().is_some_and(|e| e.eq_ignore_ascii_case(extension)) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests;
