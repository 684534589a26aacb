//! The bell that wakes the distiller.

use super::sync::{AtomicBool, AtomicI64, Condvar, Mutex, Ordering, PoisonError};
use std::time::Duration;

/// Counts what comes, and wakes the one who waits for so much of it, and nobody before.
///
/// One number holds how many have come beyond those that are wanted, so that whoever raises it to
/// nothing knows that all are there, however wishes and arrivals meet.
#[derive(Default)]
pub(super) struct Bell {
    /// Those that have come less those that are wanted.
    beyond: AtomicI64,
    /// How many are wanted; the one who waits alone writes it.
    wanted: AtomicI64,
    /// Whether somebody asks not to wait for more.
    pressed: AtomicBool,
    asleep: Mutex<()>,
    woken: Condvar,
}

impl Bell {
    /// One more has come.
    pub fn ring(&self) {
        if self.beyond.fetch_add(1, Ordering::AcqRel) == -1 {
            self.wake();
        }
    }

    /// How many have come so far, for the one who waits.
    pub fn came(&self) -> u64 {
        let came = self.beyond.load(Ordering::Acquire) + self.wanted.load(Ordering::Relaxed);
        came.unsigned_abs()
    }

    /// Asks whoever waits not to wait for more.
    pub fn press(&self) {
        if !self.pressed.swap(true, Ordering::AcqRel) {
            self.wake();
        }
    }

    /// Whether that was asked for since it was last looked.
    pub fn was_pressed(&self) -> bool {
        self.pressed.swap(false, Ordering::AcqRel)
    }

    fn wake(&self) {
        // whoever is about to sleep holds the lock until it does
        drop(self.asleep.lock().unwrap_or_else(PoisonError::into_inner));
        self.woken.notify_all();
    }

    /// Waits until so many have come in all, the bell is pressed, or some time has passed.
    pub fn wait(&self, wanted: u64, at_most: Duration) {
        let wanted = wanted.min(i64::MAX as u64) as i64;
        let before = self.wanted.swap(wanted, Ordering::Relaxed);
        self.beyond.fetch_sub(wanted - before, Ordering::AcqRel);
        let mut asleep = self.asleep.lock().unwrap_or_else(PoisonError::into_inner);
        let mut slept = false;
        while self.beyond.load(Ordering::Acquire) < 0
            && !self.pressed.load(Ordering::Acquire)
            && !slept
        {
            let woken = self.woken.wait_timeout(asleep, at_most);
            let (lock, time) = woken.unwrap_or_else(PoisonError::into_inner);
            (asleep, slept) = (lock, time.timed_out());
        }
    }
}
