//! Watches a run for whoever waits for it: a bar on a terminal, lines elsewhere, and metrics.

use super::closing::rate;
use super::metrics::{self, Live};
use super::tell;
use crate::engine::{Observer, Registry, Stage};
use crate::ids::CoreVersion;
use crate::measure::{LiveReport, RoundRow, Trace};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often it is looked at how far the work is.
const TICK: Duration = Duration::from_millis(200);
/// Lines come after 1, 2, 4, … seconds and from then on at this distance: a short run says
/// little, a long one stays quiet enough for a log.
pub(super) const GAP_MAX: Duration = Duration::from_secs(30);

/// Does the work while another thread calls `tick` now and then.
///
/// # Errors
/// Where the system gives no thread.
pub(super) fn ticking<R>(
    mut tick: impl FnMut() + Send,
    work: impl FnOnce() -> R,
) -> std::io::Result<R> {
    let (stop, stopped) = channel::<()>();
    std::thread::scope(|scope| {
        let watch = move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(TICK) {
                tick();
            }
        };
        std::thread::Builder::new().spawn_scoped(scope, watch)?;
        let result = work();
        drop(stop);
        Ok(result)
    })
}

/// How a run shows its progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Not at all.
    Silent,
    /// Lines on standard error.
    Lines,
    /// A bar on the terminal that standard error is.
    Bar,
}

impl Progress {
    /// A bar where somebody watches, lines where a log may be kept.
    pub fn fitting(talks: bool) -> Progress {
        match (talks, std::io::stderr().is_terminal()) {
            (false, _) => Progress::Silent,
            (true, true) => Progress::Bar,
            (true, false) => Progress::Lines,
        }
    }
}

/// An observer with a clock.
pub(super) struct Watcher {
    progress: Progress,
    bar: ProgressBar,
    registry: Arc<Registry>,
    /// Whether what has to be told is told later.
    holds_back: bool,
    state: Mutex<State>,
}

/// The fleet under way, and the seconds of those before.
#[derive(Default)]
struct State {
    fleet: Option<Fleet>,
    seconds: Vec<f64>,
    /// Of the fleet that goes on where it was cut off, the seconds by then.
    ahead: f64,
    /// What is to be told later.
    complaints: Vec<String>,
}

struct Fleet {
    name: &'static str,
    rounds: u32,
    begun: Instant,
    /// Seconds before.
    ahead: f64,
    /// When the tour or the merge under way began.
    since: Instant,
    touring: Option<u32>,
    round: u32,
    tasks: u64,
    skill: String,
    next_line: Instant,
    gap: Duration,
}

impl Watcher {
    /// A watcher of a run whose fleets, the last of which goes on, took so many `seconds` by now.
    pub fn new(progress: Progress, registry: Arc<Registry>, mut seconds: Vec<f64>) -> Self {
        let bar = match progress {
            Progress::Bar => {
                let style =
                    "{prefix:8} {wide_bar} {pos}/{len} rounds  {per_sec}  {eta} left  {msg}";
                let style = ProgressStyle::with_template(style)
                    .unwrap_or_else(|_| ProgressStyle::default_bar());
                ProgressBar::new(1).with_style(style)
            }
            Progress::Silent | Progress::Lines => ProgressBar::hidden(),
        };
        let ahead = seconds.pop().unwrap_or(0.0);
        let state = Mutex::new(State { seconds, ahead, ..State::default() });
        Watcher { progress, bar, registry, holds_back: false, state }
    }

    /// The same while somebody else has the terminal.
    pub fn holding_back(self) -> Self {
        Watcher { progress: Progress::Silent, holds_back: true, ..self }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `body` while a thread beside it reads the live registry; gives its result and the
    /// seconds of each fleet, in order.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn beside<R>(&self, body: impl FnOnce() -> R) -> std::io::Result<(R, Vec<f64>)> {
        let result = ticking(|| self.tick(), body)?;
        self.bar.finish_and_clear();
        Ok((result, std::mem::take(&mut self.state().seconds)))
    }

    /// A word from outside the run, without tearing the bar.
    pub fn say(progress: Progress, bar: &ProgressBar, text: &str) {
        match progress {
            Progress::Silent => {}
            Progress::Lines => tell(text),
            Progress::Bar => bar.println(text),
        }
    }

    /// Tells that something went wrong, whoever wants to be told of nothing else.
    pub fn complain(&self, text: &str) {
        match self.progress {
            _ if self.holds_back => self.state().complaints.push(text.into()),
            Progress::Silent | Progress::Lines => tell(text),
            Progress::Bar => self.bar.println(text),
        }
    }

    /// What has not been told.
    pub fn complaints(&self) -> Vec<String> {
        std::mem::take(&mut self.state().complaints)
    }

    /// Seconds of each fleet so far.
    pub fn seconds(&self) -> Vec<f64> {
        let state = self.state();
        let under_way = state.fleet.as_ref().map(Fleet::seconds);
        state.seconds.iter().copied().chain(under_way).collect()
    }

    /// What [`Watcher::say`] needs, for a thread that outlives the watcher.
    pub fn voice(&self) -> (Progress, ProgressBar) {
        (self.progress, self.bar.clone())
    }

