//! Agents that run freely on the wall clock, and a distiller that runs beside them.
//! Lives here: the life of a free agent, the fabrics that carry learnings to the distiller, the board
//! on which the newest core hangs out, and exact accounts of both.
//! May not: touch a parameter. It alone of all engines reads the clock.
//!
//! ```text
//!      board: the newest core
//!     ┌───────────────────────┐
//!     │                       ▼
//!   distiller ◄── fabric ── agent tasks, one each: pull, work, hand over, again
//!     ▲              │
//!     └── bell ◄─────┘
//! ```

mod agent;
mod bare;
mod bell;
mod board;
mod fabric;
mod gauge;
mod learning;
mod ledger;
mod sync;
#[cfg(test)]
mod tests;
mod work;

pub use bare::{Bare, BareRun, NUMBERS};
pub(super) use learning::LiveTour;

use crate::ids::AgentId;
use crate::measure::{Latency, LiveReport};
use crate::scenario::{Full, Live};
use crate::threads::lock;
use board::{Board, Sealed};
use fabric::{Fabric, Taken};
use gauge::{Clock, Gauge, Still};
use ledger::Slip;
use std::any::Any;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;
use work::Work;

/// How often a distiller that waits looks whether the run was halted.
const LOOK: Duration = Duration::from_millis(20);
/// Learnings that are taken out of a channel under one lock.
const BATCH: u64 = 256;

/// All that free agents and their distiller share.
struct Hive<W: Work> {
    work: W,
    board: Board<W::Core>,
    fabric: Fabric<W>,
    still: Still,
    clock: Clock,
    gauge: Gauge,
    /// Learnings that each agent has sent.
    sent: Vec<AtomicU32>,
    /// Whether everyone waits for the next core after each round.
    in_step: bool,
    /// Nanoseconds of a unit of virtual time; 0 is flat out.
    nanos_per_unit: f64,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

impl<W: Work> Hive<W> {
    fn panicked(&self, panic: Box<dyn Any + Send>) {
        lock(&self.panic).get_or_insert(panic);
        self.fabric.bell.press();
    }
}

/// A fleet of free agents, from the distiller's side.
struct FreeFleet<W: Work> {
    hive: Arc<Hive<W>>,
    runtime: Option<Runtime>,
    /// The core that it began with.
    first: u32,
    /// Learnings with which the fabric is full: the rest of its room is taken by agents at work.
    full: u64,
    /// Learnings that are taken out at a time while more are wanted.
    step: u64,
    /// Messages taken out so far.
    taken: u64,
    /// When what was taken since the last publication was due.
    due: Vec<u64>,
    /// From when a learning was due to be handed over until the core was published that it is part
    /// of.
    merged: hdrhistogram::Histogram<u64>,
    spawn_seconds: f64,
    /// Since when it is measured, in nanoseconds of its clock, and what the runtime had done by then.
    since: (u64, Effort),
    report: Option<LiveReport>,
}

/// What came of waiting for learnings.
struct Gathered<W: Work> {
    /// Learnings one by one, in the order in which they came.
    one_by_one: Vec<(Slip, W::Load)>,
    /// What was added up, by the numbers of the heaps.
    heaps: Vec<W::Heap>,
    /// Messages in all.
    number: u64,
}

impl<W: Work> FreeFleet<W> {
    /// Starts a task for each agent, at the first core; `learnings` are those of a publication, none
    /// where all keep step.
    fn start(
        work: W,
        spec: &Live,
        runtime: Runtime,
        learnings: Option<u32>,
        (version, first): (u32, W::Core),
    ) -> Self {
        let in_step = learnings.is_none();
        let capacity = spec.room(learnings.unwrap_or(work.agents()));
        let threads = runtime.metrics().num_workers();
        let agents = work.agents();
        let clock = Clock::start();
        let seal = work.seal(&first);
        let published = clock.now();
        let first = Sealed { version, published, seal, end: version, core: first };
        let nanos_per_unit = if spec.time_scale > 0.0 { 1e9 / spec.time_scale } else { 0.0 };
        let full = u64::from(capacity).saturating_sub(threads as u64).max(1);
        // a sum cannot be divided: what is taken out early makes room for more than are wanted
        let step = match (spec.fabric.adds_up(), spec.full) {
            (_, Full::MergeEarly) => full,
            (true, _) => capacity.into(),
            (false, _) => (full / 2).max(1),
        };
        let hive = Arc::new(Hive {
            fabric: Fabric::new(spec, capacity as usize, &work),
            board: Board::new(spec.publication, first),
            work,
            still: Still::default(),
            gauge: Gauge::new(threads),
            sent: (0..agents).map(|_| AtomicU32::new(0)).collect(),
            in_step,
            nanos_per_unit,
            panic: Mutex::default(),
            clock,
        });
        for agent in (0..agents).map(AgentId) {
            runtime.spawn(agent::live(hive.clone(), agent));
        }
        let spawn_seconds = hive.clock.now() as f64 / 1e9;
        FreeFleet {
            first: version,
            full,
            step,
            hive,
            runtime: Some(runtime),
            taken: 0,
            due: Vec::new(),
            merged: gauge::times(),
            spawn_seconds,
            since: (0, Effort::default()),
            report: None,
        }
    }

