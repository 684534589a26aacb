//! The scenario file, the recipe for merging checkpoints, the plan of a sweep and the battery of
//! hardships: types, defaults, checks and JSON Schema.
//! Lives here: everything that turns TOML text and `--set` overrides into a [`Scenario`], a
//! [`Recipe`], a [`Plan`] or a [`Battery`].
//! May not: know how a world, a learner or an engine is built from it.

mod attack;
mod battery;
mod changes;
mod checkpoint;
mod compression;
mod distiller;
mod faults;
mod fleet;
mod kinds;
mod learner;
mod live;
mod load;
mod market;
mod measure;
mod nk;
mod plan;
mod pretraining;
mod recipe;
mod schedule;
mod schema;
mod show;
mod strategies;
mod world;

pub use attack::*;
pub use battery::*;
pub use changes::*;
pub use checkpoint::*;
pub use compression::*;
pub use distiller::*;
pub use faults::*;
pub use fleet::*;
pub use kinds::{Kind, Parameter, Stage, attacks, kinds, mishaps};
pub use learner::*;
pub use live::*;
pub use load::{
    CheckedBattery, CheckedPlan, CheckedRecipe, CheckedScenario, Location, Override, Problem,
    ScenarioError,
};
pub(crate) use load::{Extent, Room, axis_argument, set_argument, too_many_companies};
pub use market::*;
pub use measure::*;
pub use nk::*;
pub use plan::*;
pub use pretraining::*;
pub use recipe::*;
pub use schedule::*;
pub use schema::schema;
pub use strategies::*;
pub use world::*;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A whole experiment: one fleet, its world, its distiller, and what is measured.
///
/// Every key has a documented default, so the empty file is a valid scenario.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// Short name of the experiment; the report's title. Empty: the file's name.
    pub name: String,
    /// The question that the scenario asks, in a sentence.
    pub question: String,
    /// The outcome that is expected, in a sentence, so that it can come out the other way.
    pub expect: String,
    /// The seed from which every random stream derives.
    pub seed: Seed,
    /// Rounds: how many cores are published after the first one.
    pub rounds: Rounds,
    /// What generates work.
    pub world: World,
    /// The agents and their working hours.
    pub fleet: Fleet,
    /// What happens to learnings on their way.
    pub faults: Faults,
    /// Agents that want the hive to fail.
    pub attack: Attack,
    /// What the first core has learned before anyone works.
    pub pretraining: Pretraining,
    /// What an agent's policy is and how it learns.
    pub learner: Learner,
    /// What a task teaches.
    pub feedback: Feedback,
    /// What an agent keeps for itself.
    pub job_knowledge: JobKnowledge,
    /// How learnings become the next core.
    pub distiller: Distiller,
    /// Several hives in the place of one; none is one hive of all agents.
    #[schemars(length(max = 64))]
    pub hives: Vec<Hive>,
    /// What passes between several hives.
    pub market: Market,
    /// Keys that change while a run is under way, round by round.
    #[schemars(length(max = 256))]
    pub changes: Vec<Change>,
    /// What is measured, how often, and beside which bounds.
    pub measure: Measure,
    /// How often its state is kept, to go on from. Never changes a result.
    pub checkpoint: Checkpoint,
    /// Which machine runs it. Never changes a result, `live` apart.
    pub engine: Engine,
}

impl Scenario {
    /// The keys that may hold a path.
    pub(crate) const PATHS: [&str; 3] =
        ["world.path", "distiller.gossip.edges", "fleet.availability.file"];

    /// The paths that it holds, with their keys.
    pub(crate) fn paths(&mut self) -> impl Iterator<Item = (&'static str, &mut String)> {
        let data = match &mut self.world {
            World::Dataset(dataset) => Some(&mut dataset.path),
            _ => None,
        };
        let trace = match &mut self.fleet.availability {
            Availability::Trace(trace) => Some(&mut trace.file),
            _ => None,
        };
        let all = [data, self.distiller.gossip.edges.as_mut(), trace];
        Scenario::PATHS.into_iter().zip(all).filter_map(|(key, path)| Some((key, path?)))
    }

    /// The same with paths that lead to the same data from any folder.
    pub(crate) fn anywhere(&self) -> Scenario {
        let mut scenario = self.clone();
        for (_, path) in scenario.paths() {
            let whole = std::path::absolute(&path).ok();
            if let Some(whole) = whole.and_then(|whole| whole.into_os_string().into_string().ok()) {
                *path = whole;
            }
        }
        scenario
    }

    /// Agents that work in a round, of so many.
    pub(crate) fn working(&self, agents: u32) -> u32 {
        match self.fleet.participants {
            0 => agents,
            some => some.min(agents),
        }
    }

    /// Whether a fleet under this topology runs, as the hive or as a bound.
    pub(crate) fn runs(&self, topology: Topology, bound: Bound) -> bool {
        self.distiller.topology == topology || self.measure.bounds.contains(&bound)
    }

    /// Gradient steps of one pass over so many tasks.
    pub(crate) fn steps_of(&self, tasks: u64) -> u64 {
        self.feedback.steps(tasks, self.learner.solver().batch.into())
    }
}

/// A scenario's seed; by default 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Seed(#[schemars(range(min = 0, max = 9_223_372_036_854_775_807u64))] pub u64);

impl Default for Seed {
    fn default() -> Self {
        Seed(1)
    }
}

/// A scenario's number of rounds; by default 30.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Rounds(#[schemars(range(min = 1, max = 1_000_000))] pub u32);

impl Default for Rounds {
    fn default() -> Self {
        Rounds(30)
    }
}
