//! A whole experiment: the scenario's hive, and the bounds beside it.

use super::Tour;
use super::course::{self, RunError, Watch};
use super::crowd;
use super::keeping::{Done, Keeper, Resumed, Safekeeping, fleets_before};
use super::live::LiveTour;
use super::out_of_step::OutOfStep;
use super::pool::with_pool;
use super::pooled::Pooled;
use super::ranks::{Link, Shared, agree, first_failure, own_agents, with_ranks};
use super::serial::Serial;
use super::tasks::{Registry, Tasks};
use crate::agent::{Attackers, Fleet, Halt, Keeping, Pace, Uptake};
use crate::controls::Controls;
use crate::distill::{Ancestry, Distiller, Flights, Harvester};
use crate::fault::Calendar;
use crate::graph::EdgeListError;
use crate::ids::{AgentId, Round};
use crate::learner::{Learner, Mlp, Plan, Share, Softmax};
use crate::measure::spread::Tag;
use crate::measure::{Frame, LiveReport, Outcome, RoundRow, Trace};
use crate::merge::{Pipeline, Strategy};
use crate::scenario::{
    self, Bound, CheckedScenario, Compression, EngineKind, Exchange, Measure, Personalisation,
    Room, Scenario, Topology, too_many_companies,
};
use crate::state::StateError;
use crate::stream::{Purpose, Stream};
use crate::threads;
use crate::world::{self, Facts, Limits, World, WorldError};
use std::sync::Arc;
use tracing::info_span;

/// Which of an experiment's fleets is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The fleet under the scenario's own distiller.
    Hive,
    /// A bound beside it.
    Bound(Bound),
}

impl Stage {
    /// `hive`, `isolated` or `pooled`.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Hive => "hive",
            Stage::Bound(Bound::Isolated) => "isolated",
            Stage::Bound(Bound::Pooled) => "pooled",
        }
    }
}

/// Who watches a run. Nothing that it does reaches a result.
pub trait Observer: Sync {
    /// A fleet begins its course of `rounds` rounds.
    fn begin(&self, _stage: Stage, _rounds: u32) {}
    /// The agents are about to be visited with the core of a round.
    fn touring(&self, _stage: Stage, _round: u32) {}
    /// All are back; the distiller is about to make the next core.
    fn distilling(&self, _stage: Stage, _round: u32) {}
    /// The levels at a measured core, before its row is told of; `trace` says whose and of what they
    /// are.
    fn frame(&self, _stage: Stage, _trace: &Trace, _frame: &Frame) {}
    /// A core was made or measured; `row` is what is known of it.
    fn round(&self, _stage: Stage, _row: &RoundRow) {}
    /// How the books of a fleet of free agents stand, now and then.
    fn live(&self, _report: &LiveReport) {}
    /// A fleet goes on from a checkpoint; `trace` is its history up to there, of which it is told again
    /// core by core unless it has a better way.
    fn resumed(&self, stage: Stage, trace: &Trace) {
        let mut frames = trace.frames.iter().peekable();
        for row in &trace.rounds {
            if let Some(frame) = frames.next_if(|frame| frame.round == row.round) {
                self.frame(stage, trace, frame);
            }
            self.round(stage, row);
        }
    }
    /// A fleet's course is over.
    fn end(&self, _stage: Stage) {}
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}

type MakeLearner = dyn Fn(&Facts, u64, bool) -> Arc<dyn Learner> + Send + Sync;
type MakeStrategy = dyn Fn() -> Box<dyn Strategy> + Send + Sync;

/// A scenario ready to run, with the learner and strategy that it names or with ones of your own.
pub struct Experiment {
    scenario: CheckedScenario,
    learner: Box<MakeLearner>,
    /// Whether that is not the scenario's.
    own_learner: bool,
    /// In place of the scenario's.
    strategy: Option<Box<MakeStrategy>>,
    registry: Arc<Registry>,
    halt: Halt,
    controls: Arc<Controls>,
    memory_bytes: Option<u64>,
    /// The other processes of the engine `mpi`, and the halt of their fleets.
    ranks: Option<(Arc<dyn Link>, Halt)>,
}

