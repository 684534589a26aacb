//! The blocks that one owner works on right now, in one place.

use super::{Layout, Sparse};
use std::sync::Arc;

const NONE: u32 = u32::MAX;

/// A working copy of some blocks: where they started, where they are now, and the job
/// knowledge on the same blocks, each block next to the last one touched.
///
/// One a worker, reused for every agent: finding a block is one look-up, clearing costs the
/// blocks that were touched, nothing is allocated once it has grown.
#[derive(Clone, Debug)]
pub struct Local {
    core: Arc<Layout>,
    job: Arc<Layout>,
    slot_of: Vec<u32>,
    blocks: Vec<u32>,
    counts: Vec<u32>,
    core_at: Vec<usize>,
    job_at: Vec<usize>,
    start: Vec<f32>,
    now: Vec<f32>,
    knowledge: Vec<f32>,
    /// As long as `now`, or empty where steps are not corrected.
    correction: Vec<f32>,
}

impl Local {
    /// An empty working copy over a core's layout and that of the job knowledge. Both have the
    /// same number of blocks; where no job knowledge is kept, its blocks are empty.
    ///
    /// # Panics
    /// Where the numbers of blocks differ.
    pub fn new(core: Arc<Layout>, job: Arc<Layout>) -> Self {
        assert_eq!(core.blocks(), job.blocks());
        let slot_of = vec![NONE; core.blocks()];
        Local {
            core,
            job,
            slot_of,
            blocks: Vec::new(),
            counts: Vec::new(),
            core_at: Vec::new(),
            job_at: Vec::new(),
            start: Vec::new(),
            now: Vec::new(),
            knowledge: Vec::new(),
            correction: Vec::new(),
        }
    }

    /// Forgets all blocks.
    pub fn clear(&mut self) {
        for block in self.blocks.drain(..) {
            self.slot_of[block as usize] = NONE;
        }
        self.counts.clear();
        self.core_at.clear();
        self.job_at.clear();
        self.start.clear();
        self.now.clear();
        self.knowledge.clear();
        self.correction.clear();
    }

    /// Makes sure that a block is there (zeros, if it is new) and counts `tasks` more for it.
    #[inline]
    pub fn touch(&mut self, block: u32, tasks: u32) {
        let slot = self.slot_of[block as usize];
        if slot != NONE {
            self.counts[slot as usize] += tasks;
            return;
        }
        self.slot_of[block as usize] = self.blocks.len() as u32;
        self.blocks.push(block);
        self.counts.push(tasks);
        self.core_at.push(self.now.len());
        self.job_at.push(self.knowledge.len());
        let core = self.now.len() + self.core.len(block);
        self.start.resize(core, 0.0);
        self.now.resize(core, 0.0);
        self.knowledge.resize(self.knowledge.len() + self.job.len(block), 0.0);
    }

    /// Number of blocks that are there.
    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Whether no block is there.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The block in a slot, slots being `0..len()` in the order of first touch, and its tasks.
    pub fn block(&self, slot: usize) -> (u32, u32) {
        (self.blocks[slot], self.counts[slot])
    }

    /// The slot of a block.
    ///
    /// # Panics
    /// Where the block was never touched.
    #[inline]
    pub fn slot(&self, block: u32) -> usize {
        let slot = self.slot_of[block as usize];
        assert!(slot != NONE, "block {block} is worked on before it was touched");
        slot as usize
    }

    #[inline]
    fn core_range(&self, slot: usize) -> std::ops::Range<usize> {
        self.core_at[slot]..self.core_at[slot] + self.core.len(self.blocks[slot])
    }

    #[inline]
    fn job_range(&self, slot: usize) -> std::ops::Range<usize> {
        self.job_at[slot]..self.job_at[slot] + self.job.len(self.blocks[slot])
    }

    /// Where a slot's parameters started, where they are, and its job knowledge.
    #[inline]
    pub fn parts(&mut self, slot: usize) -> (&[f32], &mut [f32], &mut [f32]) {
        let (core, job) = (self.core_range(slot), self.job_range(slot));
        (&self.start[core.clone()], &mut self.now[core], &mut self.knowledge[job])
    }

    /// Where a block's present parameters and its job knowledge begin in
    /// [`all`](Local::all) and [`all_mut`](Local::all_mut).
    ///
    /// # Panics
    /// Where the block was never touched.
    #[inline]
    pub fn at(&self, block: u32) -> (usize, usize) {
        let slot = self.slot(block);
        (self.core_at[slot], self.job_at[slot])
    }

    /// The present parameters of all blocks, slot behind slot.
    #[inline]
    pub fn all(&self) -> &[f32] {
        &self.now
    }

    /// The present parameters and the job knowledge of all blocks, slot behind slot.
    #[inline]
    pub fn all_mut(&mut self) -> (&mut [f32], &mut [f32]) {
        (&mut self.now, &mut self.knowledge)
    }

    /// The present parameters of a slot.
    #[inline]
    pub fn now(&self, slot: usize) -> &[f32] {
        &self.now[self.core_range(slot)]
    }

    /// The job knowledge of a slot.
    #[inline]
    pub fn knowledge(&self, slot: usize) -> &[f32] {
        &self.knowledge[self.job_range(slot)]
    }

    /// Sets where a slot starts: `fill` gets it zeroed; the present becomes the same.
    pub fn set_start(&mut self, slot: usize, fill: impl FnOnce(&mut [f32])) {
        let range = self.core_range(slot);
        fill(&mut self.start[range.clone()]);
        self.now[range.clone()].copy_from_slice(&self.start[range]);
    }

    /// Sets what corrects every step of a slot: the fleet's control variate less the agent's
    /// own, which is zero where there is none.
    pub fn set_correction(&mut self, slot: usize, fleet: &[f32], own: Option<&[f32]>) {
        self.correction.resize(self.now.len(), 0.0);
        let range = self.core_range(slot);
        let to = &mut self.correction[range];
        to.copy_from_slice(fleet);
        if let Some(own) = own {
            to.iter_mut().zip(own).for_each(|(to, own)| *to -= own);
        }
    }

    /// Whether steps are corrected.
    #[inline]
    pub fn corrects(&self) -> bool {
        !self.correction.is_empty()
    }

    /// Moves a slot's present parameters by `-rate` times its correction, where there is one.
    pub fn correct(&mut self, slot: usize, rate: f32) {
        if self.corrects() {
            let range = self.core_range(slot);
            let correction = &self.correction[range.clone()];
            self.now[range].iter_mut().zip(correction).for_each(|(now, c)| *now -= rate * c);
        }
    }

    /// What a slot moved, `now − start`, written to `to`.
    pub fn moved(&self, slot: usize, to: &mut [f32]) {
        let range = self.core_range(slot);
        for ((to, now), start) in
            to.iter_mut().zip(&self.now[range.clone()]).zip(&self.start[range])
        {
            *to = now - start;
        }
    }

    /// What all slots moved, as a contribution.
    pub fn contribution(&self, to: &mut Sparse) {
        to.clear();
        for slot in 0..self.len() {
            let (block, count) = self.block(slot);
            let values = to.push(block, count, self.core.len(block));
            self.moved(slot, values);
        }
    }
}
