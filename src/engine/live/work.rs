//! What free agents do, and what becomes of it: of fleets that learn, and of bare ones.

use super::ledger::Slip;
use crate::ids::AgentId;

/// An agent that is about to work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// Who.
    pub agent: AgentId,
    /// Which of its rounds of work this is, from 1.
    pub round: u32,
    /// Whether it has not worked with this core before.
    pub news: bool,
}

/// What a fleet of free agents does. Everything here is called from any thread, of one agent by one at
/// a time.
pub(super) trait Work: Send + Sync + Sized + 'static {
    /// What is published.
    type Core: Send + Sync + 'static;
    /// What an agent brings.
    type Load: Send + 'static;
    /// What was brought, added up.
    type Heap: Default + Send + Sync + 'static;

    /// Number of agents.
    fn agents(&self) -> u32;

    /// The heap that what an agent brings is added to: the same number for neighbours.
    fn heap_of(&self, agent: AgentId) -> u32;

    /// A number that no core has that is half another's.
    fn seal(&self, core: &Self::Core) -> u64;

    /// How long an agent is to take for a round's work, in units of virtual time.
    fn time(&self, turn: Turn) -> f64;

    /// A round's work: what comes of it, and whether it is a learning. `None` ends the agent's life.
    fn visit(&self, turn: Turn, core: &Self::Core) -> Option<(Self::Load, bool)>;

    /// Adds what an agent brought to a heap; `newest` is the core that it comes in at.
    fn add(&self, heap: &mut Self::Heap, slip: &Slip, load: Self::Load, newest: &Self::Core);

    /// Adds a heap to another.
    fn join(&self, into: &mut Self::Heap, heap: Self::Heap);

    /// Takes back the memory of what is not merged.
    fn discard(&self, load: Self::Load);
}
