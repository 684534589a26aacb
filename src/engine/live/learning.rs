//! Free agents that learn.

use super::ledger::Slip;
use super::work::{Turn, Work};
use super::{FreeFleet, Gathered};
use crate::agent::{Cohort, Duty, Errand, Fleet, Holdings, Parcel, Publication, Reading};
use crate::controls::Controls;
use crate::distill::{Harvest, Harvester, weigh};
use crate::engine::digest::leaf_hash;
use crate::engine::tasks::{Parcels, at_bench, runtime};
use crate::engine::{Observer, Registry, Tour};
use crate::fault::Fates;
use crate::ids::{AgentId, Round};
use crate::measure::{Ages, LiveReport};
use crate::scenario::{Live, Schedule};
use crate::threads::{lock, parallel_chunks_with};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::runtime::Runtime;

/// A fleet that learns, as its free agents and their distiller have it.
struct Learning {
    fleet: Arc<Fleet>,
    harvester: Harvester,
    schedule: Schedule,
    registry: Arc<Registry>,
    parcels: Parcels,
    /// A cohort for each agent.
    cohorts: Vec<Mutex<Cohort>>,
}

/// What some agents brought, and how stale what is merged of it was.
#[derive(Default)]
struct Heap {
    harvest: Option<Harvest>,
    ages: Vec<u32>,
}

impl Learning {
    fn in_step(&self) -> bool {
        matches!(self.schedule, Schedule::Synchronous(_))
    }

    fn cohort(&self, agent: AgentId) -> MutexGuard<'_, Cohort> {
        lock(&self.cohorts[agent.index()])
    }
}

impl Work for Learning {
    type Core = Arc<Publication>;
    /// A parcel, and the publication that its work began at, where that is asked for.
    type Load = (Box<Parcel>, Option<Arc<Publication>>);
    type Heap = Heap;

    fn agents(&self) -> u32 {
        self.fleet.world.facts().agents as u32
    }

    fn heap_of(&self, agent: AgentId) -> u32 {
        (agent.index() / self.fleet.leaf()) as u32
    }

    fn seal(&self, core: &Arc<Publication>) -> u64 {
        let add = |sum: u64, x: &f32| sum.wrapping_add(x.to_bits().into());
        core.core.iter().fold(core.version.0.into(), add)
    }

    fn time(&self, turn: Turn) -> f64 {
        self.fleet.pace.time(turn.agent, Round(turn.round))
    }

    fn visit(&self, turn: Turn, core: &Arc<Publication>) -> Option<(Self::Load, bool)> {
        let Turn { agent, round, news } = turn;
        let errand = if self.in_step() {
            core.errand(agent)
        } else {
            // the work is over
            core.shift.as_ref()?;
            Errand {
                duty: Duty::Full,
                round: Round(round),
                pulls: news && core.version.0 > 0,
                new: false,
                measured: false,
            }
        };
        let mut parcel = self.parcels.empty();
        at_bench(&self.fleet, |bench| {
            let mut cohort = self.cohort(agent);
            cohort.send_out(&self.fleet, core, (agent, errand), bench, &mut parcel)
        });
        let mut status = self.registry.entry(agent).or_default();
        status.version = core.version;
        status.tasks += parcel.tally.tasks;
        let asynchronous = matches!(self.schedule, Schedule::Asynchronous(_));
        let learned = parcel.worked || parcel.error.is_some();
        Some(((parcel, asynchronous.then(|| core.clone())), learned))
    }

    fn add(
        &self,
        heap: &mut Heap,
        slip: &Slip,
        (mut parcel, start): Self::Load,
        newest: &Arc<Publication>,
    ) {
        let harvest = heap.harvest.get_or_insert_with(|| self.harvester.empty());
        if self.in_step() {
            self.harvester.add(newest, harvest, &mut parcel);
        } else {
            let age = newest.version.0.saturating_sub(slip.version);
            let fates = Fates::new(&newest.terms().faults, self.fleet.seed);
            parcel.stale = fates.is_some_and(|fates| fates.is_stale(age));
            let began = start.as_ref().map_or(&newest.core[..], |start| &start.core);
            let layout = self.fleet.learner.core_layout();
            weigh(&self.schedule, layout, (age, began), &newest.core, &mut parcel.learning);
            let merged = harvest.accounts.merged;
            self.harvester.add(newest, harvest, &mut parcel);
            heap.ages.extend((harvest.accounts.merged > merged).then_some(age));
        }
        self.parcels.give_back(parcel);
    }

