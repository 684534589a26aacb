//! `hivesim compare`: one scenario under many strategies.

use super::{Failure, print, tell};
use crate::agent::Halt;
use crate::compare::{Comparison, Contender, Estimate, Refused, Run, Standing, contenders};
use crate::engine::{Experiment, Observer, RunError, Stage};
use crate::measure::Outcome;
use crate::merge::MergeError;
use crate::record::{Made, RunDirectory, RunFacts, pretty, time_to_half_fleet, write_comparison};
use crate::report::render_comparison;
use crate::scenario::{CheckedScenario, Scenario, ScenarioError};
use crate::text::{file_name, plain};
use clap::Args;
use comfy_table::{CellAlignment, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

const AFTER_HELP: &str = "\
Examples:
  hivesim compare scenarios/strategies.toml
  hivesim compare scenarios/strategies.toml --strategies mean,median,krum --seeds 3
  hivesim compare scenarios/strategies.toml --strategies 'ties,ties(density=0.5),mean+fedadam'
  hivesim compare scenarios/strategies.toml --strategies all,bucketing+krum --set rounds=10

A strategy is a name of `hivesim strategies`, with settings in brackets where it has any, and with
pre-aggregations before it and a server step behind it, joined by `+`. `all` is every way to
combine alone, the mean with every server step, and the median and the geometric median behind
every pre-aggregation. What the scenario sets itself keeps its settings.

Output: a table on standard output, the best core first, each number a mean ± its standard error
over the seeds; in DIR comparison.json, comparison.parquet, scenario.toml and report.html. Strategies
that cannot run on the scenario are listed with the reason.

Exit codes: 0 fine, 1 failed, 2 bad input, 130 interrupted (nothing is written then)";

/// Arguments of `hivesim compare`.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct CompareArgs {
    /// The scenario file.
    scenario: PathBuf,
    /// Which, separated by commas.
    #[arg(long, value_name = "LIST", default_value = "all")]
    strategies: String,
    /// How many seeds, from the scenario's on.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: u64,
    /// These seeds, separated by commas.
    #[arg(long = "seed", value_name = "LIST", value_delimiter = ',', conflicts_with = "seeds",
          value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    seed: Vec<u64>,
    /// Set a key of the scenario, as in --set rounds=10; may be given again.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Worker threads of a run, 0 for one a core; never changes a result.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1024))]
    threads: Option<u32>,
    /// Where results go [default: runs/NAME-strategies].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print comparison.json on standard output, and nothing else there.
    #[arg(long)]
    json: bool,
    /// Print nothing but errors.
    #[arg(long)]
    quiet: bool,
}

/// Runs it.
pub(super) fn run(args: &CompareArgs) -> Result<(), Failure> {
    let bad = |error: ScenarioError| Failure::BadInput(error.to_string());
    let base = load(args, &[]).map_err(bad)?;
    let list = contenders(&args.strategies, &base).map_err(Failure::BadInput)?;
    let seeds = match args.seed.as_slice() {
        [] => (0..args.seeds).map(|i| base.seed.0.saturating_add(i)).collect(),
        given => given.to_vec(),
    };
    let name = match file_name(&base.name) {
        name if name.is_empty() => "run".into(),
        name => name,
    };
    let default = || Path::new("runs").join(format!("{name}-strategies"));
    let out = args.out.clone().unwrap_or_else(default);
    let directory =
        RunDirectory::create(&out).map_err(|error| Failure::BadInput(error.to_string()))?;
    let work = Work::new(args, list.len() * seeds.len());
    work.stop_on_signals(directory.made());
    let started = SystemTime::now();
    let result = compare(args, &work, &base, &list, &seeds).and_then(|comparison| {
        let toml = base.to_toml();
        let (kind, threads) = Experiment::machine(&base, base.fleet.agents as usize);
        let engine = format!("{kind:?}").to_lowercase();
        let facts = RunFacts { engine, threads, started, finished: SystemTime::now() };
        let page = render_comparison(&comparison, &toml).map_err(failed)?;
        write_comparison(&directory, &comparison, &facts, &toml, &page).map_err(failed)?;
        Ok(comparison)
    });
    work.bar.finish_and_clear();
    let comparison = result.inspect_err(|_| directory.made().remove())?;
    if args.json {
        print(&pretty(&comparison.to_json()))
    } else if args.quiet {
        Ok(())
    } else {
        let report = out.join("report.html");
        let report = plain(&report.to_string_lossy());
        let refused: String = comparison
            .refused
            .iter()
            .map(|each| format!("refused  {}: {}\n", plain(&each.name), plain(&each.reason)))
            .collect();
        let hash = comparison.result_hash();
        print(&format!("{}\n{refused}\nresult  {hash}\nreport  {report}\n", table(&comparison)))
    }
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::Failed(error.to_string())
}

