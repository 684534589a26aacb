//! What an agent hands over.

use super::{AgentError, Fleet};
use crate::ids::{AgentId, CompanyId, CoreVersion, Round};
use crate::learner::{Statistic, Tally};
use crate::params::Sparse;
use crate::state::StateError;
use crate::world::TaskBuffer;
use serde::{Deserialize, Serialize};

/// A contribution with what the distiller needs to know about it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Learning {
    /// Who learned.
    pub agent: AgentId,
    /// Where.
    pub company: CompanyId,
    /// The core version that it started from.
    pub version: CoreVersion,
    /// Which of the agent's rounds of work it is of.
    pub round: Round,
    /// Tasks that led to it (examples, in worlds with fixed local data).
    pub tasks: u64,
    /// Gradient steps that led to it.
    pub steps: u64,
    /// What the core's parameters moved, with the tasks that touched each block.
    pub contribution: Sparse,
    /// What the agent's control variates changed by; each block counts 1 if it is the agent's
    /// first (SCAFFOLD alone).
    pub controls: Sparse,
    /// The statistic that the strategy asked for, and which that was.
    pub statistics: Sparse,
    /// See there.
    pub statistic: Option<Statistic>,
    /// Logits on the shared inputs, a block a skill (exchange of predictions alone).
    pub answers: Sparse,
    /// Examples for the pool (exchange of experience alone).
    pub examples: TaskBuffer,
}

impl Learning {
    /// Whether it is of an agent of a fleet, over the blocks of its core.
    ///
    /// # Errors
    /// Where it is of another fleet.
    pub fn belongs_to(&self, fleet: &Fleet) -> Result<(), StateError> {
        let AgentId(agent) = self.agent;
        let agents = fleet.world.facts().agents;
        if agent as usize >= agents || !self.contribution.fits(fleet.learner.core_layout()) {
            let wanted = format!("{agents} agents with cores of its own");
            return Err(StateError::unfit("agent", agent, wanted));
        }
        Ok(())
    }
}

/// All that an agent hands over after one visit: its learning, if it worked, and what was
/// measured of it. Reused from round to round.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Parcel {
    /// Whether the agent worked.
    pub worked: bool,
    /// Whether its learning is to be dropped: a straggler's under `partial = "drop"`, or of nothing.
    pub dropped: bool,
    /// Whether its learning is too old to be merged when it comes in.
    pub stale: bool,
    /// What it learned.
    pub learning: Learning,
    /// What it did.
    pub tally: Tally,
    /// Levels of a panel agent.
    pub reading: Option<Reading>,
    /// How well a panel agent does its job after its work, before anything is merged.
    pub before_merge: Option<(AgentId, f64)>,
    /// The same with the core that came of the merge, on the same truth and probes.
    pub after_merge: Option<(AgentId, f64)>,
    /// Its policy after its work, where that is asked for.
    pub policy: Option<(AgentId, Vec<f32>)>,
    /// How the bare core does on the agent's fixed local data.
    pub holdings: Holdings,
    /// What went wrong.
    #[serde(skip)]
    pub error: Option<AgentError>,
}

impl Parcel {
    /// Empties it, keeping the memory.
    pub fn clear(&mut self) {
        self.worked = false;
        self.dropped = false;
        self.stale = false;
        self.learning.contribution.clear();
        self.learning.controls.clear();
        self.learning.statistics.clear();
        self.learning.answers.clear();
        self.learning.examples.clear(0);
        self.tally = Tally::default();
        self.reading = None;
        self.before_merge = None;
        self.after_merge = None;
        self.policy = None;
        self.holdings = Holdings::default();
        self.error = None;
    }
}

/// Levels of one panel agent, a skill each; NaN where there is no probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Who.
    pub agent: AgentId,
    /// The agent's own levels.
    pub own: Vec<f32>,
    /// The bare core's levels on the same probes.
    pub core: Vec<f32>,
    /// Tasks that the agent has done of each skill so far.
    pub practised: Vec<u64>,
    /// Whom a backdoor has fooled.
    pub backdoor: Fooled,
}

/// How often a core gives a backdoor's answer in the place of the right one (Bagdasaryan et al. 2020,
/// "How to backdoor federated learning", AISTATS: the backdoor's accuracy).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fooled {
    /// Tasks of the backdoor's skill that have another right answer.
    pub tasks: u64,
    /// Those of them to which the core gives the backdoor's.
    pub fooled: u64,
}

impl Fooled {
    /// The share of the tasks; NaN of none.
    pub fn share(all: impl Iterator<Item = Fooled>) -> f64 {
        let (tasks, fooled) = all.fold((0, 0), |sum, f| (sum.0 + f.tasks, sum.1 + f.fooled));
        fooled as f64 / tasks as f64
    }
}

/// How the core does on fixed local data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Holdings {
    /// Cross-entropy on training examples, nats, summed.
    pub train_loss: f64,
    /// Training examples.
    pub train: u64,
    /// Test examples answered right.
    pub test_right: u64,
    /// Test examples.
    pub test: u64,
}

impl Holdings {
    /// Adds another's.
    pub fn add(&mut self, other: &Holdings) {
        self.train_loss += other.train_loss;
        self.train += other.train;
        self.test_right += other.test_right;
        self.test += other.test;
    }
}
