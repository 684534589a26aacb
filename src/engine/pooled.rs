//! The ceiling: one learner that does all agents' work itself.

use super::Tour;
use crate::agent::{Bench, Cohort, Fleet, Parcel, Publication};
use crate::distill::{Harvest, Harvester};
use crate::ids::AgentId;
use crate::learner::{Lesson, Order, Plan, Share, Targets};
use crate::state::{Reader, StateError, Writer};
use crate::stream::{Purpose, Stream};
use crate::world::TaskBuffer;
use std::sync::Arc;

/// Agents whose fresh tasks are shuffled together; bounds memory. Fixed local data are
/// shuffled all at once, as they are gone through more than once.
const GROUP: usize = 1024;

/// Points of a group's way at which the iterate enters the round's average.
const STOPS: usize = 64;

/// One learner sees all tasks, in an order drawn over agents and tasks alike; the panel is
/// measured on the core alone. One thread: each step needs the one before.
///
/// The core that it publishes is the average of its iterates over the round (Polyak & Juditsky
/// 1992, "Acceleration of stochastic approximation by averaging"); the learner itself goes on
/// from its last iterate. At a constant rate the last iterate carries the noise of the last few
/// tasks, and where companies disagree that noise is large: a hive's mean is free of it, as it
/// averages as many iterates as there are agents. A ceiling has to be free of it too. The
/// average takes the iterate at `STOPS` evenly spaced points of every group and pass.
pub(crate) struct Pooled {
    fleet: Arc<Fleet>,
    plan: Plan,
    harvester: Harvester,
    cohort: Cohort,
    bench: Bench,
    pool: TaskBuffer,
    /// The pool in the order that it is gone through.
    shuffled: TaskBuffer,
    /// Where the learner is; empty before the first round.
    iterate: Vec<f32>,
    baseline: f32,
}

impl Pooled {
    pub fn new(fleet: Arc<Fleet>, harvester: Harvester) -> Self {
        let agents = fleet.world.facts().agents;
        let plan = Plan { share: Share::Core { rate: 1.0 }, ..fleet.plan.clone() };
        Pooled {
            plan,
            harvester,
            cohort: Cohort::new(&fleet, 0, agents),
            bench: fleet.bench(),
            pool: TaskBuffer::default(),
            shuffled: TaskBuffer::default(),
            iterate: Vec::new(),
            baseline: 0.0,
            fleet,
        }
    }

    /// Does the round's work of all who would work.
    fn work(&mut self, publication: &Publication, harvest: &mut Harvest) {
        let Some(shift) = &publication.shift else { return };
        let Pooled { fleet, plan, cohort, bench, pool, shuffled, iterate, baseline, .. } = self;
        let facts = fleet.world.facts();
        let everyone = || (0..facts.agents as u32).map(AgentId).collect();
        let mut working: Vec<AgentId> = shift.working.clone().unwrap_or_else(everyone);
        let stream = |owner| Stream::new(fleet.seed, Purpose::Pooling, owner, shift.round.0);
        stream(u32::MAX).shuffle(&mut working);
        let layout = fleet.learner.core_layout();
        if iterate.is_empty() {
            iterate.extend_from_slice(&publication.core);
        }
        let mut average = Average::new(iterate.len());
        let group = if facts.finite { working.len().max(1) } else { GROUP };
        let mut lessons = 0;
        for (group, agents) in working.chunks(group).enumerate() {
            pool.clear(facts.inputs);
            for &agent in agents {
                if fleet.halt.is_set() {
                    return;
                }
                let climate = publication.climate_of(agent);
                let round = publication.round_of(agent, shift);
                let tasks = fleet.world.deal(climate, agent, round, fleet.tasks, &mut bench.desk);
                cohort.note_practice(agent, &tasks);
                pool.extend(&tasks);
            }
            let local = &mut bench.local;
            local.clear();
            fleet.learner.touch(&pool.view(), local);
            for slot in 0..local.len() {
                let (block, _) = local.block(slot);
                local.set_start(slot, |to| to.copy_from_slice(&iterate[layout.range(block)]));
            }
            let mut order: Vec<u32> = (0..pool.len() as u32).collect();
            let mut shuffler = stream(group as u32);
            let stop = stop_every(pool.len(), plan);
            for epoch in 0..plan.epochs {
                shuffler.shuffle(&mut order);
                shuffled.clear(facts.inputs);
                let all = pool.view();
                for &task in &order {
                    let task = task as usize;
                    shuffled.push(all.row(task), all.skill(task), all.answers[task]);
                }
                for tasks in shuffled.view().pieces(stop) {
                    // fixed local data are one group: a long way without a look
                    if fleet.halt.is_set() {
                        return;
                    }
                    let lesson = Lesson {
                        efficiency: 1.0,
                        uptake: fleet.uptake.mean,
                        tasks,
                        targets: Targets::Feedback,
                        plan,
                        halt: &fleet.halt,
                        epochs: 1,
                        baseline,
                        values: &facts.values,
                        name: (fleet.seed, lessons, shift.round.0),
                        order: Order::AsDealt,
                    };
                    lessons += 1;
                    let tally = fleet.learner.train(lesson, local, &mut bench.scratch);
                    harvest.tally.add(&if epoch == 0 { tally } else { tally.repeated() });
                    for slot in 0..local.len() {
                        let (block, _) = local.block(slot);
                        iterate[layout.range(block)].copy_from_slice(local.now(slot));
                    }
                    average.add(iterate);
                }
            }
        }
        harvest.core = average.take();
    }
}

