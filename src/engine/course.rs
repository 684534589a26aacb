//! The course of one fleet, from the first core to the last: tour, record, distil, and again.

use super::digest::history;
use super::keeping::{Done, Keeper, Resumed};
use super::{Observer, Stage, Tour};
use crate::agent::{AgentError, Bench, Fleet, Fooled, Keeping, Publication, Traffic, barrier};
use crate::controls::Controls;
use crate::distill::{Ancestry, Distiller, Harvest};
use crate::ids::{AgentId, CoreVersion};
use crate::measure::{
    AccountRow, Accounts, Frame, Interference, InterferenceRow, PanelMember, RoundRow,
    StalenessRow, Trace, interference, mean, quality, skills,
};
use crate::merge::MergeError;
use crate::params::feed_values;
use crate::params::kernels::dot_f64;
use crate::scenario::Problem;
use crate::state::StateError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use thiserror::Error;
use tracing::info_span;

/// What can go wrong in a run.
#[derive(Debug, Error)]
pub enum RunError {
    /// An agent's learning went wrong.
    #[error("the {fleet} fleet: {source} {place}")]
    Agent {
        /// `hive`, `isolated` or `pooled`.
        fleet: &'static str,
        /// What went wrong.
        source: AgentError,
        /// In which round.
        place: Place,
    },
    /// A merge went wrong.
    #[error("the {fleet} fleet: {source} {place}")]
    Merge {
        /// `hive`, `isolated` or `pooled`.
        fleet: &'static str,
        /// What went wrong.
        source: MergeError,
        /// In which round.
        place: Place,
    },
    /// A loss is infinite or not a number, though all parameters are finite: the answers'
    /// scores overflow.
    #[error(
        "the {fleet} fleet: {what} is {found}, though all parameters are finite: the answers' \
         scores are too large for 32 bits; a smaller learning rate (`learner.rate`) or smaller \
         features keep them finite {place}"
    )]
    Loss {
        /// `hive`, `isolated` or `pooled`.
        fleet: &'static str,
        /// Which loss.
        what: &'static str,
        /// What it is.
        found: f64,
        /// In which round.
        place: Place,
    },
    /// The world's data cannot be had, or the world does not fit the machine.
    #[error("{0}")]
    World(Box<Problem>),
    /// The run was halted before there was a world.
    #[error("halted while the world was built: there is nothing to keep")]
    Halted,
    /// Another rank failed, and says itself how.
    #[error("rank {rank} cannot go on")]
    Elsewhere {
        /// Which.
        rank: usize,
    },
    /// Not all ranks run the same.
    #[error(
        "rank {rank} runs another scenario than rank 0, or another version of hivesim: start all with \
         the same file and arguments"
    )]
    Differs {
        /// The first that does not.
        rank: usize,
    },
    /// The accounts of agents that ran freely do not add up: a fault of hivesim.
    #[error("the accounts of the live fleet do not add up: {what}; this is a fault of hivesim")]
    Accounts {
        /// What does not.
        what: String,
    },
    /// A state that was kept cannot be gone on from.
    #[error("the run cannot go on from its checkpoint: {0}")]
    State(#[from] StateError),
    /// The system gave too few threads.
    #[error(
        "{asked} threads asked for, but the system allows no more ({source}); lower `--threads` \
         (engine.threads)"
    )]
    Threads {
        /// How many the engine needs.
        asked: usize,
        /// What the system says.
        source: std::io::Error,
    },
}

impl RunError {
    /// What is wrong in itself: where a strategy cannot do its work in any round, the round says
    /// nothing.
    pub(super) fn cause(&self) -> String {
        match self {
            RunError::Merge { source: source @ MergeError::Needs { .. }, .. } => source.to_string(),
            error => error.to_string(),
        }
    }
}

/// Where in a run something went wrong, and how to see it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The round.
    pub round: u32,
    /// The run's seed.
    pub seed: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { round, seed } = self;
        write!(
            f,
            "(round {round}, seed {seed}; to see it again: --seed {seed} with the same scenario)"
        )
    }
}

