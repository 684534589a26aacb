//! What is published, and who is to do what with it.

use super::{Agenda, Terms};
use crate::ids::{AgentId, CompanyId, CoreVersion, Round};
use crate::measure::HiveRow;
use crate::params::Store;
use crate::world::{Climate, TaskBuffer};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A core with all that an agent needs to go on: published by the distiller, pulled by
/// everyone, never changed.
#[derive(Clone, Debug)]
pub struct Publication {
    /// Which core this is.
    pub version: CoreVersion,
    /// The core's parameters: of the one that all pull, or of the one at the top.
    pub core: Arc<Vec<f32>>,
    /// The cores that agents pull in its place, where it is not the same one for all.
    pub locals: Option<Arc<Locals>>,
    /// What agents began to work on, where that is not what is published here.
    pub held: Option<Arc<Held>>,
    /// When it is published, in virtual time.
    pub time: f64,
    /// What was sent for it, where that is more than agents' learnings and one core for each.
    pub traffic: Option<Traffic>,
    /// How several hives stand.
    pub hives: Vec<HiveRow>,
    /// The core before, where this is not the first.
    pub previous: Option<Arc<Vec<f32>>>,
    /// The fleet's control variates, over the core's layout (SCAFFOLD alone).
    pub control: Option<Arc<Vec<f32>>>,
    /// The companies' own layers (`nested` alone).
    pub companies: Option<Arc<CompanyLayer>>,
    /// The truths of the round.
    pub climate: Climate,
    /// The terms of all work, what led here and what follows.
    pub agenda: Arc<Agenda>,
    /// The truths under which agents are examined again that were examined before this core was
    /// made: those of the work that it was made of.
    pub examined: Option<Climate>,
    /// The work that follows; `None` after the last core.
    pub shift: Option<Shift>,
    /// Who has left for good without a successor, in rising order.
    pub left: Arc<Vec<AgentId>>,
    /// Whether this core is measured.
    pub measured: bool,
}

/// The work of one round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shift {
    /// Which round.
    pub round: Round,
    /// Who works, in rising order; `None` is everyone.
    pub working: Option<Vec<AgentId>>,
    /// Who has just taken the place of one that left, in rising order.
    pub new: Vec<AgentId>,
    /// Who does not get through all of its work, in rising order, and the part that it does:
    /// epochs, or tasks where there is one epoch.
    pub stragglers: Vec<(AgentId, u32)>,
    /// Inputs for all to answer (exchange of predictions alone).
    pub shared_inputs: Option<Arc<TaskBuffer>>,
    /// Whether the panel is examined after its work, to be held against the core that comes of it.
    pub examined: bool,
    /// Whose policies after their work are to be held against each other, agents of the panel.
    pub pairs: Vec<(AgentId, AgentId)>,
}

/// What one agent is to do in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Nothing.
    Rest,
    /// All of its work.
    Full,
    /// So many epochs, or tasks where there is one epoch; none where it is cut off before.
    Part(u32),
}

/// How an agent stands to a publication that it is visited with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errand {
    /// What it is to do.
    pub duty: Duty,
    /// Which of its rounds of work that is.
    pub round: Round,
    /// Whether it pulls a core that it did not have before.
    pub pulls: bool,
    /// Whether it has just taken the place of one that left.
    pub new: bool,
    /// Whether it is measured, if it is one of those who are.
    pub measured: bool,
}

/// Cores of parts of a fleet.
#[derive(Clone, Debug)]
pub struct Locals {
    /// The cores.
    pub cores: Vec<Arc<Vec<f32>>>,
    /// Which of them each agent pulls.
    pub of: Arc<Vec<u32>>,
    /// How much those who pull each core learn from a task, relative to the learner's rate; empty
    /// where that is the same for all.
    pub efficiency: Vec<f32>,
}

impl Locals {
    /// The mean of the cores, by the number of agents that pull them.
    pub fn mean(&self) -> Vec<f32> {
        let mut pulls = vec![0_u32; self.cores.len()];
        self.of.iter().for_each(|core| pulls[*core as usize] += 1);
        let mut sum = vec![0.0_f64; self.cores.first().map_or(0, |core| core.len())];
        for (core, n) in self.cores.iter().zip(pulls) {
            let n = f64::from(n);
            sum.iter_mut().zip(core.iter()).for_each(|(sum, x)| *sum += n * f64::from(*x));
        }
        sum.into_iter().map(|sum| (sum / self.of.len() as f64) as f32).collect()
    }
}

/// What agents hold that do not keep step: they began their work at other cores than the newest.
#[derive(Clone, Debug)]
pub struct Held {
    /// The cores that are held.
    pub starts: Vec<Start>,
    /// What each agent holds; `None` is the newest core.
    pub of: Vec<Option<Hold>>,
    /// Who has taken the place of one that left since it was last visited, in rising order.
    pub new: Vec<AgentId>,
}

impl Held {
    /// What so many agents hold who all hold the newest core.
    pub fn nothing(agents: usize) -> Self {
        Held { starts: Vec::new(), of: vec![None; agents], new: Vec::new() }
    }
}

