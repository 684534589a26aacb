//! Competition of several hives: who leads, how often that changes, and whether one runs away.

use super::spread::Curve;
use crate::maths::{exp, ln};

/// Who leads at each time: the hive with the highest skill, and while several have it the one that
/// led before (at first the first). `skills` holds a curve of values a hive, all of one length.
pub fn leaders(skills: &[&[f64]]) -> Vec<usize> {
    let times = skills.iter().map(|curve| curve.len()).min().unwrap_or(0);
    let mut leader = 0;
    let at = |t: usize| {
        for (hive, curve) in skills.iter().enumerate() {
            if curve[t] > skills[leader][t] {
                leader = hive;
            }
        }
        leader
    };
    (0..times).map(at).collect()
}

/// How often the leader changes.
pub fn leader_changes(leaders: &[usize]) -> usize {
    leaders.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

/// Market shares that follow skill, `softmax(θ x)`: the multinomial logit of buyers to whom a
/// hive is worth its skill (McFadden 1974). `θ = 0` makes all equal, a large one gives the leader
/// everything.
pub fn shares(skills: &[f64], theta: f64) -> Vec<f64> {
    let highest = skills.iter().fold(f64::NEG_INFINITY, |h, x| h.max(theta * x));
    let weights: Vec<f64> = skills.iter().map(|x| exp(theta * x - highest)).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|w| w / total).collect()
}

/// The Herfindahl-Hirschman index of shares, `Σ s²` (Hirschman 1964, "The paternity of an index"):
/// `1/n` where all of `n` are equal, 1 where one has everything. Shares are divided by their sum.
pub fn herfindahl(shares: &[f64]) -> f64 {
    let total: f64 = shares.iter().sum();
    shares.iter().map(|s| s / total * (s / total)).sum()
}

/// How far the largest share has run away: `(s_max − 1/n) / (1 − 1/n)`, 0 where all are equal, 1
/// where one has everything. That it stays above 0 as time goes on is lock-in by increasing
/// returns (Arthur 1989, "Competing technologies, increasing returns, and lock-in by historical
/// events"). NaN of fewer than two.
pub fn runaway(shares: &[f64]) -> f64 {
    let total: f64 = shares.iter().sum();
    let even = 1.0 / shares.len() as f64;
    let largest = shares.iter().fold(f64::NEG_INFINITY, |h, s| h.max(s / total));
    (largest - even) / if shares.len() > 1 { 1.0 - even } else { f64::NAN }
}

/// The rate at which a gap between two hives grows, a unit of time: the slope of `ln |gap|` by
/// least squares (the Lyapunov exponent of their difference, as long as it is small). Above 0
/// they part, below they come together. Gaps of 0 or NaN do not count; NaN of fewer than two.
pub fn gap_growth(times: &[f64], gaps: &[f64]) -> f64 {
    let points: Vec<(f64, f64)> = times
        .iter()
        .zip(gaps)
        .filter(|(_, gap)| gap.abs() > 0.0)
        .map(|(t, gap)| (*t, ln(gap.abs())))
        .collect();
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (t, y) = (mean(|p| p.0), mean(|p| p.1));
    let (products, squares) = points.iter().fold((0.0, 0.0), |(product, square), p| {
        (product + (p.0 - t) * (p.1 - y), square + (p.0 - t) * (p.0 - t))
    });
    products / squares
}

