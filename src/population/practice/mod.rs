//! The learner `practice`: proficiencies that grow by a power law, fade by another, and pass from
//! agent to agent.
//! Lives here: what an agent of it knows, does and says in a round. May not: know an engine.

mod law;
mod post;
mod rule;
mod rumour;
mod tour;
mod visit;

pub use law::Law;
pub use rumour::Rumour;
pub use visit::News;

use super::{Grid, Population};
use crate::graph::{EdgeListError, Graph};
use crate::halt::Halt;
use crate::ids::{AgentId, Round};
use crate::measure::{Frame, PanelMember, RoundRow};
use crate::params::kernels::run_around;
use crate::scenario::{self, Exchange, MixedEffects, Scenario, Topology};
use crate::stream::{Purpose, Stream};
use crate::world::{Facts, Jobs, labour};
use post::Outbox;
use rule::{Rows, Rule, with_rule};
use std::sync::{Mutex, PoisonError};

/// A fleet of the learner `practice`.
///
/// An agent and skill has 4 bytes, the effective practice as a single-precision number, or 12
/// where anything is forgotten: then also the round of the last practice, and the level that they
/// come to when the coming round ends, by which agents are compared. A memory is passed on as it is: who has a
/// skill by hearsay has the practice of whoever it came from, and its age.
///
/// Right answers at work are counted as their expectation, `chance + (1 − chance)·level` with
/// `chance` a blind guess among the world's answers, task by task as an agent gets better: no luck
/// is in them. They are held a number an agent and summed in the order of the agents.
pub struct Practice {
    facts: Facts,
    jobs: Jobs,
    law: Law,
    /// What a task of each row's skill counts as practice of each; empty where it is of no other.
    transfer: Vec<f64>,
    topology: Topology,
    exchange: Exchange,
    gossip: scenario::Gossip,
    /// Under gossip: who can call whom.
    graph: Option<Graph>,
    /// Agents that have somebody to call.
    callers: u64,
    teachers: u32,
    tasks: u32,
    seed: u64,
    panel: Vec<AgentId>,
    adopted: f64,
    /// The least practice at the adoption level.
    practice_adopted: u32,
    rounds: u32,
    every: u32,
    halt: Halt,
    /// Pushes on their way, kept for their memory.
    outboxes: Mutex<Vec<Outbox>>,
}

/// What all agents know at the end of a round.
#[derive(Debug, Default)]
pub struct Snapshot {
    round: u32,
    /// A row an agent; none where all know what the core does.
    known: Grid,
    core: Memory,
    /// Expected right answers in the round, and their value, an agent.
    done: Vec<[f64; 2]>,
    /// Their sums.
    work: [f64; 2],
    /// Tasks of each skill in the round: of all agents where there is a core.
    counts: Vec<u64>,
    /// Tasks of the panel so far, `panel × skills`.
    practised: Vec<u64>,
    /// Agents at the adoption level, skill by skill, where it was measured.
    adopters: Vec<u64>,
}

