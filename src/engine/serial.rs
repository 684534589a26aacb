//! The reference: a plain loop.

use super::Tour;
use super::digest::leaf_hash;
use crate::agent::{Bench, Cohort, Fleet, Parcel, Publication};
use crate::distill::{Harvest, Harvester};
use std::ops::Range;
use std::sync::Arc;

/// Visits agents one after the other on the calling thread.
pub(crate) struct Serial {
    fleet: Arc<Fleet>,
    harvester: Harvester,
    cohorts: Vec<Cohort>,
    bench: Bench,
    parcel: Parcel,
}

impl Serial {
    pub fn new(fleet: Arc<Fleet>, harvester: Harvester) -> Self {
        let cohorts = cohorts(&fleet, 0..fleet.leaves());
        let bench = fleet.bench();
        Serial { fleet, harvester, cohorts, bench, parcel: Parcel::default() }
    }
}

/// A cohort for each of some leaves.
pub(super) fn cohorts(fleet: &Fleet, leaves: Range<usize>) -> Vec<Cohort> {
    let cohort = |leaf| {
        let (first, len) = fleet.leaf_range(leaf);
        Cohort::new(fleet, first, len)
    };
    leaves.map(cohort).collect()
}

/// Visits the agents of one leaf in order.
pub(super) fn visit_leaf(
    fleet: &Fleet,
    harvester: &Harvester,
    publication: &Publication,
    (leaf, cohort): (usize, &mut Cohort),
    bench: &mut Bench,
    parcel: &mut Parcel,
) {
    let mut harvest = harvester.empty();
    for agent in cohort.agents() {
        if cohort.visit(fleet, publication, agent, bench, parcel) {
            harvester.add(publication, &mut harvest, parcel);
        }
    }
    harvester.put(leaf, harvest);
}

impl Tour for Serial {
    fn tour(&mut self, publication: &Arc<Publication>) -> Harvest {
        for leaf in self.cohorts.iter_mut().enumerate() {
            visit_leaf(
                &self.fleet,
                &self.harvester,
                publication,
                leaf,
                &mut self.bench,
                &mut self.parcel,
            );
        }
        self.harvester.take().unwrap_or_default()
    }

    fn give_back(&mut self, harvest: Harvest) {
        self.harvester.give_back(harvest);
    }

    fn cohorts(&mut self, f: &mut dyn FnMut(&mut Cohort)) {
        self.cohorts.iter_mut().for_each(f);
    }

    fn digest(&mut self, feed: &mut dyn FnMut(&[u8])) {
        self.cohorts.iter().for_each(|cohort| feed(leaf_hash([cohort]).as_bytes()));
    }
}
