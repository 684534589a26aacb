//! Neighbouring agents, stored together, and what one of them does in a round.

mod keeping;
mod sending;
mod state;

pub use state::{Book, Records};

use super::{
    AgentError, Bench, Duty, Errand, Fleet, Fooled, Keeping, Parcel, Publication, Reading, examine,
};
use crate::ids::AgentId;
use crate::learner::{Lesson, Order, Plan, Tally, Targets};
use crate::params::Store;
use crate::params::kernels::first_not_finite;
use crate::scenario::{Exchange, Partial, Pull};
use crate::stream::Purpose;
use crate::world::Tasks;

/// A contiguous range of agents with what they keep. Visiting an agent is a pure function of
/// its state, the publication and its streams: it does not matter who visits, or when.
#[derive(Clone, Debug)]
pub struct Cohort {
    first: u32,
    /// What each keeps: job knowledge, private knowledge or all that it ever learned.
    kept: Store,
    /// Contributions that core and company have not yet been heard of (`nested` alone).
    pending: Store,
    /// Control variates (SCAFFOLD alone).
    controls: Store,
    /// What was not sent of contributions yet (error feedback alone).
    unsent: Store,
    /// What there is of each beside.
    minds: Vec<Mind>,
    /// Tasks done so far of each skill, for members of the panel.
    practised: Vec<(AgentId, Vec<u64>)>,
}

/// What an agent has beside its vectors.
#[derive(Clone, Copy, Debug, Default)]
struct Mind {
    /// Its running reward baseline.
    baseline: f32,
    /// Whether it is not as the last checkpoint has it.
    changed: bool,
}

impl Cohort {
    /// The agents `first..first + len` at the beginning: they know nothing.
    pub fn new(fleet: &Fleet, first: u32, len: usize) -> Self {
        let core = fleet.learner.core_layout();
        let (kept, owners, waiting) = match fleet.keeping {
            Keeping::Nothing => (core, 0, 0),
            Keeping::Everything => (core, len, 0),
            Keeping::Job(..) => (fleet.learner.job_layout(), len, 0),
            Keeping::Private { .. } => (core, len, len),
        };
        let skills = fleet.world.facts().skills.len();
        let members = (first..first + len as u32).map(AgentId).filter(|a| fleet.in_panel(*a));
        Cohort {
            first,
            kept: Store::new(kept.clone(), owners),
            pending: Store::new(core.clone(), waiting),
            controls: Store::new(core.clone(), if fleet.scaffold { len } else { 0 }),
            unsent: Store::new(core.clone(), if fleet.compression.feedback() { len } else { 0 }),
            minds: vec![Mind::default(); len],
            practised: members.map(|agent| (agent, vec![0; skills])).collect(),
        }
    }

    /// Number of agents.
    pub fn len(&self) -> usize {
        self.minds.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.minds.is_empty()
    }

    /// The agents, in rising order.
    pub fn agents(&self) -> impl Iterator<Item = AgentId> + use<> {
        (self.first..self.first + self.len() as u32).map(AgentId)
    }

    /// Feeds the whole state of all agents, in order, to `feed`.
    pub fn digest(&self, feed: &mut dyn FnMut(&[u8])) {
        let mut order = Vec::new();
        for (owner, Mind { baseline, .. }) in self.minds.iter().enumerate() {
            feed(&baseline.to_bits().to_le_bytes());
            for store in [&self.kept, &self.pending, &self.controls, &self.unsent] {
                if owner < store.owners() {
                    store.digest(owner, &mut order, feed);
                }
            }
        }
    }

    /// An agent pulls a core, is measured if it is its turn, and works if it is its shift.
    /// Returns whether there is anything in the parcel; after [`Halt`](super::Halt) never.
    pub fn visit(
        &mut self,
        fleet: &Fleet,
        publication: &Publication,
        agent: AgentId,
        bench: &mut Bench,
        parcel: &mut Parcel,
    ) -> bool {
        let errand = publication.errand(agent);
        self.send_out(fleet, publication, (agent, errand), bench, parcel)
    }

