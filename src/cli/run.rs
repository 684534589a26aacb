//! `hivesim run`: a scenario, from the first core to the report.

use super::carrying::{MachineArgs, WatchArgs};
use super::ranks::Ranks;
use super::running::Running;
use super::{Failure, folder_of};
use crate::record::{RunDirectory, forget};
use crate::scenario::{CheckedScenario, Override, Scenario, ScenarioError};
use clap::Args;
use clap::builder::RangedI64ValueParser;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples:
  hivesim run scenarios/first-hive.toml
  hivesim run scenarios/first-hive.toml --set world.company=1.0 --seed 7 --out runs/strong
  hivesim run scenarios/first-hive.toml --set 'measure.bounds=[\"isolated\"]' --engine pool
  hivesim run scenarios/first-hive.toml --json | jq .skills.panel
  hivesim run scenarios/first-hive.toml --serve 127.0.0.1:7878
  hivesim run scenarios/podium.toml --tui
  mpirun -n 4 hivesim run scenarios/million.toml --engine mpi     built with it (docs/scaling.md)

Output (docs/measures.md explains every number):
  summary.json, manifest.json, scenario.toml, fifteen Parquet tables and report.html in DIR.
  An earlier run there is replaced as a whole; a folder of anything else is refused.
  The closing table has a row for the hive and for each bound that was run:
    core skill       level of the bare core on the agents' own jobs; 0 is chance, 1 the oracle
    panel skill      the same of the measured agents with what they keep beside the core
    never practised  their level on skills of which they never did a task
    test accuracy    of the core, and its training loss in nats: worlds with fixed data
    half the fleet   when half of the agents do their own job at level measure.adopted
    tasks/s          tasks done a second of wall time
  Several hives have a table above it, a row each: the share of fresh tasks that its core does right,
  its agents and their share of all, the market share that customers would give it, and at how many
  of the published cores it led.

Progress goes to standard error: a bar on a terminal, lines elsewhere. Ctrl-C stops the run, writes
the rounds done by then and marks them incomplete, or nothing where the world was not built yet; a
second one quits at once. A run that was cut off goes on by `hivesim resume DIR` from its last
checkpoint, to the same result; where there is one, a new run needs --restart.

With --serve a browser shows the run as it goes, pauses it and changes it (docs/live.md); when the run is
over the page stays until Ctrl-C, unless --serve-until-done. With --tui the terminal does: space pauses,
s takes one core more, - and + set the pace, arrows choose the skill, c types a change as of --set that
holds from then on, q stops.

Exit codes: 0 fine, 1 failed, 2 bad input, 130 interrupted";

/// Arguments of `hivesim run`.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct RunArgs {
    /// The scenario file; `hivesim scenario show` lists all its keys.
    scenario: PathBuf,
    /// The seed of every random stream.
    #[arg(long, value_name = "S", allow_negative_numbers = true,
          value_parser = RangedI64ValueParser::<u64>::new().range(0..=i64::MAX))]
    seed: Option<u64>,
    /// Where results go [default: runs/NAME-SEED].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Set a key of the scenario, as in --set world.company=0.4; may be given again.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Begin anew where a run was cut off, whose checkpoints are given up.
    #[arg(long)]
    restart: bool,
    #[command(flatten)]
    machine: MachineArgs,
    #[command(flatten)]
    watch: WatchArgs,
}

impl RunArgs {
    /// The scenario with all that the command line says about it.
    fn load(&self) -> Result<CheckedScenario, Failure> {
        let mut sets: Vec<Override> = self.sets.iter().map(|set| Override::set(set)).collect();
        sets.extend(self.machine.overrides());
        if let Some(seed) = self.seed {
            // clap has seen to its range
            let value = toml::Value::Integer(seed as i64);
            sets.push(Override::argument(format!("--seed {seed}"), "seed", value));
        }
        Scenario::load_over(&self.scenario, &sets)
            .map_err(|error: ScenarioError| Failure::BadInput(error.to_string()))
    }
}

/// Runs it.
pub(super) fn run(args: &RunArgs) -> Result<(), Failure> {
    let mut ranks = Ranks::join(args.machine.engine())?;
    let scenario = args.load().and_then(|scenario| {
        args.watch.suit(&scenario)?;
        ranks.take(&scenario).map(|()| scenario)
    });
    let done = ranks.together(scenario).and_then(|scenario| {
        let default = || folder_of(&scenario.name, scenario.seed.0);
        let out = args.out.clone().unwrap_or_else(default);
        let run = Running::of(scenario).over(&ranks);
        if !ranks.leads() {
            return run.assist();
        }
        args.watch.carry_out(&run, &out, |out| {
            if args.restart {
                forget(out)?;
            }
            RunDirectory::create(out)
        })
    });
    ranks.end(done)
}
