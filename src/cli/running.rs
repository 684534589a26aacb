//! A run from its checked scenario to the files of its folder, whoever asked for it.

use super::both::Both;
use super::ranks::Ranks;
use super::signals::Signals;
use super::watch::{Progress as Talk, Watcher};
use super::{FAILED, Failure, failed, memory, no_thread};
#[cfg(any(feature = "serve", feature = "tui"))]
use crate::controls::Controls;
use crate::engine::{Experiment, Kept, Observer, Registry, RunError, Safekeeping, Silent, Vault};
use crate::halt::Halt;
use crate::measure::Outcome;
use crate::merge::MergeError;
use crate::record::{
    Checkpoints, Histories, Progress, RunDirectory, RunFacts, Unfinished, assist_run, summary,
    write_run, write_run_over,
};
use crate::report;
use crate::scenario::CheckedScenario;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A run that is about to begin, or to go on.
pub(super) struct Running {
    experiment: Experiment,
    /// Where it goes on.
    from: Option<Unfinished>,
    /// The processes that run it together.
    ranks: Ranks,
}

impl Running {
    /// A run of a scenario, within the machine's memory.
    pub fn of(scenario: CheckedScenario) -> Running {
        let experiment = Experiment::new(scenario).within(memory::available_bytes());
        Running { experiment, from: None, ranks: Ranks::alone() }
    }

    /// The same as one rank of several, where there are any.
    pub fn over(self, ranks: &Ranks) -> Running {
        let experiment = match ranks.link() {
            None => self.experiment,
            Some(link) => self.experiment.over(link.clone()),
        };
        Running { experiment, ranks: ranks.clone(), ..self }
    }

    /// The processes that run it together.
    pub fn ranks(&self) -> &Ranks {
        &self.ranks
    }

    /// Runs it for rank 0, which watches it and writes what comes out, but for this rank's part of the
    /// tables.
    pub fn assist(&self) -> Result<(), Failure> {
        let watcher = Watcher::new(Talk::Silent, self.registry(), Vec::new());
        let signals = self.ranks.together(Signals::handle(watcher.voice()))?;
        signals.stop(self.halt());
        let from = self.ranks.together(self.state())?;
        let safe = Safekeeping { vault: None, from };
        let outcome = self.experiment.run_safely(&Silent, safe).map_err(failure)?;
        self.ranks.together(Ok(()))?;
        if let Some(link) = self.ranks.link() {
            assist_run(&**link, &outcome).map_err(failed)?;
        }
        match outcome.complete {
            true => Ok(()),
            false => Err(Failure::Interrupted("interrupted".into())),
        }
    }

    /// A run of a scenario that was cut off.
    pub fn going_on(scenario: CheckedScenario, from: Unfinished) -> Running {
        Running { from: Some(from), ..Running::of(scenario) }
    }

    /// Seconds that each fleet took by where it goes on.
    pub fn seconds(&self) -> Vec<f64> {
        self.from.as_ref().map_or_else(Vec::new, |from| from.progress.seconds.clone())
    }

    /// Of what it is a run.
    #[cfg(any(feature = "serve", feature = "tui"))]
    pub fn scenario(&self) -> CheckedScenario {
        self.experiment.scenario()
    }

    /// What stops it.
    pub fn halt(&self) -> Halt {
        self.experiment.halt()
    }

    /// What holds it.
    #[cfg(any(feature = "serve", feature = "tui"))]
    pub fn controls(&self) -> Arc<Controls> {
        self.experiment.controls()
    }

    /// Its agents, where they are tasks.
    pub fn registry(&self) -> Arc<Registry> {
        self.experiment.registry()
    }

