//! Laws of spreading, fitted to a curve of shares.

use super::Curve;
use super::least_squares::Problem;
use crate::maths::{exp, ln};
use std::fmt;

/// A law of spreading with a ceiling, the share that it comes to in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// `m / (1 + e^(−r(t−t₀)))`: who holds a skill passes it on at rate `r` (Verhulst 1838; the
    /// SI epidemic). Parameters: rate `r` a round, midpoint `t₀` in rounds, ceiling `m`.
    Logistic,
    /// `m (1 − e^(−(p+q)t)) / (1 + (q/p) e^(−(p+q)t))` (Bass 1969, "A new product growth model for
    /// consumer durables"): the core tells at rate `p`, who holds it passes it on at rate `q`.
    /// Parameters: `p` and `q` a round, ceiling `m`.
    Bass,
}

/// An interval, its ends included.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Interval {
    /// Whether `x` lies in it.
    pub fn holds(&self, x: f64) -> bool {
        self.low <= x && x <= self.high
    }
}

/// A law through a curve, by least squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// Which law.
    pub law: Law,
    /// Its parameters, in the order of [`Law`]'s description.
    pub parameters: [f64; 3],
    /// 95 % intervals of the parameters, of the panel as a sample of the fleet; none where they
    /// were not taken.
    pub intervals: Option<[Interval; 3]>,
    /// `1 − Σ residual² / Σ (y − mean)²`.
    pub r_squared: f64,
    /// Standard deviation of the residuals, with the parameters' degrees of freedom taken off;
    /// a share.
    pub residual_sd: f64,
}

/// Why a curve has no fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoFit {
    /// Fewer than five measured rounds.
    TooFewPoints,
    /// The curve rises by less than a twentieth of the panel.
    Flat,
    /// It rises between two measured rounds: how steeply is not to be seen.
    TooSteep,
    /// The law goes through it no better than a constant does.
    NoBetterThanMean,
    /// The descent did not come to rest.
    NoMinimum,
}

impl NoFit {
    /// As tables have it.
    pub fn name(self) -> &'static str {
        match self {
            NoFit::TooFewPoints => "too few points",
            NoFit::Flat => "flat",
            NoFit::TooSteep => "too steep",
            NoFit::NoBetterThanMean => "no better than the mean",
            NoFit::NoMinimum => "no minimum",
        }
    }
}

impl fmt::Display for NoFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A rate a round cannot be told from none below the first, nor from at once above the second.
const LN_RATES: (f64, f64) = (-23.0, 7.0);
/// A ceiling above 1 is no share.
const LN_CEILINGS: (f64, f64) = (-23.0, 0.0);

impl Law {
    /// Names of the parameters, as tables have them.
    pub fn names(self) -> [&'static str; 3] {
        match self {
            Law::Logistic => ["rate", "midpoint", "ceiling"],
            Law::Bass => ["p", "q", "ceiling"],
        }
    }

    /// The share at time `t`, in rounds.
    pub fn share(self, parameters: &[f64; 3], t: f64) -> f64 {
        self.value(parameters, t).0
    }

    /// Parameters as the descent moves them: rates and the ceiling by their logarithms.
    fn inward(self, [a, b, m]: &[f64; 3]) -> [f64; 3] {
        match self {
            Law::Logistic => [ln(*a), *b, ln(*m)],
            Law::Bass => [ln(*a), ln(*b), ln(*m)],
        }
    }

    fn outward(self, [a, b, m]: &[f64; 3]) -> [f64; 3] {
        match self {
            Law::Logistic => [exp(*a), *b, exp(*m)],
            Law::Bass => [exp(*a), exp(*b), exp(*m)],
        }
    }

    fn bounds(self) -> [(f64, f64); 3] {
        match self {
            Law::Logistic => [LN_RATES, (-1e6, 1e6), LN_CEILINGS],
            Law::Bass => [LN_RATES, LN_RATES, LN_CEILINGS],
        }
    }

