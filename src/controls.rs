//! The word to wait, from whoever watches a run to those who do its work.

use crate::halt::Halt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a run that waits goes without a look at its halt.
const LOOK: Duration = Duration::from_millis(20);

/// Keys that were changed while a run was under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// From the work that leads to this core on.
    pub round: u32,
    /// Overrides as of `--set`.
    pub set: Vec<String>,
}

/// Lets whoever watches a run pause it, take it step by step or slow it down, from any thread. None
/// of that reaches a result. A run that nobody controls pays one relaxed load a publication.
#[derive(Debug, Default)]
pub struct Controls {
    /// Whether the run may have to wait.
    holds: AtomicBool,
    /// Whether measuring begins anew.
    anew: AtomicBool,
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    paused: bool,
    /// Publications that may still be made while it is paused.
    steps: u32,
    /// Publications a second, at most.
    pace: Option<f64>,
    /// When the last was let through under a pace.
    last: Option<Instant>,
}

impl State {
    /// How long the next publication has to wait: `None` until something moves.
    fn wait(&self, now: Instant) -> Option<Duration> {
        if self.paused {
            return (self.steps > 0).then_some(Duration::ZERO);
        }
        let (Some(pace), Some(last)) = (self.pace, self.last) else { return Some(Duration::ZERO) };
        let between = Duration::try_from_secs_f64(1.0 / pace).unwrap_or(Duration::MAX);
        Some(between.saturating_sub(now.saturating_duration_since(last)))
    }
}

impl Controls {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes how the run goes, and tells it.
    fn set(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        self.holds.store(state.paused || state.pace.is_some(), Ordering::Relaxed);
        self.moved.notify_all();
    }

    /// Lets the run stand once the publication under way is made.
    pub fn pause(&self) {
        self.set(|state| {
            state.paused = true;
            state.steps = 0;
        });
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.set(|state| state.paused = false);
    }

    /// Whether it stands or is about to.
    pub fn is_paused(&self) -> bool {
        self.state().paused
    }

    /// Lets exactly one more publication be made while it stands; several calls let as many. Pauses
    /// a run that does not.
    pub fn step(&self) {
        self.set(|state| {
            state.steps = if state.paused { state.steps.saturating_add(1) } else { 0 };
            state.paused = true;
        });
    }

    /// Lets at most so many publications be made a second; `None` is as fast as it goes, and so is
    /// what is no positive number.
    pub fn set_pace(&self, pace: Option<f64>) {
        self.set(|state| state.pace = pace.filter(|pace| *pace > 0.0 && pace.is_finite()));
    }

    /// Publications a second, at most.
    pub fn pace(&self) -> Option<f64> {
        self.state().pace
    }

    /// Changes keys of the scenario from a round on: overrides as of `--set`, checked at once by the
    /// loader. Returns the round from which they hold: from the work that leads to its core on.
    ///
    /// # Errors
    /// The loader's message, which names the key; nothing is changed then.
    pub fn change(&self, _sets: &[String]) -> Result<u32, String> {
        Err("this run cannot be changed".into())
    }

    /// The changes that were made so far, in their order.
    pub fn changes(&self) -> Vec<Change> {
        Vec::new()
    }

    /// Lets what is measured of the machine, not of what is learned, begin anew: how long learnings
    /// and cores of the engine `live` are on their way, and what agents wait for.
    pub fn measure_anew(&self) {
        self.anew.store(true, Ordering::Relaxed);
    }

    /// Whether that was asked for since it was last looked.
    pub(crate) fn is_measured_anew(&self) -> bool {
        self.anew.load(Ordering::Relaxed) && self.anew.swap(false, Ordering::Relaxed)
    }

    /// Whether the run may have to wait.
    pub(crate) fn may_hold(&self) -> bool {
        self.holds.load(Ordering::Relaxed)
    }

