//! Learnings on their way: what agents bring that do not keep step, merged when its time has come.

mod keeping;

use super::harvest::{Harvest, Harvester};
use super::shift::measures;
use super::timetable::{Job, Merge, Timetable};
use crate::agent::{Agenda, Fleet, Held, Hold, Learning, Parcel, Publication, Shift, Start};
use crate::fault::{Calendar, Fates, Turnover};
use crate::ids::{AgentId, CoreVersion};
use crate::maths::pow;
use crate::measure::{Accounts, Ages};
use crate::params::Layout;
use crate::scenario::{Scenario, Schedule, Staleness, Topology};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Work under way in a fleet that does not keep step, between an engine, which visits agents, and
/// the distiller, which wants to know what came in between two publications.
///
/// Work is done as late as it may be and as much at once as there is: only where a learning is asked
/// for, or agents are measured, are agents visited, and then all whose work ends before agents are
/// measured next. What each of them begins with is known by then, and none of them hears of another,
/// so that it does not matter who is first (conservative parallel simulation with the time until the
/// next measurement as lookahead; Chandy & Misra 1979, "Distributed simulation", IEEE Trans. Softw.
/// Eng. 5).
pub struct Flights {
    fleet: Arc<Fleet>,
    schedule: Schedule,
    scenario: Scenario,
    timetable: Timetable,
    harvester: Harvester,
    /// Jobs not yet done, agent by agent, the next first.
    jobs: Vec<VecDeque<Job>>,
    /// Work that is done and not yet merged.
    flown: BTreeMap<(AgentId, u32), Parcel>,
    /// Cores that agents begin or began with, with the jobs of each that are known and not merged.
    starts: BTreeMap<u32, (Option<Start>, u32)>,
    /// The core that each agent pulled last.
    pulled: Vec<u32>,
    /// All that ends by then may be done.
    horizon: f64,
    /// When the last core was published that anyone works on.
    opened: f64,
    turnover: Turnover,
    /// Those whose predecessor has left and who have not begun, with when that was.
    successors: BTreeMap<AgentId, f64>,
    /// Who leaves for good without a successor, and when.
    departures: Vec<(f64, AgentId)>,
    /// Who has, in rising order.
    left: Arc<Vec<AgentId>>,
    /// How agents work: what the last publication that any work follows says of it.
    shift: Option<Shift>,
}

/// How agents are visited with a publication.
type Visit<'a> = &'a mut dyn FnMut(&Arc<Publication>) -> Harvest;

impl Flights {
    /// The flights of a fleet; none where it keeps step. `harvester` gathers what is merged.
    pub fn new(
        fleet: &Arc<Fleet>,
        scenario: &Scenario,
        calendar: Option<Calendar>,
        agenda: Arc<Agenda>,
        harvester: Harvester,
    ) -> Option<Self> {
        let schedule = scenario.distiller.schedule.clone();
        let learnings = schedule.learnings()?;
        let agents = fleet.world.facts().agents as u32;
        let working = scenario.working(agents);
        let numbers = (agents, working, learnings);
        let turnover = Turnover::new(&scenario.fleet, fleet.seed);
        let presence = (calendar, turnover.clone());
        let pace = fleet.pace.clone();
        Some(Flights {
            timetable: Timetable::new(pace, agenda, presence, fleet.seed, numbers),
            schedule,
            scenario: scenario.clone(),
            harvester: harvester.punctual(),
            jobs: vec![VecDeque::new(); agents as usize],
            flown: BTreeMap::new(),
            starts: BTreeMap::new(),
            pulled: vec![0; agents as usize],
            horizon: 0.0,
            opened: 0.0,
            turnover,
            successors: BTreeMap::new(),
            departures: Vec::new(),
            left: Arc::default(),
            shift: None,
            fleet: fleet.clone(),
        })
    }

