//! Every agent a tokio task of its own: the shape that the simulator is about.
//!
//! ```text
//!        watch, one a leaf: the newest publication
//!        ┌───────────────────────────────────────┐
//!        │                                       ▼
//!   distiller task ◄── bounded channel ── agent tasks, one each
//! ```

use super::Tour;
use super::digest::leaf_hash;
use crate::agent::{Bench, Cohort, Fleet, Parcel, Publication};
use crate::distill::{Harvest, Harvester};
use crate::ids::{AgentId, CoreVersion};
use crate::threads::{self, lock};
use dashmap::DashMap;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, mpsc as std_mpsc};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};

/// Messages that may be on their way at once; an agent that finds the channel full waits.
pub(super) const CHANNEL: usize = 1024;

/// What a runtime of `threads` worker threads is built with.
///
/// # Errors
/// Where they cannot be started.
pub(super) fn runtime(threads: usize) -> std::io::Result<Builder> {
    // tokio panics, or waits for ever, where a worker does not start
    threads::try_out(threads)?;
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(threads);
    Ok(builder)
}

/// What is known of a live agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentStatus {
    /// The core that it pulled last.
    pub version: CoreVersion,
    /// Tasks that it has done.
    pub tasks: u64,
}

/// The live agents and their state, for those who watch; no result depends on it.
pub type Registry = DashMap<AgentId, AgentStatus>;

thread_local! {
    /// The buffers of a worker thread, which stay in its core's caches. Every engine has
    /// threads of its own, so they fit its fleet.
    static BENCH: RefCell<Option<Bench>> = const { RefCell::new(None) };
}

/// Lets a visit, which never waits, work at the buffers of its thread.
pub(super) fn at_bench<T>(fleet: &Fleet, visit: impl FnOnce(&mut Bench) -> T) -> T {
    BENCH.with_borrow_mut(|bench| visit(bench.get_or_insert_with(|| fleet.bench())))
}

/// Emptied parcels: the last one first, which is still in a cache.
#[derive(Default)]
#[expect(clippy::vec_box, reason = "they travel in messages, which would grow by them")]
pub(super) struct Parcels(Mutex<Vec<Box<Parcel>>>);

impl Parcels {
    /// One to be filled.
    pub fn empty(&self) -> Box<Parcel> {
        lock(&self.0).pop().unwrap_or_default()
    }

    /// Takes one back.
    pub fn give_back(&self, parcel: Box<Parcel>) {
        lock(&self.0).push(parcel);
    }
}

/// What an agent sends after a visit.
enum Message {
    /// Something was learned or measured.
    Parcel(AgentId, Box<Parcel>),
    /// It rested.
    Rested(AgentId),
    /// Its visit panicked.
    Panicked(Box<dyn std::any::Any + Send>),
}

/// What agents and distiller share.
struct Shared {
    fleet: Arc<Fleet>,
    /// A cohort for each agent, whose lock is never waited for.
    cohorts: Vec<Mutex<Cohort>>,
    harvester: Harvester,
    registry: Arc<Registry>,
    parcels: Parcels,
}

/// The engine of tokio tasks.
pub(crate) struct Tasks {
    shared: Arc<Shared>,
    orders: mpsc::Sender<Arc<Publication>>,
    harvests: std_mpsc::Receiver<std::thread::Result<Harvest>>,
    _runtime: Runtime,
}

impl Tasks {
    /// Starts the agents on `threads` worker threads.
    ///
    /// # Errors
    /// Where the runtime's threads cannot be started.
    pub fn new(
        fleet: Arc<Fleet>,
        harvester: Harvester,
        threads: usize,
        registry: Arc<Registry>,
    ) -> std::io::Result<Self> {
        let runtime = runtime(threads)?.build()?;
        let agents = fleet.world.facts().agents as u32;
        let cohorts = (0..agents).map(|agent| Mutex::new(Cohort::new(&fleet, agent, 1))).collect();
        let parcels = Parcels::default();
        let shared = Arc::new(Shared { harvester, registry, parcels, cohorts, fleet });
        let (send, receive) = mpsc::channel(CHANNEL);
        let (orders, ordered) = mpsc::channel(1);
        let (harvested, harvests) = std_mpsc::channel();
        // a watch wakes in an order of its own; one for each leaf has neighbours work together, so
        // that their parcels wait for each other no longer than they are in a cache
        let mut publish = Vec::new();
        for leaf in 0..shared.fleet.leaves() {
            let (first, len) = shared.fleet.leaf_range(leaf);
            let (announce, published) = watch::channel(None);
            publish.push(announce);
            for agent in (first..first + len as u32).map(AgentId) {
                runtime.spawn(live(shared.clone(), agent, published.clone(), send.clone()));
            }
        }
        runtime.spawn(distil(shared.clone(), ordered, publish, receive, harvested));
        Ok(Tasks { shared, orders, harvests, _runtime: runtime })
    }
}

