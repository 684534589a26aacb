//! What the view knows of a run: what an observer was told, thinned to what a terminal shows.

use crate::engine::{Observer, Stage};
use crate::measure::{Frame, LiveReport, RoundRow, Trace};
use crate::scenario::Scenario;
use crate::thinned::Thinned;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Skills that can be chosen, the most frequent ones.
const SKILLS_MAX: usize = 256;
/// Tiles that agents are shown as, at most; each is the mean of neighbours.
const TILES_MAX: usize = 1024;
/// Points of a curve.
const POINTS_MAX: usize = 512;
/// Rows of rounds.
const ROWS_MAX: usize = 64;

/// What is known of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub name: String,
    /// The level from which on a skill counts as adopted.
    pub adopted: f64,
    /// The fleet under way.
    pub fleet: &'static str,
    pub rounds: u32,
    /// The newest core that is known.
    pub round: u32,
    /// Whether the distiller is at work, and not the agents.
    pub distils: bool,
    pub skills: Vec<String>,
    /// Agents of the panel.
    pub agents: usize,
    /// Mean levels of neighbours, `tiles × skills`.
    pub tiles: Vec<f32>,
    /// Measured cores, and the share of the panel that had adopted each skill by then.
    pub curves: Vec<(u32, Vec<f32>)>,
    /// The newest rounds, the newest last.
    pub rows: VecDeque<RoundRow>,
    pub tasks: u64,
    /// How the books of free agents stand.
    pub live: Option<LiveReport>,
    /// Seconds since the fleet began.
    pub seconds: f64,
}

/// The board that an observer writes on.
pub(super) struct Board(Mutex<State>);

struct State {
    /// All but the curves.
    seen: Seen,
    curves: Thinned<(u32, Vec<f32>)>,
    begun: Option<Instant>,
}

impl State {
    fn new(seen: Seen, begun: Option<Instant>) -> State {
        State { seen, curves: Thinned::new(POINTS_MAX), begun }
    }
}

impl Board {
    pub fn new(scenario: &Scenario) -> Board {
        let (name, adopted) = (scenario.name.clone(), scenario.measure.adopted);
        let seen = Seen { name, adopted, ..Seen::default() };
        Board(Mutex::new(State::new(seen, None)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known by now.
    pub fn seen(&self) -> Seen {
        let state = self.state();
        let seconds = state.begun.map_or(0.0, |begun| begun.elapsed().as_secs_f64());
        let curves = state.curves.since(0).iter().map(|(_, point)| point.clone()).collect();
        Seen { seconds, curves, ..state.seen.clone() }
    }
}

impl Observer for Board {
    fn begin(&self, stage: Stage, rounds: u32) {
        let mut state = self.state();
        let Seen { name, adopted, .. } = std::mem::take(&mut state.seen);
        let fleet = stage.name();
        let seen = Seen { name, adopted, fleet, rounds, ..Seen::default() };
        *state = State::new(seen, Some(Instant::now()));
    }

    fn touring(&self, _: Stage, _: u32) {
        self.state().seen.distils = false;
    }

    fn live(&self, report: &LiveReport) {
        self.state().seen.live = Some(report.clone());
    }

    fn distilling(&self, _: Stage, _: u32) {
        self.state().seen.distils = true;
    }

    fn frame(&self, _: Stage, trace: &Trace, frame: &Frame) {
        let mut state = self.state();
        let State { seen, curves, .. } = &mut *state;
        let width = trace.skills.len();
        let kept = width.min(SKILLS_MAX);
        if seen.skills.is_empty() {
            seen.skills = trace.skills[..kept].to_vec();
            seen.agents = trace.panel.len();
        }
        seen.tiles = tiles(&frame.panel, (width, kept), TILES_MAX);
        let adopted = |skill| {
            let levels = frame.panel.iter().skip(skill).step_by(width);
            share(levels.copied(), seen.adopted)
        };
        curves.push((frame.round, (0..kept).map(adopted).collect()));
    }

    fn round(&self, _: Stage, row: &RoundRow) {
        let seen = &mut self.state().seen;
        seen.round = row.round;
        seen.tasks += row.tasks;
        seen.rows.push_back(row.clone());
        if seen.rows.len() > ROWS_MAX {
            seen.rows.pop_front();
        }
    }
}

/// The share of the levels that are known at or above a level; NaN of none.
fn share(levels: impl Iterator<Item = f32>, least: f64) -> f32 {
    let known = levels.filter(|level| !level.is_nan());
    let (n, above) = known
        .fold((0, 0), |(n, above), level| (n + 1, above + u32::from(f64::from(level) >= least)));
    (f64::from(above) / f64::from(n)) as f32
}

/// Mean levels of neighbouring agents in as few tiles as may be; NaN where none is known.
fn tiles(levels: &[f32], (width, kept): (usize, usize), most: usize) -> Vec<f32> {
    let agents = levels.len() / width.max(1);
    let each = agents.div_ceil(most).max(1);
    let mut tiles = Vec::with_capacity(agents.div_ceil(each) * kept);
    for tile in levels.chunks(each * width.max(1)) {
        for skill in 0..kept {
            tiles.push(mean(tile.iter().skip(skill).step_by(width).copied()));
        }
    }
    tiles
}

/// The mean of the levels that are known; NaN of none.
pub(super) fn mean(levels: impl Iterator<Item = f32>) -> f32 {
    let known = levels.filter(|level| !level.is_nan());
    let (n, sum) = known.fold((0_u32, 0.0), |(n, sum), level| (n + 1, sum + f64::from(level)));
    (sum / f64::from(n)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_means_of_neighbours_that_are_known() {
        let levels = [1.0, 0.0, 0.5, f32::NAN, 0.0, 1.0, f32::NAN, f32::NAN];
        assert_eq!(tiles(&levels, (2, 2), 2), [0.75, 0.0, 0.0, 1.0]);
        assert_eq!(tiles(&levels, (2, 1), 2), [0.75, 0.0]);
        assert_eq!(tiles(&levels, (2, 2), 9).len(), 8);
        assert!(tiles(&[], (0, 0), 9).is_empty());
    }

    #[test]
    fn a_long_run_keeps_points_of_all_of_it_and_the_newest_rows() {
        let board = Board::new(&Scenario::default());
        let trace = Trace { skills: vec!["s0".into()], ..Trace::default() };
        board.begin(Stage::Hive, 5000);
        for round in 0..=5000 {
            let panel = vec![round as f32 / 5000.0, f32::NAN];
            board.frame(Stage::Hive, &trace, &Frame { round, panel, ..Frame::default() });
            board.round(Stage::Hive, &RoundRow { round, tasks: 2, ..RoundRow::default() });
        }
        let seen = board.seen();
        let measured: Vec<u32> = seen.curves.iter().map(|(round, _)| *round).collect();
        assert!((POINTS_MAX / 2..POINTS_MAX).contains(&measured.len()));
        let gaps: Vec<u32> = measured.windows(2).map(|two| two[1] - two[0]).collect();
        assert!(gaps.iter().all(|gap| *gap == gaps[0]), "{gaps:?}");
        let first: Vec<f32> = seen.curves.iter().map(|(_, shares)| shares[0]).collect();
        assert_eq!(first.len(), measured.len());
        assert_eq!((first[0], first.last()), (0.0, Some(&1.0)));
        assert_eq!((seen.rows.len(), seen.rows.back().map(|row| row.round)), (64, Some(5000)));
        assert_eq!(seen.tasks, 2 * 5001);
    }
}