    /// What comes in between a publication and the next, and what is measured at the publication.
    pub fn tour(&mut self, publication: &Arc<Publication>, visit: Visit<'_>) -> Harvest {
        let CoreVersion(version) = publication.version;
        if publication.shift.is_some() {
            self.shift.clone_from(&publication.shift);
            // after the last core nobody comes and goes
            self.opened = publication.time;
        }
        self.starts.entry(version).or_default().0 = Some(Start {
            version: publication.version,
            core: publication.core.clone(),
            climate: publication.climate.clone(),
        });
        let mut whole = Harvest::default();
        if publication.measured {
            // what came in by now and is not merged yet
            while self.is_due() {
                let harvest = self.fly(publication, false, visit);
                if self.ends(&harvest) {
                    return harvest;
                }
            }
            // what a publication that is not measured brings is known from the one before that is
            self.timetable.follow(publication.agenda.clone());
            self.look_ahead(version);
            self.see_off();
            whole = match self.fleet.topology {
                Topology::Pooled => {
                    let left = self.left.clone();
                    let rest = Publication { shift: None, left, ..publication.as_ref().clone() };
                    visit(&Arc::new(rest))
                }
                _ => self.fly(publication, true, visit),
            };
            if self.ends(&whole) {
                return whole;
            }
        }
        // after the last core nothing is merged, though more may be known of the same instant
        let next = publication.shift.as_ref().and_then(|_| self.timetable.take());
        let Some(merge) = next else { return whole };
        if self.fleet.topology == Topology::Pooled {
            return self.pooled(publication, &merge, whole, visit);
        }
        while merge.jobs.iter().any(|job| !self.flown.contains_key(&(job.agent, job.round.0))) {
            let harvest = self.fly(publication, false, visit);
            if self.ends(&harvest) {
                return harvest;
            }
        }
        self.land(publication, &merge, whole)
    }

    /// Whether nothing is to follow a harvest.
    fn ends(&self, harvest: &Harvest) -> bool {
        harvest.error.is_some() || self.fleet.halt.is_set()
    }

    /// Whether work that ends by the horizon is still to be done.
    fn is_due(&self) -> bool {
        let due = |jobs: &VecDeque<Job>| jobs.front().is_some_and(|job| job.end <= self.horizon);
        self.fleet.topology != Topology::Pooled && self.jobs.iter().any(due)
    }

    /// Learns of all that happens until agents are measured next.
    fn look_ahead(&mut self, version: u32) {
        let Some(next) =
            (version + 1..=self.scenario.rounds.0).find(|v| measures(&self.scenario, *v))
        else {
            return;
        };
        self.timetable.look_ahead(next);
        self.horizon = self.timetable.horizon().unwrap_or(self.horizon);
        for job in self.timetable.begun() {
            if job.leaves && !self.turnover.replaces() {
                self.departures.push((job.end, job.agent));
            }
            self.jobs[job.agent.index()].push_back(job);
            self.starts.entry(job.version).or_default().1 += 1;
        }
    }

    /// Takes note of those who have left for good by now.
    fn see_off(&mut self) {
        let gone = |(time, _): &(f64, AgentId)| *time <= self.opened;
        if self.departures.iter().any(gone) {
            let mut left = self.left.to_vec();
            left.extend(self.departures.iter().filter(|d| gone(d)).map(|(_, agent)| agent));
            left.sort_unstable();
            self.left = Arc::new(left);
            self.departures.retain(|d| d.0 > self.opened);
        }
    }

