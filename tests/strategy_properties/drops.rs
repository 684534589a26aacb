//! What DARE and DELLA drop: how often, without bias, and with the published variance.

use crate::fleet::{Fleet, Holds, with};
use crate::kinds::parsed;
use hivesim::merge::Pipeline;
use hivesim::scenario::Combine;
use serde_json::{Value, json};

const ROUNDS: u32 = 10_000;

/// What every entry of the core moved by in each of so many rounds.
fn rounds(fleet: &Fleet, spec: &Combine) -> Vec<Vec<f32>> {
    let spec = with(spec);
    let mut pipeline = Pipeline::new(&spec);
    let round = |round| fleet.merged_by(&mut pipeline, &spec, 1, round);
    (1..=ROUNDS).map(round).map(|core| core.unwrap_or_else(|e| panic!("{e}"))).collect()
}

/// Asserts of an entry `x` that is kept with probability `p` and then multiplied by `factor`
/// that its share, mean and variance over all rounds are what they should be, each within four
/// standard errors.
#[track_caller]
fn assert_law(draws: &[f32], x: f32, p: f64, factor: f64) {
    let (n, x) = (draws.len() as f64, f64::from(x) * factor);
    let variance = p * (1.0 - p);
    let kept = draws.iter().filter(|y| **y != 0.0).count() as f64 / n;
    assert!((kept - p).abs() <= 4.0 * (variance / n).sqrt(), "{kept} are kept, not {p}");
    let mean = draws.iter().map(|y| f64::from(*y)).sum::<f64>() / n;
    let error = 4.0 * x.abs() * (variance / n).sqrt();
    assert!((mean - p * x).abs() <= error, "the mean is {mean}, not {} ± {error}", p * x);
    // around the mean that should be, so that its own error has no part in it
    let squares = draws.iter().map(|y| (f64::from(*y) - p * x) * (f64::from(*y) - p * x));
    let spread = squares.sum::<f64>() / n;
    // a Bernoulli's fourth central moment is v (1 − 3v), v its variance; single precision beside
    let fourth = variance * (1.0 - 3.0 * variance);
    let error = 4.0 * x * x * ((fourth - variance * variance).max(0.0) / n).sqrt() + 1e-6 * x * x;
    let law = x * x * variance;
    assert!((spread - law).abs() <= error, "the variance is {spread}, not {law} ± {error}");
}

fn column(draws: &[Vec<f32>], entry: usize) -> Vec<f32> {
    draws.iter().map(|core| core[entry]).collect()
}

/// `(1 − p)/p · δ²` with `p` the share that is kept: Yu et al. 2024, with `p` for what is
/// dropped, have `p/(1 − p) · δ²`.
#[test]
fn dare_is_unbiased_with_the_published_variance() {
    let fleet = Fleet::random(&[(1, 5), (2, 2)], 1, Holds::All, 4);
    for (density, rescale, then) in
        [(0.1, true, "linear"), (0.1, true, "ties"), (0.5, true, "linear"), (0.9, false, "linear")]
    {
        let spec = json!({"kind": "dare", "density": density, "rescale": rescale, "then": then});
        let draws = rounds(&fleet, &parsed(spec));
        let factor = if rescale { 1.0 / density } else { 1.0 };
        for (entry, x) in fleet.agents[0].delta.values().iter().enumerate() {
            assert_law(&column(&draws, entry), *x, density, factor);
        }
    }
}

