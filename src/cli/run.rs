//! `hivesim run`: a scenario, from the first core to the report.

use super::{Failure, print};
use crate::engine::{Experiment, Observer, RunError, Stage};
use crate::measure::{Outcome, RoundRow};
use crate::record::{RunDirectory, RunFacts, summary, write_run};
use crate::report;
use crate::scenario::{EngineKind, Scenario, ScenarioError};
use clap::{Args, ValueEnum as _};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// Arguments of `hivesim run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The scenario file; see `hivesim scenario schema` for its keys.
    scenario: PathBuf,
    /// The engine; never changes a result.
    #[arg(long, value_enum)]
    engine: Option<EngineKind>,
    /// Worker threads, 0 for one a core; never changes a result.
    #[arg(long)]
    threads: Option<u32>,
    /// The seed of every random stream.
    #[arg(long)]
    seed: Option<u64>,
    /// Where results go [default: runs/NAME-SEED].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Sets a key of the scenario, like `world.company=0.4`; may be given often.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Print nothing but errors.
    #[arg(long)]
    quiet: bool,
    /// Print summary.json on standard output, and nothing else there.
    #[arg(long)]
    json: bool,
    /// Serve metrics in Prometheus' text format on this address while running.
    #[arg(long, value_name = "ADDR")]
    metrics: Option<std::net::SocketAddr>,
}

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Watches a run for the terminal and the metrics.
struct Watcher {
    talks: bool,
    bar: ProgressBar,
    clock: Mutex<Clock>,
}

#[derive(Default)]
struct Clock {
    begun: Option<Instant>,
    distilling: Option<Instant>,
    seconds: Vec<f64>,
}