    /// Virtual time: by the clock, or flat out the rounds of work that agents have done on average.
    fn time(&self) -> f64 {
        match self.hive.nanos_per_unit {
            0.0 => self.taken as f64 / f64::from(self.hive.work.agents()),
            nanos => self.hive.clock.now() as f64 / nanos,
        }
    }

    /// Hangs out the next core, which what was gathered before is part of.
    fn publish(&mut self, version: u32, core: W::Core) {
        let Hive { work, board, clock, .. } = &*self.hive;
        let published = clock.now();
        for due in self.due.drain(..) {
            self.merged.saturating_record(published.saturating_sub(due).max(1));
        }
        let seal = work.seal(&core);
        board.publish(Sealed { version, published, seal, end: version, core });
    }

    /// Waits for so many messages and takes them out; or all that are there once the fabric is full, where
    /// that is what is to be done then. `None` where it was halted.
    fn gather(&mut self, wanted: u64, halted: &dyn Fn() -> bool) -> Option<Gathered<W>> {
        let mut gathered = Gathered { one_by_one: Vec::new(), heaps: Vec::new(), number: 0 };
        let hive = self.hive.clone();
        let Hive { fabric, panic, .. } = &*hive;
        loop {
            if let Some(panic) = lock(panic).take() {
                std::panic::resume_unwind(panic);
            }
            if halted() {
                return None;
            }
            let (came, dropped) = self.came();
            let there = came - self.taken - dropped;
            let full = fabric.merges_early() && there >= self.full;
            let step = (wanted - gathered.number).min(self.step);
            if full || there >= step {
                let most = if full { gathered.number + there } else { wanted };
                while gathered.number < most && self.take(most - gathered.number, &mut gathered) > 0
                {
                }
                if gathered.number >= wanted || full {
                    return Some(gathered);
                }
            }
            let step = (wanted - gathered.number).min(self.step);
            fabric.bell.wait(self.taken + fabric.dropped() + step, LOOK);
        }
    }

    /// Messages that were handed over, and dropped, so far. What was handed over can be taken, or
    /// dropped, before its agent rings.
    fn came(&self) -> (u64, u64) {
        let Fabric { bell, .. } = &self.hive.fabric;
        let dropped = self.hive.fabric.dropped();
        (bell.came().max(self.taken + dropped), dropped)
    }

    fn take(&mut self, most: u64, gathered: &mut Gathered<W>) -> u64 {
        let Self { hive, due, .. } = self;
        let taken = hive.fabric.take(most.min(BATCH), |taken| match taken {
            Taken::One(slip, load) => {
                if slip.number > 0 {
                    due.push(slip.due);
                }
                gathered.one_by_one.push((slip, load));
            }
            Taken::Pile(_, pile) if pile.slips.is_empty() => {}
            Taken::Pile(heap, pile) => {
                let slips = pile.slips.drain(..).filter(|slip| slip.number > 0);
                due.extend(slips.map(|slip| slip.due));
                let heap = heap as usize;
                if gathered.heaps.len() <= heap {
                    gathered.heaps.resize_with(heap + 1, W::Heap::default);
                }
                hive.work.join(&mut gathered.heaps[heap], std::mem::take(&mut pile.heap));
            }
        });
        self.taken += taken;
        gathered.number += taken;
        taken
    }

    /// Forgets all that was measured so far; the accounts stand.
    fn measure_anew(&mut self) {
        self.hive.gauge.clear();
        self.merged.reset();
        self.since =
            (self.hive.clock.now(), self.runtime.as_ref().map_or_else(Effort::default, Effort::of));
    }

