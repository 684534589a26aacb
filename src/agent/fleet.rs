//! What all agents of a fleet have in common.

use super::{Pace, Press};
use crate::halt::Halt;
use crate::ids::{AgentId, CoreVersion, Round};
use crate::learner::{Learner, Plan, Scratch};
use crate::maths;
use crate::params::Local;
use crate::scenario::{Compression, Exchange, Partial, Pull, Topology};
use crate::stream::{Purpose, Stream};
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
/// a result depends on and changes: [`Terms`](super::Terms) may.
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
    /// How they compress it.
    pub compression: Compression,
    /// Whether their steps are corrected by control variates (SCAFFOLD).
    pub scaffold: bool,
    /// Most examples that one sends a round (exchange of experience).
    pub reservoir: usize,
    /// Tasks a round, in worlds that generate them.
    pub tasks: u32,
    /// What becomes of stragglers' work.
    pub partial: Partial,
    /// Whether it is told whose learning the core is made of.
    pub lineage: bool,
    /// The agents that are measured, in rising order.
    pub panel: Vec<AgentId>,
    /// Agents that join later, in rising order, and the first round in which they work.
    pub newcomers: (Vec<AgentId>, Round),
    /// The share of its tasks that an agent learns from.
    pub uptake: Uptake,
    /// How long their work takes.
    pub pace: Pace,
    /// The seed of all streams.
    pub seed: u64,
    /// Whether to stop in the middle of a round.
    pub halt: Halt,
}

/// The share of its tasks that an agent learns from: a beta distribution over agents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uptake {
    /// Its mean `m` over agents.
    pub mean: f64,
    /// Its variance over agents, relative to the largest, `m(1 − m)`; 0 makes all alike.
    pub spread: f64,
}

impl Uptake {
    /// An agent's, for good: `a/(a + b)` of two gamma variates of shapes `mc` and `(1 − m)c`, `c =
    /// 1/spread − 1`, whose variance is `m(1 − m)/(c + 1)`.
    pub fn of(&self, seed: u64, agent: AgentId) -> f64 {
        let Uptake { mean, spread } = *self;
        if spread == 0.0 || mean == 0.0 || mean == 1.0 {
            return mean;
        }
        let concentration = 1.0 / spread - 1.0;
        let mut stream = Stream::new(seed, Purpose::Uptake, agent.0, 0);
        let a = stream.ln_gamma(mean * concentration);
        let b = stream.ln_gamma((1.0 - mean) * concentration);
        1.0 / (1.0 + maths::exp(b - a))
    }
}

/// Agents of a leaf in a fleet of so many.
pub(crate) fn leaf_of(agents: usize) -> usize {
    agents.div_ceil(256).clamp(8, 4096)
}

/// Leaves of a fleet of so many agents.
pub(crate) fn leaves_of(agents: usize) -> usize {
    agents.div_ceil(leaf_of(agents))
}

impl Fleet {
    /// Whether an agent has not yet joined when a core is published: those who work next pull it.
    pub fn absent(&self, agent: AgentId, version: CoreVersion) -> bool {
        let (newcomers, round) = &self.newcomers;
        version.0 + 1 < round.0 && newcomers.binary_search(&agent).is_ok()
    }

    /// Number of agents that have joined when a core is published.
    pub fn present(&self, version: CoreVersion) -> usize {
        let (newcomers, round) = &self.newcomers;
        let late = if version.0 + 1 < round.0 { newcomers.len() } else { 0 };
        self.world.facts().agents - late
    }

    /// The first round in which an agent works.
    pub fn joins(&self, agent: AgentId) -> Round {
        let (newcomers, round) = &self.newcomers;
        if newcomers.binary_search(&agent).is_ok() { *round } else { Round(1) }
    }

    /// Whether an agent is in the panel.
    pub fn in_panel(&self, agent: AgentId) -> bool {
        self.panel.binary_search(&agent).is_ok()
    }

    /// Agents of a leaf: neighbours whose parcels are summed in order before the sums meet in
    /// a tree. A function of the number of agents alone, because it shapes every sum.
    pub fn leaf(&self) -> usize {
        leaf_of(self.world.facts().agents)
    }

    /// Number of leaves.
    pub fn leaves(&self) -> usize {
        leaves_of(self.world.facts().agents)
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
            believed: Vec::new(),
            press: Press::default(),
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
    /// Answers that attackers believe.
    pub believed: Vec<u32>,
    /// Contributions on their way out.
    pub press: Press,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptake_has_the_mean_and_the_spread_that_are_asked_for() {
        for (mean, spread) in [(0.2, 0.1), (0.5, 0.6), (0.9, 0.3)] {
            let uptake = Uptake { mean, spread };
            let n = 40_000;
            let shares: Vec<f64> = (0..n).map(|agent| uptake.of(7, AgentId(agent))).collect();
            assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
            let n = f64::from(n);
            let got = shares.iter().sum::<f64>() / n;
            let variance = shares.iter().map(|s| (s - got) * (s - got)).sum::<f64>() / n;
            let want = spread * mean * (1.0 - mean);
            // four standard errors; squares of numbers below 1 vary by less than their variance
            assert!((got - mean).abs() < 4.0 * (want / n).sqrt(), "{mean}: {got}");
            assert!((variance - want).abs() < 4.0 * (want / n).sqrt(), "{want}: {variance}");
        }
        let alike = Uptake { mean: 0.3, spread: 0.0 };
        assert_eq!(alike.of(7, AgentId(1)), 0.3);
    }
}