/// How long a follower needs to come to where the leader is at time `from`: its first time at
/// that skill, less `from`; 0 where it has been there before, none where it never comes there.
/// Curves are taken on the lines between their points.
pub fn catch_up(leader: &Curve, follower: &Curve, from: f64) -> Option<f64> {
    let after = leader.points().find(|(t, _)| *t >= from)?;
    let before = leader.points().take_while(|(t, _)| *t < from).last();
    let level = match before {
        Some((t, v)) => v + (after.1 - v) * (from - t) / (after.0 - t),
        None if after.0 > from => return None,
        None => after.1,
    };
    Some((follower.time_to(level)? - from).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::{acos, tanh};
    use crate::stream::{Purpose, Stream};

    #[test]
    fn a_leader_stays_one_until_another_is_better() {
        let skills: [&[f64]; 3] =
            [&[1.0, 2.0, 2.0, 5.0], &[1.0, 3.0, 2.0, 4.0], &[0.0, 3.0, 2.0, 4.5]];
        let leaders = leaders(&skills);
        assert_eq!(leaders, [0, 1, 1, 0]);
        assert_eq!(leader_changes(&leaders), 2);
        assert_eq!(leader_changes(&super::leaders(&[])), 0);
    }

    /// A stationary Gaussian gap with correlation ρ = e^−λΔ from one look to the next changes
    /// its sign with probability arccos(ρ)/π.
    #[test]
    fn leads_change_by_the_arccosine_law() {
        let looks = 400_000;
        let rho = exp(-0.2);
        let mut stream = Stream::new(4, Purpose::Job, 0, 0);
        let mut gap = stream.normal();
        let gaps: Vec<f64> = (0..looks)
            .map(|_| {
                gap = rho * gap + (1.0 - rho * rho).sqrt() * stream.normal();
                gap
            })
            .collect();
        let changes = leader_changes(&leaders(&[&gaps, &vec![0.0; looks]]));
        let got = changes as f64 / (looks - 1) as f64;
        let law = acos(rho) / std::f64::consts::PI;
        // independent changes would have a standard error of 0.3 %; 2 % leaves room for their
        // correlation
        assert!((got / law - 1.0).abs() < 0.02, "{got}, not {law}");
    }

    #[test]
    fn shares_concentrate_as_buyers_mind_skill_more() {
        assert_eq!(shares(&[1.0, 5.0], 0.0), [0.5, 0.5]);
        let got = shares(&[0.0, ln(3.0)], 1.0);
        assert!((got[1] - 0.75).abs() < 1e-12, "{got:?}");
        // far beyond what an exponential holds
        assert_eq!(shares(&[1.0, 2.0], 1e6), [0.0, 1.0]);
        assert!((herfindahl(&got) - 0.625).abs() < 1e-12);
        assert!((runaway(&got) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn concentration_runs_from_even_shares_to_one_that_has_all() {
        assert!((herfindahl(&[3.0; 4]) - 0.25).abs() < 1e-12 && runaway(&[3.0; 4]).abs() < 1e-12);
        assert_eq!((herfindahl(&[0.0, 2.0]), runaway(&[0.0, 2.0])), (1.0, 1.0));
        assert!(runaway(&[1.0]).is_nan());
    }

    /// Two labs whose skill x grows at rate φ·share and leaks at rate λ; shares are softmax(θx).
    /// Their gap g obeys g' = φ tanh(θg/2) − λg: it closes if φθ/2 < λ, at rate φθ/2 − λ.
    #[test]
    fn a_lead_runs_away_where_the_flywheel_beats_the_leak() {
        let (theta, leak) = (2.0, 0.1);
        for (flywheel, parts) in [(0.05, false), (0.08, false), (0.12, true), (0.2, true)] {
            let (mut gap, step) = (1e-3, 0.01);
            let gaps: Vec<f64> = (0..2000)
                .map(|_| {
                    gap += step * (flywheel * tanh(theta * gap / 2.0) - leak * gap);
                    gap
                })
                .collect();
            let times: Vec<f64> = (0..2000).map(|t| f64::from(t) * step).collect();
            let growth = gap_growth(&times, &gaps);
            // the gap stays below 0.01: tanh is linear to 1e-4, Euler's steps to 1e-5
            assert!((growth - (flywheel * theta / 2.0 - leak)).abs() < 1e-4, "{growth}");
            let end = runaway(&shares(&[gap, 0.0], theta));
            let start = runaway(&shares(&[1e-3, 0.0], theta));
            assert_eq!(end > start, parts, "{start} to {end}");
        }
    }

    #[test]
    fn a_follower_catches_up_when_it_is_where_the_leader_was() {
        let times: Vec<f64> = (0..6).map(f64::from).collect();
        let leader = Curve { times: times.clone(), values: vec![0.0, 2.0, 4.0, 6.0, 8.0, 10.0] };
        let follower = Curve { times, values: vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0] };
        assert_eq!(catch_up(&leader, &follower, 2.0), Some(2.0));
        assert_eq!(catch_up(&leader, &follower, 1.5), Some(1.5));
        assert_eq!(catch_up(&leader, &follower, 3.0), None);
        assert_eq!(catch_up(&follower, &leader, 4.0), Some(0.0));
        assert_eq!(catch_up(&leader, &follower, -1.0), None);
    }
}
