//! A merge strategy without a fleet: contributions in, the next core out.

use super::CheckError;
use crate::ids::AgentId;
use crate::merge::{Context, Contribution, Flat, Pipeline, Vectors};
use crate::params::{Layout, Sparse};
use crate::scenario::{Combine, Distiller};

/// A pipeline of one strategy over one block.
pub(super) struct Merger {
    pipeline: Pipeline,
    layout: Layout,
    next: Vec<f32>,
}

impl Merger {
    /// The strategy on vectors of so many entries.
    pub fn new(combine: Combine, entries: usize) -> Self {
        let spec = Distiller { combine, ..Distiller::default() };
        let pipeline = Pipeline::new(&spec);
        Merger { pipeline, layout: Layout::new([entries]), next: Vec::new() }
    }

    /// The core that contributions make of `base`, one an agent.
    pub fn merge(
        &mut self,
        base: &[f32],
        deltas: &[&Sparse],
        context: &Context<'_>,
    ) -> Result<&[f32], CheckError> {
        self.next.clear();
        self.next.extend_from_slice(base);
        let all: Vec<Contribution<'_>> = (0..)
            .zip(deltas)
            .map(|(agent, delta)| Contribution::fresh(AgentId(agent), delta))
            .collect();
        let absent = self.pipeline.absent();
        let next = &mut self.next;
        let mut vectors = Vectors::contributions(&self.layout, &Flat, base, &all, absent, next);
        self.pipeline.merge(&mut vectors, context)?;
        Ok(&self.next)
    }
}

/// A contribution of one block that stands for so many tasks.
pub(super) fn contribution(tasks: u32, values: impl ExactSizeIterator<Item = f32>) -> Sparse {
    let mut delta = Sparse::default();
    let to = delta.push(0, tasks, values.len());
    to.iter_mut().zip(values).for_each(|(to, value)| *to = value);
    delta
}
