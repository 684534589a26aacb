//! What viewers see of a run. The run writes it as it goes, at no more than a fiftieth of its time;
//! it is read ten times a second, and not at all where nobody looks.

use super::issue::{Fleet, Issue, Pace, Snapshot};
use super::tiles::{Layout, Levels, Sums};
use crate::controls::{Change, Controls};
use crate::engine::{Observer, Stage};
use crate::halt::Halt;
use crate::measure::{Frame, LiveReport, PanelMember, RoundRow, Trace};
use crate::scenario::{CheckedScenario, Scenario};
use crate::thinned::Thinned;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Most points of a curve.
pub(super) const POINTS_MAX: usize = 384;
/// Tours and merges whose times are kept.
const TIMES: usize = 256;
/// A frame that took some time to add up is not followed by another for so many times that: of what a
/// run takes, a fiftieth at most goes here.
const REST: u32 = 49;
/// Over which tasks a second are counted.
const WINDOW: Duration = Duration::from_secs(3);

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its world is being made.
    Preparing,
    /// Agents are at work.
    Touring,
    /// The distiller is.
    Distilling,
    /// It is over, and complete or cut short; its report stands under this name.
    Over { complete: bool, run: String },
    /// It came to nothing, for this reason.
    Failed(String),
}

/// A run under watch: what is known of it, and how it is held.
pub struct Board {
    pub(super) scenario: Scenario,
    pub(super) controls: Arc<Controls>,
    pub(super) halt: Halt,
    state: Mutex<State>,
    issues: watch::Sender<Arc<Issue>>,
}

struct State {
    phase: Phase,
    fleets: Vec<FleetState>,
    /// Counts what happened since the first, so that nothing new is nothing to send.
    happened: u64,
    /// What had happened when the newest issue was made.
    issued: u64,
    sums: Sums,
    /// No frame is added up before.
    rest: Instant,
}

/// A fleet as it stands.
struct FleetState {
    name: &'static str,
    rounds: u32,
    begun: Instant,
    /// When the tour or merge under way began.
    since: Instant,
    /// Seconds of its course, once that is over.
    seconds: Option<f64>,
    tasks: u64,
    /// Tasks by when they were done, over [`WINDOW`].
    done: VecDeque<(Instant, u64)>,
    tours: VecDeque<f32>,
    merges: VecDeque<f32>,
    rows: Thinned<Arc<Row>>,
    last: Option<Arc<Row>>,
    spread: Thinned<Arc<Levels>>,
    levels: Arc<Levels>,
    about: Arc<About>,
    /// Of free agents.
    books: Option<Arc<LiveReport>>,
    /// What the issue before told of rows and spread.
    told: (u64, u64),
}

/// A round and how long it took.
pub(super) struct Row {
    pub row: RoundRow,
    pub tour_seconds: f32,
    pub merge_seconds: f32,
}

/// What a fleet is, from its first core on.
pub(super) struct About {
    pub layout: Layout,
    /// Names and shares of the skills that are told of, and how many there are.
    pub skills: Vec<(String, f64)>,
    pub skills_in_all: usize,
}

impl About {
    fn of(trace: &Trace) -> About {
        let layout = Layout::of(&trace.panel, trace.skills.len());
        let named = trace.skills.iter().cloned().zip(trace.frequencies.iter().copied());
        let skills = named.take(layout.listed()).collect();
        About { skills, skills_in_all: trace.skills.len(), layout }
    }
}

impl Board {
    /// The board of a run that is about to begin.
    pub fn new(scenario: &CheckedScenario, controls: Arc<Controls>, halt: Halt) -> Arc<Board> {
        let now = Instant::now();
        let state = State {
            phase: Phase::Preparing,
            fleets: Vec::new(),
            happened: 1,
            issued: 0,
            sums: Sums::default(),
            rest: now,
        };
        let (issues, _) = watch::channel(Arc::new(Issue::blank()));
        let scenario = Scenario::clone(scenario);
        Arc::new(Board { scenario, controls, halt, state: Mutex::new(state), issues })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        state.happened += 1;
    }

    /// The run is over; its files are in the run of that name.
    pub fn over(&self, complete: bool, run: String) {
        self.set(|state| state.phase = Phase::Over { complete, run });
    }

    /// The run came to nothing.
    pub fn failed(&self, why: String) {
        self.set(|state| state.phase = Phase::Failed(why));
    }

