//! Agents that do not keep step, on any engine.

use super::Tour;
use crate::agent::{Cohort, Publication};
use crate::distill::{Flights, Harvest};
use crate::state::{Reader, StateError, Writer};
use std::sync::Arc;

/// An engine whose agents do not keep step: a tour brings what comes in between two publications.
pub(super) struct OutOfStep<'a> {
    /// Who visits agents.
    pub engine: &'a mut dyn Tour,
    /// What is under way.
    pub flights: Flights,
}

impl Tour for OutOfStep<'_> {
    fn tour(&mut self, publication: &Arc<Publication>) -> Harvest {
        self.flights.tour(publication, &mut |publication| self.engine.tour(publication))
    }

    fn give_back(&mut self, harvest: Harvest) {
        self.flights.give_back(harvest);
    }

    fn cohorts(&mut self, f: &mut dyn FnMut(&mut Cohort)) {
        self.engine.cohorts(f);
    }

    fn fill(&mut self, f: &mut dyn FnMut(&mut Cohort)) {
        self.engine.fill(f);
    }

    fn keep(&self, out: &mut Writer<'_>) {
        self.flights.keep(out);
        self.engine.keep(out);
    }

    fn take_up(&mut self, from: &mut Reader<'_>) -> Result<(), StateError> {
        self.flights.take_up(from)?;
        self.engine.take_up(from)
    }

    fn digest(&mut self, feed: &mut dyn FnMut(&[u8])) {
        self.engine.digest(feed);
    }
}
