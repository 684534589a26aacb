//! The bell that wakes the distiller.

use super::sync::{AtomicBool, AtomicU64, Condvar, Mutex, Ordering, PoisonError};
use std::time::Duration;

/// Counts what comes, and wakes the one who waits for so much of it, and nobody before.
///
/// Whoever brings something raises the count and then looks how many are wanted; whoever waits says
/// how many it wants and then looks at the count. Both orders are sequentially consistent, so that
/// one of the two sees the other (Dekker), and the one that makes the count full rings.
#[derive(Default)]
pub(super) struct Bell {
    came: AtomicU64,
    wanted: AtomicU64,
    /// Whether somebody asks not to wait for more.
    pressed: AtomicBool,
    asleep: Mutex<()>,
    woken: Condvar,
}

impl Bell {
    /// One more has come.
    pub fn ring(&self) {
        let came = self.came.fetch_add(1, Ordering::SeqCst) + 1;
        if came == self.wanted.load(Ordering::SeqCst) {
            self.wake();
        }
    }

    /// How many have come so far.
    pub fn came(&self) -> u64 {
        self.came.load(Ordering::SeqCst)
    }

    /// Asks whoever waits not to wait for more.
    pub fn press(&self) {
        if !self.pressed.swap(true, Ordering::SeqCst) {
            self.wake();
        }
    }

    /// Whether that was asked for since it was last looked.
    pub fn was_pressed(&self) -> bool {
        self.pressed.swap(false, Ordering::SeqCst)
    }

    fn wake(&self) {
        // whoever is about to sleep holds the lock until it does
        drop(self.asleep.lock().unwrap_or_else(PoisonError::into_inner));
        self.woken.notify_all();
    }

    /// Waits until so many have come in all, the bell is pressed, or some time has passed.
    pub fn wait(&self, wanted: u64, at_most: Duration) {
        self.wanted.store(wanted, Ordering::SeqCst);
        let mut asleep = self.asleep.lock().unwrap_or_else(PoisonError::into_inner);
        let mut slept = false;
        while self.came.load(Ordering::SeqCst) < wanted
            && !self.pressed.load(Ordering::SeqCst)
            && !slept
        {
            let woken = self.woken.wait_timeout(asleep, at_most);
            let (lock, time) = woken.unwrap_or_else(PoisonError::into_inner);
            (asleep, slept) = (lock, time.timed_out());
        }
    }
}