    /// Visits agents: lets those do their work who can and whose work ends by the horizon, each one
    /// round of it, and measures if `measured`.
    fn fly(&mut self, publication: &Arc<Publication>, measured: bool, visit: Visit<'_>) -> Harvest {
        let CoreVersion(version) = publication.version;
        let mut held = Held::nothing(self.jobs.len());
        let mut places = BTreeMap::new();
        let mut working = Vec::new();
        for (agent, jobs) in self.jobs.iter().enumerate() {
            let Some(job) = jobs.front().filter(|job| job.version <= version) else { continue };
            let works = job.end <= self.horizon;
            if !works && !measured {
                continue;
            }
            let Some((Some(start), _)) = self.starts.get(&job.version) else { continue };
            let place = *places.entry(job.version).or_insert_with(|| {
                held.starts.push(start.clone());
                held.starts.len() as u32 - 1
            });
            let pulls = self.pulled[agent] != job.version;
            self.pulled[agent] = job.version;
            held.of[agent] = Some(Hold { start: place, round: job.round, pulls });
            if works {
                working.push(job.agent);
            }
        }
        let begins = |agent: &AgentId, left: f64| {
            left <= self.opened || working.binary_search(agent).is_ok()
        };
        self.successors.retain(|agent, left| {
            let begins = begins(agent, *left);
            held.new.extend(begins.then_some(*agent));
            !begins
        });
        debug_assert!(measured || !working.is_empty(), "work that is asked for can be done");
        let mut harvest = visit(&self.sent_out(publication, held, working, measured));
        for parcel in harvest.flown.drain(..) {
            let agent = parcel.learning.agent;
            if let Some(job) = self.jobs[agent.index()].pop_front() {
                if job.leaves && self.turnover.replaces() {
                    self.successors.insert(agent, job.end);
                }
                self.flown.insert((agent, job.round.0), parcel);
            }
        }
        harvest
    }

    /// Gathers what makes the next core, as agents who keep step are gathered.
    fn land(&mut self, publication: &Publication, merge: &Merge, mut whole: Harvest) -> Harvest {
        let layout = self.fleet.learner.core_layout().clone();
        let mut jobs = merge.jobs.iter().peekable();
        let mut ages = Vec::new();
        let fates = Fates::new(&publication.terms().faults, self.fleet.seed);
        for leaf in 0..self.fleet.leaves() {
            let (first, len) = self.fleet.leaf_range(leaf);
            let end = first + len as u32;
            let mut harvest = self.harvester.empty();
            while let Some(job) = jobs.next_if(|job| job.agent.0 < end) {
                let Some(mut parcel) = self.flown.remove(&(job.agent, job.round.0)) else {
                    continue;
                };
                let age = publication.version.0 - job.version;
                parcel.stale = fates.as_ref().is_some_and(|fates| fates.is_stale(age));
                if let Some((Some(start), _)) = self.starts.get(&job.version) {
                    let began = (age, &start.core[..]);
                    let learning = &mut parcel.learning;
                    weigh(&self.schedule, &layout, began, &publication.core, learning);
                }
                let merged = harvest.accounts.merged;
                self.harvester.add(publication, &mut harvest, &mut parcel);
                ages.extend((harvest.accounts.merged > merged).then_some((age, 1)));
            }
            self.harvester.put(leaf, harvest);
        }
        let landed = self.harvester.take().unwrap_or_default();
        self.forget(publication.version, merge);
        whole.time = Some(merge.time);
        whole.ages = Some(Ages::count(ages.into_iter()));
        // sent is what was sent by now, and not what came in
        let (sent, in_flight) =
            if self.fleet.topology.merges() { (merge.sent, merge.in_flight) } else { (0, 0) };
        Harvest {
            sum: landed.sum,
            companies: landed.companies,
            parts: landed.parts,
            controls: landed.controls,
            learnings: landed.learnings,
            examples: landed.examples,
            tally: landed.tally,
            accounts: Accounts { sent, ..landed.accounts },
            in_flight,
            bytes_up: landed.bytes_up,
            ..whole
        }
    }