impl Experiment {
    /// An experiment as the scenario has it.
    pub fn new(scenario: CheckedScenario) -> Self {
        let spec = scenario.learner.clone();
        let controls = Arc::new(Controls::new(scenario.clone()));
        Experiment {
            scenario,
            learner: Box::new(move |facts, seed, knows_job| match &spec {
                scenario::Learner::Softmax(spec) => {
                    Arc::new(Softmax::new(spec, facts, seed, knows_job))
                }
                scenario::Learner::Mlp(spec) => Arc::new(Mlp::new(spec, facts, seed, knows_job)),
                scenario::Learner::Practice(_) | scenario::Learner::Search(_) => {
                    unreachable!("a fleet of numbers has a course of its own")
                }
            }),
            own_learner: false,
            strategy: None,
            registry: Arc::default(),
            halt: Halt::default(),
            controls,
            memory_bytes: None,
            ranks: None,
        }
    }

    /// Takes a learner of your own in place of the scenario's: `make` is given the world's
    /// facts, the seed, and whether there is to be room for job knowledge.
    pub fn with_learner(
        mut self,
        make: impl Fn(&Facts, u64, bool) -> Arc<dyn Learner> + Send + Sync + 'static,
    ) -> Self {
        self.learner = Box::new(make);
        self.own_learner = true;
        self
    }

    /// Takes a strategy of your own in place of the scenario's; what comes before and after it
    /// stays.
    pub fn with_strategy(
        mut self,
        make: impl Fn() -> Box<dyn Strategy> + Send + Sync + 'static,
    ) -> Self {
        self.strategy = Some(Box::new(make));
        self
    }

    /// Refuses at once, by the scenario's keys, what would take more than so many bytes of memory.
    pub fn within(mut self, memory_bytes: Option<u64>) -> Self {
        self.memory_bytes = memory_bytes;
        self
    }

    /// Runs on the engine `mpi` as one rank of several, each of which runs the same experiment and comes
    /// to the same outcome. A halt takes hold when all have done the round under way.
    pub fn over(mut self, link: Arc<dyn Link>) -> Self {
        self.ranks = Some((link, Halt::default()));
        self
    }

    /// The live agents of the engine `tasks`, to be watched from elsewhere while it runs.
    pub fn registry(&self) -> Arc<Registry> {
        self.registry.clone()
    }

    /// Stops the run from another thread or an observer: at the latest when the visits under
    /// way are over. The rounds done by then are the outcome, which is marked incomplete.
    pub fn halt(&self) -> Halt {
        self.halt.clone()
    }

    /// Pauses the run, takes it step by step, slows it down or changes how it goes on, from another
    /// thread or an observer.
    pub fn controls(&self) -> Arc<Controls> {
        self.controls.clone()
    }

    /// The scenario with all changes that were made while it ran: run from the start it comes to the
    /// same result.
    pub fn scenario(&self) -> CheckedScenario {
        self.controls.scenario()
    }

    /// The engine and the worker threads that the scenario comes to, for `agents` agents.
    pub fn machine(scenario: &Scenario, agents: usize) -> (EngineKind, usize) {
        let kind = match scenario.engine.kind {
            EngineKind::Auto if agents <= 10_000 => EngineKind::Tasks,
            EngineKind::Auto => EngineKind::Pool,
            kind => kind,
        };
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = match (kind, scenario.engine.threads) {
            (EngineKind::Serial, _) => 1,
            (_, 0) => cores(),
            (_, threads) => threads as usize,
        };
        (kind, threads)
    }

    /// The same for this experiment: ranks that share a machine share its cores.
    pub fn own_machine(&self, scenario: &Scenario, agents: usize) -> (EngineKind, usize) {
        match (Self::machine(scenario, agents), &self.ranks) {
            ((EngineKind::Mpi, cores), Some((link, _))) if scenario.engine.threads == 0 => {
                (EngineKind::Mpi, (cores / link.beside()).max(1))
            }
            (machine, _) => machine,
        }
    }

