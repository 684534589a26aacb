//! Who begins when, and whose learnings make which core, where agents do not keep step.

use crate::agent::Pace;
use crate::ids::{AgentId, Round};
use crate::stream::{Purpose, Stream};
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

/// An agent's work of a round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Job {
    /// Whose.
    pub agent: AgentId,
    /// Which of the agent's it is, from 1.
    pub round: Round,
    /// The core that it begins with.
    pub version: u32,
    /// When its learning is there, in virtual time.
    pub end: f64,
}

/// A publication: when, and whose learnings it is made of, by agent and round.
#[derive(Clone, Debug, PartialEq)]
pub struct Merge {
    /// In virtual time.
    pub time: f64,
    /// The jobs whose learnings they are.
    pub jobs: Vec<Job>,
}

/// The course of a fleet whose distiller publishes with every so many learnings (FedBuff, Nguyen et
/// al. 2022, "Federated learning with buffered asynchronous aggregation", AISTATS).
///
/// No time depends on what is learned, so the whole course is known in advance. Of what happens at
/// one instant, first all learnings come in, by agent; then cores are published; then as many agents
/// begin as were done, at the newest core: the same ones, or where some are at rest, ones drawn from
/// all who are.
pub struct Timetable {
    pace: Pace,
    /// Learnings of a publication.
    learnings: usize,
    /// What is under way; the first to end on top.
    under_way: BinaryHeap<Reverse<Due>>,
    /// Learnings that wait for others.
    waiting: VecDeque<Job>,
    /// Agents at rest.
    resting: Vec<AgentId>,
    /// Rounds of work that each agent has begun.
    rounds: Vec<u32>,
    /// Publications so far.
    version: u32,
    /// Draws who begins.
    turns: Stream,
    merges: VecDeque<Merge>,
    begun: Vec<Job>,
}

/// A job by its end; at one instant by agent.
#[derive(Clone, Copy, Debug)]
struct Due(Job);

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        let (Due(a), Due(b)) = (self, other);
        a.end.total_cmp(&b.end).then(a.agent.cmp(&b.agent))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}

impl Timetable {
    /// The course of `agents` agents of whom `working` are at work at a time, with so many learnings
    /// a publication.
    ///
    /// # Panics
    /// Where any of these is 0.
    pub fn new(pace: Pace, seed: u64, agents: u32, working: u32, learnings: u32) -> Self {
        assert!(agents > 0 && working > 0 && learnings > 0, "somebody works, something is merged");
        let mut table = Timetable {
            pace,
            learnings: learnings as usize,
            under_way: BinaryHeap::new(),
            waiting: VecDeque::new(),
            resting: (0..agents).map(AgentId).collect(),
            rounds: vec![0; agents as usize],
            version: 0,
            turns: Stream::new(seed, Purpose::Turn, 0, 0),
            merges: VecDeque::new(),
            begun: Vec::new(),
        };
        table.begin(working.min(agents) as usize, 0.0);
        table
    }

    /// Lets so many agents begin at an instant.
    fn begin(&mut self, agents: usize, now: f64) {
        let all = agents == self.resting.len();
        for _ in 0..agents {
            let last = self.resting.len() - 1;
            let at = if all { last } else { self.turns.below(last as u32 + 1) as usize };
            let agent = self.resting.swap_remove(at);
            let rounds = &mut self.rounds[agent.index()];
            *rounds += 1;
            let round = Round(*rounds);
            let end = now + self.pace.time(agent, round);
            let job = Job { agent, round, version: self.version, end };
            self.under_way.push(Reverse(Due(job)));
            self.begun.push(job);
        }
    }

    /// Goes to the next instant at which a learning comes in.
    fn step(&mut self) {
        let Some(Reverse(Due(first))) = self.under_way.peek() else { return };
        let now = first.end;
        let mut done = 0;
        while let Some(&Reverse(Due(job))) = self.under_way.peek()
            && job.end == now
        {
            self.under_way.pop();
            self.resting.push(job.agent);
            self.waiting.push_back(job);
            done += 1;
        }
        while self.waiting.len() >= self.learnings {
            let mut jobs: Vec<Job> = self.waiting.drain(..self.learnings).collect();
            jobs.sort_by_key(|job| (job.agent, job.round));
            self.merges.push_back(Merge { time: now, jobs });
            self.version += 1;
        }
        self.begin(done, now);
    }

    /// Goes on until publication `version` is known.
    pub fn look_ahead(&mut self, version: u32) {
        while self.version < version {
            self.step();
        }
    }

    /// Takes the next publication, of those that are known.
    pub fn take(&mut self) -> Option<Merge> {
        self.merges.pop_front()
    }

    /// When the last publication is that is known and not yet taken.
    pub fn horizon(&self) -> Option<f64> {
        self.merges.back().map(|merge| merge.time)
    }

    /// The jobs that were begun since this was last asked, in the order in which they were.
    pub fn begun(&mut self) -> Vec<Job> {
        std::mem::take(&mut self.begun)
    }
}
