//! `hivesim sweep`: a scenario with keys varied over many seeds.

mod merge;
mod table;

use super::batching::{Batching, jobs};
use super::{Failure, failed, folder_of, print};
use crate::engine::Silent;
use crate::record::{RecordError, SweepDirectory, comparisons, pretty, result_hash};
use crate::report::render_sweep;
use crate::scenario::{CheckedPlan, Override, Plan, Scenario, axis_argument, set_argument};
use crate::sweep::{Finished, Sweep, SweepError, analyse};
use crate::text::plain;
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use toml::Value;

const AFTER_HELP: &str = "\
Examples:
  hivesim sweep scenarios/sweeps/merge-and-differ.toml
  hivesim sweep scenarios/first-hive.toml --axis learner.rate=0.1,0.3 --axis fleet.agents=50,100
  hivesim sweep plan.toml --seeds 3 --set rounds=10 --out runs/short
  hivesim sweep plan.toml --shard 2/4 --out runs/part-2     one of four jobs of an array
  hivesim sweep merge runs/part-1 runs/part-2 runs/part-3 runs/part-4 -o runs/whole

A plan is a TOML file with a scenario, axes and seeds; docs/sweeps.md has its keys and every number.
With --axis the file is a scenario, and every value of an axis is taken with every one of the others.

Output: for each figure a table of the cases, the best first, with 95 % intervals over seeds, and of
their paired differences; in DIR a file a run, sweep.toml, scenario.toml, runs.parquet,
comparisons.json and report.html. The same command goes on with a sweep that was cut off, and runs
nothing twice. A run that diverges is a row with the cause.

Exit codes: 0 fine, 1 failed, 2 bad input, 130 interrupted (runs that are done are kept)";

/// Arguments of `hivesim sweep`.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct SweepArgs {
    #[command(subcommand)]
    command: Option<SweepCommand>,
    /// The plan; with --axis the scenario.
    #[arg(required = true)]
    file: Option<PathBuf>,
    /// Vary a key of the scenario, as in --axis learner.rate=0.1,0.3; may be given again.
    #[arg(long = "axis", value_name = "KEY=LIST")]
    axes: Vec<String>,
    /// How many seeds, from the scenario's on [default: the plan's, or 10].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    seeds: Option<u32>,
    /// These seeds, separated by commas.
    #[arg(long = "seed", value_name = "LIST", value_delimiter = ',', conflicts_with = "seeds",
          value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    seed: Vec<u64>,
    /// Figures to table and compare, separated by commas [default: the plan's, or the world's main
    /// one].
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    figures: Vec<String>,
    /// The case that all others are compared with.
    #[arg(long, value_name = "CASE")]
    baseline: Option<String>,
    /// Set a key of the scenario in every case, as in --set rounds=10; may be given again.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Runs at a time, 0 for one a core; never changes a result.
    #[arg(long, value_name = "N", default_value_t = 0,
          value_parser = clap::value_parser!(u32).range(0..=1024))]
    jobs: u32,
    /// Worker threads of a run, 0 for one a core; never changes a result.
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(0..=1024))]
    threads: u32,
    /// Do every N-th run from the I-th on, for `hivesim sweep merge`.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<(usize, usize)>,
    #[command(flatten)]
    output: Output,
}

/// Where a sweep goes and what is said of it.
#[derive(Debug, Args)]
struct Output {
    /// Where results go [default: runs/NAME-sweep].
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print comparisons.json on standard output, and nothing else there.
    #[arg(long)]
    json: bool,
    /// Print nothing but errors.
    #[arg(long)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum SweepCommand {
    /// Put the shards of a sweep together.
    Merge(merge::MergeArgs),
}

/// `2/4`.
fn shard(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    match parts {
        Some((i, n)) if (1..=n).contains(&i) => Ok((i, n)),
        Some((i, n)) => Err(format!("there is no shard {i} of {n}; wanted I from 1 to N in I/N")),
        None => Err("wanted I/N, as in 2/4".into()),
    }
}

/// Runs it.
pub(super) fn run(args: &SweepArgs) -> Result<(), Failure> {
    if let Some(SweepCommand::Merge(args)) = &args.command {
        return merge::run(args);
    }
    let sweep = checked(args.plan()?)?;
    let name = match args.shard {
        None => "sweep".to_owned(),
        Some((i, n)) => format!("sweep-{i}-of-{n}"),
    };
    let default = || folder_of(&sweep.plan.name, name);
    let out = args.output.out.clone().unwrap_or_else(default);
    let directory = SweepDirectory::create(&out, &sweep, args.shard).map_err(refused)?;
    let folder = directory.runs();
    let (i, n) = args.shard.unwrap_or((1, 1));
    let mut runs: Vec<Option<Finished>> = vec![None; sweep.len()];
    sweep.shard(i, n).for_each(|run| runs[run] = folder.read(&sweep.digests[run]));
    let todo: Vec<usize> = sweep.shard(i, n).filter(|run| runs[*run].is_none()).collect();
    let all = sweep.shard(i, n).count();
    let talks = !args.output.quiet && !args.output.json;
    let batching = Batching::new(talks, all, all - todo.len());
    let text = "stopping; runs that are done are kept (again: quit at once)";
    batching.stop_on_signals(folder.made(), text);
    let done = Mutex::new(&mut runs);
    let one = |run: &usize| {
        let finished = simulate(&sweep, *run, args.threads, &batching)?;
        let (digest, seed) = (&sweep.digests[*run], sweep.run(*run).1);
        folder.write(digest, seed, &finished).map_err(failed)?;
        done.lock().unwrap_or_else(PoisonError::into_inner)[*run] = Some(finished);
        batching.bar.inc(1);
        Ok(())
    };
    let result = batching.beside(|| batching.batch.each(jobs(args.jobs), &todo, one))?;
    if let Err(failure) = result {
        folder.withdraw();
        let done = runs.iter().flatten().count();
        let text = format!("interrupted: {done} of {all} runs are done; the same command goes on");
        return Err(match failure {
            Failure::Interrupted(_) => Failure::Interrupted(text),
            failure => failure,
        });
    }
    if let Some((i, n)) = args.shard {
        let out = plain(&out.to_string_lossy());
        let text = format!("shard {i}/{n} is done: {all} of {} runs in {out}\n", sweep.len());
        return if talks { print(&text) } else { Ok(()) };
    }
    // a run that is not there would have been an error
    let runs: Vec<Finished> = runs.into_iter().flatten().collect();
    conclude(&directory, &out, &sweep, &runs, &args.output)
}

