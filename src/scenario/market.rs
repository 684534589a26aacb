//! `[[hives]]` and `[market]`: several fleets beside each other, and what passes between them.

use super::{Combine, Distiller, Pre, Server};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One of several hives (labs): a part of the agents under a distiller of its own. All work in the
/// same world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Hive {
    /// Its name in tables and pictures. Empty: its number.
    pub name: String,
    /// Its part of the agents at the start, relative to the other hives'.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub share: f64,
    /// Learning efficiency: how far a task moves an agent, relative to the learner's rate; 0
    /// learns nothing on the job.
    #[schemars(range(min = 0.0, max = 10.0))]
    pub efficiency: f64,
    /// Factor by which efficiency grows a round, up to `most`.
    #[schemars(range(min = 0.1, max = 10.0))]
    pub growth: f64,
    /// Efficiency grows no further than this.
    #[schemars(range(min = 0.0, max = 10.0))]
    pub most: f64,
    /// What contributions go through before they are combined, in place of the distiller's own.
    #[schemars(length(max = 8))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre: Option<Vec<Pre>>,
    /// How contributions are combined, in place of the distiller's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub combine: Option<Combine>,
    /// What the server makes of the result, in place of the distiller's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<Server>,
}

impl Default for Hive {
    fn default() -> Self {
        Hive {
            name: String::new(),
            share: 1.0,
            efficiency: 1.0,
            growth: 1.0,
            most: 1.0,
            pre: None,
            combine: None,
            server: None,
        }
    }
}

impl Hive {
    /// The distiller with what this hive has of its own.
    pub(crate) fn of(&self, distiller: &Distiller) -> Distiller {
        Distiller {
            pre: self.pre.clone().unwrap_or_else(|| distiller.pre.clone()),
            combine: self.combine.clone().unwrap_or_else(|| distiller.combine.clone()),
            server: self.server.clone().unwrap_or_else(|| distiller.server.clone()),
            ..distiller.clone()
        }
    }

    /// Its efficiency in a round, from 1.
    pub fn efficiency_in(&self, round: u32) -> f64 {
        let grown = self.efficiency * crate::maths::pow(self.growth, f64::from(round - 1));
        if self.growth == 1.0 { self.efficiency } else { grown.min(self.most) }
    }
}

/// What passes between several hives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Market {
    /// Imitation: how far towards the best rival's published core a hive goes each round, where
    /// that one does better; 0 keeps knowledge in.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub leak: f64,
    /// Rounds until a published core can be imitated.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub delay: u32,
    /// How strongly customers prefer skill: market shares go towards `softmax(preference ·
    /// skill)`, skill being the share of right answers; 0 leaves the hives as large as they are.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub preference: f64,
    /// The part of the way to these shares that agents are moved a round.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub pace: f64,
    /// Part of the agents that change employer a round, each to a hive drawn by market share. They
    /// keep their job knowledge.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub movers: f64,
    /// Tasks a skill on which customers compare cores each round.
    #[schemars(range(min = 1, max = 100_000))]
    pub probes: u32,
}

impl Default for Market {
    fn default() -> Self {
        Market { leak: 0.0, delay: 0, preference: 0.0, pace: 0.2, movers: 0.0, probes: 32 }
    }
}
