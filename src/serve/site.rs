//! What is served: the run under watch, past runs, scenarios to start the next from.

use super::answer::Refusal;
use super::board::Board;
use super::scenarios;
use crate::scenario::CheckedScenario;
use metrics::{counter, gauge};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Semaphore, watch};

/// Viewers at once.
const VIEWERS_MAX: usize = 100;
/// Answers at once that read many files.
const HEAVY_MAX: usize = 2;

/// Begins a run of a scenario, anew where one was cut off if so told, on another thread, and gives its
/// board; or says why not.
pub type Launch = dyn Fn(CheckedScenario, bool) -> Result<Arc<Board>, String> + Send + Sync;

/// What a [`Server`](super::Server) serves.
pub struct Site {
    board: watch::Sender<Option<Arc<Board>>>,
    viewers: AtomicUsize,
    /// The folder of past runs.
    pub(super) runs: Option<PathBuf>,
    /// The folder of scenarios, and what starts one.
    scenarios: Option<(PathBuf, Box<Launch>)>,
    starting: Mutex<()>,
    heavy: Semaphore,
}

impl Site {
    /// A site of one run, with the runs of a folder beside it.
    pub fn of_run(board: Arc<Board>, runs: Option<PathBuf>) -> Arc<Site> {
        Site::new(Some(board), runs, None)
    }

    /// A site from which runs of the scenarios of a folder are started, one at a time.
    pub fn of_folders(runs: PathBuf, scenarios: PathBuf, launch: Box<Launch>) -> Arc<Site> {
        Site::new(None, Some(runs), Some((scenarios, launch)))
    }

    fn new(
        board: Option<Arc<Board>>,
        runs: Option<PathBuf>,
        scenarios: Option<(PathBuf, Box<Launch>)>,
    ) -> Arc<Site> {
        let (board, _) = watch::channel(board);
        let (viewers, heavy) = (AtomicUsize::new(0), Semaphore::new(HEAVY_MAX));
        Arc::new(Site { board, viewers, runs, scenarios, starting: Mutex::new(()), heavy })
    }

    /// The run under watch, or the last one.
    pub fn board(&self) -> Option<Arc<Board>> {
        self.board.borrow().clone()
    }

    pub(super) fn boards(&self) -> watch::Receiver<Option<Arc<Board>>> {
        self.board.subscribe()
    }

    /// The folder of scenarios.
    pub(super) fn scenarios(&self) -> Result<&PathBuf, Refusal> {
        let none = || Refusal::unknown("runs are started from `hivesim serve`, not from here");
        self.scenarios.as_ref().map(|(folder, _)| folder).ok_or_else(none)
    }

    /// Starts a run, unless one is under way; anew where another was cut off, if that is asked for.
    pub(super) fn start(&self, name: &str, sets: &[String], restart: bool) -> Result<(), Refusal> {
        let folder = self.scenarios()?;
        let scenario = scenarios::load(folder, name, sets)?;
        let _alone = self.starting.lock().unwrap_or_else(PoisonError::into_inner);
        if self.board().is_some_and(|board| !board.is_over()) {
            return Err(Refusal::conflict("a run is under way; it has to end or be stopped first"));
        }
        let Some((_, launch)) = &self.scenarios else { return Ok(()) };
        let board = launch(scenario, restart).map_err(Refusal::conflict)?;
        self.board.send_replace(Some(board));
        Ok(())
    }

    /// Waits for its turn among the answers that read many files.
    pub(super) async fn turn(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        self.heavy.acquire().await.ok()
    }

    /// A place for one more viewer, unless all are taken.
    pub(super) fn admits(&self) -> bool {
        self.viewers.load(Ordering::Relaxed) < VIEWERS_MAX
    }

    /// Counts a viewer for as long as it is kept.
    pub(super) fn viewer(&self) -> Viewer<'_> {
        self.viewers.fetch_add(1, Ordering::Relaxed);
        gauge!("hivesim_viewers").increment(1.0);
        Viewer(self)
    }

    pub(super) fn count_frame(&self) {
        counter!("hivesim_viewer_frames_total").increment(1);
    }
}

/// Somebody who looks.
pub(super) struct Viewer<'a>(&'a Site);

impl Drop for Viewer<'_> {
    fn drop(&mut self) {
        self.0.viewers.fetch_sub(1, Ordering::Relaxed);
        gauge!("hivesim_viewers").decrement(1.0);
    }
}
