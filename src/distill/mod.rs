//! Distillation: what is gathered in a round, and how it becomes the next publication.
//! Lives here: exchanges, schedules, topologies; the distiller and the harvest it works on.
//! May not: know on what machine the agents are visited; that is the engine's.

mod agenda;
mod ancestry;
mod beside;
mod distiller;
mod ensemble;
mod flights;
mod gossip;
mod harvest;
mod hierarchy;
mod hives;
mod judge;
mod message;
mod peers;
mod shift;
mod site;
mod timetable;
mod training;

pub(crate) use agenda::adds_up;
pub use ancestry::Ancestry;
pub use distiller::Distiller;
pub use flights::Flights;
pub(crate) use flights::weigh;
pub use harvest::{Controls, Harvest, Harvester};
