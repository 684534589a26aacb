//! The rugged landscape of the world `nk`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Kauffman's NK landscape: a solution is a string of `n` bits, and each bit contributes a number
/// drawn from `[0, 1)` for every setting of itself and of `k` others (Kauffman & Levin 1987;
/// Kauffman 1993). The larger `k`, the more local optima; there is one landscape a seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Nk {
    /// Bits of a solution.
    #[schemars(range(min = 1, max = 64))]
    pub n: u32,
    /// Other bits that a bit's contribution depends on, at most `n - 1`: 0 makes every bit count
    /// for itself, `n - 1` makes every solution's fitness a draw of its own.
    #[schemars(range(min = 0, max = 63))]
    pub k: u32,
    /// Which others.
    pub neighbours: Partners,
    /// A level is the fitness, as a share of the landscape's highest, to this power: more makes
    /// most solutions mediocre and few very good. Lazer and Friedman took 8.
    #[schemars(range(min = 0.01, max = 100.0))]
    pub power: f64,
    /// Whether levels are shares of the landscape's highest fitness, which is found by going
    /// through all 2^n solutions, so that n is at most 24. Otherwise a level is the fitness itself
    /// to that power, at most 1.
    pub scaled: bool,
}

impl Default for Nk {
    fn default() -> Self {
        Nk { n: 20, k: 5, neighbours: Partners::Random, power: 8.0, scaled: true }
    }
}

/// Which others a bit of the landscape interacts with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Partners {
    /// Any, drawn for each bit.
    #[default]
    Random,
    /// Those next to it on a ring, half on either side; of an odd number one more on the right.
    Adjacent,
}

/// Search in the world `nk`: every round an agent copies a better solution that it sees, or else
/// tries to flip one bit of its own and keeps what is better (Lazer & Friedman 2007).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Search {
    /// Which of the solutions that an agent sees it would copy.
    pub rule: Copying,
    /// Partners that it looks at, drawn afresh each time; 0 means all.
    #[schemars(range(min = 0, max = 64))]
    pub looks: u32,
    /// Rounds from one look at others to the next, and from one core to the next; in between
    /// agents try alone.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub every: u32,
    /// Probability that a bit is copied wrongly, bit by bit.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub error: f64,
    /// What a distiller makes its core of.
    pub publish: Publish,
}

impl Default for Search {
    fn default() -> Self {
        Search { rule: Copying::Best, looks: 0, every: 1, error: 0.0, publish: Publish::Best }
    }
}

/// Which of the solutions that an agent sees it would copy, if it is better than its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Copying {
    /// The best (Lazer & Friedman 2007).
    #[default]
    Best,
    /// The most frequent; of several, one by lot (Barkoczi & Galesic 2016).
    Conform,
}

/// What a distiller makes its core of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Publish {
    /// The best solution.
    #[default]
    Best,
    /// The most frequent solution, of several the best.
    MostFrequent,
    /// A solution of which each bit is what most agents have there: the mean of all, rounded. Where
    /// as many have it set as not, it is that of the best solution.
    Majority,
}
