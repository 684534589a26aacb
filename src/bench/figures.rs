//! What is measured of a case.

use crate::measure::{Latency, LiveReport};
use serde::{Deserialize, Serialize};

/// A number that is measured of a case.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Its key in files.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Whether more of it is better, less is, or neither.
    pub better: Option<bool>,
}

const fn figure(
    name: &'static str,
    unit: &'static str,
    about: &'static str,
    better: Option<bool>,
) -> Figure {
    Figure { name, unit, about, better }
}

const MORE: Option<bool> = Some(true);
const LESS: Option<bool> = Some(false);

/// All figures, in the order of a [`Sample`].
pub const FIGURES: [Figure; 21] = [
    figure("tasks_per_second", "1/s", "Tasks that agents do", MORE),
    figure("learnings_per_second", "1/s", "Learnings that are merged", MORE),
    figure("publications_per_second", "1/s", "Cores that are published", None),
    figure("merge_p50", "s", "From due to merged, median", LESS),
    figure("merge_p90", "s", "From due to merged, 9 in 10", LESS),
    figure("merge_p99", "s", "From due to merged, 99 in 100", LESS),
    figure("merge_p999", "s", "From due to merged, 999 in 1,000", LESS),
    figure("merge_max", "s", "From due to merged, the longest", None),
    figure("pull_p50", "s", "From publication to pull, median", LESS),
    figure("pull_p90", "s", "From publication to pull, 9 in 10", LESS),
    figure("pull_p99", "s", "From publication to pull, 99 in 100", LESS),
    figure("pull_p999", "s", "From publication to pull, 999 in 1,000", LESS),
    figure("pull_max", "s", "From publication to pull, the longest", None),
    figure("wait_share", "", "Share of agents' time in which they wait for room", None),
    figure("lock_share", "", "Share of worker threads' time in which they wait for a lock", LESS),
    figure("sleeps_per_second", "1/s", "Times that a worker thread sleeps for want of work", None),
    figure("steals_per_second", "1/s", "Tasks that worker threads take from each other", None),
    figure("busy_share", "", "Share of worker threads' time at work", None),
    figure("bytes_per_agent", "B", "Memory that the fleet takes, an agent", LESS),
    figure("spawn_seconds", "s", "Time to start all agents", LESS),
    figure("seconds", "s", "Time that was measured", None),
];

/// What a case came to once, a number for each of [`FIGURES`]; what does not exist is NaN.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample(pub [f64; FIGURES.len()]);

impl Sample {
    /// A sample of `seconds` seconds: tasks, learnings, publications.
    pub(super) fn new(seconds: f64, [tasks, learnings, publications]: [u64; 3]) -> Self {
        let mut values = [f64::NAN; FIGURES.len()];
        values[0] = tasks as f64 / seconds;
        values[1] = learnings as f64 / seconds;
        values[2] = publications as f64 / seconds;
        values[FIGURES.len() - 1] = seconds;
        Sample(values)
    }

    /// The same with a figure by its name.
    pub(super) fn with(mut self, name: &str, value: f64) -> Self {
        if let Some(at) = FIGURES.iter().position(|figure| figure.name == name) {
            self.0[at] = value;
        }
        self
    }

    /// The same with what free agents saw, of so many on so many threads.
    pub(super) fn with_report(mut self, live: &LiveReport, agents: u32, threads: u32) -> Self {
        let put = |values: &mut [f64], times: &Latency| {
            values.copy_from_slice(&[times.p50, times.p90, times.p99, times.p999, times.max]);
        };
        if live.to_merge.number > 0 {
            put(&mut self.0[3..8], &live.to_merge);
        }
        if live.to_pull.number > 0 {
            put(&mut self.0[8..13], &live.to_pull);
        }
        let threads = f64::from(threads) * live.seconds;
        let steals = live.steals.map_or(f64::NAN, |steals| steals as f64 / live.seconds);
        self.with("wait_share", live.wait_seconds / (f64::from(agents) * live.seconds))
            .with("lock_share", live.lock_seconds / threads)
            .with("sleeps_per_second", live.parks as f64 / live.seconds)
            .with("steals_per_second", steals)
            .with("busy_share", live.busy_seconds / threads)
            .with("spawn_seconds", live.spawn_seconds)
    }

    /// A figure by its name.
    pub fn get(&self, name: &str) -> f64 {
        FIGURES.iter().position(|figure| figure.name == name).map_or(f64::NAN, |at| self.0[at])
    }
}

/// As a list with null for NaN.
impl Serialize for Sample {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|x| x.is_finite().then_some(*x)))
    }
}

impl<'de> Deserialize<'de> for Sample {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values: Vec<Option<f64>> = Vec::deserialize(deserializer)?;
        let values: Vec<f64> = values.into_iter().map(|x| x.unwrap_or(f64::NAN)).collect();
        let number = values.len();
        let wrong = |_| serde::de::Error::invalid_length(number, &"one number a figure");
        Ok(Sample(values.try_into().map_err(wrong)?))
    }
}
