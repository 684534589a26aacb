//! The paper world against its definition. Tolerances are 4 standard errors of what is
//! estimated, from the number of independent draws behind it.

#![allow(clippy::disallowed_methods, reason = "a reference of its own, within tolerances")]

use super::*;
use crate::scenario::{FixedSizes, LognormalSizes};

/// SplitMix64 (Steele, Lea & Flood 2014) and Box-Muller: simple, and good enough to test with.
struct Seeded(u64);

impl Draws for Seeded {
    fn normals(&self, purpose: Purpose, agent: u32) -> impl Iterator<Item = f64> {
        let mut words = self.words(purpose, agent);
        let mut uniform = move || (words.next().unwrap() >> 11) as f64 * 2f64.powi(-53);
        std::iter::repeat_with(move || {
            let radius = (-2.0 * libm::log(1.0 - uniform())).sqrt();
            radius * libm::cos(std::f64::consts::TAU * uniform())
        })
    }

    fn words(&self, purpose: Purpose, agent: u32) -> impl Iterator<Item = u64> {
        let stream = (u64::from(agent) << 8) + purpose as u64;
        let mut state = mix(self.0 ^ mix(stream.wrapping_add(0x9e37_79b9_7f4a_7c15)));
        std::iter::repeat_with(move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mix(state)
        })
    }
}

fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

const SEED: Seeded = Seeded(7);

fn fixed(examples: u32) -> Synthetic {
    Synthetic { sizes: Sizes::Fixed(FixedSizes { examples }), ..Synthetic::default() }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64]) -> f64 {
    let centre = mean(values);
    values.iter().map(|v| (v - centre) * (v - centre)).sum::<f64>() / (values.len() - 1) as f64
}

/// Of n normal draws, 4 standard errors: mean σ/√n, variance σ²·√(2/(n−1)).
fn assert_normal(values: &[f64], mu: f64, sigma: f64, what: &str) {
    let n = values.len() as f64;
    let (m, v) = (mean(values), variance(values));
    assert!((m - mu).abs() < 4.0 * sigma / n.sqrt(), "{what}: mean {m}, not {mu}");
    let allowed = 4.0 * sigma * sigma * (2.0 / (n - 1.0)).sqrt();
    assert!((v - sigma * sigma).abs() < allowed, "{what}: variance {v}, not {}", sigma * sigma);
}

#[test]
fn sizes_are_lognormal_above_the_least() {
    let n = 20_000;
    let sizes = Sizes::default();
    let drawn: Vec<f64> = (0..n).map(|a| size(&sizes, a, &SEED) as f64 - 50.0).collect();
    assert!(drawn.iter().all(|&s| s >= 0.0));
    // P(floor(e^(4+2z)) ≤ m) = Φ((ln(m+1) − 4)/2).
    for (most, share) in [(6.0, 0.1522), (54.0, 0.5015), (403.0, 0.8415)] {
        let below = drawn.iter().filter(|&&s| s <= most).count() as f64 / f64::from(n);
        let error = (share * (1.0 - share) / f64::from(n)).sqrt();
        assert!((below - share).abs() < 4.0 * error, "{below} of sizes ≤ {most}, not {share}");
    }
    // Large enough that the floor moves a logarithm by less than 1e-3.
    let large = Sizes::Lognormal(LognormalSizes { mean: 9.0, sigma: 0.5, least: 1 });
    let logs: Vec<f64> = (0..n).map(|a| (size(&large, a, &SEED) as f64 - 0.5).ln()).collect();
    assert_normal(&logs, 9.0, 0.5, "log of sizes");
}

#[test]
fn models_vary_between_agents_by_alpha_and_within_by_one() {
    for alpha in [0.0, 0.5, 1.0] {
        let spec = Synthetic { alpha, ..Synthetic::default() };
        let (mut means, mut within) = (Vec::new(), Vec::new());
        for agent in 0..500 {
            let model = Model::draw(&spec, agent, &SEED);
            assert_eq!((model.weights.len(), model.bias.len()), (600, 10));
            let centre = mean(&model.weights);
            means.push(centre);
            within.extend(model.weights.iter().step_by(60).map(|w| w - centre));
        }
        // A mean of 600 entries has its own error beside u_k: variance alpha² + 1/600, and
        // an entry less its mean 1 − 1/600.
        assert_normal(&means, 0.0, (alpha * alpha + 1.0 / 600.0).sqrt(), "model means");
        assert_normal(&within, 0.0, (1.0 - 1.0 / 600.0f64).sqrt(), "entries");
    }
}

#[test]
fn biases_share_their_models_mean() {
    let spec = Synthetic { alpha: 100.0, ..Synthetic::default() };
    for agent in 0..20 {
        let model = Model::draw(&spec, agent, &SEED);
        // Difference of a mean of 600 and one of 10 entries around one u_k.
        let difference = mean(&model.weights) - mean(&model.bias);
        assert!(difference.abs() < 4.0 * (0.1 + 1.0 / 600.0f64).sqrt(), "{difference}");
    }
}

