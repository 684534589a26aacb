//! `hivesim serve`: a page from which runs are started.

use super::live::{address, refused};
use super::running::Running;
use super::signals::Signals;
use super::watch::{Progress, Watcher};
use super::{Failure, RUNS, metrics, run_name, tell};
use crate::record::{RunDirectory, forget};
use crate::scenario::CheckedScenario;
use crate::serve::{Board, Launch, Server, Site};
use crate::text::plain;
use clap::Args;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

const AFTER_HELP: &str = "\
Examples:
  hivesim serve                                   scenarios/ and runs/ of this folder, at port 7878
  hivesim serve --addr 0.0.0.0:7878               from other machines too, with the token it prints
  hivesim serve --runs results --scenarios mine

A run is started from a scenario of the folder with keys set, one at a time, and writes what `hivesim
run` would to RUNS/NAME-SEED. docs/live.md tells of the page, of what programs may ask, and of what
keeps others out. Ctrl-C stops the run under way, writes the rounds done by then, and ends the server;
a second one quits at once.

Exit codes: 0 fine, 1 failed, 2 bad input, 130 interrupted twice";

/// Arguments of `hivesim serve`.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct ServeArgs {
    /// The folder of runs: those that are listed, and where new ones go.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    runs: PathBuf,
    /// The folder of scenarios that runs can be started from.
    #[arg(long, value_name = "DIR", default_value = "scenarios")]
    scenarios: PathBuf,
    /// The address of the page; port 0 is any that is free.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7878", value_parser = address)]
    addr: SocketAddr,
    /// The token that the page asks for [default: a random one beyond this machine, else none].
    #[arg(long)]
    token: Option<String>,
    /// Serve metrics in Prometheus' text format on this address.
    #[arg(long, value_name = "ADDR", value_parser = metrics::address)]
    metrics: Option<SocketAddr>,
}

/// The thread of the run under way, or of the last.
type Thread = Arc<Mutex<Option<JoinHandle<()>>>>;

/// Serves until a signal.
pub(super) fn run(args: &ServeArgs) -> Result<(), Failure> {
    if !args.scenarios.is_dir() {
        let folder = args.scenarios.display();
        let text = format!("there is no folder `{folder}` of scenarios: name one with --scenarios");
        return Err(Failure::BadInput(text));
    }
    args.metrics.map_or(Ok(()), metrics::serve)?;
    let signals = Signals::handle((Progress::Lines, indicatif::ProgressBar::hidden()))?;
    let thread = Thread::default();
    let launch = launching(args.runs.clone(), signals.clone(), thread.clone());
    let site = Site::of_folders(args.runs.clone(), args.scenarios.clone(), launch);
    let server = Server::begin(args.addr, args.token.clone(), site).map_err(refused)?;
    tell(&format!("live page: {}", server.url()));
    signals.wait();
    // its files are being written
    let last = thread.lock().unwrap_or_else(PoisonError::into_inner).take();
    last.map_or(Ok(()), JoinHandle::join).map_err(|_| Failure::Failed("the run broke off".into()))
}

/// What starts a run on a thread of its own.
fn launching(runs: PathBuf, signals: Signals, thread: Thread) -> Box<Launch> {
    Box::new(move |scenario: CheckedScenario, restart: bool| {
        let name = run_name(&scenario.name, scenario.seed.0);
        let out = runs.join(&name);
        let run = Running::of(scenario);
        let board = Board::new(&run.scenario(), run.controls(), run.halt());
        let forgotten = if restart { forget(&out) } else { Ok(()) };
        let directory = forgotten.and_then(|()| RunDirectory::create(&out));
        let directory = directory.map_err(|error| error.to_string())?;
        signals.stop(run.halt());
        signals.remove(directory.made());
        let (signals, told) = (signals.clone(), board.clone());
        let work = move || {
            go(&run, &told, &directory, &out);
            signals.keep();
        };
        let builder = std::thread::Builder::new().name("hivesim-run".into());
        let started = builder.spawn(work).map_err(|why| {
            format!("cannot start a thread: {why}; raise the limit on processes and threads")
        })?;
        *thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(started);
        Ok(board)
    })
}

/// The run, and a word to its viewers of how it ended.
fn go(run: &Running, board: &Board, directory: &RunDirectory, out: &Path) {
    let watcher = Watcher::new(Progress::Silent, run.registry(), Vec::new());
    let folder = plain(&out.to_string_lossy());
    tell(&format!("running: {folder}"));
    let name = out.file_name().map(|name| name.to_string_lossy().into_owned());
    match run.finish(&watcher, Some(board), directory) {
        Ok((outcome, _)) => {
            tell(&format!("result  {}\nreport  {folder}/report.html", outcome.result_hash));
            board.over(outcome.complete, name.unwrap_or_default());
        }
        Err(Failure::BadInput(why) | Failure::Failed(why) | Failure::Interrupted(why)) => {
            tell(&plain(&why));
            board.failed(why);
        }
        Err(Failure::Elsewhere(_)) => unreachable!("a page's runs have no ranks"),
    }
}