    /// Whether the run is over, one way or the other.
    pub fn is_over(&self) -> bool {
        matches!(self.state().phase, Phase::Over { .. } | Phase::Failed(_))
    }

    /// Something that viewers should know happened outside of the run.
    pub(super) fn touch(&self) {
        self.set(|_| {});
    }

    /// Whoever holds on to this is told of new issues.
    pub(super) fn watch(&self) -> watch::Receiver<Arc<Issue>> {
        self.issues.subscribe()
    }

    /// How many watch.
    pub(super) fn watchers(&self) -> usize {
        self.issues.receiver_count()
    }

    /// Makes a new issue where something happened since the last, and tells those who watch.
    pub(super) fn renew(&self) -> Arc<Issue> {
        let changes = self.controls.changes();
        let (paused, pace) = (self.controls.is_paused(), self.controls.pace());
        let mut state = self.state();
        if state.issued == state.happened {
            return self.issues.borrow().clone();
        }
        state.issued = state.happened;
        let snapshot = state.snapshot(&self.scenario, changes, paused, pace);
        // those who make issues take turns
        let issue = Arc::new(Issue::new(self.issues.borrow().seq + 1, snapshot));
        self.issues.send_replace(issue.clone());
        issue
    }
}

impl State {
    fn snapshot(
        &mut self,
        scenario: &Scenario,
        changes: Vec<Change>,
        paused: bool,
        pace: Option<f64>,
    ) -> Snapshot {
        let now = Instant::now();
        let fleets = self.fleets.iter_mut().map(|fleet| fleet.snapshot(now)).collect();
        let (name, question) = (scenario.name.clone(), scenario.question.clone());
        let combine = toml::Value::try_from(&scenario.distiller.combine);
        Snapshot {
            name,
            question,
            agents: scenario.fleet.agents,
            seed: scenario.seed.0,
            adopted: scenario.measure.adopted,
            combine: combine.map_or_else(|_| String::new(), |combine| combine.to_string()),
            phase: self.phase.clone(),
            changes,
            paused,
            pace,
            fleets,
        }
    }
}

impl FleetState {
    fn new(stage: Stage, rounds: u32, now: Instant) -> Self {
        FleetState {
            name: stage.name(),
            rounds,
            begun: now,
            since: now,
            seconds: None,
            tasks: 0,
            done: VecDeque::new(),
            tours: VecDeque::new(),
            merges: VecDeque::new(),
            rows: Thinned::new(POINTS_MAX),
            last: None,
            spread: Thinned::new(POINTS_MAX),
            levels: Arc::default(),
            about: Arc::new(About::of(&Trace::default())),
            books: None,
            told: (0, 0),
        }
    }

    fn snapshot(&mut self, now: Instant) -> Fleet {
        let seconds = self.seconds.unwrap_or_else(|| now.duration_since(self.begun).as_secs_f64());
        let recent = self.done.iter().filter(|(at, _)| now.duration_since(*at) <= WINDOW);
        let recent: u64 = recent.map(|(_, tasks)| tasks).sum();
        let rate = match self.seconds {
            Some(seconds) => self.tasks as f64 / seconds,
            None => recent as f64 / seconds.min(WINDOW.as_secs_f64()),
        };
        let told = std::mem::replace(&mut self.told, (self.rows.count(), self.spread.count()));
        Fleet {
            name: self.name,
            rounds: self.rounds,
            over: self.seconds.is_some(),
            seconds,
            tasks: self.tasks,
            pace: Pace::of(rate, &self.tours, &self.merges),
            rows: self.rows.since(0).to_vec(),
            rows_stride: self.rows.stride(),
            last: self.last.clone(),
            spread: self.spread.since(0).to_vec(),
            spread_stride: self.spread.stride(),
            levels: self.levels.clone(),
            about: self.about.clone(),
            books: self.books.clone(),
            told,
        }
    }
}

impl Observer for Board {
    fn begin(&self, stage: Stage, rounds: u32) {
        self.set(|state| state.fleets.push(FleetState::new(stage, rounds, Instant::now())));
    }

