//! A learner without tasks: parameters that agents move by a rule, so that a fleet becomes a
//! process whose course is known.

use hivesim::engine::{Experiment, Silent};
use hivesim::learner::{Learner, Lesson, Scratch, Tally};
use hivesim::params::{Layout, Local};
use hivesim::scenario::Scenario;
use hivesim::world::Tasks;
use std::sync::{Arc, Mutex, PoisonError};

/// Where an agent moves an entry in a round: `rule(agent, round, entry, x)`.
type Rule = dyn Fn(u32, u32, usize, f32) -> f32 + Send + Sync;

struct Toy {
    core: Arc<Layout>,
    job: Arc<Layout>,
    rule: Arc<Rule>,
    /// The cores that were measured.
    seen: Arc<Mutex<Vec<Vec<f32>>>>,
}

/// Lanes of a row of logits, enough for the 10 answers of the paper world.
const STRIDE: usize = 16;

impl Learner for Toy {
    fn core_layout(&self) -> &Arc<Layout> {
        &self.core
    }

    fn job_layout(&self) -> &Arc<Layout> {
        &self.job
    }

    fn answers(&self) -> (usize, usize) {
        (10, STRIDE)
    }

    fn initial_core(&self, _: u64, _: &mut [f32]) {}

    fn touch(&self, tasks: &Tasks<'_>, local: &mut Local) {
        local.touch(0, tasks.len() as u32);
    }

    fn train(&self, lesson: Lesson<'_>, local: &mut Local, _: &mut Scratch) -> Tally {
        let (_, agent, round) = lesson.name;
        let (_, now, _) = local.parts(0);
        for (entry, x) in now.iter_mut().enumerate() {
            *x = (self.rule)(agent, round, entry, *x);
        }
        Tally { tasks: lesson.tasks.len() as u64, ..Tally::default() }
    }

    fn absorb(&self, _: u32, _: &[f32], _: &mut [f32]) {}

    fn logits(&self, params: &[f32], tasks: &Tasks<'_>, _: &mut Scratch, to: &mut Vec<f32>) {
        to.clear();
        to.resize(tasks.len() * STRIDE, 0.0);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.last().is_none_or(|last| last != params) {
            seen.push(params.to_vec());
        }
    }
}

/// The cores of a run in which agents follow a rule, one a round from the first, all zeros.
/// The scenario measures every round and runs on the serial engine; no two cores in a row are
/// the same while there is something to follow.
pub fn cores(
    text: &str,
    entries: usize,
    rule: impl Fn(u32, u32, usize, f32) -> f32 + Send + Sync + 'static,
) -> Vec<Vec<f32>> {
    let scenario = Scenario::parse(text, "law", &[]).unwrap_or_else(|e| panic!("{e}"));
    let (seen, rule) = (Arc::new(Mutex::default()), Arc::new(rule));
    let to = seen.clone();
    let experiment = Experiment::new(scenario).with_learner(move |_, _, _| {
        Arc::new(Toy {
            core: Arc::new(Layout::new([entries])),
            job: Arc::new(Layout::new([0])),
            rule: rule.clone(),
            seen: to.clone(),
        })
    });
    experiment.run(&Silent).unwrap_or_else(|e| panic!("{e}"));
    let cores: Vec<Vec<f32>> =
        std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
    cores
}