/// A core that agents begin to work on, with the truths of that time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Start {
    /// Which core.
    pub version: CoreVersion,
    /// Its parameters.
    pub core: Arc<Vec<f32>>,
    /// The truths when it was published.
    pub climate: Climate,
}

/// What an agent holds.
#[derive(Clone, Copy, Debug)]
pub struct Hold {
    /// Which of the starts.
    pub start: u32,
    /// Which of the agent's rounds of work this is, from 1.
    pub round: Round,
    /// Whether it pulled the core since it was last visited.
    pub pulls: bool,
}

/// Bytes that a publication took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Towards whoever merges.
    pub up: u64,
    /// Back from there.
    pub down: u64,
}

impl Publication {
    /// The core that an agent pulls.
    #[inline]
    pub fn core_of(&self, agent: AgentId) -> &[f32] {
        match &self.locals {
            None => &self.core,
            Some(locals) => &locals.cores[locals.of[agent.index()] as usize],
        }
    }

    fn hold(&self, agent: AgentId) -> Option<(&Held, Hold)> {
        let held = self.held.as_deref()?;
        held.of[agent.index()].map(|hold| (held, hold))
    }

    fn start(&self, agent: AgentId) -> Option<&Start> {
        self.hold(agent).map(|(held, hold)| &held.starts[hold.start as usize])
    }

    /// The core that an agent works on.
    #[inline]
    pub fn start_of(&self, agent: AgentId) -> &[f32] {
        self.start(agent).map_or_else(|| self.core_of(agent), |start| &start.core)
    }

    /// Which core an agent works on.
    pub fn version_of(&self, agent: AgentId) -> CoreVersion {
        self.start(agent).map_or(self.version, |start| start.version)
    }

    /// The terms of an agent's work.
    pub fn terms_of(&self, agent: AgentId) -> &Terms {
        self.agenda.with(self.version_of(agent))
    }

    /// The terms on which the next core is made.
    pub fn terms(&self) -> &Terms {
        self.agenda.with(self.version)
    }

    /// The truths of an agent's work.
    pub fn climate_of(&self, agent: AgentId) -> &Climate {
        self.start(agent).map_or(&self.climate, |start| &start.climate)
    }

    /// Which round of work it is for an agent, of those that `shift` is the next for who keep step.
    pub fn round_of(&self, agent: AgentId, shift: &Shift) -> Round {
        self.hold(agent).map_or(shift.round, |(_, hold)| hold.round)
    }

    /// Whether an agent pulls a core that it did not have before.
    pub fn pulls(&self, agent: AgentId) -> bool {
        match &self.held {
            None => self.version.0 > 0,
            Some(held) => held.of[agent.index()].is_some_and(|hold| hold.pulls),
        }
    }

    /// Whether an agent has just taken the place of one that left.
    pub fn is_new(&self, agent: AgentId) -> bool {
        let new = match (&self.held, &self.shift) {
            (Some(held), _) => &held.new,
            (None, Some(shift)) => &shift.new,
            (None, None) => return false,
        };
        new.binary_search(&agent).is_ok()
    }

    /// How an agent stands to it, where it knows all that is to be known of that.
    pub fn errand(&self, agent: AgentId) -> Errand {
        let shift = self.shift.as_ref();
        Errand {
            duty: self.duty(agent),
            round: shift.map_or(Round(self.version.0 + 1), |shift| self.round_of(agent, shift)),
            pulls: self.pulls(agent),
            new: self.is_new(agent),
            measured: self.measured,
        }
    }

    /// Whether an agent has left for good without a successor.
    pub fn has_left(&self, agent: AgentId) -> bool {
        self.left.binary_search(&agent).is_ok()
    }

    /// How much an agent learns from a task, relative to the learner's rate.
    pub fn efficiency_of(&self, agent: AgentId) -> f32 {
        let of =
            |locals: &Locals| locals.efficiency.get(locals.of[agent.index()] as usize).copied();
        self.locals.as_deref().and_then(of).unwrap_or(1.0)
    }

    /// What an agent is to do.
    pub fn duty(&self, agent: AgentId) -> Duty {
        let Some(shift) = &self.shift else { return Duty::Rest };
        if let Some(working) = &shift.working
            && working.binary_search(&agent).is_err()
        {
            return Duty::Rest;
        }
        match shift.stragglers.binary_search_by_key(&agent, |(a, _)| *a) {
            Ok(at) => Duty::Part(shift.stragglers[at].1),
            Err(_) => Duty::Full,
        }
    }
}

/// The companies' layers between core and private knowledge: `χ_c`, and how they changed when
/// the core was last published. Both are over the core's layout, an owner a company.
#[derive(Clone, Debug)]
pub struct CompanyLayer {
    /// `χ_c` and the tasks that it rests on.
    pub layer: Store,
    /// What the last merge added to it.
    pub change: Store,
}

impl CompanyLayer {
    /// Adds a company's layer of a block to `to`.
    pub fn add_to(&self, company: CompanyId, block: u32, to: &mut [f32]) {
        if let Some((values, _)) = self.layer.get(company.index(), block) {
            to.iter_mut().zip(values).for_each(|(to, v)| *to += v);
        }
    }
}
