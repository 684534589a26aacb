//! Which strategies there are, and what holds for each.

use hivesim::scenario::{self, Combine, Pre, Scope, Server, Sign};
use serde_json::{Value, json};
use std::ops::RangeInclusive;

/// What comes of agents who all bring the same, beside that itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Identical {
    /// It.
    Stays,
    /// Every entry of it or zero: strategies that drop entries for good.
    Parts,
    /// It, but no longer than this.
    Shortened(f64),
    /// It, every entry no larger than this.
    Clamped(f64),
    /// Something else: sums, draws, and spectra made flat.
    Changes,
}

/// What multiplying all contributions does.
#[derive(Clone, Debug)]
pub enum Scales {
    /// Multiplies the result (exactly by powers of two), with these settings' lengths multiplied.
    With(Combine),
    /// The same, within rounding only: a floor is added to lengths.
    Nearly,
    /// Something else.
    No,
}

/// What holds for a strategy.
#[derive(Clone, Debug)]
pub struct Law {
    /// How many contributions it takes here.
    pub members: RangeInclusive<usize>,
    /// Whether the order of agents does not matter; where it does, equals are told by it.
    pub permutes: bool,
    pub identical: Identical,
    /// Whether adding a vector to all contributions adds it to the result.
    pub translates: bool,
    /// Rounding, as a share of the largest entry.
    pub within: f32,
}

/// Sums over at most 25 values: a unit in the last place each, and as much for the weights.
const SUMS: f32 = 25.0 * 2.0 * f32::EPSILON;
/// Through a Gram matrix in single precision, whose entries' relative error is 1e-5.
const PRODUCTS: f32 = 1e-3;

/// Every strategy's law. A strategy that is added does not compile before it is here.
pub fn law(spec: &Combine) -> Law {
    use Identical::{Changes, Clamped, Parts, Shortened, Stays};
    let law = |members, identical, translates, within| Law {
        members,
        permutes: true,
        identical,
        translates,
        within,
    };
    match spec {
        Combine::Mean(spec) if !spec.normalise => law(1..=25, Changes, false, 25.0 * 20.0 * SUMS),
        Combine::Mean(_) => law(1..=25, Stays, true, SUMS),
        // with equal steps
        Combine::Fednova(_) => law(1..=25, Stays, true, 9.0 * SUMS),
        Combine::Median(_) | Combine::TrimmedMean(_) | Combine::MeanAroundMedian(_) => {
            law(1..=25, Stays, true, SUMS)
        }
        // of three, two are each other's only neighbour, with the same score
        Combine::Krum(_) | Combine::MultiKrum(_) => law(4..=25, Stays, true, SUMS),
        // and so are two of the last that are left to choose from
        Combine::Bulyan(_) => Law { permutes: false, ..law(3..=25, Stays, true, SUMS) },
        // the first step starts at zero, wherever the contributions are
        Combine::GeometricMedian(_) => law(1..=25, Stays, false, PRODUCTS),
        Combine::CentredClipping(spec) => law(1..=25, Shortened(spec.tau), false, PRODUCTS),
        Combine::NormBound(spec) if spec.noise > 0.0 => law(1..=25, Changes, false, PRODUCTS),
        Combine::NormBound(spec) => law(1..=25, Shortened(spec.norm), false, PRODUCTS),
        // where one pair is widest of several subsets, the first of them is taken
        Combine::Mda(_) => Law { permutes: false, ..law(1..=25, Stays, true, SUMS) },
        Combine::Smea(_) => law(1..=11, Stays, true, SUMS),
        Combine::Caf(_) => law(1..=25, Stays, true, PRODUCTS),
        Combine::TaskArithmetic(_) => law(1..=25, Stays, true, SUMS),
        Combine::Ties(_) => law(1..=25, Parts, false, SUMS),
        // a kept entry is divided by its probability
        Combine::Dare(spec) => law(1..=25, Changes, false, SUMS / spec.density as f32),
        Combine::Della(_) => law(1..=25, Changes, false, 10.0 * SUMS),
        Combine::Breadcrumbs(_) => law(1..=25, Parts, false, SUMS),
        Combine::Consensus(_) => law(1..=25, Parts, false, SUMS),
        // of one, half way to it from the base
        Combine::Slerp(_) => law(2..=2, Stays, false, PRODUCTS),
        Combine::Nuslerp(_) => law(2..=2, Stays, false, PRODUCTS),
        Combine::MultiSlerp(_) | Combine::Karcher(_) => law(1..=25, Stays, false, PRODUCTS),
        Combine::Nearswap(spec) => law(1..=1, Clamped(spec.t), false, SUMS),
        Combine::ArceeFusion(_) => law(1..=1, Parts, false, SUMS),
        Combine::Ram(_) | Combine::RamplusTl(_) => law(1..=25, Stays, false, SUMS),
        Combine::ModelStock(_) => law(2..=25, Stays, false, PRODUCTS),
        Combine::Sce(_) => law(1..=25, Parts, false, SUMS),
        Combine::Fisher(_) => law(1..=25, Stays, true, SUMS),
        // a ridge of a millionth keeps empty Gram matrices solvable
        Combine::Regmean(_) => law(1..=25, Stays, true, PRODUCTS),
        // all spectra, and overlapping directions, are changed on purpose
        Combine::Tsv(_) | Combine::IsoC(_) => law(1..=6, Changes, false, PRODUCTS),
        Combine::BestByProbe(_) | Combine::GreedySoup(_) => law(1..=12, Stays, true, SUMS),
    }
}

