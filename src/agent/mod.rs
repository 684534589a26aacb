//! Agents: what each one holds, and what it does when a core is published.
//! Lives here: the fleet's common settings, pace, attackers and terms of work, cohorts of agents, pull policies,
//! examinations, compression, and the parcel that an agent hands over.
//! May not: know how parcels travel or how learnings are merged.

mod attackers;
mod cohort;
mod compression;
mod examine;
mod fleet;
mod learning;
mod pace;
mod publication;
mod terms;

pub use crate::halt::Halt;
pub use attackers::{Attackers, Lie};
pub use cohort::{Book, Cohort, Records};
pub use compression::Press;
pub(crate) use compression::bytes;
pub(crate) use examine::barrier;
pub use fleet::{Bench, Fleet, Keeping, Uptake};
pub(crate) use fleet::{leaf_of, leaves_of};
pub use learning::{Fooled, Holdings, Learning, Parcel, Reading};
pub use pace::Pace;
pub use publication::{
    CompanyLayer, Duty, Errand, Held, Hold, Locals, Publication, Shift, Start, Traffic,
};
pub use terms::{Agenda, Terms};

use crate::ids::{AgentId, CoreVersion};
use thiserror::Error;

/// What can go wrong with an agent.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AgentError {
    /// Parameters became infinite or not a number.
    #[error(
        "agent {agent} diverged while learning on core {version}: block {block} of its \
         contribution or job knowledge holds a number that is infinite or not a number; \
         a smaller learning rate or a proximal term (`learner.solver.prox`) keeps it finite"
    )]
    Diverged {
        /// Who.
        agent: AgentId,
        /// The core that it started from.
        version: CoreVersion,
        /// The first such block.
        block: u32,
    },
}
