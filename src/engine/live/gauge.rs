//! What is measured of free agents at work: how long they wait, and for what.

use crossbeam::utils::CachePadded;
use hdrhistogram::Histogram;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The wall clock of a fleet: nanoseconds since it began, those left out in which it stood still.
#[derive(Debug)]
pub(super) struct Clock {
    begun: Instant,
    /// Nanoseconds that were left out so far; or, with [`STILL`], the time at which it stands.
    state: AtomicU64,
}

const STILL: u64 = 1 << 63;

#[expect(clippy::disallowed_methods, reason = "agents that run freely do so on the wall clock")]
impl Clock {
    pub fn start() -> Self {
        Clock { begun: Instant::now(), state: AtomicU64::new(0) }
    }

    /// Nanoseconds since the beginning, as agents have it.
    pub fn now(&self) -> u64 {
        match self.state.load(Ordering::Acquire) {
            stands if stands & STILL != 0 => stands & !STILL,
            left_out => self.passed() - left_out,
        }
    }

    fn passed(&self) -> u64 {
        self.begun.elapsed().as_nanos() as u64
    }

    /// Stops it.
    pub fn stop(&self) {
        self.state.store(self.now() | STILL, Ordering::Release);
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.state.store(self.passed() - self.now(), Ordering::Release);
    }
}

/// Times up to an hour, in nanoseconds, to three digits.
pub(super) fn times() -> Histogram<u64> {
    let histogram = Histogram::new_with_bounds(1, 3_600_000_000_000, 3);
    histogram.unwrap_or_else(|_| unreachable!("these bounds are in order"))
}

/// What some threads saw.
pub(super) struct Seen {
    /// From publication until an agent has the core in hand, a core that it passes over left out.
    pub pulls: Histogram<u64>,
    /// Rounds of work.
    pub visits: u64,
    /// Times that an agent found no room, and nanoseconds that it waited for some.
    pub waits: (u64, u64),
    /// Times that an agent found a heap locked, and nanoseconds until it had it.
    pub locks: (u64, u64),
    /// Cores that were checked for being whole.
    pub checked: u64,
    /// Those that were not.
    pub torn: u64,
    /// Times that an agent read an older core than before.
    pub backward: u64,
}

impl Seen {
    fn new() -> Self {
        Seen {
            pulls: times(),
            visits: 0,
            waits: (0, 0),
            locks: (0, 0),
            checked: 0,
            torn: 0,
            backward: 0,
        }
    }

    /// Adds another's.
    pub fn add(&mut self, other: &Seen) {
        // both have the same bounds
        let _ = self.pulls.add(&other.pulls);
        self.visits += other.visits;
        self.waits = (self.waits.0 + other.waits.0, self.waits.1 + other.waits.1);
        self.locks = (self.locks.0 + other.locks.0, self.locks.1 + other.locks.1);
        self.checked += other.checked;
        self.torn += other.torn;
        self.backward += other.backward;
    }
}

/// What all threads see, each in a place of its own.
pub(super) struct Gauge(Vec<CachePadded<Mutex<Seen>>>);

/// A thread's number, for good.
fn number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: Cell<usize> = Cell::new(NEXT.fetch_add(1, Ordering::Relaxed));
    }
    NUMBER.with(Cell::get)
}

impl Gauge {
    pub fn new(threads: usize) -> Self {
        Gauge((0..threads.max(1)).map(|_| CachePadded::new(Mutex::new(Seen::new()))).collect())
    }

    /// This thread's place, which another takes only where there are more threads than places.
    pub fn here(&self) -> MutexGuard<'_, Seen> {
        self.0[number() % self.0.len()].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An agent has waited so long for room.
    pub fn waited(&self, nanos: u64) {
        let waits = &mut self.here().waits;
        *waits = (waits.0 + 1, waits.1 + nanos);
    }

    /// An agent has waited so long for a lock.
    pub fn locked(&self, nanos: u64) {
        let locks = &mut self.here().locks;
        *locks = (locks.0 + 1, locks.1 + nanos);
    }

    /// Forgets what was measured; what was checked stands.
    pub fn clear(&self) {
        for place in &self.0 {
            let mut seen = place.lock().unwrap_or_else(PoisonError::into_inner);
            seen.pulls.reset();
            (seen.visits, seen.waits, seen.locks) = (0, (0, 0), (0, 0));
        }
    }

    /// All of it.
    pub fn all(&self) -> Seen {
        let mut all = Seen::new();
        for place in &self.0 {
            all.add(&place.lock().unwrap_or_else(PoisonError::into_inner));
        }
        all
    }
}

/// Whether a fleet stands still.
#[derive(Default)]
pub(super) struct Still {
    stands: AtomicBool,
    over: tokio::sync::Notify,
}

impl Still {
    /// Lets a fleet stand still, or go on: agents finish the visit that they are at.
    pub fn set(&self, stands: bool) {
        self.stands.store(stands, Ordering::SeqCst);
        if !stands {
            self.over.notify_waiters();
        }
    }

    /// Waits until the fleet goes on.
    pub async fn pass(&self) {
        while self.stands.load(Ordering::Relaxed) {
            let over = self.over.notified();
            if self.stands.load(Ordering::SeqCst) {
                over.await;
            }
        }
    }
}
