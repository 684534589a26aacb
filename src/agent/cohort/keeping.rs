//! What agents keep between rounds, and how a round begins with it and ends in it.

use super::Cohort;
use crate::agent::{Bench, Fleet, Keeping, Learning, Publication};
use crate::ids::AgentId;
use crate::params::Local;
use crate::scenario::Pull;

impl Cohort {
    /// Forgets all that an agent held: another takes its place.
    pub(super) fn begin_anew(&mut self, agent: AgentId, owner: usize) {
        for store in [&mut self.kept, &mut self.pending, &mut self.controls, &mut self.unsent] {
            if owner < store.owners() {
                store.empty(owner);
            }
        }
        self.minds[owner].baseline = 0.0;
        if let Ok(member) = self.practised.binary_search_by_key(&agent, |(a, _)| *a) {
            self.practised[member].1.fill(0);
        }
    }

    /// What becomes of what the agent keeps when a core arrives.
    pub(super) fn pull(
        &mut self,
        fleet: &Fleet,
        publication: &Publication,
        agent: AgentId,
        owner: usize,
    ) {
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
    pub(super) fn settle(
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
    pub(super) fn write_policy(
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

    /// Fills the touched blocks of the working copy: where the policy starts, and the job
    /// knowledge.
    pub(super) fn lay_out(
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
    pub(super) fn renew_controls(
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
    pub(super) fn put_away(&mut self, fleet: &Fleet, owner: usize, local: &mut Local) {
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
