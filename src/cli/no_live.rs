//! Stands in for the live page where hivesim is built without it.

use super::Failure;
use super::running::Running;
use super::signals::Signals;
use crate::engine::Observer;
use crate::measure::Outcome;
use clap::Args;
use std::convert::Infallible;
use std::path::Path;

/// No arguments.
#[derive(Debug, Args)]
pub(super) struct LiveArgs {}

/// There is none.
pub(super) struct Live(Infallible);

impl LiveArgs {
    /// None is asked for.
    pub fn asked(&self) -> Option<&'static str> {
        None
    }

    /// Serves nothing.
    pub fn begin(&self, _: &Running, _: &Path, _quiet: bool) -> Result<Option<Live>, Failure> {
        Ok(None)
    }
}

impl Live {
    pub fn observer(&self) -> &dyn Observer {
        match self.0 {}
    }

    pub fn end(self, _: &Outcome, _: &Signals) {
        match self.0 {}
    }
}
