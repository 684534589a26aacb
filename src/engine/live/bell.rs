//! The bell that wakes the distiller.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
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
        let waits = |_: &mut ()| {
            self.came.load(Ordering::SeqCst) < wanted && !self.pressed.load(Ordering::SeqCst)
        };
        let asleep = self.asleep.lock().unwrap_or_else(PoisonError::into_inner);
        let slept = self.woken.wait_timeout_while(asleep, at_most, waits);
        drop(slept.unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bell_wakes_when_all_are_there_and_when_it_is_pressed() {
        let bell = Bell::default();
        let day = Duration::from_secs(86_400);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..25_000).for_each(|_| bell.ring()));
            }
            (1..=1000).for_each(|hundred| {
                bell.wait(hundred * 100, day);
                assert!(bell.came() >= hundred * 100);
            });
        });
        assert_eq!(bell.came(), 100_000);
        std::thread::scope(|scope| {
            scope.spawn(|| bell.press());
            bell.wait(u64::MAX, day);
        });
        assert!(bell.was_pressed() && !bell.was_pressed());
    }
}
