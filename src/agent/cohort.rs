//! Neighbouring agents, stored together, and what one of them does in a round.

use super::{
    AgentError, Bench, Duty, Fleet, Fooled, Keeping, Learning, Parcel, Publication, Reading,
};
use super::{compression, examine};
use crate::ids::{AgentId, Round};
use crate::learner::{Lesson, Order, Tally, Targets};
use crate::params::kernels::first_not_finite;
use crate::params::{Local, Store};
use crate::scenario::{Exchange, Partial, Pull};
use crate::stream::{Key, Purpose, Stream};
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
    /// Running reward baselines.
    baselines: Vec<f32>,
    /// Tasks done so far of each skill, for members of the panel.
    practised: Vec<(AgentId, Vec<u64>)>,
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
            baselines: vec![0.0; len],
            practised: members.map(|agent| (agent, vec![0; skills])).collect(),
        }
    }

    /// Number of agents.
    pub fn len(&self) -> usize {
        self.baselines.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.baselines.is_empty()
    }

    /// The agents, in rising order.
    pub fn agents(&self) -> impl Iterator<Item = AgentId> + use<> {
        (self.first..self.first + self.len() as u32).map(AgentId)
    }

    /// Feeds the whole state of all agents, in order, to `feed`.
    pub fn digest(&self, feed: &mut dyn FnMut(&[u8])) {
        let mut order = Vec::new();
        for (owner, baseline) in self.baselines.iter().enumerate() {
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
        let owner = (agent.0 - self.first) as usize;
        parcel.clear();
        if fleet.halt.is_set() {
            return false;
        }
        if publication.is_new(agent) {
            self.begin_anew(agent, owner);
        }
        self.pull(fleet, publication, agent, owner);
        let mut full = false;
        if publication.measured {
            if fleet.world.facts().finite {
                parcel.holdings =
                    examine::holdings(fleet, publication.core_of(agent), agent, bench);
                full = true;
            }
            if let Ok(member) = self.practised.binary_search_by_key(&agent, |(a, _)| *a) {
                let mut backdoor = Fooled::default();
                let (own, core) =
                    if fleet.absent(agent, publication.version) || publication.has_left(agent) {
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
                full = true;
            }
        }
        match publication.duty(agent) {
            Duty::Rest => full,
            duty => {
                self.work(fleet, publication, agent, owner, duty, bench, parcel);
                self.look_back(fleet, publication, agent, owner, bench, parcel);
                self.compress(fleet, publication, owner, bench, parcel);
                true
            }
        }
    }

    /// Forgets all that an agent held: another takes its place.
    fn begin_anew(&mut self, agent: AgentId, owner: usize) {
        for store in [&mut self.kept, &mut self.pending, &mut self.controls, &mut self.unsent] {
            if owner < store.owners() {
                store.empty(owner);
            }
        }
        self.baselines[owner] = 0.0;
        if let Ok(member) = self.practised.binary_search_by_key(&agent, |(a, _)| *a) {
            self.practised[member].1.fill(0);
        }
    }

    /// Counts what a member of the panel practised.
    pub fn note_practice(&mut self, agent: AgentId, tasks: &Tasks<'_>) {
        if let Ok(member) = self.practised.binary_search_by_key(&agent, |(a, _)| *a) {
            for task in 0..tasks.len() {
                self.practised[member].1[tasks.skill(task) as usize] += 1;
            }
        }
    }

    /// What becomes of what the agent keeps when a core arrives.
    fn pull(&mut self, fleet: &Fleet, publication: &Publication, agent: AgentId, owner: usize) {
        if !publication.pulls(agent) {
            return;
        }
        match fleet.keeping {
            Keeping::Nothing | Keeping::Everything => {}
            // what is kept under `rebase` is the policy itself, see `work`
            Keeping::Job(Pull::Keep | Pull::Rebase, _) => {}
            Keeping::Job(Pull::Reset, _) => {
                let (learner, seed) = (&fleet.learner, fleet.seed);
                self.kept.for_each_mut(owner, |block, values| {
                    values.fill(0.0);
                    learner.initial_job(seed, agent.0, block, values);
                });
            }
            Keeping::Job(Pull::Decay, left) => {
                let learner = &fleet.learner;
                self.kept.for_each_mut(owner, |block, values| learner.decay(block, left, values));
            }
            Keeping::Private { shrink } => self.settle(fleet, publication, agent, owner, shrink),
        }
    }

    /// `nested`: of the contribution that is still pending, what neither the core nor the
    /// company absorbed becomes private, shrunk by `n/(n + λ)`.
    fn settle(
        &mut self,
        fleet: &Fleet,
        publication: &Publication,
        agent: AgentId,
        owner: usize,
        shrink: f64,
    ) {
        let (Some(previous), Some(companies)) = (&publication.previous, &publication.companies)
        else {
            return;
        };
        let company = fleet.world.company(agent).index();
        let layout = fleet.learner.core_layout();
        let kept = &mut self.kept;
        for (block, tasks, moved) in self.pending.blocks(owner).filter(|(_, tasks, _)| *tasks > 0) {
            let range = layout.range(block);
            let (core, before) = (&publication.core[range.clone()], &previous[range]);
            let (private, count) = kept.entry(owner, block);
            *count = count.saturating_add(tasks);
            let n = f64::from(*count);
            let share = (n / (n + shrink)) as f32;
            let company = companies.change.get(company, block);
            for (i, private) in private.iter_mut().enumerate() {
                let by_company = company.map_or(0.0, |(values, _)| values[i]);
                *private += share * (moved[i] - (core[i] - before[i]) - by_company);
            }
        }
        // zero tasks: settled; the blocks' memory is used again by the next contribution
        self.pending.clear_counts(owner);
    }

    /// Writes the agent's whole policy to `bench.policy`.
    fn write_policy(
        &self,
        fleet: &Fleet,
        publication: &Publication,
        agent: AgentId,
        owner: usize,
        bench: &mut Bench,
    ) {
        let policy = &mut bench.policy;
        policy.clear();
        policy.extend_from_slice(publication.start_of(agent));
        let layout = fleet.learner.core_layout();
        if let Some(companies) = &publication.companies {
            companies.layer.add_to(fleet.world.company(agent).index(), policy);
        }
        match fleet.keeping {
            Keeping::Nothing => {}
            Keeping::Everything | Keeping::Private { .. } => self.kept.add_to(owner, policy),
            Keeping::Job(Pull::Rebase, _) => {
                for (block, _, values) in self.kept.blocks(owner) {
                    policy[layout.range(block)].copy_from_slice(values);
                }
            }
            Keeping::Job(..) => {
                for (block, _, values) in self.kept.blocks(owner) {
                    fleet.learner.absorb(block, values, &mut policy[layout.range(block)]);
                }
            }
        }
    }

    /// A round's work: from the pulled core to the contribution.
    #[allow(clippy::too_many_arguments)]
    fn work(
        &mut self,
        fleet: &Fleet,
        publication: &Publication,
        agent: AgentId,
        owner: usize,
        duty: Duty,
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
        let round = publication.round_of(agent, shift);
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
        let attacks = fleet.attackers.attacks(agent, publication.version_of(agent));
        if let Some(lie) = fleet.attackers.lie().filter(|_| attacks) {
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
            baseline: &mut self.baselines[owner],
            values: &fleet.world.facts().values,
            name: (fleet.seed, agent.0, round.0),
            order: if finite { Order::Shuffled(Purpose::Shuffle) } else { Order::AsDealt },
        };
        parcel.tally = if attacks && !fleet.attackers.works() {
            let steps = u64::from(epochs) * tasks.len().div_ceil(fleet.plan.batch) as u64;
            Tally { tasks: tasks.len() as u64, steps, ..Tally::default() }
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
        if let Some(kind) = fleet.statistic {
            fleet.learner.statistic(kind, &tasks, local, scratch, &mut learning.statistics);
        }
        self.note_practice(agent, &tasks);
        match fleet.exchange {
            Exchange::Weights => {}
            Exchange::Experience => {
                let mut stream = Stream::new(fleet.seed, Purpose::Reservoir, agent.0, round.0);
                let told = scratch.told();
                reservoir(&mut stream, &tasks, told, fleet.reservoir, chosen);
                learning.examples.clear(tasks.inputs);
                for &task in chosen.iter() {
                    let task = task as usize;
                    let answer = told.get(task).copied().unwrap_or(tasks.answers[task]);
                    learning.examples.push(tasks.row(task), tasks.skill(task), answer);
                }
            }
            Exchange::Predictions => {
                let Some(inputs) = &shift.shared_inputs else { return };
                policy.clear();
                policy.extend_from_slice(publication.core_of(agent));
                learning.contribution.add_to(fleet.learner.core_layout(), policy);
                let skills = fleet.world.facts().skills.len();
                let each = inputs.len() / skills;
                chosen.clear();
                chosen.resize(skills, 0);
                (0..tasks.len()).for_each(|t| chosen[tasks.skill(t) as usize] += 1);
                for (skill, &count) in chosen.iter().enumerate().filter(|(_, n)| **n > 0) {
                    if fleet.halt.is_set() {
                        return;
                    }
                    let view = inputs.view().slice(skill * each..(skill + 1) * each);
                    fleet.learner.logits(policy, &view, scratch, logits);
                    let to = learning.answers.push(skill as u32, count, logits.len());
                    to.copy_from_slice(logits);
                }
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

    /// Compresses what is sent, last of all: what the agent knows and how it is measured is of what
    /// it learned.
    fn compress(
        &mut self,
        fleet: &Fleet,
        publication: &Publication,
        owner: usize,
        bench: &mut Bench,
        parcel: &mut Parcel,
    ) {
        let Some(shift) = &publication.shift else { return };
        let sends = parcel.worked && !parcel.dropped && parcel.error.is_none();
        if fleet.compression.is_none() || !sends {
            return;
        }
        let (spec, learner) = (&fleet.compression, &*fleet.learner);
        let learning = &mut parcel.learning;
        let Round(round) = publication.round_of(learning.agent, shift);
        let key = Key::new(fleet.seed, Purpose::Compression, learning.agent.0, round);
        let memory = (&mut self.unsent, owner);
        let sent = compression::compress(spec, learner, key, memory, &mut bench.press, learning);
        parcel.error = sent.err();
    }

    /// Fills the touched blocks of the working copy: where the policy starts, and the job
    /// knowledge.
    fn lay_out(
        &self,
        fleet: &Fleet,
        publication: &Publication,
        agent: AgentId,
        owner: usize,
        local: &mut Local,
    ) {
        let layout = fleet.learner.core_layout();
        let company = fleet.world.company(agent);
        for slot in 0..local.len() {
            let (block, _) = local.block(slot);
            let core = &publication.start_of(agent)[layout.range(block)];
            local.set_start(slot, |to| {
                to.copy_from_slice(core);
                if let Some(companies) = &publication.companies {
                    companies.add_to(company, block, to);
                }
                if matches!(fleet.keeping, Keeping::Everything | Keeping::Private { .. })
                    && let Some((own, _)) = self.kept.get(owner, block)
                {
                    to.iter_mut().zip(own).for_each(|(to, own)| *to += own);
                }
            });
            if let Some(control) = &publication.control {
                let own = self.controls.get(owner, block);
                local.set_correction(slot, &control[layout.range(block)], own.map(|(c, _)| c));
            }
            let Keeping::Job(pull, _) = fleet.keeping else { continue };
            let (.., knowledge) = local.parts(slot);
            match (self.kept.get(owner, block), pull) {
                // the policy is kept as it was: job knowledge is what the core lacks of it
                (Some((policy, _)), Pull::Rebase) => {
                    for ((k, policy), core) in knowledge.iter_mut().zip(policy).zip(core) {
                        *k = policy - core;
                    }
                }
                (Some((values, _)), _) => knowledge.copy_from_slice(values),
                (None, _) => fleet.learner.initial_job(fleet.seed, agent.0, block, knowledge),
            }
        }
    }

    /// SCAFFOLD's option II (Karimireddy et al. 2020, "SCAFFOLD: stochastic controlled averaging for
    /// federated learning", ICML): `c_i ← c_i − c + (x − y)/(K η)` after `K` steps from `x` to `y`;
    /// the learning takes along what it changes by.
    fn renew_controls(
        &mut self,
        fleet: &Fleet,
        control: &[f32],
        owner: usize,
        local: &mut Local,
        learning: &mut Learning,
    ) {
        let layout = fleet.learner.core_layout();
        for slot in 0..local.len() {
            let (block, _) = local.block(slot);
            let way = learning.steps as f32 * fleet.learner.rate(block).unwrap_or(0.0);
            if way == 0.0 {
                continue;
            }
            let (own, count) = self.controls.entry(owner, block);
            let change = learning.controls.push(block, u32::from(*count == 0), own.len());
            *count = 1;
            let (start, now, _) = local.parts(slot);
            let control = &control[layout.range(block)];
            for (i, (own, change)) in own.iter_mut().zip(change).enumerate() {
                *change = (start[i] - now[i]) / way - control[i];
                *own += *change;
            }
        }
    }

    /// Takes from the working copy what the agent keeps.
    fn put_away(&mut self, fleet: &Fleet, owner: usize, local: &mut Local) {
        for slot in 0..local.len() {
            let (block, tasks) = local.block(slot);
            match fleet.keeping {
                Keeping::Nothing => {}
                Keeping::Everything => {
                    let (kept, count) = self.kept.entry(owner, block);
                    *count = count.saturating_add(tasks);
                    let (start, now, _) = local.parts(slot);
                    for ((kept, now), start) in kept.iter_mut().zip(now).zip(start) {
                        *kept += *now - start;
                    }
                }
                Keeping::Job(pull, _) => {
                    let (kept, count) = self.kept.entry(owner, block);
                    *count = count.saturating_add(tasks);
                    let (_, now, knowledge) = local.parts(slot);
                    if pull == Pull::Rebase {
                        for ((kept, now), k) in kept.iter_mut().zip(now).zip(knowledge) {
                            *kept = *now + *k;
                        }
                    } else {
                        kept.copy_from_slice(knowledge);
                    }
                }
                Keeping::Private { .. } => {
                    let (pending, count) = self.pending.entry(owner, block);
                    *count = tasks;
                    local.moved(slot, pending);
                }
            }
        }
    }
}

/// Algorithm R (Vitter 1985): a uniform sample of at most `most` of the tasks whose answer the
/// agent knows, in the order of its places.
fn reservoir(
    stream: &mut Stream,
    tasks: &Tasks<'_>,
    told: &[u32],
    most: usize,
    chosen: &mut Vec<u32>,
) {
    chosen.clear();
    let known = |task: &usize| told.get(*task).is_none_or(|t| *t != u32::MAX);
    for (seen, task) in (0..tasks.len()).filter(known).enumerate() {
        if chosen.len() < most {
            chosen.push(task as u32);
        } else {
            let place = stream.below(seen as u32 + 1) as usize;
            if place < most {
                chosen[place] = task as u32;
            }
        }
    }
}
