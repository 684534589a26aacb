//! `[engine.live]`: how agents and distiller meet that run freely on the wall clock.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the engine `live` carries learnings to the distiller and cores to the agents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Live {
    /// What learnings travel in.
    pub fabric: Fabric,
    /// How the newest core is had.
    pub publication: CoreSlot,
    /// Most learnings that are on their way at once: handed over, and not yet taken by the
    /// distiller. 0 is twice those of a publication; once where they are added up on their way, as a
    /// sum cannot be divided: with more room a core may hold more learnings than its schedule says.
    #[schemars(range(min = 0, max = 10_000_000))]
    pub capacity: u32,
    /// What an agent does that finds so many there.
    pub full: Full,
    /// Units of virtual time a second, one of which an agent of the speed 1 takes for a round's work;
    /// 0 is flat out: work takes as long as it takes.
    #[schemars(range(min = 0.0, max = 1_000_000.0))]
    pub time_scale: f64,
}

impl Default for Live {
    fn default() -> Self {
        Live {
            fabric: Fabric::default(),
            publication: CoreSlot::default(),
            capacity: 0,
            full: Full::default(),
            time_scale: 0.0,
        }
    }
}

impl Live {
    /// Most learnings that are on their way at once, with so many a publication.
    pub(crate) fn room(&self, learnings: u32) -> u32 {
        match self.capacity {
            0 if self.fabric.adds_up() => learnings,
            0 => learnings.saturating_mul(2),
            some => some,
        }
    }
}

/// What learnings travel in from agents to the distiller.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Fabric {
    /// tokio's bounded channel.
    ChannelTokio,
    /// crossbeam's bounded channel.
    #[default]
    ChannelCrossbeam,
    /// Sums in a `DashMap`, one for neighbouring agents, to which agents add what they learned
    /// themselves.
    MapDashmap,
    /// The same with one lock over all of them: the plain baseline.
    MapMutex,
}

impl Fabric {
    /// Whether learnings are added up on their way, so that no strategy sees one of them alone.
    pub fn adds_up(self) -> bool {
        matches!(self, Fabric::MapDashmap | Fabric::MapMutex)
    }

    /// Its name in a scenario.
    pub fn name(self) -> &'static str {
        match self {
            Fabric::ChannelTokio => "channel-tokio",
            Fabric::ChannelCrossbeam => "channel-crossbeam",
            Fabric::MapDashmap => "map-dashmap",
            Fabric::MapMutex => "map-mutex",
        }
    }

    /// All of them.
    pub const ALL: [Fabric; 4] =
        [Fabric::ChannelTokio, Fabric::ChannelCrossbeam, Fabric::MapDashmap, Fabric::MapMutex];
}

/// Where the newest core is had from.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum CoreSlot {
    /// tokio's `watch`: a lock that readers share.
    Watch,
    /// An atomic pointer (arc-swap): readers never wait.
    #[default]
    Snapshot,
}

impl CoreSlot {
    /// Its name in a scenario.
    pub fn name(self) -> &'static str {
        match self {
            CoreSlot::Watch => "watch",
            CoreSlot::Snapshot => "snapshot",
        }
    }
}

/// What becomes of one learning too many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Full {
    /// Its agent waits until there is room.
    #[default]
    Wait,
    /// The oldest on its way is dropped for it, and counted.
    DropOldest,
    /// Its agent waits, and the distiller merges what is there, be it more or less than the schedule
    /// asks for.
    MergeEarly,
}
