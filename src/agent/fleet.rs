//! What all agents of a fleet have in common.

use crate::halt::Halt;
use crate::ids::AgentId;
use crate::learner::{Learner, Plan, Scratch, Statistic};
use crate::params::Local;
use crate::scenario::{Exchange, Partial, Pull, Topology};
use crate::world::{Desk, World};
use std::sync::Arc;

/// What an agent keeps between rounds, beside its part in the core.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Keeping {
    /// Nothing.
    Nothing,
    /// Everything it learns: there is no distiller to send it to.
    Everything,
    /// Job knowledge, and what becomes of it when a core arrives.
    Job(Pull, f32),
    /// Its private rest of what core and company did not absorb, shrunk by `n/(n + λ)` after
    /// `n` tasks (`nested`).
    Private {
        /// `λ_i`.
        shrink: f64,
    },
}

/// A fleet's world, learner and habits: everything that its agents share, and nothing that
/// a result depends on and changes.
pub struct Fleet {
    /// What generates work.
    pub world: Arc<dyn World>,
    /// What a policy is.
    pub learner: Arc<dyn Learner>,
    /// How agents go through their work.
    pub plan: Plan,
    /// What they keep.
    pub keeping: Keeping,
    /// Who merges with whom.
    pub topology: Topology,
    /// What they send.
    pub exchange: Exchange,
    /// Whether their steps are corrected by control variates (SCAFFOLD).
    pub scaffold: bool,
    /// What they measure beside their contribution.
    pub statistic: Option<Statistic>,
    /// Most examples that one sends a round (exchange of experience).
    pub reservoir: usize,
    /// Tasks a round, in worlds that generate them.
    pub tasks: u32,
    /// What becomes of stragglers' work.
    pub partial: Partial,
    /// The agents that are measured, in rising order.
    pub panel: Vec<AgentId>,
    /// The seed of all streams.
    pub seed: u64,
    /// Whether to stop in the middle of a round.
    pub halt: Halt,
}

impl Fleet {
    /// Whether an agent is in the panel.
    pub fn in_panel(&self, agent: AgentId) -> bool {
        self.panel.binary_search(&agent).is_ok()
    }

    /// Agents of a leaf: neighbours whose parcels are summed in order before the sums meet in
    /// a tree. A function of the number of agents alone, because it shapes every sum.
    pub fn leaf(&self) -> usize {
        self.world.facts().agents.div_ceil(256).clamp(8, 4096)
    }

    /// Number of leaves.
    pub fn leaves(&self) -> usize {
        self.world.facts().agents.div_ceil(self.leaf())
    }

    /// The agents of a leaf: the first, and how many.
    pub fn leaf_range(&self, leaf: usize) -> (u32, usize) {
        let first = leaf * self.leaf();
        (first as u32, self.leaf().min(self.world.facts().agents - first))
    }

    /// Parameters of a core, padding left out.
    pub fn parameters(&self) -> usize {
        let blocks = self.learner.core_layout().blocks() as u32;
        (0..blocks).map(|block| self.learner.numbers(block)).sum()
    }

    /// A worker's buffers.
    pub fn bench(&self) -> Bench {
        let (core, job) = (self.learner.core_layout().clone(), self.learner.job_layout().clone());
        Bench {
            desk: Desk::default(),
            local: Local::new(core, job),
            scratch: Scratch::default(),
            policy: Vec::new(),
            logits: Vec::new(),
            norms: Vec::new(),
            best: Vec::new(),
            chosen: Vec::new(),
        }
    }
}

/// A worker's buffers: one a thread, whichever agents it serves. Nothing in it outlives a visit.
pub struct Bench {
    /// Tasks.
    pub desk: Desk,
    /// Parameters at work.
    pub local: Local,
    /// The learner's buffers.
    pub scratch: Scratch,
    /// A whole policy.
    pub policy: Vec<f32>,
    /// Its logits.
    pub logits: Vec<f32>,
    /// Norms of softmax rows.
    pub norms: Vec<(f32, f32)>,
    /// Best answers.
    pub best: Vec<u32>,
    /// Chosen tasks.
    pub chosen: Vec<u32>,
}