    fn join(&self, into: &mut Heap, mut heap: Heap) {
        match (&mut into.harvest, heap.harvest.take()) {
            (Some(left), Some(right)) => self.harvester.join(left, right),
            (none, right) => *none = right,
        }
        into.ages.append(&mut heap.ages);
    }

    fn discard(&self, (parcel, _): Self::Load) {
        self.parcels.give_back(parcel);
    }
}

/// The engine of free agents, which a tour brings what comes in between two publications.
pub(in crate::engine) struct LiveTour<'a> {
    /// Until the first publication, at which the agents begin.
    waiting: Option<(Learning, Runtime)>,
    /// From then on.
    free: Option<FreeFleet<Learning>>,
    /// Who is told of the fleet's books now and then, and when that was last, in nanoseconds of its
    /// clock.
    told: (&'a dyn Observer, u64),
    spec: Live,
    threads: usize,
    /// Learnings of a publication; none where all keep step.
    learnings: Option<u32>,
    controls: Arc<Controls>,
    /// Learnings sent, and dropped, by the last publication.
    before: (u64, u64),
}

impl<'a> LiveTour<'a> {
    /// Agents that begin with the first publication, on `threads` worker threads.
    ///
    /// # Errors
    /// Where the threads cannot be had.
    pub fn new(
        fleet: Arc<Fleet>,
        harvester: Harvester,
        (spec, schedule): (&Live, &Schedule),
        threads: usize,
        (registry, controls): (Arc<Registry>, Arc<Controls>),
        observer: &'a dyn Observer,
    ) -> std::io::Result<Self> {
        let runtime = runtime(threads)?.enable_time().build()?;
        let agents = fleet.world.facts().agents as u32;
        let learning = Learning {
            harvester: match schedule {
                Schedule::Synchronous(_) => harvester,
                _ => harvester.punctual(),
            },
            schedule: schedule.clone(),
            registry,
            parcels: Parcels::default(),
            cohorts: (0..agents).map(|agent| Mutex::new(Cohort::new(&fleet, agent, 1))).collect(),
            fleet,
        };
        Ok(LiveTour {
            waiting: Some((learning, runtime)),
            free: None,
            told: (observer, 0),
            spec: spec.clone(),
            threads,
            learnings: schedule.learnings(),
            controls,
            before: (0, 0),
        })
    }

    /// What came of it all. Ends it, if it goes on.
    pub fn report(&mut self) -> Option<LiveReport> {
        let free = self.free.as_mut()?;
        free.stop();
        free.report.clone()
    }

    /// Tells whoever watches how the fleet's books stand, ten times a second at most.
    fn tell(&mut self) {
        let Some(free) = &self.free else { return };
        let now = free.hive.clock.now();
        if now - self.told.1 >= TELL
            && let Some(report) = free.report_so_far()
        {
            self.told.1 = now;
            self.told.0.live(&report);
        }
    }

    /// Puts a publication out; the first one starts the agents.
    fn publish(&mut self, publication: &Arc<Publication>) {
        if let Some(free) = &mut self.free {
            free.publish(publication.version.0, publication.clone());
        } else if let Some((learning, runtime)) = self.waiting.take() {
            let first = (publication.version.0, publication.clone());
            let free = FreeFleet::start(learning, &self.spec, runtime, self.learnings, first);
            self.free = Some(free);
        }
    }
}

/// How often whoever watches is told of a fleet's books, in nanoseconds.
const TELL: u64 = 100_000_000;

/// Measures agents where they are; in the order of the agents.
fn examine(
    learning: &Learning,
    publication: &Publication,
    threads: usize,
) -> (Vec<Reading>, Holdings) {
    let fleet = &learning.fleet;
    let all = 0..fleet.world.facts().agents as u32;
    let agents: Vec<AgentId> = match fleet.world.facts().finite {
        true => all.map(AgentId).collect(),
        false => fleet.panel.clone(),
    };
    let found = parallel_chunks_with(threads, agents, |agent, bench: &mut Option<_>| {
        let bench = bench.get_or_insert_with(|| fleet.bench());
        let mut parcel = Parcel::default();
        learning.cohort(agent).examine(fleet, publication, agent, bench, &mut parcel);
        (parcel.reading, parcel.holdings)
    });
    let mut holdings = Holdings::default();
    found.iter().for_each(|(_, of_one)| holdings.add(of_one));
    (found.into_iter().filter_map(|(reading, _)| reading).collect(), holdings)
}