    /// Processes that run it together.
    pub fn ranks(&self) -> usize {
        self.ranks.as_ref().map_or(1, |(link, _)| link.ranks())
    }

    /// What there is for it.
    fn room(&self) -> Room {
        Room { bytes: self.memory_bytes, ranks: self.ranks() }
    }

    /// The link of the ranks that this experiment runs on.
    ///
    /// # Errors
    /// Where the scenario asks for some and there are none.
    fn link(&self) -> Result<Option<&Arc<dyn Link>>, RunError> {
        if self.scenario.engine.kind != EngineKind::Mpi {
            return Ok(None);
        }
        let message = if cfg!(feature = "mpi") {
            "\"mpi\" is for `hivesim run` alone, which enters MPI; take another engine"
        } else {
            "this hivesim was built without \"mpi\"; build it with `cargo build --release --features \
             mpi` (docs/scaling.md), or take another engine"
        };
        match &self.ranks {
            Some((link, _)) => Ok(Some(link)),
            None => Err(self.refused(&["engine.kind"], message.into())),
        }
    }

    /// What this rank came to, if no other failed.
    fn together<T>(&self, own: Result<T, RunError>) -> Result<T, RunError> {
        let Some(link) = self.link()? else { return own };
        match (first_failure(&**link, own.is_err()), own) {
            (Some(rank), Ok(_)) => Err(RunError::Elsewhere { rank }),
            (_, own) => own,
        }
    }

    /// Makes sure that all ranks run the same.
    fn compare(&self) -> Result<(), RunError> {
        let Some(link) = self.link()? else { return Ok(()) };
        let text = format!("{} {}", env!("CARGO_PKG_VERSION"), self.scenario.to_toml());
        match agree(&**link, blake3::hash(text.as_bytes()).as_bytes()) {
            None => Ok(()),
            Some(rank) => Err(RunError::Differs { rank }),
        }
    }

    fn world(&self) -> Result<Arc<dyn World>, RunError> {
        let scenario = &self.scenario;
        let all = scenario.runs(Topology::Pooled, Bound::Pooled);
        // a rank asks for the work of its own agents, and for the panel's jobs
        let asked_for = self.link()?.filter(|_| !all).map(|link| {
            let agents = scenario.fleet.agents;
            let own = own_agents(agents as usize, link.rank(), link.ranks());
            (own, panel(scenario, agents))
        });
        let wanted = |agent: AgentId| {
            asked_for.as_ref().is_none_or(|(own, panel)| {
                own.contains(&agent.index()) || panel.binary_search(&agent).is_ok()
            })
        };
        let built = world::build_within(scenario, self.room(), &self.halt, &wanted);
        built.map_err(|error| match error {
            WorldError::Halted => RunError::Halted,
            WorldError::Misfit { keys, message } => self.refused(&keys, message),
        })
    }

    /// A refusal by the scenario's keys.
    fn refused(&self, keys: &[&str], message: String) -> RunError {
        RunError::World(Box::new(self.scenario.problem(keys, message)))
    }

    /// A graph whose edges cannot be read.
    fn no_edges(&self, error: &EdgeListError) -> RunError {
        self.refused(&["distiller.gossip.edges"], error.to_string())
    }

    /// When the agents of a scenario can work.
    fn calendar(&self, scenario: &Scenario) -> Result<Option<Calendar>, RunError> {
        let agents = scenario.fleet.agents as usize;
        let calendar = Calendar::new(&scenario.fleet, scenario.seed.0, agents);
        let keys = ["fleet.availability.file"];
        calendar.map_err(|error| self.refused(&keys, error.to_string()))
    }

    /// What is held against the world once it is built: the scenario's later stretches, now and as
    /// they are changed.
    fn limits(&self, facts: &Facts) -> Result<Limits, RunError> {
        let Facts { agents, answers, .. } = *facts;
        let limits = Limits { agents, answers, room: self.room() };
        match limits.check(&self.scenario()) {
            Ok(()) => Ok(limits),
            Err(problem) => Err(RunError::World(Box::new(problem))),
        }
    }