/// Who looks at a fleet's course, and holds it.
#[derive(Clone, Copy)]
pub(super) struct Watch<'a> {
    pub stage: Stage,
    pub observer: &'a dyn Observer,
    pub controls: &'a Controls,
    pub keeper: Keeper<'a>,
}

/// Runs a fleet to its last core, or until it is halted. Returns its history
/// (seconds left at 0: no clock is read here) and the hash of all that it is.
pub(super) fn run(
    fleet: &Fleet,
    distiller: &mut Distiller<'_>,
    engine: &mut dyn Tour,
    adopted: f64,
    Watch { stage, observer, controls, keeper }: Watch<'_>,
    mut ancestry: Option<&mut Ancestry<'_>>,
    resumed: Option<Resumed<'_, '_>>,
) -> Result<Done, RunError> {
    let facts = fleet.world.facts();
    let panel = fleet.panel.iter().map(|&agent| PanelMember {
        agent,
        name: facts.names.get(agent.index()).cloned().unwrap_or_default(),
        company: fleet.world.company(agent),
        joins: fleet.joins(agent).0,
        job: fleet.world.job(agent),
    });
    let mut trace = Trace {
        skills: facts.skills.clone(),
        frequencies: facts.frequencies.clone(),
        panel: panel.collect(),
        parameters: fleet.parameters(),
        ..Trace::default()
    };
    let (mut publication, mut row, mut merging);
    match resumed {
        None => {
            publication = Arc::new(distiller.open());
            let taught = distiller.pretraining();
            row = RoundRow {
                sample_steps: taught.sample_steps,
                multiply_adds: taught.multiply_adds,
                ..RoundRow::unmeasured()
            };
            merging = None;
        }
        Some(mut resumed) => {
            let head = &mut resumed.head;
            let panel = trace.panel.len();
            (trace, row, merging) = head.get()?;
            StateError::unless_same("agents of a panel:", trace.panel.len(), panel)?;
            publication = Arc::new(distiller.take_up(head)?);
            ancestry.as_mut().map_or(Ok(()), |ancestry| ancestry.take_up(head))?;
            resumed.fill(engine)?;
            resumed.end()?;
            if stage == Stage::Hive {
                controls.go_on(publication.version.0);
            }
            observer.resumed(stage, &trace);
        }
    }
    let name = stage.name();
    let place = |round| Place { round, seed: fleet.seed };
    let mut bench = fleet.bench();
    loop {
        let round = publication.version.0;
        keeper.keep_with(round, engine, &|out| {
            out.put(&(&trace, &row, &merging));
            distiller.keep(&publication, out);
            ancestry.iter().for_each(|ancestry| ancestry.keep(out));
        });
        observer.touring(stage, round);
        let mut harvest = Harvest::default();
        if !fleet.halt.is_set() {
            let tour = info_span!("tour", fleet = name, round);
            harvest = tour.in_scope(|| engine.tour(&publication));
        }
        if fleet.halt.is_set() {
            // some agents were not visited: the core stands as it is, unmeasured
            observer.round(stage, &row);
            trace.rounds.push(row);
            break;
        }
        // the core was measured before anyone worked on it
        sound(name, "the core's training loss", harvest.holdings.train_loss, place(round))?;
        if let Some(source) = harvest.error {
            return Err(RunError::Agent { fleet: name, source, place: place(round + 1) });
        }
        sound(name, "the loss at work", harvest.tally.loss, place(round + 1))?;
        take_levels(&mut trace, &publication, &harvest, adopted, &mut row);
        trace.hives.extend_from_slice(&publication.hives);
        trace.interference.extend(merging.take().map(|m| taken_up(m, round, &harvest)));
        if fleet.keeping == Keeping::Everything {
            // nobody makes a core: what stands is the first, which says nothing of the fleet
            row.core_skill = f64::NAN;
            row.train_loss = f64::NAN;
            row.test_accuracy = f64::NAN;
            row.backdoor_success = f64::NAN;
        }
        if let Some(frame) = trace.frames.last().filter(|_| publication.measured) {
            observer.frame(stage, &trace, frame);
        }
        observer.round(stage, &row);
        trace.rounds.push(row);
        if publication.shift.is_none() {
            trace.complete = true;
            break;
        }
        if controls.may_hold() {
            engine.hold(&mut || controls.wait(&fleet.halt));
        }
        if fleet.halt.is_set() {
            break;
        }
        observer.distilling(stage, round);
        // the core that is made next says how agents work on the way to the one after it
        if stage == Stage::Hive
            && let Some(changed) = controls.turn(round + 2)
        {
            distiller.change(changed.stretches().to_vec());
        }
        let mut next = info_span!("merge", fleet = name, round = round + 1)
            .in_scope(|| distiller.next(&publication, &mut harvest));
        if let (Ok(made), Some(ancestry)) = (&next, ancestry.as_deref_mut()) {
            let taken = ancestry.take(&publication, &harvest, made);
            next = taken.and(next);
        }
        if fleet.halt.is_set() {
            // it may be half made
            break;
        }
        let next = next.map_err(|source| {
            let place = place(round + 1);
            RunError::Merge { fleet: name, source, place }
        })?;
        if let Some(ancestry) = ancestry.as_deref().filter(|_| next.measured) {
            trace.lineage.extend(ancestry.rows(next.version.0));
        }
        trace.staleness.extend(staleness(&next, &harvest));
        trace.accounts.extend(account(&next, &harvest));
        merging = looked_at(fleet, &publication, &mut harvest, &mut bench);
        row = take_work(fleet, &publication, &next, &harvest);
        publication = Arc::new(next);
        engine.give_back(harvest);
    }
    let hash = hash(&trace, &publication, engine);
    Ok((trace, hash))
}

