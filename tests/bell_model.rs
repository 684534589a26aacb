//! The bell of the engine `live` under loom: every order in which those who ring and the one who waits
//! can meet. That it returns at all shows that no ring is lost.

mod sync {
    pub(super) use loom::sync::atomic::{AtomicBool, AtomicI64, Ordering};
    pub(super) use loom::sync::{Condvar, Mutex};
    pub(super) use std::sync::PoisonError;
}

#[allow(dead_code, reason = "each model rings in its own way")]
#[path = "../src/engine/live/bell.rs"]
mod bell;

use bell::Bell;
use loom::sync::Arc;
use loom::thread;
use std::time::Duration;

/// Never: a bell that is not heard ends the model as a deadlock.
const NEVER: Duration = Duration::MAX;

fn model(check: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(check);
}

#[test]
fn whoever_makes_the_count_full_wakes_the_one_who_waits() {
    model(|| {
        let bell = Arc::new(Bell::default());
        let ringers: Vec<_> = (0..2)
            .map(|_| {
                let bell = bell.clone();
                thread::spawn(move || bell.ring())
            })
            .collect();
        bell.wait(2, NEVER);
        assert_eq!(bell.came(), 2);
        ringers.into_iter().for_each(|ringer| ringer.join().unwrap());
    });
}

#[test]
fn a_second_wait_hears_what_comes_after_the_first() {
    model(|| {
        let bell = Arc::new(Bell::default());
        let ringer = {
            let bell = bell.clone();
            thread::spawn(move || {
                bell.ring();
                bell.ring();
            })
        };
        bell.wait(1, NEVER);
        assert!(bell.came() >= 1);
        bell.wait(2, NEVER);
        assert_eq!(bell.came(), 2);
        ringer.join().unwrap();
    });
}

#[test]
fn a_bell_that_is_pressed_is_heard_whatever_is_wanted() {
    model(|| {
        let bell = Arc::new(Bell::default());
        let presser = {
            let bell = bell.clone();
            thread::spawn(move || {
                bell.ring();
                bell.press();
            })
        };
        bell.wait(100, NEVER);
        assert!(bell.was_pressed());
        assert_eq!(bell.came(), 1);
        presser.join().unwrap();
    });
}
