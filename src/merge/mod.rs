//! Merge strategies: from a base and contributions to the next core.
//! Lives here: the trait and its families, one file a family, and what they share: material,
//! groups, pre-aggregations, server steps.
//! May not: know engines, agents, worlds or files; a merge is a pure function of what it is
//! given and of the strategy's own state from the rounds before.

mod averaging;
mod bounds;
mod coordinates;
mod della;
mod geometric;
mod group;
mod krum;
mod local;
mod material;
mod mixing;
mod norm_bound;
mod output;
mod pipeline;
mod products;
mod selection;
mod server;
mod singular;
mod spare;
mod sparse;
mod spectral;
mod spherical;
mod spread;
mod statistics;
mod stock;
mod subsets;

pub use group::{Group, Segment};
pub use material::{Buffers, Columns, Flat, Loaded, Material, Member, Row, Shape, Space, Vectors};
pub use output::Output;
pub use pipeline::Pipeline;
pub use products::Products;
pub use server::Steps;
pub use spread::Spread;
pub(crate) use spread::share_of;

use crate::halt::Halt;
use crate::ids::AgentId;
use crate::learner::Statistic;
use crate::params::Sparse;
use crate::scenario::{Combine, Scope, Weighting};
use crate::state::{Reader, StateError, Writer};
use thiserror::Error;

/// How a strategy wants contributions brought to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intake {
    /// The weighted mean is all it wants: contributions are summed as they come, in a fixed
    /// shape, in memory for one vector, however many agents, and
    /// [`merge`](Strategy::merge) is not called.
    Mean(Weighting),
    /// Every single one, in the order of the agents.
    All,
}

/// One agent's contribution.
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
    /// The statistic that the strategy asked for.
    pub statistics: Option<&'a Sparse>,
}

impl<'a> Contribution<'a> {
    /// A contribution of one task and one step on the newest core.
    pub fn fresh(agent: AgentId, delta: &'a Sparse) -> Self {
        Contribution { agent, delta, tasks: 1, steps: 1, staleness: 0, statistics: None }
    }
}

/// Tells how good a core is.
pub type Judge<'a> = dyn Fn(&[f32]) -> f64 + Sync + 'a;

/// What a merge may draw on beside the vectors.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The seed of what a strategy draws.
    pub seed: u64,
    /// The round of what a strategy draws.
    pub round: u32,
    /// Threads that a merge may use; never changes a result.
    pub threads: usize,
    /// How good a core is, higher being better, for strategies that try cores out.
    pub judge: Option<&'a Judge<'a>>,
    /// Tells that nobody waits for the merge any more: it ends at the next segment.
    pub halt: Option<&'a Halt>,
    /// Whether no round follows, so that nothing need be remembered for it.
    pub last: bool,
}

impl Context<'_> {
    /// A context of one thread and no judge, which nobody halts, with rounds to follow.
    pub fn new(seed: u64, round: u32) -> Self {
        Context { seed, round, threads: 1, judge: None, halt: None, last: false }
    }
}

/// What can go wrong in a merge.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum MergeError {
    /// The strategy's needs are not met.
    #[error("strategy `{strategy}` needs {needs}; found {found}")]
    Needs {
        /// The strategy.
        strategy: &'static str,
        /// What it needs.
        needs: String,
        /// What it was brought.
        found: String,
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
    #[error(
        "strategy `{strategy}` made a core that is infinite or not a number (block {block}, \
         entry {at})"
    )]
    NotFinite {
        /// The strategy.
        strategy: &'static str,
        /// The first such block.
        block: u32,
        /// The first such entry of it.
        at: usize,
    },
    /// What is to be merged cannot be read, or the result cannot be written.
    #[error("{0}")]
    Material(String),
    /// Nobody waits for the merge any more.
    #[error("the merge was halted")]
    Halted,
    /// Another of the processes that merge together failed, and says itself how.
    #[error("the part of the merge that another process makes failed")]
    Elsewhere,
}

/// A way to make one vector of many.
///
/// A strategy may keep state from round to round; it must not depend on anything but its
/// arguments and state. It is called once for each group of segments that its
/// [`scope`](Strategy::scope) makes one vector, and writes every segment of the group.
pub trait Strategy: Send {
    /// Its name in scenarios.
    fn name(&self) -> &'static str;

    /// What counts as one vector. Of no meaning, and left as it is, where a strategy goes
    /// coordinate by coordinate.
    fn scope(&self) -> Scope {
        Scope::Tensor
    }

    /// What vectors are measured from.
    fn space(&self) -> Space {
        Space::Deltas
    }