/// What multiplying all contributions by `c` does, with all lengths `|c|` times as long.
pub fn scaled(spec: &Combine, c: f64) -> Scales {
    let (mut spec, negative, c) = (spec.clone(), c < 0.0, c.abs());
    match &mut spec {
        Combine::CentredClipping(spec) => spec.tau *= c,
        Combine::Nearswap(spec) => spec.t *= c,
        Combine::Ram(spec) => spec.epsilon *= c,
        Combine::RamplusTl(spec) => spec.epsilon *= c,
        // as many of either sign elect +
        Combine::Ties(spec) if spec.sign == Sign::Count && negative => return Scales::No,
        // noise has a length, but no sign
        Combine::NormBound(spec) if spec.noise > 0.0 => return Scales::No,
        Combine::NormBound(spec) => spec.norm *= c,
        Combine::MultiSlerp(_) => return Scales::Nearly,
        // softmax
        Combine::ArceeFusion(_) => return Scales::No,
        // has no settings that are lengths, or ones far below all that is drawn here
        _ => {}
    }
    Scales::With(spec)
}

/// Every kind of a definition of the scenario's schema.
pub fn kinds(definition: &str) -> Vec<String> {
    let schema = scenario::schema();
    let branches = schema["$defs"][definition]["oneOf"].as_array().expect("kinds");
    let kind =
        |branch: &Value| branch["properties"]["kind"]["const"].as_str().expect("a kind").to_owned();
    branches.iter().map(kind).collect()
}

/// Every strategy with its defaults, and some with other settings.
pub fn strategies() -> Vec<Combine> {
    let variants = [
        json!({"kind": "mean", "weighting": "uniform"}),
        json!({"kind": "mean", "normalise": false}),
        json!({"kind": "trimmed-mean", "f": 0}),
        json!({"kind": "krum", "neighbours": "n-f-1", "scope": "tensor"}),
        json!({"kind": "multi-krum", "weighting": "tasks", "keep": 2}),
        json!({"kind": "geometric-median", "weighting": "tasks", "iterations": 1}),
        json!({"kind": "centred-clipping", "scope": "tensor", "tau": 0.5}),
        json!({"kind": "norm-bound", "noise": 0.5}),
        json!({"kind": "task-arithmetic", "weighting": "uniform"}),
        json!({"kind": "ties", "density": 0.5, "sign": "count", "scope": "tensor"}),
        json!({"kind": "dare", "density": 0.5, "then": "ties"}),
        json!({"kind": "dare", "density": 0.7, "rescale": false}),
        json!({"kind": "della", "density": 0.5, "epsilon": 0.4, "then": "linear", "scope": "model"}),
        json!({"kind": "breadcrumbs", "density": 0.5, "gamma": 0.1, "then": "ties"}),
        json!({"kind": "breadcrumbs", "density": 0.3, "gamma": 0.0, "scope": "model"}),
        json!({"kind": "sce", "density": 1.0, "scope": "model"}),
        json!({"kind": "karcher", "weighting": "tasks", "scope": "model"}),
        json!({"kind": "multi-slerp", "scope": "model"}),
        json!({"kind": "model-stock", "scope": "model"}),
        json!({"kind": "tsv", "rank": 0.5}),
    ];
    let defaults = kinds("Combine").into_iter().map(|kind| json!({ "kind": kind }));
    defaults.chain(variants).map(parsed).collect()
}

pub fn parsed<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|e| panic!("{value}: {e}"))
}

/// Every pre-aggregation with its defaults.
pub fn pres() -> Vec<Pre> {
    kinds("Pre").into_iter().map(|kind| parsed(json!({ "kind": kind }))).collect()
}

/// Every server step with its defaults, and the plain one with a rate.
pub fn servers() -> Vec<Server> {
    let defaults = kinds("Server").into_iter().map(|kind| json!({ "kind": kind }));
    defaults.chain([json!({"kind": "plain", "eta": 0.5})]).map(parsed).collect()
}

/// What holds for a pre-aggregation in front of the mean.
#[derive(Clone, Copy, Debug)]
pub struct PreLaw {
    /// Whether the order of agents does not matter.
    pub permutes: bool,
    pub translates: bool,
    pub identical: Identical,
}

/// Every pre-aggregation's law. One that is added does not compile before it is here.
pub fn pre_law(spec: &Pre) -> PreLaw {
    match spec {
        Pre::NearestNeighbourMixing(_) => {
            PreLaw { permutes: true, translates: true, identical: Identical::Stays }
        }
        // buckets are drawn by place
        Pre::Bucketing(_) => {
            PreLaw { permutes: false, translates: true, identical: Identical::Stays }
        }
        Pre::Clip(spec) => {
            let identical = Identical::Shortened(spec.norm);
            PreLaw { permutes: true, translates: false, identical }
        }
        Pre::AdaptiveRobustClipping(_) => {
            PreLaw { permutes: true, translates: false, identical: Identical::Stays }
        }
    }
}

/// The pre-aggregation with all lengths `c` times as long.
pub fn scaled_pre(spec: &Pre, c: f64) -> Pre {
    let mut spec = spec.clone();
    if let Pre::Clip(clip) = &mut spec {
        clip.norm *= c;
    }
    spec
}

/// Whether a scope is the whole model.
pub fn is_whole(scope: Scope) -> bool {
    scope == Scope::Model
}