    /// The pooled learner does the same work in the same time, one round of an agent after the other.
    fn pooled(
        &mut self,
        publication: &Arc<Publication>,
        merge: &Merge,
        mut whole: Harvest,
        visit: Visit<'_>,
    ) -> Harvest {
        let mut left = merge.jobs.clone();
        while !left.is_empty() {
            let mut held = Held::nothing(self.jobs.len());
            let mut working: Vec<AgentId> = Vec::new();
            left.retain(|job| {
                let again = working.last() == Some(&job.agent);
                if let (false, Some((Some(start), _))) = (again, self.starts.get(&job.version)) {
                    let place = held.starts.len() as u32;
                    held.starts.push(start.clone());
                    let hold = Hold { start: place, round: job.round, pulls: false };
                    held.of[job.agent.index()] = Some(hold);
                    working.push(job.agent);
                }
                again
            });
            let harvest = visit(&self.sent_out(publication, held, working, false));
            if self.ends(&harvest) {
                return harvest;
            }
            whole.tally.add(&harvest.tally);
            whole.core = harvest.core;
        }
        for job in &merge.jobs {
            self.jobs[job.agent.index()].pop_front();
        }
        self.forget(publication.version, merge);
        whole.time = Some(merge.time);
        whole
    }

    /// Drops the cores that no job began with, now that some are merged and the next core after
    /// `version` is known.
    fn forget(&mut self, version: CoreVersion, merge: &Merge) {
        for job in &merge.jobs {
            if let Some((_, jobs)) = self.starts.get_mut(&job.version) {
                *jobs -= 1;
            }
        }
        let merged = merge.jobs.iter().map(|job| job.version);
        for version in merged.chain([version.0]) {
            if self.starts.get(&version).is_some_and(|(_, jobs)| *jobs == 0) {
                self.starts.remove(&version);
            }
        }
    }

    /// A publication with which some agents work, each on what it holds. What was begun before the
    /// last core is done all the same.
    fn sent_out(
        &self,
        publication: &Publication,
        held: Held,
        working: Vec<AgentId>,
        measured: bool,
    ) -> Arc<Publication> {
        let shift = self.shift.as_ref().filter(|_| !working.is_empty());
        let shift = shift.map(|shift| Shift { working: Some(working), ..shift.clone() });
        let (held, left) = (Some(Arc::new(held)), self.left.clone());
        Arc::new(Publication { held, left, shift, measured, ..publication.clone() })
    }

    /// Takes the memory of what was gathered back.
    pub fn give_back(&mut self, harvest: Harvest) {
        self.harvester.give_back(harvest);
    }
}

/// Makes of a learning that began `stale` publications ago at the core `began` what is merged of it
/// into the core `now`: `s(τ) Δ`, or `α s(τ) (θ_τ + Δ − θ)`, which alone looks at `began`.
pub(crate) fn weigh(
    schedule: &Schedule,
    layout: &Layout,
    (stale, began): (u32, &[f32]),
    now: &[f32],
    learning: &mut Learning,
) {
    let factor = match schedule {
        Schedule::Synchronous(_) => return,
        Schedule::Buffered(spec) => weight(&spec.staleness, stale),
        Schedule::Asynchronous(spec) => {
            learning.contribution.for_each_mut(|block, values| {
                let range = layout.range(block);
                let apart = began[range.clone()].iter().zip(&now[range]);
                values.iter_mut().zip(apart).for_each(|(v, (began, now))| *v += began - now);
            });
            spec.mixing * weight(&spec.staleness, stale)
        }
    };
    if factor != 1.0 {
        let factor = factor as f32;
        learning.contribution.values_mut().iter_mut().for_each(|v| *v *= factor);
    }
}

/// `s(τ)`.
fn weight(staleness: &Staleness, stale: u32) -> f64 {
    match staleness {
        Staleness::Constant(_) => 1.0,
        Staleness::Polynomial(spec) => pow(1.0 + f64::from(stale), -spec.exponent),
        Staleness::Hinge(spec) => {
            1.0 / (spec.slope * f64::from(stale.saturating_sub(spec.grace)) + 1.0)
        }
    }
}
