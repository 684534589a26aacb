//! Ranks: Friedman's test and Nemenyi's critical difference as Demšar 2006 ("Statistical
//! comparisons of classifiers over multiple data sets", JMLR 7) has them, and Spearman's
//! correlation.

use super::distributions::{f_above, studentized_range};
use crate::measure::mean;
use serde::Serialize;

/// The rank of each value, 1 for the lowest; equal values share the mean of their ranks.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    // -0.0 and 0.0 are equal, though in order
    for same in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = from as f64 + 0.5 * (same.len() + 1) as f64;
        same.iter().for_each(|i| ranks[*i] = rank);
        from += same.len();
    }
    ranks
}

/// Friedman's test over blocks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Friedman {
    /// Blocks in which every case has a number.
    pub blocks: usize,
    /// The mean rank of each case, 1 the best.
    pub mean_ranks: Vec<f64>,
    /// Friedman's statistic (Friedman 1937), without a correction for ties.
    pub chi_squared: f64,
    /// Iman and Davenport's (1980), which is less conservative.
    pub f: f64,
    /// Its p-value, by Fisher's distribution with `k − 1` and `(k − 1)(N − 1)` degrees of freedom.
    pub p: f64,
    /// By how much mean ranks have to differ for two cases to differ at the level of 0.05 (Nemenyi
    /// 1963).
    pub critical_difference: f64,
}

impl Friedman {
    /// Of blocks with a value a case. None for fewer than two cases or two whole blocks.
    pub fn of(blocks: &[Vec<f64>], high_is_better: bool) -> Option<Friedman> {
        let k = blocks.first()?.len();
        let whole = blocks.iter().filter(|block| block.iter().all(|x| x.is_finite()));
        let signed = |x: &f64| if high_is_better { -x } else { *x };
        let ranked: Vec<Vec<f64>> =
            whole.map(|block| ranks(&block.iter().map(signed).collect::<Vec<_>>())).collect();
        if k < 2 || ranked.len() < 2 {
            return None;
        }
        let mean_ranks: Vec<f64> =
            (0..k).map(|i| mean(ranked.iter().map(|ranks| ranks[i]))).collect();
        Some(Friedman::of_mean_ranks(mean_ranks, ranked.len()))
    }

    /// Of mean ranks over so many blocks, both two at least.
    fn of_mean_ranks(mean_ranks: Vec<f64>, blocks: usize) -> Friedman {
        let (n, cases) = (blocks as f64, mean_ranks.len() as f64);
        let squares: f64 = mean_ranks.iter().map(|rank| rank * rank).sum();
        let spread = squares - 0.25 * cases * (cases + 1.0) * (cases + 1.0);
        let chi_squared = 12.0 * n / (cases * (cases + 1.0)) * spread.max(0.0);
        let left = n * (cases - 1.0) - chi_squared;
        // all blocks rank alike: rounding leaves a little on either side
        let f = if left > 1e-9 * n { (n - 1.0) * chi_squared / left } else { f64::INFINITY };
        let p = f_above(f, cases - 1.0, (cases - 1.0) * (n - 1.0));
        let critical_difference = critical_difference(mean_ranks.len(), blocks);
        Friedman { blocks, mean_ranks, chi_squared, f, p, critical_difference }
    }

    /// The cases by rank, in the longest runs whose first and last do not differ: what a
    /// critical-difference diagram joins by a bar.
    pub fn groups(&self) -> Vec<Vec<usize>> {
        let mut order: Vec<usize> = (0..self.mean_ranks.len()).collect();
        order.sort_by(|a, b| self.mean_ranks[*a].total_cmp(&self.mean_ranks[*b]).then(a.cmp(b)));
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut reached = 0;
        for (from, first) in order.iter().enumerate() {
            let near = |i: &usize| {
                self.mean_ranks[*i] - self.mean_ranks[*first] < self.critical_difference
            };
            let to = from + order[from..].iter().take_while(|i| near(i)).count();
            if to > reached && to - from > 1 {
                groups.push(order[from..to].to_vec());
                reached = to;
            }
        }
        groups
    }
}

/// Nemenyi's critical difference of mean ranks of `k` cases over `n` blocks at the level of 0.05:
/// `q √(k (k + 1) / (6 n))`.
pub fn critical_difference(k: usize, n: usize) -> f64 {
    let q = studentized_range(k, 0.05) * std::f64::consts::FRAC_1_SQRT_2;
    q * ((k * (k + 1)) as f64 / (6 * n) as f64).sqrt()
}