    /// Runs it and fills its folder, watched by the command line and by whoever else there is; gives
    /// what came out and `summary.json`. What fails leaves no folder behind that was not there.
    pub fn finish(
        &self,
        watcher: &Watcher,
        other: Option<&dyn Observer>,
        directory: &RunDirectory,
    ) -> Result<(Outcome, Value), Failure> {
        let started = SystemTime::now();
        let worked = |now: SystemTime| {
            let earlier = self.from.as_ref().map_or(0.0, |from| from.progress.worked);
            earlier + now.duration_since(started).map_or(0.0, |time| time.as_secs_f64())
        };
        let begun = self.from.as_ref().map_or(started, |from| {
            UNIX_EPOCH + Duration::try_from_secs_f64(from.progress.started).unwrap_or_default()
        });
        let progress = || Progress {
            scenario: self.experiment.scenario().to_toml(),
            started: begun.duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64()),
            worked: worked(SystemTime::now()),
            seconds: watcher.seconds(),
        };
        let complain = |text: &str| watcher.complain(text);
        let spec = &self.experiment.scenario().checkpoint;
        let from = self.from.as_ref();
        let checkpoints = Checkpoints::begin(directory, spec, from, &progress, &complain);
        let begun_well = checkpoints.map_err(failed).and_then(|own| Ok((own, self.state()?)));
        let begun_well = self.ranks.together(begun_well);
        let (checkpoints, from) = begun_well.inspect_err(|_| directory.made().remove())?;
        let safe = Safekeeping { vault: Some(&checkpoints as &dyn Vault), from };
        let result = self.simulate(watcher, other, safe).inspect_err(|_| checkpoints.give_up());
        let result = result.and_then(|outcome| {
            let agents = outcome.scenario.fleet.agents as usize;
            let (kind, threads) = self.experiment.own_machine(&outcome.scenario, agents);
            let finished = SystemTime::now();
            let facts = RunFacts {
                engine: kind.name().into(),
                ranks: self.experiment.ranks(),
                threads,
                mail: self.ranks.mail().filter(|_| self.experiment.ranks() > 1),
                started: begun,
                resumed: self.from.as_ref().map(|from| (from.round, started)),
                finished,
                seconds: worked(finished),
            };
            // as it was changed while it ran
            let toml = self.experiment.scenario().to_toml();
            let histories = Histories::of(&outcome);
            let numbers =
                summary(&outcome, &histories, &facts.engine, facts.threads, facts.seconds);
            let text = crate::record::pretty(&numbers);
            let page = report::render(&outcome, &histories, &text, &toml).map_err(failed);
            let page = self.ranks.together(page)?;
            let written = match self.ranks.link() {
                None => write_run(directory, &outcome, &histories, &facts, &toml, &page),
                Some(link) => {
                    let link = &**link;
                    write_run_over(link, directory, &outcome, &histories, &facts, &toml, &page)
                }
            };
            written.map_err(failed)?;
            if outcome.complete
                && let Err(error) = checkpoints.end()
            {
                watcher.complain(&format!("checkpoints that are no longer needed stay: {error}"));
            }
            Ok((outcome, numbers))
        });
        result.inspect_err(|_| directory.made().remove())
    }

    /// The state that it goes on from, if it does.
    fn state(&self) -> Result<Option<Kept>, Failure> {
        self.from.as_ref().map(Unfinished::open).transpose().map_err(failed)
    }

    /// The run itself, watched and kept.
    fn simulate(
        &self,
        watcher: &Watcher,
        other: Option<&dyn Observer>,
        safe: Safekeeping<'_>,
    ) -> Result<Outcome, Failure> {
        let run = || match other {
            None => self.experiment.run_safely(watcher, safe),
            Some(other) => self.experiment.run_safely(&Both(watcher, other), safe),
        };
        let (outcome, seconds) = watcher.beside(run).map_err(no_thread)?;
        let mut outcome = outcome.map_err(failure)?;
        let traces =
            std::iter::once(&mut outcome.hive).chain(outcome.bounds.iter_mut().map(|b| &mut b.1));
        traces.zip(seconds).for_each(|(trace, seconds)| trace.seconds = seconds);
        Ok(outcome)
    }
}

/// What a run that fails is to the command line.
fn failure(error: RunError) -> Failure {
    match error {
        RunError::World(problem) => Failure::BadInput(problem.to_string()),
        RunError::Halted => {
            let text = "interrupted before the first round: nothing was written";
            Failure::Interrupted(text.into())
        }
        RunError::Elsewhere { .. } | RunError::Merge { source: MergeError::Elsewhere, .. } => {
            Failure::Elsewhere(FAILED)
        }
        error => failed(error),
    }
}
