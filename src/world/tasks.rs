//! Tasks by the row, and the desk that they are laid on.

use super::TruthCache;
use serde::{Deserialize, Serialize};

/// Some tasks: inputs, skills and right answers, index by index.
#[derive(Clone, Copy, Debug)]
pub struct Tasks<'a> {
    /// Inputs of a task: its features and the constant 1.
    pub inputs: usize,
    /// `n × inputs`, task by task.
    pub x: &'a [f32],
    /// The skill of each task; empty where all are of skill 0.
    pub skills: &'a [u32],
    /// The right answer of each task.
    pub answers: &'a [u32],
}

impl<'a> Tasks<'a> {
    /// Number of tasks.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// The skill of a task.
    #[inline]
    pub fn skill(&self, task: usize) -> u32 {
        self.skills.get(task).copied().unwrap_or(0)
    }

    /// The inputs of a task.
    #[inline]
    pub fn row(&self, task: usize) -> &'a [f32] {
        &self.x[task * self.inputs..(task + 1) * self.inputs]
    }

    /// The first `n` tasks.
    pub fn first(&self, n: usize) -> Self {
        self.slice(0..n.min(self.len()))
    }

    /// Some tasks in a row.
    ///
    /// # Panics
    /// Where there are fewer.
    pub fn slice(&self, tasks: std::ops::Range<usize>) -> Self {
        Tasks {
            inputs: self.inputs,
            x: &self.x[tasks.start * self.inputs..tasks.end * self.inputs],
            skills: self.skills.get(tasks.clone()).unwrap_or_default(),
            answers: &self.answers[tasks],
        }
    }

    /// The tasks in order, `n` at a time, the last piece maybe fewer.
    pub fn pieces(self, n: usize) -> impl Iterator<Item = Tasks<'a>> {
        (0..self.len()).step_by(n).map(move |start| self.slice(start..self.len().min(start + n)))
    }
}

/// Tasks that are owned and reused.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TaskBuffer {
    /// Inputs of a task.
    pub inputs: usize,
    /// `n × inputs`, task by task.
    pub x: Vec<f32>,
    /// The skill of each task.
    pub skills: Vec<u32>,
    /// The right answer of each task.
    pub answers: Vec<u32>,
}

impl TaskBuffer {
    /// Empties it for tasks of `inputs` inputs.
    pub fn clear(&mut self, inputs: usize) {
        self.inputs = inputs;
        self.x.clear();
        self.skills.clear();
        self.answers.clear();
    }

    /// Number of tasks.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// Adds a task.
    pub fn push(&mut self, x: &[f32], skill: u32, answer: u32) {
        self.x.extend_from_slice(x);
        self.skills.push(skill);
        self.answers.push(answer);
    }

    /// Adds tasks.
    pub fn extend(&mut self, tasks: &Tasks<'_>) {
        self.x.extend_from_slice(tasks.x);
        self.skills.extend((0..tasks.len()).map(|t| tasks.skill(t)));
        self.answers.extend_from_slice(tasks.answers);
    }

    /// The tasks.
    pub fn view(&self) -> Tasks<'_> {
        Tasks { inputs: self.inputs, x: &self.x, skills: &self.skills, answers: &self.answers }
    }

    /// Bytes on the wire: 4 a feature, 4 for skill and 4 for the answer. The constant is not sent.
    pub fn bytes(&self) -> u64 {
        4 * (self.len() * (self.inputs.saturating_sub(1) + 2)) as u64
    }
}

/// A worker's place to lay out tasks on; reused for every agent.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    /// The tasks of the window or probe at hand.
    pub buffer: TaskBuffer,
    /// Raw features of a window.
    pub(super) features: Vec<f32>,
    /// Raw entries of a truth.
    pub(super) normals: Vec<f32>,
    /// Scores of one or more tasks.
    pub(super) scores: Vec<f32>,
    /// Norms of softmax rows.
    pub(super) norms: Vec<(f32, f32)>,
    /// Truths computed lately.
    pub(super) truths: TruthCache,
}
