//! Many runs under one command: their bar, lines for a log, and signals.

use super::memory::available_bytes;
use super::watch::{GAP_MAX, Progress, Watcher, ticking};
use super::{Failure, INTERRUPTED, failed, no_thread, tell};
use crate::engine::{Batch, Cut, Experiment, Observer};
use crate::pending::remove_unfinished;
use crate::record::{Made, finished};
use crate::scenario::CheckedScenario;
use crate::sweep::Finished;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many runs at a time `--jobs` asks for: 0 is one a core.
pub(super) fn jobs(asked: u32) -> usize {
    match asked {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        jobs => jobs as usize,
    }
}

/// What goes on beside the runs.
pub(super) struct Batching {
    pub progress: Progress,
    pub bar: ProgressBar,
    pub batch: Arc<Batch>,
}

impl Batching {
    /// For `runs` runs, of which `done` are done.
    pub fn new(talks: bool, runs: usize, done: usize) -> Batching {
        let progress = Progress::fitting(talks);
        let bar = match progress {
            Progress::Bar => {
                let style =
                    ProgressStyle::with_template("{wide_bar} {pos}/{len} runs  {eta} left  {msg}");
                let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
                ProgressBar::new(runs as u64).with_style(style)
            }
            Progress::Silent | Progress::Lines => ProgressBar::hidden(),
        };
        bar.set_length(runs as u64);
        bar.set_position(done as u64);
        // the time left is told from what is done from here on
        bar.reset_eta();
        Batching { progress, bar, batch: Arc::default() }
    }

    /// Ctrl-C, SIGTERM and SIGHUP stop the runs under way, and `text` is said; the second of them
    /// ends the process, and the folders in `made` that are empty go.
    pub fn stop_on_signals(&self, made: Made, text: &'static str) {
        let (batch, progress, bar) = (self.batch.clone(), self.progress, self.bar.clone());
        let handler = move || {
            if batch.stop() {
                remove_unfinished();
                made.remove();
                std::process::exit(i32::from(INTERRUPTED));
            }
            Watcher::say(progress, &bar, text);
        };
        // it fails only where a handler is set already, which a user of the library may have done
        let _ = ctrlc::set_handler(handler);
    }

    /// Runs a scenario to its figures; `seconds` is asked for the time that its merges took.
    ///
    /// # Errors
    /// Where it is stopped, or this machine cannot run it. A run that comes to nothing by its own
    /// arithmetic is none.
    pub fn finish(
        &self,
        scenario: CheckedScenario,
        observer: &dyn Observer,
        seconds: impl FnOnce() -> f64,
    ) -> Result<Finished, Failure> {
        let experiment = Experiment::new(scenario).within(available_bytes());
        match self.batch.run(&experiment, observer) {
            Ok(Ok(outcome)) => Ok(finished(&outcome, seconds())),
            Ok(Err(cause)) => Ok(Finished::failed(cause)),
            Err(Cut::Stopped) => Err(Failure::Interrupted(String::new())),
            Err(Cut::Refused(problem)) => Err(Failure::BadInput(problem.to_string())),
            Err(Cut::Failed(error)) => Err(failed(error)),
        }
    }

    /// Does `body`, with the bar moving beside it or now and then a line for a log.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn beside<R>(&self, body: impl FnOnce() -> R) -> Result<R, Failure> {
        let (begun, from) = (Instant::now(), self.bar.position());
        let line = Mutex::new((begun + Duration::from_secs(1), Duration::from_secs(1)));
        let tick = || {
            self.bar.tick();
            let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
            if self.progress != Progress::Lines || Instant::now() < line.0 {
                return;
            }
            line.1 = (line.1 * 2).min(GAP_MAX);
            line.0 = Instant::now() + line.1;
            let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
            let each = begun.elapsed().as_secs_f64() / (done - from) as f64;
            let left = match done > from {
                true => format!(", {:.0} s left", each * (all - done) as f64),
                false => String::new(),
            };
            tell(&format!("{done} of {all} runs{left}"));
        };
        let result = ticking(tick, body).map_err(no_thread);
        self.bar.finish_and_clear();
        result
    }
}
