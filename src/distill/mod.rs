//! Distillation: what is gathered in a round, and how it becomes the next publication.
//! Lives here: exchanges, schedules, topologies; the distiller and the harvest it works on.
//! May not: know on what machine the agents are visited; that is the engine's.

mod distiller;
mod ensemble;
mod gossip;
mod harvest;
mod hierarchy;
mod hives;
mod judge;
mod message;
mod site;
mod training;

pub use distiller::Distiller;
pub use harvest::{Harvest, Harvester};
