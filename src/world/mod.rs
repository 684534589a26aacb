//! Worlds: what generates work, and the oracle that knows the right answers.
//! Lives here: skills, companies, jobs, drift, tasks, probes; the paper world; data sets.
//! May not: know how anyone learns from a task.

pub mod dataset;
mod finite;
mod jobs;
mod mixed;
pub mod nk;
pub mod synthetic;
mod tasks;
mod truth;

pub use finite::FiniteWorld;
pub use jobs::Jobs;
pub use mixed::MixedWorld;
pub(crate) use mixed::labour;
pub use tasks::{Desk, TaskBuffer, Tasks};
pub use truth::{Climate, TruthCache};

use crate::halt::Halt;
use crate::ids::{AgentId, CompanyId, Round, SkillId};
use crate::scenario::{
    self, CheckedScenario, Extent, FeedbackKind, Method, Personalisation, Problem, Room, Scenario,
    Stretch, Topology,
};
use crate::stream::{Purpose, Stream};
use crate::text::{name, one_line};
use dataset::{DataError, FederatedData};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::Builder;
use std::time::Duration;

/// Why there is no world.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// It was halted while it was being built.
    #[error("halted while the world was built")]
    Halted,
    /// Its data cannot be read, or do not fit the scenario or the machine.
    #[error("{}: {message}", keys.join(", "))]
    Misfit {
        /// The scenario's keys, the one to blame first.
        keys: Vec<&'static str>,
        /// What was found, and what is allowed.
        message: String,
    },
}

fn misfit(key: &'static str, message: String) -> WorldError {
    WorldError::Misfit { keys: vec![key], message }
}

/// The world that a scenario asks for.
///
/// # Errors
/// Where its data cannot be read or do not fit the scenario.
pub fn build(scenario: &Scenario) -> Result<Arc<dyn World>, WorldError> {
    build_within(scenario, Room { bytes: None, ranks: 1 }, &Halt::default(), &|_| true)
}

/// The same where there is so much memory, unless it is halted. Nobody asks for the work or
/// the job of agents that are not `wanted`.
pub(crate) fn build_within(
    scenario: &Scenario,
    room: Room,
    halt: &Halt,
    wanted: &(dyn Fn(AgentId) -> bool + Sync),
) -> Result<Arc<dyn World>, WorldError> {
    let fits = |extent: Extent| match scenario.refuse_extent(extent, room) {
        Ok(()) => Ok(()),
        Err((keys, message)) => Err(WorldError::Misfit { keys, message }),
    };
    scenario.extent().map_or(Ok(()), fits)?;
    let world = build_unless(scenario, &fits, halt, wanted);
    if halt.is_set() { Err(WorldError::Halted) } else { world }
}

fn build_unless(
    scenario: &Scenario,
    fits: &dyn Fn(Extent) -> Result<(), WorldError>,
    halt: &Halt,
    wanted: &(dyn Fn(AgentId) -> bool + Sync),
) -> Result<Arc<dyn World>, WorldError> {
    let agents = scenario.fleet.agents as usize;
    let seed = scenario.seed.0;
    Ok(match &scenario.world {
        scenario::World::MixedEffects(spec) => {
            let probes = scenario.measure.probes as usize;
            Arc::new(MixedWorld::until(halt.clone(), spec, (agents, wanted), probes, seed))
        }
        scenario::World::Synthetic(spec) => {
            let draws = PaperDraws(seed);
            fits(Extent {
                agents: agents as u128,
                inputs: u128::from(spec.features) + 1,
                answers: spec.answers.into(),
                examples: synthetic::examples_of(halt, spec, scenario.fleet.agents, &draws),
            })?;
            let data = synthetic::generate_until(halt, spec, scenario.fleet.agents, &draws);
            if halt.is_set() {
                return Err(WorldError::Halted);
            }
            check_work(scenario, &data, agents)?;
            Arc::new(FiniteWorld::new(data, agents))
        }
        scenario::World::Nk(_) => {
            let message = "\"nk\" is a landscape to be searched, not a world of tasks";
            return Err(misfit("world.kind", message.into()));
        }
        scenario::World::Dataset(spec) => {
            let data = read_unless(halt, &spec.path, spec.answers)?;
            let users = data.users.len();
            if agents > users {
                let message = format!(
                    "{agents} agents, but {} holds {users} users; take at most {users}, or 0 for \
                     one agent a user",
                    one_line(&spec.path)
                );
                return Err(WorldError::Misfit {
                    keys: vec!["fleet.agents", "world.path"],
                    message,
                });
            }
            let agents = if agents == 0 { users } else { agents };
            fits(Extent {
                agents: agents as u128,
                inputs: data.features as u128 + 1,
                answers: data.answers as u128,
                examples: data.train.y.len() as u128,
            })?;
            check_work(scenario, &data, agents)?;
            Arc::new(FiniteWorld::new(data, agents))
        }
    })
}

