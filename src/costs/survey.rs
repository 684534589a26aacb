//! Which pilots to run of a scenario.

use super::pilot::{Pilot, Sample};
use super::rhythm::Rhythm;
use super::scaled;
use crate::catalogue::{Growth, find};
use crate::distill::adds_up;
use crate::maths::pow;
use crate::scenario::{Distiller, Scenario, Topology};

/// Seconds of a round of the largest pilot.
const ROUND: f64 = 0.5;

/// Seconds of the rounds of a pilot, if there are so many.
const PILOT: f64 = 1.2;

/// Pilots of a scenario, from which its laws are had.
#[derive(Clone, Debug)]
pub struct Survey {
    pub(super) growth: Growth,
    pub(super) rhythm: Rhythm,
    /// Whether learnings are summed on their way.
    pub(super) adds_up: bool,
    /// On the threads that there are, from few agents to many.
    pub(super) base: Vec<Sample>,
    /// Of few agents for many rounds, to the last file: what they keep grows while there is anything
    /// new to be learned.
    pub(super) long: Option<Sample>,
    /// On fewer.
    pub(super) single: Vec<Sample>,
    /// On several ranks.
    pub(super) ranks: Vec<Sample>,
    /// As the question has it.
    pub(super) joining: f64,
}

impl Survey {
    /// All pilots.
    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.base.iter().chain(&self.long).chain(&self.single).chain(&self.ranks)
    }

    /// How merging grows with the agents.
    pub fn growth(&self) -> Growth {
        self.growth
    }
}

/// What is asked, and on what it is measured.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Ranks.
    pub ranks: usize,
    /// Threads of each.
    pub threads: u32,
    /// Cores of this machine.
    pub cores: u32,
    /// Bytes of memory that pilots may take.
    pub memory: f64,
    /// Bytes of memory that a process takes to be a rank, as its pilots, which are threads, do not.
    pub joining: f64,
}

/// Runs pilots of a scenario of `whole` agents, 0 where its data say how many there are; `run` runs
/// one.
///
/// # Errors
/// Why not even all agents can be run, where fewer cannot either.
pub fn survey<E>(
    scenario: &Scenario,
    question: Question,
    run: &mut dyn FnMut(&Pilot) -> Result<Sample, E>,
) -> Result<Survey, E> {
    let Question { ranks, threads, cores, memory, joining } = question;
    let growth = growth(scenario);
    let rhythm = Rhythm { rounds: scenario.rounds.0, every: scenario.measure.every };
    let own = threads.min(cores);
    let mut whole = scenario.fleet.agents;
    let mut agents = if whole == 0 { 0 } else { scaled::fewest(scenario, whole).min(whole) };
    // how long a round takes, with more and more agents
    let found = loop {
        let pilot = Pilot { agents, whole, ranks: 1, threads: own, rounds: 3, writes: false };
        let grown = match run(&pilot) {
            Ok(found) => {
                if whole == 0 {
                    whole = found.agents;
                }
                let lap = lap(&found);
                let heavy = found.peak - found.before >= memory / 8.0;
                if found.agents >= whole || lap >= ROUND / 6.0 || heavy {
                    break found;
                }
                (ROUND / 3.0 / lap.max(1e-9)).clamp(2.0, 8.0)
            }
            Err(why) if agents >= whole => return Err(why),
            // too few for something
            Err(_) => 4.0,
        };
        agents = (f64::from(agents) * grown).min(f64::from(whole)) as u32;
    };
    let largest = largest(&found, whole, growth, memory);
    // what grows faster is had near the largest alone
    let sizes = match growth {
        Growth::Linear => [largest / 4, largest / 2, largest],
        _ => [largest / 2, largest / 4 * 3, largest],
    };
    let rounds = |agents: u32| {
        let lap = lap(&found) * f64::from(agents) / f64::from(found.agents);
        let enough = (PILOT / lap.max(1e-9)).clamp(6.0, 200.0) as u32;
        enough.max(rhythm.every.saturating_add(2).min(64))
    };
    let fewest = scaled::fewest(scenario, whole).min(whole);
    let few = (largest / 8).max(fewest);
    let pilot = Pilot {
        agents: few,
        whole,
        ranks: 1,
        threads: own,
        rounds: (rounds(few).saturating_mul(2)).min(rhythm.rounds),
        writes: true,
    };
    // too few for something: then it is not known
    let long = run(&pilot).ok();
    let mut some = |ranks: usize, threads: u32, sizes: &[u32], rounds: &dyn Fn(u32) -> u32| {
        let mut samples = Vec::new();
        for &agents in sizes.iter().filter(|agents| **agents >= fewest) {
            let rounds = rounds(agents);
            let pilot = Pilot { agents, whole, ranks, threads, rounds, writes: false };
            match run(&pilot) {
                Ok(sample) => samples.push(sample),
                Err(why) if agents == largest => return Err(why),
                Err(_) => {}
            }
        }
        Ok(samples)
    };
    let base = some(1, own, &sizes, &rounds)?;
    let beside = if ranks > 1 { threads.min(cores / 2).max(1) } else { 1 };
    let others = ranks > 1 && beside != own || threads > own && own > 1;
    let single = if others { some(1, beside, &sizes[1..], &rounds)? } else { Vec::new() };
    let mut on_ranks = Vec::new();
    if ranks > 1 {
        on_ranks = some(2, beside, &sizes, &rounds)?;
        for ranks in [3, 4] {
            // bytes alone, which do not depend on what else the cores do
            on_ranks.extend(some(ranks, 1, &sizes[1..], &|_| 6)?);
        }
    }
    let adds_up = adds_up(scenario);
    Ok(Survey { growth, rhythm, adds_up, base, long, single, ranks: on_ranks, joining })
}

/// Seconds of a round after the first.
fn lap(sample: &Sample) -> f64 {
    let later = &sample.laps[1.min(sample.laps.len().saturating_sub(1))..];
    let seconds: f64 = later.iter().map(|lap| lap.tour + lap.merge).sum();
    seconds / later.len().max(1) as f64
}

/// The agents of the largest pilot.
fn largest(found: &Sample, whole: u32, growth: Growth, memory: f64) -> u32 {
    let root = match growth {
        Growth::Linear => 1.0,
        Growth::Square => 1.0 / 2.0,
        Growth::Cube | Growth::Subsets => 1.0 / 3.0,
    };
    let more = ROUND / lap(found).max(1e-9);
    // as if all grew as the merge does: rather too few than too many
    let by_time = f64::from(found.agents) * pow(more.max(1.0), root);
    let each = (found.peak - found.before).max(1.0) / f64::from(found.agents);
    let by_memory = memory / 4.0 / each;
    let most = if by_memory.is_finite() { by_time.min(by_memory) } else { by_time };
    let most = most.max(f64::from(found.agents));
    // what is nearly all of it may be all
    if most >= 0.8 * f64::from(whole) { whole } else { most as u32 }
}

/// How the merging of a scenario grows with its agents.
fn growth(scenario: &Scenario) -> Growth {
    let Distiller { combine, pre, server, schedule, topology, .. } = &scenario.distiller;
    // teams, neighbours and publications of so many learnings are as large in any fleet
    if *topology != Topology::Star || schedule.learnings().is_some() {
        return Growth::Linear;
    }
    let names = pre.iter().map(|pre| pre.name()).chain([combine.name(), server.name()]);
    names.filter_map(|name| Some(find(&name).ok()?.growth)).max().unwrap_or(Growth::Linear)
}
