//! Copying the best of several on scores that are not exact.

use super::merging::{Merger, contribution};
use super::{CheckError, Row, Rows, Trial, mean_and_error};
use crate::maths::{erfc, exp};
use crate::merge::{Context, Judge};
use crate::scenario::{BestByProbe, Combine};
use std::f64::consts::{SQRT_2, TAU};

/// The best of `n` by scores with noise: where true levels have the standard deviation `s_t` and
/// scores one of `s_e` more, the one that is copied is better than the mean by
/// `E[max of n] s_t²/√(s_t² + s_e²)`, and not by what its score says.
pub(super) fn best_of(trial: &Trial) -> Rows {
    let runs = trial.sized(20_000, 200_000_u32);
    let row = |(n, error): (u32, f64)| -> Result<Row, CheckError> {
        let spec = BestByProbe::default();
        let mut merger = Merger::new(Combine::BestByProbe(spec), 1);
        let noise = trial.model(error, 1.5 * error + 0.3);
        let seed = trial.seed;
        let mut gains = Vec::new();
        for run in 0..runs {
            let mut stream = trial.stream(run, n);
            let levels: Vec<f32> = (0..n).map(|_| stream.normal() as f32).collect();
            let deltas: Vec<_> =
                levels.iter().map(|level| contribution(1, std::iter::once(*level))).collect();
            // a core is its level; the noise of its score is its own
            let trial = Trial { seed: seed ^ u64::from(run) << 32, ..*trial };
            let score = move |core: &[f32]| {
                f64::from(core[0]) + noise * trial.stream(core[0].to_bits(), n).normal()
            };
            let judge: &Judge<'_> = &score;
            let context = Context { judge: Some(judge), ..Context::new(seed, run) };
            let all: Vec<_> = deltas.iter().collect();
            gains.push(f64::from(merger.merge(&[0.0], &all, &context)?[0]));
        }
        let law = largest_of(n) / (1.0 + error * error).sqrt();
        let (mean, spread) = mean_and_error(&gains);
        let what = format!("best of {n}, scores with {error} of noise: true gain");
        Ok(Row::within(what, law, mean, 4.0 * spread))
    };
    [(3, 0.5), (5, 2.0), (10, 1.0)].into_iter().map(row).collect()
}

/// Expectation of the largest of `n` standard normals, `∫ x n φ(x) Φ(x)^(n−1) dx`, by the
/// trapezium rule on ±9, which is exact to rounding for what falls off so fast.
fn largest_of(n: u32) -> f64 {
    const STEPS: i32 = 1800;
    let density = |x: f64| exp(-0.5 * x * x) / TAU.sqrt();
    let below = |x: f64| 0.5 * erfc(-x / SQRT_2);
    let at = |i: i32| {
        let x = f64::from(i) * 9.0 / f64::from(STEPS / 2);
        let others = (1..n).fold(1.0, |product, _| product * below(x));
        x * f64::from(n) * density(x) * others
    };
    (-STEPS / 2..=STEPS / 2).map(at).sum::<f64>() * 18.0 / f64::from(STEPS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_of_a_few_normals_is_where_tables_have_it() {
        // 1/√π and 3/(2√π) in closed form; n = 10 from Harter 1961
        for (n, expected) in [(1, 0.0), (2, 0.564_189_58), (3, 0.846_284_38), (10, 1.538_752_73)] {
            assert!((largest_of(n) - expected).abs() < 1e-8, "{n}: {}", largest_of(n));
        }
    }
}
