//! A fleet of the learner `practice` apart from what an engine sees of it: what it is made of, and
//! what closes a round.

use super::law::Law;
use super::post::Outbox;
use super::rule::{Rule, with_rule};
use super::tour;
use crate::graph::{EdgeListError, Graph};
use crate::halt::Halt;
use crate::ids::{AgentId, Round};
use crate::params::kernels::run_around;
use crate::population::{Grid, Population};
use crate::scenario::{self, Exchange, MixedEffects, Scenario, Topology};
use crate::stream::{Purpose, Stream};
use crate::world::{Facts, Jobs, labour};
use std::sync::Mutex;

/// A fleet of the learner `practice`.
///
/// An agent and skill has 4 bytes, the effective practice as a single-precision number, or 12
/// where anything is forgotten: then also the round of the last practice, and the level that they
/// come to when the coming round ends, by which agents are compared. A memory is passed on as it
/// is: who has a skill by hearsay has the practice of whoever it came from, and its age.
///
/// Right answers at work are counted as their expectation, `chance + (1 − chance)·level` with
/// `chance` a blind guess among the world's answers, task by task as an agent gets better: no luck
/// is in them. They are held a number an agent and summed in the order of the agents.
pub struct Practice {
    pub(super) facts: Facts,
    pub(super) jobs: Jobs,
    pub(super) law: Law,
    /// What a task of each row's skill counts as practice of each; empty where it is of no other.
    pub(super) transfer: Vec<f64>,
    pub(super) topology: Topology,
    pub(super) exchange: Exchange,
    pub(super) gossip: scenario::Gossip,
    /// Under gossip: who can call whom.
    pub(super) graph: Option<Graph>,
    /// Agents that have somebody to call.
    pub(super) callers: u64,
    pub(super) teachers: u32,
    pub(super) tasks: u32,
    pub(super) seed: u64,
    pub(super) panel: Vec<AgentId>,
    pub(super) adopted: f64,
    /// The least practice at the adoption level.
    pub(super) practice_adopted: u32,
    pub(super) rounds: u32,
    pub(super) every: u32,
    pub(super) halt: Halt,
    /// Pushes on their way, kept for their memory.
    pub(super) outboxes: Mutex<Vec<Outbox>>,
}

/// What all agents know at the end of a round.
#[derive(Debug, Default)]
pub struct Snapshot {
    pub(super) round: u32,
    /// A row an agent; none where all know what the core does.
    pub(super) known: Grid,
    pub(super) core: Memory,
    /// Expected right answers in the round, and their value, an agent.
    pub(super) done: Vec<[f64; 2]>,
    /// Their sums.
    pub(super) work: [f64; 2],
    /// Tasks of each skill in the round: of all agents where there is a core.
    pub(super) counts: Vec<u64>,
    /// Tasks of the panel so far, `panel × skills`.
    pub(super) practised: Vec<u64>,
    /// Agents at the adoption level, skill by skill, where it was measured.
    pub(super) adopters: Vec<u64>,
}

/// What one mind knows of each skill.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// Tasks of effective practice.
    pub(super) practice: Vec<f64>,
    /// The round of the last.
    pub(super) since: Vec<u32>,
}

impl Practice {
    /// The fleet of a scenario under a topology, with the agents that are measured, rising.
    ///
    /// # Errors
    /// Where the edges of its graph cannot be read.
    pub(crate) fn new(
        scenario: &Scenario,
        (world, spec): (&MixedEffects, &scenario::Practice),
        topology: Topology,
        panel: Vec<AgentId>,
        halt: Halt,
    ) -> Result<Self, EdgeListError> {
        let (seed, agents) = (scenario.seed.0, scenario.fleet.agents);
        // where nobody works only those who are looked at need a job
        let wanted =
            |agent: AgentId| scenario.fleet.tasks > 0 || panel.binary_search(&agent).is_ok();
        let (facts, jobs) = labour(&halt, world, agents as usize, seed, &wanted);
        let gossip = scenario.distiller.gossip.clone();
        let graph = match topology {
            Topology::Gossip => Some(Graph::drawn(&gossip, agents, seed)?),
            _ => None,
        };
        let callers = graph.iter().flat_map(|g| (0..agents).filter(|i| g.degree(*i) > 0)).count();
        let law = Law::new(spec);
        Ok(Practice {
            transfer: transfer(spec, facts.skills.len()),
            law,
            topology,
            exchange: scenario.distiller.exchange,
            gossip,
            graph,
            callers: callers as u64,
            teachers: if topology == Topology::Gossip { spec.teachers } else { 0 },
            tasks: scenario.fleet.tasks,
            seed,
            panel,
            adopted: scenario.measure.adopted,
            practice_adopted: law.practice_for(scenario.measure.adopted),
            rounds: scenario.rounds.0,
            every: scenario.measure.every,
            halt,
            outboxes: Mutex::default(),
            facts,
            jobs,
        })
    }

