//! Distribution functions, on the pure-Rust `libm`: the same bits on every platform.

use crate::maths::{erfc, exp, lgamma, ln, ln_1p};

/// `P(Z < x)` of a standard normal.
pub fn normal_below(x: f64) -> f64 {
    0.5 * erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// The `x` below which a standard normal lies with probability `p`; infinite at 0 and 1.
pub fn normal_quantile(p: f64) -> f64 {
    match p {
        _ if p <= 0.0 => f64::NEG_INFINITY,
        _ if p >= 1.0 => f64::INFINITY,
        // the upper half mirrored, where `p` itself has lost its digits
        _ if p > 0.5 => -normal_quantile(1.0 - p),
        _ => halved(-40.0, 0.0, |x| normal_below(x) < p),
    }
}

/// `P(F > x)` of Fisher's distribution with `a` and `b` degrees of freedom.
pub fn f_above(x: f64, a: f64, b: f64) -> f64 {
    match x {
        _ if x <= 0.0 => 1.0,
        _ if x == f64::INFINITY => 0.0,
        _ => beta_share(b / (b + a * x), 0.5 * b, 0.5 * a),
    }
}

/// The regularised incomplete beta function `I_x(a, b)` by its continued fraction (Press et al.
/// 2007, "Numerical recipes", section 6.4).
fn beta_share(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return f64::from(u8::from(x >= 1.0));
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_share(1.0 - x, b, a);
    }
    let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * ln(x) + b * ln_1p(-x)) / a;
    // Lentz's method: neither quotient may come to nothing.
    let kept = |x: f64| if x.abs() < 1e-300 { 1e-300 } else { x };
    let (mut c, mut d) = (1.0, 1.0 / kept(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for m in 1..300 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let before = fraction;
        for term in [even, odd] {
            d = 1.0 / kept(1.0 + term * d);
            c = kept(1.0 + term / c);
            fraction *= c * d;
        }
        if (fraction - before).abs() < 1e-15 * fraction.abs() {
            break;
        }
    }
    front * fraction
}

/// The upper `alpha` point of the range of `k` standard normals: the Studentized range with
/// infinitely many degrees of freedom, of which Nemenyi's test takes `1/√2`.
pub fn studentized_range(k: usize, alpha: f64) -> f64 {
    halved(0.0, 100.0, |q| range_below(q, k) < 1.0 - alpha)
}

/// `P(range of k standard normals < q) = k ∫ φ(z) (Φ(z) − Φ(z − q))^(k−1) dz`, by Simpson's rule.
fn range_below(q: f64, k: usize) -> f64 {
    const STEPS: i32 = 400;
    const FROM: f64 = -8.0;
    let step = (8.0 - FROM + q.min(8.0)) / f64::from(STEPS);
    let density = |z: f64| {
        let inside = normal_below(z) - normal_below(z - q);
        let mut power = 1.0;
        let (mut base, mut left) = (inside, k - 1);
        while left > 0 {
            power *= if left % 2 == 1 { base } else { 1.0 };
            base *= base;
            left /= 2;
        }
        exp(-0.5 * z * z) * power
    };
    let weight = |i: i32| match i {
        0 | STEPS => 1.0,
        i if i % 2 == 1 => 4.0,
        _ => 2.0,
    };
    let sum: f64 = (0..=STEPS).map(|i| weight(i) * density(FROM + step * f64::from(i))).sum();
    const SQRT_TAU: f64 = 2.506_628_274_631_000_5;
    k as f64 * sum * step / 3.0 / SQRT_TAU
}

/// Where `is_below` turns from true to false between two ends, to the last bits.
fn halved(mut low: f64, mut high: f64, is_below: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..64 {
        let middle = 0.5 * (low + high);
        if is_below(middle) { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, want: f64) {
        assert!((got - want).abs() <= 1e-9 * want.abs().max(1e-3), "{got} is not {want}");
    }

    /// `python3 -c "from scipy.stats import norm, f; print(norm.cdf(-1.3), norm.ppf(0.975),
    /// norm.ppf(1e-6), f.sf(3.69, 3, 39), f.sf(0.2, 1, 8), f.sf(40, 5, 12))"`
    #[test]
    fn distributions_are_those_of_scipy() {
        near(normal_below(-1.3), 0.096_800_484_585_610_36);
        near(normal_quantile(0.975), 1.959_963_984_540_054);
        near(normal_quantile(1e-6), -4.753_424_308_822_899);
        near(f_above(3.69, 3.0, 39.0), 0.019_744_099_689_488_89);
        near(f_above(0.2, 1.0, 8.0), 0.666_581_107_383_070_6);
        near(f_above(40.0, 5.0, 12.0), 4.476_181_546_621_77e-7);
        assert_eq!((f_above(0.0, 2.0, 3.0), f_above(f64::INFINITY, 2.0, 3.0)), (1.0, 0.0));
    }

    /// Demšar 2006, table 5(a): critical values of the two-tailed Nemenyi test at 0.05 and 0.10,
    /// for 2 to 10 classifiers.
    #[test]
    fn nemenyis_critical_values_are_the_published_ones() {
        let at_05 = [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164];
        let at_10 = [1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920];
        for (alpha, values) in [(0.05, at_05), (0.10, at_10)] {
            for (i, want) in values.into_iter().enumerate() {
                let got = studentized_range(i + 2, alpha) * std::f64::consts::FRAC_1_SQRT_2;
                assert!((got - want).abs() < 1e-3, "k = {}: {got}", i + 2);
            }
        }
    }
}
