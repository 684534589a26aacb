//! `hivesim compare`: one scenario under many strategies.

mod table;
mod work;

use self::table::table;
use super::batching::Batching;
use super::{Failure, failed, folder_of, print};
use crate::compare::{Comparison, Contender, Refused, Run, Standing, contenders};
use crate::engine::{Experiment, Stage};
use crate::record::{
    Content, RunDirectory, RunFacts, pretty, time_to_half_fleet, write_comparison,
};
use crate::report::render_comparison;
use crate::scenario::{CheckedScenario, Scenario, ScenarioError};
use crate::text::plain;
use clap::Args;
use std::path::PathBuf;
use std::time::SystemTime;

const AFTER_HELP: &str = "\
Examples:
  hivesim compare scenarios/strategies.toml
  hivesim compare scenarios/strategies.toml --strategies mean,median,krum --seeds 3
  hivesim compare scenarios/strategies.toml --strategies 'ties,ties(density=0.5),mean+fedadam'
  hivesim compare scenarios/strategies.toml --strategies all,bucketing+krum --set rounds=10

A strategy is a name of `hivesim strategies`, with settings in brackets where it has any, and with
`scaffold` and pre-aggregations before it and a server step behind it, joined by `+`. `all` is every
way to combine alone, the mean with `scaffold` and with every server step, and the median and the
geometric median behind every pre-aggregation. What the scenario sets itself keeps its settings.

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
          value_parser = clap::value_parser!(u64).range(0..=SEED_MAX))]
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
    let seeds = seeds(args, base.seed.0).map_err(Failure::BadInput)?;
    // before anything runs: settings that somebody has just typed are theirs to mend
    for contender in list.iter().filter(|contender| contender.is_variant) {
        let wrong = |error| Failure::BadInput(format!("{}: {error}", contender.name));
        load(args, &contender.sets).map_err(wrong)?;
    }
    let default = || folder_of(&base.name, "strategies");
    let out = args.out.clone().unwrap_or_else(default);
    let directory = RunDirectory::create_for(&out, Content::Comparison)
        .map_err(|error| Failure::BadInput(error.to_string()))?;
    let work = Batching::new(!args.quiet && !args.json, list.len() * seeds.len(), 0);
    let text = "stopping; nothing is written (again: quit at once)";
    work.stop_on_signals(directory.made(), text);
    let started = SystemTime::now();
    let result = compare(args, &work, &base, &list, &seeds).and_then(|comparison| {
        let toml = base.to_toml();
        let (kind, threads) = Experiment::machine(&base, base.fleet.agents as usize);
        let engine = format!("{kind:?}").to_lowercase();
        let facts = RunFacts::in_one_go(engine, threads, (started, SystemTime::now()));
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

/// The largest seed that a scenario may have.
const SEED_MAX: u64 = i64::MAX as u64;

/// The seeds that were asked for, from the scenario's on where they are not named.
fn seeds(args: &CompareArgs, first: u64) -> Result<Vec<u64>, String> {
    if args.seed.is_empty() {
        let last = first.saturating_add(args.seeds - 1);
        return if last <= SEED_MAX {
            Ok((first..=last).collect())
        } else {
            Err(format!("--seeds {}: from seed {first} on there are not so many", args.seeds))
        };
    }
    let mut sorted = args.seed.clone();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        // the same run twice would pass for a spread of zero
        Some(pair) => Err(format!("--seed: {} is there twice; wanted each seed once", pair[0])),
        None => Ok(args.seed.clone()),
    }
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
    work: &Batching,
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
    work: &Batching,
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
            Err(error) => {
                work.bar.inc((seeds.len() - i) as u64);
                let messages: Vec<&str> =
                    error.problems().iter().map(|problem| problem.message.as_str()).collect();
                return Ok(Err(messages.join("; ")));
            }
        };
        match work::run(work, scenario)? {
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
    work::say(work, &contender.name, &runs);
    Ok(Ok(runs))
}

/// The scenario's bounds, which no strategy changes.
fn bounds(
    args: &CompareArgs,
    work: &Batching,
    base: &CheckedScenario,
    seeds: &[u64],
) -> Result<Vec<Standing>, Failure> {
    let mut bounds: Vec<Standing> = Vec::new();
    for seed in seeds.iter().filter(|_| !base.measure.bounds.is_empty()) {
        work.bar.set_message("bounds");
        let scenario = load(args, &[format!("seed={seed}")]);
        let scenario = scenario.map_err(|error| Failure::BadInput(error.to_string()))?;
        let (outcome, _) = work::run(work, scenario)?.map_err(Failure::Failed)?;
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
