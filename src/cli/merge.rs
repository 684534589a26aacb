//! `hivesim merge`: models in files, from the recipe to the output, or cases of other
//! implementations.

use super::merging::{self, Merging};
use super::{Failure, print};
use crate::checkpoint::merging::{Merged, MergingError, merge};
use crate::scenario::{CheckedRecipe, Override, Recipe, ScenarioError};
use crate::text::plain;
use clap::Args;
use clap::builder::RangedI64ValueParser;
use serde_json::json;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples:
  hivesim merge a.safetensors b.safetensors -o mean.safetensors
  hivesim merge --strategy ties --base b.safetensors m1.safetensors m2.safetensors \\
      --weight 0.5,0.5 --set density=0.2 -o out.safetensors
  hivesim merge --strategy slerp m1 m2 --set t=0.3 --dtype bf16 --shard-size 5GB -o merged/
  hivesim merge --strategy median --pre nearest-neighbour-mixing m*.safetensors -o out.safetensors
  hivesim merge --recipe soup.toml --set lambda=0.7
  hivesim merge --manifest vectors/manifest.json

Models are .safetensors files, .safetensors.index.json files with their shards, or folders that
hold one of these, with the same tensors. Floats are merged in single precision; all else is
copied and has to be the same in all. docs/merging.md has the keys of a recipe and all rules.

The output is there whole or not at all, has the same bytes on any number of threads, and may
not be an input. Memory: less than two tensors for each input, besides the strategy's own.

Progress goes to standard error: a bar on a terminal, lines elsewhere.

Exit codes: 0 fine, 1 failed (a case outside its tolerance, for one), 2 bad input,
130 interrupted";

/// Arguments of `hivesim merge`.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct MergeArgs {
    /// The models: files, indices of sharded ones, or folders.
    #[arg(required_unless_present_any = ["recipe", "manifest"])]
    models: Vec<String>,
    /// The model that they were made from; strategies on task vectors need it.
    #[arg(long, value_name = "FILE")]
    base: Option<String>,
    /// How models are combined: mean, ties, dare, slerp, median, … [default: mean].
    #[arg(long, value_name = "KIND")]
    strategy: Option<String>,
    /// What each model counts, as in --weight 0.7,0.3.
    #[arg(long = "weight", value_name = "W,W", value_delimiter = ',', allow_hyphen_values = true)]
    weights: Vec<f64>,
    /// Set a key of the strategy, as in --set density=0.2, or any of the recipe's, as in
    /// --set server.eta=0.7; may be given again.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// What models go through before: clip, bucketing, …; may be given again, and its keys set
    /// as in --set pre.0.norm=2.
    #[arg(long, value_name = "KIND")]
    pre: Vec<String>,
    /// What is made of what models moved from the base: fedadam, …
    #[arg(long, value_name = "KIND")]
    server: Option<String>,
    /// The file to write, or a folder for model.safetensors in it.
    #[arg(long, short, value_name = "FILE", required_unless_present_any = ["recipe", "manifest"])]
    output: Option<String>,
    /// The type of floats written: f32, f16 or bf16 [default: that of the base or first model].
    #[arg(long, value_name = "TYPE")]
    dtype: Option<String>,
    /// Most bytes of values in a file, as in --shard-size 5GB; more go to several with an index.
    #[arg(long, value_name = "SIZE")]
    shard_size: Option<String>,
    /// The seed of strategies that draw.
    #[arg(long, value_name = "S", allow_negative_numbers = true,
          value_parser = RangedI64ValueParser::<u64>::new().range(0..=i64::MAX))]
    seed: Option<u64>,
    /// Take what is not said here from a TOML file.
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    /// Run cases of other implementations and compare; exit code 1 where one is out of tolerance.
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "models", "base", "strategy", "weights", "sets", "pre", "server", "output", "dtype",
        "shard_size", "seed", "recipe"])]
    manifest: Option<PathBuf>,
    /// Worker threads, 0 for one a core; never changes a byte.
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value = "0",
          value_parser = RangedI64ValueParser::<u32>::new().range(0..=1024))]
    threads: u32,
    /// Print nothing but errors.
    #[arg(long)]
    pub(super) quiet: bool,
    /// Print one JSON document on standard output, and nothing else there.
    #[arg(long)]
    pub(super) json: bool,
}

