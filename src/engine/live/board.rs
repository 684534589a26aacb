//! Where the newest core hangs out.

use crate::scenario::CoreSlot;
use arc_swap::ArcSwap;
use std::sync::Arc;
use tokio::sync::{Notify, watch};

/// A core as it is published, with marks at both ends that tell whether it was read whole.
pub(super) struct Sealed<C> {
    /// Which it is.
    pub version: u32,
    /// When it was published, in nanoseconds of the fleet's clock.
    pub published: u64,
    /// The core.
    pub core: C,
    /// What [`Work::seal`](super::work::Work::seal) said of it.
    pub seal: u64,
    /// The version again.
    pub end: u32,
}

/// The newest core, for all to read while it is replaced.
pub(super) enum Board<C> {
    /// tokio's watch: readers share a lock.
    Watch(watch::Sender<Arc<Sealed<C>>>),
    /// An atomic pointer: readers wait for nobody.
    Snapshot(ArcSwap<Sealed<C>>, Notify),
}

impl<C: Send + Sync + 'static> Board<C> {
    pub fn new(kind: CoreSlot, first: Sealed<C>) -> Self {
        let first = Arc::new(first);
        match kind {
            CoreSlot::Watch => Board::Watch(watch::channel(first).0),
            CoreSlot::Snapshot => Board::Snapshot(ArcSwap::new(first), Notify::new()),
        }
    }

    pub fn publish(&self, next: Sealed<C>) {
        let next = Arc::new(next);
        match self {
            Board::Watch(slot) => drop(slot.send_replace(next)),
            Board::Snapshot(slot, news) => {
                slot.store(next);
                news.notify_waiters();
            }
        }
    }

    /// The newest core, to be kept.
    pub fn newest(&self) -> Arc<Sealed<C>> {
        match self {
            Board::Watch(slot) => slot.borrow().clone(),
            Board::Snapshot(slot, _) => slot.load_full(),
        }
    }

    /// Calls `f` with the newest core.
    pub fn with_newest<T>(&self, f: impl FnOnce(&Sealed<C>) -> T) -> T {
        match self {
            // its lock must not be held while anybody works
            Board::Watch(slot) => {
                let newest = slot.borrow().clone();
                f(&newest)
            }
            Board::Snapshot(slot, _) => f(&slot.load()),
        }
    }

    /// Waits for another core than `version`.
    pub async fn after(&self, version: Option<u32>) -> Arc<Sealed<C>> {
        let is_new = |core: &Arc<Sealed<C>>| Some(core.version) != version;
        match self {
            Board::Watch(slot) => {
                let newest = self.newest();
                if is_new(&newest) {
                    return newest;
                }
                let mut reader = slot.subscribe();
                // the board outlives its readers
                let found = reader.wait_for(is_new).await.map(|core| core.clone());
                found.unwrap_or(newest)
            }
            Board::Snapshot(_, news) => loop {
                let coming = news.notified();
                let newest = self.newest();
                if is_new(&newest) {
                    return newest;
                }
                coming.await;
            },
        }
    }
}
