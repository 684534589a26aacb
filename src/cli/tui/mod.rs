//! The view of `hivesim run --tui`: the run on a terminal as it goes, held by keys.
//!
//! ```text
//! the run ──► Board, what is known of it ──► draw, ten times a second
//!    ▲                                         │
//!    └───────── Controls, Halt ◄────── keys ◄──┘
//! ```

mod board;
mod draw;
mod keys;

use super::Failure;
use super::running::Running;
use crate::controls::Controls;
use crate::engine::Observer;
use crate::halt::Halt;
use board::Board;
use clap::Args;
use keys::{Keys, Said};
use ratatui::crossterm::event::{self, Event};
use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Between two pictures, if no key is pressed.
const TICK: Duration = Duration::from_millis(100);

/// Arguments that show the run on the terminal.
#[derive(Debug, Args)]
pub(super) struct TuiArgs {
    /// Show the run on this terminal as it goes: skill by agent, adoption, rounds. Keys hold it and
    /// are told of at the foot.
    #[arg(long, conflicts_with_all = ["json", "quiet"])]
    tui: bool,
}

/// A terminal on which a run is shown.
pub(super) struct View {
    board: Board,
    controls: Arc<Controls>,
    halt: Halt,
}

impl TuiArgs {
    /// The argument by which a view is asked for, where one is.
    pub fn asked(&self) -> Option<&'static str> {
        self.tui.then_some("--tui")
    }

    /// The view of a run, where it is asked for.
    pub fn begin(&self, run: &Running) -> Result<Option<View>, Failure> {
        if !self.tui {
            return Ok(None);
        }
        let ends = [("input", io::stdin().is_terminal()), ("output", io::stdout().is_terminal())];
        if let Some((end, _)) = ends.into_iter().find(|(_, is_terminal)| !is_terminal) {
            let why = format!(
                "--tui shows the run on a terminal, and standard {end} is none; leave it out"
            );
            return Err(Failure::BadInput(why));
        }
        let board = Board::new(&run.scenario());
        Ok(Some(View { board, controls: run.controls(), halt: run.halt() }))
    }
}

impl View {
    pub fn observer(&self) -> &dyn Observer {
        &self.board
    }

    /// Does the work while the terminal shows it, which is then as it was.
    ///
    /// # Errors
    /// Where the terminal or a thread cannot be had; nothing was done then.
    pub fn beside<R>(&self, work: impl FnOnce() -> R) -> io::Result<R> {
        let mut terminal = ratatui::try_init()?;
        let over = AtomicBool::new(false);
        let result = std::thread::scope(|scope| {
            let show = || {
                // whoever cannot see a run any more cannot let it go on either
                if self.show(&mut terminal, &over).is_err() {
                    self.controls.resume();
                }
                ratatui::restore();
            };
            std::thread::Builder::new().spawn_scoped(scope, show)?;
            let _over = Over(&over);
            Ok(work())
        });
        ratatui::restore();
        result
    }

    /// Draws the run and hears keys until it is over, or is not to be shown any more.
    fn show(&self, terminal: &mut ratatui::DefaultTerminal, over: &AtomicBool) -> io::Result<()> {
        let mut keys = Keys::default();
        while !over.load(Ordering::Relaxed) {
            let seen = self.board.seen();
            keys.keep_within(seen.skills.len());
            terminal.draw(|frame| draw::draw(frame, &seen, &keys.hold(&self.controls)))?;
            if !event::poll(TICK)? {
                continue;
            }
            if let Event::Key(key) = event::read()?
                && keys.press(key, &self.controls, &self.halt) == Said::Enough
            {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Says that the work is over, whatever became of it.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