    /// The share and its derivatives by the parameters as the descent moves them.
    #[inline]
    fn value(self, &[a, b, m]: &[f64; 3], t: f64) -> (f64, [f64; 3]) {
        match self {
            Law::Logistic => {
                let (rate, from) = (a, t - b);
                let s = 1.0 / (1.0 + exp(-rate * from));
                let slope = m * s * (1.0 - s) * rate;
                (m * s, [slope * from, -slope, m * s])
            }
            Law::Bass => {
                let (p, q) = (a, b);
                let ratio = q / p;
                let e = exp(-(p + q) * t);
                let below = 1.0 / (1.0 + ratio * e);
                let share = m * (1.0 - e) * below;
                // by the time scale, through e, and by the ratio of the rates
                let by_scale = m * (1.0 + ratio) * t * e * below * below;
                let by_ratio = m * (1.0 - e) * e * ratio * below * below;
                (share, [by_scale * p + by_ratio, by_scale * q - by_ratio, share])
            }
        }
    }

    // two closures have no shorter name
    #[allow(clippy::type_complexity)]
    fn problem(
        self,
        points: &[(f64, f64)],
    ) -> Problem<'_, impl Fn(&[f64; 3]) -> [f64; 3], impl Fn(&[f64; 3], f64) -> (f64, [f64; 3])>
    {
        Problem {
            points,
            prepare: move |x: &[f64; 3]| self.outward(x),
            value: move |natural: &[f64; 3], t: f64| self.value(natural, t),
            bounds: self.bounds(),
        }
    }

    /// Where a descent starts, from the curve's own times.
    fn start(self, curve: &Curve, highest: f64) -> [f64; 3] {
        let time = |part: f64| curve.time_to(part * highest).unwrap_or(0.0);
        let (early, half, late) = (time(0.1), time(0.5), time(0.9));
        let gap = curve.times.get(1).map_or(1.0, |second| second - curve.times[0]);
        match self {
            // ln 81 between 10 and 90 %
            Law::Logistic => [4.394 / (late - early).max(0.1 * gap), half, highest],
            Law::Bass => {
                // half of the ceiling at ln(2 + q/p)/(p + q)
                let of = |ratio: f64| {
                    let both = ln(2.0 + ratio) / half.max(0.1 * gap);
                    [both / (1.0 + ratio), both * ratio / (1.0 + ratio), highest]
                };
                let squares = |start: &[f64; 3]| -> f64 {
                    let residual = |(t, y): (f64, f64)| self.share(start, t) - y;
                    curve.points().map(|point| residual(point) * residual(point)).sum()
                };
                let starts = [0.1, 1.0, 10.0, 100.0, 1e3, 1e4].map(of);
                let better = |a: [f64; 3], b| if squares(&b) < squares(&a) { b } else { a };
                starts[1..].iter().fold(starts[0], |best, &next| better(best, next))
            }
        }
    }
}