/// Reads data beside a look for a halt, after which the reading thread is left to itself.
fn read_unless(halt: &Halt, path: &str, answers: u32) -> Result<FederatedData, WorldError> {
    const LOOK: Duration = Duration::from_millis(50);
    let told = |error: DataError| misfit("world.path", error.to_string());
    let (send, receive) = channel();
    let owned = PathBuf::from(path);
    let read = move || {
        let result = dataset::read(&owned, answers);
        // nobody waits for it after a halt
        let _ = send.send(result);
    };
    let Ok(reader) = Builder::new().spawn(read) else {
        // a system without a thread to spare
        return dataset::read(Path::new(path), answers).map_err(told);
    };
    while !halt.is_set() {
        match receive.recv_timeout(LOOK) {
            Ok(result) => return result.map_err(told),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                if let Err(panic) = reader.join() {
                    std::panic::resume_unwind(panic);
                }
                break;
            }
        }
    }
    Err(WorldError::Halted)
}

/// Refuses work that the first `agents` users' data do not suffice for: what the scenario's
/// check asks of `fleet.tasks` where tasks are generated.
fn check_work(scenario: &Scenario, data: &FederatedData, agents: usize) -> Result<(), WorldError> {
    let participants = scenario.fleet.participants as usize;
    if participants > agents {
        let message = format!(
            "{participants} agents are to work in a round, but the data are of {agents} users; \
             lower it to at most {agents}, or to 0, which takes all"
        );
        return Err(misfit("fleet.participants", message));
    }
    let late = scenario.fleet.newcomers.agents as usize;
    if late >= agents {
        let message = format!(
            "{late} agents join later, but the data are of {agents} users, and nobody would be \
             there from the start; lower it to at most {}",
            agents - 1
        );
        return Err(misfit("fleet.newcomers.agents", message));
    }
    let panel = scenario.measure.panel as usize;
    // the default panel is as large as there are agents
    if panel > agents && scenario.measure.panel != scenario::Measure::default().panel {
        let message = format!(
            "{panel} agents are to be measured, but the data are of {agents} users; lower it to at \
             most {agents}, or to 0, which takes all"
        );
        return Err(misfit("measure.panel", message));
    }
    check_merging(scenario, agents, data.answers)?;
    let size = |user: &usize| data.train.rows(*user).len();
    let Some(least) = (0..agents).min_by_key(size) else { return Ok(()) };
    let (examples, user) = (size(&least), name(&data.users[least]));
    let horizon = scenario.feedback.horizon as usize;
    if scenario.feedback.kind == FeedbackKind::Verifiable && horizon > examples {
        let message = format!(
            "{horizon} decisions share a reward, but user `{user}` has only {examples} training \
             examples; lower it to at most {examples}"
        );
        return Err(misfit("feedback.horizon", message));
    }
    let solver = scenario.learner.solver();
    let steps = scenario.steps_of(examples as u64) * u64::from(solver.epochs);
    if scenario.job_knowledge.personalisation == Personalisation::Fedalt && steps < 2 {
        let message = format!(
            "\"fedalt\" splits a round's gradient steps in two, but the {examples} training \
             examples of user `{user}` are one step (learner.solver.batch = {}, feedback.horizon \
             = {horizon}); raise learner.solver.epochs, lower the batch, or take \"fedsim\"",
            solver.batch
        );
        return Err(misfit("job_knowledge.personalisation", message));
    }
    Ok(())
}

/// Refuses a strategy or an attack that so many agents and answers do not suffice for.
fn check_merging(scenario: &Scenario, agents: usize, answers: usize) -> Result<(), WorldError> {
    if let Method::Backdoor(spec) = &scenario.attack.method
        && spec.answer as usize >= answers
    {
        let message = format!(
            "answer {}, but the data have {answers} answers from 0 on; set it below {answers}",
            spec.answer
        );
        return Err(misfit("attack.method.answer", message));
    }
    let lacking = scenario.contributors(agents as u32).and_then(|n| scenario.strategy_lacks(n));
    let star = scenario.distiller.topology == Topology::Star && scenario.hives.is_empty();
    match lacking.filter(|_| star) {
        Some((key, message)) => Err(misfit(key, message)),
        None => Ok(()),
    }
}

/// What a scenario's later stretches are held against, once its world is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub agents: usize,
    pub answers: usize,
    pub room: Room,
}

impl Limits {
    /// Refuses a stretch that the world's data or the machine's memory do not suffice for.
    fn refuse(&self, scenario: &Scenario) -> Result<(), WorldError> {
        if let Some(extent) = scenario.extent() {
            let fits = scenario.refuse_extent(extent, self.room);
            fits.map_err(|(keys, message)| WorldError::Misfit { keys, message })?;
        }
        // where data are in files the loader did not know how many agents there are
        check_merging(scenario, self.agents, self.answers)
    }