    fn touring(&self, _: Stage, _: u32) {
        self.set(|state| {
            let now = Instant::now();
            let merged = state.phase == Phase::Distilling;
            state.phase = Phase::Touring;
            let Some(fleet) = state.fleets.last_mut() else { return };
            if merged {
                keep(&mut fleet.merges, now.duration_since(fleet.since));
            }
            fleet.since = now;
        });
    }

    fn distilling(&self, _: Stage, _: u32) {
        self.set(|state| {
            state.phase = Phase::Distilling;
            if let Some(fleet) = state.fleets.last_mut() {
                fleet.since = Instant::now();
            }
        });
    }

    fn frame(&self, _: Stage, trace: &Trace, frame: &Frame) {
        let begun = Instant::now();
        let mut state = self.state();
        // a run that stands shows what it stands at
        if begun < state.rest && !self.controls.is_paused() {
            return;
        }
        let State { fleets, sums, .. } = &mut *state;
        let Some(fleet) = fleets.last_mut() else { return };
        if fleet.about.layout.agents() == 0 {
            fleet.about = Arc::new(About::of(trace));
        }
        let panel: &[PanelMember] = &trace.panel;
        let (agents, adopted) = (self.scenario.fleet.agents, self.scenario.measure.adopted);
        let levels = Arc::new(sums.take(&fleet.about.layout, frame, (panel, agents, adopted)));
        fleet.spread.push(levels.clone());
        fleet.levels = levels;
        let end = Instant::now();
        state.rest = end + end.duration_since(begun) * REST;
        state.happened += 1;
    }

    fn round(&self, _: Stage, row: &RoundRow) {
        self.set(|state| {
            let now = Instant::now();
            let Some(fleet) = state.fleets.last_mut() else { return };
            // the tour that measured this core; the merge that made it came before
            let tour_seconds = keep(&mut fleet.tours, now.duration_since(fleet.since));
            let merge_seconds = fleet.merges.back().copied().unwrap_or(f32::NAN);
            fleet.tasks += row.tasks;
            while fleet.done.front().is_some_and(|(at, _)| now.duration_since(*at) > WINDOW) {
                fleet.done.pop_front();
            }
            fleet.done.push_back((now, row.tasks));
            let row = Arc::new(Row { row: row.clone(), tour_seconds, merge_seconds });
            fleet.rows.push(row.clone());
            fleet.last = Some(row);
        });
    }

    fn resumed(&self, _: Stage, trace: &Trace) {
        self.set(|state| {
            let State { fleets, sums, .. } = state;
            let Some(fleet) = fleets.last_mut() else { return };
            fleet.about = Arc::new(About::of(trace));
            let (agents, adopted) = (self.scenario.fleet.agents, self.scenario.measure.adopted);
            for frame in &trace.frames {
                let panel = (&trace.panel[..], agents, adopted);
                fleet.levels = Arc::new(sums.take(&fleet.about.layout, frame, panel));
                fleet.spread.push(fleet.levels.clone());
            }
            for row in &trace.rounds {
                // how long it took was before
                let (tour_seconds, merge_seconds) = (f32::NAN, f32::NAN);
                fleet.tasks += row.tasks;
                let row = Arc::new(Row { row: row.clone(), tour_seconds, merge_seconds });
                fleet.rows.push(row.clone());
                fleet.last = Some(row);
            }
        });
    }

    fn live(&self, report: &LiveReport) {
        self.set(|state| {
            if let Some(fleet) = state.fleets.last_mut() {
                fleet.books = Some(Arc::new(report.clone()));
            }
        });
    }

    fn end(&self, _: Stage) {
        self.set(|state| {
            if let Some(fleet) = state.fleets.last_mut() {
                fleet.seconds = Some(fleet.begun.elapsed().as_secs_f64());
            }
        });
    }
}