/// The scenario with more overrides behind those of the command line.
fn load(args: &CompareArgs, more: &[String]) -> Result<CheckedScenario, ScenarioError> {
    let mut sets = args.sets.clone();
    sets.extend(args.threads.map(|threads| format!("engine.threads={threads}")));
    sets.extend_from_slice(more);
    Scenario::load(&args.scenario, &sets)
}

fn compare(
    args: &CompareArgs,
    work: &Work,
    base: &CheckedScenario,
    list: &[Contender],
    seeds: &[u64],
) -> Result<Comparison, Failure> {
    let mut comparison = Comparison {
        name: base.name.clone(),
        question: base.question.clone(),
        seeds: seeds.to_vec(),
        standings: Vec::new(),
        bounds: Vec::new(),
        refused: Vec::new(),
    };
    for contender in list {
        match contend(args, work, contender, seeds)? {
            Ok(runs) => comparison.standings.push(Standing {
                name: contender.name.clone(),
                family: contender.family.name(),
                runs,
            }),
            Err(reason) => {
                comparison.refused.push(Refused { name: contender.name.clone(), reason });
            }
        }
    }
    if comparison.standings.is_empty() {
        let each = |refused: &Refused| format!("\n{}: {}", refused.name, refused.reason);
        let reasons: String = comparison.refused.iter().map(each).collect();
        return Err(Failure::Failed(format!("no strategy can run on this scenario{reasons}")));
    }
    comparison.bounds = bounds(args, work, base, seeds)?;
    comparison.rank();
    Ok(comparison)
}

/// A contender's runs, or why there are none.
fn contend(
    args: &CompareArgs,
    work: &Work,
    contender: &Contender,
    seeds: &[u64],
) -> Result<Result<Vec<Run>, String>, Failure> {
    let mut runs = Vec::new();
    for (i, seed) in seeds.iter().enumerate() {
        work.bar.set_message(contender.name.clone());
        let mut sets = contender.sets.clone();
        sets.extend([format!("seed={seed}"), "measure.bounds=[]".into()]);
        let scenario = match load(args, &sets) {
            Ok(scenario) => scenario,
            // settings that somebody has just typed are theirs to mend
            Err(error) if contender.is_variant => {
                return Err(Failure::BadInput(format!("{}: {error}", contender.name)));
            }
            Err(error) => {
                work.bar.inc((seeds.len() - i) as u64);
                let messages: Vec<&str> =
                    error.problems().iter().map(|problem| problem.message.as_str()).collect();
                return Ok(Err(messages.join("; ")));
            }
        };
        match work.run(scenario)? {
            Ok((outcome, seconds)) => {
                let half = time_to_half_fleet(&outcome.hive.rounds);
                runs.push(Run::of(&outcome, &outcome.hive, half, seconds));
            }
            Err(reason) => {
                work.bar.inc((seeds.len() - i) as u64);
                return Ok(Err(reason));
            }
        }
        work.bar.inc(1);
    }
    work.say(&contender.name, &runs);
    Ok(Ok(runs))
}

/// The scenario's bounds, which no strategy changes.
fn bounds(
    args: &CompareArgs,
    work: &Work,
    base: &CheckedScenario,
    seeds: &[u64],
) -> Result<Vec<Standing>, Failure> {
    let mut bounds: Vec<Standing> = Vec::new();
    for seed in seeds.iter().filter(|_| !base.measure.bounds.is_empty()) {
        work.bar.set_message("bounds");
        let scenario = load(args, &[format!("seed={seed}")]);
        let scenario = scenario.map_err(|error| Failure::BadInput(error.to_string()))?;
        let (outcome, _) = work.run(scenario)?.map_err(Failure::Failed)?;
        for (bound, trace) in &outcome.bounds {
            let name = Stage::Bound(*bound).name();
            let run = Run::of_bound(&outcome, trace, time_to_half_fleet(&trace.rounds));
            match bounds.iter_mut().find(|each| each.name == name) {
                Some(each) => each.runs.push(run),
                None => {
                    bounds.push(Standing { name: name.into(), family: "bound", runs: vec![run] });
                }
            }
        }
    }
    Ok(bounds)
}

/// What goes on beside the runs: the bar, the way to stop, the clock of the merges.
struct Work {
    bar: ProgressBar,
    lines: bool,
    stop: Arc<Mutex<Stop>>,
}