impl Watcher {
    fn clock(&self) -> std::sync::MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Observer for Watcher {
    fn begin(&self, stage: Stage, rounds: u32) {
        self.clock().begun = Some(Instant::now());
        self.bar.reset();
        self.bar.set_length(u64::from(rounds));
        self.bar.set_prefix(stage.name());
        if self.talks && self.bar.is_hidden() {
            eprintln!("{}: {rounds} rounds", stage.name());
        }
    }

    fn distilling(&self, _: Stage, _: u32) {
        self.clock().distilling = Some(Instant::now());
    }

    fn touring(&self, stage: Stage, _: u32) {
        if let Some(since) = self.clock().distilling.take() {
            let seconds = since.elapsed().as_secs_f64();
            metrics::histogram!("hivesim_merge_seconds", "fleet" => stage.name()).record(seconds);
        }
    }

    fn round(&self, stage: Stage, row: &RoundRow) {
        let fleet = stage.name();
        metrics::counter!("hivesim_tasks_total", "fleet" => fleet).increment(row.tasks);
        metrics::counter!("hivesim_learnings_total", "fleet" => fleet).increment(row.learnings);
        metrics::counter!("hivesim_bytes_total", "fleet" => fleet, "way" => "up")
            .increment(row.bytes_up);
        metrics::counter!("hivesim_bytes_total", "fleet" => fleet, "way" => "down")
            .increment(row.bytes_down);
        metrics::gauge!("hivesim_round", "fleet" => fleet).set(f64::from(row.round));
        if !row.staleness.is_nan() {
            metrics::histogram!("hivesim_staleness", "fleet" => fleet).record(row.staleness);
        }
        if !row.panel_skill.is_nan() {
            metrics::gauge!("hivesim_core_skill", "fleet" => fleet).set(row.core_skill);
            metrics::gauge!("hivesim_panel_skill", "fleet" => fleet).set(row.panel_skill);
            self.bar.set_message(format!("skill {:.3}", row.panel_skill));
        }
        self.bar.set_position(u64::from(row.round));
    }

    fn end(&self, stage: Stage) {
        let mut clock = self.clock();
        let seconds = clock.begun.take().map_or(0.0, |begun| begun.elapsed().as_secs_f64());
        clock.seconds.push(seconds);
        if self.talks && self.bar.is_hidden() {
            eprintln!("{}: done in {seconds:.2} s", stage.name());
        }
    }

    fn interrupted(&self) -> bool {
        INTERRUPTED.load(Ordering::Relaxed)
    }
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::Failed(error.to_string())
}

/// Runs it.
pub fn run(args: &RunArgs) -> Result<(), Failure> {
    let mut sets = args.sets.clone();
    if let Some(engine) = args.engine.and_then(|e| e.to_possible_value()) {
        sets.push(format!("engine.kind={}", engine.get_name()));
    }
    sets.extend(args.threads.map(|threads| format!("engine.threads={threads}")));
    sets.extend(args.seed.map(|seed| format!("seed={seed}")));
    let scenario = Scenario::load(&args.scenario, &sets)
        .map_err(|error: ScenarioError| Failure::BadInput(error.to_string()))?;
    let text = scenario.to_toml();
    let name = format!("{}-{}", scenario.name, scenario.seed.0);
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from("runs").join(name));
    let directory =
        RunDirectory::create(&out).map_err(|error| Failure::BadInput(error.to_string()))?;
    if let Some(address) = args.metrics {
        metrics_exporter_prometheus::PrometheusBuilder::new()
            .with_http_listener(address)
            .install()
            .map_err(|error| Failure::BadInput(format!("--metrics {address}: {error}")))?;
    }
    // a second handler cannot be set, which only a library user could have done
    let _ = ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed));
    let talks = !args.quiet && !args.json;
    let bar = if talks && std::io::stderr().is_terminal() {
        let style = "{prefix:9} {wide_bar} {pos}/{len} rounds  {per_sec}  {eta} left  {msg}";
        let style = ProgressStyle::with_template(style).unwrap_or(ProgressStyle::default_bar());
        let bar = ProgressBar::new(1).with_style(style);
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    } else {
        ProgressBar::hidden()
    };
    let watcher = Watcher { talks, bar, clock: Mutex::default() };
    let started = SystemTime::now();
    let outcome = Experiment::new(scenario).run(&watcher);
    watcher.bar.finish_and_clear();
    let mut outcome = outcome.map_err(|error| match error {
        RunError::World(message) => Failure::BadInput(message),
        error => failed(error),
    })?;
    let clock = std::mem::take(&mut *watcher.clock());
    let traces =
        std::iter::once(&mut outcome.hive).chain(outcome.bounds.iter_mut().map(|b| &mut b.1));
    traces.zip(clock.seconds).for_each(|(trace, seconds)| trace.seconds = seconds);
    let agents = outcome.scenario.fleet.agents as usize;
    let (kind, threads) = Experiment::machine(&outcome.scenario, agents);
    let engine = kind.to_possible_value().map_or_else(String::new, |v| v.get_name().to_string());
    let facts = RunFacts { engine: engine.clone(), threads, started, finished: SystemTime::now() };
    let summary = summary(&outcome, &engine, threads, facts.seconds());
    let page = report::render(&outcome, &summary, &text).map_err(failed)?;
    write_run(&directory, &outcome, &facts, &text, &page).map_err(failed)?;
    if args.json {
        let text = serde_json::to_string_pretty(&summary).map_err(failed)?;
        print(&format!("{text}\n"))?;
    } else if !args.quiet {
        print(&closing(&outcome))?;
        print(&format!("report: {}\n", out.join("report.html").display()))?;
    }
    if outcome.complete { Ok(()) } else { Err(Failure::Interrupted) }
}

/// The closing table.
fn closing(outcome: &Outcome) -> String {
    let mut table = comfy_table::Table::new();
    table.set_header([
        "fleet",
        "core skill",
        "own skill",
        "never practised",
        "half the fleet",
        "tasks/s",
    ]);
    let bounds = outcome.bounds.iter().map(|(bound, trace)| (Stage::Bound(*bound).name(), trace));
    for (name, trace) in std::iter::once(("hive", &outcome.hive)).chain(bounds) {
        let Some(last) = trace.rounds.iter().rev().find(|row| !row.panel_skill.is_nan()) else {
            continue;
        };
        let number = |x: f64| if x.is_nan() { "-".to_string() } else { format!("{x:.3}") };
        let half = trace.rounds.iter().find(|row| row.fleet_adoption >= 0.5);
        let tasks: u64 = trace.rounds.iter().map(|row| row.tasks).sum();
        table.add_row([
            name.to_string(),
            number(last.core_skill),
            number(last.panel_skill),
            number(last.unpractised_skill),
            half.map_or("never".to_string(), |row| format!("round {}", row.round)),
            format!("{:.0}", tasks as f64 / trace.seconds),
        ]);
    }
    format!("{table}\nresult {}\n", outcome.result_hash)
}
