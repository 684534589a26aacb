//! Stands in for the view on a terminal where hivesim is built without it.

use super::Failure;
use super::running::Running;
use crate::engine::Observer;
use clap::Args;
use std::convert::Infallible;
use std::io;

/// No arguments.
#[derive(Debug, Args)]
pub(super) struct TuiArgs {}

/// There is none.
pub(super) struct View(Infallible);

impl TuiArgs {
    /// None is asked for.
    pub fn asked(&self) -> Option<&'static str> {
        None
    }

    /// Shows nothing.
    pub fn begin(&self, _: &Running) -> Result<Option<View>, Failure> {
        Ok(None)
    }
}

impl View {
    pub fn observer(&self) -> &dyn Observer {
        match self.0 {}
    }

    pub fn beside<R>(&self, _: impl FnOnce() -> R) -> io::Result<R> {
        match self.0 {}
    }
}
