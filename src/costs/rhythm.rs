//! Means over the rounds of a run of what was seen of a pilot's.

use super::pilot::{Lap, Sample};
use crate::bench::Spread;
use serde::Serialize;

/// How often rounds are measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Rhythm {
    pub rounds: u32,
    pub every: u32,
}

impl Rhythm {
    /// The mean over all rounds of what a pilot saw of some, of which `special` are those like the
    /// measured ones.
    fn mean(self, laps: &[Lap], special: impl Fn(usize) -> bool, get: impl Fn(&Lap) -> f64) -> f64 {
        let Some(first) = laps.first().map(&get) else { return 0.0 };
        let later = |is: bool| {
            let laps = laps.iter().enumerate().skip(1).filter(|(at, _)| special(*at) == is);
            let median = Spread::of(laps.map(|(_, lap)| get(lap))).median;
            (!median.is_nan()).then_some(median)
        };
        let (measured, plain) = (later(true), later(false));
        let (Some(measured), Some(plain)) = (measured.or(plain), plain.or(measured)) else {
            return first;
        };
        let rest = f64::from(self.rounds.saturating_sub(1));
        let often = f64::from(self.rounds.saturating_sub(1) / self.every.max(1));
        (first + often * measured + (rest - often) * plain) / (rest + 1.0)
    }

    pub fn tour(self, sample: &Sample) -> f64 {
        self.mean(&sample.laps, |at| sample.laps[at].measured, |lap| lap.tour)
    }

    /// What is made of a merge is looked at where the core that comes of it is measured.
    pub fn merge(self, sample: &Sample) -> f64 {
        let next = |at: usize| sample.laps.get(at + 1).is_none_or(|lap| lap.measured);
        self.mean(&sample.laps, next, |lap| lap.merge)
    }

    pub fn bytes(self, sample: &Sample, get: impl Fn(&Lap) -> f64) -> f64 {
        self.mean(&sample.laps, |at| sample.laps[at].measured, get)
    }

    /// Cores that are measured.
    pub fn frames(self) -> f64 {
        f64::from(self.rounds / self.every.max(1) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_over_a_run_count_measured_rounds_as_often_as_they_come() {
        let lap = |measured, tour| Lap { measured, tour, ..Lap::default() };
        let laps = vec![lap(true, 9.0), lap(false, 1.0), lap(true, 3.0), lap(false, 1.0)];
        let sample = Sample { laps, ..Sample::default() };
        // the first, 4 more measured and 5 not
        let rhythm = Rhythm { rounds: 10, every: 2 };
        assert!((rhythm.tour(&sample) - (9.0 + 4.0 * 3.0 + 5.0) / 10.0).abs() < 1e-12);
        assert_eq!(Rhythm { rounds: 1, every: 1 }.tour(&sample), 9.0);
    }
}
