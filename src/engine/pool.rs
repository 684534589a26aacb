//! Workers that steal leaves of agents from each other: the fast engine.

use super::Tour;
use super::digest::leaf_hash;
use super::serial::{cohorts, visit_leaf};
use crate::agent::{Bench, Cohort, Fleet, Parcel, Publication};
use crate::distill::{Harvest, Harvester};
use crate::threads::{Crew, lock, parallel_chunks};
use crossbeam::deque::{Injector, Steal, Stealer, Worker};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Barrier, Mutex};

/// What the workers share. A cohort's lock is taken by one worker a round and never waited for.
struct Shared {
    fleet: Arc<Fleet>,
    harvester: Arc<Harvester>,
    /// The first of the leaves that are visited.
    first: usize,
    cohorts: Vec<Mutex<Cohort>>,
    leaves: Injector<usize>,
    stealers: Vec<Stealer<usize>>,
    /// The publication of the tour under way; `None` sends the workers home.
    publication: Mutex<Option<Arc<Publication>>>,
    /// All workers meet here before and after a tour.
    gate: Barrier,
    panic: Mutex<Option<Box<dyn std::any::Any + Send>>>,
}

/// Runs `body` with an engine of `threads` workers, the calling thread among them, for some of the
/// fleet's leaves; a tour of fewer than all leaves their harvest in the harvester. Workers live for
/// the whole run and meet at a barrier twice a round.
///
/// # Errors
/// Where the system gives fewer threads.
pub(crate) fn with_pool<R>(
    fleet: Arc<Fleet>,
    harvester: Arc<Harvester>,
    leaves: Range<usize>,
    threads: usize,
    body: impl FnOnce(&mut Pool<'_>) -> R,
) -> std::io::Result<R> {
    let mut queues: Vec<Worker<usize>> = (0..threads).map(|_| Worker::new_fifo()).collect();
    let shared = Shared {
        first: leaves.start,
        cohorts: cohorts(&fleet, leaves).into_iter().map(Mutex::new).collect(),
        harvester,
        leaves: Injector::new(),
        stealers: queues.iter().map(Worker::stealer).collect(),
        publication: Mutex::new(None),
        gate: Barrier::new(threads),
        panic: Mutex::new(None),
        fleet,
    };
    let own =
        Hand { queue: queues.remove(0), bench: shared.fleet.bench(), parcel: Parcel::default() };
    std::thread::scope(|scope| {
        let shared = &shared;
        let jobs = queues.into_iter().map(|queue| {
            move || {
                let bench = shared.fleet.bench();
                let mut hand = Hand { queue, bench, parcel: Parcel::default() };
                loop {
                    shared.gate.wait();
                    let publication = lock(&shared.publication).clone();
                    let Some(publication) = publication else { return };
                    hand.work(shared, &publication);
                    shared.gate.wait();
                }
            }
        });
        Crew::start(scope, jobs)?.begin();
        let mut pool = Pool { shared, hand: own };
        // whatever becomes of the body, the workers must be sent home
        let result = catch_unwind(AssertUnwindSafe(|| body(&mut pool)));
        *lock(&shared.publication) = None;
        shared.gate.wait();
        Ok(result.unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// One worker's own.
struct Hand {
    queue: Worker<usize>,
    bench: Bench,
    parcel: Parcel,
}

impl Hand {
    /// Visits leaves until there are none left, its own first, then others'.
    fn work(&mut self, shared: &Shared, publication: &Publication) {
        let result = catch_unwind(AssertUnwindSafe(|| {
            while let Some(leaf) = self.next(shared) {
                let mut cohort = lock(&shared.cohorts[leaf]);
                let Shared { fleet, harvester, .. } = shared;
                let Hand { bench, parcel, .. } = self;
                let leaf = (shared.first + leaf, &mut *cohort);
                visit_leaf(fleet, harvester, publication, leaf, bench, parcel);
            }
        }));
        if let Err(panic) = result {
            lock(&shared.panic).get_or_insert(panic);
        }
    }

    fn next(&self, shared: &Shared) -> Option<usize> {
        self.queue.pop().or_else(|| {
            loop {
                let steal = shared.leaves.steal_batch_and_pop(&self.queue);
                let steal = steal.or_else(|| shared.stealers.iter().map(Stealer::steal).collect());
                match steal {
                    Steal::Success(leaf) => return Some(leaf),
                    Steal::Empty => return None,
                    Steal::Retry => std::hint::spin_loop(),
                }
            }
        })
    }
}

/// The workers, for whoever sends them out.
pub(super) struct Pool<'a> {
    shared: &'a Shared,
    hand: Hand,
}

impl Pool<'_> {
    /// Visits the agents of all its leaves; what they bring is in the harvester then.
    pub fn visit(&mut self, publication: &Arc<Publication>) {
        (0..self.shared.cohorts.len()).for_each(|leaf| self.shared.leaves.push(leaf));
        *lock(&self.shared.publication) = Some(publication.clone());
        self.shared.gate.wait();
        self.hand.work(self.shared, publication);
        self.shared.gate.wait();
        if let Some(panic) = lock(&self.shared.panic).take() {
            resume_unwind(panic);
        }
    }
}

impl Tour for Pool<'_> {
    fn tour(&mut self, publication: &Arc<Publication>) -> Harvest {
        self.visit(publication);
        self.shared.harvester.take().unwrap_or_default()
    }

    fn give_back(&mut self, harvest: Harvest) {
        self.shared.harvester.give_back(harvest);
    }

    fn cohorts(&mut self, f: &mut dyn FnMut(&mut Cohort)) {
        self.shared.cohorts.iter().for_each(|cohort| f(&mut lock(cohort)));
    }

    fn digest(&mut self, feed: &mut dyn FnMut(&[u8])) {
        let Shared { cohorts, stealers, .. } = self.shared;
        let hash = |cohort: &Mutex<Cohort>| leaf_hash([&*lock(cohort)]);
        let hashes = parallel_chunks(stealers.len(), cohorts.iter().collect(), hash);
        hashes.iter().for_each(|hash| feed(hash.as_bytes()));
    }
}
