//! Fleets that search a rugged landscape: an agent has a bit string of the world `nk`.

use super::Population;
use crate::graph::{EdgeListError, Graph};
use crate::halt::Halt;
use crate::ids::{AgentId, CompanyId};
use crate::learner::search::{Crowd, Deed, Scratch, Sight};
use crate::measure::{Frame, PanelMember, RoundRow};
use crate::scenario::{self, Nk, Scenario, Topology};
use crate::state::{Reader, StateError, Writer};
use crate::threads::parallel_chunks_with;
use crate::world::nk::{Fitness, Landscape, Solution};
use serde::{Deserialize, Serialize};

/// Agents that a thread takes at a time.
const SHARE: usize = 1024;

/// A fleet of the learner `search`: 16 bytes an agent before and after a round, and the landscape.
///
/// A round is a task: an agent copies what is better, or tries a change. There is one skill, the
/// landscape, and an agent's level is that of its solution. A round's value is the sum of the
/// levels at its end: what the fleet would make if each agent worked as well as its solution is.
pub struct Searchers {
    landscape: Landscape,
    search: scenario::Search,
    topology: Topology,
    /// Under gossip: who sees whom.
    graph: Option<Graph>,
    /// Solutions that all agents together see when they look.
    sights: u64,
    agents: u32,
    seed: u64,
    panel: Vec<AgentId>,
    adopted: f64,
    halt: Halt,
}

/// What all agents have at the end of a round, and what was made of it.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    round: u32,
    solutions: Vec<Solution>,
    /// In a star: the core that was published last.
    core: Option<Solution>,
    /// In a complete graph: a summary for the round to come.
    crowd: Option<Crowd>,
    did: Deeds,
    /// Sum of the levels, in the order of the agents.
    value: f64,
    /// Agents at the adoption level.
    adopters: u64,
}

/// What agents did in a round.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Deeds {
    tries: u64,
    improvements: u64,
    copies: u64,
}

impl Deeds {
    fn count(&mut self, deed: Deed) {
        match deed {
            Deed::Tried => self.tries += 1,
            Deed::Improved => {
                self.tries += 1;
                self.improvements += 1;
            }
            Deed::Copied => self.copies += 1,
        }
    }

    fn add(&mut self, other: Deeds) {
        self.tries += other.tries;
        self.improvements += other.improvements;
        self.copies += other.copies;
    }
}

/// What an agent has after a round.
#[derive(Clone, Debug, Default)]
pub struct News {
    solution: Solution,
    deed: Deed,
    scratch: Scratch,
}

impl Searchers {
    /// The fleet of a scenario under a topology, with the agents that are measured.
    ///
    /// # Errors
    /// Where the edges of its graph cannot be read.
    pub(crate) fn new(
        scenario: &Scenario,
        (world, search): (&Nk, &scenario::Search),
        topology: Topology,
        panel: Vec<AgentId>,
        halt: Halt,
    ) -> Result<Self, EdgeListError> {
        let (seed, agents) = (scenario.seed.0, scenario.fleet.agents);
        let graph = match topology {
            Topology::Gossip => Some(Graph::drawn(&scenario.distiller.gossip, agents, seed)?),
            Topology::Star | Topology::Hierarchical | Topology::Isolated | Topology::Pooled => None,
        };
        let seen = |degree: u32| if search.picks(degree) { search.looks } else { degree };
        let sights = |graph: &Graph| (0..agents).map(|i| u64::from(seen(graph.degree(i)))).sum();
        Ok(Searchers {
            landscape: Landscape::until(&halt, world, seed),
            search: search.clone(),
            topology,
            sights: graph.as_ref().map_or(0, sights),
            graph,
            agents,
            seed,
            panel,
            adopted: scenario.measure.adopted,
            halt,
        })
    }

    /// Whether everyone has everyone in sight.
    fn sees_all(&self) -> bool {
        self.graph.as_ref().is_some_and(|graph| graph.neighbours(0).is_none())
    }

    fn level(&self, solution: &Solution) -> f64 {
        self.landscape.level(solution.fitness)
    }

    /// Whom an agent sees in the round after a snapshot.
    fn sight<'a>(&'a self, now: &'a Snapshot, agent: u32) -> Sight<'a> {
        if !self.search.looks_in(now.round + 1) {
            return Sight::Nobody;
        }
        let others = self.graph.as_ref().and_then(|graph| graph.neighbours(agent));
        match (now.core, others, &now.crowd) {
            (Some(core), ..) => Sight::Core(core),
            (_, Some(peers), _) => Sight::Peers(peers),
            (.., Some(crowd)) => Sight::Everyone(crowd),
            _ => Sight::Nobody,
        }
    }

    fn step(&self, now: &Snapshot, agent: u32, scratch: &mut Scratch) -> (Solution, Deed) {
        let (name, sight) = ((self.seed, agent, now.round + 1), self.sight(now, agent));
        self.search.step(&self.landscape, &now.solutions, sight, name, scratch)
    }