/// Takes a time in; gives its seconds.
fn keep(times: &mut VecDeque<f32>, time: Duration) -> f32 {
    if times.len() == TIMES {
        times.pop_front();
    }
    let seconds = time.as_secs_f32();
    times.push_back(seconds);
    seconds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Experiment;
    use crate::ids::{AgentId, CompanyId};
    use crate::serve::issue::Manner;
    use serde_json::Value;

    fn board() -> Arc<Board> {
        let sets = ["fleet.agents=2".into(), "world.companies=1".into()];
        let scenario = Scenario::parse("", "test", &sets).unwrap();
        let experiment = Experiment::new(scenario.clone());
        Board::new(&scenario, experiment.controls(), experiment.halt())
    }

    fn trace() -> Trace {
        let member = |agent| PanelMember {
            agent: AgentId(agent),
            name: String::new(),
            company: CompanyId(0),
            joins: 1,
            job: vec![1.0],
        };
        Trace {
            skills: vec!["s0".into()],
            frequencies: vec![1.0],
            panel: vec![member(0), member(1)],
            ..Trace::default()
        }
    }

    /// A round that was measured.
    fn go(board: &Board, round: u32) {
        let frame = Frame { round, panel: vec![0.5, 1.0], ..Frame::default() };
        board.touring(Stage::Hive, round);
        board.frame(Stage::Hive, &trace(), &frame);
        board.round(Stage::Hive, &RoundRow { round, tasks: 7, ..RoundRow::unmeasured() });
        board.distilling(Stage::Hive, round);
    }

    fn said(event: &[u8]) -> Value {
        let text = std::str::from_utf8(event).unwrap();
        serde_json::from_str(text.split("data: ").nth(1).unwrap()).unwrap()
    }

    fn levels_round(board: &Board) -> Value {
        board.touch();
        said(&board.renew().levels(None))["round"].clone()
    }

    #[test]
    fn a_frame_that_follows_too_soon_is_left_out_unless_the_run_stands() {
        let board = board();
        board.begin(Stage::Hive, 9);
        go(&board, 0);
        assert_eq!(levels_round(&board), 0);
        board.state().rest = Instant::now() + Duration::from_secs(3600);
        go(&board, 1);
        assert_eq!(levels_round(&board), 0);
        board.controls.pause();
        go(&board, 2);
        assert_eq!(levels_round(&board), 2);
    }

    #[test]
    fn an_issue_tells_what_came_since_the_one_before() {
        let board = board();
        board.begin(Stage::Hive, 9);
        board.state().rest = Instant::now();
        go(&board, 0);
        let first = board.renew();
        let whole = said(&first.whole());
        assert_eq!(whole["fleets"][0]["rows"].as_array().unwrap().len(), 1);
        assert_eq!(whole["fleets"][0]["tile_firsts"], serde_json::json!([0, 1]));
        assert!(Arc::ptr_eq(&board.renew(), &first), "nothing new is no new issue");
        go(&board, 1);
        go(&board, 2);
        let second = board.renew();
        assert_eq!((second.seq, second.fleets()), (first.seq + 1, first.fleets()));
        let next = said(&second.next());
        let rounds: Vec<&Value> =
            next["rows"].as_array().unwrap().iter().map(|row| &row[1][0]).collect();
        assert_eq!(rounds, [1, 2]);
        // what is not a number is null
        assert_eq!(next["rows"][0][1][1], Value::Null);
        assert_eq!(next["fleet"]["tasks"], 21);
        assert_eq!(next["fleet"]["books"], Value::Null);
        // the same bytes for all, of a skill that there is none of too
        let sent = |skill| second.sent(Manner::Next, skill).as_ptr();
        assert!(
            sent(None) == sent(None) && sent(None) == sent(Some(7)) && sent(None) != sent(Some(0))
        );
        board.over(true, "test-1".into());
        assert_eq!(said(&board.renew().next())["text"], "test-1");
    }

    #[test]
    fn the_books_of_free_agents_are_told_of() {
        let board = board();
        board.begin(Stage::Hive, 9);
        let to_merge = crate::measure::Latency { p50: 0.25, p99: 2.0, ..Default::default() };
        board.live(&LiveReport { sent: 9, taken: 7, left: 2, to_merge, ..LiveReport::default() });
        let books = said(&board.renew().next())["fleet"]["books"].clone();
        let wanted = serde_json::json!({
            "sent": 9, "taken": 7, "dropped": 0, "left": 2, "to_merge": [0.25, 2], "to_pull": [0, 0],
        });
        assert_eq!(books, wanted);
    }

    #[test]
    fn another_fleet_is_told_of_as_a_whole() {
        let board = board();
        board.begin(Stage::Hive, 9);
        let before = board.renew().fleets();
        go(&board, 0);
        let hive = board.renew().fleets();
        board.end(Stage::Hive);
        board.begin(Stage::Bound(crate::scenario::Bound::Isolated), 9);
        assert!(before < hive && hive < board.renew().fleets());
    }
}