    /// Runs the hive and then the bounds.
    ///
    /// # Errors
    /// Where data, edges or a trace cannot be read or do not fit, the run was halted before there was a
    /// world, an agent or a merge diverges, or threads cannot be had.
    pub fn run(&self, observer: &dyn Observer) -> Result<Outcome, RunError> {
        self.run_safely(observer, Safekeeping::default())
    }

    /// [`run`](Experiment::run), whose state is kept now and then, or which goes on from a state that
    /// an experiment with the same scenario kept: to the same result, on whatever engine. A fleet
    /// whose agents run freely is not kept while it does. Of several ranks the first has the vault, and
    /// all go on from the same state.
    ///
    /// # Errors
    /// As there, and where it cannot go on from the state.
    pub fn run_safely(
        &self,
        observer: &dyn Observer,
        Safekeeping { vault, from: mut kept }: Safekeeping<'_>,
    ) -> Result<Outcome, RunError> {
        self.compare()?;
        let numbers = self.scenario.learner.is_of_numbers() && !self.own_learner;
        let world = || {
            let world = self.world()?;
            let limits = self.limits(world.facts())?;
            Ok((world, limits))
        };
        let world = if numbers { None } else { Some(self.together(world())?) };
        let (world, limits) = world.unzip();
        let mut scenario = Scenario::clone(&self.controls.open(limits));
        if let Some(world) = &world {
            scenario.fleet.agents = world.facts().agents as u32;
        }
        let calendar = match &world {
            Some(_) => self.together(self.calendar(&scenario))?,
            None => None,
        };
        let bounds = scenario.measure.bounds.clone();
        let stages = std::iter::once(Stage::Hive).chain(bounds.iter().copied().map(Stage::Bound));
        let (mut head, mut done) = (None, Vec::new());
        if let Some(kept) = &mut kept {
            let mut reader = kept.head.reader();
            done = fleets_before(&mut reader)?;
            StateError::unless_same(
                "fleets that are over:",
                done.len(),
                done.len().min(bounds.len()),
            )?;
            head = Some((reader, &mut kept.agents));
        }
        for stage in stages.skip(done.len()) {
            let _fleet = info_span!("fleet", name = stage.name()).entered();
            if stage != Stage::Hive {
                self.controls.close();
                scenario.changes = self.controls.changes();
            }
            let resumed = head.take().map(|(head, agents)| Resumed { head, agents });
            let watch = Watch {
                stage,
                observer,
                controls: &self.controls,
                keeper: Keeper { vault, before: &done, stage },
            };
            let (mut trace, hash) = match &world {
                Some(world) => {
                    let given = (world.clone(), calendar.clone());
                    self.course(&scenario, given, watch, resumed)?
                }
                None => self.crowd(&scenario, watch, resumed)?,
            };
            trace.tags = tags(&scenario);
            let complete = trace.complete;
            done.push((trace, hash));
            if !complete {
                break;
            }
        }
        self.controls.close();
        scenario.changes = self.controls.changes();
        let complete = done.len() == bounds.len() + 1 && done.iter().all(|(t, _)| t.complete);
        let mut hasher = blake3::Hasher::new();
        done.iter().for_each(|(_, hash)| _ = hasher.update(hash.as_bytes()));
        let mut traces = done.into_iter().map(|(trace, _)| trace);
        let Some(hive) = traces.next() else {
            unreachable!("the hive always runs, complete or not")
        };
        Ok(Outcome {
            hive,
            bounds: bounds.into_iter().zip(traces).collect(),
            complete,
            result_hash: hasher.finalize().to_hex().to_string(),
            scenario,
        })
    }

