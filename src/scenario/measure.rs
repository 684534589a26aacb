//! `[measure]`: the panel, its probes and the bounds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is measured, how often, and beside which bounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Measure {
    /// Agents in the panel, drawn once; 0 takes all.
    #[schemars(range(min = 0, max = 100_000_000))]
    pub panel: u32,
    /// Held-out probe tasks a skill, in worlds that generate them.
    #[schemars(range(min = 1, max = 100_000))]
    pub probes: u32,
    /// Rounds between two measurements; the first and the last core are always measured.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub every: u32,
    /// Skill level from which a panel agent counts as having adopted a skill.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub adopted: f64,
    /// Whether it is told whose learning the hive's core is made of: each company's share in every
    /// block of every measured core.
    pub lineage: bool,
    /// Whether it is told what merging costs: panel agents are examined after their work and
    /// again with the core that comes of it, at every measured core.
    pub interference: bool,
    /// Pairs of panel agents, drawn for each measured core, on the line between whose policies
    /// the barrier is measured.
    #[schemars(range(min = 0, max = 10_000))]
    pub barriers: u32,
    /// Bounds that are run beside the hive, on the same world and seed.
    #[schemars(extend("uniqueItems" = true))]
    pub bounds: Vec<Bound>,
}

impl Measure {
    /// Most companies that a lineage tells apart: each has a vector as long as the core.
    pub(crate) const COMPANIES_MAX: usize = 64;
}

impl Default for Measure {
    fn default() -> Self {
        Measure {
            panel: 64,
            probes: 64,
            every: 1,
            adopted: 0.5,
            lineage: false,
            interference: false,
            barriers: 0,
            bounds: Vec::new(),
        }
    }
}

/// A run beside the hive to hold it against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// Every agent on its own: the floor.
    Isolated,
    /// One learner that does all agents' work, also what stragglers leave undone: the ceiling.
    Pooled,
}
