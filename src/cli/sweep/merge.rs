//! `hivesim sweep merge`: the shards of a sweep become one.

use super::{Output, checked, conclude, refused};
use crate::cli::{Failure, failed, folder_of};
use crate::record::{SweepDirectory, SweepHeader, read_header, read_run_file};
use crate::scenario::Plan;
use crate::sweep::{Finished, Sweep};
use clap::Args;
use std::path::{Path, PathBuf};

/// Arguments of `hivesim sweep merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The folders of the shards.
    #[arg(required = true, value_name = "DIR")]
    shards: Vec<PathBuf>,
    #[command(flatten)]
    output: Output,
}

/// Runs it.
pub(super) fn run(args: &MergeArgs) -> Result<(), Failure> {
    let headers: Vec<SweepHeader> = args
        .shards
        .iter()
        .map(|path| read_header(path).map_err(refused))
        .collect::<Result<_, _>>()?;
    let plan = Plan::load(&args.shards[0].join("sweep.toml"), &[]);
    let sweep = checked(plan.map_err(|error| Failure::BadInput(error.to_string()))?)?;
    let id = sweep.id();
    for (path, header) in args.shards.iter().zip(&headers) {
        if let Some(found) = header.other_than(&id) {
            let (path, first) = (path.display(), args.shards[0].display());
            let message =
                format!("`{path}` holds {found}; wanted shards of the sweep in `{first}`");
            return Err(Failure::BadInput(message));
        }
    }
    let read = |digest: &String| args.shards.iter().find_map(|path| read_run_file(path, digest));
    let runs: Vec<Option<Finished>> = sweep.digests.iter().map(read).collect();
    missing(&sweep, &runs, &headers)?;
    let runs: Vec<Finished> = runs.into_iter().flatten().collect();
    let out = args.output.out.clone().unwrap_or_else(|| folder_of(&sweep.plan.name, "sweep"));
    let directory = SweepDirectory::create(Path::new(&out), &sweep, None).map_err(refused)?;
    for (i, (digest, run)) in sweep.digests.iter().zip(&runs).enumerate() {
        let folder = directory.runs();
        if folder.read(digest).is_none() {
            folder.write(digest, sweep.run(i).1, run).map_err(failed)?;
        }
    }
    conclude(&directory, &out, &sweep, &runs, &args.output)
}

/// Refuses shards of which some runs are missing, and says which.
fn missing(
    sweep: &Sweep,
    runs: &[Option<Finished>],
    headers: &[SweepHeader],
) -> Result<(), Failure> {
    let missing: Vec<usize> = (0..runs.len()).filter(|run| runs[*run].is_none()).collect();
    let Some(first) = missing.first() else { return Ok(()) };
    let (case, seed) = sweep.run(*first);
    let mut message = format!(
        "{} of {} runs are missing, the first of them `{}` with seed {seed}",
        missing.len(),
        runs.len(),
        case.name
    );
    let of = headers.iter().filter_map(|header| Some(header.shard?.1)).max();
    if let Some(of) = of.filter(|of| headers.iter().all(|h| h.shard.is_none_or(|s| s.1 == *of))) {
        let lacking = (0..of).filter(|shard| missing.iter().any(|run| run % of == *shard));
        let names: Vec<String> = lacking.map(|shard| format!("{}/{of}", shard + 1)).collect();
        message += &format!("; run or finish --shard {}", names.join(", "));
    }
    Err(Failure::BadInput(message))
}
