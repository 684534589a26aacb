//! Trying cores out on tasks of the distiller's own.

use crate::agent::Fleet;
use crate::ids::Round;
use crate::learner::{Learner, Scratch};
use crate::params::kernels::argmax;
use crate::world::{Climate, Desk};
use std::sync::{Arc, Mutex, PoisonError};

/// A round's tasks, and the learner that answers them.
pub(super) struct Judge {
    learner: Arc<dyn Learner>,
    desk: Desk,
    /// Shares of the skills in all work.
    frequencies: Vec<f64>,
    each: usize,
    scratch: Mutex<(Scratch, Vec<f32>)>,
}

impl Judge {
    /// A judge with `each` tasks a skill; none in worlds that have no such tasks.
    pub fn new(fleet: &Fleet, climate: &Climate, round: Round, each: usize) -> Option<Self> {
        let mut desk = Desk::default();
        fleet.world.trials(climate, round, each, &mut desk).then(|| Judge {
            learner: fleet.learner.clone(),
            desk,
            frequencies: fleet.world.facts().frequencies.clone(),
            each,
            scratch: Mutex::default(),
        })
    }

    /// The share of its tasks that a core does right, skills counting as they come up in all
    /// work.
    pub fn score(&self, core: &[f32]) -> f64 {
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let (scratch, logits) = &mut *scratch;
        let tasks = self.desk.buffer.view();
        let (outputs, stride) = self.learner.answers();
        self.learner.logits(core, &tasks, scratch, logits);
        let mut best = vec![0; tasks.len()];
        argmax(outputs, stride, logits, &mut best);
        let right = |skill: usize| {
            let at = skill * self.each..(skill + 1) * self.each;
            let pairs = best[at.clone()].iter().zip(&tasks.answers[at]);
            pairs.filter(|(a, b)| a == b).count() as f64 / self.each as f64
        };
        self.frequencies.iter().enumerate().map(|(skill, share)| share * right(skill)).sum()
    }
}
