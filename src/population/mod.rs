//! Fleets whose agents hold numbers of proficiency or bit strings, not parameters: no features, no
//! gradients.
//! Lives here: what agents of such a fleet know, what a round of work and of calls makes of it,
//! and the fast way to do that for millions.
//! May not: know an engine, draw from anything but named streams, or touch a parameter.
//!
//! A population goes from snapshot to snapshot. In a round every agent is visited once, with the
//! snapshot that was published when the round began: it works on what it knew, and in calls it is
//! told, and tells, what was known then. What it practised in a round it tells in the next. A
//! visit is therefore a pure function of snapshot and agent, and what several visits bring to one
//! agent is joined by a maximum or a sum of integers: who comes first does not matter.

mod grid;
mod practice;
mod search;

pub use grid::Grid;
pub use practice::{Law, Practice, Rumour};
pub use search::Searchers;

use crate::measure::{Frame, PanelMember, RoundRow};
use crate::state::{Reader, StateError, Writer};

/// What an engine needs to know of a population.
///
/// `begin`, then [`visit`](Population::visit) and [`take`](Population::take) for every agent in
/// any order, then `finish` make a round; [`tour`](Population::tour) is the same, to the bit, by
/// whatever way is fast.
pub trait Population: Send + Sync + 'static {
    /// What is known to all when a round begins.
    type Snapshot: Send + Sync + 'static;
    /// What a visit brings.
    type News: Default + Send + 'static;

    /// Number of agents.
    fn agents(&self) -> u32;

    /// Tasks that an agent does in a round.
    fn tasks(&self) -> u32;

    /// Names of the skills, their shares in all work, and numbers of a core.
    fn skills(&self) -> (Vec<String>, Vec<f64>, usize);

    /// The agents that are measured.
    fn panel(&self) -> Vec<PanelMember>;

    /// Whether a single learner does all the work: then there is nobody to visit, and only
    /// [`tour`](Population::tour) makes a round.
    fn is_one(&self) -> bool;

    /// The snapshot of round 0.
    fn first(&self) -> Self::Snapshot;

    /// Room for a snapshot.
    fn room(&self) -> Self::Snapshot;

    /// Prepares `next` for the news of the round after `now`.
    fn begin(&self, now: &Self::Snapshot, next: &mut Self::Snapshot);

    /// An agent's round: a pure function of the snapshot and the agent.
    fn visit(&self, now: &Self::Snapshot, agent: u32, news: &mut Self::News);

    /// Takes the news of an agent's visit in. The order of agents makes no difference.
    fn take(&self, now: &Self::Snapshot, next: &mut Self::Snapshot, agent: u32, news: &Self::News);

    /// Closes the round when the news of all agents are in.
    fn finish(&self, now: &Self::Snapshot, next: &mut Self::Snapshot);

    /// A whole round on so many threads.
    fn tour(&self, now: &Self::Snapshot, next: &mut Self::Snapshot, threads: usize);

    /// The work that led to a snapshot, as a row without levels.
    fn work(&self, now: &Self::Snapshot) -> RoundRow;

    /// The levels of the panel, and how many of the whole fleet are at the adoption level.
    fn measure(&self, now: &Self::Snapshot) -> Frame;

    /// Puts a snapshot into a checkpoint.
    fn keep(&self, now: &Self::Snapshot, out: &mut Writer<'_>);

    /// The snapshot that a population of the same scenario has kept.
    ///
    /// # Errors
    /// Where it is of another.
    fn take_up(&self, from: &mut Reader<'_>) -> Result<Self::Snapshot, StateError>;

    /// Feeds all that the agents know.
    fn digest(&self, now: &Self::Snapshot, feed: &mut dyn FnMut(&[u8]));
}