/// Refuses a loss that is infinite or not a number.
fn sound(
    fleet: &'static str,
    what: &'static str,
    found: f64,
    place: Place,
) -> Result<(), RunError> {
    if found.is_finite() { Ok(()) } else { Err(RunError::Loss { fleet, what, found, place }) }
}

/// The work that led to core `next`, as a row without levels.
fn take_work(
    fleet: &Fleet,
    before: &Publication,
    next: &Publication,
    harvest: &Harvest,
) -> RoundRow {
    let tally = &harvest.tally;
    let tasks = tally.tasks as f64;
    let step: Vec<f32> = next.core.iter().zip(before.core.iter()).map(|(n, b)| n - b).collect();
    let contributions: Vec<_> = harvest.learnings.iter().map(|l| &l.contribution).collect();
    let layout = fleet.learner.core_layout();
    // of cores that are not measured it costs more than making them
    let quality = next.measured.then(|| quality(layout, &contributions, &step));
    let agents = fleet.present(next.version) as u64;
    let merged = harvest.accounts.merged;
    let sends = merged > 0;
    let published = fleet.parameters() * if next.control.is_some() { 2 } else { 1 };
    // every agent pulls the whole core, and what goes with it
    let pulls = harvest.time.map_or(agents, |_| merged);
    let pulled = if sends { pulls * 4 * published as u64 } else { 0 };
    let traffic = next.traffic.unwrap_or(Traffic { up: harvest.bytes_up, down: pulled });
    RoundRow {
        round: next.version.0,
        time: next.time,
        tasks: tally.tasks,
        sample_steps: tally.sample_steps,
        work_accuracy: tally.correct as f64 / tasks,
        value: tally.value,
        work_loss: tally.loss / tasks,
        bits: tally.bits / tasks,
        learnings: merged,
        dropped: harvest.accounts.dropped(),
        bytes_up: traffic.up,
        bytes_down: traffic.down,
        multiply_adds: tally.multiply_adds,
        staleness: match &harvest.ages {
            _ if !sends => f64::NAN,
            Some(ages) => ages.mean(),
            None => 0.0,
        },
        sign_conflict: quality.map_or(f64::NAN, |quality| quality.sign_conflict),
        cosine: quality.map_or(f64::NAN, |quality| quality.cosine),
        consensus_distance: quality
            .filter(|_| sends)
            .map_or(f64::NAN, |quality| quality.consensus_distance),
        step_norm: dot_f64(&step, &step).sqrt(),
        ..RoundRow::unmeasured()
    }
}

