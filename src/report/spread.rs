//! How skill lies over the panel: adoption of every skill, and the agents' levels on their
//! own jobs. Computed from all frames and the whole panel, before anything is thinned.

use crate::measure::{Frame, Trace};

/// Bins of the histograms: from [`BINS_FROM`] in steps of [`BIN`], both ends open.
pub(super) const BINS: usize = 26;
/// Lower edge of the first bin.
pub(super) const BINS_FROM: f64 = -0.25;
/// Width of a bin, in levels.
pub(super) const BIN: f64 = 0.05;
/// The quantiles that are drawn over rounds.
pub(super) const QUANTILES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// Share of the panel at or above `adopted`, a skill: NaN where no agent has a level.
/// Costs `panel × skills`.
pub(super) fn adoption(frame: &Frame, skills: usize, adopted: f64) -> Vec<f64> {
    let mut above = vec![0u32; skills];
    let mut known = vec![0u32; skills];
    if skills == 0 {
        return Vec::new();
    }
    for row in frame.panel.chunks_exact(skills) {
        for (s, &level) in row.iter().enumerate() {
            known[s] += u32::from(level.is_finite());
            above[s] += u32::from(f64::from(level) >= adopted);
        }
    }
    above.iter().zip(&known).map(|(&a, &k)| f64::from(a) / f64::from(k)).collect()
}

/// The first measured round at which each skill was held by at least `share` of the panel.
pub(super) fn times(rounds: &[u32], shares: &[Vec<f64>], skill: usize, share: f64) -> Option<u32> {
    rounds.iter().zip(shares).find(|(_, s)| s.get(skill).is_some_and(|&x| x >= share)).map(|p| *p.0)
}

/// Each panel agent's level on its own job: the mean of its levels, weighted by the skills'
/// shares in its work, over the skills that have a level. NaN where none has.
pub(super) fn own_levels(trace: &Trace, frame: &Frame) -> Vec<f64> {
    let skills = trace.skills.len();
    let own = |(i, member): (usize, &crate::measure::PanelMember)| {
        let row = &frame.panel[i * skills..(i + 1) * skills];
        let (mut sum, mut weight) = (0.0, 0.0);
        for (&level, &share) in row.iter().zip(&member.job) {
            if level.is_finite() {
                sum += f64::from(level) * f64::from(share);
                weight += f64::from(share);
            }
        }
        sum / weight
    };
    trace.panel.iter().enumerate().map(own).collect()
}

/// How many of the levels lie in each bin.
pub(super) fn histogram(levels: &[f64]) -> Vec<u32> {
    let mut counts = vec![0u32; BINS];
    for level in levels.iter().filter(|x| x.is_finite()) {
        // The half of a thousandth keeps 0.3 in [0.30, 0.35) in spite of binary fractions.
        let bin = ((level - BINS_FROM + 0.0005) / BIN).floor().clamp(0.0, (BINS - 1) as f64);
        counts[bin as usize] += 1;
    }
    counts
}

/// The [`QUANTILES`] of the levels, linearly interpolated; empty where there is no level.
pub(super) fn quantiles(levels: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = levels.iter().copied().filter(|x| x.is_finite()).collect();
    if sorted.is_empty() {
        return Vec::new();
    }
    sorted.sort_by(f64::total_cmp);
    let at = |q: f64| {
        let place = q * (sorted.len() - 1) as f64;
        let below = place.floor() as usize;
        let above = (below + 1).min(sorted.len() - 1);
        sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
    };
    QUANTILES.iter().map(|&q| at(q)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adoption_counts_only_agents_with_a_level() {
        let frame = Frame {
            round: 0,
            panel: vec![0.6, f32::NAN, 0.4, 0.9],
            core: vec![],
            practised: vec![],
            adopters: vec![],
        };
        assert_eq!(adoption(&frame, 2, 0.5), vec![0.5, 1.0]);
    }

    #[test]
    fn a_level_on_an_edge_falls_in_the_bin_above() {
        let counts = histogram(&[0.0, 0.3, 1.0, -3.0, 9.0, f64::NAN]);
        assert_eq!((counts[5], counts[11], counts[25], counts[0]), (1, 1, 2, 1));
        assert_eq!(counts.iter().sum::<u32>(), 5);
    }

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantiles(&[1.0, 0.0, f64::NAN])[2], 0.5);
        assert!(quantiles(&[f64::NAN]).is_empty());
    }
}
