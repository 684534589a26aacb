//! Intervals by resampling the panel: how far a figure would move had other agents of the same
//! fleet been measured (Efron 1979, "Bootstrap methods: another look at the jackknife").

use super::Adoption;
use super::adoption::evenly;
use super::fits::{Fit, Interval};
use crate::stream::{Purpose, Stream};

/// Resamples of a panel: how often each agent was drawn in each.
///
/// `resamples × agents` counts of four bytes. The same draws serve every skill, so that skills
/// can be compared on the same resampled panels.
#[derive(Clone, Debug)]
pub struct Resamples {
    agents: usize,
    /// `resamples × agents`.
    counts: Vec<u32>,
}

impl Resamples {
    /// Draws `resamples` panels of `agents` agents with replacement, from the streams that
    /// `seed` names.
    pub fn draw(seed: u64, agents: usize, resamples: usize) -> Self {
        let mut counts = vec![0; agents * resamples];
        for (b, counts) in counts.chunks_mut(agents.max(1)).enumerate() {
            let mut stream = Stream::new(seed, Purpose::Bootstrap, b as u32, 0);
            for _ in 0..agents {
                counts[stream.below(agents as u32) as usize] += 1;
            }
        }
        Resamples { agents, counts }
    }

    /// The counts of each resample, an agent after the other.
    pub fn panels(&self) -> impl Iterator<Item = &[u32]> {
        self.counts.chunks(self.agents.max(1))
    }

    /// Gives fits of one adoption curve their intervals: each law is fitted again to the curve of
    /// every resample, at `points` measured rounds at most, by two Gauss-Newton steps from the fit
    /// (the k-step bootstrap of Andrews 2002, whose error is far below a resample's own scatter
    /// from `k = 2` on). A fit from which the steps of more than a tenth of the resamples lead
    /// nowhere gets none.
    ///
    /// Costs two passes over the points a resample and fit, and one over the adoption.
    ///
    /// # Panics
    /// If the adoption is of another number of agents.
    pub fn intervals(&self, adoption: &Adoption, points: usize, fits: &mut [Fit]) {
        let rounds = adoption.rounds();
        if rounds.is_empty() {
            // a run may be cut short before anything was measured
            return;
        }
        assert_eq!(adoption.agents(), self.agents, "a resample is of the panel measured");
        let kept: Vec<usize> = evenly(rounds.len(), points).collect();
        let (mut holds, mut probed) = (Vec::new(), Vec::new());
        let mut curve = Vec::with_capacity(kept.len());
        let mut found = vec![<[Vec<f64>; 3]>::default(); fits.len()];
        let enough = self.panels().count().div_ceil(10) * 9;
        for counts in self.panels() {
            adoption.count(counts, &mut holds, &mut probed);
            let known = kept.iter().filter(|&&t| probed[t] > 0);
            curve.clear();
            curve.extend(known.map(|&t| (rounds[t], f64::from(holds[t]) / f64::from(probed[t]))));
            for (fit, found) in fits.iter().zip(&mut found) {
                let Some(again) = fit.again(&curve, 2) else { continue };
                found.iter_mut().zip(again).for_each(|(values, value)| values.push(value));
            }
        }
        for (fit, found) in fits.iter_mut().zip(found) {
            if !found[0].is_empty() && found[0].len() >= enough {
                fit.intervals = Some(found.map(|mut values| interval(&mut values, 0.95)));
            }
        }
    }
}

/// The interval that holds the middle `share` of the values (the percentile interval; Efron &
/// Tibshirani 1993, chapter 13), on the line between neighbours. Sorts them; NaN of nothing.
pub fn interval(values: &mut [f64], share: f64) -> Interval {
    values.sort_by(f64::total_cmp);
    let at = |part: f64| quantile(values, part);
    Interval { low: at(0.5 - 0.5 * share), high: at(0.5 + 0.5 * share) }
}