    /// The course of a fleet that has numbers for parameters.
    fn crowd(
        &self,
        scenario: &Scenario,
        watch: Watch<'_>,
        resumed: Option<Resumed<'_, '_>>,
    ) -> Result<Done, RunError> {
        if let Some(extent) = scenario.extent() {
            let fits = scenario.refuse_extent(extent, self.room());
            fits.map_err(|(keys, message)| self.refused(&keys, message))?;
        }
        let agents = scenario.fleet.agents;
        let (kind, threads) = self.own_machine(scenario, agents as usize);
        let machine = crowd::Machine {
            kind,
            threads,
            halt: self.halt.clone(),
            controls: self.controls.clone(),
            registry: self.registry.clone(),
        };
        let panel = panel(scenario, agents);
        // whoever watches must not take the fleet before for this one
        self.registry.clear();
        let topology = topology(scenario, watch.stage);
        let run = crowd::run(scenario, topology, panel, &machine, watch, resumed);
        run.map_err(|error| match error {
            crowd::CrowdError::Threads(source) => RunError::Threads { asked: threads, source },
            crowd::CrowdError::State(error) => RunError::State(error),
            crowd::CrowdError::Halted => RunError::Halted,
            crowd::CrowdError::Edges(error) => self.no_edges(&error),
        })
    }

    /// One fleet's course on the scenario's engine.
    fn course(
        &self,
        scenario: &Scenario,
        (world, calendar): (Arc<dyn World>, Option<Calendar>),
        watch: Watch<'_>,
        resumed: Option<Resumed<'_, '_>>,
    ) -> Result<Done, RunError> {
        let Watch { stage, observer, .. } = watch;
        let topology = topology(scenario, stage);
        // the pooled learner is whole on every rank
        let ranks = self.link()?.filter(|_| topology != Topology::Pooled);
        let shared = ranks.map(|link| Shared { link: &**link, own: watch.keeper.vault });
        // which lives shorter than what it stands before
        let mut watch = watch;
        if let Some(shared) = &shared {
            watch.keeper.vault = Some(shared);
        }
        let agents = world.facts().agents;
        let pipeline = |spec: &scenario::Distiller| match &self.strategy {
            None => Pipeline::new(spec),
            Some(make) => Pipeline::new(spec).with_strategy(make()),
        };
        let mut fleet = self.fleet(scenario, topology, world);
        fleet.lineage = stage == Stage::Hive && scenario.measure.lineage;
        let companies = fleet.world.facts().companies;
        if fleet.lineage && companies > Measure::COMPANIES_MAX {
            let keys = ["measure.lineage", "world.companies"];
            return Err(self.refused(&keys, too_many_companies(companies)));
        }
        let blocks = 0..fleet.learner.core_layout().blocks() as u32;
        if fleet.scaffold && blocks.clone().any(|b| fleet.learner.rate(b).is_none()) {
            let message = "this learner does not correct its steps by control variates";
            return Err(self.refused(&["learner.solver.scaffold"], message.into()));
        }
        let fleet = Arc::new(fleet);
        let (kind, threads) = self.own_machine(scenario, agents);
        let mut stretches = self.scenario().stretches().to_vec();
        // in the dataset world there may be as many agents as users
        stretches[0].scenario.fleet = scenario.fleet.clone();
        let distiller =
            Distiller::new(fleet.clone(), &pipeline, stretches, calendar.clone(), threads);
        let mut distiller = self.together(distiller.map_err(|error| self.no_edges(&error)))?;
        let spec = &scenario.distiller;
        let mut ancestry =
            fleet.lineage.then(|| Ancestry::new(fleet.clone(), &pipeline, spec, threads));
        let (agenda, layout) = (distiller.agenda(), distiller.layout());
        let leaves = if topology == Topology::Pooled { 1 } else { fleet.leaves() };
        let gather = || Harvester::new(&fleet, layout.clone(), leaves);
        let freely = kind == EngineKind::Live && stage == Stage::Hive;
        if freely && scenario.engine.live.fabric.adds_up() && agenda.to(1).sum.is_none() {
            let message = "this strategy looks at learnings one by one, and this fabric adds them up on \
                           their way; take \"channel-tokio\" or \"channel-crossbeam\"";
            return Err(self.refused(&["engine.live.fabric"], message.into()));
        }
        let flights = match freely {
            true => None,
            false => Flights::new(&fleet, scenario, calendar, agenda, gather()),
        };
        if freely && spec.schedule.learnings().is_some() {
            // on their way, its learnings are nowhere
            watch.keeper.vault = None;
        }
        let harvester = if flights.is_some() { gather().handing_on() } else { gather() };
        // whoever watches must not take the fleet before for this one
        self.registry.clear();
        observer.begin(stage, scenario.rounds.0);
        let adopted = scenario.measure.adopted;
        let too_few = |source| RunError::Threads { asked: threads, source };
        let drive = |engine: &mut dyn Tour| {
            let ancestry = ancestry.as_mut();
            let mut out_of_step;
            let engine = match flights {
                None => engine,
                Some(flights) => {
                    out_of_step = OutOfStep { engine, flights };
                    &mut out_of_step
                }
            };
            course::run(&fleet, &mut distiller, engine, adopted, watch, ancestry, resumed)
        };
        let result = match (topology, kind) {
            (Topology::Pooled, _) => drive(&mut Pooled::new(fleet.clone(), harvester)),
            (_, EngineKind::Live) if freely => {
                let watched = (self.registry.clone(), self.controls.clone());
                let how = (&scenario.engine.live, &spec.schedule);
                let live = LiveTour::new(fleet.clone(), harvester, how, threads, watched, observer);
                let mut live = live.map_err(too_few)?;
                let mut done = drive(&mut live);
                if let Ok((trace, _)) = &mut done {
                    trace.live = live.report();
                    let exact = |live: &LiveReport| live.exact(&trace.accounts);
                    let exact = trace.live.as_ref().filter(|_| trace.complete).map(exact);
                    exact.unwrap_or(Ok(())).map_err(|what| RunError::Accounts { what })?;
                }
                done
            }
            (_, EngineKind::Serial) => drive(&mut Serial::new(fleet.clone(), harvester)),
            // a bound is no fleet that meets a distiller
            (_, EngineKind::Pool | EngineKind::Live) => {
                let all = 0..fleet.leaves();
                let harvester = Arc::new(harvester);
                with_pool(fleet.clone(), harvester, all, threads, |pool| drive(pool))
                    .map_err(too_few)?
            }
            (_, EngineKind::Mpi) => {
                self.together(threads::try_out(threads).map_err(too_few))?;
                let Some(link) = self.link()? else { unreachable!("seen to at once") };
                with_ranks(&fleet, harvester, (link, &self.halt), threads, drive)
                    .map_err(too_few)?
            }
            (_, EngineKind::Tasks | EngineKind::Auto) => {
                let registry = self.registry.clone();
                let tasks = Tasks::new(fleet.clone(), harvester, threads, registry);
                drive(&mut tasks.map_err(too_few)?)
            }
        };
        observer.end(stage);
        result
    }

