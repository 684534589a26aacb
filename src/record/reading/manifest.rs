//! What a run directory says of itself, and its files, each checked.

use super::rows::each_row;
use crate::measure::LiveReport;
use crate::record::agent_tables::is_of;
use crate::record::{FORMAT, OLDEST_FORMAT};
use parquet::record::Field;
use serde_json::Value;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Why a directory could not be read as a run. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such directory.
    #[error("there is no directory `{}`: name one that `hivesim run` wrote, such as runs/first-hive-1", path.display())]
    Missing {
        /// The directory asked for.
        path: PathBuf,
    },
    /// It is something else.
    #[error("`{}` is no hivesim run ({found}): name a directory that `hivesim run` wrote", path.display())]
    NotARun {
        /// The directory asked for.
        path: PathBuf,
        /// What is there instead.
        found: String,
    },
    /// It was written in another format.
    #[error("`{}` was written by hivesim {version} in format {found}, and this hivesim reads format {known}: {advice}", path.display(), known = FORMAT)]
    Format {
        /// The directory asked for.
        path: PathBuf,
        /// Which hivesim wrote it.
        version: String,
        /// Its format.
        found: u64,
        /// What to do.
        advice: &'static str,
    },
    /// A file of it is not as it was written.
    #[error("`{}` is damaged: {what}; run the scenario again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How.
        what: String,
    },
    /// The file system refused.
    #[error("could not read `{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The files of a run.
pub(super) struct Files {
    path: PathBuf,
    /// `manifest.json`; its numbers may be off in the last digit.
    pub manifest: Value,
}

impl Files {
    /// Opens a directory that holds a whole run of this format.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let not = |found: String| ReadError::NotARun { path: path.into(), found };
        if !path.exists() {
            return Err(ReadError::Missing { path: path.into() });
        }
        if !path.is_dir() {
            return Err(not("it is a file".into()));
        }
        let at = path.join("manifest.json");
        let text = match fs::read_to_string(&at) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Err(not("it has no manifest.json".into()));
            }
            Err(source) => return Err(ReadError::Io { path: at, source }),
        };
        let manifest: Value = serde_json::from_str(&text)
            .map_err(|e| ReadError::Damaged { path: at, what: e.to_string() })?;
        let Some(version) = manifest.get("hivesim").and_then(Value::as_str) else {
            return Err(not("its manifest.json is not hivesim's".into()));
        };
        if manifest.get("comparison").is_some() {
            return Err(not("it holds a comparison, whose page is beside it".into()));
        }
        if manifest.get("bench").is_some() {
            return Err(not("it holds a benchmark, whose page is beside it".into()));
        }
        let found = manifest.get("format").and_then(Value::as_u64).unwrap_or(0);
        if !(u64::from(OLDEST_FORMAT)..=u64::from(FORMAT)).contains(&found) {
            let advice = match found < u64::from(FORMAT) {
                true => "run the scenario again, as some of what a page needs is not there",
                false => "take the newer hivesim",
            };
            let version = version.to_string();
            return Err(ReadError::Format { path: path.into(), version, found, advice });
        }
        Ok(Files { path: path.into(), manifest })
    }

    /// The run's fleets in order with their seconds.
    pub fn fleets(&self) -> Result<Vec<(String, f64)>, ReadError> {
        let fleets = self.manifest.get("fleet_seconds").and_then(Value::as_object);
        let fleets = fleets.filter(|fleets| !fleets.is_empty());
        let fleets = fleets.ok_or_else(|| self.damaged("manifest.json", "it names no fleet"))?;
        Ok(fleets.iter().map(|(name, s)| (name.clone(), s.as_f64().unwrap_or(0.0))).collect())
    }

    /// What is known of a hive that ran freely.
    pub fn live(&self) -> Result<Option<LiveReport>, ReadError> {
        let live = self.manifest.get("live").cloned().unwrap_or_default();
        serde_json::from_value(live).map_err(|e| self.damaged("manifest.json", e))
    }

    /// Whether all rounds were run.
    pub fn is_complete(&self) -> bool {
        self.manifest.get("complete").and_then(Value::as_bool).unwrap_or(false)
    }

    /// The result's hash.
    pub fn result_hash(&self) -> String {
        let hash = self.manifest.get("result_hash").and_then(Value::as_str);
        hash.unwrap_or_default().to_string()
    }

    /// That a file is not as it was written.
    pub fn damaged(&self, name: &str, what: impl ToString) -> ReadError {
        ReadError::Damaged { path: self.path.join(name), what: what.to_string() }
    }

    /// A file of text, checked against the manifest.
    pub fn text(&self, name: &str) -> Result<String, ReadError> {
        let path = self.path.join(name);
        let bytes = fs::read(&path).map_err(|e| self.unread(name, e))?;
        self.check(name, blake3::hash(&bytes))?;
        String::from_utf8(bytes).map_err(|e| self.damaged(name, e))
    }

    /// `summary.json`, as it stands there and as numbers.
    pub fn summary(&self) -> Result<(String, Value), ReadError> {
        let text = self.text("summary.json")?;
        let numbers = serde_json::from_str(&text).map_err(|e| self.damaged("summary.json", e))?;
        Ok((text, numbers))
    }

    /// Every row of a table, or of all its parts in turn, checked against the manifest: the cells of
    /// some columns.
    pub fn rows(
        &self,
        table: &str,
        columns: &[&str],
        mut each: impl FnMut(&[&Field]) -> Result<(), String>,
    ) -> Result<(), ReadError> {
        let whole = format!("{table}.parquet");
        let listed = self.listed().filter_map(|file| file["name"].as_str());
        let mut names: Vec<&str> = listed.filter(|name| is_of(name, table)).collect();
        // whoever wrote them, their names are in the order of the agents
        names.sort_unstable();
        if names.is_empty() {
            names.push(&whole);
        }
        names.into_iter().try_for_each(|name| {
            let path = self.path.join(name);
            let open = || File::open(&path).map_err(|e| self.unread(name, e));
            let mut hasher = blake3::Hasher::new();
            hasher.update_reader(open()?).map_err(|e| self.unread(name, e))?;
            self.check(name, hasher.finalize())?;
            each_row(open()?, columns, &mut each).map_err(|what| self.damaged(name, what))
        })
    }

    /// The entries of its files.
    fn listed(&self) -> impl Iterator<Item = &Value> {
        self.manifest.get("files").and_then(Value::as_array).into_iter().flatten()
    }

    fn unread(&self, name: &str, source: io::Error) -> ReadError {
        match source.kind() {
            io::ErrorKind::NotFound => self.damaged(name, "it is missing"),
            _ => ReadError::Io { path: self.path.join(name), source },
        }
    }

    fn check(&self, name: &str, hash: blake3::Hash) -> Result<(), ReadError> {
        let entry = self.listed().find(|file| file["name"] == name);
        match entry.and_then(|file| file["blake3"].as_str()) {
            Some(wanted) if wanted == hash.to_hex().as_str() => Ok(()),
            Some(_) => Err(self.damaged(name, "its BLAKE3 is not the one in manifest.json")),
            None => Err(self.damaged(name, "manifest.json does not list it")),
        }
    }
}
