//! `hivesim resume`: a run that was cut off, from its last checkpoint to the report.

use super::carrying::{MachineArgs, WatchArgs};
use super::ranks::Ranks;
use super::running::Running;
use super::{Failure, failed, print, tell};
use crate::record::{Found, ResumeError, RunDirectory, find, forget};
use crate::scenario::{CheckedScenario, Scenario};
use crate::text::plain;
use clap::Args;
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "\
A run keeps its state in DIR/checkpoints as it goes, every minute or as [checkpoint] of its scenario
says, and takes that folder away when it is complete. A run that was killed, interrupted, or met a full
disk goes on from the newest state that is whole, and comes to the same result and the same tables, to
the bit, as if it had never been cut off: on any engine, with any number of threads. Changes made while it
ran are part of the state. Where no state was kept yet it begins again; a run that is complete is left
alone.

Examples:
  hivesim resume runs/first-hive-1
  hivesim resume runs/million-1 --engine pool --threads 8

Exit codes: 0 fine, 1 failed, 2 bad input, 130 interrupted";

/// Arguments of `hivesim resume`.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct ResumeArgs {
    /// The folder of the run.
    #[arg(value_name = "DIR")]
    run: PathBuf,
    #[command(flatten)]
    machine: MachineArgs,
    #[command(flatten)]
    watch: WatchArgs,
}

/// Goes on with it.
pub(super) fn run(args: &ResumeArgs) -> Result<(), Failure> {
    let mut ranks = Ranks::join(args.machine.engine())?;
    let found = look(args, &mut ranks);
    let done = ranks.together(found).and_then(|run| {
        let Some((run, out)) = run else { return Ok(()) };
        let run = run.over(&ranks);
        match ranks.leads() {
            true => args.watch.carry_out(&run, &out, RunDirectory::resume),
            false => run.assist(),
        }
    });
    ranks.end(done)
}

/// The run that there is to go on with, if it is not complete, and its folder.
fn look(args: &ResumeArgs, ranks: &mut Ranks) -> Result<Option<(Running, PathBuf)>, Failure> {
    let found = find(&args.run).map_err(|error| match error {
        ResumeError::NoRun { .. } => Failure::BadInput(error.to_string()),
        ResumeError::Record(_) => Failure::Failed(error.to_string()),
    })?;
    let out = &args.run;
    let talks = args.watch.talks() && ranks.leads();
    let (text, within, damaged, state) = match found {
        Found::Complete(hash) => {
            if ranks.leads() {
                forget(out).map_err(failed)?;
            }
            if talks {
                print(&format!("{} is complete\nresult  {hash}\n", plain(&out.to_string_lossy())))?;
            }
            return Ok(None);
        }
        Found::Begun { scenario, within, damaged } => (scenario, within, damaged, None),
        Found::At(state) => {
            let state = *state;
            (
                state.progress.scenario.clone(),
                state.within.clone(),
                state.damaged.clone(),
                Some(state),
            )
        }
    };
    for (path, why) in damaged.iter().filter(|_| ranks.leads()) {
        tell(&plain(&format!("passed over {}: {why}", path.display())));
    }
    if talks {
        tell(&match &state {
            Some(state) => format!("going on: {} at round {}", state.fleet, state.round),
            None => "going on: from the beginning, as no state is kept".into(),
        });
    }
    let whole = std::path::absolute(out);
    let (scenario, moved) = load(&text, within.as_deref(), args)?;
    let out = whole.ok().filter(|_| moved).unwrap_or_else(|| out.clone());
    args.watch.suit(&scenario)?;
    ranks.take(&scenario)?;
    let run = match state {
        Some(state) => Running::going_on(scenario, state),
        None => Running::of(scenario),
    };
    Ok(Some((run, out)))
}

/// The scenario of the run; goes to the folder in which it was begun where its paths lead from there,
/// and tells whether it did.
fn load(
    text: &str,
    within: Option<&Path>,
    args: &ResumeArgs,
) -> Result<(CheckedScenario, bool), Failure> {
    let name = args.run.join("checkpoints/scenario.toml");
    let scenario = Scenario::parse_over(text, &name.to_string_lossy(), &args.machine.overrides());
    let scenario = scenario.map_err(|error| Failure::BadInput(error.to_string()))?;
    let relative =
        Scenario::clone(&scenario).paths().any(|(_, path)| Path::new(path).is_relative());
    let Some(within) = within.filter(|_| relative) else { return Ok((scenario, false)) };
    let moved = std::env::set_current_dir(within).is_ok();
    if !moved {
        tell(&plain(&format!(
            "{} is not there, where the run was begun: paths of its scenario are looked for here",
            within.display()
        )));
    }
    Ok((scenario, moved))
}