    /// How it wants contributions brought.
    fn intake(&self) -> Intake {
        Intake::All
    }

    /// The statistic that agents are to bring.
    fn statistic(&self) -> Option<Statistic> {
        None
    }

    /// Probe tasks of each skill that the judge is to try cores on; none where it needs none.
    fn probes(&self) -> Option<u32> {
        None
    }

    /// Whether it looks at a group of several segments by the group's norms, products and distances
    /// alone, before it writes each for itself: several processes may then hold segments each.
    fn spreads(&self) -> bool {
        false
    }

    /// A round begins.
    fn begin(&mut self, _context: &Context<'_>) {}

    /// Whether it remembers anything of the rounds before: whoever merges must then see all that it saw.
    fn remembers(&self) -> bool {
        false
    }

    /// Puts what it remembers of the rounds before into a checkpoint; nothing, unless it says so.
    fn keep(&self, _out: &mut Writer<'_>) {}

    /// Takes up what another of its kind has kept, so that it goes on as that one would have.
    ///
    /// # Errors
    /// Where it is not that.
    fn take_up(&mut self, _from: &mut Reader<'_>) -> Result<(), StateError> {
        Ok(())
    }

    /// Merges a group: reads its segments as often as it needs to, then writes each once.
    ///
    /// # Errors
    /// Where its needs are not met, and those of the group.
    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError>;
}

/// The strategy that a scenario asks for.
pub fn strategy(spec: &Combine) -> Box<dyn Strategy> {
    match spec.clone() {
        Combine::Mean(spec) => Box::new(averaging::Mean(spec)),
        Combine::Fednova(spec) => Box::new(averaging::Fednova(spec)),
        Combine::Median(_) => Box::new(coordinates::Median),
        Combine::TrimmedMean(spec) => Box::new(coordinates::TrimmedMean(spec)),
        Combine::MeanAroundMedian(spec) => Box::new(coordinates::MeanAroundMedian(spec)),
        Combine::Krum(spec) => Box::new(krum::Krum(spec)),
        Combine::MultiKrum(spec) => Box::new(krum::MultiKrum(spec)),
        Combine::Bulyan(spec) => Box::new(krum::Bulyan(spec)),
        Combine::GeometricMedian(spec) => Box::new(geometric::GeometricMedian(spec)),
        Combine::CentredClipping(spec) => Box::new(geometric::CentredClipping::new(spec)),
        Combine::NormBound(spec) => Box::new(norm_bound::NormBound(spec)),
        Combine::Mda(spec) => Box::new(subsets::Mda(spec)),
        Combine::Smea(spec) => Box::new(subsets::Smea(spec)),
        Combine::Caf(spec) => Box::new(subsets::Caf(spec)),
        Combine::TaskArithmetic(spec) => Box::new(sparse::TaskArithmetic(spec)),
        Combine::Ties(spec) => Box::new(sparse::Ties(spec)),
        Combine::Dare(spec) => Box::new(sparse::Dare(spec)),
        Combine::Della(spec) => Box::new(della::Della(spec)),
        Combine::Breadcrumbs(spec) => Box::new(sparse::Breadcrumbs(spec)),
        Combine::Consensus(spec) => Box::new(sparse::Consensus(spec)),
        Combine::Slerp(spec) => Box::new(spherical::Slerp(spec)),
        Combine::Nuslerp(spec) => Box::new(spherical::Nuslerp(spec)),
        Combine::MultiSlerp(spec) => Box::new(spherical::MultiSlerp(spec)),
        Combine::Karcher(spec) => Box::new(spherical::Karcher(spec)),
        Combine::Nearswap(spec) => Box::new(local::Nearswap(spec)),
        Combine::ArceeFusion(_) => Box::new(local::ArceeFusion),
        Combine::Ram(spec) => Box::new(local::Ram(spec)),
        Combine::RamplusTl(spec) => Box::new(local::RamplusTl(spec)),
        Combine::ModelStock(spec) => Box::new(stock::ModelStock(spec)),
        Combine::Sce(spec) => Box::new(stock::Sce(spec)),
        Combine::Fisher(spec) => Box::new(statistics::Fisher(spec)),
        Combine::Regmean(spec) => Box::new(statistics::Regmean(spec)),
        Combine::Tsv(spec) => Box::new(spectral::Tsv(spec)),
        Combine::IsoC(spec) => Box::new(spectral::IsoC(spec)),
        Combine::BestByProbe(spec) => Box::new(selection::BestByProbe(spec)),
        Combine::GreedySoup(spec) => Box::new(selection::GreedySoup(spec)),
    }
}