    /// [`visit`](Cohort::visit) on an errand that the publication may know nothing of.
    pub fn send_out(
        &mut self,
        fleet: &Fleet,
        publication: &Publication,
        (agent, errand): (AgentId, Errand),
        bench: &mut Bench,
        parcel: &mut Parcel,
    ) -> bool {
        let owner = (agent.0 - self.first) as usize;
        parcel.clear();
        if fleet.halt.is_set() {
            return false;
        }
        // what is kept as it is changes by work alone
        let renewed = matches!(
            fleet.keeping,
            Keeping::Job(Pull::Reset | Pull::Decay, _) | Keeping::Private { .. }
        );
        self.minds[owner].changed |=
            errand.new || errand.pulls && renewed || errand.duty != Duty::Rest;
        if errand.new {
            self.begin_anew(agent, owner);
        }
        if errand.pulls {
            self.pull(fleet, publication, agent, owner);
        }
        let full = errand.measured && self.examine(fleet, publication, agent, bench, parcel);
        if errand.duty == Duty::Rest {
            return full;
        }
        self.work(fleet, publication, (agent, owner), errand, bench, parcel);
        self.look_back(fleet, publication, agent, owner, bench, parcel);
        self.compress(fleet, owner, bench, parcel);
        true
    }

    /// Measures an agent with the core that it works on: its levels, if it is in the panel, and how the
    /// bare core does on its fixed local data. Returns whether anything was measured.
    pub fn examine(
        &mut self,
        fleet: &Fleet,
        publication: &Publication,
        agent: AgentId,
        bench: &mut Bench,
        parcel: &mut Parcel,
    ) -> bool {
        let owner = (agent.0 - self.first) as usize;
        let finite = fleet.world.facts().finite;
        if finite {
            parcel.holdings = examine::holdings(fleet, publication.core_of(agent), agent, bench);
        }
        let Ok(member) = self.practised.binary_search_by_key(&agent, |(a, _)| *a) else {
            return finite;
        };
        let mut backdoor = Fooled::default();
        let (own, core) = if is_out(fleet, publication, agent) {
            let nothing = vec![f32::NAN; fleet.world.facts().skills.len()];
            (nothing.clone(), nothing)
        } else {
            backdoor = examine::backdoor(fleet, publication, agent, bench);
            self.write_policy(fleet, publication, agent, owner, bench);
            if let Some(climate) = &publication.examined {
                let level = examine::job_level(fleet, climate, agent, bench);
                parcel.after_merge = Some((agent, level));
            }
            examine::levels(fleet, publication, agent, bench)
        };
        let practised = self.practised[member].1.clone();
        parcel.reading = Some(Reading { agent, own, core, practised, backdoor });
        true
    }

    /// Counts what a member of the panel practised.
    pub fn note_practice(&mut self, agent: AgentId, tasks: &Tasks<'_>) {
        if let Ok(member) = self.practised.binary_search_by_key(&agent, |(a, _)| *a) {
            self.minds[(agent.0 - self.first) as usize].changed = true;
            for task in 0..tasks.len() {
                self.practised[member].1[tasks.skill(task) as usize] += 1;
            }
        }
    }

