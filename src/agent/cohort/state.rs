//! Agents in a checkpoint: a record each, one behind the other in the order of the agents.

use super::Cohort;
use crate::ids::AgentId;
use crate::params::first;
use crate::state::{Reader, StateError, Writer};

/// Words of records that are put together, at least.
const PIECE: usize = 1 << 18;

/// Puts agents of neighbouring cohorts into a checkpoint, whatever cohorts they are in.
pub struct Book<'b, 'w> {
    out: &'b mut Writer<'w>,
    words: Vec<u32>,
    /// A buffer of slots.
    order: Vec<usize>,
}

impl<'b, 'w> Book<'b, 'w> {
    /// An empty one.
    pub fn new(out: &'b mut Writer<'w>) -> Self {
        Book { out, words: Vec::new(), order: Vec::new() }
    }

    /// Takes down a cohort's agents: all of them, or those that `changed` since it was last
    /// [settled](Cohort::settle_changes).
    pub fn enter(&mut self, cohort: &Cohort, changed: bool) {
        for owner in (0..cohort.len()).filter(|owner| !changed || cohort.minds[*owner].changed) {
            cohort.keep(owner, &mut self.order, &mut self.words);
            if self.words.len() >= PIECE {
                self.out.put_words(&self.words);
                self.words.clear();
            }
        }
    }

    /// All are in it.
    pub fn end(self) {
        if !self.words.is_empty() {
            self.out.put_words(&self.words);
        }
    }
}

impl Cohort {
    /// Appends the record of an agent to `words`.
    fn keep(&self, owner: usize, order: &mut Vec<usize>, words: &mut Vec<u32>) {
        let agent = AgentId(self.first + owner as u32);
        words.extend([agent.0, self.minds[owner].baseline.to_bits()]);
        for store in [&self.kept, &self.pending, &self.controls, &self.unsent] {
            if owner < store.owners() {
                store.keep_owner(owner, order, words);
            }
        }
        if let Ok(member) = self.practised.binary_search_by_key(&agent, |(a, _)| *a) {
            let tasks = self.practised[member].1.iter();
            words.extend(tasks.flat_map(|tasks| [*tasks as u32, (*tasks >> 32) as u32]));
        }
    }

    /// Bytes of its agents in a checkpoint, about.
    pub fn bytes(&self) -> usize {
        let stores = [&self.kept, &self.pending, &self.controls, &self.unsent];
        12 * self.len() + stores.iter().map(|store| store.bytes()).sum::<usize>()
    }

    /// Number of its agents that changed since it was last settled.
    pub fn changed(&self) -> usize {
        self.minds.iter().filter(|mind| mind.changed).count()
    }

    /// Takes note that all that changed so far is in a checkpoint.
    pub fn settle_changes(&mut self) {
        self.minds.iter_mut().for_each(|mind| mind.changed = false);
    }

    /// Takes up what was kept of an agent, which is the first thing in `words`.
    fn take_up(&mut self, agent: AgentId, words: &mut &[u32]) -> Result<(), StateError> {
        let owner = (agent.0 - self.first) as usize;
        self.minds[owner].baseline = f32::from_bits(first(words)?);
        for store in [&mut self.kept, &mut self.pending, &mut self.controls, &mut self.unsent] {
            if owner < store.owners() {
                store.take_up_owner(owner, words)?;
            }
        }
        if let Ok(member) = self.practised.binary_search_by_key(&agent, |(a, _)| *a) {
            for tasks in &mut self.practised[member].1 {
                *tasks = u64::from(first(words)?) | u64::from(first(words)?) << 32;
            }
        }
        Ok(())
    }
}

/// Records of agents on their way back to their cohorts, in rising order.
pub struct Records<'r, 'f> {
    from: &'r mut Reader<'f>,
    words: Vec<u32>,
    /// Words of them that are read.
    read: usize,
    /// The agent of the next record.
    next: Option<AgentId>,
}

impl<'r, 'f> Records<'r, 'f> {
    /// The records that a reader still has.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn new(from: &'r mut Reader<'f>) -> Result<Self, StateError> {
        let mut records = Records { from, words: Vec::new(), read: 0, next: None };
        records.advance()?;
        Ok(records)
    }

    /// Gives a cohort the records of its agents; cohorts come in rising order.
    ///
    /// # Errors
    /// Where they are of another fleet.
    pub fn give(&mut self, cohort: &mut Cohort) -> Result<(), StateError> {
        let end = cohort.first as usize + cohort.len();
        while let Some(agent) = self.next.filter(|agent| agent.index() < end) {
            if agent.0 < cohort.first {
                let wanted = format!("{} or later", cohort.first);
                return Err(StateError::unfit("the record of agent", agent, wanted));
            }
            let mut words = &self.words[self.read..];
            cohort.take_up(agent, &mut words)?;
            self.read = self.words.len() - words.len();
            self.advance()?;
        }
        Ok(())
    }

    /// Whether every record has found its agent.
    ///
    /// # Errors
    /// Where one has not.
    pub fn end(self) -> Result<(), StateError> {
        match self.next {
            None => Ok(()),
            Some(agent) => {
                Err(StateError::unfit("the record of agent", agent, "none of that number"))
            }
        }
    }

    fn advance(&mut self) -> Result<(), StateError> {
        while self.read == self.words.len() {
            if self.from.is_at_end() {
                self.next = None;
                return Ok(());
            }
            self.words = self.from.words()?;
            self.read = 0;
        }
        self.next = Some(AgentId(self.words[self.read]));
        self.read += 1;
        Ok(())
    }
}