    fn tick(&self) {
        let mut state = self.state();
        let Some(fleet) = &mut state.fleet else { return };
        let live = match fleet.touring {
            Some(round) => Live::of(&self.registry, CoreVersion(round)),
            None => Live::default(),
        };
        if live.agents > 0 {
            live.tell(fleet.name);
        }
        match self.progress {
            Progress::Bar => self.bar.set_message(fleet.message(live)),
            Progress::Lines if Instant::now() >= fleet.next_line => {
                tell(&fleet.line(live));
                fleet.gap = (fleet.gap * 2).min(GAP_MAX);
                fleet.next_line = Instant::now() + fleet.gap;
            }
            Progress::Silent | Progress::Lines => {}
        }
        if self.progress == Progress::Bar {
            self.bar.tick();
        }
    }
}

impl Fleet {
    fn seconds(&self) -> f64 {
        self.ahead + self.begun.elapsed().as_secs_f64()
    }

    /// Beside the bar: tasks a second, skill, and how far a round is that takes long.
    fn message(&self, live: Live) -> String {
        let mut parts = Vec::new();
        if self.tasks > 0 {
            parts.push(format!("{} tasks/s", rate(self.tasks, self.seconds())));
        }
        if !self.skill.is_empty() {
            parts.push(self.skill.clone());
        }
        if self.since.elapsed() > Duration::from_secs(1) {
            parts.push(self.under_way(live));
        }
        parts.join("  ")
    }

    fn under_way(&self, live: Live) -> String {
        match self.touring {
            Some(_) if live.at_newest > 0 => format!("{} agents back", live.at_newest),
            Some(_) => "agents at work".into(),
            None => "distilling".into(),
        }
    }

    /// The same as a line, with the time left at the pace so far.
    fn line(&self, live: Live) -> String {
        let mut parts = vec![format!("{}: {} of {} rounds", self.name, self.round, self.rounds)];
        let message = self.message(live);
        if !message.is_empty() {
            parts.push(message.replace("  ", ", "));
        }
        if self.round > 0 {
            let left = self.seconds() / f64::from(self.round) * f64::from(self.rounds - self.round);
            parts.push(format!("{left:.0} s left"));
        }
        parts.join(", ")
    }
}

impl Observer for Watcher {
    fn begin(&self, stage: Stage, rounds: u32) {
        let now = Instant::now();
        let gap = Duration::from_secs(1);
        let name = stage.name();
        let mut state = self.state();
        let ahead = std::mem::take(&mut state.ahead);
        state.fleet = Some(Fleet {
            name,
            rounds,
            begun: now,
            ahead,
            since: now,
            touring: None,
            round: 0,
            tasks: 0,
            skill: String::new(),
            next_line: now + gap,
            gap,
        });
        drop(state);
        self.bar.reset();
        self.bar.set_length(u64::from(rounds));
        self.bar.set_prefix(name);
        self.bar.set_message("");
        if self.progress == Progress::Lines {
            tell(&format!("{name}: {rounds} round{}", if rounds == 1 { "" } else { "s" }));
        }
    }

    fn touring(&self, stage: Stage, round: u32) {
        if let Some(fleet) = &mut self.state().fleet {
            if round > 0 {
                metrics::merged(stage.name(), fleet.since.elapsed().as_secs_f64());
            }
            fleet.since = Instant::now();
            fleet.touring = Some(round);
        }
    }

    fn distilling(&self, _: Stage, _: u32) {
        if let Some(fleet) = &mut self.state().fleet {
            fleet.since = Instant::now();
            fleet.touring = None;
        }
    }

    fn round(&self, stage: Stage, row: &RoundRow) {
        metrics::round(stage.name(), row);
        if let Some(fleet) = &mut self.state().fleet {
            metrics::toured(stage.name(), fleet.since.elapsed().as_secs_f64());
            fleet.round = row.round;
            fleet.tasks += row.tasks;
            let level = if row.panel_skill.is_finite() {
                Some(("skill", row.panel_skill))
            } else if row.train_loss.is_finite() {
                Some(("loss", row.train_loss))
            } else {
                None
            };
            if let Some((name, level)) = level {
                fleet.skill = format!("{name} {level:.3}");
            }
        }
        self.bar.set_position(u64::from(row.round));
    }

    fn resumed(&self, _: Stage, trace: &Trace) {
        let round = trace.rounds.last().map_or(0, |row| row.round);
        if let Some(fleet) = &mut self.state().fleet {
            fleet.round = round;
            fleet.tasks = trace.rounds.iter().map(|row| row.tasks).sum();
        }
        self.bar.set_position(u64::from(round));
    }

    fn live(&self, report: &LiveReport) {
        metrics::live(report);
    }

    fn end(&self, stage: Stage) {
        let mut state = self.state();
        let Some(fleet) = state.fleet.take() else { return };
        let seconds = fleet.seconds();
        state.seconds.push(seconds);
        if self.progress == Progress::Lines {
            let round = fleet.round;
            let rate = rate(fleet.tasks, seconds);
            let name = stage.name();
            let rounds = fleet.rounds;
            tell(&format!("{name}: {round} of {rounds} rounds in {seconds:.2} s, {rate} tasks/s"));
        }
    }
}
