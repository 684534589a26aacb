//! The `hivesim` command.
//! Lives here: arguments, what is printed, and exit codes; one file a command.
//! May not: simulate, or know a file format.

#![allow(clippy::disallowed_methods, reason = "the command line may read the clock")]

mod batching;
mod bench;
mod both;
mod carrying;
mod cases;
mod child;
mod clock;
mod closing;
mod compare;
mod completions;
#[cfg(feature = "serve")]
mod live;
#[cfg(not(feature = "serve"))]
#[path = "no_live.rs"]
mod live;
mod man;
mod memory;
mod merge;
mod merging;
mod metrics;
mod plan;
mod ranks;
mod report;
mod resume;
mod run;
mod running;
mod scenario;
#[cfg(feature = "serve")]
mod serve;
mod signals;
mod strategies;
mod stress;
mod sweep;
#[cfg(feature = "tui")]
mod tui;
#[cfg(not(feature = "tui"))]
#[path = "no_tui.rs"]
mod tui;
mod validate;
mod watch;

use crate::text::{file_name, plain};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Everything went well.
pub const FINE: u8 = 0;
/// The command failed.
pub const FAILED: u8 = 1;
/// The arguments or the scenario are wrong. clap's own exit code for wrong arguments.
pub const BAD_INPUT: u8 = 2;
/// Interrupted, by Ctrl-C for one.
pub const INTERRUPTED: u8 = 130;

const AFTER_HELP: &str = "\
Start here:
  hivesim run scenarios/first-hive.toml       run it; opens up in runs/first-hive-1/report.html
  hivesim scenario show scenarios/first-hive.toml       the same with every key and its meaning
  hivesim run --help                          options, what the columns mean, exit codes
  hivesim run scenarios/first-hive.toml --serve 127.0.0.1:7878       watch it in a browser
  hivesim run scenarios/podium.toml --tui     watch it on the terminal, and hold it by keys
  hivesim resume runs/first-hive-1            go on with a run that was cut off
  hivesim report runs/A runs/B                lay runs side by side on one page
  hivesim sweep --help                        keys varied over many seeds, with intervals
  hivesim stress --quick                      strategies under faults and attacks: report cards
  hivesim bench --quick                       engines and fabrics: tasks a second, latencies
  hivesim plan scenarios/million.toml         what a run will take, also on many hosts
  hivesim merge --help                        merging models in safetensors files";

/// Simulates a hive mind of continual learners.
#[derive(Debug, Parser)]
#[command(name = "hivesim", bin_name = "hivesim", version, about, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a scenario and write its results and report.
    Run(run::RunArgs),
    /// Go on with a run that was cut off, from its last checkpoint.
    Resume(resume::ResumeArgs),
    /// Draw the report of a run anew, or lay several runs side by side.
    Report(report::ReportArgs),
    /// Merge models in safetensors files into one.
    Merge(merge::MergeArgs),
    /// Run a scenario under many merge strategies and put them side by side.
    Compare(compare::CompareArgs),
    /// Run a scenario with keys varied over many seeds, and compare what comes out.
    Sweep(sweep::SweepArgs),
    /// Measure what engines and fabrics carry, over agents, threads, tasks and strategies.
    Bench(bench::BenchArgs),
    /// Say what a run takes in time, memory and bytes, on so many ranks, without running it.
    Plan(plan::PlanArgs),
    /// One pilot of a plan.
    #[command(hide = true)]
    PlanPilot,
    /// A process of a plan that becomes a rank.
    #[command(hide = true)]
    PlanJoining,
    /// One repeat of a benchmark's case.
    #[command(hide = true)]
    BenchCase,
    /// Put merge strategies to hardships at rising doses, and write their report cards.
    Stress(stress::StressArgs),
    /// Serve a page from which runs are started, watched and held.
    #[cfg(feature = "serve")]
    Serve(serve::ServeArgs),
    /// Check a scenario, show it with all its defaults, or print the schema.
    Scenario(scenario::ScenarioArgs),
    /// List the merge strategies, or show one with its formula, costs and parameters.
    Strategies(strategies::StrategiesArgs),
    /// Hold hivesim to closed forms and print expected and measured numbers.
    Validate(validate::ValidateArgs),
    /// Print what makes a shell complete hivesim's command line.
    Completions(completions::CompletionsArgs),
    /// Print the manual's main page, or write a page a command into a folder.
    Man(man::ManArgs),
}

