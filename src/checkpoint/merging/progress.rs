//! How far a merge is, for whoever waits for it on another thread.

use crate::halt::Halt;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far a merge is, and whether it is to go on.
#[derive(Debug, Default)]
pub struct Progress {
    read: AtomicU64,
    done: AtomicU64,
    total: AtomicU64,
    halt: Halt,
}

impl Progress {
    /// Stops the merge before the next tensor that it reads.
    pub fn stop(&self) {
        self.halt.set();
    }

    /// Whether it is to stop.
    pub fn is_stopped(&self) -> bool {
        self.halt.is_set()
    }

    /// Bytes of values read so far, as often as they were asked for.
    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Bytes of values of the output that are made, and those of all of it; the latter 0 before
    /// it is known.
    pub fn made(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    /// What tells the merge to stop.
    pub(super) fn halt(&self) -> &Halt {
        &self.halt
    }

    pub(super) fn begin(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        self.done.store(0, Ordering::Relaxed);
    }

    pub(super) fn add_read(&self, bytes: u64) {
        self.read.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn add_made(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }
}