impl Fit {
    /// The law with the least squared residuals over the points of a curve of shares, with a
    /// ceiling of at most 1 among what is fitted, without intervals.
    ///
    /// # Errors
    /// [`NoFit`] says why there is none.
    pub fn of(law: Law, curve: &Curve) -> Result<Fit, NoFit> {
        let points: Vec<(f64, f64)> = curve.points().collect();
        if points.len() < 5 {
            return Err(NoFit::TooFewPoints);
        }
        let (low, highest) = points
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), p| (l.min(p.1), h.max(p.1)));
        if highest - low < 0.05 {
            return Err(NoFit::Flat);
        }
        let rising = |y: f64| y > low + 0.05 * (highest - low) && y < low + 0.95 * (highest - low);
        if points.iter().filter(|(_, y)| rising(*y)).count() < 2 {
            return Err(NoFit::TooSteep);
        }
        let start = law.inward(&law.start(curve, highest));
        let found = law.problem(&points).minimise(start).ok_or(NoFit::NoMinimum)?;
        let n = points.len() as f64;
        let mean = points.iter().map(|p| p.1).sum::<f64>() / n;
        let spread: f64 = points.iter().map(|p| (p.1 - mean) * (p.1 - mean)).sum();
        let r_squared = 1.0 - found.squares / spread;
        // also refuses what is not a number
        if r_squared > 0.0 {
            let parameters = law.outward(&found.parameters);
            let residual_sd = (found.squares / (n - 3.0)).sqrt();
            Ok(Fit { law, parameters, intervals: None, r_squared, residual_sd })
        } else {
            Err(NoFit::NoBetterThanMean)
        }
    }

    /// The law through other points like those of the fit, as far as `k` steps from it lead. None
    /// where they lead nowhere.
    pub(super) fn again(&self, points: &[(f64, f64)], k: u32) -> Option<[f64; 3]> {
        let found = self.law.problem(points).steps(self.law.inward(&self.parameters), k)?;
        Some(self.law.outward(&found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGISTIC: [f64; 3] = [0.5, 12.0, 0.8];
    const BASS: [f64; 3] = [0.02, 0.4, 0.9];

    fn curve(law: Law, parameters: &[f64; 3]) -> Curve {
        let times: Vec<f64> = (0..31).map(f64::from).collect();
        let values = times.iter().map(|&t| law.share(parameters, t)).collect();
        Curve { times, values }
    }

    #[test]
    fn derivatives_are_those_of_the_formulas() {
        for (law, parameters) in [(Law::Logistic, LOGISTIC), (Law::Bass, BASS)] {
            let x = law.inward(&parameters);
            for t in [0.0, 3.0, 11.0, 25.0] {
                let (_, gradient) = law.value(&parameters, t);
                for i in 0..3 {
                    let h = 1e-5;
                    let (mut up, mut down) = (x, x);
                    up[i] += h;
                    down[i] -= h;
                    let (up, down) = (law.outward(&up), law.outward(&down));
                    let slope = (law.share(&up, t) - law.share(&down, t)) / (2.0 * h);
                    // central differences: h² and rounding/h
                    assert!((slope - gradient[i]).abs() < 1e-8, "{law:?} {t} {i}");
                }
            }
        }
    }

    #[test]
    fn the_bass_curve_peaks_where_its_author_says() {
        let [p, q, _] = BASS;
        let peak = ln(q / p) / (p + q);
        let rate = |t: f64| Law::Bass.share(&BASS, t + 1e-3) - Law::Bass.share(&BASS, t - 1e-3);
        assert!(rate(peak) > rate(peak - 0.3) && rate(peak) > rate(peak + 0.3));
        assert_eq!(Law::Bass.share(&BASS, 0.0), 0.0);
    }

    #[test]
    fn a_curve_without_noise_gives_its_parameters_back() {
        let slow: [f64; 3] = [0.2, 25.0, 1.0];
        let told: [f64; 3] = [0.15, 0.05, 0.6];
        let cases = [
            (Law::Logistic, LOGISTIC),
            (Law::Bass, BASS),
            (Law::Logistic, slow),
            (Law::Bass, told),
        ];
        for (law, truth) in cases {
            let fit = Fit::of(law, &curve(law, &truth)).unwrap();
            for (got, want) in fit.parameters.iter().zip(&truth) {
                assert!((got / want - 1.0).abs() < 1e-5, "{fit:?}, not {truth:?}");
            }
            assert!(fit.r_squared > 1.0 - 1e-9 && fit.residual_sd < 1e-6, "{fit:?}");
        }
    }

    /// A curve that is still rising by its square has no ceiling to be seen; no share is above 1.
    #[test]
    fn a_ceiling_is_never_above_one() {
        let times: Vec<f64> = (0..20).map(f64::from).collect();
        let values = times.iter().map(|t| t * t / 400.0).collect();
        for law in [Law::Logistic, Law::Bass] {
            let fit = Fit::of(law, &Curve { times: times.clone(), values: Vec::clone(&values) });
            assert_eq!(fit.unwrap().parameters[2], 1.0);
        }
    }

    #[test]
    fn each_law_explains_its_own_curve_best() {
        // a jump at the start is nothing that is passed on
        let told = curve(Law::Bass, &[0.3, 0.01, 0.9]);
        let bass = Fit::of(Law::Bass, &told).unwrap();
        let logistic = Fit::of(Law::Logistic, &told).unwrap();
        assert!(bass.r_squared > logistic.r_squared + 0.01, "{bass:?} {logistic:?}");
    }

    #[test]
    fn what_cannot_be_fitted_says_why() {
        let of = |values: &[f64]| {
            let times = (0..values.len()).map(|t| t as f64).collect();
            Fit::of(Law::Logistic, &Curve { times, values: values.to_vec() }).unwrap_err()
        };
        assert_eq!(of(&[0.0, 0.3, 0.6, 1.0]), NoFit::TooFewPoints);
        assert_eq!(of(&[0.2, 0.2, 0.22, 0.2, 0.21, 0.2]), NoFit::Flat);
        assert_eq!(of(&[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]), NoFit::TooSteep);
        assert_eq!(of(&[f64::NAN; 9]), NoFit::TooFewPoints);
        assert_eq!(of(&[1.0, 0.9, 0.7, 0.5, 0.3, 0.1]), NoFit::NoBetterThanMean);
    }
}