/// Why a command did not end well.
#[derive(Debug)]
enum Failure {
    /// The user's input is wrong; the message says how.
    BadInput(String),
    /// Anything else.
    Failed(String),
    /// Ctrl-C; the message says what is left of what was done by then.
    Interrupted(String),
    /// Another rank failed with this exit code, and says why.
    Elsewhere(u8),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    #[cfg(feature = "console")]
    console_subscriber::init();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => error.exit(),
        // help, or the version
        Err(text) => return shown(text.print()),
    };
    let outcome = match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Resume(args) => resume::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Sweep(args) => sweep::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::PlanPilot => plan::run_pilot(),
        Command::PlanJoining => plan::run_joining(),
        Command::BenchCase => bench::run_case(),
        Command::Stress(args) => stress::run(&args),
        Command::Merge(args) => merge::run(&args),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(&args),
        Command::Scenario(args) => scenario::run(&args),
        Command::Strategies(args) => strategies::run(&args),
        Command::Validate(args) => validate::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    };
    ExitCode::from(outcome.map_or_else(|failure| failure.say(), |()| FINE))
}

impl Failure {
    /// Says what it is; gives the exit code.
    fn say(&self) -> u8 {
        let (Failure::BadInput(message) | Failure::Failed(message) | Failure::Interrupted(message)) =
            self
        else {
            return self.code();
        };
        tell(&plain(message));
        self.code()
    }

    /// The exit code.
    fn code(&self) -> u8 {
        match self {
            Failure::BadInput(_) => BAD_INPUT,
            Failure::Failed(_) => FAILED,
            Failure::Interrupted(_) => INTERRUPTED,
            Failure::Elsewhere(code) => *code,
        }
    }
}

/// The end of a command that only prints.
fn shown(printed: io::Result<()>) -> ExitCode {
    match told(printed.and_then(|()| io::stdout().flush())) {
        Err(Failure::Failed(message)) => {
            tell(&message);
            ExitCode::from(FAILED)
        }
        _ => ExitCode::from(FINE),
    }
}

/// An argument that is a number above 0 and up to `most`.
fn above_zero(text: &str, most: f64, what: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if x > 0.0 && x <= most => Ok(x),
        _ => Err(format!("wanted {what} above 0 and up to {most}")),
    }
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::Failed(error.to_string())
}

/// The folder of runs, where nobody names another.
const RUNS: &str = "runs";

/// Where results go that nobody named a folder for.
fn folder_of(scenario: &str, what: impl std::fmt::Display) -> PathBuf {
    Path::new(RUNS).join(run_name(scenario, what))
}

/// What a run of a scenario is called.
fn run_name(scenario: &str, what: impl std::fmt::Display) -> String {
    let name = match file_name(scenario) {
        name if name.is_empty() => "run".into(),
        name => name,
    };
    format!("{name}-{what}")
}

/// A table's lines without the blanks around its cells, with these columns to the right.
fn text_of(table: &mut comfy_table::Table, right: impl std::ops::RangeBounds<usize>) -> String {
    for (_, column) in table.column_iter_mut().enumerate().filter(|(i, _)| right.contains(i)) {
        column.set_cell_alignment(comfy_table::CellAlignment::Right);
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim().to_string()).collect();
    lines.join("\n") + "\n"
}

/// The system gives the command no thread of its own.
fn no_thread(why: impl std::fmt::Display) -> Failure {
    Failure::Failed(format!(
        "cannot start a thread: {why}; raise the limit on processes and threads (`ulimit -u`)"
    ))
}

/// A line on standard error. Nothing is left to do where even that is closed.
fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints to standard output. A reader that has gone away (`| head`) is no failure.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    told(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

fn told(printed: io::Result<()>) -> Result<(), Failure> {
    match printed {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}
