//! `[fleet]` and `[engine]`: how many agents, how much they work, and on what machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The agents and their working hours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Fleet {
    /// Number of agents; 0 takes one agent a user in the dataset world.
    #[schemars(range(min = 0, max = 100_000_000))]
    pub agents: u32,
    /// Tasks an agent does in a round, in worlds that generate them; worlds with fixed
    /// local data go through all of it instead. 0 leaves the learner `practice` to hearsay.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub tasks: u32,
    /// How many agents work in a round, drawn uniformly without replacement; 0 means all.
    #[schemars(range(min = 0, max = 100_000_000))]
    pub participants: u32,
    /// Agents that do not finish their work in time.
    pub stragglers: Stragglers,
}

impl Default for Fleet {
    fn default() -> Self {
        Fleet { agents: 200, tasks: 50, participants: 0, stragglers: Stragglers::default() }
    }
}

/// Stragglers after Li et al. 2020: every round a share of the working agents gets through
/// only part of its work, uniform on 1..=most-1 epochs, or tasks in worlds that generate them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Stragglers {
    /// Share of a round's working agents that are stragglers.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// What becomes of a straggler's part of the work.
    pub partial: Partial,
}

/// What becomes of unfinished work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Partial {
    /// It is merged like any other learning (FedProx).
    #[default]
    Keep,
    /// It is dropped (FedAvg).
    Drop,
}

/// Which machine runs the scenario. No key here changes a result.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Engine {
    /// The engine; `auto` takes `tasks` up to 10,000 agents and `pool` above.
    pub kind: EngineKind,
    /// Worker threads; 0 takes one a core.
    #[schemars(range(min = 0, max = 1024))]
    pub threads: u32,
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
}
