//! The word to wait or to do otherwise, from whoever watches a run to those who do its work.

#![allow(clippy::disallowed_methods, reason = "a pace is of the wall clock, and reaches no result")]

pub use crate::scenario::Change;

use crate::halt::Halt;
use crate::scenario::{CheckedScenario, Scenario};
use crate::world::Limits;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a run that waits goes without a look at its halt.
const LOOK: Duration = Duration::from_millis(20);

/// Lets whoever watches a run pause it, take it step by step, slow it down or change how it goes on,
/// from any thread. Waiting reaches no result. A change is an entry of the scenario's
/// [`changes`](Scenario::changes) from then on, and a run of a scenario that had it from the start
/// comes to the same result. A run that nobody controls pays a lock that nobody else takes a publication.
#[derive(Debug)]
pub struct Controls {
    /// Whether the run may have to wait.
    holds: AtomicBool,
    /// Whether measuring begins anew.
    anew: AtomicBool,
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug)]
struct State {
    paused: bool,
    /// Publications that may still be made while it is paused.
    steps: u32,
    /// Publications a second, at most.
    pace: Option<f64>,
    /// When the last was let through under a pace.
    last: Option<Instant>,
    /// What it has come to.
    scenario: CheckedScenario,
    /// Whether there are changes in it that the run has not heard of.
    news: bool,
    /// The round from which a change made now holds: the first that the hive's agents do not work
    /// for yet. None where its course is over.
    next: Option<u32>,
    /// What changes are held against beside the loader's checks, once the world is known.
    limits: Option<Limits>,
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

/// The first round from `round` on that a change can hold from. Out of step it is known until the
/// next measured core who sends what when, as far as that depends on what may change.
fn first_open(scenario: &Scenario, round: u32) -> u32 {
    let every = scenario.measure.every;
    match scenario.distiller.schedule.learnings() {
        None => round,
        Some(_) => (round - 1).div_ceil(every).saturating_mul(every) + 1,
    }
}

impl Controls {
    /// The controls of a scenario's run.
    pub(crate) fn new(scenario: CheckedScenario) -> Self {
        let state = State {
            paused: false,
            steps: 0,
            pace: None,
            last: None,
            scenario,
            news: false,
            next: Some(1),
            limits: None,
        };
        Controls {
            holds: AtomicBool::default(),
            anew: AtomicBool::default(),
            state: Mutex::new(state),
            moved: Condvar::new(),
        }
    }

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

    /// Changes keys of the scenario while it runs: overrides as of `--set`, checked at once by the
    /// loader, all of them or none. Returns the round from which they hold: from the work on that
    /// leads to its core, which is the first that has not begun (out of step the first after a
    /// measured core). What may change is in [`Change::KEYS`].
    ///
    /// # Errors
    /// The loader's message, which names the key; or that no round is left to change.
    pub fn change(&self, sets: &[String]) -> Result<u32, String> {
        if sets.is_empty() {
            return Err("found nothing to change; give at least one KEY=VALUE".into());
        }
        let mut state = self.state();
        let Some(round) = state.next else {
            return Err("the hive's course is over, and nothing of it changes any more".into());
        };
        let rounds = state.scenario.rounds.0;
        if round > rounds {
            return Err(format!(
                "nothing changes any more: the last of {rounds} rounds is under way"
            ));
        }
        let changed = state.scenario.changed(round, sets).map_err(|error| error.to_string())?;
        if let Some(limits) = &state.limits {
            limits.check(&changed).map_err(|problem| problem.to_string())?;
        }
        state.scenario = changed;
        state.news = true;
        Ok(round)
    }

    /// All changes of the run in their order, those to come and those that its scenario had from the
    /// start among them.
    pub fn changes(&self) -> Vec<Change> {
        self.state().scenario.changes.clone()
    }

    /// What the scenario has come to.
    pub(crate) fn scenario(&self) -> CheckedScenario {
        self.state().scenario.clone()
    }

    /// A hive begins its course: its agents are about to work on the first core. Returns what the
    /// scenario has come to by now.
    pub(crate) fn open(&self, limits: Option<Limits>) -> CheckedScenario {
        let mut state = self.state();
        state.limits = limits;
        state.news = false;
        state.next = Some(first_open(&state.scenario, 2));
        state.scenario.clone()
    }

