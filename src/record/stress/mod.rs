//! A battery on disk.
//!
//! ```text
//! stress.json          whose runs these are; written first
//! battery.toml         the battery with all its defaults, scenario.toml the scenario's file
//! runs/DIGEST.json     a run, named by what it depends on
//! runs.parquet, curves.parquet, cards.json, report.html
//! ```
//! Whoever is put to the same battery later finds the runs that are there.

mod tables;

use super::atomic::Sink;
use super::error::RecordError;
use super::manifest::FORMAT;
use super::pretty;
use super::runs_folder::{self, RunsFolder};
use crate::stress::{Cards, Findings, Stress};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::Path;

const HEADER: &str = "stress.json";

/// stress.json: whose runs a folder holds.
#[derive(Serialize, Deserialize)]
struct Header {
    hivesim: String,
    format: u32,
    battery: String,
    version: u32,
    /// A digest of the battery and its hive.
    id: String,
}

impl Header {
    fn of(stress: &Stress) -> Self {
        Header {
            hivesim: env!("CARGO_PKG_VERSION").into(),
            format: FORMAT,
            battery: stress.battery.name.clone(),
            version: stress.battery.version,
            id: stress.id(),
        }
    }

    /// The battery in words, where it is another than the one that is wanted.
    fn other_than(&self, wanted: &Header) -> Option<String> {
        let (name, version) = (crate::text::name(&self.battery), self.version);
        if self.hivesim != wanted.hivesim {
            let made = crate::text::name(&self.hivesim);
            return Some(format!("runs of hivesim {made}, and this is {}", wanted.hivesim));
        }
        (self.id != wanted.id)
            .then(|| format!("runs of another battery or hive, `{name}` version {version}"))
    }
}

/// A directory that is filled with the runs of one battery.
#[derive(Debug)]
pub struct StressDirectory {
    folder: RunsFolder,
    id: String,
}

impl StressDirectory {
    /// Makes the directory, or takes one that is empty or holds runs of the same battery, and
    /// writes down whose it is.
    ///
    /// # Errors
    /// [`RecordError::OtherRuns`] when it holds another battery's, [`RecordError::Occupied`] when
    /// it holds anything else, [`RecordError::Busy`] when another process writes to it, and
    /// whatever the file system says.
    pub fn create(path: &Path, stress: &Stress) -> Result<Self, RecordError> {
        let header = Header::of(stress);
        let other = |path: &Path| {
            let found: Result<Header, String> = runs_folder::header(path, HEADER);
            let found = found.map_err(|why| format!("no battery's, {why}"))?;
            Ok(found.other_than(&header))
        };
        let names: Vec<&str> = stress.contenders.iter().map(|each| each.name.as_str()).collect();
        let scenario = if stress.text.is_empty() { "" } else { "scenario.toml" };
        // only text, numbers and lists of them
        let battery = stress.battery.resolved(scenario, &names, &stress.seeds);
        let battery = toml::to_string(&battery).unwrap_or_default();
        let mut files = vec![(HEADER, pretty(&json!(header))), ("battery.toml", battery)];
        if !stress.text.is_empty() {
            files.push(("scenario.toml", stress.text.clone()));
        }
        let folder = RunsFolder::create(path, &files, other)?;
        Ok(StressDirectory { folder, id: header.id })
    }

    /// The folder of its runs.
    pub fn runs(&self) -> &RunsFolder {
        &self.folder
    }

    /// Writes the tables, the report cards, `numbers` as [`report_cards`] gives them, and the page.
    ///
    /// # Errors
    /// Whatever the file system says. Each file is whole or as it was.
    pub fn finish(
        &self,
        stress: &Stress,
        findings: &Findings,
        cards: &Cards,
        numbers: &Value,
        page: &str,
    ) -> Result<(), RecordError> {
        let runs = |sink: &mut Sink| tables::runs(sink, stress, findings, &self.id);
        self.folder.table("runs.parquet", runs)?;
        let curves = |sink: &mut Sink| tables::curves(sink, stress, cards, &self.id);
        self.folder.table("curves.parquet", curves)?;
        self.folder.put("cards.json", &pretty(numbers))?;
        self.folder.put("report.html", page)
    }
}

/// cards.json: the leaderboard and all report cards.
pub fn report_cards(stress: &Stress, findings: &Findings, cards: &Cards) -> Value {
    let battery = &stress.battery;
    let hardship = |(i, hardship): (usize, &crate::scenario::Hardship)| {
        json!({
            "name": hardship.name,
            "family": hardship.family,
            "about": hardship.about,
            "dose": hardship.dose,
            "key": hardship.key,
            "from": stress.dose(i, 0.0),
            "to": stress.dose(i, 1.0),
        })
    };
    json!({
        "hivesim": env!("CARGO_PKG_VERSION"),
        "battery": battery.name,
        "version": battery.version,
        "quick": stress.quick,
        "id": stress.id(),
        "result_hash": stress_hash(stress, findings),
        "runs": findings.runs().count(),
        "figure": stress.figure.name,
        "floor": battery.floor,
        "doses": battery.doses,
        "precision": battery.precision,
        "seeds": stress.seeds,
        "hardships": battery.hardships.iter().enumerate().map(hardship).collect::<Vec<_>>(),
        "board": cards.board,
        "cards": cards.cards,
    })
}

/// A hash over all results: the same wherever and on however many threads they were run.
pub fn stress_hash(stress: &Stress, findings: &Findings) -> String {
    let mut hasher = blake3::Hasher::new();
    for (dose, run) in findings.runs() {
        let name = &stress.contenders[dose.contender].name;
        let place = match dose.hardship {
            Some((hardship, place)) => {
                format!("{} {place}", stress.battery.hardships[hardship].name)
            }
            None => "clean".into(),
        };
        let (Ok(result) | Err(result)) = &run.result;
        hasher.update(format!("{name} {place} {} {result}\n", dose.seed).as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