    /// Looks at all stretches of a scenario but the first, which the world was built for.
    pub fn check(&self, scenario: &CheckedScenario) -> Result<(), Problem> {
        for Stretch { round, scenario: stretch } in &scenario.stretches()[1..] {
            if let Err(WorldError::Misfit { keys, message }) = self.refuse(stretch) {
                return Err(scenario.problem(&keys, format!("from round {round} on, {message}")));
            }
        }
        Ok(())
    }
}

/// The paper world's streams.
struct PaperDraws(u64);

impl PaperDraws {
    fn stream(&self, purpose: synthetic::Purpose, agent: u32) -> Stream {
        let (purpose, round) = match purpose {
            synthetic::Purpose::Size => (Purpose::PaperSizes, 0),
            synthetic::Purpose::Model => (Purpose::PaperModel, 0),
            synthetic::Purpose::Centre => (Purpose::PaperInputs, 0),
            synthetic::Purpose::Inputs => (Purpose::PaperInputs, 1),
            synthetic::Purpose::Shuffle => (Purpose::PaperSplit, 0),
        };
        Stream::new(self.0, purpose, agent, round)
    }
}

impl synthetic::Draws for PaperDraws {
    fn normals(&self, purpose: synthetic::Purpose, agent: u32) -> impl Iterator<Item = f64> {
        let mut stream = self.stream(purpose, agent);
        std::iter::repeat_with(move || stream.normal())
    }

    fn words(&self, purpose: synthetic::Purpose, agent: u32) -> impl Iterator<Item = u64> {
        let mut stream = self.stream(purpose, agent);
        std::iter::repeat_with(move || u64::from(stream.word()) << 32 | u64::from(stream.word()))
    }
}

/// What does not change about a world.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Number of agents.
    pub agents: usize,
    /// Number of companies.
    pub companies: usize,
    /// Inputs of a task: its features and the constant 1.
    pub inputs: usize,
    /// Possible answers.
    pub answers: usize,
    /// Names of the skills.
    pub skills: Vec<String>,
    /// Shares of the skills in all work; sums to 1.
    pub frequencies: Vec<f64>,
    /// Value of a task done right, a skill.
    pub values: Vec<f64>,
    /// Names of the agents, in their order: a data set's users. Empty where they have none.
    pub names: Vec<String>,
    /// Whether agents hold fixed local data instead of being dealt fresh tasks.
    pub finite: bool,
}

/// Probe tasks of one agent and skill.
#[derive(Clone, Copy, Debug)]
pub struct Probe<'a> {
    /// The held-out tasks.
    pub tasks: Tasks<'a>,
    /// Accuracy of blind guessing, the zero of skill.
    pub chance: f64,
    /// Accuracy of the oracle on these tasks, the one of skill.
    pub oracle: f64,
    /// Where right answers are drawn, the probability of each, a row of as many lanes as a
    /// learner's logits take for every task: accuracies are then expectations, and the tasks'
    /// answers the likeliest ones.
    pub odds: Option<&'a [f32]>,
}

/// What generates work. All methods are pure functions of the world and their arguments;
/// buffers come from the caller.
pub trait World: Send + Sync {
    /// What does not change.
    fn facts(&self) -> &Facts;

    /// Where an agent works. Rises with the agent's id.
    fn company(&self, agent: AgentId) -> CompanyId;

    /// An agent's job: the share of each skill in its work; sums to 1.
    fn job(&self, agent: AgentId) -> Vec<f32>;

    /// The truths of a round, given those of an earlier one; `None` gives the first, those of
    /// round 0.
    fn climate(&self, round: Round, before: Option<(Round, &Climate)>) -> Climate;

    /// An agent's work of a round: `tasks` fresh ones, or all of its training data.
    fn deal<'a>(
        &'a self,
        climate: &Climate,
        agent: AgentId,
        round: Round,
        tasks: u32,
        desk: &'a mut Desk,
    ) -> Tasks<'a>;

    /// Held-out tasks of one skill as they come up at an agent's company; `None` where there
    /// are none.
    fn probe<'a>(
        &'a self,
        climate: &Climate,
        agent: AgentId,
        skill: SkillId,
        desk: &'a mut Desk,
    ) -> Option<Probe<'a>>;

    /// An agent's fixed local data, if it has any: training and test examples.
    fn holdings(&self, agent: AgentId) -> Option<(Tasks<'_>, Tasks<'_>)>;

    /// `n` inputs a skill, in the order of the skills, without answers, for all to see in
    /// one round.
    fn shared_inputs(&self, round: Round, n: usize, to: &mut TaskBuffer);

    /// `n` tasks of each of the first `skills` skills, in their order, that nobody else sees, as
    /// they come up at a company where a random agent works, for one purpose of the distiller's in
    /// one round. None by default, where the world has no tasks but its agents'.
    fn trials(
        &self,
        _climate: &Climate,
        _name: (Purpose, Round),
        _skills: usize,
        _n: usize,
        _desk: &mut Desk,
    ) -> bool {
        false
    }
}
