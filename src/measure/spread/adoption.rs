//! Adoption: who of a panel holds a skill at each measured round, and the curve that this makes.

use crate::measure::Frame;

/// Who holds one skill when, over a panel.
///
/// Two bytes an agent and measured round, agent by agent, so that a resampled curve is a sum of
/// rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Adoption {
    rounds: Vec<f64>,
    /// 1 where the agent's level is at or above the adoption level, `agents × rounds`.
    holds: Vec<u8>,
    /// 1 where there is a probe, `agents × rounds`.
    probed: Vec<u8>,
    /// Whether all are probed at all times.
    whole: bool,
}

impl Adoption {
    /// Adoption of skill `skill` of `skills` at level `adopted`, from frames of `agents × skills`
    /// levels.
    pub fn of(frames: &[Frame], skills: usize, skill: usize, adopted: f64) -> Self {
        let rounds = frames.iter().map(|frame| f64::from(frame.round)).collect();
        let agents = frames.first().map_or(0, |frame| frame.panel.len() / skills.max(1));
        let levels = (0..agents)
            .flat_map(|agent| frames.iter().map(move |frame| frame.panel[agent * skills + skill]));
        Self::from_levels(rounds, levels, adopted)
    }

    /// Adoption from levels `agents × rounds`, agent by agent; NaN where there is no probe.
    pub fn from_levels(rounds: Vec<f64>, levels: impl Iterator<Item = f32>, adopted: f64) -> Self {
        let (mut holds, mut probed) = (Vec::new(), Vec::new());
        for level in levels {
            holds.push(u8::from(f64::from(level) >= adopted));
            probed.push(u8::from(!level.is_nan()));
        }
        let whole = probed.iter().all(|&known| known > 0);
        Adoption { rounds, holds, probed, whole }
    }

    /// The measured rounds.
    pub fn rounds(&self) -> &[f64] {
        &self.rounds
    }

    /// Agents of the panel.
    pub fn agents(&self) -> usize {
        self.holds.len() / self.rounds.len().max(1)
    }

    /// Whether each agent holds the skill at the measured round of an index, in the order of the
    /// agents.
    pub(super) fn holders(&self, index: usize) -> impl Iterator<Item = bool> {
        self.holds.iter().skip(index).step_by(self.rounds.len().max(1)).map(|&h| h > 0)
    }

    /// The share of the probed agents that hold the skill, a measured round.
    pub fn curve(&self) -> Curve {
        let (mut holds, mut probed) = (Vec::new(), Vec::new());
        self.count(&vec![1; self.agents()], &mut holds, &mut probed);
        let shares = holds.iter().zip(&probed).map(|(&h, &n)| f64::from(h) / f64::from(n));
        Curve { times: self.rounds.clone(), values: shares.collect() }
    }

    /// The same where agent `i` counts `weights[i]` times: how many of how many hold the skill, a
    /// measured round.
    pub(super) fn count(&self, weights: &[u32], holds: &mut Vec<u32>, probed: &mut Vec<u32>) {
        let rounds = self.rounds.len();
        weigh(&self.holds, rounds, weights, holds);
        if self.whole {
            probed.clear();
            probed.resize(rounds, weights.iter().sum());
        } else {
            weigh(&self.probed, rounds, weights, probed);
        }
    }
}

/// The weighted sum of rows of zeros and ones, `weights × rounds`. Sums are at most that of the
/// weights, so that nothing wraps; said so, the loop vectorises.
fn weigh(cells: &[u8], rounds: usize, weights: &[u32], sums: &mut Vec<u32>) {
    sums.clear();
    sums.resize(rounds, 0);
    for (row, &weight) in cells.chunks_exact(rounds.max(1)).zip(weights).filter(|(_, w)| **w > 0) {
        for (sum, &cell) in sums.iter_mut().zip(row) {
            *sum = sum.wrapping_add(weight.wrapping_mul(u32::from(cell)));
        }
    }
}