    /// A fleet under a topology. In the bounds there is no job knowledge: an isolated agent
    /// keeps everything anyway, and the pooled learner is one.
    fn fleet(&self, scenario: &Scenario, topology: Topology, world: Arc<dyn World>) -> Fleet {
        let job = &scenario.job_knowledge;
        let personal = match topology {
            Topology::Star | Topology::Hierarchical | Topology::Gossip => job.personalisation,
            Topology::Isolated | Topology::Pooled => Personalisation::None,
        };
        let (rate, ridge) = (job.rate as f32, job.ridge as f32);
        let share = match personal {
            Personalisation::None | Personalisation::Nested => Share::Core { rate: 1.0 },
            Personalisation::Fedsim => Share::Together { rate, ridge },
            Personalisation::Fedalt => Share::InTurn { rate, ridge, share: job.share as f32 },
        };
        let keeping = match (topology, personal) {
            (Topology::Isolated, _) => Keeping::Everything,
            (_, Personalisation::None) => Keeping::Nothing,
            (_, Personalisation::Nested) => Keeping::Private { shrink: job.private_shrink },
            (_, Personalisation::Fedsim | Personalisation::Fedalt) => {
                Keeping::Job(job.pull, job.decay as f32)
            }
        };
        let knows_job = matches!(keeping, Keeping::Job(..));
        let solver = scenario.learner.solver();
        let facts = world.facts();
        let seed = scenario.seed.0;
        // bounds send nothing
        let sends = topology.merges();
        Fleet {
            learner: (self.learner)(facts, seed, knows_job),
            plan: Plan {
                batch: solver.batch as usize,
                epochs: solver.epochs,
                prox: solver.prox as f32,
                share,
                feedback: scenario.feedback.clone(),
            },
            keeping,
            topology,
            exchange: if sends { scenario.distiller.exchange } else { Exchange::Weights },
            compression: if sends {
                scenario.distiller.compression.clone()
            } else {
                Compression::default()
            },
            scaffold: topology == Topology::Star && solver.scaffold,
            reservoir: scenario.distiller.experience.reservoir as usize,
            tasks: scenario.fleet.tasks,
            partial: scenario.fleet.stragglers.partial,
            lineage: false,
            panel: panel(scenario, facts.agents as u32),
            newcomers: newcomers(scenario, world.as_ref()),
            uptake: Uptake { mean: scenario.fleet.uptake, spread: scenario.fleet.uptake_spread },
            pace: Pace::new(&scenario.fleet, seed),
            seed,
            // ranks halt together
            halt: self.ranks.as_ref().map_or(&self.halt, |(_, halt)| halt).clone(),
            world,
        }
    }
}

