//! How long merging takes.

use crate::engine::{Observer, Stage};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Times the hive's merges.
#[derive(Default)]
pub(super) struct Clock(Mutex<(Option<Instant>, f64)>);

impl Clock {
    fn locked(&self) -> MutexGuard<'_, (Option<Instant>, f64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seconds so far.
    pub fn seconds(&self) -> f64 {
        self.locked().1
    }
}

impl Observer for Clock {
    fn distilling(&self, stage: Stage, _: u32) {
        if stage == Stage::Hive {
            self.locked().0 = Some(Instant::now());
        }
    }

    fn touring(&self, _: Stage, _: u32) {
        let mut clock = self.locked();
        if let Some(since) = clock.0.take() {
            clock.1 += since.elapsed().as_secs_f64();
        }
    }
}
