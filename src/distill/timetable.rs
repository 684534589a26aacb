//! Who begins when, and whose learnings make which core, where agents do not keep step.

use crate::agent::{Agenda, Pace};
use crate::fault::{Calendar, Fate, Fates, Turnover};
use crate::ids::{AgentId, Round};
use crate::state::{Reader, StateError, Writer};
use crate::stream::{Purpose, Stream};
use serde::{Deserialize, Serialize};
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

/// An agent's work of a round.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Whose.
    pub agent: AgentId,
    /// Which of the agent's it is, from 1.
    pub round: Round,
    /// The core that it begins with.
    pub version: u32,
    /// When its learning is there, in virtual time.
    pub end: f64,
    /// Whether its agent then leaves for good.
    pub leaves: bool,
}

/// A publication: when, and whose learnings it is made of, by agent and round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Merge {
    /// In virtual time.
    pub time: f64,
    /// The jobs whose learnings they are, and those whose learnings came to nothing meanwhile.
    pub jobs: Vec<Job>,
    /// Learnings sent since the publication before, what arrives twice counted twice.
    pub sent: u64,
    /// Learnings in flight, or waiting for others, when it is made.
    pub in_flight: u64,
}

/// The course of a fleet whose distiller publishes with every so many learnings (FedBuff, Nguyen et
/// al. 2022, "Federated learning with buffered asynchronous aggregation", AISTATS).
///
/// No time depends on what is learned, so the whole course is known in advance. Of what happens at
/// one instant, first all learnings come in, by agent; then cores are published; then as many agents
/// begin as were done, at the newest core: the same ones, or where some are at rest, ones drawn from
/// all who are.
///
/// Who cannot work does not begin: the place waits until somebody can, who is looked for whenever a
/// unit of time is over. A hive that all have left publishes what it still has, and from then on the
/// same core once a unit of time.
pub struct Timetable {
    pace: Pace,
    /// Learnings of a publication.
    learnings: usize,
    /// What is under way; the first to end on top.
    under_way: BinaryHeap<Reverse<Due>>,
    /// What happens to learnings on their way, in every fleet: bounds do the hive's work.
    agenda: Arc<Agenda>,
    seed: u64,
    /// Learnings that wait for others, and what was sent before them and comes to nothing.
    waiting: VecDeque<Job>,
    /// Those of them that come in whole.
    whole: usize,
    /// Learnings sent since the last publication.
    sent: u64,
    /// Learnings sent and in no publication.
    in_flight: u64,
    /// When agents can work; always where there is none.
    calendar: Option<Calendar>,
    turnover: Turnover,
    /// Agents at rest who can work.
    resting: Vec<AgentId>,
    /// Agents at rest who could not when they were last looked for.
    away: Vec<AgentId>,
    /// The unit of time in which that was, from 1.
    looked: Round,
    /// Agents that may begin, once there are any to do so.
    free: usize,
    now: f64,
    /// Rounds of work that each agent has begun.
    rounds: Vec<u32>,
    /// Publications so far.
    version: u32,
    /// Draws who begins.
    turns: Stream,
    merges: VecDeque<Merge>,
    begun: Vec<Job>,
}

