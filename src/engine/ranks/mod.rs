//! One fleet over several processes, which are called ranks: the engine `mpi`.
//! Lives here: how ranks talk, what a harvest is on the wire, and the tour that they make together.
//! May not: touch a parameter, or know more of MPI than `mpi.rs` tells.
//!
//! Every rank runs the same course of the same experiment, and so comes to the same publications. What
//! is divided is what is large: a rank holds and visits the agents of some leaves alone, and what
//! they bring is joined to one harvest in the tree that one process would have.

mod counted;
mod link;
#[cfg(feature = "mpi")]
mod mpi;
mod shards;
mod tour;
mod vault;
mod wire;

pub use counted::{Counted, Mail};
pub use link::{Link, Threads};
pub(super) use link::{agree, first_failure};
pub(crate) use link::{broadcast, gather};
#[cfg(feature = "mpi")]
pub use mpi::Mpi;
pub(crate) use tour::own_agents;
pub(super) use tour::with_ranks;
pub(super) use vault::Shared;