    /// What is made of all solutions at the end of a round: what agents look at in the next, and
    /// what is measured.
    fn close(&self, at: &mut Snapshot) {
        if self.search.looks_in(at.round + 1) {
            match self.topology {
                Topology::Star => at.core = self.search.publish(&self.landscape, &at.solutions),
                Topology::Gossip if self.sees_all() => {
                    at.crowd = Crowd::of(&self.search, &at.solutions);
                }
                // the scenario's checks know of no levels here
                Topology::Gossip
                | Topology::Hierarchical
                | Topology::Isolated
                | Topology::Pooled => {}
            }
        }
        (at.value, at.adopters) = (0.0, 0);
        // agents next to each other in a graph often have the same
        let mut last = (Fitness::default(), self.landscape.level(Fitness::default()));
        for solution in &at.solutions {
            if solution.fitness != last.0 {
                last = (solution.fitness, self.level(solution));
            }
            at.value += last.1;
            at.adopters += u64::from(last.1 >= self.adopted);
        }
    }
}

impl Population for Searchers {
    type Snapshot = Snapshot;
    type News = News;

    fn agents(&self) -> u32 {
        self.agents
    }

    fn tasks(&self) -> u32 {
        1
    }

    fn skills(&self) -> (Vec<String>, Vec<f64>, usize) {
        (vec!["landscape".into()], vec![1.0], self.landscape.bits() as usize)
    }

    fn panel(&self) -> Vec<PanelMember> {
        let member = |agent: &AgentId| PanelMember {
            agent: *agent,
            name: String::new(),
            company: CompanyId(0),
            joins: 1,
            job: vec![1.0],
        };
        self.panel.iter().map(member).collect()
    }

    fn is_one(&self) -> bool {
        false
    }

    fn first(&self) -> Snapshot {
        let mut first = self.room();
        first.solutions = (0..self.agents).map(|agent| self.landscape.first(agent)).collect();
        self.close(&mut first);
        first
    }

    fn room(&self) -> Snapshot {
        let solutions = vec![Solution::default(); self.agents as usize];
        Snapshot { solutions, ..Snapshot::default() }
    }

    fn begin(&self, now: &Snapshot, next: &mut Snapshot) {
        next.round = now.round + 1;
        next.core = now.core;
        next.crowd = None;
        next.did = Deeds::default();
    }

    fn visit(&self, now: &Snapshot, agent: u32, news: &mut News) {
        (news.solution, news.deed) = self.step(now, agent, &mut news.scratch);
    }

    fn take(&self, _now: &Snapshot, next: &mut Snapshot, agent: u32, news: &News) {
        next.solutions[agent as usize] = news.solution;
        next.did.count(news.deed);
    }

    fn finish(&self, _now: &Snapshot, next: &mut Snapshot) {
        self.close(next);
    }

    fn tour(&self, now: &Snapshot, next: &mut Snapshot, threads: usize) {
        self.begin(now, next);
        let shares: Vec<_> = next.solutions.chunks_mut(SHARE).enumerate().collect();
        let all = parallel_chunks_with(threads, shares, |(share, solutions), scratch| {
            let mut did = Deeds::default();
            if self.halt.is_set() {
                return did;
            }
            for (agent, solution) in (share * SHARE..).zip(solutions) {
                let (new, deed) = self.step(now, agent as u32, scratch);
                *solution = new;
                did.count(deed);
            }
            did
        });
        all.into_iter().for_each(|did| next.did.add(did));
        self.finish(now, next);
    }

    fn work(&self, now: &Snapshot) -> RoundRow {
        let Deeds { tries, improvements, copies } = now.did;
        let looked = self.search.looks_in(now.round);
        let bytes = u64::from(self.landscape.bits().div_ceil(8));
        let fleet = bytes * u64::from(self.agents);
        let (bytes_up, bytes_down) = match self.topology {
            Topology::Star if looked => (fleet, fleet),
            Topology::Gossip if looked => (0, bytes * self.sights),
            _ => (0, 0),
        };
        RoundRow {
            round: now.round,
            tasks: tries,
            work_accuracy: improvements as f64 / tries as f64,
            value: now.value,
            learnings: copies,
            bytes_up,
            bytes_down,
            ..RoundRow::unmeasured()
        }
    }

    fn measure(&self, now: &Snapshot) -> Frame {
        let core = now.core.map_or(f64::NAN, |core| self.level(&core)) as f32;
        let of = |agent: &AgentId| self.level(&now.solutions[agent.index()]) as f32;
        Frame {
            round: now.round,
            panel: self.panel.iter().map(of).collect(),
            core: vec![core; self.panel.len()],
            practised: vec![now.round.into(); self.panel.len()],
            adopters: vec![now.adopters],
        }
    }

    fn keep(&self, now: &Snapshot, out: &mut Writer<'_>) {
        out.put(&(now.round, now.did, &now.core, &now.solutions));
    }

    fn take_up(&self, from: &mut Reader<'_>) -> Result<Snapshot, StateError> {
        let (round, did, core, solutions) = from.get()?;
        let mut at = Snapshot { round, did, core, solutions, ..Snapshot::default() };
        StateError::unless_same("agents:", at.solutions.len(), self.agents as usize)?;
        self.close(&mut at);
        Ok(at)
    }

    fn digest(&self, now: &Snapshot, feed: &mut dyn FnMut(&[u8])) {
        for Solution { bits, fitness } in &now.solutions {
            feed(&bits.to_le_bytes());
            feed(&fitness.0.to_le_bytes());
        }
    }
}