/// What comes of a job, by when it does; at one instant by agent, and an agent's by round.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Due {
    time: f64,
    job: Job,
    /// Whether its agent is done with it; else what it learned arrives late.
    ends: bool,
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |due: &Due| (due.job.agent, due.job.round);
        self.time.total_cmp(&other.time).then(key(self).cmp(&key(other)))
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
    /// The course of so many agents of whom so many are at work at a time, with so many learnings a
    /// publication.
    ///
    /// # Panics
    /// Where any of these is 0.
    pub fn new(
        pace: Pace,
        agenda: Arc<Agenda>,
        (calendar, turnover): (Option<Calendar>, Turnover),
        seed: u64,
        (agents, working, learnings): (u32, u32, u32),
    ) -> Self {
        assert!(agents > 0 && working > 0 && learnings > 0, "somebody works, something is merged");
        let mut table = Timetable {
            pace,
            learnings: learnings as usize,
            under_way: BinaryHeap::new(),
            agenda,
            seed,
            waiting: VecDeque::new(),
            whole: 0,
            sent: 0,
            in_flight: 0,
            calendar,
            turnover,
            resting: Vec::new(),
            away: Vec::new(),
            looked: Round(0),
            free: working.min(agents) as usize,
            now: 0.0,
            rounds: vec![0; agents as usize],
            version: 0,
            turns: Stream::new(seed, Purpose::Turn, 0, 0),
            merges: VecDeque::new(),
            begun: Vec::new(),
        };
        let ever =
            |agent: &AgentId| table.calendar.as_ref().is_none_or(|c| c.is_ever_there(*agent));
        let all = (0..agents).map(AgentId).filter(ever).collect();
        table.settle(all);
        table.begin();
        table
    }

    /// Puts all that is known of the course into a checkpoint.
    pub fn keep(&self, out: &mut Writer<'_>) {
        let mut under_way: Vec<Due> = self.under_way.iter().map(|Reverse(due)| *due).collect();
        under_way.sort_unstable();
        out.put(&(under_way, &self.waiting, self.whole, self.sent, self.in_flight));
        out.put(&(&self.resting, &self.away, self.looked, self.free, self.now));
        out.put(&(&self.rounds, self.version, &self.merges, &self.begun));
        self.turns.keep(out);
        self.calendar.iter().for_each(|calendar| calendar.keep(out));
    }

    /// Takes up the course of the same fleet.
    ///
    /// # Errors
    /// Where it is of another.
    pub fn take_up(&mut self, from: &mut Reader<'_>) -> Result<(), StateError> {
        let agents = self.rounds.len();
        let under_way: Vec<Due>;
        (under_way, self.waiting, self.whole, self.sent, self.in_flight) = from.get()?;
        self.under_way = under_way.into_iter().map(Reverse).collect();
        (self.resting, self.away, self.looked, self.free, self.now) = from.get()?;
        (self.rounds, self.version, self.merges, self.begun) = from.get()?;
        StateError::unless_same("agents of a timetable:", self.rounds.len(), agents)?;
        self.turns.take_up(from)?;
        self.calendar.iter_mut().try_for_each(|calendar| calendar.take_up(from))
    }

    fn fate(&self, job: &Job) -> Fate {
        let fates = Fates::new(&self.agenda.to(job.version + 1).faults, self.seed);
        fates.map_or_else(Fate::default, |fates| fates.of(job.agent, job.round))
    }

    /// Takes other terms for the jobs that begin with the newest core that is known or a later one.
    pub fn follow(&mut self, agenda: Arc<Agenda>) {
        self.agenda = agenda;
    }

    /// Tells of those who have come to rest, and at the beginning of a unit of time of all who are
    /// at rest, who can work.
    fn settle(&mut self, mut come: Vec<AgentId>) {
        let Some(calendar) = &mut self.calendar else { return self.resting.append(&mut come) };
        // past the last round that has a number nobody is away
        let last = self.now >= f64::from(u32::MAX);
        let unit = Round((self.now as u32).saturating_add(1));
        if unit != self.looked || last {
            self.looked = unit;
            let mut all = std::mem::take(&mut self.resting);
            all.append(&mut self.away);
            all.append(&mut come);
            come = all;
        }
        let there = |agent: &AgentId| last || calendar.is_there(*agent, unit);
        let (there, away): (Vec<AgentId>, Vec<AgentId>) = come.into_iter().partition(there);
        self.resting.extend(there);
        self.away.extend(away);
    }

    /// Lets as many agents begin as may and can.
    fn begin(&mut self) {
        let agents = self.free.min(self.resting.len());
        self.free -= agents;
        let all = agents == self.resting.len();
        for _ in 0..agents {
            let last = self.resting.len() - 1;
            let at = if all { last } else { self.turns.below(last as u32 + 1) as usize };
            let agent = self.resting.swap_remove(at);
            let rounds = &mut self.rounds[agent.index()];
            *rounds += 1;
            let round = Round(*rounds);
            let end = self.now + self.pace.time(agent, round);
            let leaves = self.turnover.leaves(agent, Round(*rounds + 1));
            let job = Job { agent, round, version: self.version, end, leaves };
            self.under_way.push(Reverse(Due { time: end, job, ends: true }));
            self.begun.push(job);
        }
    }

    /// Goes to the next instant at which something comes of a job, or somebody may come back.
    fn step(&mut self) {
        let due = self.under_way.peek().map(|Reverse(due)| due.time);
        let waits = self.free > 0 && !self.away.is_empty();
        let back = waits.then(|| self.now.floor() + 1.0);
        let next = due.into_iter().chain(back).reduce(f64::min);
        let now = next.unwrap_or(self.now + 1.0);
        self.now = now;
        if next.is_none() {
            // all have left
            return self.publish(now);
        }
        let mut done = Vec::new();
        while let Some(&Reverse(Due { time, job, ends })) = self.under_way.peek()
            && time == now
        {
            self.under_way.pop();
            let fate = self.fate(&job);
            if ends {
                let copies = copies(fate);
                self.sent += copies;
                self.in_flight += copies;
                self.free += 1;
                if !job.leaves || self.turnover.replaces() {
                    done.push(job.agent);
                }
            }
            if ends && fate.late > 0 {
                let time = now + f64::from(fate.late);
                self.under_way.push(Reverse(Due { time, job, ends: false }));
                continue;
            }
            self.waiting.push_back(job);
            self.whole += usize::from(fate.arrives());
        }
        while self.whole >= self.learnings {
            self.publish(now);
        }
        self.settle(done);
        self.begin();
    }

    /// Makes a core of the learnings that have waited longest, where there are as many as that
    /// takes.
    fn publish(&mut self, time: f64) {
        let (mut jobs, mut whole) = (Vec::new(), 0);
        while whole < self.learnings
            && let Some(job) = self.waiting.pop_front()
        {
            let fate = self.fate(&job);
            whole += usize::from(fate.arrives());
            self.in_flight -= copies(fate);
            jobs.push(job);
        }
        self.whole -= whole;
        jobs.sort_by_key(|job| (job.agent, job.round));
        let sent = std::mem::take(&mut self.sent);
        self.merges.push_back(Merge { time, jobs, sent, in_flight: self.in_flight });
        self.version += 1;
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

/// How often a learning is sent.
fn copies(fate: Fate) -> u64 {
    1 + u64::from(fate.doubled)
}
