//! A merge that ends early where its run is halted.

use crate::halt::Halt;
use crate::merge::{Buffers, Loaded, Material, Member, MergeError, Shape, Space, Vectors};

/// A fleet's contributions, which cannot be had any more once the run is halted. A strategy asks
/// for every segment at least once, so that it ends there.
pub(super) struct Halting<'a> {
    pub vectors: Vectors<'a>,
    pub halt: &'a Halt,
}

impl Material for Halting<'_> {
    fn members(&self) -> &[Member] {
        self.vectors.members()
    }

    fn segments(&self) -> usize {
        self.vectors.segments()
    }

    fn shape(&self, segment: usize) -> Shape {
        self.vectors.shape(segment)
    }

    fn has_base(&self) -> bool {
        self.vectors.has_base()
    }

    fn is_fleet(&self) -> bool {
        self.vectors.is_fleet()
    }

    fn is_halted(&self) -> bool {
        self.halt.is_set()
    }

    fn load<'s>(
        &'s self,
        segment: usize,
        space: Space,
        buffers: &'s mut Buffers,
    ) -> Result<Loaded<'s>, MergeError> {
        if self.is_halted() {
            return Err(MergeError::Material("the run was halted".into()));
        }
        self.vectors.load(segment, space, buffers)
    }

    fn put(&mut self, segment: usize, values: &[f32]) -> Result<(), MergeError> {
        self.vectors.put(segment, values)
    }
}
