//! Learnings on their way in a checkpoint.

use super::Flights;
use crate::agent::Parcel;
use crate::state::{Reader, StateError, Writer};
use std::collections::BTreeMap;

impl Flights {
    /// Puts all that is under way into a checkpoint.
    pub fn keep(&self, out: &mut Writer<'_>) {
        self.timetable.keep(out);
        out.put(&(&self.jobs, &self.starts, &self.pulled, self.horizon, self.opened));
        out.put(&(&self.successors, &self.departures, &self.left, &self.shift));
        out.put(&self.flown.len());
        self.flown.values().for_each(|parcel| out.put(parcel));
    }

    /// Takes up what is under way in the same fleet.
    ///
    /// # Errors
    /// Where it is of another.
    pub fn take_up(&mut self, from: &mut Reader<'_>) -> Result<(), StateError> {
        let agents = self.jobs.len();
        self.timetable.take_up(from)?;
        (self.jobs, self.starts, self.pulled, self.horizon, self.opened) = from.get()?;
        (self.successors, self.departures, self.left, self.shift) = from.get()?;
        for found in [self.jobs.len(), self.pulled.len()] {
            StateError::unless_same("agents under way:", found, agents)?;
        }
        let parcels: usize = from.get()?;
        let mut flown = BTreeMap::new();
        for _ in 0..parcels {
            let parcel: Parcel = from.get()?;
            parcel.learning.belongs_to(&self.fleet)?;
            flown.insert((parcel.learning.agent, parcel.learning.round.0), parcel);
        }
        self.flown = flown;
        Ok(())
    }
}