/// Adds up what was gathered, leaf by leaf, as agents who keep step are gathered.
fn add_up(
    learning: &Learning,
    publication: &Arc<Publication>,
    mut gathered: Gathered<Learning>,
) -> (Harvest, Vec<u32>) {
    let leaves = learning.fleet.leaves();
    gathered.heaps.resize_with(leaves, Heap::default);
    if learning.in_step() {
        gathered.one_by_one.sort_unstable_by_key(|(slip, _)| slip.agent);
    }
    for (slip, load) in gathered.one_by_one {
        let heap = learning.heap_of(slip.agent) as usize;
        learning.add(&mut gathered.heaps[heap], &slip, load, publication);
    }
    let mut ages = Vec::new();
    for (leaf, heap) in gathered.heaps.into_iter().enumerate() {
        ages.extend(heap.ages);
        learning.harvester.put(leaf, heap.harvest.unwrap_or_else(|| learning.harvester.empty()));
    }
    (learning.harvester.take().unwrap_or_default(), ages)
}

impl Tour for LiveTour<'_> {
    fn tour(&mut self, publication: &Arc<Publication>) -> Harvest {
        let (threads, learnings, before) = (self.threads, self.learnings, self.before);
        let anew = self.controls.is_measured_anew();
        self.publish(publication);
        if let (Some(free), true) = (&mut self.free, anew) {
            free.measure_anew();
        }
        self.tell();
        let Some(free) = &mut self.free else { return Harvest::default() };
        let hive = free.hive.clone();
        let learning = &hive.work;
        let fleet = &learning.fleet;
        let halted = || fleet.halt.is_set();
        let Some(learnings) = learnings else {
            // whoever keeps step is measured as it comes by
            let everyone = free.gather(learning.agents().into(), &halted);
            return everyone.map_or_else(Harvest::default, |everyone| {
                add_up(learning, publication, everyone).0
            });
        };
        if publication.shift.is_none() {
            free.stop();
        }
        let (readings, holdings) = match publication.measured {
            true => free.stand_still(|| examine(learning, publication, threads)),
            false => (Vec::new(), Holdings::default()),
        };
        let measured = Harvest { readings, holdings, ..Harvest::default() };
        if publication.shift.is_none() {
            return measured;
        }
        let Some(gathered) = free.gather(learnings.into(), &halted) else { return measured };
        let (mut harvest, ages) = add_up(learning, publication, gathered);
        let (sent, dropped) = free.came();
        harvest.time = Some(free.time());
        harvest.ages = Some(Ages::count(ages.into_iter().map(|age| (age, 1))));
        harvest.accounts.sent = sent - before.0 + harvest.accounts.duplicate;
        harvest.accounts.overflow = dropped - before.1;
        harvest.in_flight = sent - free.taken - dropped;
        self.before = (sent, dropped);
        Harvest { readings: measured.readings, holdings: measured.holdings, ..harvest }
    }

    fn give_back(&mut self, harvest: Harvest) {
        if let Some(free) = &self.free {
            free.hive.work.harvester.give_back(harvest);
        }
    }

    fn hold(&mut self, wait: &mut dyn FnMut()) {
        match &self.free {
            Some(free) => free.stand_still(wait),
            None => wait(),
        }
    }

    fn cohorts(&mut self, f: &mut dyn FnMut(&mut Cohort)) {
        let learning = match (&self.waiting, &self.free) {
            (Some((learning, _)), _) => learning,
            (None, Some(free)) => &free.hive.work,
            (None, None) => return,
        };
        learning.cohorts.iter().for_each(|cohort| f(&mut lock(cohort)));
    }

    fn digest(&mut self, feed: &mut dyn FnMut(&[u8])) {
        let Some(free) = &mut self.free else { return };
        free.stop();
        let learning = &free.hive.work;
        for leaf in 0..learning.fleet.leaves() {
            let (first, len) = learning.fleet.leaf_range(leaf);
            let agents = (first..first + len as u32).map(AgentId);
            let cohorts: Vec<_> = agents.map(|agent| learning.cohort(agent)).collect();
            feed(leaf_hash(cohorts.iter().map(|cohort| &**cohort)).as_bytes());
        }
    }
}