    /// Waits until the next publication may be made or the run is halted.
    pub(crate) fn wait(&self, halt: &Halt) {
        if !self.may_hold() {
            return;
        }
        let mut state = self.state();
        while !halt.is_set() {
            let now = Instant::now();
            match state.wait(now) {
                Some(Duration::ZERO) => {
                    state.steps = state.steps.saturating_sub(1);
                    state.last = Some(now);
                    return;
                }
                left => {
                    let left = left.unwrap_or(LOOK).min(LOOK);
                    let woken = self.moved.wait_timeout(state, left);
                    state = woken.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicU32;
    use std::thread;

    /// A run of `rounds` publications under control, with the count of those made.
    fn run(controls: &Arc<Controls>, halt: &Halt, rounds: u32) -> (Arc<AtomicU32>, Running) {
        let made = Arc::new(AtomicU32::new(0));
        let (controls, halt, count) = (controls.clone(), halt.clone(), made.clone());
        let thread = thread::spawn(move || {
            for _ in 0..rounds {
                controls.wait(&halt);
                if halt.is_set() {
                    return;
                }
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        (made, thread)
    }

    type Running = thread::JoinHandle<()>;

    /// Waits for a count, and then sees that it stays.
    fn stands_at(made: &AtomicU32, wanted: u32) {
        while made.load(Ordering::SeqCst) < wanted {
            thread::yield_now();
        }
        thread::sleep(LOOK * 3);
        assert_eq!(made.load(Ordering::SeqCst), wanted);
    }

    #[test]
    fn a_paused_run_makes_as_many_publications_as_it_is_stepped_and_goes_on_when_resumed() {
        let (controls, halt) = (Arc::new(Controls::default()), Halt::default());
        controls.pause();
        assert!(controls.is_paused());
        let (made, thread) = run(&controls, &halt, 10);
        stands_at(&made, 0);
        controls.step();
        stands_at(&made, 1);
        controls.step();
        controls.step();
        stands_at(&made, 3);
        controls.resume();
        assert!(!controls.is_paused());
        thread.join().unwrap();
        assert_eq!(made.load(Ordering::SeqCst), 10);
    }

    #[test]
    fn a_step_pauses_a_run_that_goes() {
        let controls = Controls::default();
        controls.step();
        assert!(controls.is_paused());
        assert_eq!(controls.state().wait(Instant::now()), None);
    }

    #[test]
    fn steps_that_were_not_made_are_forgotten_by_the_next_pause() {
        let controls = Controls::default();
        controls.pause();
        controls.step();
        controls.pause();
        assert_eq!(controls.state().wait(Instant::now()), None);
    }

    #[test]
    fn a_halt_ends_the_wait() {
        let (controls, halt) = (Arc::new(Controls::default()), Halt::default());
        controls.pause();
        let (made, thread) = run(&controls, &halt, 10);
        halt.set();
        thread.join().unwrap();
        assert_eq!(made.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn under_a_pace_publications_are_so_far_apart() {
        let controls = Controls::default();
        controls.set_pace(Some(4.0));
        assert_eq!(controls.pace(), Some(4.0));
        let start = Instant::now();
        let mut state = controls.state();
        // the first is let through at once
        assert_eq!(state.wait(start), Some(Duration::ZERO));
        state.last = Some(start);
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(state.wait(at(0)), Some(Duration::from_millis(250)));
        assert_eq!(state.wait(at(100)), Some(Duration::from_millis(150)));
        assert_eq!(state.wait(at(250)), Some(Duration::ZERO));
        assert_eq!(state.wait(at(900)), Some(Duration::ZERO));
    }

    #[test]
    fn what_is_no_pace_is_as_fast_as_it_goes() {
        let controls = Controls::default();
        for pace in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            controls.set_pace(Some(pace));
            assert_eq!(controls.pace(), None);
        }
        // so slow that the time between two has no number
        controls.set_pace(Some(f64::MIN_POSITIVE));
        controls.state().last = Some(Instant::now());
        assert_eq!(
            controls.state().wait(Instant::now()).map(|left| left.as_secs() > 0),
            Some(true)
        );
    }
}
