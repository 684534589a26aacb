//! An agent's round, one at a time: the reference, and what the engine of tasks has agents do.

use super::fleet::{Memory, Practice, Snapshot};
use super::rule::Rows;
use crate::ids::{AgentId, Round};
use crate::stream::{Key, Purpose};

/// What a visit brings; reused from visit to visit.
#[derive(Clone, Debug, Default)]
pub struct News {
    /// What the agent knows after its work and what it was told.
    pub(super) row: Vec<u32>,
    /// Whom it told what it knew before.
    pub(super) told: Vec<u32>,
    /// The skills of its tasks, where a distiller hears of them.
    pub(super) skills: Vec<u32>,
    /// Expected right answers, and their value.
    pub(super) done: [f64; 2],
    memory: Memory,
}

impl News {
    /// Room to work in.
    pub(super) fn memory_mut(&mut self) -> &mut Memory {
        &mut self.memory
    }
}

impl Practice {
    /// Counts `tasks` tasks of a skill as practice of it and of what it transfers to. Practice
    /// renews a skill; what transfer adds leaves its age as it was, unless there was nothing.
    pub(super) fn practise(&self, memory: &mut Memory, skill: usize, tasks: f64, round: u32) {
        memory.since[skill] = round;
        if self.transfer.is_empty() {
            memory.practice[skill] += tasks;
            return;
        }
        let skills = self.skills();
        let row = &self.transfer[skill * skills..(skill + 1) * skills];
        let all = memory.practice.iter_mut().zip(&mut memory.since).zip(row);
        for ((n, since), share) in all.filter(|(_, share)| **share > 0.0) {
            if *n == 0.0 {
                *since = round;
            }
            *n += share * tasks;
        }
    }

    /// An agent's work in a round: does its tasks in order, each on what the ones before taught.
    /// Calls `heard` with the skill of each; returns the expected right answers and their value.
    pub(super) fn work_on(
        &self,
        memory: &mut Memory,
        agent: u32,
        round: u32,
        mut heard: impl FnMut(usize),
    ) -> [f64; 2] {
        let chance = 1.0 / self.facts.answers as f64;
        let mut done = [0.0; 2];
        self.deal(AgentId(agent), Round(round), |skill| {
            let level = self.law.level(memory.practice[skill], round - memory.since[skill]);
            let right = chance + (1.0 - chance) * level;
            done[0] += right;
            done[1] += self.facts.values[skill] * right;
            self.practise(memory, skill, 1.0, round);
            heard(skill);
        });
        done
    }

    /// Fills `row` with what an agent knows after its own work of the round, as a row that is
    /// compared at the round's end.
    pub(super) fn work_alone(
        &self,
        now: &Snapshot,
        agent: u32,
        memory: &mut Memory,
        row: &mut [u32],
    ) -> [f64; 2] {
        let rule = self.rule();
        row.copy_from_slice(now.known.row(agent as usize));
        if self.tasks == 0 {
            return [0.0; 2];
        }
        memory.practice.clear();
        memory.since.clear();
        for skill in 0..self.skills() {
            let (n, since) = rule.memory(row, skill);
            memory.practice.push(f64::from(f32::from_bits(n)));
            memory.since.push(since);
        }
        let round = now.round + 1;
        let done = self.work_on(memory, agent, round, |_| {});
        for skill in 0..self.skills() {
            let (n, since) = (memory.practice[skill] as f32, memory.since[skill]);
            let level = if self.law.forgets() { self.law.level_f32(n, round - since) } else { 0.0 };
            rule.remember(row, skill, [level.to_bits(), n.to_bits(), since]);
        }
        done
    }

    /// A whole visit.
    pub(super) fn live(&self, now: &Snapshot, agent: u32, news: &mut News) {
        news.told.clear();
        news.skills.clear();
        news.row.clear();
        if self.has_core() {
            let News { memory, skills, done, .. } = news;
            memory.clone_from(&now.core);
            let heard = |skill| skills.push(skill as u32);
            *done = self.work_on(memory, agent, now.round + 1, heard);
            return;
        }
        news.row.resize(now.known.stride(), 0);
        if self.halt.is_set() {
            // the round is thrown away
            return;
        }
        let News { row, told, memory, done, .. } = news;
        *done = self.work_alone(now, agent, memory, row);
        let rule = self.rule();
        self.call(agent, now.round + 1, |callee, [pushes, pulls]| {
            if pulls {
                rule.take(row, now.known.row(callee as usize));
            }
            if pushes {
                told.push(callee);
            }
        });
    }

    /// Calls `talk` with each agent that `agent` calls in a round, and whether it is told and tells.
    pub(super) fn call(&self, agent: u32, round: u32, mut talk: impl FnMut(u32, [bool; 2])) {
        let Some(graph) = &self.graph else { return };
        let direction = self.gossip.direction;
        for contact in 0..self.gossip.contacts {
            let word = self.calls(contact, round).word(agent as usize);
            if let Some(callee) = graph.pick(agent, word) {
                talk(callee, [direction.pushes(), direction.pulls()]);
            }
        }
    }

    /// The words that pick whom agents call, a word an agent, for their calls of one number in a
    /// round.
    pub(super) fn calls(&self, contact: u32, round: u32) -> Key {
        Key::new(self.seed, Purpose::Contact, contact, round)
    }

    /// The round of a single learner that does all agents' tasks, one after another.
    pub(super) fn study(&self, now: &Snapshot, next: &mut Snapshot) {
        let Snapshot { core, done, round, .. } = next;
        core.clone_from(&now.core);
        for agent in (0..self.facts.agents as u32).take_while(|_| !self.halt.is_set()) {
            let all = self.work_on(core, agent, *round, |_| {});
            if let Some(done) = done.get_mut(agent as usize) {
                *done = all;
            }
        }
    }
}
