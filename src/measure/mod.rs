//! Measures: skill, spread, merge quality, inequality, continual learning, economy, competition,
//! and the trace that they make.
//! Lives here: pure functions from levels, counts and contributions to numbers.
//! May not: run anything, read clocks or write files.

mod accounts;
mod ages;
pub mod competition;
pub mod continual;
pub mod economy;
pub mod inequality;
mod interference;
mod live;
mod onboarding;
pub mod privacy;
mod quality;
mod race;
mod skill;
pub mod spread;
mod trace;

pub use accounts::{AccountRow, Accounts};
pub use ages::Ages;
pub use interference::{Barrier, Interference, barrier, barrier_between, interference};
pub use live::{Latency, LiveReport};
pub use onboarding::Onboarding;
pub use privacy::Privacy;
pub(crate) use quality::compared;
pub use quality::{Quality, quality};
pub use race::Race;
pub use skill::{Skills, skills};
pub(crate) use skill::{mean, on_job};
pub use trace::*;
