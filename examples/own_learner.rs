//! A learner of your own: the nearest class mean. An answer's prototype in a skill is the mean of
//! the inputs that it was right for; a task gets the answer whose prototype is nearest. It
//! follows no gradient, has no rate, and merges well: the mean of prototypes is a prototype.
//!
//! ```text
//! cargo run --release --example own_learner
//! ```

use hivesim::engine::{Experiment, Silent};
use hivesim::learner::{Learner, Lesson, Scratch, Tally, Targets};
use hivesim::params::{Layout, Local};
use hivesim::scenario::Scenario;
use hivesim::world::{Facts, Tasks};
use std::sync::Arc;

/// A block a skill; in it, for each answer, the summed inputs of its tasks and their number. Its
/// logits are `−‖x − mean‖²`; those of an answer never seen are far off.
struct Prototypes {
    core: Arc<Layout>,
    none: Arc<Layout>,
    inputs: usize,
    answers: usize,
}

impl Prototypes {
    fn new(facts: &Facts) -> Self {
        let blocks = |entries| Arc::new(Layout::new(facts.skills.iter().map(|_| entries)));
        let row = facts.inputs + 1;
        Prototypes {
            core: blocks(facts.answers * row),
            none: blocks(0),
            inputs: facts.inputs,
            answers: facts.answers,
        }
    }
}

impl Learner for Prototypes {
    fn core_layout(&self) -> &Arc<Layout> {
        &self.core
    }

    fn job_layout(&self) -> &Arc<Layout> {
        &self.none
    }

    fn answers(&self) -> (usize, usize) {
        (self.answers, self.answers)
    }

    fn initial_core(&self, _seed: u64, _core: &mut [f32]) {}

    fn touch(&self, tasks: &Tasks<'_>, local: &mut Local) {
        (0..tasks.len()).for_each(|task| local.touch(tasks.skill(task), 1));
    }

    fn train(&self, lesson: Lesson<'_>, local: &mut Local, _: &mut Scratch) -> Tally {
        let tasks = lesson.tasks;
        assert!(!matches!(lesson.targets, Targets::Soft(_)), "prototypes need answers");
        for task in 0..tasks.len() {
            let slot = local.slot(tasks.skill(task));
            let (_, now, _) = local.parts(slot);
            let row = &mut now[tasks.answers[task] as usize * (self.inputs + 1)..];
            row[..self.inputs].iter_mut().zip(tasks.row(task)).for_each(|(sum, x)| *sum += x);
            row[self.inputs] += 1.0;
        }
        let n = tasks.len() as u64;
        Tally { tasks: n, sample_steps: n, ..Tally::default() }
    }

    fn absorb(&self, _block: u32, _knowledge: &[f32], _core: &mut [f32]) {}

    fn logits(&self, params: &[f32], tasks: &Tasks<'_>, _: &mut Scratch, to: &mut Vec<f32>) {
        to.clear();
        for task in 0..tasks.len() {
            let block = &params[self.core.range(tasks.skill(task))];
            to.extend(block.chunks_exact(self.inputs + 1).map(|row| match row[self.inputs] {
                n if n > 0.0 => {
                    let apart = |(x, sum): (&f32, &f32)| (x - sum / n) * (x - sum / n);
                    -tasks.row(task).iter().zip(row).map(apart).sum::<f32>()
                }
                _ => f32::MIN,
            }));
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = "[world]\ncompany = 0.0\n[measure]\nevery = 30\nbounds = [\"isolated\"]\n";
    let mut hashes = Vec::new();
    for engine in ["tasks", "pool", "serial"] {
        let scenario = Scenario::parse(text, "own", &[format!("engine.kind={engine}")])?;
        let outcome = Experiment::new(scenario)
            .with_learner(|facts, _seed, _knows_job| Arc::new(Prototypes::new(facts)))
            .run(&Silent)?;
        let fleets = [("hive", &outcome.hive), ("isolated", &outcome.bounds[0].1)];
        for (name, trace) in fleets {
            let Some(last) = trace.rounds.last() else { continue };
            let (own, other) = (last.panel_skill, last.unpractised_skill);
            println!("{engine:6} {name:8} own job {own:.3}, never practised {other:.3}");
        }
        hashes.push(outcome.result_hash);
    }
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "the same to the bit on every engine");
    Ok(())
}