/// An agent's life: pull, work, hand over, until there is no more to come.
async fn live(
    shared: Arc<Shared>,
    agent: AgentId,
    mut published: watch::Receiver<Option<Arc<Publication>>>,
    send: mpsc::Sender<Message>,
) {
    let fleet = &shared.fleet;
    while published.changed().await.is_ok() {
        let publication = published.borrow_and_update().clone();
        let Some(publication) = publication else { break };
        // everything in this block runs without a pause, so a bench serves one visit at a time
        let message = {
            let mut parcel = shared.parcels.empty();
            let visit = std::panic::AssertUnwindSafe(|| {
                at_bench(fleet, |bench| {
                    let mut cohort = lock(&shared.cohorts[agent.index()]);
                    cohort.visit(fleet, &publication, agent, bench, &mut parcel)
                })
            });
            let visited = std::panic::catch_unwind(visit);
            if visited.is_ok() {
                let mut status = shared.registry.entry(agent).or_default();
                status.version = publication.version_of(agent);
                status.tasks += parcel.tally.tasks;
            }
            match visited {
                Ok(true) => Message::Parcel(agent, parcel),
                Ok(false) => {
                    shared.parcels.give_back(parcel);
                    Message::Rested(agent)
                }
                Err(panic) => Message::Panicked(panic),
            }
        };
        if send.send(message).await.is_err() {
            break;
        }
    }
}

/// The distiller's side: publish, collect from everyone, gather leaf by leaf in the order of
/// the agents, whoever comes first.
async fn distil(
    shared: Arc<Shared>,
    mut orders: mpsc::Receiver<Arc<Publication>>,
    publish: Vec<watch::Sender<Option<Arc<Publication>>>>,
    mut receive: mpsc::Receiver<Message>,
    harvested: std_mpsc::Sender<std::thread::Result<Harvest>>,
) {
    let fleet = &shared.fleet;
    let agents = fleet.world.facts().agents;
    let mut slots: Vec<Option<Box<Parcel>>> = Vec::new();
    slots.resize_with(agents, || None);
    let mut waiting: Vec<usize> = vec![0; fleet.leaves()];
    'rounds: while let Some(publication) = orders.recv().await {
        let fill = |(leaf, left): (usize, &mut usize)| *left = fleet.leaf_range(leaf).1;
        waiting.iter_mut().enumerate().for_each(fill);
        for leaf in &publish {
            if leaf.send(Some(publication.clone())).is_err() {
                break 'rounds;
            }
        }
        for _ in 0..agents {
            let agent = match receive.recv().await {
                Some(Message::Parcel(agent, parcel)) => {
                    slots[agent.index()] = Some(parcel);
                    agent
                }
                Some(Message::Rested(agent)) => agent,
                Some(Message::Panicked(panic)) => {
                    let _ = harvested.send(Err(panic));
                    break 'rounds;
                }
                None => break 'rounds,
            };
            let leaf = agent.index() / fleet.leaf();
            waiting[leaf] -= 1;
            if waiting[leaf] == 0 {
                let (first, len) = fleet.leaf_range(leaf);
                let mut harvest = shared.harvester.empty();
                for slot in &mut slots[first as usize..first as usize + len] {
                    if let Some(mut parcel) = slot.take() {
                        shared.harvester.add(&publication, &mut harvest, &mut parcel);
                        shared.parcels.give_back(parcel);
                    }
                }
                shared.harvester.put(leaf, harvest);
            }
        }
        if harvested.send(Ok(shared.harvester.take().unwrap_or_default())).is_err() {
            break;
        }
    }
    for leaf in publish {
        let _ = leaf.send(None);
    }
}

impl Tour for Tasks {
    fn tour(&mut self, publication: &Arc<Publication>) -> Harvest {
        let sent = self.orders.blocking_send(publication.clone());
        let harvest = sent.ok().and_then(|()| self.harvests.recv().ok());
        match harvest {
            Some(Ok(harvest)) => harvest,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => unreachable!("the distiller's task ends only with the engine"),
        }
    }

    fn give_back(&mut self, harvest: Harvest) {
        self.shared.harvester.give_back(harvest);
    }

    fn cohorts(&mut self, f: &mut dyn FnMut(&mut Cohort)) {
        self.shared.cohorts.iter().for_each(|cohort| f(&mut lock(cohort)));
    }

    fn digest(&mut self, feed: &mut dyn FnMut(&[u8])) {
        let Shared { fleet, cohorts, .. } = &*self.shared;
        for leaf in cohorts.chunks(fleet.leaf()) {
            let cohorts: Vec<_> = leaf.iter().map(lock).collect();
            feed(leaf_hash(cohorts.iter().map(|cohort| &**cohort)).as_bytes());
        }
    }
}
