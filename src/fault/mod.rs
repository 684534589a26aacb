//! What happens to learnings on their way from agents to the distiller.
//! Lives here: what attackers make of theirs.
//! May not: know how learnings are gathered or merged, or on what machine agents are visited.

mod conspiracy;
mod crafted;
mod known;
mod lookout;

pub use conspiracy::{Conspiracy, Scene};
