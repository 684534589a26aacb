//! placeholder
use super::*;
use crate::scenario;
use crate::world::Facts;
/// A small network with low-rank adapters as job knowledge.
pub struct Mlp;
impl Mlp {
    /// x
    pub fn new(_: &scenario::Mlp, _: &Facts, _: u64, _: bool) -> Self {
        Mlp
    }
}
impl Learner for Mlp {
    fn core_layout(&self) -> &Arc<Layout> {
        todo!()
    }
    fn job_layout(&self) -> &Arc<Layout> {
        todo!()
    }
    fn answers(&self) -> (usize, usize) {
        todo!()
    }
    fn initial_core(&self, _: u64, _: &mut [f32]) {}
    fn touch(&self, _: &Tasks<'_>, _: &mut Local) {}
    fn train(&self, _: Lesson<'_>, _: &mut Local, _: &mut Scratch) -> Tally {
        todo!()
    }
    fn absorb(&self, _: u32, _: &[f32], _: &mut [f32]) {}
    fn logits(&self, _: &[f32], _: &Tasks<'_>, _: &mut Scratch, _: &mut Vec<f32>) {}
}
