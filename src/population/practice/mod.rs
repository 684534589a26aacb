//! The learner `practice`: proficiencies that grow by a power law, fade by another, and pass from
//! agent to agent.
//! Lives here: what an agent of it knows, does and says in a round. May not: know an engine.

mod bits;
mod course;
mod fleet;
mod law;
mod post;
mod rule;
mod rumour;
mod tour;
mod visit;

pub use fleet::{Practice, Snapshot};
pub use law::Law;
pub use rumour::Rumour;
pub use visit::News;
