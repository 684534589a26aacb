//! What agents send beside, or in the place of, what they moved.

use super::Cohort;
use crate::agent::{Bench, Fleet, Learning, Parcel, compression};
use crate::ids::Round;
use crate::learner::Scratch;
use crate::stream::{Key, Purpose, Stream};
use crate::world::{TaskBuffer, Tasks};

impl Cohort {
    /// Compresses what is sent, last of all: what the agent knows and how it is measured is of what
    /// it learned.
    pub(super) fn compress(
        &mut self,
        fleet: &Fleet,
        owner: usize,
        bench: &mut Bench,
        parcel: &mut Parcel,
    ) {
        let sends = parcel.worked && !parcel.dropped && parcel.error.is_none();
        if fleet.compression.is_none() || !sends {
            return;
        }
        let (spec, learner) = (&fleet.compression, &*fleet.learner);
        let learning = &mut parcel.learning;
        let Round(round) = learning.round;
        let key = Key::new(fleet.seed, Purpose::Compression, learning.agent.0, round);
        let memory = (&mut self.unsent, owner);
        let sent = compression::compress(spec, learner, key, memory, &mut bench.press, learning);
        parcel.error = sent.err();
    }
}

/// A sample of the tasks for the pool, with their answers as the agent knows them.
pub(super) fn examples(
    fleet: &Fleet,
    tasks: &Tasks<'_>,
    told: &[u32],
    chosen: &mut Vec<u32>,
    learning: &mut Learning,
) {
    let Learning { agent, round, .. } = *learning;
    let mut stream = Stream::new(fleet.seed, Purpose::Reservoir, agent.0, round.0);
    reservoir(&mut stream, tasks, told, fleet.reservoir, chosen);
    learning.examples.clear(tasks.inputs);
    for &task in chosen.iter() {
        let task = task as usize;
        let answer = told.get(task).copied().unwrap_or(tasks.answers[task]);
        learning.examples.push(tasks.row(task), tasks.skill(task), answer);
    }
}

/// The answers of the core and what was learned to the shared inputs of each skill that the tasks
/// were of.
pub(super) fn answers(
    fleet: &Fleet,
    core: &[f32],
    inputs: &TaskBuffer,
    tasks: &Tasks<'_>,
    (policy, logits, chosen, scratch): (&mut Vec<f32>, &mut Vec<f32>, &mut Vec<u32>, &mut Scratch),
    learning: &mut Learning,
) {
    policy.clear();
    policy.extend_from_slice(core);
    learning.contribution.add_to(fleet.learner.core_layout(), policy);
    let skills = fleet.world.facts().skills.len();
    let each = inputs.len() / skills;
    chosen.clear();
    chosen.resize(skills, 0);
    (0..tasks.len()).for_each(|t| chosen[tasks.skill(t) as usize] += 1);
    for (skill, &count) in chosen.iter().enumerate().filter(|(_, n)| **n > 0) {
        if fleet.halt.is_set() {
            return;
        }
        let view = inputs.view().slice(skill * each..(skill + 1) * each);
        fleet.learner.logits(policy, &view, scratch, logits);
        let to = learning.answers.push(skill as u32, count, logits.len());
        to.copy_from_slice(logits);
    }
}

/// Algorithm R (Vitter 1985): a uniform sample of at most `most` of the tasks whose answer the
/// agent knows, in the order of its places.
fn reservoir(
    stream: &mut Stream,
    tasks: &Tasks<'_>,
    told: &[u32],
    most: usize,
    chosen: &mut Vec<u32>,
) {
    chosen.clear();
    let known = |task: &usize| told.get(*task).is_none_or(|t| *t != u32::MAX);
    for (seen, task) in (0..tasks.len()).filter(known).enumerate() {
        if chosen.len() < most {
            chosen.push(task as u32);
        } else {
            let place = stream.below(seen as u32 + 1) as usize;
            if place < most {
                chosen[place] = task as u32;
            }
        }
    }
}
