//! The ceiling: one learner that does all agents' work itself.

use super::Tour;
use crate::agent::{Bench, Cohort, Fleet, Parcel, Publication};
use crate::distill::{Harvest, Harvester};
use crate::ids::AgentId;
use crate::learner::{Lesson, Order, Plan, Share, Targets};
use crate::stream::{Purpose, Stream};
use crate::world::TaskBuffer;
use std::sync::Arc;

/// Agents whose fresh tasks are shuffled together; bounds memory. Fixed local data are
/// shuffled all at once, as they are gone through more than once.
const GROUP: usize = 1024;

/// One learner sees all tasks, in an order drawn over agents and tasks alike; the panel is
/// measured on the core alone. One thread: each step needs the one before.
pub(crate) struct Pooled {
    fleet: Arc<Fleet>,
    plan: Plan,
    harvester: Harvester,
    cohort: Cohort,
    bench: Bench,
    pool: TaskBuffer,
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
            baseline: 0.0,
            fleet,
        }
    }

    /// Does the round's work of all who would work, on the core itself.
    fn work(&mut self, publication: &Publication, harvest: &mut Harvest) {
        let Some(shift) = &publication.shift else { return };
        let Pooled { fleet, plan, cohort, bench, pool, baseline, .. } = self;
        let facts = fleet.world.facts();
        let everyone = || (0..facts.agents as u32).map(AgentId).collect();
        let mut working: Vec<AgentId> = shift.working.clone().unwrap_or_else(everyone);
        let name = |owner| (fleet.seed, owner, shift.round.0);
        Stream::new(fleet.seed, Purpose::Pooling, u32::MAX, shift.round.0).shuffle(&mut working);
        let layout = fleet.learner.core_layout();
        let mut core = publication.core.as_ref().clone();
        let group = if facts.finite { working.len().max(1) } else { GROUP };
        for (group, agents) in working.chunks(group).enumerate() {
            if fleet.halt.is_set() {
                return;
            }
            pool.clear(facts.inputs);
            for &agent in agents {
                let (climate, round) = (&publication.climate, shift.round);
                let tasks = fleet.world.deal(climate, agent, round, fleet.tasks, &mut bench.desk);
                cohort.note_practice(agent, &tasks);
                pool.extend(&tasks);
            }
            let local = &mut bench.local;
            local.clear();
            fleet.learner.touch(&pool.view(), local);
            for slot in 0..local.len() {
                let (block, _) = local.block(slot);
                local.set_start(slot, |to| to.copy_from_slice(&core[layout.range(block)]));
            }
            let lesson = Lesson {
                tasks: pool.view(),
                targets: Targets::Feedback,
                plan,
                epochs: plan.epochs,
                baseline,
                values: &facts.values,
                name: name(group as u32),
                order: Order::Shuffled(Purpose::Pooling),
            };
            harvest.tally.add(&fleet.learner.train(lesson, local, &mut bench.scratch));
            for slot in 0..local.len() {
                let (block, _) = local.block(slot);
                core[layout.range(block)].copy_from_slice(local.now(slot));
            }
        }
        harvest.core = Some(core);
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
                    self.harvester.add(&mut harvest, &mut parcel);
                }
            }
        }
        self.work(publication, &mut harvest);
        harvest
    }

    fn give_back(&mut self, harvest: Harvest) {
        self.harvester.give_back(harvest);
    }

    fn digest(&mut self, feed: &mut dyn FnMut(&[u8])) {
        feed(&self.baseline.to_bits().to_le_bytes());
    }
}
