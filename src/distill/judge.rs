//! Trying cores out on tasks of the distiller's own.

use crate::agent::{Fleet, Halt};
use crate::ids::Round;
use crate::learner::{Learner, Scratch};
use crate::stream::Purpose;
use crate::world::{Climate, Desk, Probe};
use std::sync::{Arc, Mutex, PoisonError};

/// A round's tasks, and the learner that answers them.
pub(super) struct Judge {
    learner: Arc<dyn Learner>,
    desk: Desk,
    /// Shares of the skills in all work.
    frequencies: Vec<f64>,
    each: usize,
    halt: Halt,
    scratch: Mutex<Scratch>,
}

impl Judge {
    /// A judge with `each` tasks a skill; none in worlds that have no such tasks.
    pub fn new(fleet: &Fleet, climate: &Climate, round: Round, each: usize) -> Option<Self> {
        let mut desk = Desk::default();
        let skills = fleet.world.facts().skills.len();
        let name = (Purpose::Judging, round);
        fleet.world.trials(climate, name, skills, each, &mut desk).then(|| Judge {
            learner: fleet.learner.clone(),
            desk,
            frequencies: fleet.world.facts().frequencies.clone(),
            each,
            halt: fleet.halt.clone(),
            scratch: Mutex::default(),
        })
    }

    /// The share of its tasks that a core does right, skills counting as they come up in all
    /// work. After a halt no core is tried out any more.
    pub fn score(&self, core: &[f32]) -> f64 {
        if self.halt.is_set() {
            return 0.0;
        }
        let scratch = &mut *self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let skills = self.desk.buffer.view().pieces(self.each);
        let scored = self.frequencies.iter().zip(skills).map(|(share, tasks)| {
            // on this scale a level is the share of right answers
            let probe = Probe { tasks, chance: 0.0, oracle: 1.0, odds: None };
            share * self.learner.level(core, &probe, scratch)
        });
        scored.sum()
    }
}
