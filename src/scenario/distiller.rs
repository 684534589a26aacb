//! `[distiller]`: topology, exchange, schedule and strategy.

use super::{Absent, Combine, Compression, Pre, Schedule, Server};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How learnings become the next core.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Distiller {
    /// Who merges with whom.
    pub topology: Topology,
    /// What an agent sends.
    pub exchange: Exchange,
    /// What an agent makes of its contribution before it sends it.
    pub compression: Compression,
    /// When a core is published.
    pub schedule: Schedule,
    /// What contributions go through before they are combined, in this order.
    #[schemars(length(max = 8))]
    pub pre: Vec<Pre>,
    /// How contributions are combined.
    pub combine: Combine,
    /// What the server makes of the combined contribution.
    pub server: Server,
    /// What becomes of blocks that an agent never touched.
    pub absent: Absent,
    /// Settings of `exchange = "experience"`.
    pub experience: Experience,
    /// Settings of `exchange = "predictions"`.
    pub predictions: Predictions,
    /// Settings of `topology = "hierarchical"`.
    pub hierarchy: Hierarchy,
    /// Settings of `topology = "gossip"`.
    pub gossip: Gossip,
}

impl Distiller {
    /// Whether it makes the same of contributions as another whose other keys are the same.
    pub(crate) fn merges_like(&self, other: &Distiller) -> bool {
        let Distiller { pre, combine, server, .. } = self;
        (pre, combine, server) == (&other.pre, &other.combine, &other.server)
    }
}

/// Who merges with whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Topology {
    /// One distiller for all agents.
    #[default]
    Star,
    /// No merging: every agent keeps what it learns. The floor.
    Isolated,
    /// One learner does all agents' tasks, also those that stragglers leave undone. The ceiling.
    Pooled,
    /// A core for each team, merged from time to time into one for each company, and these into
    /// one for all.
    Hierarchical,
    /// No distiller: agents call each other over a graph.
    Gossip,
}

impl Topology {
    /// Whether agents' contributions are merged.
    pub fn merges(self) -> bool {
        matches!(self, Topology::Star | Topology::Hierarchical | Topology::Gossip)
    }
}

/// Distillers above each other: agents pull their team's core, which is merged every round by the
/// distiller's own `pre`, `combine` and `server`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Hierarchy {
    /// Agents of a team, at most: neighbours at one company, which is divided evenly.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub team: u32,
    /// How a company's core is made of its teams'.
    pub company: Level,
    /// How the core at the top is made of the companies'.
    pub global: Level,
}

impl Default for Hierarchy {
    fn default() -> Self {
        Hierarchy { team: 8, company: Level::default(), global: Level::default() }
    }
}

/// A level above the teams. Those below pull the core that it makes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Level {
    /// Rounds from one merge to the next.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub period: u32,
    /// What contributions go through before they are combined, in this order.
    #[schemars(length(max = 8))]
    pub pre: Vec<Pre>,
    /// How contributions are combined.
    pub combine: Combine,
    /// What the server makes of the combined contribution.
    pub server: Server,
}

impl Level {
    /// The distiller with this level's own way from contributions to a core.
    pub(crate) fn of(&self, distiller: &Distiller) -> Distiller {
        Distiller {
            pre: self.pre.clone(),
            combine: self.combine.clone(),
            server: self.server.clone(),
            ..distiller.clone()
        }
    }
}

impl Default for Level {
    fn default() -> Self {
        Level { period: 1, pre: Vec::new(), combine: Combine::default(), server: Server::default() }
    }
}

/// Who calls whom without a distiller: every round every agent calls neighbours in a graph, drawn
/// uniformly, and they tell each other what they knew when the round began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Gossip {
    /// The graph of who can call whom.
    pub graph: GraphKind,
    /// Neighbours of an agent (`regular`, `small-world`; there an even number), or those that a
    /// newcomer links to (`scale-free`).
    #[schemars(range(min = 1, max = 1_000_000))]
    pub neighbours: u32,
    /// Probability that an edge of the lattice is rewired (`small-world` alone).
    #[schemars(range(min = 0.0, max = 1.0))]
    pub rewire: f64,
    /// File of the edges (`edges` alone): two agents' numbers a line, `#` begins a comment. A
    /// relative path starts at the scenario's folder.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edges: Option<String>,
    /// Who tells whom in a call.
    pub direction: Direction,
    /// Calls that an agent makes in a round, each to a neighbour drawn anew; 0 calls all of them
    /// (`softmax` and `mlp` alone).
    #[schemars(range(min = 0, max = 64))]
    pub contacts: u32,
}

impl Default for Gossip {
    fn default() -> Self {
        Gossip {
            graph: GraphKind::default(),
            neighbours: 4,
            rewire: 0.1,
            edges: None,
            direction: Direction::default(),
            contacts: 1,
        }
    }
}

/// The graphs that agents call each other over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GraphKind {
    /// Everyone can call everyone.
    #[default]
    Complete,
    /// Everyone can call the one before and the one after.
    Ring,
    /// A random graph in which all have `neighbours`.
    Regular,
    /// A ring lattice with rewired edges (Watts & Strogatz 1998).
    SmallWorld,
    /// Newcomers link to those that have many links (Barabási & Albert 1999).
    ScaleFree,
    /// The edges of a file.
    Edges,
}

/// Who tells whom in a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The caller tells.
    Push,
    /// The caller is told.
    Pull,
    /// Both.
    #[default]
    PushPull,
}

impl Direction {
    /// Whether the caller tells.
    pub fn pushes(self) -> bool {
        self != Direction::Pull
    }

    /// Whether the caller is told.
    pub fn pulls(self) -> bool {
        self != Direction::Push
    }
}

/// What an agent sends to the distiller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Exchange {
    /// Its contribution: what its parameters moved since the last pull.
    #[default]
    Weights,
    /// Examples out of its work; the core is trained on the pool of them.
    Experience,
    /// Its answers to shared inputs; the core is trained on the ensemble's (FedDF, Lin et al. 2020).
    Predictions,
}

/// Exchange of examples: agents send a uniform sample of the round's work (a reservoir,
/// Vitter 1985), the distiller trains the core on the pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Experience {
    /// Most examples an agent sends a round.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub reservoir: u32,
    /// Passes of the distiller over the pool a round.
    #[schemars(range(min = 1, max = 1000))]
    pub epochs: u32,
    /// Examples a gradient step of the distiller.
    #[schemars(range(min = 1, max = 1024))]
    pub batch: u32,
    /// The distiller's learning rate relative to the agents'.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub rate: f64,
}

impl Default for Experience {
    fn default() -> Self {
        Experience { reservoir: 50, epochs: 1, batch: 1, rate: 1.0 }
    }
}

/// Learning from what others answer: every round there are fresh unlabelled inputs, agents (or
/// their models) answer with logits on the skills they practised, the core is trained on the
/// softmax of their mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Predictions {
    /// Shared inputs a skill and round.
    #[schemars(range(min = 1, max = 100_000))]
    pub inputs: u32,
    /// Passes of the distiller over them a round.
    #[schemars(range(min = 1, max = 1000))]
    pub epochs: u32,
    /// Inputs a gradient step of the distiller.
    #[schemars(range(min = 1, max = 1024))]
    pub batch: u32,
    /// The distiller's learning rate relative to the agents'.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub rate: f64,
    /// Temperature of the ensemble's softmax.
    #[schemars(range(min = 0.01, max = 100.0))]
    pub temperature: f64,
}

impl Default for Predictions {
    fn default() -> Self {
        Predictions { inputs: 32, epochs: 4, batch: 1, rate: 1.0, temperature: 1.0 }
    }
}
