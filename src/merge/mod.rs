//! Merge strategies: from a base and contributions to the next core.
//! Lives here: the trait and its families, one file a family.
//! May not: know engines, agents, worlds or files; a merge is a pure function of what it is
//! given and of the strategy's own state from the rounds before.

mod mean;

pub use mean::Mean;

use crate::ids::AgentId;
use crate::params::{BlockSum, Layout, Sparse};
use crate::scenario::Combine;
use thiserror::Error;

/// How much a contribution counts for a block that `tasks` of its tasks touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighting {
    /// As much as its tasks.
    Tasks,
    /// As much as any other.
    Uniform,
}

impl Weighting {
    /// The weight.
    #[inline]
    pub fn of(self, tasks: u32) -> f32 {
        match self {
            Weighting::Tasks => tasks as f32,
            Weighting::Uniform => 1.0,
        }
    }
}

/// How a strategy wants contributions brought to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intake {
    /// Summed as they come, in a fixed shape: memory for one vector, however many agents.
    Sum(Weighting),
    /// Every single one, in the order of the agents.
    All,
}

/// One agent's contribution, as a strategy sees it.
#[derive(Clone, Copy, Debug)]
pub struct Contribution<'a> {
    /// Whose it is.
    pub agent: AgentId,
    /// What the parameters moved from the base; blocks that are not there were not touched.
    pub delta: &'a Sparse,
    /// Tasks (examples, in worlds with fixed local data) that it stands for.
    pub tasks: u64,
    /// Gradient steps that led to it: `τ_i` of strategies that normalise by them.
    pub steps: u64,
    /// Publications since its base was the newest core.
    pub staleness: u32,
}

impl<'a> Contribution<'a> {
    /// A contribution of one task and one step on the newest core.
    pub fn fresh(agent: AgentId, delta: &'a Sparse) -> Self {
        Contribution { agent, delta, tasks: 1, steps: 1, staleness: 0 }
    }
}

/// The contributions of a round, brought as the strategy's [`Intake`] asks.
#[derive(Clone, Copy, Debug)]
pub enum Gathered<'a> {
    /// Their weighted sum.
    Sum(&'a BlockSum),
    /// All of them.
    All(&'a [Contribution<'a>]),
}

/// What a strategy works on.
#[derive(Clone, Copy, Debug)]
pub struct MergeRound<'a> {
    /// Blocks of the parameters.
    pub layout: &'a Layout,
    /// The core that contributions started from, `layout.entries()` numbers.
    pub base: &'a [f32],
    /// What agents brought.
    pub gathered: Gathered<'a>,
    /// Seed and round, for strategies that draw.
    pub name: (u64, u32),
}

/// What can go wrong in a merge.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum MergeError {
    /// The strategy was brought contributions in a way that it did not ask for.
    #[error(
        "strategy `{strategy}` asked for contributions {asked}, and was brought them otherwise"
    )]
    Intake {
        /// The strategy.
        strategy: &'static str,
        /// How it wants them.
        asked: &'static str,
    },
    /// Training the core itself made numbers that are infinite or not a number.
    #[error(
        "{who} diverged: block {block} of the core that it trained is infinite or not a number; a \
         smaller learning rate ({keys}) keeps it finite"
    )]
    Diverged {
        /// Who trained.
        who: &'static str,
        /// The first such block.
        block: u32,
        /// The keys of its rate.
        keys: &'static str,
    },
    /// The next core holds numbers that are infinite or not a number.
    #[error("strategy `{strategy}` made a core whose block {block} is infinite or not a number")]
    NotFinite {
        /// The strategy.
        strategy: &'static str,
        /// The first such block.
        block: u32,
    },
}

/// A way to make the next core.
///
/// A strategy may keep state from round to round (momentum, control variates); it is called
/// once a round, on one thread, and must not depend on anything but its arguments and state.
pub trait Strategy: Send {
    /// Its name in scenarios.
    fn name(&self) -> &'static str;

    /// How it wants contributions brought.
    fn intake(&self) -> Intake;

    /// Makes the next core: `next` starts as a copy of the base.
    ///
    /// # Errors
    /// Where its needs are not met.
    fn merge(&mut self, round: MergeRound<'_>, next: &mut [f32]) -> Result<(), MergeError>;
}

/// The strategy that a scenario asks for.
pub fn strategy(spec: &Combine) -> Box<dyn Strategy> {
    match spec {
        Combine::Mean(mean) => Box::new(Mean::new(mean)),
    }
}