/// The value below which a share of sorted ones lies, on the line between neighbours; NaN of
/// nothing.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * sorted.len().saturating_sub(1) as f64;
    let below = place as usize;
    let Some(&low) = sorted.get(below) else { return f64::NAN };
    let high = *sorted.get(below + 1).unwrap_or(&low);
    low + (high - low) * (place - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::ln;
    use crate::measure::spread::Law;

    #[test]
    fn a_resample_draws_as_many_agents_as_there_are() {
        let resamples = Resamples::draw(3, 10, 200);
        let sums: Vec<u32> = resamples.counts.chunks(10).map(|c| c.iter().sum()).collect();
        assert_eq!(sums, [10; 200]);
        // one agent is left out of a resample with probability (9/10)^10 = 0.349: of 2000
        // cells 697 with a standard deviation below 22
        let out = resamples.counts.iter().filter(|&&n| n == 0).count();
        assert!(out.abs_diff(697) < 88, "{out}");
        assert!(Resamples::draw(3, 0, 200).counts.is_empty());
    }

    #[test]
    fn an_interval_holds_the_middle_of_the_values() {
        let mut values: Vec<f64> = (0..=200).rev().map(f64::from).collect();
        let got = interval(&mut values, 0.95);
        assert!((got.low - 5.0).abs() < 1e-9 && (got.high - 195.0).abs() < 1e-9, "{got:?}");
        assert_eq!(interval(&mut [4.0], 0.95), Interval { low: 4.0, high: 4.0 });
        assert!(interval(&mut [], 0.95).low.is_nan());
    }

    /// Panels of agents that adopt at independent times from a law: its parameters lie in the
    /// 95 % intervals about 95 times of 100.
    fn coverage(law: Law, truth: [f64; 3], inverse: impl Fn(f64) -> f64) -> [f64; 3] {
        let (panels, agents, rounds) = (200, 150, 31);
        let mut held = [0.0; 3];
        for panel in 0..panels {
            let mut stream = Stream::new(11, Purpose::Job, panel, 0);
            let mut levels = Vec::new();
            for _ in 0..agents {
                let share = stream.uniform() / truth[2];
                let at = if share < 1.0 { inverse(share) } else { f64::INFINITY };
                levels.extend((0..rounds).map(|t| if f64::from(t) >= at { 1.0 } else { 0.0 }));
            }
            let times = (0..rounds).map(f64::from).collect();
            let adoption = Adoption::from_levels(times, levels.into_iter(), 0.5);
            let mut fit = [Fit::of(law, &adoption.curve()).unwrap()];
            Resamples::draw(panel.into(), agents, 200).intervals(&adoption, 64, &mut fit);
            let intervals = fit[0].intervals.unwrap();
            for i in 0..3 {
                held[i] += f64::from(u8::from(intervals[i].holds(truth[i])));
            }
        }
        held.map(|n| n / f64::from(panels))
    }

    /// Four standard errors of a share of 0.95 over 200 panels: 0.062. A bootstrap of 150 agents
    /// is itself a little narrow; half as wide an interval would hold the truth 67 times of 100.
    #[test]
    fn logistic_intervals_hold_the_truth_as_often_as_they_say() {
        let truth = [0.5, 12.0, 0.8];
        let shares = coverage(Law::Logistic, truth, |u| truth[1] + ln(u / (1.0 - u)) / truth[0]);
        println!("{shares:?}");
        assert!(shares.iter().all(|share| (share - 0.95).abs() <= 0.062), "{shares:?}");
    }

    #[test]
    fn bass_intervals_hold_the_truth_as_often_as_they_say() {
        let truth = [0.03, 0.3, 0.9];
        let [p, q, _] = truth;
        let inverse = |u: f64| -ln((1.0 - u) / (1.0 + q / p * u)) / (p + q);
        let shares = coverage(Law::Bass, truth, inverse);
        println!("{shares:?}");
        assert!(shares.iter().all(|share| (share - 0.95).abs() <= 0.062), "{shares:?}");
    }
}
