//! A pilot: a run of some rounds of a scenario, with fewer agents, watched by the clock.

#![allow(clippy::disallowed_methods, reason = "a pilot is measured by the clock")]

use super::scaled;
use crate::engine::{Counted, Experiment, Link, Mail, Observer, RunError, Stage, Threads};
use crate::halt::Halt;
use crate::measure::{Frame, Outcome, RoundRow, Trace};
use crate::process::{peak_bytes, resident_bytes};
use crate::scenario::{CheckedScenario, Override};
use crate::threads::lock;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use thiserror::Error;

/// What to run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pilot {
    /// Agents.
    pub agents: u32,
    /// Those of the scenario whose pilot it is; 0 where its data say how many there are.
    pub whole: u32,
    /// Ranks, which are threads of one process.
    pub ranks: usize,
    /// Worker threads of each.
    pub threads: u32,
    /// Rounds.
    pub rounds: u32,
    /// Whether what comes out is written, as a run's would be.
    pub writes: bool,
}

/// A round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lap {
    /// Whether the panel was examined.
    pub measured: bool,
    /// Seconds of the tour: work, and what ranks send each other of it.
    pub tour: f64,
    /// Seconds of the merge.
    pub merge: f64,
    /// Bytes that ranks sent to each other, in all.
    pub sent: f64,
    /// Bytes that the busiest rank sent and received.
    pub busiest: f64,
    /// Bytes from agents to the distiller.
    pub up: f64,
    /// Bytes from the distiller to agents.
    pub down: f64,
    /// Bytes of memory that the process had at its end.
    pub resident: f64,
}

/// What was seen of a pilot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Agents.
    pub agents: u32,
    /// Ranks.
    pub ranks: usize,
    /// Worker threads of each.
    pub threads: u32,
    /// Its whole rounds.
    pub laps: Vec<Lap>,
    /// Seconds before the first round, in which agents come to be.
    pub opening: f64,
    /// Seconds from the last round to the end, in which the last core is examined and all agents are
    /// hashed; 0 where it was cut off.
    pub closing: f64,
    /// Bytes of memory of the process before it had a world; NaN where the system does not tell.
    pub before: f64,
    /// The most that it had.
    pub peak: f64,
    /// How much more that was once its results were written; 0 where they were not.
    pub writing: f64,
    /// Bytes of the levels that were measured, as they are kept.
    pub levels: f64,
}

/// Why a pilot cannot be run.
#[derive(Debug, Error)]
pub enum PilotError {
    /// The scenario, or its data, are refused.
    #[error("{0}")]
    Refused(String),
    /// Something went wrong.
    #[error("{0}")]
    Failed(String),
}

impl From<RunError> for PilotError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::World(problem) => PilotError::Refused(problem.to_string()),
            error => PilotError::Failed(error.to_string()),
        }
    }
}

/// Runs a pilot; gives what was seen and what came out. Memory is told of right where nothing else ran
/// in this process. It is refused where it would take more than so many bytes of that.
///
/// # Errors
/// Why it cannot be run.
pub fn measure(
    pilot: &Pilot,
    base: (&str, &str, &[Override]),
    memory_bytes: Option<u64>,
) -> Result<(Sample, Outcome), PilotError> {
    let before = resident_bytes();
    let scenario = scaled::scenario(pilot, base).map_err(PilotError::Refused)?;
    let mut watches = match pilot.ranks {
        0 | 1 => vec![watch(pilot, &Experiment::new(scenario).within(memory_bytes), None)?],
        _ => on_ranks(pilot, &scenario, memory_bytes)?,
    };
    let peak = peak_bytes();
    let Watched { seen, mails, outcome } = watches.remove(0);
    let (ranks, threads) = (pilot.ranks, pilot.threads);
    let mut sample = Sample { ranks, threads, before, peak, ..seen };
    let others: Vec<Vec<Mail>> = watches.into_iter().map(|watched| watched.mails).collect();
    for (at, lap) in sample.laps.iter_mut().enumerate() {
        let mails = || std::iter::once(&mails).chain(&others).filter_map(|mails| mails.get(at));
        lap.sent = mails().map(|mail| mail.sent as f64).sum();
        let busiest = mails().map(|mail| mail.sent + mail.received).max();
        lap.busiest = busiest.unwrap_or(0) as f64;
    }
    Ok((sample, outcome))
}