    /// The hive goes on at core `version`, at which its course was cut off.
    pub(crate) fn go_on(&self, version: u32) {
        let mut state = self.state();
        state.next = Some(first_open(&state.scenario, version + 2));
    }

    /// The agents are about to work on the way to core `round`. Returns what the scenario has come
    /// to, if changes have been made that hold from then on.
    pub(crate) fn turn(&self, round: u32) -> Option<CheckedScenario> {
        let mut state = self.state();
        if state.next == Some(round) {
            state.next = Some(first_open(&state.scenario, round + 1));
            return std::mem::take(&mut state.news).then(|| state.scenario.clone());
        }
        None
    }

    /// The hive's course is over.
    pub(crate) fn close(&self) {
        self.state().next = None;
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

    fn controls() -> Controls {
        Controls::new(Scenario::parse("rounds = 9", "controls", &[]).unwrap())
    }

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
        let (controls, halt) = (Arc::new(controls()), Halt::default());
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
        let controls = controls();
        controls.step();
        assert!(controls.is_paused());
        assert_eq!(controls.state().wait(Instant::now()), None);
    }

    #[test]
    fn steps_that_were_not_made_are_forgotten_by_the_next_pause() {
        let controls = controls();
        controls.pause();
        controls.step();
        controls.pause();
        assert_eq!(controls.state().wait(Instant::now()), None);
    }

    #[test]
    fn a_halt_ends_the_wait() {
        let (controls, halt) = (Arc::new(controls()), Halt::default());
        controls.pause();
        let (made, thread) = run(&controls, &halt, 10);
        halt.set();
        thread.join().unwrap();
        assert_eq!(made.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn under_a_pace_publications_are_so_far_apart() {
        let controls = controls();
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
        let controls = controls();
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

    fn set(text: &str) -> Vec<String> {
        vec![text.into()]
    }

    #[test]
    fn a_change_holds_from_the_first_round_that_has_not_begun() {
        let controls = controls();
        assert_eq!(controls.change(&set("attack.share=0.1")), Ok(1));
        assert_eq!(controls.open(None).changes.len(), 1);
        assert_eq!(controls.change(&set("attack.share=0.2")), Ok(2));
        assert_eq!(controls.change(&set("faults.loss=0.2")), Ok(2), "in one entry");
        let got = controls.turn(2).expect("something changed");
        assert_eq!(got.stretches().len(), 3);
        assert_eq!(got.stretches()[2].scenario.attack.share, 0.2);
        assert_eq!(got.stretches()[2].scenario.faults.loss, 0.2);
        assert!(controls.turn(3).is_none(), "nothing did since");
        (4..=9).for_each(|round| assert!(controls.turn(round).is_none()));
        let error = controls.change(&set("attack.share=0.3")).unwrap_err();
        assert_eq!(error, "nothing changes any more: the last of 9 rounds is under way");
        controls.close();
        let error = controls.change(&set("attack.share=0.3")).unwrap_err();
        assert!(error.contains("is over"), "{error}");
        assert_eq!(controls.changes().len(), 2);
    }

    #[test]
    fn what_is_refused_changes_nothing_and_names_the_key() {
        let controls = controls();
        for (text, wanted) in [
            ("distiller.combine.kind=medain", "distiller.combine.kind: found"),
            ("fleet.agents=3", "fleet.agents: stays as it is"),
            ("atack.share=0.1", "did you mean `attack`?"),
            ("attack.share", "found no `=`"),
        ] {
            let error = controls.change(&set(text)).unwrap_err();
            assert!(error.contains(wanted), "{text}: {error}");
            assert!(error.starts_with(&format!("--set {text}: ")), "{error}");
        }
        assert!(controls.change(&[]).is_err());
        assert!(controls.changes().is_empty());
    }

    #[test]
    fn out_of_step_a_change_waits_for_a_measured_core() {
        let text = "[measure]\nevery = 4\n[distiller.schedule]\nkind = \"buffered\"";
        let scenario = Scenario::parse(text, "controls", &[]).unwrap();
        // what follows cores 4 and 8 is what leads to 5 and 9
        let firsts = [1, 2, 4, 5, 6, 9, 10].map(|round| first_open(&scenario, round));
        assert_eq!(firsts, [1, 5, 5, 5, 9, 9, 13]);
    }
}
