//! Benchmarks of concurrency: what engines and fabrics carry, and what that costs.
//! Lives here: cases of a matrix, how one is measured (`measuring`), what repeats come to (`rows`), and
//! what got slower since another benchmark (`compare`). Of all that runs fleets this alone measures by
//! the clock.
//! May not: start processes, print or write files.

mod case;
mod compare;
mod figures;
mod measuring;
mod rows;

pub use case::{Axes, Case, Workload};
pub use compare::{Change, Verdict, compare};
pub use figures::{FIGURES, Figure, Sample};
pub use measuring::{Times, check, measure};
pub use rows::{Bench, Row, Spread};

pub use crate::process::resident_bytes;

/// The hive of a benchmark that names no scenario: few skills, all agents much alike.
pub const STANDARD: &str = include_str!("standard.toml");
