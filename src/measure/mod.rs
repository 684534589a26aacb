//! Measures: skill, spread, merge quality, economy, and the trace that they make.
//! Lives here: pure functions from levels and contributions to numbers.
//! May not: run anything, read clocks or write files.

pub mod privacy;
mod quality;
mod skill;
mod trace;

pub use privacy::Privacy;
pub use quality::{Quality, quality};
pub use skill::{Skills, skills};
pub use trace::*;
