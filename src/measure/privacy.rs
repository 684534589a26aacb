//! What noisy rounds spend of privacy.

use crate::maths::{erfc, exp, lgamma, ln, ln_1p};
use crate::scenario::{Combine, Scenario, Topology};
use serde::Serialize;

/// The differential privacy that a run has spent: no agent's taking part changes the
/// probability of any course of cores by more than a factor `e^ε`, but for a probability `δ`.
///
/// Holds for adding or removing an agent with all its work, as if every agent took part in a
/// round independently with probability `sampling_rate` (Poisson sampling, as accountants
/// commonly have it; the fleet draws a fixed number). Agents' job knowledge is not published and
/// not counted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Privacy {
    /// `ε`, in nats; infinite where it cannot be bounded.
    pub epsilon: f64,
    /// `δ`, a probability.
    pub delta: f64,
    /// Rényi order that gives the least `ε`.
    pub order: f64,
    /// Noise over bound, `z`.
    pub noise_multiplier: f64,
    /// Share of the agents that take part in a round, `q`.
    pub sampling_rate: f64,
    /// Rounds that were published.
    pub rounds: u64,
}

/// What a scenario has spent after so many published rounds; none where its strategy adds no
/// noise.
pub fn spent(scenario: &Scenario, rounds: u64) -> Option<Privacy> {
    let Combine::NormBound(spec) = &scenario.distiller.combine else { return None };
    if spec.noise == 0.0 || scenario.distiller.topology != Topology::Star {
        return None;
    }
    let agents = scenario.fleet.agents;
    // before newcomers join, the same number of participants is drawn from fewer agents: nothing is
    // claimed of the draw then
    let sampling_rate = match scenario.fleet.newcomers.any() {
        true => 1.0,
        false => f64::from(scenario.working(agents)) / f64::from(agents),
    };
    Some(account(sampling_rate, spec.noise, rounds, spec.delta))
}

/// Accounts for `rounds` releases of a sum of vectors of length at most 1 with Gaussian noise of
/// standard deviation `z`, each over a sample at rate `q` (Mironov, Talwar and Zhang 2019, "Rényi
/// differential privacy of the sampled Gaussian mechanism"), at the best of the usual orders;
/// from Rényi to `(ε, δ)` by Canonne, Kamath and Steinke 2020, "The discrete Gaussian for
/// differential privacy", proposition 12.
pub fn account(q: f64, z: f64, rounds: u64, delta: f64) -> Privacy {
    let tenths = (1..100).map(|tenth| 1.0 + f64::from(tenth) / 10.0);
    let orders = tenths.chain((11..64).map(f64::from)).chain([128.0, 256.0, 512.0, 1024.0]);
    let epsilon = |order: f64| {
        let spent = rounds as f64 * divergence(q, z, order);
        let epsilon = spent + ln_1p(-1.0 / order) - ln(delta * order) / (order - 1.0);
        (epsilon, order)
    };
    let best = orders.map(epsilon).filter(|(epsilon, _)| !epsilon.is_nan());
    let (epsilon, order) = best.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((f64::INFINITY, 0.0));
    let epsilon = if rounds == 0 { 0.0 } else { epsilon.max(0.0) };
    Privacy { epsilon, delta, order, noise_multiplier: z, sampling_rate: q, rounds }
}

/// The Rényi divergence of order `α` of one release, nats.
fn divergence(q: f64, z: f64, order: f64) -> f64 {
    if q == 0.0 {
        return 0.0;
    }
    if q == 1.0 {
        return order / (2.0 * z * z);
    }
    let log_moment =
        if order.fract() == 0.0 { whole(q, z, order) } else { fractional(q, z, order) };
    log_moment / (order - 1.0)
}

/// `ln A_α` for whole `α`: `Σ_k C(α,k) (1−q)^(α−k) q^k e^((k²−k)/2z²)`.
fn whole(q: f64, z: f64, order: f64) -> f64 {
    let term = |k: u32| {
        let k = f64::from(k);
        let binomial = lgamma(order + 1.0) - lgamma(k + 1.0) - lgamma(order - k + 1.0);
        binomial + k * ln(q) + (order - k) * ln_1p(-q) + (k * k - k) / (2.0 * z * z)
    };
    (0..=order as u32).map(term).fold(f64::NEG_INFINITY, log_add)
}

/// `ln A_α` for any `α`: the two half-line integrals of the same expansion, term by term until
/// they no longer count.
fn fractional(q: f64, z: f64, order: f64) -> f64 {
    let (mut left, mut right) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    let middle = z * z * ln(1.0 / q - 1.0) + 0.5;
    // the generalised binomial coefficient: its logarithm and sign
    let (mut size, mut sign) = (0.0, 1.0);
    for i in 0..1000_u32 {
        let i = f64::from(i);
        let j = order - i;
        let half = |x: f64| ln(0.5) + ln_erfc(x / (std::f64::consts::SQRT_2 * z));
        let below = size + i * ln(q) + j * ln_1p(-q) + (i * i - i) / (2.0 * z * z);
        let below = below + half(i - middle);
        let above = size + j * ln(q) + i * ln_1p(-q) + (j * j - j) / (2.0 * z * z);
        let above = above + half(middle - j);
        let add = if sign > 0.0 { log_add } else { log_subtract };
        left = add(left, below);
        right = add(right, above);
        if below.max(above) < -30.0 {
            return log_add(left, right);
        }
        let factor = (order - i) / (i + 1.0);
        sign *= factor.signum();
        size += ln(factor.abs());
    }
    // an order at which the series does not end is left out
    f64::NAN
}

