//! Fleets of numbers ([`population`](crate::population)): their course, and who does the work.
//!
//! `serial` visits agents one after the other, `pool` takes the population's own fast way on so many
//! threads, and `tasks` has a tokio task an agent:
//!
//! ```text
//!              watch: the newest snapshot
//!        ┌──────────────────────────────────────┐
//!        │                                      ▼
//!   collector's task ◄── bounded channel ── agent tasks, one each
//! ```

use super::course::Watch;
use super::digest::history;
use super::keeping::{Done, Resumed};
use super::tasks::{CHANNEL, runtime};
use super::{AgentStatus, Registry};
use crate::controls::Controls;
use crate::graph::EdgeListError;
use crate::halt::Halt;
use crate::ids::{AgentId, CoreVersion};
use crate::measure::{RoundRow, Trace, skills};
use crate::population::{Population, Practice, Rumour, Searchers};
use crate::scenario::{EngineKind, Learner, Scenario, Topology, World};
use crate::state::StateError;
use crate::threads;
use crossbeam::queue::SegQueue;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// What runs a fleet.
pub(super) struct Machine {
    pub kind: EngineKind,
    pub threads: usize,
    pub halt: Halt,
    pub controls: Arc<Controls>,
    pub registry: Arc<Registry>,
}

/// Why there is no course.
pub(super) enum CrowdError {
    /// The edges of its graph cannot be read.
    Edges(EdgeListError),
    /// Threads cannot be had.
    Threads(std::io::Error),
    /// It cannot go on from what was kept.
    State(StateError),
    /// The run was halted before there was a fleet.
    Halted,
}

impl From<StateError> for CrowdError {
    fn from(error: StateError) -> Self {
        CrowdError::State(error)
    }
}

/// The course of a scenario's fleet of numbers under a topology.
pub(super) fn run(
    scenario: &Scenario,
    topology: Topology,
    panel: Vec<AgentId>,
    machine: &Machine,
    watch: Watch<'_>,
    resumed: Option<Resumed<'_, '_>>,
) -> Result<Done, CrowdError> {
    match (&scenario.learner, &scenario.world) {
        (Learner::Practice(spec), World::MixedEffects(world)) => {
            let halt = machine.halt.clone();
            let fleet = Practice::new(scenario, (world, spec), topology, panel, halt);
            match Rumour::of(Box::new(fleet.map_err(CrowdError::Edges)?)) {
                Ok(rumour) => course(Arc::new(rumour), scenario, machine, watch, resumed),
                Err(fleet) => course(Arc::new(*fleet), scenario, machine, watch, resumed),
            }
        }
        (Learner::Search(spec), World::Nk(world)) => {
            let halt = machine.halt.clone();
            let fleet = Searchers::new(scenario, (world, spec), topology, panel, halt);
            let fleet = fleet.map_err(CrowdError::Edges)?;
            course(Arc::new(fleet), scenario, machine, watch, resumed)
        }
        _ => unreachable!("the scenario's checks let numbers be learned in their own world alone"),
    }
}

/// Runs a population to its last round, or until it is halted.
fn course<P: Population>(
    population: Arc<P>,
    scenario: &Scenario,
    machine: &Machine,
    Watch { stage, observer, keeper, .. }: Watch<'_>,
    resumed: Option<Resumed<'_, '_>>,
) -> Result<Done, CrowdError> {
    if machine.halt.is_set() {
        return Err(CrowdError::Halted);
    }
    let mut engine = Engine::new(population.clone(), machine).map_err(CrowdError::Threads)?;
    let (names, frequencies, parameters) = population.skills();
    let mut trace = Trace {
        skills: names,
        frequencies,
        panel: population.panel(),
        parameters,
        ..Trace::default()
    };
    let (rounds, every) = (scenario.rounds.0, scenario.measure.every);
    observer.begin(stage, rounds);
    let (now, mut row, first);
    match resumed {
        None => (now, row, first) = (population.first(), RoundRow::unmeasured(), 0),
        Some(mut resumed) => {
            let panel = trace.panel.len();
            (trace, row, first) = resumed.head.get()?;
            StateError::unless_same("agents of a panel:", trace.panel.len(), panel)?;
            now = population.take_up(&mut resumed.head)?;
            resumed.end()?;
            observer.resumed(stage, &trace);
        }
    }
    let mut now = Arc::new(now);
    for round in first..=rounds {
        keeper.keep(round, &|out| {
            out.put(&(&trace, &row, round));
            population.keep(&now, out);
        });
        if round.is_multiple_of(every) || round == rounds {
            let frame = population.measure(&now);
            let adopted = scenario.measure.adopted;
            let got = skills(&trace.panel, &frame.panel, &frame.core, &frame.practised, adopted);
            row.set_skills(&got);
            observer.frame(stage, &trace, &frame);
            trace.frames.push(frame);
        }
        observer.round(stage, &row);
        trace.rounds.push(row);
        if round == rounds {
            trace.complete = true;
            break;
        }
        machine.controls.wait(&machine.halt);
        observer.touring(stage, round);
        let next = engine.step(&now);
        if machine.halt.is_set() {
            // some agents were not visited: the snapshot stands as it is
            break;
        }
        row = population.work(&next);
        // a round takes everyone the same time
        row.time = row.round.into();
        engine.give_back(std::mem::replace(&mut now, next));
    }
    observer.end(stage);
    let mut digest = history(&trace);
    population.digest(&now, &mut |bytes| digest.feed(bytes));
    Ok((trace, digest.finish()))
}

/// Who does the work, and memory for the next snapshot.
struct Engine<P: Population> {
    population: Arc<P>,
    spare: Option<P::Snapshot>,
    halt: Halt,
    way: Way<P>,
}

