//! Differences between two cases on the same seeds: their mean with an interval, how large they
//! are, and whether they may be luck.

use super::distributions::{normal_below, normal_quantile};
use super::ranks::ranks;
use crate::measure::mean;
use crate::measure::spread::{Interval, Resamples, quantile};
use serde::Serialize;

/// What the paired differences of two cases come to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Paired {
    /// Pairs that there are: seeds on which both have a number.
    pub pairs: usize,
    /// The mean of the differences.
    pub difference: f64,
    /// Its 95 % bootstrap interval; not a number of fewer than two pairs.
    pub interval: Interval,
    /// Cohen's `d_z = mean / standard deviation` of the differences (Cohen 1988, section 2.3); not
    /// a number where they do not scatter.
    pub d_z: f64,
    /// Cliff's delta: how much more often a run of the first is above one of the second than below
    /// it, over all couples of runs (Cliff 1993); from −1 to 1.
    pub cliffs_delta: f64,
    /// Two-sided p-value of Wilcoxon's signed-rank test.
    pub p: f64,
    /// The same corrected by Holm for all pairs of the contest.
    pub p_holm: f64,
}

impl Paired {
    /// Of the values of two cases, seed by seed; what is not a number is left out with its pair.
    /// `seed` names the streams of the bootstrap.
    pub fn of(a: &[f64], b: &[f64], seed: u64) -> Paired {
        let both = a.iter().zip(b).filter(|(a, b)| a.is_finite() && b.is_finite());
        let (a, b): (Vec<f64>, Vec<f64>) = both.unzip();
        let differences: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
        let difference = mean(differences.iter().copied());
        let p = wilcoxon(&differences);
        Paired {
            pairs: a.len(),
            difference,
            interval: bca(&differences, seed),
            d_z: difference / standard_deviation(&differences),
            cliffs_delta: cliffs_delta(&a, &b),
            p,
            p_holm: p,
        }
    }
}

/// With `n − 1`; not a number where it is none or zero.
fn standard_deviation(values: &[f64]) -> f64 {
    let centre = mean(values.iter().copied());
    let squares: f64 = values.iter().map(|x| (x - centre) * (x - centre)).sum();
    let sd = (squares / (values.len() as f64 - 1.0)).sqrt();
    // equal differences leave a rest of rounding
    if sd > 1e-12 * centre.abs() { sd } else { f64::NAN }
}

/// Over all `a.len() × b.len()` couples.
fn cliffs_delta(a: &[f64], b: &[f64]) -> f64 {
    let couples = a.iter().flat_map(|a| b.iter().map(move |b| (a, b)));
    let sign = |(a, b): (&f64, &f64)| f64::from(i8::from(a > b) - i8::from(a < b));
    couples.map(sign).sum::<f64>() / (a.len() * b.len()) as f64
}

/// Resamples of a bootstrap: the ends of a 95 % interval are then between the 50th and 51st.
const RESAMPLES: usize = 2000;

/// The 95 % interval of a mean by the bias-corrected and accelerated bootstrap (Efron 1987,
/// "Better bootstrap confidence intervals"). Not a number of fewer than two values.
pub fn bca(values: &[f64], seed: u64) -> Interval {
    let n = values.len();
    if n < 2 {
        return Interval { low: f64::NAN, high: f64::NAN };
    }
    let centre = mean(values.iter().copied());
    let resamples = Resamples::draw(seed, n, RESAMPLES);
    let resampled = |counts: &[u32]| {
        let sum: f64 = counts.iter().zip(values).map(|(n, x)| f64::from(*n) * x).sum();
        sum / n as f64
    };
    let mut means: Vec<f64> = resamples.panels().map(resampled).collect();
    means.sort_by(f64::total_cmp);
    // those that equal the mean count half, as in a resample of few values many do
    let below = means.partition_point(|x| *x < centre);
    let up_to = means.partition_point(|x| *x <= centre);
    let bias = normal_quantile(0.5 * (below + up_to) as f64 / means.len() as f64);
    // Leaving one out moves a mean by a multiple of its distance: the multiple cancels.
    let cubes: f64 = values.iter().map(|x| (x - centre) * (x - centre) * (x - centre)).sum();
    let squares: f64 = values.iter().map(|x| (x - centre) * (x - centre)).sum();
    let acceleration = if squares > 0.0 { cubes / (6.0 * squares * squares.sqrt()) } else { 0.0 };
    let end = |p: f64| {
        let z = bias + normal_quantile(p);
        let p = normal_below(bias + z / (1.0 - acceleration * z));
        // all resamples are alike where the values are
        quantile(&means, if p.is_nan() { 0.5 } else { p })
    };
    Interval { low: end(0.025), high: end(0.975) }
}

/// The most differences for which the distribution is counted out.
const EXACT_MOST: usize = 50;