/// Values at rising times, on straight lines in between. NaN where nothing was measured: the
/// line then goes over the gap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// Times, rising.
    pub times: Vec<f64>,
    /// A value a time.
    pub values: Vec<f64>,
}

impl Curve {
    /// The points that have a value.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        let points = self.times.iter().zip(&self.values);
        points.map(|(&t, &v)| (t, v)).filter(|(_, v)| !v.is_nan())
    }

    /// When the curve first came to `value`, on the line between the two points around it; its
    /// first time where it was there from the start, none where it never was.
    pub fn time_to(&self, value: f64) -> Option<f64> {
        let mut before: Option<(f64, f64)> = None;
        for (t, v) in self.points() {
            if v >= value {
                let Some((t0, v0)) = before else { return Some(t) };
                return Some(t0 + (value - v0) / (v - v0) * (t - t0));
            }
            before = Some((t, v));
        }
        None
    }

    /// At most `most` of its points with a value, evenly over them, the first and the last among
    /// them.
    pub fn thinned(&self, most: usize) -> Curve {
        let points: Vec<(f64, f64)> = self.points().collect();
        let (times, values) = evenly(points.len(), most).map(|i| points[i]).unzip();
        Curve { times, values }
    }
}

/// At most `most` of `0..n`, evenly over them, both ends among them.
pub(super) fn evenly(n: usize, most: usize) -> impl Iterator<Item = usize> {
    (0..n.min(most)).map(move |i| if n <= most { i } else { i * (n - 1) / (most - 1).max(1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(round: u32, panel: &[f32]) -> Frame {
        Frame {
            round,
            panel: panel.to_vec(),
            core: Vec::new(),
            practised: Vec::new(),
            adopters: Vec::new(),
        }
    }

    /// Three agents, two skills; the last has no probe of the second.
    #[test]
    fn a_curve_is_the_share_of_the_probed_agents_that_hold_the_skill() {
        let frames = [
            frame(0, &[0.1, 0.9, 0.2, 0.1, 0.3, f32::NAN]),
            frame(5, &[0.5, 0.9, 0.2, 0.6, 0.7, f32::NAN]),
        ];
        let first = Adoption::of(&frames, 2, 0, 0.5).curve();
        assert_eq!(first, Curve { times: vec![0.0, 5.0], values: vec![0.0, 2.0 / 3.0] });
        let second = Adoption::of(&frames, 2, 1, 0.5);
        assert_eq!(second.curve().values, [0.5, 1.0]);
        assert_eq!(second.agents(), 3);
        assert_eq!(second.holders(0).collect::<Vec<_>>(), [true, false, false]);
        // counted otherwise: the second agent three times
        let (mut holds, mut probed) = (vec![9], vec![]);
        second.count(&[1, 3, 5], &mut holds, &mut probed);
        assert_eq!((&holds[..], &probed[..]), (&[1, 4][..], &[4, 4][..]));
    }

    #[test]
    fn a_share_is_reached_on_the_line_between_two_rounds_or_never() {
        let curve = Curve {
            times: vec![0.0, 10.0, 15.0, 20.0, 30.0],
            values: vec![0.0, 0.2, f64::NAN, 0.6, 0.4],
        };
        assert_eq!(curve.time_to(0.1), Some(5.0));
        let half = curve.time_to(0.5).unwrap();
        assert!((half - 17.5).abs() < 1e-12, "{half}");
        assert_eq!(curve.time_to(0.9), None);
        assert_eq!(curve.time_to(0.0), Some(0.0));
        assert_eq!(Curve::default().time_to(0.0), None);
    }

    #[test]
    fn a_thinned_curve_keeps_its_ends() {
        let times: Vec<f64> = (0..1000).map(f64::from).collect();
        let thin = Curve { times: times.clone(), values: times }.thinned(64);
        assert_eq!((thin.times.len(), thin.times[0], thin.times[63]), (64, 0.0, 999.0));
        assert!(thin.times.windows(2).all(|w| w[0] < w[1]));
        assert_eq!(thin.thinned(64), thin);
    }
}
