//! Inequality of skill and practice: who has how much, of how many things.

use super::{Frame, skill};
use crate::maths::log2;

/// How unequally skill and practice lie over a panel at one core.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inequality {
    /// [`gini`] of the agents' levels on their own jobs, levels below chance counted as chance.
    pub gini_skill: f64,
    /// [`gini`] of the tasks that agents have done.
    pub gini_practice: f64,
    /// Mean over the agents that have worked of the [`entropy`] of their practice over skills,
    /// bits.
    pub practice_entropy: f64,
    /// Mean over the same agents of their [`specialisation`].
    pub specialisation: f64,
    /// Share of the probed skills that at least one agent of the panel holds.
    pub covered: f64,
    /// Share of the probed skills that at least half of the probed agents hold.
    pub covered_by_half: f64,
}

impl Inequality {
    /// Inequality at a frame of a panel with the given jobs, a skill being held at level
    /// `adopted`. NaN where there is nothing to compare. Costs a pass over the frame.
    pub fn of<'a>(
        frame: &Frame,
        jobs: impl ExactSizeIterator<Item = &'a [f32]>,
        adopted: f64,
    ) -> Self {
        let agents = jobs.len();
        let skills = frame.panel.len() / agents.max(1);
        let rows = frame.panel.chunks(skills.max(1));
        let levels: Vec<f64> = rows
            .zip(jobs)
            .map(|(own, job)| skill::on_job(own, job))
            .filter(|level| !level.is_nan())
            .map(|level| level.max(0.0))
            .collect();
        let practice: Vec<&[u64]> = frame.practised.chunks(skills.max(1)).collect();
        let tasks: Vec<f64> = practice.iter().map(|n| n.iter().sum::<u64>() as f64).collect();
        let mean = |of: fn(&[u64]) -> f64| skill::mean(practice.iter().map(|tasks| of(tasks)));
        let (mut any, mut half, mut probed) = (0.0, 0.0, 0.0);
        for s in 0..skills {
            let column = || frame.panel.iter().skip(s).step_by(skills);
            let known = column().filter(|level| !level.is_nan()).count();
            let held = column().filter(|level| f64::from(**level) >= adopted).count();
            probed += f64::from(u8::from(known > 0));
            any += f64::from(u8::from(held > 0));
            half += f64::from(u8::from(held > 0 && 2 * held >= known));
        }
        Inequality {
            gini_skill: gini(&levels),
            gini_practice: gini(&tasks),
            practice_entropy: mean(entropy),
            specialisation: mean(specialisation),
            covered: any / probed,
            covered_by_half: half / probed,
        }
    }
}

/// The Gini coefficient of amounts that are not negative, with the small-sample correction:
/// 0 where all have the same, 1 where one has everything, whatever their number.
///
/// ```text
/// G = Σ_i (2i − n − 1) x_(i) / ((n − 1) Σ x),   x_(1) ≤ … ≤ x_(n)
/// ```
///
/// which is half the mean difference between two different members over the mean (Gini 1912;
/// the factor n/(n − 1) on the population's formula: Deltas 2003, "The small-sample bias of the
/// Gini coefficient"). NaN of fewer than two, or where nobody has anything.
pub fn gini(amounts: &[f64]) -> f64 {
    let mut sorted = amounts.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let ranked = sorted.iter().enumerate().map(|(i, x)| (2.0 * (i as f64 + 1.0) - n - 1.0) * x);
    ranked.sum::<f64>() / ((n - 1.0) * sorted.iter().sum::<f64>())
}

/// Shannon's entropy of counts, `−Σ p log₂ p`, in bits (Shannon 1948): 0 where all is of one kind,
/// `log₂ S` where `S` kinds are equally frequent. NaN of nothing.
pub fn entropy(counts: &[u64]) -> f64 {
    let total = counts.iter().sum::<u64>() as f64;
    if total == 0.0 {
        return f64::NAN;
    }
    let part = |&n: &u64| n as f64 / total;
    counts.iter().filter(|n| **n > 0).map(part).map(|p| -p * log2(p)).sum()
}

