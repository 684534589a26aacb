//! A run on the command line, begun or gone on with: who watches it, and what is printed of it.

use super::both::Both;
use super::live::{Live, LiveArgs};
use super::running::Running;
use super::signals::Signals;
use super::tui::TuiArgs;
use super::watch::{Progress, Watcher};
use super::{Failure, closing, failed, metrics, print, tell};
use crate::engine::Observer;
use crate::record::{RecordError, RunDirectory, pretty};
use crate::scenario::{CheckedScenario, EngineKind, Override};
use crate::text::plain;
use clap::Args;
use std::path::Path;

/// The machine of a run.
#[derive(Debug, Args)]
pub(super) struct MachineArgs {
    /// The engine; never changes a result.
    #[arg(long, value_enum)]
    engine: Option<EngineKind>,
    /// Worker threads, 0 for one a core; never changes a result.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1024))]
    threads: Option<u32>,
}

impl MachineArgs {
    /// The engine, where one is named.
    pub fn engine(&self) -> Option<EngineKind> {
        self.engine
    }

    /// What it sets of the scenario.
    pub fn overrides(&self) -> Vec<Override> {
        let engine = self
            .engine
            .map(EngineKind::name)
            .map(|engine| Override::argument(format!("--engine {engine}"), "engine.kind", engine));
        let threads = self.threads.map(|threads| {
            let value = i64::from(threads);
            Override::argument(format!("--threads {threads}"), "engine.threads", value)
        });
        engine.into_iter().chain(threads).collect()
    }
}

/// How a run is watched.
#[derive(Debug, Args)]
pub(super) struct WatchArgs {
    /// Print nothing but errors.
    #[arg(long)]
    quiet: bool,
    /// Print summary.json on standard output, and nothing else there.
    #[arg(long)]
    json: bool,
    /// Serve metrics in Prometheus' text format on this address while running, as in
    /// --metrics 127.0.0.1:9000.
    #[arg(long, value_name = "ADDR", value_parser = metrics::address)]
    metrics: Option<std::net::SocketAddr>,
    #[command(flatten)]
    live: LiveArgs,
    #[command(flatten)]
    tui: TuiArgs,
}

impl WatchArgs {
    /// Whether more than errors is printed.
    pub fn talks(&self) -> bool {
        !self.quiet && !self.json
    }

    /// Refuses what several processes cannot have.
    pub fn suit(&self, scenario: &CheckedScenario) -> Result<(), Failure> {
        let asked = self.live.asked().or(self.tui.asked());
        match asked.filter(|_| scenario.engine.kind == EngineKind::Mpi) {
            None => Ok(()),
            Some(argument) => Err(Failure::BadInput(format!(
                "{argument}: who watches a run may hold and change it, and the ranks of the engine \
                 `mpi` wait for nobody; leave it out, or take another engine"
            ))),
        }
    }

    /// Carries a run out in the folder `out`, which `open` opens.
    pub fn carry_out(
        &self,
        run: &Running,
        out: &Path,
        open: impl FnOnce(&Path) -> Result<RunDirectory, RecordError>,
    ) -> Result<(), Failure> {
        let begin = || {
            let view = self.tui.begin(run)?;
            let progress = Progress::fitting(self.talks() && view.is_none());
            let watcher = Watcher::new(progress, run.registry(), run.seconds());
            let watcher = if view.is_some() { watcher.holding_back() } else { watcher };
            // before the first file is written
            let signals = Signals::handle(watcher.voice())?;
            signals.stop(run.halt());
            self.metrics.map_or(Ok(()), metrics::serve)?;
            let live = self.live.begin(run, out, self.quiet)?;
            let directory = open(out).map_err(|error| Failure::BadInput(error.to_string()))?;
            signals.remove(directory.made());
            Ok((view, watcher, signals, live, directory))
        };
        let (view, watcher, signals, live, directory) = run.ranks().together(begin())?;
        let live_observer = live.as_ref().map(Live::observer);
        let result = match (&view, live_observer) {
            (None, observer) => run.finish(&watcher, observer, &directory),
            (Some(view), other) => {
                let own = view.observer();
                let both = other.map(|other| Both(other, own));
                let observer = both.as_ref().map_or(own, |both| both as &dyn Observer);
                let finish = || run.finish(&watcher, Some(observer), &directory);
                view.beside(finish).map_err(|error| {
                    directory.made().remove();
                    failed(format!("--tui: the terminal cannot be used: {error}"))
                })?
            }
        };
        watcher.complaints().iter().for_each(|text| tell(text));
        let (outcome, numbers) = result?;
        signals.keep();
        if self.json {
            print(&pretty(&numbers))?;
        } else if !self.quiet {
            let report = out.join("report.html");
            let (table, hash) = (closing::table(&outcome), &outcome.result_hash);
            let report = plain(&report.to_string_lossy());
            print(&format!("{table}\nresult  {hash}\nreport  {report}\n"))?;
        }
        if let Some(live) = live {
            live.end(&outcome, &signals);
        }
        if outcome.complete {
            return Ok(());
        }
        let out = out.display();
        let text = format!(
            "interrupted: {out} holds the rounds done, marked incomplete; `hivesim resume {out}` goes on"
        );
        Err(Failure::Interrupted(text))
    }
}
