//! A fleet that follows a rule: a learner without tasks, whose parameters agents move in a way
//! that is known, so that a hive becomes a process whose course is known too. Everything else,
//! from publication to merge, is hivesim's.

use super::{CheckError, Trial};
use crate::engine::{Experiment, Silent};
use crate::learner::{Learner, Lesson, Scratch, Tally};
use crate::measure::Trace;
use crate::params::kernels::stride_of;
use crate::params::{Layout, Local};
use crate::scenario::Scenario;
use crate::world::Tasks;
use std::sync::{Arc, Mutex, PoisonError};

/// Moves an agent's parameters in a round: `rule(agent, round, parameters)`.
type Rule = dyn Fn(u32, u32, &mut [f32]) + Send + Sync;

struct Ruled {
    core: Arc<Layout>,
    job: Arc<Layout>,
    /// Answers and the lanes of a row of logits, which are all zeros.
    answers: (usize, usize),
    rule: Arc<Rule>,
    /// The cores that were measured.
    seen: Arc<Mutex<Vec<Vec<f32>>>>,
}

impl Learner for Ruled {
    fn core_layout(&self) -> &Arc<Layout> {
        &self.core
    }

    fn job_layout(&self) -> &Arc<Layout> {
        &self.job
    }

    fn answers(&self) -> (usize, usize) {
        self.answers
    }

    fn numbers(&self, block: u32) -> usize {
        self.core.len(block)
    }

    fn columns(&self, block: u32) -> (usize, usize) {
        (self.core.len(block), self.core.len(block))
    }

    fn initial_core(&self, _: u64, _: &mut [f32]) {}

    fn touch(&self, tasks: &Tasks<'_>, local: &mut Local) {
        local.touch(0, tasks.len() as u32);
    }

    fn train(&self, lesson: Lesson<'_>, local: &mut Local, _: &mut Scratch) -> Tally {
        let (_, agent, round) = lesson.name;
        let (_, now, _) = local.parts(0);
        (self.rule)(agent, round, now);
        Tally { tasks: lesson.tasks.len() as u64, ..Tally::default() }
    }

    fn absorb(&self, _: u32, _: &[f32], _: &mut [f32]) {}

    fn logits(&self, params: &[f32], tasks: &Tasks<'_>, _: &mut Scratch, to: &mut Vec<f32>) {
        to.clear();
        to.resize(tasks.len() * self.answers.1, 0.0);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.last().is_none_or(|last| last != params) {
            seen.push(params.to_vec());
        }
    }
}

/// The cores of a run in which agents follow a rule on `entries` numbers, as far as they were
/// measured, from the first, all zeros; of two in a row that are the same only one. The
/// scenario's engine is to be `serial`.
///
/// # Errors
/// Where the scenario or its run are refused.
pub fn cores(
    text: &str,
    trial: &Trial,
    entries: usize,
    rule: impl Fn(u32, u32, &mut [f32]) + Send + Sync + 'static,
) -> Result<Vec<Vec<f32>>, CheckError> {
    Ok(followed(text, trial, entries, rule)?.1)
}

/// The same, with the hive's course.
///
/// # Errors
/// Where the scenario or its run are refused.
pub fn followed(
    text: &str,
    trial: &Trial,
    entries: usize,
    rule: impl Fn(u32, u32, &mut [f32]) + Send + Sync + 'static,
) -> Result<(Trace, Vec<Vec<f32>>), CheckError> {
    let scenario = Scenario::parse(text, "law", &[format!("seed={}", trial.seed)])?;
    let (seen, rule) = (Arc::new(Mutex::default()), Arc::new(rule));
    let to = seen.clone();
    let experiment = Experiment::new(scenario).with_learner(move |facts, _, _| {
        Arc::new(Ruled {
            core: Arc::new(Layout::new([entries])),
            job: Arc::new(Layout::new([0])),
            answers: (facts.answers, stride_of(facts.answers)),
            rule: rule.clone(),
            seen: to.clone(),
        })
    });
    let outcome = experiment.run(&Silent)?;
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    Ok((outcome.hive, std::mem::take(&mut *seen)))
}

/// A scenario's run with overrides and the trial's seed; the hive's course.
pub(super) fn hive(text: &str, trial: &Trial, sets: &[String]) -> Result<Trace, CheckError> {
    let mut sets = sets.to_vec();
    sets.push(format!("seed={}", trial.seed));
    Ok(Experiment::new(Scenario::parse(text, "law", &sets)?).run(&Silent)?.hive)
}
