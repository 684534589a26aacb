//! `hivesim scenario check|show|schema`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Failure, print};
use crate::scenario::{CheckedScenario, Scenario, schema};

/// Arguments of `hivesim scenario`.
#[derive(Debug, Args)]
pub struct ScenarioArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Check a scenario; all that is wrong with it goes to standard error.
    Check(FileArgs),
    /// Print a scenario as TOML with all defaults and their documentation.
    Show(FileArgs),
    /// Print the JSON Schema of scenario files, for editors.
    Schema,
}

/// A scenario file and its overrides.
#[derive(Debug, Args)]
pub struct FileArgs {
    /// The scenario file.
    file: PathBuf,
    /// Override a key, as in --set fleet.agents=100; may be given again.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
}

impl FileArgs {
    /// Loads the scenario.
    fn load(&self) -> Result<CheckedScenario, Failure> {
        Scenario::load(&self.file, &self.sets).map_err(|error| Failure::BadInput(error.to_string()))
    }
}

/// Runs `hivesim scenario`.
pub(super) fn run(args: &ScenarioArgs) -> Result<(), Failure> {
    match &args.action {
        Action::Check(file) => {
            file.load()?;
            print(&format!("{}: fine\n", file.file.display()))
        }
        Action::Show(file) => print(&file.load()?.to_toml()),
        Action::Schema => print(&format!("{:#}\n", schema())),
    }
}
