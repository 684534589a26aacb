//! Many experiments, several at a time, that can all be stopped.

use super::{Experiment, Observer, RunError};
use crate::agent::Halt;
use crate::measure::Outcome;
use crate::scenario::Problem;
use crate::threads::on_threads;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Runs experiments until they are done or it is stopped. What runs beside what changes no result.
#[derive(Debug, Default)]
pub struct Batch(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    /// The runs under way, by number.
    under_way: Vec<(u64, Halt)>,
    begun: u64,
}

/// Why a run has no outcome, if it is not that it came to nothing by its own arithmetic.
#[derive(Debug)]
pub enum Cut {
    /// The batch was stopped.
    Stopped,
    /// The world's data cannot be had, or the scenario does not fit the machine.
    Refused(Box<Problem>),
    /// The system gave too few threads.
    Failed(RunError),
}

impl Batch {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Halts the runs under way, and lets no more begin. Tells whether it was stopped before.
    pub fn stop(&self) -> bool {
        let mut state = self.state();
        state.under_way.iter().for_each(|(_, halt)| halt.set());
        std::mem::replace(&mut state.stopped, true)
    }

    /// Runs one experiment, here and now. The inner error says why the scenario comes to nothing
    /// on any machine: learning diverges, or does not suit the strategy.
    ///
    /// # Errors
    /// Where the batch is stopped, or this machine cannot run the scenario.
    pub fn run(
        &self,
        experiment: &Experiment,
        observer: &dyn Observer,
    ) -> Result<Result<Outcome, String>, Cut> {
        let number = {
            let mut state = self.state();
            if state.stopped {
                return Err(Cut::Stopped);
            }
            state.begun += 1;
            let number = state.begun;
            state.under_way.push((number, experiment.halt()));
            number
        };
        let result = experiment.run(observer);
        self.state().under_way.retain(|(each, _)| *each != number);
        match result {
            Ok(outcome) if outcome.complete => Ok(Ok(outcome)),
            Ok(_) | Err(RunError::Halted) => Err(Cut::Stopped),
            Err(RunError::World(problem)) => Err(Cut::Refused(problem)),
            Err(error @ RunError::Threads { .. }) => Err(Cut::Failed(error)),
            Err(error) => Ok(Err(error.cause())),
        }
    }

    /// Calls `work` with every item, on up to `jobs` threads, the calling one among them, each
    /// taking the next item when it is done with one. The first error stops the batch.
    ///
    /// # Errors
    /// The first that `work` gives.
    ///
    /// # Panics
    /// Where `work` does.
    pub fn each<T: Sync, E: Send>(
        &self,
        jobs: usize,
        items: &[T],
        work: impl Fn(&T) -> Result<(), E> + Sync,
    ) -> Result<(), E> {
        let next = AtomicUsize::new(0);
        let first: Mutex<Option<E>> = Mutex::new(None);
        let lock = || first.lock().unwrap_or_else(PoisonError::into_inner);
        on_threads(jobs.clamp(1, items.len().max(1)) - 1, &|| {
            while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                if lock().is_some() {
                    break;
                }
                if let Err(error) = work(item) {
                    // those that are stopped by it come later
                    lock().get_or_insert(error);
                    self.stop();
                }
            }
        });
        first.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }
}
