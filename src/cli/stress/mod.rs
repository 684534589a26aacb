//! `hivesim stress`: strategies under hardships.

mod table;

use super::batching::{Batching, jobs};
use super::clock::Clock;
use super::{Failure, failed, folder_of, print};
use crate::record::{RunsFolder, StressDirectory, pretty, report_cards, stress_hash};
use crate::report::render_stress;
use crate::scenario::{Battery, Override, ScenarioError, set_argument};
use crate::stress::{Dose, Findings, Stress, cards, face};
use crate::sweep::Finished;
use crate::text::plain;
use clap::Args;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use toml::Value;

const AFTER_HELP: &str = "\
Examples:
  hivesim stress --quick                                  the standard battery in short
  hivesim stress --strategies mean,median,krum            three strategies, all of it
  hivesim stress --strategies 'krum(f=4),bucketing+krum' --only sign-flip,a-little --seeds 20
  hivesim stress --scenario scenarios/first-hive.toml     its hardships on a hive of your own
  hivesim stress battery.toml --floor 0.8                 hardships of your own

A battery is a TOML file with a hive and hardships, each a key of the scenario that is its dose;
docs/stress.md has its keys and every number. The standard one is scenarios/stress/standard.toml.
Strategies are named as for `hivesim compare`, `all` among them.

Output: the leaderboard, and where each one breaks down: the dose at which skill falls below a share
of its clean run's; in DIR a file a run, battery.toml, runs.parquet, curves.parquet, cards.json and
report.html. The same command goes on with a battery that was cut off, and more strategies or seeds
in the same DIR run what is new alone. A run that comes to nothing counts as no skill.

Exit codes: 0 fine, 1 failed, 2 bad input, 130 interrupted (runs that are done are kept)";

/// Arguments of `hivesim stress`.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct StressArgs {
    /// The battery [default: the standard one].
    battery: Option<PathBuf>,
    /// Who is put to it, separated by commas [default: the battery's].
    #[arg(long, value_name = "LIST")]
    strategies: Option<String>,
    /// In short: fewer seeds and doses.
    #[arg(long)]
    quick: bool,
    /// These hardships alone, separated by commas.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    only: Vec<String>,
    /// The battery's hardships on this scenario in place of its own hive.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Share of its clean run's skill below which a strategy breaks down [default: the battery's].
    #[arg(long, value_name = "SHARE")]
    floor: Option<f64>,
    /// How many seeds, from the scenario's on [default: the battery's].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    seeds: Option<u32>,
    /// These seeds, separated by commas.
    #[arg(long = "seed", value_name = "LIST", value_delimiter = ',', conflicts_with = "seeds",
          value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    seed: Vec<u64>,
    /// Set a key of the scenario, as in --set rounds=10; may be given again.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Runs at a time, 0 for one a core; never changes a result.
    #[arg(long, value_name = "N", default_value_t = 0,
          value_parser = clap::value_parser!(u32).range(0..=1024))]
    jobs: u32,
    /// Where results go [default: runs/NAME-stress, with the scenario's name if it has one].
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print cards.json on standard output, and nothing else there.
    #[arg(long)]
    json: bool,
    /// Print nothing but errors.
    #[arg(long)]
    quiet: bool,
}

/// Runs it.
pub(super) fn run(args: &StressArgs) -> Result<(), Failure> {
    let stress = args.stress()?;
    let refuses = stress.refused.iter().zip(&stress.contenders);
    if let Some((Err(why), each)) =
        refuses.clone().next().filter(|_| refuses.clone().all(|r| r.0.is_err()))
    {
        let message =
            format!("the hive refuses everyone, the first of them `{}`: {why}", each.name);
        return Err(Failure::BadInput(message));
    }
    let what = if stress.quick { "stress-quick" } else { "stress" };
    let name = match stress.battery.scenario.as_str() {
        "" => stress.battery.name.clone(),
        // on a hive of its own it is another battery
        _ => format!("{}-{}", stress.battery.name, stress.base.name),
    };
    let out = args.out.clone().unwrap_or_else(|| folder_of(&name, what));
    let directory = StressDirectory::create(&out, &stress)
        .map_err(|error| Failure::BadInput(error.to_string()))?;
    let talks = !args.quiet && !args.json;
    let batching = Batching::new(talks, stress.most_runs(), 0);
    let text = "stopping; runs that are done are kept (again: quit at once)";
    batching.stop_on_signals(directory.runs().made(), text);
    let done = AtomicUsize::new(0);
    let one = |dose: &Dose| {
        batching.bar.set_message(stress.contenders[dose.contender].name.clone());
        let run = simulate(&stress, dose, directory.runs(), &batching)?;
        done.fetch_add(1, Ordering::Relaxed);
        batching.bar.inc(1);
        Ok(run)
    };
    let spared = |runs: usize| batching.bar.dec_length(runs as u64);
    let faced = batching.beside(|| face(&stress, &batching.batch, jobs(args.jobs), one, spared))?;
    let findings = faced.map_err(|failure| {
        directory.runs().withdraw();
        let done = done.load(Ordering::Relaxed);
        let text =
            format!("interrupted after {done} runs, which are kept; the same command goes on");
        match failure {
            Failure::Interrupted(_) => Failure::Interrupted(text),
            failure => failure,
        }
    })?;
    conclude(args, &stress, &findings, &directory, &out)
}