impl SweepArgs {
    /// The plan with all that the command line says about it.
    fn plan(&self) -> Result<CheckedPlan, Failure> {
        let file = self.file.as_deref().unwrap_or(Path::new(""));
        let shown = file.display().to_string();
        let bad = |error: String| Failure::BadInput(error);
        let mut sets: Vec<Override> = Vec::new();
        if !self.axes.is_empty() {
            let argument = |key, value: Value| Override::argument(shown.clone(), key, value);
            sets.push(argument("scenario", Value::String(shown.clone())));
        }
        for (i, axis) in self.axes.iter().enumerate() {
            let (key, values) =
                axis_argument(axis).map_err(|error| bad(format!("--axis {axis}: {error}")))?;
            let shown = format!("--axis {axis}");
            let place = |part: &str| format!("axis.{i}.{part}");
            sets.push(Override::argument(shown.clone(), &place("key"), key));
            sets.push(Override::argument(shown, &place("values"), values));
        }
        if let Some(seeds) = self.seeds {
            sets.push(Override::argument(format!("--seeds {seeds}"), "seeds", i64::from(seeds)));
        }
        if !self.seed.is_empty() {
            // clap has seen to their range
            let seeds: Vec<Value> =
                self.seed.iter().map(|seed| Value::Integer(*seed as i64)).collect();
            sets.push(Override::argument("--seed".into(), "seeds", seeds));
        }
        if !self.figures.is_empty() {
            let figures = self.figures.clone();
            sets.push(Override::argument("--figures".into(), "figures", figures));
        }
        if let Some(case) = &self.baseline {
            sets.push(Override::argument(format!("--baseline {case}"), "baseline", case.clone()));
        }
        let plan = match self.axes.is_empty() {
            true => Plan::load(file, &sets),
            false => Plan::parse("", &shown, &sets),
        };
        let plan = plan.map_err(|error| bad(self.hint(file).unwrap_or(error.to_string())))?;
        let keys: Result<Vec<(String, Value)>, String> = self
            .sets
            .iter()
            .map(|set| set_argument(set).map_err(|error| format!("--set {set}: {error}")))
            .collect();
        Ok(plan.with_sets(keys.map_err(bad)?))
    }

    /// What to say to a scenario in the place of a plan, whose keys no plan has.
    fn hint(&self, file: &Path) -> Option<String> {
        let is_scenario = self.axes.is_empty() && Scenario::load(file, &[]).is_ok();
        is_scenario.then(|| {
            format!(
                "{}: it is a scenario, not a plan: name what to vary, as in --axis \
                 learner.rate=0.1,0.3",
                plain(&file.display().to_string())
            )
        })
    }
}

/// The sweep of a plan, each of its cases checked.
fn checked(plan: CheckedPlan) -> Result<Sweep, Failure> {
    Sweep::new(plan).map_err(|error: SweepError| Failure::BadInput(error.to_string()))
}

fn refused(error: RecordError) -> Failure {
    Failure::BadInput(error.to_string())
}

/// A run, with its figures.
fn simulate(
    sweep: &Sweep,
    run: usize,
    threads: u32,
    batching: &Batching,
) -> Result<Finished, Failure> {
    let scenario =
        sweep.scenario(run, Some(threads)).map_err(|error| Failure::BadInput(error.to_string()))?;
    batching.finish(scenario, &Silent, || f64::NAN)
}

/// Writes what all runs come to, and says it.
fn conclude(
    directory: &SweepDirectory,
    out: &Path,
    sweep: &Sweep,
    runs: &[Finished],
    output: &Output,
) -> Result<(), Failure> {
    let analysis = analyse(sweep, runs);
    let numbers = comparisons(sweep, runs, &analysis);
    let page = render_sweep(sweep, runs, &analysis, &result_hash(sweep, runs)).map_err(failed)?;
    directory.finish(sweep, runs, &numbers, &page).map_err(failed)?;
    if output.json {
        return print(&pretty(&numbers));
    }
    if output.quiet {
        return Ok(());
    }
    let report = out.join("report.html");
    let report = plain(&report.to_string_lossy());
    let hash = result_hash(sweep, runs);
    let tables = table::tables(sweep, &analysis);
    let failures = table::failures(sweep, runs);
    print(&format!("{tables}{failures}result  {hash}\nreport  {report}\n"))
}
