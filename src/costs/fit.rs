//! Coefficients that fit what was measured.

use nalgebra::{DMatrix, DVector};
use serde::Serialize;

/// What one more term has to bring a fit nearer to, relative to the values, root mean square: less may
/// be chance, and a term that is there by chance is all there is where it is carried far.
const NOISE: f64 = 0.004;

/// The coefficients that fit `values`, whose features are the rows: none below 0, and the least sum of
/// squares of relative errors. All subsets of the features are tried, of which there are few.
pub(super) fn fit(rows: &[Vec<f64>], values: &[f64]) -> Vec<f64> {
    let features = rows.first().map_or(0, Vec::len);
    let mut best = (f64::INFINITY, vec![0.0; features]);
    // the fewest first: more have to be better
    let mut subsets: Vec<u32> = (1..1 << features).collect();
    subsets.sort_by_key(|subset| subset.count_ones());
    for subset in subsets {
        let chosen: Vec<usize> = (0..features).filter(|f| subset & (1 << f) != 0).collect();
        if chosen.len() > rows.len() {
            continue;
        }
        let weight = |row: usize| 1.0 / values[row].abs().max(1e-12);
        let weighted = |row: usize, f: usize| weight(row) * rows[row][f].abs();
        // columns of one size, as n³ stands beside 1
        let size = |f: usize| (0..rows.len()).map(|row| weighted(row, f)).fold(1e-300, f64::max);
        let entry = |row: usize, at: usize| weighted(row, chosen[at]) / size(chosen[at]);
        let matrix = DMatrix::from_fn(rows.len(), chosen.len(), entry);
        let right = DVector::from_fn(rows.len(), |row, _| weight(row) * values[row]);
        let Ok(found) = matrix.clone().svd(true, true).solve(&right, 1e-9) else { continue };
        if found.iter().any(|x| !x.is_finite() || *x < 0.0) {
            continue;
        }
        let error = (&matrix * &found - &right).norm_squared();
        if error < best.0 - rows.len() as f64 * NOISE * NOISE {
            let mut all = vec![0.0; features];
            chosen.iter().zip(found.iter()).for_each(|(f, x)| all[*f] = x / size(*f));
            best = (error, all);
        }
    }
    best.1
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// What grows with agents alone: `1`, `n`, and the power of the strategy.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Line {
    pub power: Option<i32>,
    pub by: Vec<f64>,
}

impl Line {
    fn features(power: Option<i32>, n: f64) -> Vec<f64> {
        let more = power.map(|power| (0..power).fold(1.0, |product, _| product * n));
        [1.0, n].into_iter().chain(more).collect()
    }

    pub fn fit(power: Option<i32>, points: &[(f64, f64)]) -> Line {
        let rows: Vec<Vec<f64>> = points.iter().map(|(n, _)| Line::features(power, *n)).collect();
        let values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
        Line { power, by: fit(&rows, &values) }
    }

    pub fn at(&self, n: f64) -> f64 {
        dot(&self.by, &Line::features(self.power, n))
    }
}

/// How a part of the work takes less time on more threads: `serial + rest / T` of its time on one.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Threading {
    pub measured: u32,
    pub serial: f64,
}

impl Threading {
    /// Out of the seconds on one thread and on `threads`.
    pub fn of(one: f64, many: f64, threads: u32) -> Threading {
        let t = f64::from(threads);
        // 1 = serial + rest, many/one = serial + rest/t
        let rest = (1.0 - many / one) / (1.0 - 1.0 / t);
        Threading { measured: threads, serial: (1.0 - rest).clamp(0.0, 1.0) }
    }

    pub fn ratio(self, threads: u32) -> f64 {
        let share = |t: u32| self.serial + (1.0 - self.serial) / f64::from(t);
        share(threads) / share(self.measured)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fit_finds_what_values_are_made_of_whatever_their_size() {
        for scale in [1e-9, 1.0, 1e12] {
            let rows: Vec<Vec<f64>> =
                [1e3, 2e3, 4e3, 8e3].iter().map(|n| vec![1.0, *n, n * n]).collect();
            let values: Vec<f64> =
                rows.iter().map(|row| scale * (5000.0 + 0.25 * row[2])).collect();
            let found = fit(&rows, &values);
            for (found, wanted) in found.iter().zip([5000.0, 0.0, 0.25]) {
                assert!((found / scale - wanted).abs() < 1e-6 * (1.0 + wanted), "{found}");
            }
            // nothing is worth less than nothing
            let falling: Vec<f64> = rows.iter().map(|row| scale * (1e4 - row[1])).collect();
            assert!(fit(&rows, &falling).iter().all(|x| *x >= 0.0));
        }
    }

    #[test]
    fn a_part_that_threads_share_shrinks_and_the_rest_stays() {
        // 3 s on one thread, of which 1 s is nobody's to share
        let threading = Threading::of(3.0, 2.0, 2);
        assert!((threading.serial - 1.0 / 3.0).abs() < 1e-12);
        assert!((2.0 * threading.ratio(4) - 1.5).abs() < 1e-12);
        assert_eq!(threading.ratio(2), 1.0);
        // more than twice as fast on two is as good as all shared
        assert_eq!(Threading::of(4.0, 1.9, 2).ratio(4), 0.5);
    }
}