    /// The agents that know everything at the start, rising.
    pub(super) fn teachers(&self) -> Vec<u32> {
        let mut stream = Stream::new(self.seed, Purpose::Teachers, 0, 0);
        stream.sample(self.facts.agents as u32, self.teachers)
    }

    /// Number of skills.
    pub(super) fn skills(&self) -> usize {
        self.facts.skills.len()
    }

    /// Whether all agents know what the core does, and nothing else.
    pub(super) fn has_core(&self) -> bool {
        matches!(self.topology, Topology::Star | Topology::Pooled)
    }

    /// Whether levels are measured after a round.
    pub(super) fn measures(&self, round: u32) -> bool {
        round.is_multiple_of(self.every) || round == self.rounds
    }

    /// How rows are laid out, compared and joined.
    pub(super) fn rule(&self) -> Rule {
        Rule::new(self.skills(), self.law.forgets())
    }

    /// Gives rows the levels that they come to at the end of the coming round, and counts who is at
    /// the adoption level now, where that is measured.
    pub(super) fn settle(&self, rows: &mut [u32], round: u32) -> Vec<u64> {
        let (law, rule) = (self.law, self.rule());
        let mut counts = vec![0; self.skills()];
        let measured = self.measures(round);
        if self.law.forgets() {
            let adopted = measured.then_some(self.adopted);
            run_around(tour::Age { law, rule, rows, round, adopted, counts: &mut counts });
        } else if measured {
            let least = self.practice_adopted;
            let counts = &mut counts[..];
            with_rule!(rule, |rule| run_around(tour::Count { rule, rows, least, counts }));
        }
        counts
    }

    /// The level that a row comes to in a round.
    pub(super) fn level_of(&self, row: &[u32], skill: usize, round: u32) -> f32 {
        let (n, since) = self.rule().memory(row, skill);
        self.law.level_f32(f32::from_bits(n), round - since)
    }

    /// A core's level.
    pub(super) fn core_level(&self, core: &Memory, skill: usize, round: u32) -> f32 {
        self.law.level_f32(core.practice[skill] as f32, round - core.since[skill])
    }

    /// Adds a round's practice to the core: the sum of it, or the mean over agents, weighted by
    /// their tasks, of which all do the same number.
    pub(super) fn distil(&self, now: &Snapshot, next: &mut Snapshot) {
        let Snapshot { core, counts, .. } = next;
        core.clone_from(&now.core);
        let agents = match self.exchange {
            Exchange::Experience => 1.0,
            Exchange::Weights | Exchange::Predictions => f64::from(self.agents()),
        };
        for (skill, tasks) in counts.iter().enumerate().filter(|(_, tasks)| **tasks > 0) {
            self.practise(core, skill, *tasks as f64 / agents, now.round + 1);
        }
    }
}

/// The rows of the transfer matrix, empty where it is the identity.
fn transfer(spec: &scenario::Practice, skills: usize) -> Vec<f64> {
    if !spec.transfer_rows.is_empty() {
        return spec.transfer_rows.concat();
    }
    if spec.transfer == 0.0 {
        return Vec::new();
    }
    let entry = |i: usize| if i.is_multiple_of(skills + 1) { 1.0 } else { spec.transfer };
    (0..skills * skills).map(entry).collect()
}

impl Practice {
    /// [`Practice::settle`] for all agents, or for all at once where they know what the core does.
    pub(super) fn settle_all(&self, at: &mut Snapshot) -> Vec<u64> {
        if !self.has_core() {
            let round = at.round;
            return self.settle(at.known.all_mut(), round);
        }
        let adopts = |skill| f64::from(self.core_level(&at.core, skill, at.round)) >= self.adopted;
        let all = |skill| if adopts(skill) { u64::from(self.agents()) } else { 0 };
        (0..self.skills()).filter(|_| self.measures(at.round)).map(all).collect()
    }

    /// What closes a round beside the rows of the agents: the core, sums in the order of the
    /// agents, and the panel's tasks.
    pub(super) fn close(&self, now: &Snapshot, next: &mut Snapshot) {
        if self.topology == Topology::Star {
            self.distil(now, next);
        }
        let add = |sum: [f64; 2], done: &[f64; 2]| [sum[0] + done[0], sum[1] + done[1]];
        next.work = next.done.iter().fold([0.0; 2], add);
        next.practised.clone_from(&now.practised);
        let skills = self.skills();
        for (agent, tasks) in self.panel.iter().zip(next.practised.chunks_exact_mut(skills)) {
            self.deal(*agent, Round(next.round), |skill| tasks[skill] += 1);
        }
    }

    /// The skills of an agent's tasks in a round.
    pub(super) fn deal(&self, agent: AgentId, round: Round, mut task: impl FnMut(usize)) {
        if self.tasks == 0 {
            return;
        }
        let mut which = Stream::new(self.seed, Purpose::TaskSkill, agent.0, round.0);
        for _ in 0..self.tasks {
            task(self.jobs.skill(agent, which.uniform_f32()) as usize);
        }
    }
}
