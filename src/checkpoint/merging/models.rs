//! The tensors of several checkpoints as a merge's material.

use super::super::{Checkpoint, CheckpointError};
use super::plan::Plan;
use super::{MergingError, Progress};
use crate::merge::{Buffers, Loaded, Material, Member, MergeError, Row, Shape, Space};
use crate::params::kernels::merging::parallel_chunks;
use std::cell::{Cell, RefCell};

/// Numbers below which a second thread costs more than it brings.
const WORTH_A_THREAD: usize = 1 << 18;

/// Takes a merged segment's values.
pub(super) type Put<'a> = &'a mut dyn FnMut(usize, &[f32]) -> Result<(), CheckpointError>;

/// Checkpoints that are merged. A segment is a tensor of floats.
///
/// Memory: a buffer for each model that is converted or measured from the base, and one for a
/// base that is converted. What stands in a file as it is asked for is not copied.
pub(super) struct Models<'a> {
    sources: Sources<'a>,
    /// A merged segment on its way out.
    merged: Vec<f32>,
    put: Put<'a>,
}

/// Where the vectors come from.
struct Sources<'a> {
    /// The base, if there is one, then the models.
    inputs: &'a [&'a Checkpoint],
    has_base: bool,
    members: Vec<Member>,
    plan: &'a Plan,
    threads: usize,
    progress: &'a Progress,
    /// The segment whose pages may be in memory.
    held: Cell<Option<usize>>,
    failure: RefCell<Option<MergingError>>,
}

impl<'a> Models<'a> {
    /// `has_base` says whether the first of the inputs is the base.
    pub fn new(
        (inputs, has_base): (&'a [&'a Checkpoint], bool),
        weights: Option<&[f64]>,
        plan: &'a Plan,
        threads: usize,
        progress: &'a Progress,
        put: Put<'a>,
    ) -> Self {
        let member = |i: usize| Member {
            id: i as u32,
            weight: weights.map_or(1.0, |weights| weights[i]),
            steps: 1,
            staleness: 0,
        };
        let members = (0..inputs.len() - usize::from(has_base)).map(member).collect();
        let (held, failure) = (Cell::new(None), RefCell::new(None));
        let sources = Sources { inputs, has_base, members, plan, threads, progress, held, failure };
        Models { sources, merged: Vec::new(), put }
    }

    /// What kept the merge from going on, if it was the files.
    pub fn failure(&self) -> Option<MergingError> {
        self.sources.failure.take()
    }
}

impl Sources<'_> {
    fn fail(&self, error: MergingError) -> MergeError {
        let message = error.to_string();
        self.failure.replace(Some(error));
        MergeError::Material(message)
    }

    /// Gives back the pages of the segment before.
    fn turn_to(&self, segment: usize) {
        if let Some(before) = self.held.replace(Some(segment)).filter(|before| *before != segment) {
            let places = &self.plan.segment(before).places;
            self.inputs.iter().zip(places).for_each(|(input, place)| input.release(*place));
        }
    }

    fn load<'s>(
        &'s self,
        segment: usize,
        space: Space,
        buffers: &'s mut Buffers,
    ) -> Result<Loaded<'s>, MergeError> {
        self.turn_to(segment);
        let planned = self.plan.segment(segment);
        let models = self.members.len();
        if buffers.len() < self.inputs.len() {
            buffers.resize_with(self.inputs.len(), Vec::new);
        }
        let (own, of_base) = buffers.split_at_mut(models);
        let input = |error| self.fail(MergingError::Input(error));
        let first = (self.inputs[0], planned.places[0]);
        let base = match of_base.first_mut().filter(|_| self.has_base) {
            None => None,
            Some(buffer) => Some(values(first, buffer).map_err(input)?),
        };
        let skip = usize::from(self.has_base);
        let rows: Vec<_> =
            self.inputs.iter().zip(&planned.places).skip(skip).zip(own.iter_mut()).collect();
        let numbers = planned.tensor.len() * models;
        let threads = if numbers < WORTH_A_THREAD { 1 } else { self.threads };
        let vectors = parallel_chunks(threads, rows, |((input, place), buffer)| match base {
            Some(base) if space == Space::Deltas => {
                let differences = input.differences(*place, base, buffer)?;
                input.release(*place);
                Ok(differences)
            }
            _ => values((input, *place), buffer),
        });
        let mut rows = Vec::with_capacity(models);
        for (member, vector) in vectors.into_iter().enumerate() {
            let weight = self.members[member].weight;
            rows.push(Row { member, weight, values: vector.map_err(input)?, statistic: None });
        }
        self.progress.add_read(planned.bytes_read);
        Ok(Loaded { base, rows })
    }
}

impl Material for Models<'_> {
    fn members(&self) -> &[Member] {
        &self.sources.members
    }

    fn segments(&self) -> usize {
        self.sources.plan.segments()
    }

    fn shape(&self, segment: usize) -> Shape {
        self.sources.plan.shape(segment)
    }

    fn has_base(&self) -> bool {
        self.sources.has_base
    }

    fn load<'s>(
        &'s self,
        segment: usize,
        space: Space,
        buffers: &'s mut Buffers,
    ) -> Result<Loaded<'s>, MergeError> {
        self.sources.load(segment, space, buffers)
    }

    fn open<'s>(
        &'s mut self,
        segment: usize,
        space: Space,
        buffers: &'s mut Buffers,
    ) -> Result<(Loaded<'s>, &'s mut [f32]), MergeError> {
        self.merged.resize(self.sources.plan.shape(segment).len(), 0.0);
        Ok((self.sources.load(segment, space, buffers)?, &mut self.merged))
    }

    fn close(&mut self, segment: usize) -> Result<(), MergeError> {
        let Sources { plan, progress, .. } = self.sources;
        if let Err(error) = (self.put)(segment, &self.merged) {
            return Err(self.sources.fail(MergingError::Output(error)));
        }
        progress.add_made(plan.bytes_of(segment));
        Ok(())
    }
}

/// A tensor's values; its pages are given back where they were converted.
fn values<'s>(
    (input, place): (&'s Checkpoint, usize),
    buffer: &'s mut Vec<f32>,
) -> Result<&'s [f32], CheckpointError> {
    let values = input.values(place, buffer)?;
    if !input.is_direct(place) {
        input.release(place);
    }
    Ok(values)
}
