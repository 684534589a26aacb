//! Non-linear least squares in three parameters, of which the last has bounds that matter.

use nalgebra::{Matrix3, Vector3};

/// What a descent came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Minimum {
    pub parameters: [f64; 3],
    /// Sum of squared residuals.
    pub squares: f64,
}

/// Steps that are tried before a descent is given up.
const STEPS: usize = 200;

/// A sum of squared residuals over points `(t, y)`, in three parameters: `prepare` makes of the
/// parameters what all points share, `value` gives `f(t)` and its derivatives by the parameters.
pub(super) struct Problem<'a, P, F> {
    pub points: &'a [(f64, f64)],
    pub prepare: P,
    pub value: F,
    /// Parameters stay within these.
    pub bounds: [(f64, f64); 3],
}

impl<T, P: Fn(&[f64; 3]) -> T, F: Fn(&T, f64) -> (f64, [f64; 3])> Problem<'_, P, F> {
    /// The parameters near `start` with the least squares, by Levenberg-Marquardt (Marquardt
    /// 1963, "An algorithm for least-squares estimation of nonlinear parameters"; the damping is
    /// scaled by the diagonal, as he has it). None where the descent does not come to rest: it
    /// does when a step gains less than a part 1e-12 of the squares.
    ///
    /// Costs one pass over the points a step.
    pub fn minimise(&self, start: [f64; 3]) -> Option<Minimum> {
        let mut at = start;
        let (mut squares, mut normal, mut slope) = self.linearise(&at);
        if !squares.is_finite() {
            return None;
        }
        let mut damping = 1e-3;
        for _ in 0..STEPS {
            let next = self.step(&at, &normal, &slope, damping)?;
            let (found, next_normal, next_slope) = self.linearise(&next);
            // also refuses what is not a number
            if found <= squares {
                let gain = squares - found;
                (at, normal, slope) = (next, next_normal, next_slope);
                squares = found;
                damping = (damping * 0.1).max(1e-12);
                if gain <= 1e-12 * squares.max(1e-24) {
                    return Some(Minimum { parameters: at, squares });
                }
            } else {
                damping *= 10.0;
                if damping > 1e12 {
                    return Some(Minimum { parameters: at, squares });
                }
            }
        }
        None
    }

    /// `k` Gauss-Newton steps from a point near the minimum. None where a step leads nowhere.
    pub fn steps(&self, start: [f64; 3], k: u32) -> Option<[f64; 3]> {
        (0..k).try_fold(start, |at, _| {
            let (_, normal, slope) = self.linearise(&at);
            self.step(&at, &normal, &slope, 1e-6)
        })
    }

    /// The minimum of the linearised squares, damped, within the bounds. Where the last parameter
    /// would leave its bounds, it stops there and the others make the best of that.
    fn step(
        &self,
        at: &[f64; 3],
        normal: &Matrix3<f64>,
        slope: &Vector3<f64>,
        damping: f64,
    ) -> Option<[f64; 3]> {
        let mut damped = *normal;
        for i in 0..3 {
            // a direction that changes nothing yet must not make the matrix singular
            damped[(i, i)] += damping * normal[(i, i)].max(1e-12);
        }
        let mut step = damped.cholesky()?.solve(slope);
        let (low, high) = self.bounds[2];
        let last = at[2] - (at[2] - step[2]).clamp(low, high);
        if last != step[2] {
            let [a, b, d] = [damped[(0, 0)], damped[(0, 1)], damped[(1, 1)]];
            let rest = [slope[0] - damped[(0, 2)] * last, slope[1] - damped[(1, 2)] * last];
            let determinant = a * d - b * b;
            step[0] = (d * rest[0] - b * rest[1]) / determinant;
            step[1] = (a * rest[1] - b * rest[0]) / determinant;
            step[2] = last;
        }
        let next = |i: usize| (at[i] - step[i]).clamp(self.bounds[i].0, self.bounds[i].1);
        let next = [next(0), next(1), next(2)];
        next.iter().all(|x| x.is_finite()).then_some(next)
    }

    /// Sum of squares, `JᵀJ` and `Jᵀr`.
    fn linearise(&self, at: &[f64; 3]) -> (f64, Matrix3<f64>, Vector3<f64>) {
        let shared = (self.prepare)(at);
        // six products of derivatives, three of them with the residual, and its square
        let mut sums = [0.0; 10];
        for &(t, y) in self.points {
            let (value, [a, b, c]) = (self.value)(&shared, t);
            let r = value - y;
            let products = [a * a, a * b, a * c, b * b, b * c, c * c, a * r, b * r, c * r, r * r];
            sums.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
        }
        let [aa, ab, ac, bb, bc, cc, ar, br, cr, squares] = sums;
        (squares, Matrix3::new(aa, ab, ac, ab, bb, bc, ac, bc, cc), Vector3::new(ar, br, cr))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::exp;

    const OPEN: [(f64, f64); 3] = [(f64::NEG_INFINITY, f64::INFINITY); 3];

    fn problem<F: Fn(&[f64; 3], f64) -> (f64, [f64; 3])>(
        points: &[(f64, f64)],
        value: F,
        bounds: [(f64, f64); 3],
    ) -> Problem<'_, impl Fn(&[f64; 3]) -> [f64; 3], F> {
        Problem { points, prepare: |x: &[f64; 3]| *x, value, bounds }
    }

    /// A parabola is linear in its parameters: one undamped step is the regression, which has a
    /// closed form; here of a line, the square being symmetric about the middle.
    #[test]
    fn a_line_through_noisy_points_is_the_regression() {
        let points = [(-1.5, 1.0), (-0.5, 2.0), (0.5, 2.5), (1.5, 4.5)];
        let parabola = |x: &[f64; 3], t: f64| {
            let square = t * t - 1.25;
            (x[0] + x[1] * t + x[2] * square, [1.0, t, square])
        };
        let problem = problem(&points, parabola, OPEN);
        // mean, Σ t y / Σ t² = 5.5/5, Σ square·y / Σ square² = 1/4
        let want = [2.5, 1.1, 0.25];
        let got = problem.minimise([0.0; 3]).unwrap();
        assert!(got.parameters.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-6), "{got:?}");
        // Σ y² = 31.5 less 4·2.5², 5·1.1² and 4·0.25²
        assert!((got.squares - 0.2).abs() < 1e-9, "{got:?}");
        let step = problem.steps([0.0; 3], 1).unwrap();
        assert!(step.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-5), "{step:?}");
    }

    #[test]
    fn what_is_bounded_stops_there_and_the_others_make_the_best_of_it() {
        let f = |t: f64| 2.0 * exp(-0.3 * t) + 0.5;
        let points: Vec<(f64, f64)> = (0..20).map(|t| (f64::from(t), f(f64::from(t)))).collect();
        let decay = |x: &[f64; 3], t: f64| {
            let e = exp(-x[0] * t);
            (x[2] * e + x[1], [-x[2] * t * e, 1.0, e])
        };
        let free = problem(&points, decay, OPEN).minimise([1.0, 0.0, 1.0]).unwrap();
        assert!((free.parameters[2] - 2.0).abs() < 1e-6 && free.squares < 1e-12, "{free:?}");
        let mut bounds = OPEN;
        bounds[2].1 = 1.5;
        let held = problem(&points, decay, bounds).minimise([1.0, 0.0, 1.0]).unwrap();
        assert_eq!(held.parameters[2], 1.5);
        assert!(held.squares > 0.05, "{held:?}");
        // the best of the others: any move of theirs makes it worse
        let squares = |x: [f64; 3]| -> f64 {
            points.iter().map(|&(t, y)| decay(&x, t).0 - y).map(|r| r * r).sum()
        };
        for (i, h) in [(0, 1e-4), (0, -1e-4), (1, 1e-4), (1, -1e-4)] {
            let mut moved = held.parameters;
            moved[i] += h;
            assert!(squares(moved) > held.squares, "{held:?}");
        }
    }

    #[test]
    fn what_is_no_number_at_the_start_comes_to_nothing() {
        let broken = |_: &[f64; 3], _: f64| (f64::NAN, [f64::NAN; 3]);
        let problem = problem(&[(0.0, 0.0)], broken, OPEN);
        assert!(problem.minimise([0.0; 3]).is_none());
        assert!(problem.steps([0.0; 3], 2).is_none());
    }
}