/// How far counts over `S` kinds are from even: `1 − H / log₂ S`, 1 for a specialist that does one
/// thing alone, 0 for a generalist that does everything equally (one less Pielou's evenness;
/// Pielou 1966, "The measurement of diversity in different types of biological collections").
/// NaN where nothing was done, or there is one kind alone.
pub fn specialisation(counts: &[u64]) -> f64 {
    1.0 - entropy(counts) / if counts.len() > 1 { log2(counts.len() as f64) } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, want: f64) {
        assert!((got - want).abs() < 1e-12, "{got}, not {want}");
    }

    /// By definition: half the mean difference of two different members over the mean.
    #[test]
    fn gini_is_half_the_relative_mean_difference() {
        close(gini(&[3.0; 7]), 0.0);
        close(gini(&[0.0, 0.0, 0.0, 5.0]), 1.0);
        close(gini(&[0.0, 1.0]), 1.0);
        close(gini(&[4.0, 1.0, 3.0, 2.0]), (1.0 + 2.0 + 3.0 + 1.0 + 2.0 + 1.0) / 6.0 / 2.0 / 2.5);
        assert!(gini(&[]).is_nan() && gini(&[1.0]).is_nan() && gini(&[0.0, 0.0]).is_nan());
        // the share of one of 1..=n, without the correction (n+1)/(3n) − 1/n… : (n+1)/3n
        let uniform: Vec<f64> = (1..=100).map(f64::from).collect();
        close(gini(&uniform), 101.0 / 300.0 / (101.0 / 100.0));
    }

    #[test]
    fn entropy_counts_equal_kinds_in_bits() {
        close(entropy(&[5, 5, 5, 5]), 2.0);
        close(entropy(&[9, 0, 0]), 0.0);
        close(entropy(&[2, 1, 1]), 1.5);
        assert!(entropy(&[0, 0]).is_nan() && entropy(&[]).is_nan());
    }

    #[test]
    fn a_specialist_is_one_and_a_generalist_nothing() {
        close(specialisation(&[7, 0, 0, 0]), 1.0);
        close(specialisation(&[3, 3, 3, 3]), 0.0);
        close(specialisation(&[2, 1, 1, 0]), 0.25);
        assert!(specialisation(&[4]).is_nan() && specialisation(&[0, 0]).is_nan());
    }

    /// Four agents, three skills; the last has no probe of the third and has not worked.
    #[test]
    fn a_frame_by_hand() {
        #[rustfmt::skip]
        let panel = vec![
            0.5, 0.0, 0.0,
            0.9, 0.7, 0.1,
            0.1, 0.6, 0.4,
            -0.3, 0.1, f32::NAN,
        ];
        let practised = vec![8, 0, 0, 2, 2, 0, 1, 1, 2, 0, 0, 0];
        let frame = Frame { round: 3, core: vec![0.0; 12], panel, practised, adopters: Vec::new() };
        let jobs: [[f32; 3]; 4] =
            [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]];
        let got = Inequality::of(&frame, jobs.iter().map(|job| &job[..]), 0.5);
        // own-job levels 0.5, 0.8, 0.4 and 0 (below chance): Σ (2i − 5) x = −0.4 + 0.5 + 2.4
        assert!((got.gini_skill - 2.5 / (3.0 * 1.7)).abs() < 1e-7, "{got:?}");
        // tasks 0, 4, 4, 8
        close(got.gini_practice, 24.0 / (3.0 * 16.0));
        close(got.practice_entropy, (0.0 + 1.0 + 1.5) / 3.0);
        close(got.specialisation, 1.0 - 2.5 / 3.0 / log2(3.0));
        // s0 and s1 are held by two of four each, s2 by none of three
        close(got.covered, 2.0 / 3.0);
        close(got.covered_by_half, 2.0 / 3.0);
    }

    #[test]
    fn nothing_measured_is_no_number() {
        let frame =
            Frame { round: 0, panel: vec![], core: vec![], practised: vec![], adopters: vec![] };
        let got = Inequality::of(
            &frame,
            std::iter::empty::<&[f32]>().collect::<Vec<_>>().into_iter(),
            0.5,
        );
        assert!(got.covered.is_nan() && got.gini_skill.is_nan() && got.practice_entropy.is_nan());
    }
}
