//! `hivesim run --engine mpi`: the processes that MPI started, as one command. Rank 0 talks, writes and
//! is watched; what goes wrong is said once, by the first rank with which it does.

use super::{FINE, Failure};
use crate::engine::{Counted, Link, Mail, gather};
use crate::scenario::{CheckedScenario, EngineKind};
use std::sync::Arc;

/// This process among its ranks, if there are any.
#[derive(Clone)]
pub(super) struct Ranks(Option<Arc<Counted>>);

impl Ranks {
    /// No others.
    pub fn alone() -> Ranks {
        Ranks(None)
    }

    /// Joins the others where MPI started this process, or where `engine` asks for them: before
    /// anything can go wrong that all would complain of.
    pub fn join(engine: Option<EngineKind>) -> Result<Ranks, Failure> {
        let started = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"];
        let started = started.iter().any(|name| std::env::var_os(name).is_some());
        let join = engine == Some(EngineKind::Mpi) || started && cfg!(feature = "mpi");
        if join { Ok(Ranks(enter()?)) } else { Ok(Ranks(None)) }
    }

    /// Holds a scenario against the ranks that there are, and joins them where it is the first to ask.
    pub fn take(&mut self, scenario: &CheckedScenario) -> Result<(), Failure> {
        let kind = scenario.engine.kind;
        if kind == EngineKind::Mpi {
            if self.0.is_none() {
                self.0 = enter()?;
            }
            return Ok(());
        }
        match self.link().map_or(1, |link| link.ranks()) {
            1 => Ok(()),
            ranks => Err(Failure::BadInput(format!(
                "this is one of {ranks} processes, each of which would run the whole scenario: the \
                 engine is `{}`; take --engine mpi, or start one",
                kind.name()
            ))),
        }
    }

    /// The others, and the way to them.
    pub fn link(&self) -> Option<&Arc<Counted>> {
        self.0.as_ref()
    }

    /// What this process sent and received by now, if there are others.
    pub fn mail(&self) -> Option<Mail> {
        self.link().map(|link| link.mail())
    }

    /// Whether this process talks and writes.
    pub fn leads(&self) -> bool {
        self.link().is_none_or(|link| link.rank() == 0)
    }

    /// What this rank came to, if no other failed. All say so before any goes on.
    pub fn together<T>(&self, own: Result<T, Failure>) -> Result<T, Failure> {
        let Some(link) = self.link() else { return own };
        let code = own.as_ref().err().map_or(FINE, Failure::code);
        let says = !matches!(own, Ok(_) | Err(Failure::Elsewhere(_)));
        let said = gather(&**link, vec![code, u8::from(says)]);
        let first = said.iter().position(|said| said[1] == 1);
        match first {
            Some(rank) if rank != link.rank() => Err(Failure::Elsewhere(said[rank][0])),
            _ => own,
        }
    }

    /// Ends the command on all ranks with the same exit code. What failed is said before any leaves:
    /// `mpirun` ends the others as soon as one does so with another code than 0.
    pub fn end(self, own: Result<(), Failure>) -> Result<(), Failure> {
        let own = self.together(own);
        let Some(link) = self.link() else { return own };
        let own = own.map_err(|failure| Failure::Elsewhere(failure.say()));
        gather(&**link, Vec::new());
        own
    }
}

#[cfg(feature = "mpi")]
fn enter() -> Result<Option<Arc<Counted>>, Failure> {
    let link = crate::engine::Mpi::enter().map_err(Failure::Failed)?;
    Ok(Some(Arc::new(Counted::new(Arc::new(link)))))
}

/// Without MPI the run itself refuses, by the scenario's key.
#[cfg(not(feature = "mpi"))]
fn enter() -> Result<Option<Arc<Counted>>, Failure> {
    Ok(None)
}
