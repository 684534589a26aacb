//! What an engine sees of a fleet of the learner `practice`: its rounds, one by one.

use super::fleet::{Memory, Practice, Snapshot};
use super::rule::Rows;
use super::visit::News;
use crate::ids::AgentId;
use crate::measure::{Frame, PanelMember, RoundRow};
use crate::population::{Grid, Population};
use crate::scenario::Topology;
use crate::state::{Reader, StateError, Writer};
use std::sync::PoisonError;

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

    fn keep(&self, now: &Snapshot, out: &mut Writer<'_>) {
        out.put(&(now.round, &now.core.practice, &now.core.since, &now.work));
        out.put(&(&now.done, &now.counts, &now.practised, &now.adopters));
        out.put_words(now.known.all());
    }

    fn take_up(&self, from: &mut Reader<'_>) -> Result<Snapshot, StateError> {
        let mut at = self.room();
        let sizes = |at: &Snapshot| {
            let Snapshot { core, done, counts, practised, .. } = at;
            let core = [core.practice.len(), core.since.len()];
            [core[0], core[1], done.len(), counts.len(), practised.len()]
        };
        let wanted = sizes(&at);
        (at.round, at.core.practice, at.core.since, at.work) = from.get()?;
        (at.done, at.counts, at.practised, at.adopters) = from.get()?;
        let all = sizes(&at).into_iter().zip(wanted);
        all.into_iter()
            .try_for_each(|(n, wanted)| StateError::unless_same("numbers:", n, wanted))?;
        let known = from.words()?;
        StateError::unless_same("words of agents:", known.len(), at.known.all().len())?;
        at.known.all_mut().copy_from_slice(&known);
        Ok(at)
    }

    fn digest(&self, now: &Snapshot, feed: &mut dyn FnMut(&[u8])) {
        feed(bytemuck::cast_slice(now.known.all()));
        if self.has_core() {
            feed(bytemuck::cast_slice(&now.core.practice));
            feed(bytemuck::cast_slice(&now.core.since));
        }
    }
}