    /// Lets the fleet stand still while `f` looks at it; agents finish the visits that they are at.
    fn stand_still<T>(&self, f: impl FnOnce() -> T) -> T {
        let Hive { still, clock, .. } = &*self.hive;
        if self.runtime.is_none() {
            return f();
        }
        still.set(true);
        clock.stop();
        let seen = f();
        clock.go_on();
        still.set(false);
        seen
    }

    /// Sends all agents home and closes the books.
    fn stop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        let time = (self.hive.clock.now(), Effort::of(&runtime));
        // every agent is dropped where it waits; no visit is cut short
        drop(runtime);
        let Hive { fabric, work, .. } = &*self.hive;
        let on_the_way = |taken: Taken<'_, W>| {
            if let Taken::One(_, load) = taken {
                work.discard(load);
            }
        };
        let taken = fabric.ledger().taken;
        fabric.take(u64::MAX, on_the_way);
        let left = fabric.ledger().taken - taken;
        let mut report = self.report_at(time, taken, left);
        let sent = self.hive.sent.iter().map(|sent| sent.load(Ordering::Relaxed));
        report.behind = fabric.ledger().behind(sent) as u64;
        self.report = Some(report);
    }

    /// What is known by now, while agents go on.
    fn report_so_far(&self) -> Option<LiveReport> {
        let time = (self.hive.clock.now(), Effort::of(self.runtime.as_ref()?));
        let taken = self.hive.fabric.ledger().taken;
        let report = self.report_at(time, taken, 0);
        Some(LiveReport { left: report.sent.saturating_sub(taken), ..report })
    }

    /// What is known at a time, when so many learnings had been taken or dropped.
    fn report_at(&self, (now, effort): (u64, Effort), taken: u64, left: u64) -> LiveReport {
        let (since, before) = self.since;
        let seconds = (now - since) as f64 / 1e9;
        let Hive { fabric, gauge, sent, nanos_per_unit, .. } = &*self.hive;
        let ledger = fabric.ledger();
        let seen = gauge.all();
        // in a closed loop an agent that is held up sends less in that time: what it would have sent
        // is counted too
        let every = (seconds * 1e9 * sent.len() as f64 / seen.visits.max(1) as f64) as u64;
        let corrected = |times: &hdrhistogram::Histogram<u64>| match *nanos_per_unit {
            0.0 => Latency::of(&times.clone_correct(every.max(1))),
            _ => Latency::of(times),
        };
        LiveReport {
            first_core: self.first,
            sent: sent.iter().map(|sent| u64::from(sent.load(Ordering::Relaxed))).sum(),
            taken: taken - ledger.dropped,
            dropped: ledger.dropped,
            left,
            doubled: ledger.doubled,
            missing: ledger.missing,
            behind: 0,
            checked: seen.checked,
            torn: seen.torn,
            backward: seen.backward,
            visits: seen.visits,
            seconds,
            spawn_seconds: self.spawn_seconds,
            to_merge: corrected(&self.merged),
            to_merge_as_seen: Latency::of(&self.merged),
            to_pull: corrected(&seen.pulls),
            to_pull_as_seen: Latency::of(&seen.pulls),
            waits: seen.waits.0,
            wait_seconds: seen.waits.1 as f64 / 1e9,
            locks: seen.locks.0,
            lock_seconds: seen.locks.1 as f64 / 1e9,
            steals: effort.steals.map(|steals| steals - before.steals.unwrap_or(0)),
            parks: effort.parks - before.parks,
            busy_seconds: effort.busy.saturating_sub(before.busy).as_secs_f64(),
        }
    }
}

/// What a runtime's threads have done so far.
#[derive(Clone, Copy, Default)]
struct Effort {
    /// Times that one went to sleep.
    parks: u64,
    /// Tasks that one took from another, where the runtime tells.
    steals: Option<u64>,
    busy: Duration,
}

impl Effort {
    fn of(runtime: &Runtime) -> Self {
        let metrics = runtime.metrics();
        let workers = 0..metrics.num_workers();
        #[cfg(tokio_unstable)]
        let steals = Some(workers.clone().map(|worker| metrics.worker_steal_count(worker)).sum());
        #[cfg(not(tokio_unstable))]
        let steals = None;
        Effort {
            parks: workers.clone().map(|worker| metrics.worker_park_count(worker)).sum(),
            steals,
            busy: workers.map(|worker| metrics.worker_total_busy_duration(worker)).sum(),
        }
    }
}
