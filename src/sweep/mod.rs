//! A sweep: one scenario with keys set in many ways, each on the same seeds, and what the runs
//! come to side by side.
//! Lives here: the cases of a plan, the identity of a run, the figures, and the comparisons with
//! their statistics. May not: run anything, read clocks or write files.

mod analysis;
mod design;
mod figures;
pub mod statistics;

pub(crate) use analysis::number;
pub use analysis::{
    Analysis, Cell, Contest, Contrast, Correlation, Duel, Interaction, Judged, analyse,
};
pub(crate) use design::is_whole;
pub use design::{Case, Design, Factor};
pub use figures::{FIGURES, Figure};

use crate::scenario::{
    CheckedPlan, CheckedScenario, Checkpoint, Engine, EngineKind, Override, Plan, Scenario,
    ScenarioError,
};
use crate::text::nearest;
use std::path::Path;

/// The most runs of a sweep: a table of them is one row group.
pub const RUNS_MAX: usize = 65_536;

/// Why a plan makes no sweep.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The plan or the scenario is wrong.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A key of the plan does not fit what is swept.
    #[error("{0}")]
    Plan(String),
}

/// A checked sweep: every case of it can be run.
#[derive(Debug)]
pub struct Sweep {
    /// The plan.
    pub plan: CheckedPlan,
    /// The scenario's file as text, and its name for messages.
    pub text: String,
    origin: String,
    /// The scenario with what the plan sets in every case.
    pub base: CheckedScenario,
    fixed: Vec<Override>,
    /// What is varied, and the cases.
    pub design: Design,
    /// Every case runs on each of them.
    pub seeds: Vec<u64>,
    /// What is compared.
    pub figures: Vec<&'static Figure>,
    /// What tells a run from all others: case by case, seed by seed.
    pub digests: Vec<String>,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// The hash of its result, or why it has none: it diverged, or its strategy had too few agents.
    pub result: Result<String, String>,
    /// In the order of [`FIGURES`]; not a number where a run has none.
    pub figures: Vec<f64>,
    /// Seconds that its merges took, on whatever machine it was run; no result depends on it.
    pub merge_seconds: f64,
}

impl Finished {
    /// A run that came to nothing.
    pub fn failed(cause: String) -> Finished {
        let figures = vec![f64::NAN; FIGURES.len()];
        Finished { result: Err(cause), figures, merge_seconds: f64::NAN }
    }
}

impl Sweep {
    /// Reads the plan's scenario and checks every case of it, before anything is run.
    ///
    /// Costs a check of the scenario a case, about a millisecond each.
    ///
    /// # Errors
    /// Where the scenario, a case of it, or a key of the plan is wrong.
    pub fn new(plan: CheckedPlan) -> Result<Sweep, SweepError> {
        let path = Path::new(&plan.scenario);
        let text = Scenario::text(path)?;
        let origin = plan.scenario.clone();
        // what a path in the scenario's file starts at is to be the same from any folder
        let first = Scenario::parse_over(&text, &origin, &fixed(&plan))?;
        let plan = plan.with_sets(whole_paths(first.anywhere()));
        let fixed = fixed(&plan);
        let base = Scenario::parse_over(&text, &origin, &fixed)?;
        let seeds = plan.seeds(base.seed.0);
        let names: Result<Vec<_>, String> =
            plan.figures.iter().map(|name| Figure::named(name)).collect();
        let twice = |i: &usize| plan.figures[..*i].contains(&plan.figures[*i]);
        if let Some(i) = (0..plan.figures.len()).find(twice) {
            let message = format!("figures: `{}` stands here twice", plan.figures[i]);
            return Err(SweepError::Plan(message));
        }
        let figures = match names.map_err(|error| SweepError::Plan(format!("figures: {error}")))? {
            named if named.is_empty() => vec![Figure::main(&base)],
            named => named,
        };
        let count = runs(&plan) * seeds.len();
        if count > RUNS_MAX {
            let message = format!("{count} runs, but a sweep has at most {RUNS_MAX}");
            return Err(SweepError::Plan(message));
        }
        let design = Design::of(&plan, &base);
        let mut sweep =
            Sweep { plan, text, origin, base, fixed, design, seeds, figures, digests: Vec::new() };
        sweep.check_names()?;
        sweep.check_baseline()?;
        for case in 0..sweep.design.cases.len() {
            let scenario = sweep.parse(case, &[])?;
            let of_seed = |seed: &u64| digest(&scenario, *seed);
            sweep.digests.extend(sweep.seeds.iter().map(of_seed));
        }
        Ok(sweep)
    }

    /// An axis has a column of its own in the table of runs.
    fn check_names(&self) -> Result<(), SweepError> {
        const OTHERS: [&str; 5] = ["case", "seed", "failed", "result_hash", "run"];
        let taken = |title: &&str| {
            OTHERS.contains(title) || self.figures.iter().any(|figure| figure.name == *title)
        };
        let titles = self.plan.axes.iter().map(|axis| axis.title());
        match titles.into_iter().find(taken) {
            None => Ok(()),
            Some(title) => Err(SweepError::Plan(format!(
                "axis `{title}`: the table of runs has another column of that name; give the axis \
                 another `name`"
            ))),
        }
    }

