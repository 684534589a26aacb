//! Running the scenarios of a comparison: progress, signals, and the clock of the merges.

use super::CompareArgs;
use crate::agent::Halt;
use crate::cli::memory::available_bytes;
use crate::cli::watch::{Progress, Watcher};
use crate::cli::{Failure, tell};
use crate::compare::{Estimate, Run};
use crate::engine::{Experiment, Observer, RunError, Stage};
use crate::measure::Outcome;
use crate::merge::MergeError;
use crate::record::Made;
use crate::scenario::CheckedScenario;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What goes on beside the runs: the bar, the way to stop, the clock of the merges.
pub(super) struct Work {
    progress: Progress,
    pub bar: ProgressBar,
    stop: Arc<Mutex<Stop>>,
}

/// Whether to stop, and what does it.
#[derive(Default)]
struct Stop {
    asked: bool,
    halt: Option<Halt>,
}

impl Work {
    pub fn new(args: &CompareArgs, runs: usize) -> Work {
        let progress = Progress::fitting(!args.quiet && !args.json);
        let bar = if progress == Progress::Bar {
            let style =
                ProgressStyle::with_template("{wide_bar} {pos}/{len} runs  {eta} left  {msg}");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(runs as u64).with_style(style)
        } else {
            ProgressBar::hidden()
        };
        Work { progress, bar, stop: Arc::default() }
    }

    /// A line for a log.
    pub fn say(&self, name: &str, runs: &[Run]) {
        if self.progress == Progress::Lines {
            let level = Estimate::of(runs.iter().map(Run::level));
            tell(&format!("{name}: {:.3}", level.mean));
        }
    }

    /// Ctrl-C, SIGTERM and SIGHUP stop the run under way; the second of them ends the process.
    pub fn stop_on_signals(&self, made: Made) {
        let (stop, progress, bar) = (self.stop.clone(), self.progress, self.bar.clone());
        let handler = move || {
            let mut stop = locked(&stop);
            if stop.asked {
                made.remove();
                std::process::exit(i32::from(crate::cli::INTERRUPTED));
            }
            stop.asked = true;
            if let Some(halt) = &stop.halt {
                halt.set();
            }
            let text = "stopping; nothing is written (again: quit at once)";
            Watcher::say(progress, &bar, text);
        };
        // it fails only where a handler is set already, which a user of the library may have done
        let _ = ctrlc::set_handler(handler);
    }

    /// One run, with its seconds of merging; or why the scenario does not suit its strategy.
    pub fn run(
        &self,
        scenario: CheckedScenario,
    ) -> Result<Result<(Outcome, f64), String>, Failure> {
        let stopped = || Failure::Interrupted("interrupted: nothing was written".into());
        let experiment = Experiment::new(scenario).within(available_bytes());
        {
            let mut stop = locked(&self.stop);
            if stop.asked {
                return Err(stopped());
            }
            stop.halt = Some(experiment.halt());
        }
        let clock = Clock::default();
        match experiment.run(&clock) {
            Ok(outcome) if outcome.complete => Ok(Ok((outcome, clock.seconds()))),
            Ok(_) => Err(stopped()),
            Err(RunError::Merge { source: source @ MergeError::Needs { .. }, .. }) => {
                Ok(Err(source.to_string()))
            }
            Err(
                error @ (RunError::Merge { .. } | RunError::Agent { .. } | RunError::Loss { .. }),
            ) => Ok(Err(error.to_string())),
            Err(RunError::World(problem)) => Err(Failure::BadInput(problem.to_string())),
            Err(RunError::Halted) => Err(stopped()),
            Err(error) => Err(Failure::Failed(error.to_string())),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Times the hive's merges.
#[derive(Default)]
struct Clock(Mutex<(Option<Instant>, f64)>);

impl Clock {
    fn seconds(&self) -> f64 {
        locked(&self.0).1
    }
}

impl Observer for Clock {
    fn distilling(&self, stage: Stage, _: u32) {
        if stage == Stage::Hive {
            locked(&self.0).0 = Some(Instant::now());
        }
    }

    fn touring(&self, _: Stage, _: u32) {
        let mut clock = locked(&self.0);
        if let Some(since) = clock.0.take() {
            clock.1 += since.elapsed().as_secs_f64();
        }
    }
}