/// What one mind knows of each skill.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// Tasks of effective practice.
    practice: Vec<f64>,
    /// The round of the last.
    since: Vec<u32>,
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

    /// Number of skills.
    fn skills(&self) -> usize {
        self.facts.skills.len()
    }

    /// Whether all agents know what the core does, and nothing else.
    fn has_core(&self) -> bool {
        matches!(self.topology, Topology::Star | Topology::Pooled)
    }

    /// Whether levels are measured after a round.
    fn measures(&self, round: u32) -> bool {
        round.is_multiple_of(self.every) || round == self.rounds
    }

    /// How rows are laid out, compared and joined.
    fn rule(&self) -> Rule {
        Rule::new(self.skills(), self.law.forgets())
    }

    /// Gives rows the levels that they come to at the end of the coming round, and counts who is at
    /// the adoption level now, where that is measured.
    fn settle(&self, rows: &mut [u32], round: u32) -> Vec<u64> {
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
    fn level_of(&self, row: &[u32], skill: usize, round: u32) -> f32 {
        let (n, since) = self.rule().memory(row, skill);
        self.law.level_f32(f32::from_bits(n), round - since)
    }

    /// A core's level.
    fn core_level(&self, core: &Memory, skill: usize, round: u32) -> f32 {
        self.law.level_f32(core.practice[skill] as f32, round - core.since[skill])
    }

    /// Adds a round's practice to the core: the sum of it, or the mean over agents, weighted by
    /// their tasks, of which all do the same number.
    fn distil(&self, now: &Snapshot, next: &mut Snapshot) {
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

impl Population for Practice {
    type Snapshot = Snapshot;
    type News = News;

    fn agents(&self) -> u32 {
        self.facts.agents as u32
    }

    fn tasks(&self) -> u32 {
        self.tasks
    }

    fn skills(&self) -> (Vec<String>, Vec<f64>, usize) {
        (self.facts.skills.clone(), self.facts.frequencies.clone(), self.facts.skills.len())
    }

    fn panel(&self) -> Vec<PanelMember> {
        let member = |agent: &AgentId| PanelMember {
            agent: *agent,
            name: String::new(),
            company: self.jobs.company(*agent),
            joins: 1,
            job: self.jobs.shares(*agent, self.facts.skills.len()),
        };
        self.panel.iter().map(member).collect()
    }

    fn is_one(&self) -> bool {
        self.topology == Topology::Pooled
    }

    fn first(&self) -> Snapshot {
        let mut first = self.room();
        let rule = self.rule();
        for teacher in self.teachers() {
            let row = first.known.row_mut(teacher as usize);
            rule.practices(row).fill(f32::INFINITY.to_bits());
        }
        first.adopters = self.settle_all(&mut first);
        first
    }

    fn room(&self) -> Snapshot {
        let (agents, skills) = (self.facts.agents, self.facts.skills.len());
        let rows = if self.has_core() { 0 } else { agents };
        Snapshot {
            round: 0,
            known: Grid::new(rows, self.rule().width()),
            core: Memory { practice: vec![0.0; skills], since: vec![0; skills] },
            done: if self.tasks > 0 { vec![[0.0; 2]; agents] } else { Vec::new() },
            work: [0.0; 2],
            counts: vec![0; skills],
            practised: vec![0; self.panel.len() * skills],
            adopters: Vec::new(),
        }
    }

    fn begin(&self, now: &Snapshot, next: &mut Snapshot) {
        next.round = now.round + 1;
        next.known.all_mut().fill(0);
        next.counts.fill(0);
    }

    fn visit(&self, now: &Snapshot, agent: u32, news: &mut News) {
        self.live(now, agent, news);
    }

    fn take(&self, now: &Snapshot, next: &mut Snapshot, agent: u32, news: &News) {
        if let Some(done) = next.done.get_mut(agent as usize) {
            *done = news.done;
        }
        if self.has_core() {
            news.skills.iter().for_each(|skill| next.counts[*skill as usize] += 1);
            return;
        }
        let rule = self.rule();
        rule.take(next.known.row_mut(agent as usize), &news.row);
        for callee in &news.told {
            rule.take(next.known.row_mut(*callee as usize), now.known.row(agent as usize));
        }
    }

    fn finish(&self, now: &Snapshot, next: &mut Snapshot) {
        self.close(now, next);
        next.adopters = self.settle_all(next);
    }

    fn tour(&self, now: &Snapshot, next: &mut Snapshot, threads: usize) {
        next.round = now.round + 1;
        let mut outboxes = self.outboxes.lock().unwrap_or_else(PoisonError::into_inner);
        match self.topology {
            Topology::Pooled => self.study(now, next),
            // the scenario's checks know of no levels here
            Topology::Star | Topology::Hierarchical => self.tour_core(now, next, threads),
            Topology::Isolated | Topology::Gossip => {
                next.adopters = self.tour_agents(now, next, threads, &mut outboxes);
                return self.close(now, next);
            }
        }
        self.finish(now, next);
    }

    fn work(&self, now: &Snapshot) -> RoundRow {
        let agents = u64::from(self.agents());
        let tasks = agents * u64::from(self.tasks);
        // practice, and its age where that counts
        let words = self.skills() as u64 * if self.law.forgets() { 2 } else { 1 };
        let calls = self.callers * u64::from(self.gossip.contacts);
        let told = |tells: bool| if tells { 4 * words * calls } else { 0 };
        let direction = self.gossip.direction;
        let (learnings, bytes_up, bytes_down) = match self.topology {
            Topology::Star | Topology::Hierarchical => {
                (agents, 4 * words * agents, 4 * words * agents)
            }
            Topology::Gossip => (calls, told(direction.pushes()), told(direction.pulls())),
            Topology::Isolated | Topology::Pooled => (0, 0, 0),
        };
        RoundRow {
            round: now.round,
            tasks,
            work_accuracy: now.work[0] / tasks as f64,
            value: now.work[1],
            learnings,
            bytes_up,
            bytes_down,
            staleness: if self.topology == Topology::Star { 0.0 } else { f64::NAN },
            ..RoundRow::unmeasured()
        }
    }

    fn measure(&self, now: &Snapshot) -> Frame {
        let skills = 0..self.skills();
        let core = |skill: usize| match self.has_core() {
            true => self.core_level(&now.core, skill, now.round),
            false => f32::NAN,
        };
        let of = |agent: &AgentId, skill: usize| match self.has_core() {
            true => core(skill),
            false => self.level_of(now.known.row(agent.index()), skill, now.round),
        };
        Frame {
            round: now.round,
            panel: self.panel.iter().flat_map(|a| skills.clone().map(move |s| of(a, s))).collect(),
            core: self.panel.iter().flat_map(|_| skills.clone().map(core)).collect(),
            practised: now.practised.clone(),
            adopters: now.adopters.clone(),
        }
    }

    fn digest(&self, now: &Snapshot, feed: &mut dyn FnMut(&[u8])) {
        feed(bytemuck::cast_slice(now.known.all()));
        if self.has_core() {
            feed(bytemuck::cast_slice(&now.core.practice));
            feed(bytemuck::cast_slice(&now.core.since));
        }
    }
}

impl Practice {
    /// [`Practice::settle`] for all agents, or for all at once where they know what the core does.
    fn settle_all(&self, at: &mut Snapshot) -> Vec<u64> {
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
    fn close(&self, now: &Snapshot, next: &mut Snapshot) {
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
    fn deal(&self, agent: AgentId, round: Round, mut task: impl FnMut(usize)) {
        if self.tasks == 0 {
            return;
        }
        let mut which = Stream::new(self.seed, Purpose::TaskSkill, agent.0, round.0);
        for _ in 0..self.tasks {
            task(self.jobs.skill(agent, which.uniform_f32()) as usize);
        }
    }
}