/// Who merges with whom in a fleet.
fn topology(scenario: &Scenario, stage: Stage) -> Topology {
    match stage {
        Stage::Hive => scenario.distiller.topology,
        Stage::Bound(Bound::Isolated) => Topology::Isolated,
        Stage::Bound(Bound::Pooled) => Topology::Pooled,
    }
}

/// The agents that join later, in rising order, and the first round in which they work.
fn newcomers(scenario: &Scenario, world: &dyn World) -> (Vec<AgentId>, Round) {
    let spec = &scenario.fleet.newcomers;
    let facts = world.facts();
    let agents = facts.agents as u32;
    let late = if spec.companies > 0 {
        let first = (facts.companies as u32).saturating_sub(spec.companies);
        let all = (0..agents).map(AgentId);
        all.skip_while(|agent| world.company(*agent).0 < first).collect()
    } else {
        let mut stream = Stream::new(scenario.seed.0, Purpose::Newcomers, 0, 0);
        stream.sample(agents, spec.agents).into_iter().map(AgentId).collect()
    };
    (late, Round(spec.round))
}

/// The skills that the world gives to one company alone.
fn tags(scenario: &Scenario) -> Vec<Tag> {
    let scenario::World::MixedEffects(world) = &scenario.world else { return Vec::new() };
    let tag = |(skill, company)| Tag { skill: skill as usize, origin: company as usize };
    world.tags().map(tag).collect()
}

/// The agents that attack the hive.
fn attackers(scenario: &Scenario, agents: u32) -> Attackers {
    Attackers::new(&scenario.attack, scenario.seed.0, agents)
}

/// The agents that are measured: all honest ones, or a sample drawn once.
fn panel(scenario: &Scenario, agents: u32) -> Vec<AgentId> {
    let (seed, size) = (scenario.seed.0, scenario.measure.panel);
    let all = || (0..agents).map(AgentId).collect();
    let mut panel: Vec<AgentId> = if size == 0 || size >= agents {
        all()
    } else {
        let mut stream = Stream::new(seed, Purpose::Panel, 0, 0);
        stream.sample(agents, size).into_iter().map(AgentId).collect()
    };
    let attackers = attackers(scenario, agents);
    panel.retain(|agent| !attackers.contains(*agent));
    if panel.is_empty() {
        // the sample held nobody else
        panel = all();
        panel.retain(|agent| !attackers.contains(*agent));
        panel.truncate(size as usize);
    }
    panel
}