/// Two-sided p-value of Wilcoxon's signed-rank test (Wilcoxon 1945); differences of zero are left
/// out. Up to 50 differences by counting all signs, ties included; beyond by the normal
/// approximation with the correction for ties (Hollander & Wolfe 1999, section 3.1). 1 where no
/// difference is left.
pub fn wilcoxon(differences: &[f64]) -> f64 {
    let left: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    let n = left.len();
    let sizes: Vec<f64> = left.iter().map(|d| d.abs()).collect();
    let ranks = ranks(&sizes);
    let sum = |sign: f64| {
        let of_sign = left.iter().zip(&ranks).filter(|(d, _)| **d * sign > 0.0);
        of_sign.map(|(_, rank)| *rank).sum::<f64>()
    };
    let least = sum(1.0).min(sum(-1.0));
    let p = if n <= EXACT_MOST {
        // shared ranks are halves: twice a rank is whole
        let mut share = vec![0.0; n * (n + 1) + 1];
        share[0] = 1.0;
        for rank in &ranks {
            let step = (2.0 * rank) as usize;
            for at in (0..share.len()).rev() {
                let with = if at >= step { share[at - step] } else { 0.0 };
                share[at] = 0.5 * (share[at] + with);
            }
        }
        2.0 * share.iter().take((2.0 * least) as usize + 1).sum::<f64>()
    } else {
        let squares: f64 = ranks.iter().map(|rank| rank * rank).sum();
        let expected = 0.5 * ranks.iter().sum::<f64>();
        2.0 * normal_below((least - expected) / (0.25 * squares).sqrt())
    };
    p.min(1.0)
}

/// P-values corrected for their number by Holm's step-down method (Holm 1979): the probability of
/// any false discovery stays below the level.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut corrected = vec![0.0; p.len()];
    let mut most = 0.0_f64;
    for (step, i) in order.into_iter().enumerate() {
        most = most.max(p[i] * (p.len() - step) as f64).min(1.0);
        corrected[i] = most;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFFERENCES: [f64; 10] =
        [0.012, -0.003, 0.025, 0.031, 0.008, -0.011, 0.019, 0.042, 0.005, 0.017];

    /// `scipy.stats.wilcoxon(d)` and, for 60 differences, `wilcoxon(d, correction=False)`.
    #[test]
    fn signed_ranks_are_those_of_scipy() {
        let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-12, "{got} is not {want}");
        near(wilcoxon(&DIFFERENCES), 0.019_531_25);
        near(wilcoxon(&[1.0, 2.0, 2.0, -1.0, 3.0, 0.0, 4.0, -2.0, 5.0, 6.0]), 0.050_781_25);
        near(wilcoxon(&[3.0, 1.0, 4.0, 1.0, 5.0]), 0.0625);
        let many: Vec<f64> = (0..60).map(|i| f64::from(i * 37 % 101 - 40) / 10.0).collect();
        near(wilcoxon(&many), 0.022_633_208_936_007_52);
        assert_eq!((wilcoxon(&[]), wilcoxon(&[0.0; 4])), (1.0, 1.0));
    }

    /// `scipy.stats.bootstrap((d,), numpy.mean, n_resamples=200000, method="BCa")`: 0.0055 to
    /// 0.0241, and 0.19 to 1.35 of the skewed values, whose percentile interval ends at 0.9. 2,000
    /// resamples know an end to some hundredths of the width.
    #[test]
    fn intervals_are_those_of_scipy() {
        let got = bca(&DIFFERENCES, 1);
        assert!((got.low - 0.0055).abs() < 8e-4 && (got.high - 0.0241).abs() < 8e-4, "{got:?}");
        let skewed = [0.1, 0.2, 0.1, 0.3, 0.2, 0.1, 0.4, 2.5, 0.2, 0.3];
        let got = bca(&skewed, 1);
        assert!((got.low - 0.19).abs() < 0.02 && (got.high - 1.35).abs() < 0.12, "{got:?}");
        assert_eq!(bca(&[0.25; 5], 1), Interval { low: 0.25, high: 0.25 });
        assert!(bca(&[1.0], 1).low.is_nan());
    }

    #[test]
    fn effects_are_the_worked_ones() {
        // mean 0.0145 and standard deviation 0.0158
        let a: Vec<f64> = DIFFERENCES.iter().map(|d| d + 1.0).collect();
        let paired = Paired::of(&a, &[1.0; 10], 1);
        assert!((paired.d_z - 0.914_928_2).abs() < 1e-6, "{paired:?}");
        assert_eq!(paired.cliffs_delta, 0.6);
        // what is missing takes its pair with it
        let paired = Paired::of(&[1.0, f64::NAN, 3.0], &[0.0, 1.0, 2.0], 1);
        assert_eq!((paired.pairs, paired.difference), (2, 1.0));
        assert!(paired.d_z.is_nan());
    }

    /// Holm 1979's procedure on the p-values of Wright 1992's example.
    #[test]
    fn corrected_p_values_rise_and_stay_below_one() {
        let close = |got: Vec<f64>, want: &[f64]| {
            assert!(got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-12), "{got:?}");
        };
        close(holm(&[0.01, 0.04, 0.03, 0.005]), &[0.03, 0.06, 0.06, 0.02]);
        close(holm(&[0.8, 0.7]), &[1.0, 1.0]);
        assert!(holm(&[]).is_empty());
    }
}
