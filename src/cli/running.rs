//! A run from its checked scenario to the files of its folder, whoever asked for it.

use super::both::Both;
use super::watch::Watcher;
use super::{Failure, failed, memory, no_thread};
#[cfg(any(feature = "serve", feature = "tui"))]
use crate::controls::Controls;
use crate::engine::{Experiment, Observer, Registry, RunError};
use crate::halt::Halt;
use crate::measure::Outcome;
use crate::record::{Histories, RunDirectory, RunFacts, summary, write_run};
use crate::report;
use crate::scenario::CheckedScenario;
use serde_json::Value;
use std::sync::Arc;
use std::time::SystemTime;

/// A run that is about to begin.
pub(super) struct Running(Experiment);

impl Running {
    /// A run of a scenario, within the machine's memory.
    pub fn of(scenario: CheckedScenario) -> Running {
        Running(Experiment::new(scenario).within(memory::available_bytes()))
    }

    /// Of what it is a run.
    #[cfg(any(feature = "serve", feature = "tui"))]
    pub fn scenario(&self) -> CheckedScenario {
        self.0.scenario()
    }

    /// What stops it.
    pub fn halt(&self) -> Halt {
        self.0.halt()
    }

    /// What holds it.
    #[cfg(any(feature = "serve", feature = "tui"))]
    pub fn controls(&self) -> Arc<Controls> {
        self.0.controls()
    }

    /// Its agents, where they are tasks.
    pub fn registry(&self) -> Arc<Registry> {
        self.0.registry()
    }

    /// Runs it and fills its folder, watched by the command line and by whoever else there is; gives
    /// what came out and `summary.json`. What fails leaves no folder behind that was not there.
    pub fn finish(
        &self,
        watcher: &Watcher,
        other: Option<&dyn Observer>,
        directory: &RunDirectory,
    ) -> Result<(Outcome, Value), Failure> {
        let result = self.simulate(watcher, other).and_then(|(outcome, facts)| {
            // as it was changed while it ran
            let toml = self.0.scenario().to_toml();
            let histories = Histories::of(&outcome);
            let numbers =
                summary(&outcome, &histories, &facts.engine, facts.threads, facts.seconds());
            let text = crate::record::pretty(&numbers);
            let page = report::render(&outcome, &histories, &text, &toml).map_err(failed)?;
            write_run(directory, &outcome, &histories, &facts, &toml, &page).map_err(failed)?;
            Ok((outcome, numbers))
        });
        result.inspect_err(|_| directory.made().remove())
    }

    /// The run itself, watched.
    fn simulate(
        &self,
        watcher: &Watcher,
        other: Option<&dyn Observer>,
    ) -> Result<(Outcome, RunFacts), Failure> {
        let started = SystemTime::now();
        let run = || match other {
            None => self.0.run(watcher),
            Some(other) => self.0.run(&Both(watcher, other)),
        };
        let (outcome, seconds) = watcher.beside(run).map_err(no_thread)?;
        let mut outcome = outcome.map_err(|error| match error {
            RunError::World(problem) => Failure::BadInput(problem.to_string()),
            RunError::Halted => {
                let text = "interrupted before the first round: nothing was written";
                Failure::Interrupted(text.into())
            }
            error => failed(error),
        })?;
        let traces =
            std::iter::once(&mut outcome.hive).chain(outcome.bounds.iter_mut().map(|b| &mut b.1));
        traces.zip(seconds).for_each(|(trace, seconds)| trace.seconds = seconds);
        let agents = outcome.scenario.fleet.agents as usize;
        let (kind, threads) = Experiment::machine(&outcome.scenario, agents);
        let facts =
            RunFacts { engine: kind.name().into(), threads, started, finished: SystemTime::now() };
        Ok((outcome, facts))
    }
}
