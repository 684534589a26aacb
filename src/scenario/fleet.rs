//! `[fleet]` and `[engine]`: how many agents, how much they work, and on what machine.

use super::{Availability, Churn, Live, Speed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The agents and their working hours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Fleet {
    /// Number of agents; 0 takes one agent a user in the dataset world.
    #[schemars(range(min = 0, max = 4_000_000_000_u32))]
    pub agents: u32,
    /// Tasks an agent does in a round, in worlds that generate them; worlds with fixed
    /// local data go through all of it instead. 0 leaves the learner `practice` to hearsay.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub tasks: u32,
    /// How many agents work in a round, drawn uniformly without replacement; 0 means all.
    #[schemars(range(min = 0, max = 4_000_000_000_u32))]
    pub participants: u32,
    /// Share of its tasks that an agent learns anything from (a share of its episodes, where
    /// several decisions share a reward), the mean over agents where they differ: its sample
    /// efficiency. 0 learns nothing on the job.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub uptake: f64,
    /// How much agents differ in that, for good: the variance over agents (of a beta distribution)
    /// relative to the largest there is, `uptake · (1 − uptake)`; 0 makes all alike, towards 1 an
    /// agent learns from everything or from nothing.
    #[schemars(range(min = 0.0, max = 0.99))]
    pub uptake_spread: f64,
    /// How fast agents work.
    pub speed: Speed,
    /// How much the time that an agent's work takes varies from round to round: by a lognormal
    /// factor of the mean 1, whose logarithm has this standard deviation.
    #[schemars(range(min = 0.0, max = 2.0))]
    pub jitter: f64,
    /// Mean time from the end of an agent's work until its learning is there and the agent has the
    /// newest core, in rounds of an agent of the speed 1; exponentially distributed.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub latency: f64,
    /// When agents can work.
    pub availability: Availability,
    /// Agents that leave for good.
    pub churn: Churn,
    /// Agents that join later than the others.
    pub newcomers: Newcomers,
    /// Agents that do not finish their work in time.
    pub stragglers: Stragglers,
}

impl Default for Fleet {
    fn default() -> Self {
        Fleet {
            agents: 200,
            tasks: 50,
            participants: 0,
            uptake: 1.0,
            uptake_spread: 0.0,
            speed: Speed::default(),
            jitter: 0.0,
            latency: 0.0,
            availability: Availability::default(),
            churn: Churn::default(),
            newcomers: Newcomers::default(),
            stragglers: Stragglers::default(),
        }
    }
}

/// Agents that join in the course of a run, all at once. Until then they neither work nor are
/// measured; in a hive they then pull the core of the day, on their own they begin with nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Newcomers {
    /// How many of the fleet's agents join later, drawn uniformly.
    #[schemars(range(min = 0, max = 100_000_000))]
    pub agents: u32,
    /// In place of a number of agents, all agents of so many companies, the last ones: companies
    /// that nobody has worked for before.
    #[schemars(range(min = 0, max = 10_000_000))]
    pub companies: u32,
    /// The first round in which they work.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub round: u32,
}

impl Default for Newcomers {
    fn default() -> Self {
        Newcomers { agents: 0, companies: 0, round: 10 }
    }
}

impl Newcomers {
    /// Whether there are any.
    pub fn any(&self) -> bool {
        self.agents > 0 || self.companies > 0
    }
}

/// Stragglers, who get through only part of a round's work: either a share of the working agents
/// (Li et al. 2020), each uniformly 1 to all but one of its epochs, or of its tasks in worlds that
/// generate them; or whoever is too slow for a deadline.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Stragglers {
    /// Share of a round's working agents that are stragglers.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// When a round is over that somebody has not finished, in rounds of an agent of the speed 1; 0
    /// waits for all. Who would be late by `speed`, `jitter` and `latency` has done the whole epochs,
    /// tasks or episodes with which its learning is there in time.
    #[schemars(range(min = 0.0, max = 1_000_000.0))]
    pub deadline: f64,
    /// What becomes of a straggler's part of the work.
    pub partial: Partial,
}

impl Stragglers {
    /// Whether there may be any.
    pub fn any(&self) -> bool {
        self.share > 0.0 || self.deadline > 0.0
    }
}

/// What becomes of unfinished work. Of whoever has finished nothing there is nothing to merge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Partial {
    /// It is merged like any other learning (FedProx).
    #[default]
    Keep,
    /// It is dropped (FedAvg).
    Drop,
}

/// Which machine runs the scenario. No key here changes a result, but for `live`, which is no
/// simulation: what it does depends on the machine and the moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Engine {
    /// The engine; `auto` takes `tasks` up to 10,000 agents and `pool` above.
    pub kind: EngineKind,
    /// Worker threads; 0 takes one a core.
    #[schemars(range(min = 0, max = 1024))]
    pub threads: u32,
    /// How agents and distiller meet that run freely (`live` alone).
    pub live: Live,
}

/// The engines; see docs/design.md.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum EngineKind {
    /// `tasks` up to 10,000 agents, `pool` above.
    #[default]
    Auto,
    /// A plain loop, the reference.
    Serial,
    /// Workers that steal fixed-size chunks of agents, the fast one.
    Pool,
    /// Every agent a tokio task that talks to the distiller over channels.
    Tasks,
    /// Every agent a tokio task that runs freely on the wall clock; not reproducible by nature, it
    /// keeps exact accounts instead.
    Live,
    /// The fleet split over processes that MPI carries messages between (docs/scaling.md).
    Mpi,
}

impl EngineKind {
    /// Its name in a scenario.
    pub fn name(self) -> &'static str {
        match self {
            EngineKind::Auto => "auto",
            EngineKind::Serial => "serial",
            EngineKind::Pool => "pool",
            EngineKind::Tasks => "tasks",
            EngineKind::Live => "live",
            EngineKind::Mpi => "mpi",
        }
    }
}
