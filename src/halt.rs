//! The word to stop, from whoever waits for a run to those who do its work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells a run to stop, from any thread: a world that is being drawn is given up, a lesson under
/// way is cut short, the visits that follow are skipped, and the round counts as not done.
/// Nothing that was done before changes by it.
#[derive(Clone, Debug, Default)]
pub struct Halt(Arc<AtomicBool>);

impl Halt {
    /// From here on nobody starts work.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was set. One relaxed load: cheap enough to ask at every visit.
    #[inline]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
