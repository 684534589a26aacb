//! What ranks add: bytes between them, waiting, and what each has of all agents.

use super::fit::{Line, dot, fit};
use super::pilot::{Lap, Sample};
use super::rhythm::Rhythm;
use super::tree::harvests;
use crate::agent::leaves_of;
use crate::engine::own_agents;
use serde::Serialize;

/// Agents of the rank that has most of so many.
pub(super) fn busiest_share(agents: f64, ranks: usize) -> f64 {
    let own = (0..ranks).map(|rank| own_agents(agents as usize, rank, ranks).len());
    own.max().unwrap_or(0) as f64
}

/// What ranks send, by agents and ranks.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Sent {
    /// Whether it is what the busiest rank sends and receives, or all of it.
    busiest: bool,
    pub adds_up: bool,
    power: Option<i32>,
    by: Vec<f64>,
}

impl Sent {
    fn features(&self, n: f64, ranks: usize) -> Vec<f64> {
        let (all, own) = harvests(leaves_of(n as usize), ranks);
        let load = if self.busiest { own } else { all };
        let p = ranks as f64;
        // a rank's part of what all ranks send
        let part = if self.busiest { 2.0 / p } else { 1.0 };
        let others = p - 1.0;
        let mut features = vec![load.sums, load.parts];
        if !self.adds_up {
            features.extend([
                // learnings that travel with the sums
                n * load.parts,
                part * others * p,
                part * others,
                part * n * others / p,
                part * n * others,
            ]);
            features.extend(self.power.map(|_| part * n * n * others));
        }
        features
    }

    fn fit(
        busiest: bool,
        (adds_up, power): (bool, Option<i32>),
        points: &[(f64, usize, f64)],
    ) -> Sent {
        let mut sent = Sent { busiest, adds_up, power, by: Vec::new() };
        // sums are as large as the core once all of it is worked on: the largest pilots are nearest
        let most = points.iter().map(|point| point.0).fold(0.0, f64::max);
        let points = || points.iter().filter(|point| !adds_up || point.0 == most);
        let rows: Vec<_> = points().map(|(n, ranks, _)| sent.features(*n, *ranks)).collect();
        let values: Vec<f64> = points().map(|point| point.2).collect();
        sent.by = fit(&rows, &values);
        sent
    }

    pub fn at(&self, n: f64, ranks: usize) -> f64 {
        dot(&self.by, &self.features(n, ranks))
    }
}

/// What ranks add.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Ranks {
    pub sent: Sent,
    pub busiest: Sent,
    /// The share of a merge that ranks divide.
    pub divided: f64,
    /// Seconds a byte, where they take longer for a merge together than one alone.
    pub telling: f64,
    /// What ranks take more than their part of a tour does: a share of it, and seconds a byte.
    pub waits: Vec<f64>,
    /// Bytes of memory of a rank, beside those that every process has: however few agents there are, of
    /// each of all, of each of its own, and by the power of the strategy.
    pub memory: Vec<f64>,
}

impl Ranks {
    /// What a rank's memory depends on.
    pub fn room(square: Option<i32>, n: f64, own: f64) -> Vec<f64> {
        [1.0, n, own].into_iter().chain(square.map(|_| n * n)).collect()
    }

    /// Messages of a round that the busiest rank has to do with.
    pub fn messages(&self, n: f64, ranks: usize) -> f64 {
        // what is dealt out and told goes once round all ranks each
        let rings = if self.busiest.adds_up { 0.0 } else { 4.0 * ranks as f64 };
        harvests(leaves_of(n as usize), ranks).1.messages + rings
    }

    pub fn fit(
        rhythm: Rhythm,
        (adds_up, power): (bool, Option<i32>),
        samples: &[Sample],
        (tour, merge): (Line, Line),
    ) -> Ranks {
        let sent = |busiest: bool| {
            let get = |lap: &Lap| if busiest { lap.busiest } else { lap.sent };
            let point = |s: &Sample| (f64::from(s.agents), s.ranks, rhythm.bytes(s, get));
            Sent::fit(busiest, (adds_up, power), &samples.iter().map(point).collect::<Vec<_>>())
        };
        let busiest = sent(true);
        let pairs: Vec<&Sample> = samples.iter().filter(|s| s.ranks == 2).collect();
        let n = |sample: &Sample| f64::from(sample.agents);
        let (mut divided, mut telling) = (0.0, 0.0);
        if let Some(pair) = pairs.last() {
            let (alone, both) = (merge.at(n(pair)), rhythm.merge(pair));
            if both < alone {
                divided = (2.0 * (1.0 - both / alone)).min(1.0);
            } else {
                telling = (both - alone) / busiest.at(n(pair), 2).max(1.0);
            }
        }
        let rows: Vec<Vec<f64>> = pairs
            .iter()
            .map(|pair| vec![tour.at(busiest_share(n(pair), 2)), busiest.at(n(pair), 2)])
            .collect();
        let more: Vec<f64> = pairs
            .iter()
            .zip(&rows)
            .map(|(pair, row)| (rhythm.tour(pair) - row[0]).max(0.0))
            .collect();
        // which are threads of one process here
        let each = |s: &Sample| (s.peak - s.before) / s.ranks as f64 - s.levels;
        let square = power.filter(|power| *power == 2);
        let rooms: Vec<Vec<f64>> =
            samples.iter().map(|s| Ranks::room(square, n(s), n(s) / s.ranks as f64)).collect();
        let memory = fit(&rooms, &samples.iter().map(each).collect::<Vec<_>>());
        Ranks { sent: sent(false), divided, telling, waits: fit(&rows, &more), memory, busiest }
    }
}
