//! A run's manifest and summary, and no table: what a list of runs shows.

use super::ReadError;
use super::manifest::Files;
use std::path::Path;

/// A run in a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Glance {
    /// The scenario's name.
    pub name: String,
    /// The seed.
    pub seed: u64,
    /// Whether all rounds were run.
    pub complete: bool,
    /// When it was begun, as [`rfc3339`](crate::record::rfc3339) has it.
    pub started: String,
    /// When it was done, as [`rfc3339`](crate::record::rfc3339) has it.
    pub finished: String,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// The result's hash.
    pub result_hash: String,
    /// Agents of the fleet, and rounds of the hive.
    pub agents: u64,
    /// Publications after the first core.
    pub rounds: u64,
    /// Level of the bare core at the last measured round; NaN where it was not measured.
    pub core_skill: f64,
    /// Level of the panel there.
    pub panel_skill: f64,
}

/// Reads what a list of runs shows. Cost: two short files.
///
/// # Errors
/// [`ReadError`], as [`read_run`](crate::record::read_run).
pub fn glance(path: &Path) -> Result<Glance, ReadError> {
    let files = Files::open(path)?;
    let (_, numbers) = files.summary()?;
    let said = |key: &str| files.manifest[key].as_str().unwrap_or_default().to_string();
    let level = |key: &str| numbers["skills"][key].as_f64().unwrap_or(f64::NAN);
    Ok(Glance {
        name: said("name"),
        seed: files.manifest["seed"].as_u64().unwrap_or(0),
        complete: files.is_complete(),
        started: said("started"),
        finished: said("finished"),
        seconds: files.manifest["seconds"].as_f64().unwrap_or(f64::NAN),
        result_hash: files.result_hash(),
        agents: numbers["agents"].as_u64().unwrap_or(0),
        rounds: numbers["rounds"].as_u64().unwrap_or(0),
        core_skill: level("core"),
        panel_skill: level("panel"),
    })
}