impl MergeArgs {
    /// Worker threads.
    pub(super) fn threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads as usize,
        }
    }

    /// What the command line says about the recipe.
    fn overrides(&self) -> Vec<Override> {
        let mut overrides = Vec::new();
        let texts = [
            ("--base", "base", &self.base),
            ("--strategy", "combine.kind", &self.strategy),
            ("--server", "server.kind", &self.server),
            ("--output", "output", &self.output),
            ("--dtype", "dtype", &self.dtype),
            ("--shard-size", "shard_size", &self.shard_size),
        ];
        for (flag, key, value) in texts {
            if let Some(value) = value {
                overrides.push(Override::argument(format!("{flag} {value}"), key, value.as_str()));
            }
        }
        if !self.models.is_empty() {
            let shown = format!("MODELS {}", self.models.join(" "));
            overrides.push(Override::argument(shown, "models", self.models.clone()));
        }
        if !self.weights.is_empty() {
            let words: Vec<String> = self.weights.iter().map(f64::to_string).collect();
            let shown = format!("--weight {}", words.join(","));
            overrides.push(Override::argument(shown, "weights", self.weights.clone()));
        }
        for (i, pre) in self.pre.iter().enumerate() {
            let shown = format!("--pre {pre}");
            if i == 0 {
                // in the place of the recipe's
                let none = Vec::<String>::new();
                overrides.push(Override::argument(shown.clone(), "pre", none));
            }
            overrides.push(Override::argument(shown, &format!("pre.{i}.kind"), pre.as_str()));
        }
        if let Some(seed) = self.seed {
            let value = toml::Value::Integer(seed as i64);
            overrides.push(Override::argument(format!("--seed {seed}"), "seed", value));
        }
        overrides.extend(self.sets.iter().map(|set| Override::set_in_recipe(set)));
        overrides
    }

    fn load(&self) -> Result<CheckedRecipe, Failure> {
        let overrides = self.overrides();
        let recipe = match &self.recipe {
            Some(path) => Recipe::load(path, &overrides),
            None => Recipe::parse("", "command line", &overrides),
        };
        recipe.map_err(|error: ScenarioError| Failure::BadInput(error.to_string()))
    }
}

/// Runs `hivesim merge`.
pub(super) fn run(args: &MergeArgs) -> Result<(), Failure> {
    match &args.manifest {
        Some(manifest) => super::cases::run(args, manifest),
        None => merge_files(args, &args.load()?),
    }
}

fn merge_files(args: &MergeArgs, recipe: &CheckedRecipe) -> Result<(), Failure> {
    let threads = args.threads();
    let merging = Merging::begin(!args.quiet && !args.json)?;
    let (merged, seconds) = merging.beside(|progress| merge(recipe, threads, progress))?;
    let merged = merged.map_err(|error| failure(&error))?;
    let rate = if seconds > 0.0 { merged.bytes_read as f64 / 1e9 / seconds } else { 0.0 };
    let strategy = recipe.combine.name();
    if args.json {
        let Merged { models, merged, copied, parameters, bytes_read, bytes_written, files } =
            merged;
        let document = json!({
            "strategy": strategy,
            "base": recipe.base,
            "models": recipe.models,
            "weights": recipe.weights,
            "seed": recipe.seed,
            "tensors": merged + copied,
            "tensors_merged": merged,
            "tensors_copied": copied,
            "parameters": parameters,
            "inputs": models + usize::from(recipe.base.is_some()),
            "bytes_read": bytes_read,
            "bytes_written": bytes_written,
            "threads": threads,
            "seconds": seconds,
            "gigabytes_per_second": rate,
            "output": recipe.output,
            "files": files,
        });
        print(&format!("{document:#}\n"))
    } else if !args.quiet {
        let Merged { models, merged: tensors, copied, .. } = merged;
        let copied = if copied == 0 { String::new() } else { format!(", {copied} copied") };
        let model = if models == 1 { "model" } else { "models" };
        let read = merging::bytes(merged.bytes_read);
        let mut text = format!(
            "merged  {models} {model} with {strategy}: {tensors} tensors{copied}, {read} read in \
             {seconds:.2} s, {rate:.2} GB/s\n"
        );
        for file in &merged.files {
            text += &format!("output  {}\n", plain(&file.to_string_lossy()));
        }
        print(&text)
    } else {
        Ok(())
    }
}

/// Whose fault it is, and what to do.
fn failure(error: &MergingError) -> Failure {
    use crate::checkpoint::CheckpointError;
    use crate::merge::MergeError;
    match error {
        MergingError::Input(_)
        | MergingError::Refused(_)
        | MergingError::Strategy(MergeError::Needs { .. }) => Failure::BadInput(error.to_string()),
        MergingError::Interrupted => {
            Failure::Interrupted("interrupted: nothing was written".into())
        }
        // a value that does not fit
        MergingError::Output(CheckpointError::Tensor { .. }) => {
            Failure::Failed(format!("{error}; nothing was written, take a wider --dtype"))
        }
        _ => Failure::Failed(format!("{error}; nothing was written")),
    }
}