impl StressArgs {
    /// The battery with all that the command line says about it, and who is put to it.
    fn stress(&self) -> Result<Stress, Failure> {
        let bad = |error: ScenarioError| Failure::BadInput(error.to_string());
        let mut sets: Vec<Override> = Vec::new();
        if let Some(floor) = self.floor {
            sets.push(Override::argument(format!("--floor {floor}"), "floor", floor));
        }
        let mut seeds = |shown: String, value: Value| {
            sets.push(Override::argument(shown.clone(), "seeds", value.clone()));
            sets.push(Override::argument(shown, "quick.seeds", value));
        };
        if let Some(n) = self.seeds {
            seeds(format!("--seeds {n}"), Value::Integer(n.into()));
        }
        if !self.seed.is_empty() {
            // clap has seen to their range
            let list = self.seed.iter().map(|seed| Value::Integer(*seed as i64)).collect();
            seeds("--seed".into(), Value::Array(list));
        }
        if let Some(path) = &self.scenario {
            let shown = path.display().to_string();
            let argument =
                |key, value: Value| Override::argument(format!("--scenario {shown}"), key, value);
            sets.push(argument("scenario", Value::String(shown.clone())));
            sets.push(argument("hive", Value::Table(toml::Table::new())));
        }
        let battery = match &self.battery {
            Some(path) => Battery::load(path, &sets),
            None => Battery::standard(&sets),
        };
        let battery = battery.map_err(bad)?.only(&self.only).map_err(Failure::BadInput)?;
        let sets: Result<Vec<Override>, String> = self
            .sets
            .iter()
            .map(|set| {
                let shown = format!("--set {set}");
                let (key, value) =
                    set_argument(set).map_err(|error| format!("{shown}: {error}"))?;
                Ok(Override::swept(shown, &key, &value))
            })
            .collect();
        let list = self.strategies.as_deref().unwrap_or_default();
        if self.strategies.is_some() && list.trim().is_empty() {
            let message = "found no strategy; wanted some, as in --strategies mean,median";
            return Err(Failure::BadInput(message.into()));
        }
        Stress::new(battery, self.quick, list, &sets.map_err(Failure::BadInput)?)
            .map_err(|error| Failure::BadInput(error.to_string()))
    }
}

/// A run, out of the folder or made now.
fn simulate(
    stress: &Stress,
    dose: &Dose,
    folder: &RunsFolder,
    batching: &Batching,
) -> Result<Finished, Failure> {
    let scenario = stress.scenario(dose).map_err(|error| Failure::BadInput(error.to_string()))?;
    let digest = stress.digest(dose, &scenario);
    if let Some(run) = folder.read(&digest) {
        return Ok(run);
    }
    let clock = Clock::default();
    let run = batching.finish(scenario, &clock, || clock.seconds())?;
    folder.write(&digest, dose.seed, &run).map_err(failed)?;
    Ok(run)
}

/// Writes what all runs come to, and says it.
fn conclude(
    args: &StressArgs,
    stress: &Stress,
    findings: &Findings,
    directory: &StressDirectory,
    out: &std::path::Path,
) -> Result<(), Failure> {
    let cards = cards(stress, findings);
    let hash = stress_hash(stress, findings);
    let page = render_stress(stress, findings, &cards, &hash).map_err(failed)?;
    let numbers = report_cards(stress, findings, &cards);
    directory.finish(stress, findings, &cards, &numbers, &page).map_err(failed)?;
    if args.json {
        return print(&pretty(&numbers));
    }
    if args.quiet {
        return Ok(());
    }
    let report = out.join("report.html");
    let report = plain(&report.to_string_lossy());
    let tables = table::tables(stress, findings, &cards);
    print(&format!("{tables}result  {hash}\nreport  {report}\n"))
}
