//! hivesim simulates a *hive mind of continual learners*: many agents, each a shared cognitive
//! core plus its own job knowledge, learn on different jobs and bring their learnings back; a
//! distiller merges them into the next core, which every agent pulls again.
//!
//! ```
//! use hivesim::engine::{Experiment, Silent};
//! use hivesim::scenario::Scenario;
//!
//! let text = "rounds = 3\n[fleet]\nagents = 20\ntasks = 10";
//! let scenario = Scenario::parse(text, "example", &[])?;
//! let outcome = Experiment::new(scenario).run(&Silent)?;
//! assert_eq!(outcome.hive.rounds.len(), 4);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod agent;
pub mod cli;
pub mod distill;
pub mod engine;
pub mod ids;
pub mod learner;
pub mod maths;
pub mod measure;
pub mod merge;
pub mod params;
pub mod record;
pub mod report;
pub mod scenario;
pub mod stream;
pub mod world;
