//! Running the scenarios of a comparison, with the clock of the merges.

use crate::cli::batching::Batching;
use crate::cli::clock::Clock;
use crate::cli::memory::available_bytes;
use crate::cli::watch::Progress;
use crate::cli::{Failure, tell};
use crate::compare::{Estimate, Run};
use crate::engine::{Cut, Experiment};
use crate::measure::Outcome;
use crate::scenario::CheckedScenario;

/// One run, with its seconds of merging; or why the scenario does not suit its strategy.
pub(super) fn run(
    batching: &Batching,
    scenario: CheckedScenario,
) -> Result<Result<(Outcome, f64), String>, Failure> {
    let experiment = Experiment::new(scenario).within(available_bytes());
    let clock = Clock::default();
    match batching.batch.run(&experiment, &clock) {
        Ok(ran) => Ok(ran.map(|outcome| (outcome, clock.seconds()))),
        Err(Cut::Stopped) => Err(Failure::Interrupted("interrupted: nothing was written".into())),
        Err(Cut::Refused(problem)) => Err(Failure::BadInput(problem.to_string())),
        Err(Cut::Failed(error)) => Err(Failure::Failed(error.to_string())),
    }
}

/// A line for a log.
pub(super) fn say(batching: &Batching, name: &str, runs: &[Run]) {
    if batching.progress == Progress::Lines {
        let level = Estimate::of(runs.iter().map(Run::level));
        tell(&format!("{name}: {:.3}", level.mean));
    }
}
