//! The page of `hivesim run --serve`.

use super::running::Running;
use super::signals::Signals;
use super::{Failure, RUNS, tell};
use crate::engine::Observer;
use crate::measure::Outcome;
use crate::serve::{Board, ServeError, Server, Site};
use clap::Args;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Arguments that serve a page of the run.
#[derive(Debug, Args)]
pub(super) struct LiveArgs {
    /// Serve a page of the run on this address, as in --serve 127.0.0.1:7878; port 0 is any that is
    /// free. Beyond this machine it asks for a token.
    #[arg(long, value_name = "ADDR", value_parser = address)]
    serve: Option<SocketAddr>,
    /// End when the run does, not when Ctrl-C is pressed.
    #[arg(long, requires = "serve")]
    serve_until_done: bool,
    /// The token that the page asks for [default: a random one beyond this machine, else none].
    #[arg(long, requires = "serve")]
    token: Option<String>,
}

/// A page that is served.
pub(super) struct Live {
    board: Arc<Board>,
    server: Server,
    /// What the run is called in its folder of runs.
    run: String,
    until_done: bool,
    quiet: bool,
}

impl LiveArgs {
    /// The argument by which a page is asked for, where one is.
    pub fn asked(&self) -> Option<&'static str> {
        self.serve.map(|_| "--serve")
    }

    /// Serves a page of a run that will fill the folder `out`, where that is asked for.
    pub fn begin(&self, run: &Running, out: &Path, quiet: bool) -> Result<Option<Live>, Failure> {
        let Some(address) = self.serve else { return Ok(None) };
        let board = Board::new(&run.scenario(), run.controls(), run.halt());
        let whole = std::path::absolute(out).unwrap_or_else(|_| out.into());
        let runs = whole.parent().map_or_else(|| PathBuf::from(RUNS), Path::to_path_buf);
        let name = whole.file_name().map(|name| name.to_string_lossy().into_owned());
        let site = Site::of_run(board.clone(), Some(runs));
        let server = Server::begin(address, self.token.clone(), site).map_err(refused)?;
        // a token that nobody knows is of no use
        if !quiet || server.has_drawn_token() {
            tell(&format!("live page: {}", server.url()));
        }
        let (run, until_done) = (name.unwrap_or_default(), self.serve_until_done);
        Ok(Some(Live { board, server, run, until_done, quiet }))
    }
}

impl Live {
    pub fn observer(&self) -> &dyn Observer {
        &*self.board
    }

    /// Says that the run is over, and stays unless that is not wanted.
    pub fn end(self, outcome: &Outcome, signals: &Signals) {
        self.board.over(outcome.complete, self.run);
        if self.until_done || signals.asked() {
            return;
        }
        if !self.quiet {
            tell(&format!("the page stays at {} until Ctrl-C", self.server.url()));
        }
        signals.wait();
    }
}

/// An address of a server of one's own.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "wanted an address and a port, like 127.0.0.1:7878".into())
}

pub(super) fn refused(error: ServeError) -> Failure {
    match error {
        ServeError::Address { .. } | ServeError::Token => Failure::BadInput(error.to_string()),
        error => Failure::Failed(error.to_string()),
    }
}