    fn check_baseline(&self) -> Result<(), SweepError> {
        let baseline = &self.plan.baseline;
        let names = || self.design.cases.iter().map(|case| case.name.as_str());
        if baseline.is_empty() || names().any(|name| name == baseline) {
            return Ok(());
        }
        let hint = match nearest(baseline, names()) {
            Some(near) => format!("; did you mean `{near}`?"),
            None => names().next().map_or_else(String::new, |name| format!(", as in `{name}`")),
        };
        let name = crate::text::name(baseline);
        Err(SweepError::Plan(format!("baseline: there is no case `{name}`{hint}")))
    }

    /// How many runs there are.
    pub fn len(&self) -> usize {
        self.digests.len()
    }

    /// Whether there is none; a plan has one at least.
    pub fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    /// The case and the seed of a run.
    pub fn run(&self, run: usize) -> (&Case, u64) {
        let n = self.seeds.len();
        (&self.design.cases[run / n], self.seeds[run % n])
    }

    /// What tells this sweep from another: a digest of all its runs, in their order.
    pub fn id(&self) -> String {
        blake3::hash(self.digests.join("\n").as_bytes()).to_hex().to_string()
    }

    /// The scenario of a run, on so many threads; none is as the scenario has it.
    ///
    /// # Errors
    /// None that [`Sweep::new`] has not seen.
    pub fn scenario(
        &self,
        run: usize,
        threads: Option<u32>,
    ) -> Result<CheckedScenario, ScenarioError> {
        let seed = self.run(run).1;
        let argument = |key: &str, value: i64| Override::argument(key.into(), key, value);
        let mut sets = vec![argument("seed", seed as i64)];
        sets.extend(threads.map(|threads| argument("engine.threads", threads.into())));
        self.parse(run / self.seeds.len(), &sets)
    }

    fn parse(&self, case: usize, more: &[Override]) -> Result<CheckedScenario, ScenarioError> {
        let own = &self.design.cases[case].sets;
        let sets: Vec<Override> = self.fixed.iter().chain(own).chain(more).cloned().collect();
        let scenario = Scenario::parse_over(&self.text, &self.origin, &sets)?;
        if scenario.engine.kind == EngineKind::Live {
            let message = "\"live\" is not reproducible, and a sweep's files are: by them a run is \
                           known that need not be made again; take another engine";
            let problem = scenario.problem(&["engine.kind"], message.into());
            return Err(ScenarioError::Invalid(vec![problem]));
        }
        if scenario.engine.kind == EngineKind::Mpi {
            let message = "\"mpi\" is for one large run; a sweep of many goes over machines by --shard \
                           (docs/scaling.md); take another engine";
            let problem = scenario.problem(&["engine.kind"], message.into());
            return Err(ScenarioError::Invalid(vec![problem]));
        }
        Ok(scenario)
    }

    /// The plan with everything in it that was left to defaults, for the folder that holds the
    /// scenario as `scenario.toml` beside it.
    pub fn resolved(&self) -> Plan {
        let figures: Vec<&str> = self.figures.iter().map(|figure| figure.name).collect();
        self.plan.resolved("scenario.toml", &self.seeds, &figures)
    }

    /// The runs of a shard: every `of`-th from the `shard`-th on, both from 1.
    pub fn shard(&self, shard: usize, of: usize) -> impl Iterator<Item = usize> {
        (shard - 1..self.len()).step_by(of)
    }
}

/// How many cases a plan has, before they are made.
fn runs(plan: &CheckedPlan) -> usize {
    let levels = plan.axes.iter().map(|axis| axis.values.len().max(axis.levels.len()));
    let grid = || levels.fold(1_usize, |cases, levels| cases.saturating_mul(levels));
    match plan.points {
        Some(points) => points as usize,
        None if plan.cases.is_empty() => grid().min(usize::MAX / 2000),
        None => plan.cases.len(),
    }
}

/// Keys that are set in every case.
fn fixed(plan: &CheckedPlan) -> Vec<Override> {
    let keys = plan.set.keys().into_iter();
    keys.map(|(key, value)| Override::swept(format!("set {key}={value}"), &key, value)).collect()
}

/// The paths of a scenario that has some.
pub(crate) fn whole_paths(mut scenario: Scenario) -> Vec<(String, toml::Value)> {
    let paths = scenario.paths();
    paths.map(|(key, path)| (key.to_owned(), toml::Value::String(path.clone()))).collect()
}

/// What a run depends on, and nothing else: hivesim's version, the scenario and the seed, but
/// neither what it is called nor the engine and the checkpoints, which change no result.
pub(crate) fn digest(scenario: &CheckedScenario, seed: u64) -> String {
    let mut scenario: Scenario = scenario.anywhere();
    scenario.seed.0 = seed;
    scenario.engine = Engine::default();
    scenario.checkpoint = Checkpoint::default();
    for text in [&mut scenario.name, &mut scenario.question, &mut scenario.expect] {
        text.clear();
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(concat!("hivesim ", env!("CARGO_PKG_VERSION"), "\n").as_bytes());
    // a scenario that was checked has nothing that JSON could not hold
    hasher.update(&serde_json::to_vec(&scenario).unwrap_or_default());
    hasher.finalize().to_hex().to_string()
}
