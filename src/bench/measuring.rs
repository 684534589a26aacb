//! How one case is measured.

#![allow(clippy::disallowed_methods, reason = "a benchmark is measured by the clock")]

use super::case::{Case, Workload};
use super::figures::Sample;
use crate::compare::contenders;
use crate::controls::Controls;
use crate::engine::{Bare, Experiment, Observer, Stage};
use crate::halt::Halt;
use crate::measure::RoundRow;
use crate::process::resident_bytes;
use crate::scenario::{CheckedScenario, EngineKind, Override, Scenario};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a case is run.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Before it is measured.
    pub warm_up: Duration,
    /// While it is.
    pub measured: Duration,
}

/// The scenario of a case of learning agents, or why the machine refuses it. `learnings` are those of
/// a publication of `live`; 0 takes as many as there are agents.
///
/// # Errors
/// The loader's message.
pub fn check(
    case: &Case,
    (text, origin, sets): (&str, &str, &[Override]),
    learnings: u32,
) -> Result<CheckedScenario, String> {
    let base = Scenario::parse_over(text, origin, sets).map_err(|e| e.to_string())?;
    let mut own: Vec<(&str, String)> = vec![
        ("engine.kind", case.engine.name().into()),
        ("engine.threads", case.threads.to_string()),
        ("fleet.agents", case.agents.to_string()),
        ("fleet.tasks", case.tasks.to_string()),
        // nothing but the first core is measured before the time is over
        ("rounds", "1000000".into()),
        ("measure.every", "1000000".into()),
        ("measure.panel", "1".into()),
        ("measure.bounds", "[]".into()),
    ];
    if let (Some(fabric), Some(slot)) = (case.fabric, case.publication) {
        let each = if learnings > 0 { learnings } else { case.agents };
        own.push(("engine.live.fabric", fabric.name().into()));
        own.push(("engine.live.publication", slot.name().into()));
        if base.distiller.schedule.learnings().is_none() {
            let schedule = format!("{{kind = \"buffered\", learnings = {each}}}");
            own.push(("distiller.schedule", schedule));
        }
    }
    let mut all = sets.to_vec();
    for contender in contenders(&case.strategy, &base)? {
        all.extend(contender.sets.iter().map(|set| Override::set(set)));
    }
    let shown = format!("case {}, {}", case.machine(), case.load());
    let named = |(key, value): &(&str, String)| Override::named(shown.clone(), key, value);
    all.extend(own.iter().map(named));
    Scenario::parse_over(text, origin, &all).map_err(|e| e.to_string())
}

/// Measures a case once. Memory is told of right where nothing else was measured in this process.
///
/// # Errors
/// Why it cannot be run.
pub fn measure(
    case: &Case,
    base: (&str, &str, &[Override]),
    learnings: u32,
    times: Times,
) -> Result<Sample, String> {
    match case.workload {
        Workload::Learning => learn(case, check(case, base, learnings)?, times),
        Workload::Synthetic(nanos) => {
            let base = Scenario::parse_over(base.0, base.1, base.2).map_err(|e| e.to_string())?;
            spin(case, &base, nanos, learnings, times)
        }
    }
}

fn spin(
    case: &Case,
    base: &Scenario,
    nanos: u64,
    learnings: u32,
    times: Times,
) -> Result<Sample, String> {
    let Case { agents, threads, .. } = *case;
    let mut live = base.engine.live.clone();
    let in_step = case.engine != EngineKind::Live;
    if let (Some(fabric), Some(publication)) = (case.fabric, case.publication) {
        (live.fabric, live.publication) = (fabric, publication);
    }
    let each = if learnings > 0 { learnings } else { agents };
    let bare = Bare {
        agents,
        threads: threads as usize,
        work: Duration::from_nanos(nanos),
        learnings: (!in_step).then_some(each),
        live,
        warm_up: times.warm_up,
        time: times.measured,
    };
    let looped = |(rounds, seconds): (u64, f64)| {
        let cores = rounds / u64::from(agents);
        Ok(Sample::new(seconds, [rounds, rounds, cores]))
    };
    let before = resident_bytes();
    let mut spawned = f64::NAN;
    match case.engine {
        EngineKind::Serial => return looped(bare.plain_loop(1)),
        EngineKind::Pool => return looped(bare.plain_loop(threads as usize)),
        EngineKind::Tasks | EngineKind::Auto | EngineKind::Live | EngineKind::Mpi => {}
    }
    let run = bare.run(|| spawned = resident_bytes()).map_err(|e| e.to_string())?;
    run.report.whole().map_err(|what| format!("the accounts do not add up: {what}"))?;
    Ok(Sample::new(run.seconds, [run.merged, run.merged, run.publications])
        .with_report(&run.report, agents, threads)
        .with("bytes_per_agent", (spawned - before) / f64::from(agents)))
}

/// Watches an experiment, and halts it when it was measured long enough.
struct Stopwatch {
    times: Times,
    halt: Halt,
    controls: Arc<Controls>,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
struct State {
    begun: Instant,
    /// Bytes that the process had in hand when the fleet began; then those that the fleet took.
    resident: f64,
    /// Since when it is measured.
    since: Option<Instant>,
    until: Instant,
    tasks: u64,
    learnings: u64,
    rounds: u64,
}

impl Observer for Stopwatch {
    fn begin(&self, _: Stage, _: u32) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.begun, state.resident) = (Instant::now(), resident_bytes());
    }

    fn round(&self, _: Stage, row: &RoundRow) {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.since {
            // the first core is examined before anyone works
            None if row.round >= 2 && now - state.begun >= self.times.warm_up => {
                self.controls.measure_anew();
                (state.since, state.until) = (Some(now), now);
            }
            None => {}
            Some(since) => {
                state.tasks += row.tasks;
                state.learnings += row.learnings;
                state.rounds += 1;
                state.until = now;
                if now - since >= self.times.measured && !self.halt.is_set() {
                    state.resident = resident_bytes() - state.resident;
                    self.halt.set();
                }
            }
        }
    }
}

fn learn(case: &Case, scenario: CheckedScenario, times: Times) -> Result<Sample, String> {
    let experiment = Experiment::new(scenario);
    let now = Instant::now();
    let watch = Stopwatch {
        times,
        halt: experiment.halt(),
        controls: experiment.controls(),
        state: Mutex::new(State {
            begun: now,
            resident: f64::NAN,
            since: None,
            until: now,
            tasks: 0,
            learnings: 0,
            rounds: 0,
        }),
    };
    let outcome = experiment.run(&watch).map_err(|e| e.to_string())?;
    let state = *watch.state.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(since) = state.since else { return Err("it ended before it was measured".into()) };
    let seconds = (state.until - since).as_secs_f64();
    let sample = Sample::new(seconds, [state.tasks, state.learnings, state.rounds])
        .with("bytes_per_agent", state.resident / f64::from(case.agents));
    Ok(match &outcome.hive.live {
        None => sample,
        Some(live) => {
            live.whole().map_err(|what| format!("the accounts do not add up: {what}"))?;
            sample.with_report(live, case.agents, case.threads)
        }
    })
}
