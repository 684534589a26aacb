//! Engines: one meaning, several machines.
//! Lives here: how agents are visited, on how many threads, and how their parcels travel; the
//! course of a whole experiment.
//! May not: touch a parameter or draw a number. An engine only decides who does the work.

mod batch;
mod course;
mod crowd;
mod digest;
mod experiment;
mod keeping;
mod live;
mod out_of_step;
mod pool;
mod pooled;
mod ranks;
mod serial;
mod tasks;

pub use batch::{Batch, Cut};
pub use course::{Place, RunError};
pub use experiment::{Experiment, Observer, Silent, Stage};
pub use keeping::{AgentsState, Extent, Kept, Moment, Safekeeping, Source, State, Vault};
pub use live::{Bare, BareRun, NUMBERS};
#[cfg(feature = "mpi")]
pub use ranks::Mpi;
pub use ranks::{Counted, Link, Mail, Threads};
pub(crate) use ranks::{broadcast, gather, own_agents};
pub use tasks::{AgentStatus, Registry};

use crate::agent::{Cohort, Publication};
use crate::distill::Harvest;
use crate::state::{Reader, StateError, Writer};
use std::sync::Arc;

/// A way to visit all agents with a publication.
pub(crate) trait Tour {
    /// Visits every agent once and gathers what they bring.
    fn tour(&mut self, publication: &Arc<Publication>) -> Harvest;

    /// Takes a harvest's memory back.
    fn give_back(&mut self, harvest: Harvest);

    /// Lets `wait` return before anyone goes on.
    fn hold(&mut self, wait: &mut dyn FnMut()) {
        wait();
    }

    /// Calls `f` with all cohorts that it holds, in the order of their agents, none of whom is at work.
    fn cohorts(&mut self, f: &mut dyn FnMut(&mut Cohort));

    /// Calls `f` with all cohorts that its tours visit, in the order of their agents, to be filled: those
    /// that are elsewhere are filled for nothing.
    fn fill(&mut self, f: &mut dyn FnMut(&mut Cohort)) {
        self.cohorts(f);
    }

    /// Puts what it knows beside them into a checkpoint.
    fn keep(&self, _out: &mut Writer<'_>) {}

    /// Takes up what the same kind of tour has kept beside them.
    ///
    /// # Errors
    /// Where it is not that.
    fn take_up(&mut self, _from: &mut Reader<'_>) -> Result<(), StateError> {
        Ok(())
    }

    /// Feeds the state of every agent, in order: a hash a leaf. No tour follows.
    fn digest(&mut self, feed: &mut dyn FnMut(&[u8]));
}
