//! What happens to learnings on their way from agents to the distiller.
//! Lives here: what attackers make of theirs, which are lost, damaged, doubled or late, and who is
//! there to send any.
//! May not: know how learnings are gathered or merged, or on what machine agents are visited.

mod conspiracy;
mod crafted;
mod devices;
mod fates;
mod known;
mod lookout;
mod presence;

pub use conspiracy::{Conspiracy, Scene};
pub use fates::{Fate, Fates, Refusal, is_finite};
pub use presence::{Calendar, Presence, Roll, Turnover};
