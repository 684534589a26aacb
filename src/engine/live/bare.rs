//! Free agents that learn nothing: what the runtime and a fabric cost alone.

use super::FreeFleet;
use super::ledger::Slip;
use super::work::{Turn, Work};
use crate::engine::tasks::runtime;
use crate::ids::AgentId;
use crate::measure::LiveReport;
use crate::scenario::Live;
use std::hint::{black_box, spin_loop};
use std::io;
use std::time::{Duration, Instant};

/// Numbers of a bare contribution: 64 bytes, a cache line.
pub const NUMBERS: usize = 16;

/// A bare fleet: agents that spin for a while in the place of learning, and hand over 64 bytes.
#[derive(Clone, Debug)]
pub struct Bare {
    /// Agents.
    pub agents: u32,
    /// Worker threads.
    pub threads: usize,
    /// How long the work of a round takes.
    pub work: Duration,
    /// Learnings of a publication; none where all keep step.
    pub learnings: Option<u32>,
    /// How agents and distiller meet.
    pub live: Live,
    /// How long it runs before it is measured.
    pub warm_up: Duration,
    /// How long it is measured.
    pub time: Duration,
}

/// What a bare fleet came to.
#[derive(Clone, Debug)]
pub struct BareRun {
    /// Learnings that were merged while it was measured.
    pub merged: u64,
    /// Publications in that time.
    pub publications: u64,
    /// Seconds that it was measured.
    pub seconds: f64,
    /// Its accounts.
    pub report: LiveReport,
}

struct Spinning {
    agents: u32,
    work: Duration,
}

/// A contribution, or a sum of some.
type Numbers = [f32; NUMBERS];

#[derive(Default)]
struct Sum {
    numbers: Numbers,
    learnings: u64,
}

/// Works for a stated time.
#[expect(clippy::disallowed_methods, reason = "the time is what is asked for")]
fn spin(time: Duration) {
    if time > Duration::ZERO {
        let began = Instant::now();
        while began.elapsed() < time {
            spin_loop();
        }
    }
}

/// What an agent brings after some of its rounds: the bare loop's arithmetic too.
fn contribution(agent: AgentId, round: u32, core: &Numbers) -> Numbers {
    let step = (agent.0 ^ round) as f32;
    core.map(|x| step - x)
}

impl Work for Spinning {
    type Core = Numbers;
    type Load = Numbers;
    type Heap = Sum;

    fn agents(&self) -> u32 {
        self.agents
    }

    fn heap_of(&self, agent: AgentId) -> u32 {
        // as many heaps as fleets that learn have leaves
        agent.0 / self.agents.div_ceil(256).clamp(8, 4096)
    }

    fn seal(&self, core: &Numbers) -> u64 {
        core.iter().fold(0, |sum: u64, x| sum.wrapping_mul(31).wrapping_add(x.to_bits().into()))
    }

    fn time(&self, _: Turn) -> f64 {
        1.0
    }

    fn visit(&self, turn: Turn, core: &Numbers) -> Option<(Numbers, bool)> {
        spin(self.work);
        Some((contribution(turn.agent, turn.round, core), true))
    }

    fn add(&self, heap: &mut Sum, _: &Slip, load: Numbers, _: &Numbers) {
        heap.numbers.iter_mut().zip(load).for_each(|(sum, x)| *sum += x);
        heap.learnings += 1;
    }

    fn join(&self, into: &mut Sum, heap: Sum) {
        into.numbers.iter_mut().zip(heap.numbers).for_each(|(sum, x)| *sum += x);
        into.learnings += heap.learnings;
    }

    fn discard(&self, _: Numbers) {}
}

impl Bare {
    /// Runs it. `spawned` is called once all agents are there, before anything is measured.
    ///
    /// # Errors
    /// Where the threads cannot be had.
    #[expect(clippy::disallowed_methods, reason = "it is measured by the clock")]
    pub fn run(&self, spawned: impl FnOnce()) -> io::Result<BareRun> {
        let runtime = runtime(self.threads)?.enable_time().build()?;
        let work = Spinning { agents: self.agents, work: self.work };
        let mut core = [0.0; NUMBERS];
        let mut fleet = FreeFleet::start(work, &self.live, runtime, self.learnings, (0, core));
        spawned();
        let wanted = u64::from(self.learnings.unwrap_or(self.agents));
        let began = Instant::now();
        let mut measured: Option<Instant> = None;
        let (mut merged, mut publications) = (0, 0);
        for version in 1_u32.. {
            let now = Instant::now();
            match measured {
                None if now - began >= self.warm_up => {
                    fleet.measure_anew();
                    (merged, publications, measured) = (0, 0, Some(now));
                }
                Some(since) if now - since >= self.time => break,
                _ => {}
            }
            let Some(mut gathered) = fleet.gather(wanted, &|| false) else { break };
            let mut sum = Sum::default();
            let work = &fleet.hive.work;
            for (slip, load) in gathered.one_by_one.drain(..) {
                work.add(&mut sum, &slip, load, &core);
            }
            for heap in gathered.heaps.drain(..) {
                work.join(&mut sum, heap);
            }
            assert_eq!(sum.learnings, gathered.number, "a sum holds what was brought");
            let share = 0.5 / sum.learnings.max(1) as f32;
            core.iter_mut().zip(black_box(sum.numbers)).for_each(|(c, x)| *c += share * x);
            fleet.publish(version, core);
            merged += gathered.number;
            publications += 1;
        }
        let seconds = measured.map_or(0.0, |since| since.elapsed().as_secs_f64());
        fleet.stop();
        let report = fleet.report.clone().unwrap_or_default();
        Ok(BareRun { merged, publications, seconds, report })
    }

    /// The same arithmetic in plain loops, one a thread over its share of the agents, that wait for
    /// nobody: rounds of work, and the seconds that they took.
    #[expect(clippy::disallowed_methods, reason = "it is measured by the clock")]
    pub fn plain_loop(&self, threads: usize) -> (u64, f64) {
        let agents: Vec<u32> = (0..self.agents).collect();
        let shares = agents.chunks(agents.len().div_ceil(threads.max(1)).max(1));
        let looped = |agents: &[u32]| {
            let mut core = [0.0; NUMBERS];
            let (began, mut since, mut rounds) = (Instant::now(), None, 0_u64);
            for round in 1_u32.. {
                let mut sum = [0.0; NUMBERS];
                for &agent in agents {
                    spin(self.work);
                    let load = black_box(contribution(AgentId(agent), round, &core));
                    sum.iter_mut().zip(load).for_each(|(sum, x)| *sum += x);
                }
                let share = 0.5 / agents.len() as f32;
                core.iter_mut().zip(sum).for_each(|(c, x)| *c += share * x);
                rounds += agents.len() as u64;
                match since {
                    None if began.elapsed() >= self.warm_up => {
                        (since, rounds) = (Some(Instant::now()), 0);
                    }
                    Some(since) if since.elapsed() >= self.time => break,
                    _ => {}
                }
            }
            black_box(core);
            (rounds, since.map_or(f64::NAN, |since| since.elapsed().as_secs_f64()))
        };
        let done = std::thread::scope(|scope| {
            let started: Vec<_> = shares.map(|share| scope.spawn(move || looped(share))).collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            started.into_iter().map(join).collect::<Vec<(u64, f64)>>()
        });
        let seconds = done.iter().map(|(_, seconds)| seconds).sum::<f64>() / done.len() as f64;
        (done.iter().map(|(rounds, _)| rounds).sum(), seconds)
    }
}
