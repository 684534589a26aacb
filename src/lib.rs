//! hivesim simulates a *hive mind of continual learners*: many agents, each a shared cognitive
//! core plus its own job knowledge, learn on different jobs and bring their learnings back; a
//! distiller merges them into the next core, which every agent pulls again.
//!
//! Three things are done with it: run a scenario, read what came out, and put a part of your own
//! in the place of one of its parts.
//!
//! # Running a scenario
//!
//! A [`scenario`] is a TOML file in which every key has a default; overrides are checked like
//! the file. An [`Experiment`](engine::Experiment) runs the hive and the bounds beside it.
//!
//! ```
//! use hivesim::engine::{Experiment, Silent};
//! use hivesim::scenario::Scenario;
//!
//! let text = "rounds = 3\n[fleet]\nagents = 20\ntasks = 10\n[measure]\nbounds = [\"isolated\"]";
//! let scenario = Scenario::parse(text, "example", &["seed=7".into()])?;
//! let outcome = Experiment::new(scenario).run(&Silent)?;
//! assert_eq!(outcome.hive.rounds.len(), 4); // the first core and three more
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An [`Observer`](engine::Observer) is told of every round; [`Controls`](controls::Controls) hold a
//! run, or change on its way how it merges and what goes wrong.
//!
//! What happens in a round:
//!
//! ```text
//!   world ──── tasks ────► agent: core θ + job knowledge φ ──┐
//!   skills, companies,     agent: core θ + job knowledge φ ──┤ learnings δ
//!   jobs, drift, oracle    agent: core θ + job knowledge φ ──┤
//!                              ▲                             ▼
//!                              └──── the next core ───── distiller
//! ```
//!
//! - A [`world`] deals tasks and knows the right answers. In the mixed-effects world the truth of
//!   a skill at a company is a general part, the skill's own and the company's own variation.
//! - A [`learner`](learner::Learner) is a policy over blocks of parameters, with a way to learn.
//! - An [`agent`] pulls the core, works, keeps its job knowledge and sends a contribution.
//! - A [merge strategy](merge::Strategy) makes the next core of contributions; the [`distill`]er
//!   brings them to it. Strategies never know the engine.
//! - An [`engine`] decides who does the work: a plain loop, a pool of threads, a task an agent.
//!   The result is the same to the bit, which one hash says:
//!
//! ```
//! # use hivesim::engine::{Experiment, Silent};
//! # use hivesim::scenario::Scenario;
//! let text = "rounds = 2\n[fleet]\nagents = 20\ntasks = 10";
//! let hash = |engine: &str| -> Result<String, Box<dyn std::error::Error>> {
//!     let scenario = Scenario::parse(text, "example", &[format!("engine.kind={engine}")])?;
//!     Ok(Experiment::new(scenario).run(&Silent)?.result_hash)
//! };
//! assert_eq!(hash("serial")?, hash("tasks")?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Reading what came out
//!
//! An [`Outcome`](measure::Outcome) holds a [`Trace`](measure::Trace) a fleet: a row of numbers a
//! round, and the levels of the panel's agents, skill by skill, where 0 is chance and 1 the
//! oracle.
//!
//! ```
//! # use hivesim::engine::{Experiment, Silent};
//! # use hivesim::scenario::Scenario;
//! # let scenario = Scenario::parse("[world]\ncompany = 0.0\n[fleet]\nagents = 40", "example", &[])?;
//! let outcome = Experiment::new(scenario).run(&Silent)?;
//! let (first, last) = (&outcome.hive.rounds[0], &outcome.hive.rounds[30]);
//! assert!(last.panel_skill > first.panel_skill + 0.5);
//! // skills that an agent never practised come to it through the hive
//! assert!(last.unpractised_skill > 0.5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`record`] writes an outcome as tables, [`report`] as a page to look at. [`validate`] holds
//! hivesim to closed forms.
//!
//! # Merging models in files
//!
//! [`checkpoint::merging`] hands models in safetensors files to the same strategies, as a
//! [`Recipe`](scenario::Recipe) says.
//!
//! # Parts of your own
//!
//! [`Experiment::with_learner`](engine::Experiment::with_learner) and
//! [`with_strategy`](engine::Experiment::with_strategy) take them; `examples/own_learner.rs` is a
//! whole learner, `examples/own_strategy.rs` a whole strategy. A part that is a pure function of
//! what it is given, and draws random numbers from named streams ([`stream`]) alone, keeps the
//! promise of equal bits. The [`catalogue`] says what the strategies that are there compute, and
//! [`compare`] what several of them come to.
//!
//! # Many runs
//!
//! A [`sweep`] sets keys of a scenario in many ways, each on the same seeds, and judges the runs;
//! [`Batch`](engine::Batch) runs several experiments at once. The [statistics](sweep::statistics)
//! serve your own runs too.

// the summary of a run is one literal of some fifty keys
#![recursion_limit = "256"]

pub mod agent;
pub mod bench;
pub mod catalogue;
pub mod checkpoint;
pub mod cli;
pub mod compare;
pub mod controls;
pub mod costs;
mod disk;
pub mod distill;
pub mod engine;
pub mod fault;
pub mod graph;
mod halt;
pub mod ids;
mod json;
pub mod learner;
mod lines;
pub mod maths;
pub mod measure;
pub mod merge;
pub mod params;
mod pending;
pub mod population;
mod process;
pub mod record;
pub mod report;
pub mod scenario;
#[cfg(feature = "serve")]
pub mod serve;
pub mod state;
pub mod stream;
pub mod stress;
pub mod sweep;
mod text;
#[cfg(any(feature = "serve", feature = "tui"))]
mod thinned;
mod threads;
pub mod validate;
pub mod world;