fn on_ranks(
    pilot: &Pilot,
    scenario: &CheckedScenario,
    memory_bytes: Option<u64>,
) -> Result<Vec<Watched>, PilotError> {
    let links: Vec<Threads> = Threads::new(pilot.ranks);
    std::thread::scope(|scope| {
        let ranks = links.into_iter().map(|link| {
            scope.spawn(move || {
                let link = Arc::new(Counted::new(Arc::new(link)));
                let experiment = Experiment::new(scenario.clone()).within(memory_bytes);
                let experiment = experiment.over(link.clone());
                watch(pilot, &experiment, Some(link))
            })
        });
        let ranks: Vec<_> = ranks.collect();
        let joined = ranks.into_iter().map(|rank| match rank.join() {
            Ok(watched) => watched,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        // all are waited for, whatever the first says
        let joined: Vec<_> = joined.collect();
        joined.into_iter().collect()
    })
}

/// What a rank saw: a sample without what is of all, and its mail of each lap.
struct Watched {
    seen: Sample,
    mails: Vec<Mail>,
    outcome: Outcome,
}

fn watch(
    pilot: &Pilot,
    experiment: &Experiment,
    link: Option<Arc<Counted>>,
) -> Result<Watched, PilotError> {
    let leads = link.as_ref().is_none_or(|link| link.rank() == 0);
    let watch = Stopwatch {
        rounds: pilot.rounds as usize,
        halt: leads.then(|| experiment.halt()),
        link,
        state: Mutex::new(State {
            begun: Instant::now(),
            opening: 0.0,
            closing: 0.0,
            open: None,
            distilling: None,
            measured: false,
            before: Mail::default(),
            laps: Vec::new(),
            mails: Vec::new(),
            rows: Vec::new(),
        }),
    };
    let outcome = experiment.run(&watch)?;
    let Ok(mut state) = watch.state.into_inner() else {
        return Err(PilotError::Failed("its observer panicked".into()));
    };
    // a row tells of the round before it
    for (lap, row) in state.laps.iter_mut().zip(state.rows.iter().skip(1)) {
        (lap.up, lap.down) = (row.0, row.1);
    }
    let told = state.rows.len().saturating_sub(1);
    state.laps.truncate(told.max(1));
    let hive = &outcome.hive;
    let levels =
        |frame: &Frame| 4 * (frame.panel.len() + frame.core.len() + 2 * frame.practised.len());
    let seen = Sample {
        agents: outcome.scenario.fleet.agents,
        laps: state.laps,
        opening: state.opening,
        closing: state.closing,
        levels: hive.frames.iter().map(levels).sum::<usize>() as f64,
        ..Sample::default()
    };
    Ok(Watched { seen, mails: state.mails, outcome })
}

/// Takes the time of the hive's rounds, and halts it when there are enough.
struct Stopwatch {
    rounds: usize,
    /// Of the one who decides.
    halt: Option<Halt>,
    link: Option<Arc<Counted>>,
    state: Mutex<State>,
}

struct State {
    begun: Instant,
    opening: f64,
    closing: f64,
    /// When the round under way began.
    open: Option<Instant>,
    distilling: Option<Instant>,
    measured: bool,
    /// What had been sent when it began.
    before: Mail,
    laps: Vec<Lap>,
    mails: Vec<Mail>,
    /// Bytes up and down, core by core.
    rows: Vec<(f64, f64)>,
}

impl Stopwatch {
    /// The round under way is over.
    fn close(&self, state: &mut State, now: Instant) {
        let mail = self.link.as_ref().map_or(Mail::default(), |link| link.mail());
        if let Some(open) = state.open.take() {
            let merging = state.distilling.take().unwrap_or(now);
            state.laps.push(Lap {
                measured: state.measured,
                tour: (merging - open).as_secs_f64(),
                merge: (now - merging).as_secs_f64(),
                resident: resident_bytes(),
                ..Lap::default()
            });
            let before = state.before;
            state.mails.push(mail.since(before));
        }
        (state.measured, state.before) = (false, mail);
        // the last core is examined and no more: that is no round
        let enough = state.laps.len() > self.rounds;
        if let (Some(halt), true) = (&self.halt, enough) {
            halt.set();
        }
    }
}

impl Observer for Stopwatch {
    fn begin(&self, _: Stage, _: u32) {
        lock(&self.state).begun = Instant::now();
    }

    fn touring(&self, _: Stage, _: u32) {
        let mut state = lock(&self.state);
        let now = Instant::now();
        if state.laps.is_empty() && state.open.is_none() {
            state.opening = (now - state.begun).as_secs_f64();
        }
        self.close(&mut state, now);
        // to look at memory is nobody's work
        state.open = Some(Instant::now());
    }

    fn distilling(&self, _: Stage, _: u32) {
        lock(&self.state).distilling = Some(Instant::now());
    }

    fn end(&self, _: Stage) {
        let mut state = lock(&self.state);
        if let Some(open) = state.open.take() {
            state.closing = open.elapsed().as_secs_f64();
        }
    }

    fn frame(&self, _: Stage, _: &Trace, _: &Frame) {
        lock(&self.state).measured = true;
    }

    fn round(&self, _: Stage, row: &RoundRow) {
        lock(&self.state).rows.push((row.bytes_up as f64, row.bytes_down as f64));
    }
}