/// How stale what a core is made of was, where it need not be fresh.
fn staleness(next: &Publication, harvest: &Harvest) -> impl Iterator<Item = StalenessRow> {
    let CoreVersion(round) = next.version;
    let ages = harvest.ages.iter().filter(|_| harvest.accounts.merged > 0);
    let rows = ages.flat_map(|ages| &ages.learnings);
    rows.map(move |&(staleness, learnings)| StalenessRow { round, staleness, learnings })
}

/// What became of learnings, where any are sent.
fn account(next: &Publication, harvest: &Harvest) -> Option<AccountRow> {
    let Harvest { accounts, in_flight, .. } = *harvest;
    let row = AccountRow { round: next.version.0, accounts, in_flight };
    (accounts != Accounts::default() || in_flight > 0).then_some(row)
}

/// What is known of those who are merged before the core that comes of it is measured.
#[derive(Serialize, Deserialize)]
struct Merging {
    /// Levels of panel agents on their own jobs, agent by agent.
    levels: Vec<(AgentId, f64)>,
    barrier: f64,
}

/// What the panel was before a merge, if that is asked for.
fn looked_at(
    fleet: &Fleet,
    publication: &Publication,
    harvest: &mut Harvest,
    bench: &mut Bench,
) -> Option<Merging> {
    let shift = publication.shift.as_ref().filter(|s| s.examined || !s.pairs.is_empty())?;
    let policies = &harvest.policies;
    let policy = |agent: AgentId| {
        let at = policies.binary_search_by_key(&agent, |(a, _)| *a).ok()?;
        Some((agent, &policies[at].1[..]))
    };
    // of a straggler that is dropped there is none
    let pairs = shift.pairs.iter().filter_map(|(a, b)| Some([policy(*a)?, policy(*b)?]));
    let climate = &publication.climate;
    let barrier = mean(pairs.map(|pair| barrier(fleet, climate, pair, bench)));
    Some(Merging { levels: std::mem::take(&mut harvest.before_merge), barrier })
}

/// What a merge did, once the core that came of it is measured.
fn taken_up(before: Merging, round: u32, harvest: &Harvest) -> InterferenceRow {
    let after = &harvest.after_merge;
    let pair = |(agent, before): &(AgentId, f64)| {
        let at = after.binary_search_by_key(agent, |(a, _)| *a).ok()?;
        Some((*before, after[at].1))
    };
    let Interference { loss, losers } = interference(before.levels.iter().filter_map(pair));
    InterferenceRow { round, loss, losers, barrier: before.barrier }
}

/// Levels at a core: into the row, and as a frame of the trace.
fn take_levels(
    trace: &mut Trace,
    publication: &Publication,
    harvest: &Harvest,
    adopted: f64,
    row: &mut RoundRow,
) {
    if !publication.measured {
        return;
    }
    let CoreVersion(round) = publication.version;
    let readings = &harvest.readings;
    let frame = Frame {
        round,
        panel: readings.iter().flat_map(|r| r.own.iter().copied()).collect(),
        core: readings.iter().flat_map(|r| r.core.iter().copied()).collect(),
        practised: readings.iter().flat_map(|r| r.practised.iter().copied()).collect(),
        adopters: Vec::new(),
    };
    let got = skills(&trace.panel, &frame.panel, &frame.core, &frame.practised, adopted);
    row.set_skills(&got);
    row.backdoor_success = Fooled::share(readings.iter().map(|reading| reading.backdoor));
    let holdings = &harvest.holdings;
    if holdings.train > 0 {
        row.train_loss = holdings.train_loss / holdings.train as f64;
        row.test_accuracy = holdings.test_right as f64 / holdings.test as f64;
    }
    trace.frames.push(frame);
}

/// BLAKE3 over every number of a fleet's history and end.
fn hash(trace: &Trace, last: &Publication, engine: &mut dyn Tour) -> blake3::Hash {
    let mut digest = history(trace);
    feed_values(&last.core, &mut |bytes| digest.feed(bytes));
    for core in last.locals.iter().flat_map(|locals| &locals.cores) {
        feed_values(core, &mut |bytes| digest.feed(bytes));
    }
    // a round cut short leaves agents anywhere: only its rows and its core say what was done
    if trace.complete {
        engine.digest(&mut |bytes| digest.feed(bytes));
    }
    digest.finish()
}
