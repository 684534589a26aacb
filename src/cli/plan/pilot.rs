//! A pilot, in a process of its own.

use super::super::child::{answer, ask, asked};
use super::super::{Failure, failed, memory};
use crate::costs::{Pilot, PilotError, Sample, measure};
use crate::measure::Outcome;
use crate::process::peak_bytes;
use crate::record::{Histories, RunDirectory, RunFacts, pretty, summary, write_run};
use crate::report;
use crate::scenario::Override;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::SystemTime;

/// The hidden command that a pilot is.
const COMMAND: &str = "plan-pilot";

/// What the process is told on its standard input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PilotArgs {
    pub pilot: Pilot,
    /// The scenario's text, and the name of its file.
    pub text: String,
    pub origin: String,
    pub sets: Vec<String>,
}

impl PilotArgs {
    /// Runs it in a process of its own.
    pub fn in_a_process(&self) -> Result<Sample, Failure> {
        ask(COMMAND, self)
    }
}

/// Runs what standard input asks for, and prints the sample.
pub(in crate::cli) fn run_pilot() -> Result<(), Failure> {
    let args: PilotArgs = asked("hivesim plan")?;
    let sets: Vec<Override> = args.sets.iter().map(|set| Override::set(set)).collect();
    let base = (args.text.as_str(), args.origin.as_str(), &sets[..]);
    let (mut sample, outcome) =
        measure(&args.pilot, base, memory::available_bytes()).map_err(|error| match error {
            PilotError::Refused(why) => Failure::BadInput(why),
            PilotError::Failed(why) => Failure::Failed(why),
        })?;
    if args.pilot.writes {
        let folder = std::env::temp_dir().join(format!("hivesim-plan-{}", std::process::id()));
        let written = write(&outcome, &args.text, &folder);
        // whatever becomes of it, nobody is to read it
        let _ = std::fs::remove_dir_all(&folder);
        written?;
        sample.writing = peak_bytes() - sample.peak;
    }
    answer(&sample)
}

/// Writes a pilot's results as a run's are.
fn write(outcome: &Outcome, toml: &str, folder: &Path) -> Result<(), Failure> {
    let directory = RunDirectory::create(folder).map_err(failed)?;
    let now = SystemTime::now();
    let facts = RunFacts::in_one_go("pilot", 1, (now, now));
    let histories = Histories::of(outcome);
    let numbers = summary(outcome, &histories, &facts.engine, facts.threads, facts.seconds);
    let page = report::render(outcome, &histories, &pretty(&numbers), toml).map_err(failed)?;
    write_run(&directory, outcome, &histories, &facts, toml, &page).map_err(failed).map(|_| ())
}