/// Tasks between two stops: whole steps of the plan, so that a piece cuts no batch or episode.
fn stop_every(tasks: usize, plan: &Plan) -> usize {
    let step = plan.batch * plan.feedback.horizon as usize;
    tasks.div_ceil(STOPS).div_ceil(step).max(1) * step
}

/// The mean of some cores, summed in double precision.
struct Average {
    sum: Vec<f64>,
    n: u32,
}

impl Average {
    fn new(entries: usize) -> Self {
        Average { sum: vec![0.0; entries], n: 0 }
    }

    fn add(&mut self, core: &[f32]) {
        self.sum.iter_mut().zip(core).for_each(|(sum, v)| *sum += f64::from(*v));
        self.n += 1;
    }

    /// `None` where there was none.
    fn take(self) -> Option<Vec<f32>> {
        let n = f64::from(self.n);
        (self.n > 0).then(|| self.sum.into_iter().map(|sum| (sum / n) as f32).collect())
    }
}

impl Tour for Pooled {
    fn tour(&mut self, publication: &Arc<Publication>) -> Harvest {
        let mut harvest = self.harvester.empty();
        if publication.measured {
            let mut rest = publication.as_ref().clone();
            rest.shift = None;
            let mut parcel = Parcel::default();
            for agent in self.cohort.agents() {
                if self.cohort.visit(&self.fleet, &rest, agent, &mut self.bench, &mut parcel) {
                    self.harvester.add(publication, &mut harvest, &mut parcel);
                }
            }
        }
        self.work(publication, &mut harvest);
        harvest
    }

    fn give_back(&mut self, harvest: Harvest) {
        self.harvester.give_back(harvest);
    }

    fn cohorts(&mut self, f: &mut dyn FnMut(&mut Cohort)) {
        f(&mut self.cohort);
    }

    fn keep(&self, out: &mut Writer<'_>) {
        out.put_floats(&self.iterate);
        out.put(&self.baseline);
    }

    fn take_up(&mut self, from: &mut Reader<'_>) -> Result<(), StateError> {
        self.iterate = from.floats()?;
        let entries = self.fleet.learner.core_layout().entries();
        if !self.iterate.is_empty() {
            StateError::unless_same("numbers of an iterate:", self.iterate.len(), entries)?;
        }
        self.baseline = from.get()?;
        Ok(())
    }

    fn digest(&mut self, feed: &mut dyn FnMut(&[u8])) {
        feed(&self.baseline.to_bits().to_le_bytes());
        self.iterate.iter().for_each(|v| feed(&v.to_bits().to_le_bytes()));
    }
}