enum Way<P: Population> {
    Serial(P::News),
    Pool(usize),
    Tasks(Tasks<P>),
}

impl<P: Population> Engine<P> {
    fn new(population: Arc<P>, machine: &Machine) -> std::io::Result<Self> {
        let way = match machine.kind {
            // each task needs the one before
            _ if population.is_one() => Way::Pool(1),
            EngineKind::Serial => Way::Serial(P::News::default()),
            EngineKind::Pool => {
                threads::try_out(machine.threads)?;
                Way::Pool(machine.threads)
            }
            // the scenario's checks let no numbers be learned on the other two
            EngineKind::Tasks | EngineKind::Auto | EngineKind::Live | EngineKind::Mpi => {
                Way::Tasks(Tasks::new(population.clone(), machine)?)
            }
        };
        Ok(Engine { population, spare: None, halt: machine.halt.clone(), way })
    }

    /// The snapshot after the next round.
    fn step(&mut self, now: &Arc<P::Snapshot>) -> Arc<P::Snapshot> {
        let population = &*self.population;
        let mut next = self.spare.take().unwrap_or_else(|| population.room());
        match &mut self.way {
            Way::Serial(news) => {
                population.begin(now, &mut next);
                for agent in (0..population.agents()).take_while(|_| !self.halt.is_set()) {
                    population.visit(now, agent, news);
                    population.take(now, &mut next, agent, news);
                }
                population.finish(now, &mut next);
            }
            Way::Pool(threads) => population.tour(now, &mut next, *threads),
            Way::Tasks(tasks) => tasks.step(population, now, &mut next),
        }
        Arc::new(next)
    }

    /// Takes a snapshot's memory back, unless an agent still holds it.
    fn give_back(&mut self, snapshot: Arc<P::Snapshot>) {
        self.spare = Arc::into_inner(snapshot);
    }
}

/// What an agent sends after a visit.
enum Message<N> {
    News(u32, Box<N>),
    /// Its visit panicked.
    Panicked(Box<dyn std::any::Any + Send>),
}

/// The engine of tokio tasks.
struct Tasks<P: Population> {
    publish: watch::Sender<Option<Arc<P::Snapshot>>>,
    receive: mpsc::Receiver<Message<P::News>>,
    /// News that were taken in.
    emptied: Arc<SegQueue<Box<P::News>>>,
    agents: Vec<JoinHandle<()>>,
    runtime: Runtime,
}

impl<P: Population> Tasks<P> {
    fn new(population: Arc<P>, machine: &Machine) -> std::io::Result<Self> {
        let runtime = runtime(machine.threads)?.build()?;
        let (publish, published) = watch::channel(None);
        let (send, receive) = mpsc::channel(CHANNEL);
        let emptied = Arc::new(SegQueue::new());
        let agents = (0..population.agents()).map(|agent| {
            let shared = (population.clone(), machine.registry.clone(), emptied.clone());
            runtime.spawn(live(shared, agent, published.clone(), send.clone()))
        });
        let agents = agents.collect();
        Ok(Tasks { publish, receive, emptied, agents, runtime })
    }

    fn step(&mut self, population: &P, now: &Arc<P::Snapshot>, next: &mut P::Snapshot) {
        let Tasks { publish, receive, emptied, runtime, .. } = self;
        population.begin(now, next);
        publish.send_replace(Some(now.clone()));
        runtime.block_on(async {
            for _ in 0..population.agents() {
                match receive.recv().await {
                    Some(Message::News(agent, news)) => {
                        population.take(now, next, agent, &news);
                        emptied.push(news);
                    }
                    Some(Message::Panicked(panic)) => std::panic::resume_unwind(panic),
                    None => unreachable!("agents live until there is no more to come"),
                }
            }
        });
        population.finish(now, next);
        // all have read it: who holds on to it keeps its memory from the round after the next
        publish.send_if_modified(|slot| {
            *slot = None;
            false
        });
    }
}

impl<P: Population> Drop for Tasks<P> {
    fn drop(&mut self) {
        // an agent that waits to send is told that nobody listens
        self.receive.close();
        self.publish.send_replace(None);
        for agent in self.agents.drain(..) {
            // what panicked has been told of
            let _ = self.runtime.block_on(agent);
        }
    }
}

/// Emptied news, to be filled again.
type Emptied<P> = Arc<SegQueue<Box<<P as Population>::News>>>;

/// An agent's life: read the snapshot, work and call, hand over, until there is no more to come.
async fn live<P: Population>(
    (population, registry, emptied): (Arc<P>, Arc<Registry>, Emptied<P>),
    agent: u32,
    mut published: watch::Receiver<Option<Arc<P::Snapshot>>>,
    send: mpsc::Sender<Message<P::News>>,
) {
    let mut rounds = 0;
    while published.changed().await.is_ok() {
        let Some(now) = published.borrow_and_update().clone() else { return };
        let mut news = emptied.pop().unwrap_or_default();
        let visit = std::panic::AssertUnwindSafe(|| population.visit(&now, agent, &mut news));
        let visited = std::panic::catch_unwind(visit);
        // its memory serves the round after the next
        drop(now);
        let message = match visited {
            Ok(()) => {
                rounds += 1;
                let tasks = u64::from(population.tasks()) * u64::from(rounds);
                let status = AgentStatus { version: CoreVersion(rounds - 1), tasks };
                registry.insert(AgentId(agent), status);
                Message::News(agent, news)
            }
            Err(panic) => Message::Panicked(panic),
        };
        if send.send(message).await.is_err() {
            return;
        }
    }
}