/// `ln(e^a + e^b)`.
fn log_add(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + ln_1p(exp(low - high)) }
}

/// `ln(e^a − e^b)`, with rounding below zero taken as zero.
fn log_subtract(a: f64, b: f64) -> f64 {
    if b == f64::NEG_INFINITY {
        a
    } else if b >= a {
        f64::NEG_INFINITY
    } else {
        a + ln_1p(-exp(b - a))
    }
}

/// `ln erfc x`, by the asymptotic series where `erfc` is too small for its logarithm.
fn ln_erfc(x: f64) -> f64 {
    if x < 25.0 {
        return ln(erfc(x));
    }
    let square = 1.0 / (2.0 * x * x);
    let series = -square + 2.5 * square * square - 37.0 / 3.0 * square * square * square;
    -x * x - ln(x) - 0.5 * ln(std::f64::consts::PI) + series
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Full participation is the plain Gaussian mechanism, whose best order has a closed form
    /// but for the conversion's small terms: `ε ≤ T/2z² + √(2 T ln(1/δ))/z`.
    #[test]
    fn full_participation_costs_no_more_than_the_classical_bound() {
        for (z, rounds) in [(1.0, 1), (4.0, 100), (20.0, 1000)] {
            let spent = account(1.0, z, rounds, 1e-5);
            let t = rounds as f64;
            let bound = t / (2.0 * z * z) + (2.0 * t * ln(1e5)).sqrt() / z;
            assert!(spent.epsilon <= bound, "{spent:?}, {bound}");
            assert!(spent.epsilon > 0.7 * bound, "{spent:?}, {bound}");
        }
    }

    /// The divergences by quadrature of their definition in 30 digits (mpmath), at the same orders;
    /// beside them what Google's dp-accounting gives (`RdpAccountant` with a
    /// `PoissonSampledDpEvent` of a `GaussianDpEvent`). That bounds the series at fractional orders
    /// from above, by the sizes of its terms.
    #[test]
    fn epsilon_is_exact_and_within_another_accountants_bound() {
        let known = [
            ((1.0, 1.0, 1, 1e-5), (4.728_507_067_217_623, 5.4), 4.728_507_067_217_623),
            ((1.0, 4.0, 100, 1e-5), (14.132_226_163_159_334, 2.8), 14.132_226_163_159_334),
            ((0.01, 1.1, 1000, 1e-5), (1.711_770_091_218_163, 9.6), 1.711_770_166_242_901_2),
            ((0.1, 0.8, 50, 1e-6), (10.531_545_235_808_02, 2.8), 10.549_087_122_381_248),
            ((0.5, 4.0, 200, 1e-5), (9.500_248_359_432_113, 3.4), 9.673_421_934_297_636),
            ((0.05, 2.0, 500, 1e-5), (2.768_584_530_798_588, 7.6), 2.768_584_562_239_288_6),
            ((0.2, 0.5, 10, 1e-5), (20.716_255_255_314_41, 1.8), 20.736_446_127_658_123),
        ];
        for ((q, z, rounds, delta), (epsilon, order), bound) in known {
            let got = account(q, z, rounds, delta);
            assert!((got.epsilon / epsilon - 1.0).abs() < 1e-9, "{got:?}, {epsilon}");
            assert!((got.order - order).abs() < 1e-9, "{got:?}, {order}");
            assert!(got.epsilon <= bound * (1.0 + 1e-12), "{got:?}, {bound}");
        }
    }

    #[test]
    fn whole_orders_lie_between_their_fractional_neighbours() {
        for (q, z) in [(0.01, 1.1), (0.1, 0.8), (0.5, 4.0)] {
            for order in [2.0, 3.0, 8.0] {
                let at = divergence(q, z, order);
                let (below, above) =
                    (divergence(q, z, order - 1e-4), divergence(q, z, order + 1e-4));
                assert!(below <= at && at <= above, "{q} {z} {order}: {below} {at} {above}");
                assert!(above - below < 1e-3 * at);
            }
        }
    }

    #[test]
    fn sampling_and_noise_spend_less_and_rounds_more() {
        let base = account(0.1, 1.0, 100, 1e-5).epsilon;
        assert!(account(0.05, 1.0, 100, 1e-5).epsilon < base);
        assert!(account(0.1, 2.0, 100, 1e-5).epsilon < base);
        assert!(account(0.1, 1.0, 200, 1e-5).epsilon > base);
        assert_eq!(account(0.1, 1.0, 0, 1e-5).epsilon, 0.0);
    }
}
