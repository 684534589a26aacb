//! Merging checkpoints: the tensors of files as what strategies work on.
//! Lives here: which tensors are merged and in what order, reading them as a strategy asks for
//! them, the output, and running a manifest of cases.
//! May not: know how a strategy is computed, print, or read the clock.

mod cases;
mod models;
mod output;
mod plan;
mod progress;

pub use cases::{CasesError, Verdict, run_cases};
pub use progress::Progress;

use self::models::Models;
use self::output::Output;
use self::plan::Plan;
use super::{Checkpoint, CheckpointError};
use crate::merge::{Context, MergeError, Pipeline};
use crate::scenario::CheckedRecipe;
use std::path::{Path, PathBuf};

/// Why checkpoints could not be merged. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum MergingError {
    /// An input cannot be read, does not fit the others, or holds what cannot be merged.
    #[error(transparent)]
    Input(CheckpointError),
    /// The output is not to be written.
    #[error("{0}")]
    Refused(String),
    /// The strategy's needs are not met.
    #[error(transparent)]
    Strategy(MergeError),
    /// The strategy made numbers that are infinite or not a number.
    #[error(
        "strategy `{strategy}` made element {at} of tensor `{tensor}` infinite or not a number"
    )]
    NotFinite {
        /// The strategy.
        strategy: &'static str,
        /// The tensor.
        tensor: String,
        /// The first such element, counted from 0.
        at: usize,
    },
    /// The output cannot be written.
    #[error(transparent)]
    Output(CheckpointError),
    /// [`Progress::stop`] was called.
    #[error("interrupted")]
    Interrupted,
}

/// What was merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Models, the base not among them.
    pub models: usize,
    /// Tensors that were merged.
    pub merged: usize,
    /// Tensors that were copied: no floats, or empty.
    pub copied: usize,
    /// Numbers of a model that were merged.
    pub parameters: u64,
    /// Bytes of values read, as often as the strategy asked for them.
    pub bytes_read: u64,
    /// Bytes of all files written.
    pub bytes_written: u64,
    /// The files written: shards in their order, then the index, if there are several.
    pub files: Vec<PathBuf>,
}

/// Merges the files that a recipe names, on so many threads, which never change a byte of the
/// result.
///
/// Tensors are told apart by their names and taken in an order of their own: files and shards
/// may hold them in any. A strategy whose scope is the model goes over all tensors several
/// times, all others over one tensor after the other.
///
/// Memory: besides the strategy's own, one tensor of singles for each input that is not read as
/// it stands in the file, and one for the result: less than two for each input. Pages of the
/// maps are given back once they are not needed.
///
/// # Errors
/// Whatever keeps the whole output from being written; then nothing of it is.
pub fn merge(
    recipe: &CheckedRecipe,
    threads: usize,
    progress: &Progress,
) -> Result<Merged, MergingError> {
    let open = |path: &String| Checkpoint::open(Path::new(path)).map_err(MergingError::Input);
    let base = recipe.base.as_ref().map(open).transpose()?;
    let models: Vec<Checkpoint> = recipe.models.iter().map(open).collect::<Result<_, _>>()?;
    let inputs: Vec<&Checkpoint> = base.iter().chain(&models).collect();
    let plan = Plan::new(&inputs, recipe.dtype).map_err(MergingError::Input)?;
    if plan.segments() == 0 {
        let what = format!("`{}` holds no floats to merge", inputs[0].path().display());
        return Err(MergingError::Refused(what));
    }
    // checked with the recipe
    let shard_bytes = recipe.shard_bytes().map_err(MergingError::Refused)?;
    let mut output = Output::create(Path::new(&recipe.output), &plan, &inputs, shard_bytes)?;
    progress.begin(plan.bytes());
    let halt = Some(progress.halt());
    let context = Context { threads, halt, last: true, ..Context::new(recipe.seed.0, 1) };
    let mut put = |segment: usize, values: &[f32]| output.put(segment, values);
    let weights = (!recipe.weights.is_empty()).then_some(&recipe.weights[..]);
    let mut material =
        Models::new((&inputs, base.is_some()), weights, &plan, threads, progress, &mut put);
    run(&mut Pipeline::new(&recipe.distiller()), &mut material, &plan, &context)?;
    if progress.is_stopped() {
        return Err(MergingError::Interrupted);
    }
    let files = output.files();
    let bytes_written = output.finish().map_err(MergingError::Output)?;
    Ok(Merged {
        models: models.len(),
        merged: plan.segments(),
        copied: plan.tensors.len() - plan.segments(),
        parameters: plan.parameters(),
        bytes_read: progress.bytes_read(),
        bytes_written,
        files,
    })
}

/// A pipeline's merge with what went wrong in files' terms.
fn run(
    pipeline: &mut Pipeline,
    material: &mut Models<'_>,
    plan: &Plan,
    context: &Context<'_>,
) -> Result<(), MergingError> {
    let Err(error) = pipeline.merge(material, context) else { return Ok(()) };
    if let Some(failure) = material.failure() {
        return Err(failure);
    }
    Err(match error {
        MergeError::NotFinite { strategy, block, at } => {
            let tensor = plan.segment(block as usize).tensor.name.clone();
            MergingError::NotFinite { strategy, tensor, at }
        }
        MergeError::Halted => MergingError::Interrupted,
        error => MergingError::Strategy(error),
    })
}