#[test]
fn input_centres_vary_between_agents_by_beta_and_within_by_one() {
    for beta in [0.0, 1.0] {
        let spec = Synthetic { beta, ..Synthetic::default() };
        let (mut means, mut within) = (Vec::new(), Vec::new());
        for agent in 0..500 {
            let centre = centre(&spec, agent, &SEED);
            let middle = mean(&centre);
            means.push(middle);
            within.push(centre[3] - middle);
        }
        assert_normal(&means, 0.0, (beta * beta + 1.0 / 60.0).sqrt(), "centre means");
        assert_normal(&within, 0.0, (1.0 - 1.0 / 60.0f64).sqrt(), "entries");
    }
}

#[test]
fn inputs_lie_around_their_centre_with_the_power_laws_variance() {
    let data = generate(&fixed(20_000), 1, &SEED);
    let centre = centre(&fixed(20_000), 0, &SEED);
    let rows = data.train.x.chunks_exact(61).chain(data.test.x.chunks_exact(61));
    let rows: Vec<&[f32]> = rows.collect();
    for j in [0, 1, 9, 59] {
        let column: Vec<f64> = rows.iter().map(|row| f64::from(row[j])).collect();
        let sigma = ((j + 1) as f64).powf(-0.6);
        assert_normal(&column, centre[j], sigma, &format!("feature {j}"));
    }
    assert!(rows.iter().all(|row| row[60] == 1.0));
}

#[test]
fn labels_are_the_models_answers() {
    let data = generate(&fixed(1000), 2, &SEED);
    for agent in 0..2 {
        let model = Model::draw(&fixed(1000), agent as u32, &SEED);
        let right = data.train.rows(agent).filter(|&i| {
            let x: Vec<f64> = data.train.x[i * 61..i * 61 + 60].iter().map(|&v| v.into()).collect();
            model.answer(&x) == data.train.y[i]
        });
        // Rounding the inputs to 32 bits may flip an answer whose scores differ by 1e-7.
        assert!(right.count() >= 899);
    }
}

#[test]
fn the_iid_variant_has_one_model_and_centred_inputs() {
    let spec = Synthetic { iid: true, ..fixed(500) };
    let first = Model::draw(&spec, 0, &SEED);
    assert!((1..5).all(|agent| Model::draw(&spec, agent, &SEED) == first));
    let entries: Vec<f64> = first.weights.iter().chain(&first.bias).copied().collect();
    assert_normal(&entries, 0.0, 1.0, "entries");
    let data = generate(&spec, 40, &SEED);
    let column: Vec<f64> = data.train.x.chunks_exact(61).map(|row| f64::from(row[0])).collect();
    assert_normal(&column, 0.0, 1.0, "feature 0");
    // Agents' inputs still differ.
    assert_ne!(data.train.x[0], data.train.x[data.train.rows(1).start * 61]);
}

#[test]
fn nine_tenths_rounded_down_are_for_training() {
    let data = generate(&Synthetic::default(), 30, &SEED);
    for agent in 0..30 {
        let (train, test) = (data.train.rows(agent).len(), data.test.rows(agent).len());
        let n = train + test;
        assert_eq!(n, size(&Sizes::default(), agent as u32, &SEED));
        assert_eq!(train, n * 9 / 10, "of {n}");
    }
    assert_eq!(data.users[29], "f_00029");
}

#[test]
fn an_agents_data_are_the_same_in_any_fleet_and_every_time() {
    let (small, large) =
        (generate(&Synthetic::default(), 4, &SEED), generate(&Synthetic::default(), 9, &SEED));
    let rows = small.train.y.len();
    assert_eq!(small.train.y, large.train.y[..rows]);
    assert_eq!(small.train.x, large.train.x[..rows * 61]);
    assert_eq!(small, generate(&Synthetic::default(), 4, &SEED));
    assert_ne!(small, generate(&Synthetic::default(), 4, &Seeded(8)));
}

#[test]
fn a_shuffle_is_a_permutation_that_favours_no_place() {
    let n = 20_000;
    let mut counts = [0u32; 5];
    for agent in 0..n {
        let mut order = shuffled(5, SEED.words(Purpose::Shuffle, agent));
        counts[order.iter().position(|&i| i == 0).unwrap()] += 1;
        order.sort_unstable();
        assert_eq!(order, [0, 1, 2, 3, 4]);
    }
    let error = (0.2 * 0.8 / f64::from(n)).sqrt();
    for count in counts {
        assert!((f64::from(count) / f64::from(n) - 0.2).abs() < 4.0 * error, "{counts:?}");
    }
}