/// Spearman's rank correlation of pairs and its two-sided p-value by Student's distribution; pairs
/// with what is not a number are left out. Not a number where either side does not vary.
pub fn spearman(x: &[f64], y: &[f64]) -> (f64, f64) {
    let both = x.iter().zip(y).filter(|(x, y)| x.is_finite() && y.is_finite());
    let (x, y): (Vec<f64>, Vec<f64>) = both.unzip();
    let centred = |values: &[f64]| {
        let middle = 0.5 * (values.len() + 1) as f64;
        ranks(values).into_iter().map(move |rank| rank - middle).collect::<Vec<f64>>()
    };
    let (a, b) = (centred(&x), centred(&y));
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let rho = product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt();
    let free = x.len() as f64 - 2.0;
    if free < 1.0 || rho.is_nan() {
        return (rho, f64::NAN);
    }
    let t_squared = rho * rho * free / (1.0 - rho * rho).max(0.0);
    (rho, f_above(t_squared, 1.0, free))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Demšar 2006, section 3.2: C4.5, C4.5+m, C4.5+cf and C4.5+m+cf on 14 data sets.
    #[test]
    fn demsars_example_comes_out_as_published() {
        let test = Friedman::of_mean_ranks(vec![3.143, 2.000, 2.893, 1.964], 14);
        assert!((test.chi_squared - 9.28).abs() < 5e-3, "{test:?}");
        assert!((test.f - 3.69).abs() < 5e-3, "{test:?}");
        // the critical value of F(3, 39) at 0.05 is 2.85
        assert!(test.p < 0.05 && f_above(2.85, 3.0, 39.0) > 0.049, "{test:?}");
        assert!((test.critical_difference - 1.25).abs() < 5e-3, "{test:?}");
        // "the post-hoc test is not powerful enough to detect any significant differences"
        assert_eq!(test.groups(), [vec![3, 1, 2, 0]]);
    }

    /// `scipy.stats.friedmanchisquare(*numpy.array(blocks).T)`: 12.0.
    #[test]
    fn ranks_over_blocks_are_those_of_scipy() {
        let blocks: [[f64; 4]; 6] = [
            [9.0, 7.0, 8.0, 3.0],
            [8.0, 6.0, 9.0, 2.0],
            [7.0, 8.0, 9.0, 1.0],
            [9.0, 5.0, 6.0, 4.0],
            [8.0, 4.0, 7.0, 5.0],
            [6.0, 7.0, 9.0, 3.0],
        ];
        let test = Friedman::of(&blocks.map(Vec::from), true).unwrap();
        let near = |got: f64, want: f64| (got - want).abs() < 1e-9;
        assert!(near(test.chi_squared, 12.0), "{test:?}");
        let wanted = [11.0 / 6.0, 17.0 / 6.0, 1.5, 23.0 / 6.0];
        assert!(test.mean_ranks.iter().zip(wanted).all(|(a, b)| near(*a, b)), "{test:?}");
    }

    #[test]
    fn equal_values_share_their_ranks_and_lower_may_be_better() {
        assert_eq!(ranks(&[0.3, 0.1, 0.3, 0.2]), [3.5, 1.0, 3.5, 2.0]);
        assert_eq!(ranks(&[-0.0, 0.0]), [1.5, 1.5]);
        let blocks = vec![vec![1.0, 2.0, 3.0], vec![1.0, 2.0, 3.0], vec![f64::NAN, 2.0, 3.0]];
        let low = Friedman::of(&blocks, false).unwrap();
        assert_eq!((low.blocks, &low.mean_ranks[..]), (2, &[1.0, 2.0, 3.0][..]));
        // blocks that all rank alike: no scatter is left
        assert_eq!((low.f, low.p), (f64::INFINITY, 0.0));
        assert_eq!(Friedman::of(&blocks, true).unwrap().mean_ranks, [3.0, 2.0, 1.0]);
        assert!(Friedman::of(&blocks[1..], true).is_none());
    }

    #[test]
    fn groups_are_the_longest_runs_that_do_not_differ() {
        let of = |mean_ranks: Vec<f64>| {
            let (chi_squared, f, p) = (0.0, 0.0, 1.0);
            let critical_difference = 1.0;
            Friedman { blocks: 9, mean_ranks, chi_squared, f, p, critical_difference }.groups()
        };
        assert_eq!(of(vec![1.0, 1.8, 2.6, 4.6]), [vec![0, 1], vec![1, 2]]);
        assert_eq!(of(vec![3.0, 1.5, 1.5]), [vec![1, 2]]);
        assert!(of(vec![1.0, 2.0]).is_empty());
    }

    /// `scipy.stats.spearmanr(x, y)`.
    #[test]
    fn rank_correlations_are_those_of_scipy() {
        let near = |got: (f64, f64), want: (f64, f64)| {
            assert!((got.0 - want.0).abs() < 1e-12 && (got.1 - want.1).abs() < 1e-9, "{got:?}");
        };
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let y = [2.0, 1.0, 4.0, 3.0, 7.0, 6.0, 5.0, 9.0];
        near(spearman(&x, &y), (0.857_142_857_142_857_2, 0.006_530_017_254_715_29));
        let tied = ([1.0, 2.0, 2.0, 4.0, 5.0], [3.0, 1.0, 2.0, 2.0, 5.0]);
        near(spearman(&tied.0, &tied.1), (0.289_473_684_210_526_4, 0.636_644_754_749_490_6));
        assert!(spearman(&x, &[1.0; 8]).0.is_nan());
        assert_eq!(spearman(&x, &x), (1.0, 0.0));
    }
}