/// Of a mean over agents: `Σ w_i δ_i`, with variance `Σ w_i² (1 − p)/p δ_i²`.
#[test]
fn dare_drops_of_every_agent_on_its_own() {
    let fleet = Fleet::random(&[(1, 6)], 3, Holds::All, 9);
    let (density, n) = (0.25, f64::from(ROUNDS));
    let spec = json!({"kind": "dare", "density": density, "weighting": "uniform"});
    let draws = rounds(&fleet, &parsed(spec));
    for entry in 0..6 {
        let deltas: Vec<f64> =
            fleet.agents.iter().map(|a| f64::from(a.delta.values()[entry]) / 3.0).collect();
        let law: f64 = deltas.iter().sum();
        let variance: f64 = deltas.iter().map(|d| d * d * (1.0 - density) / density).sum();
        let draws = column(&draws, entry);
        let mean = draws.iter().map(|y| f64::from(*y)).sum::<f64>() / n;
        assert!((mean - law).abs() <= 4.0 * (variance / n).sqrt(), "{mean}, not {law}");
        let squares: Vec<f64> =
            draws.iter().map(|y| (f64::from(*y) - law) * (f64::from(*y) - law)).collect();
        let spread = squares.iter().sum::<f64>() / n;
        let fourth = squares.iter().map(|s| s * s).sum::<f64>() / n;
        let error = 4.0 * ((fourth - spread * spread) / n).sqrt();
        assert!((spread - variance).abs() <= error, "{spread}, not {variance} ± {error}");
    }
}

/// Draws of different entries, blocks and rounds have nothing to do with each other: as many
/// are kept together as chance has it.
#[test]
fn dare_draws_entries_blocks_and_rounds_on_their_own() {
    let fleet = Fleet::random(&[(1, 3), (1, 3)], 1, Holds::All, 4);
    let p = 0.3;
    let draws = rounds(&fleet, &parsed(json!({"kind": "dare", "density": p})));
    let kept = |core: &Vec<f32>, entry: usize| core[entry] != 0.0;
    let n = f64::from(ROUNDS - 1);
    let together = |a: usize, b: usize, later: usize| {
        let both = draws.windows(2).filter(|two| kept(&two[0], a) && kept(&two[later], b));
        both.count() as f64 / n
    };
    let within = 4.0 * (p * p * (1.0 - p * p) / n).sqrt();
    for a in 0..6 {
        for b in 0..6 {
            for later in [0, 1] {
                if a != b || later == 1 {
                    let share = together(a, b, later);
                    assert!((share - p * p).abs() <= within, "entries {a} and {b}: {share}");
                }
            }
        }
    }
}

/// The smallest of `m` entries is kept with probability `density − ε`, the largest with
/// `density + ε`, those between by their rank.
#[test]
fn della_keeps_by_rank_without_bias() {
    let fleet = Fleet::random(&[(1, 9)], 1, Holds::All, 4);
    let values = fleet.agents[0].delta.values();
    let mut order: Vec<usize> = (0..9).collect();
    order.sort_by(|a, b| values[*a].abs().total_cmp(&values[*b].abs()));
    for (density, epsilon, rescale, then) in
        [(0.3, 0.15, true, "ties"), (0.5, 0.4, true, "linear"), (0.6, 0.3, false, "linear")]
    {
        let spec: Value = json!({
            "kind": "della", "density": density, "epsilon": epsilon, "rescale": rescale,
            "then": then,
        });
        let draws = rounds(&fleet, &parsed(spec));
        for (rank, &entry) in order.iter().enumerate() {
            let p = density - epsilon + 2.0 * epsilon * rank as f64 / 8.0;
            let factor = if rescale { 1.0 / p } else { 1.0 };
            assert_law(&column(&draws, entry), values[entry], p, factor);
        }
    }
}

/// Ranks are over the whole model where that is one vector, over each block where not.
#[test]
fn della_ranks_within_what_counts_as_one_vector() {
    let fleet = Fleet::random(&[(1, 2), (1, 3)], 1, Holds::All, 4);
    let fleet = fleet.changed(|i, _| [1.0, -2.0, 30.0, 20.0, -10.0][i]);
    let (density, epsilon) = (0.5, 0.4);
    for (scope, ranks, last) in
        [("model", [0, 1, 4, 3, 2], [4; 5]), ("block", [0, 1, 2, 1, 0], [1, 1, 2, 2, 2])]
    {
        let spec = json!({"kind": "della", "density": density, "epsilon": epsilon, "scope": scope});
        let draws = rounds(&fleet, &parsed(spec));
        for entry in 0..5 {
            let p = density - epsilon + 2.0 * epsilon * ranks[entry] as f64 / last[entry] as f64;
            assert_law(&column(&draws, entry), fleet.agents[0].delta.values()[entry], p, 1.0 / p);
        }
    }
}