/// Whether to stop, and what does it.
#[derive(Default)]
struct Stop {
    asked: bool,
    halt: Option<Halt>,
}

impl Work {
    fn new(args: &CompareArgs, runs: usize) -> Work {
        let talks = !args.quiet && !args.json;
        let terminal = std::io::stderr().is_terminal();
        let bar = if talks && terminal {
            let style =
                ProgressStyle::with_template("{wide_bar} {pos}/{len} runs  {eta} left  {msg}");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(runs as u64).with_style(style)
        } else {
            ProgressBar::hidden()
        };
        Work { bar, lines: talks && !terminal, stop: Arc::default() }
    }

    /// A line for a log.
    fn say(&self, name: &str, runs: &[Run]) {
        if self.lines {
            let level = Estimate::of(runs.iter().map(Run::level));
            tell(&format!("{name}: {:.3}", level.mean));
        }
    }

    /// Ctrl-C, SIGTERM and SIGHUP stop the run under way; the second of them ends the process.
    fn stop_on_signals(&self, made: Made) {
        let stop = self.stop.clone();
        let handler = move || {
            let mut stop = locked(&stop);
            if stop.asked {
                made.remove();
                std::process::exit(i32::from(super::INTERRUPTED));
            }
            stop.asked = true;
            if let Some(halt) = &stop.halt {
                halt.set();
            }
        };
        // it fails only where a handler is set already, which a user of the library may have done
        let _ = ctrlc::set_handler(handler);
    }

    /// One run, with its seconds of merging; or why the scenario does not suit its strategy.
    fn run(&self, scenario: CheckedScenario) -> Result<Result<(Outcome, f64), String>, Failure> {
        let stopped = || Failure::Interrupted("interrupted: nothing was written".into());
        let experiment = Experiment::new(scenario);
        {
            let mut stop = locked(&self.stop);
            if stop.asked {
                return Err(stopped());
            }
            stop.halt = Some(experiment.halt());
        }
        let clock = Clock::default();
        match experiment.run(&clock) {
            Ok(outcome) if outcome.complete => Ok(Ok((outcome, clock.seconds()))),
            Ok(_) => Err(stopped()),
            Err(RunError::Merge { source: source @ MergeError::Needs { .. }, .. }) => {
                Ok(Err(source.to_string()))
            }
            Err(
                error @ (RunError::Merge { .. } | RunError::Agent { .. } | RunError::Loss { .. }),
            ) => Ok(Err(error.to_string())),
            Err(RunError::World(message)) => Err(Failure::BadInput(message)),
            Err(error) => Err(failed(error)),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Times the hive's merges.
#[derive(Default)]
struct Clock(Mutex<(Option<Instant>, f64)>);

impl Clock {
    fn seconds(&self) -> f64 {
        locked(&self.0).1
    }
}

impl Observer for Clock {
    fn distilling(&self, stage: Stage, _: u32) {
        if stage == Stage::Hive {
            locked(&self.0).0 = Some(Instant::now());
        }
    }

    fn touring(&self, _: Stage, _: u32) {
        let mut clock = locked(&self.0);
        if let Some(since) = clock.0.take() {
            clock.1 += since.elapsed().as_secs_f64();
        }
    }
}

/// The contenders, the best first, then the bounds.
fn table(comparison: &Comparison) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let heads = ["strategy", "family", "core", "agents", "half the fleet", "merging s", "sent MB"];
    table.set_header(heads);
    for standing in comparison.standings.iter().chain(&comparison.bounds) {
        let (half, never) = standing.time_to_half();
        let half = match never {
            0 => cell(half, 1),
            n if n == standing.runs.len() => "never".into(),
            n => format!("{} ({n} never)", cell(half, 1)),
        };
        table.add_row([
            plain(&standing.name),
            standing.family.into(),
            cell(standing.estimate(Run::level), 3),
            cell(standing.estimate(|run| run.panel_skill), 3),
            half,
            cell(standing.estimate(|run| run.merge_seconds), 3),
            cell(standing.estimate(|run| run.bytes as f64 / 1e6), 1),
        ]);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim().to_string()).collect();
    lines.join("\n") + "\n"
}

fn cell(estimate: Estimate, digits: usize) -> String {
    let Estimate { mean, error } = estimate;
    match (mean.is_finite(), error == 0.0) {
        (false, _) => "-".into(),
        (true, true) => format!("{mean:.digits$}"),
        (true, false) => format!("{mean:.digits$} ± {error:.digits$}"),
    }
}
