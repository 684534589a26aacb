//! A run's state between two rounds: kept now and then, and taken up again.

use super::{Stage, Tour};
use crate::agent::{Book, Records};
use crate::measure::Trace;
use crate::state::{Reader, StateError, Writer};
use std::io::Read;

/// Where a run stands between two rounds: a core is published, and nobody has begun to work on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Which fleet.
    pub stage: Stage,
    /// Publications so far.
    pub round: u32,
}

/// Where the state of a run is kept, so that it can go on from there if it is cut off. Nothing that it
/// does reaches a result.
pub trait Vault: Sync {
    /// Whether the state of a moment is to be kept.
    fn wants(&self, moment: Moment) -> bool;

    /// Keeps the state of a moment, or thinks better of it, or tells somebody why it cannot be kept.
    /// Returns whether it is.
    fn keep(&self, moment: Moment, state: State<'_>) -> bool;
}

/// The state of a run.
pub struct State<'a> {
    /// Writes all of it but the fleet's agents.
    pub head: &'a dyn Fn(&mut Writer<'_>),
    /// Of a fleet of agents that hold parameters.
    pub agents: Option<AgentsState<'a>>,
}

/// The state of a fleet's agents.
pub struct AgentsState<'a> {
    /// The share of them that is not as it was when the state was last kept.
    pub changed: f64,
    /// Bytes of all of them, about.
    pub bytes: usize,
    /// Writes those that changed since, or all.
    pub write: &'a mut dyn FnMut(Extent, &mut Writer<'_>),
}

/// Whose state is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All agents'.
    All,
    /// That of those who changed since the state was last kept.
    Changed,
}

/// A state that was kept.
pub struct Kept {
    /// All of it but the fleet's agents.
    pub head: Source,
    /// The agents: all of them, and then those that changed since, as often as that was kept.
    pub agents: Vec<Source>,
}

/// Bytes to be read.
pub struct Source {
    /// What gives them.
    pub from: Box<dyn Read + Send>,
    /// How many there are.
    pub bytes: u64,
}

impl Source {
    /// A reader of all of them.
    pub(super) fn reader(&mut self) -> Reader<'_> {
        Reader::new(&mut self.from, self.bytes)
    }
}

/// How a run is kept, and what it goes on from.
#[derive(Default)]
pub struct Safekeeping<'a> {
    /// Where its state is kept now and then.
    pub vault: Option<&'a dyn Vault>,
    /// Where it goes on; at its beginning where there is nothing.
    pub from: Option<Kept>,
}

/// A fleet that is over: its history and the hash of all that it was.
pub(super) type Done = (Trace, blake3::Hash);

/// Keeps a fleet's state for whoever runs it.
#[derive(Clone, Copy)]
pub(super) struct Keeper<'a> {
    pub vault: Option<&'a dyn Vault>,
    /// The fleets before this one.
    pub before: &'a [Done],
    pub stage: Stage,
}

impl Keeper<'_> {
    /// Whether the state after a round is to be kept.
    fn wants(&self, round: u32) -> Option<&dyn Vault> {
        // before its first round there is nothing to lose
        let begun = round > 0 || !self.before.is_empty();
        self.vault.filter(|vault| begun && vault.wants(Moment { stage: self.stage, round }))
    }

    fn head(&self, fleet: &dyn Fn(&mut Writer<'_>), out: &mut Writer<'_>) {
        out.put(&self.before.len());
        for (trace, hash) in self.before {
            out.put(trace);
            out.put(hash.as_bytes());
        }
        fleet(out);
    }

    /// Keeps a state that has no agents of its own, if it is time to.
    pub fn keep(&self, round: u32, fleet: &dyn Fn(&mut Writer<'_>)) {
        let Some(vault) = self.wants(round) else { return };
        let head = |out: &mut Writer<'_>| self.head(fleet, out);
        vault.keep(Moment { stage: self.stage, round }, State { head: &head, agents: None });
    }

    /// Keeps a fleet whose agents an engine visits, if it is time to; `fleet` writes what is neither the
    /// engine's nor theirs.
    pub fn keep_with(&self, round: u32, engine: &mut dyn Tour, fleet: &dyn Fn(&mut Writer<'_>)) {
        let Some(vault) = self.wants(round) else { return };
        let moment = Moment { stage: self.stage, round };
        let (mut changed, mut agents, mut bytes) = (0, 0, 0);
        engine.cohorts(&mut |cohort| {
            changed += cohort.changed();
            agents += cohort.len();
            bytes += cohort.bytes();
        });
        let changed = changed as f64 / agents as f64;
        let engine = std::cell::RefCell::new(engine);
        let fleet = |out: &mut Writer<'_>| {
            fleet(out);
            engine.borrow().keep(out);
        };
        let head = |out: &mut Writer<'_>| self.head(&fleet, out);
        let mut write = |extent: Extent, out: &mut Writer<'_>| {
            let mut book = Book::new(out);
            let changed = extent == Extent::Changed;
            engine.borrow_mut().cohorts(&mut |cohort| book.enter(cohort, changed));
            book.end();
        };
        let agents = Some(AgentsState { changed, bytes, write: &mut write });
        if vault.keep(moment, State { head: &head, agents }) {
            engine.borrow_mut().cohorts(&mut |cohort| cohort.settle_changes());
        }
    }
}

/// The fleets that were over, which a state begins with.
///
/// # Errors
/// Where it begins with something else.
pub(super) fn fleets_before(from: &mut Reader<'_>) -> Result<Vec<Done>, StateError> {
    let fleets: usize = from.get()?;
    let mut before = Vec::new();
    for _ in 0..fleets {
        let trace = from.get()?;
        before.push((trace, blake3::Hash::from_bytes(from.get()?)));
    }
    Ok(before)
}

/// What a fleet goes on from.
pub(super) struct Resumed<'r, 'f> {
    /// All but its agents.
    pub head: Reader<'f>,
    /// Its agents.
    pub agents: &'r mut [Source],
}

impl Resumed<'_, '_> {
    /// Gives an engine's agents what they had.
    ///
    /// # Errors
    /// Where they are of another fleet.
    pub fn fill(&mut self, engine: &mut dyn Tour) -> Result<(), StateError> {
        engine.take_up(&mut self.head)?;
        for source in self.agents.iter_mut() {
            let mut reader = source.reader();
            let mut records = Records::new(&mut reader)?;
            let mut given = Ok(());
            engine.fill(&mut |cohort| {
                if given.is_ok() {
                    given = records.give(cohort);
                }
            });
            given?;
            records.end()?;
        }
        Ok(())
    }

    /// Whether all of it is read.
    ///
    /// # Errors
    /// Where there is more.
    pub fn end(&self) -> Result<(), StateError> {
        match self.head.is_at_end() {
            true => Ok(()),
            false => Err(StateError::unfit("its end:", "more bytes", "none")),
        }
    }
}