    /// A round's work: from the pulled core to the contribution.
    fn work(
        &mut self,
        fleet: &Fleet,
        publication: &Publication,
        (agent, owner): (AgentId, usize),
        Errand { duty, round, .. }: Errand,
        bench: &mut Bench,
        parcel: &mut Parcel,
    ) {
        let Some(shift) = &publication.shift else { return };
        if duty == Duty::Part(0) {
            // cut off before anything was done
            parcel.worked = true;
            parcel.dropped = true;
            return;
        }
        let climate = publication.climate_of(agent);
        let Bench { desk, local, scratch, policy, logits, chosen, believed, .. } = bench;
        let by_epoch = fleet.plan.epochs > 1;
        let (epochs, most) = match duty {
            Duty::Part(part) if by_epoch => (part, u32::MAX),
            Duty::Part(part) => (fleet.plan.epochs, part),
            _ => (fleet.plan.epochs, u32::MAX),
        };
        let dealt = fleet.world.deal(climate, agent, round, fleet.tasks.min(most), desk);
        if fleet.halt.is_set() {
            return;
        }
        let mut tasks = dealt.first(most as usize);
        let terms = publication.terms_of(agent);
        let attacks = fleet.topology.merges()
            && terms.attackers.attacks(agent, publication.version_of(agent));
        if let Some(lie) = terms.attackers.lie().filter(|_| attacks) {
            let (answers, _) = fleet.learner.answers();
            lie.tell(&tasks, answers, believed);
            tasks.answers = believed;
        }
        local.clear();
        fleet.learner.touch(&tasks, local);
        self.lay_out(fleet, publication, agent, owner, local);
        let finite = fleet.world.facts().finite;
        let lesson = Lesson {
            efficiency: publication.efficiency_of(agent),
            uptake: fleet.uptake.of(fleet.seed, agent),
            tasks,
            targets: Targets::Feedback,
            plan: &fleet.plan,
            halt: &fleet.halt,
            epochs,
            baseline: &mut self.minds[owner].baseline,
            values: &fleet.world.facts().values,
            name: (fleet.seed, agent.0, round.0),
            order: if finite { Order::Shuffled(Purpose::Shuffle) } else { Order::AsDealt },
        };
        parcel.tally = if attacks && !terms.attackers.works() {
            let Plan { feedback, batch, .. } = &fleet.plan;
            let steps = feedback.steps(tasks.len() as u64, *batch as u64);
            let tasks = feedback.judged(tasks.len() as u64);
            Tally { tasks, steps: u64::from(epochs) * steps, ..Tally::default() }
        } else {
            fleet.learner.train(lesson, local, scratch)
        };
        if fleet.halt.is_set() {
            // it was cut short
            return;
        }
        parcel.worked = true;
        parcel.dropped = matches!(duty, Duty::Part(_)) && fleet.partial == Partial::Drop;
        let learning = &mut parcel.learning;
        learning.agent = agent;
        learning.company = fleet.world.company(agent);
        learning.version = publication.version_of(agent);
        learning.round = round;
        learning.tasks = parcel.tally.tasks;
        learning.steps = parcel.tally.steps;
        if attacks {
            // it claims to have worked; of what the hive does, it does nothing
            parcel.tally = Tally::default();
        }
        local.contribution(&mut learning.contribution);
        let finite = |values| first_not_finite(values).is_none();
        let sound = |slot| finite(local.now(slot)) && finite(local.knowledge(slot));
        if let Some(slot) = (0..local.len()).find(|slot| !sound(*slot)) {
            let (block, _) = local.block(slot);
            let version = learning.version;
            parcel.error = Some(AgentError::Diverged { agent, version, block });
            return;
        }
        self.put_away(fleet, owner, local);
        if let Some(control) = publication.control.as_ref().filter(|_| !parcel.dropped) {
            self.renew_controls(fleet, control, owner, local, learning);
        }
        learning.statistic = terms.statistic;
        if let Some(kind) = terms.statistic {
            fleet.learner.statistic(kind, &tasks, local, scratch, &mut learning.statistics);
        }
        self.note_practice(agent, &tasks);
        match fleet.exchange {
            Exchange::Weights => {}
            Exchange::Experience => {
                sending::examples(fleet, &tasks, scratch.told(), chosen, learning);
            }
            Exchange::Predictions => {
                let Some(inputs) = &shift.shared_inputs else { return };
                let core = publication.core_of(agent);
                let buffers = (policy, logits, chosen, scratch);
                sending::answers(fleet, core, inputs, &tasks, buffers, learning);
            }
        }
    }

    /// Takes a panel agent's policy after its work, where it is asked for or to be examined, of those
    /// whose learning is merged.
    fn look_back(
        &self,
        fleet: &Fleet,
        publication: &Publication,
        agent: AgentId,
        owner: usize,
        bench: &mut Bench,
        parcel: &mut Parcel,
    ) {
        let Some(shift) = &publication.shift else { return };
        let paired = shift.pairs.iter().any(|pair| pair.0 == agent || pair.1 == agent);
        let asked = paired || shift.examined && fleet.in_panel(agent);
        if !asked || !parcel.worked || parcel.dropped || parcel.error.is_some() {
            return;
        }
        self.write_policy(fleet, publication, agent, owner, bench);
        // what is kept under `rebase` is the policy after the work
        if !matches!(fleet.keeping, Keeping::Job(Pull::Rebase, _)) {
            parcel.learning.contribution.add_to(fleet.learner.core_layout(), &mut bench.policy);
        }
        if shift.examined && fleet.in_panel(agent) {
            let level = examine::job_level(fleet, &publication.climate, agent, bench);
            parcel.before_merge = Some((agent, level));
        }
        if paired {
            parcel.policy = Some((agent, bench.policy.clone()));
        }
    }
}

/// Whether there is nothing to measure of an agent: it has not joined, has left, or attacks.
fn is_out(fleet: &Fleet, publication: &Publication, agent: AgentId) -> bool {
    fleet.absent(agent, publication.version)
        || publication.has_left(agent)
        || publication.agenda.hides(agent, publication.version)
}
