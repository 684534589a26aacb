//! Ctrl-C, SIGTERM and SIGHUP: the first stops the run under way, the second ends the process.

use super::watch::{Progress, Watcher};
use super::{Failure, INTERRUPTED, no_thread};
use crate::halt::Halt;
use crate::record::Made;
use indicatif::ProgressBar;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
#[cfg(feature = "serve")]
use std::time::Duration;

#[cfg(feature = "serve")]
/// Between two looks at whether somebody has asked to end.
const LOOK: Duration = Duration::from_millis(50);

/// What a signal meets.
#[derive(Clone, Default)]
pub(super) struct Signals(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    asked: bool,
    /// The run under way.
    halt: Option<Halt>,
    /// Folders that go with it where it comes to nothing.
    made: Made,
}

impl Signals {
    /// Takes signals from here on; `voice` says what the first does to a run.
    pub fn handle((progress, bar): (Progress, ProgressBar)) -> Result<Signals, Failure> {
        let signals = Signals::default();
        let own = signals.clone();
        let handler = move || {
            let mut state = own.state();
            if std::mem::replace(&mut state.asked, true) {
                state.made.remove();
                std::process::exit(i32::from(INTERRUPTED));
            }
            if let Some(halt) = &state.halt {
                halt.set();
                let text = "stopping; the rounds done are kept (again: quit at once, to go on from the last checkpoint)";
                Watcher::say(progress, &bar, text);
            }
        };
        match ctrlc::set_handler(handler) {
            Err(ctrlc::Error::System(why)) => Err(no_thread(why)),
            // a user of the library may have set a handler already
            _ => Ok(signals),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A run is under way; a signal stops it.
    pub fn stop(&self, halt: Halt) {
        let mut state = self.state();
        if state.asked {
            halt.set();
        }
        state.halt = Some(halt);
    }

    /// Folders were made for it.
    pub fn remove(&self, made: Made) {
        self.state().made = made;
    }

    /// It is over; what was written stays.
    pub fn keep(&self) {
        let mut state = self.state();
        state.halt = None;
        state.made = Made::default();
    }

    /// Whether there was one.
    #[cfg(feature = "serve")]
    pub fn asked(&self) -> bool {
        self.state().asked
    }

    /// Waits for a signal.
    #[cfg(feature = "serve")]
    pub fn wait(&self) {
        while !self.asked() {
            std::thread::sleep(LOOK);
        }
    }
}
