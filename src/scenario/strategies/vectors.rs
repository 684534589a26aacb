//! Arithmetic on task vectors: what a model moved from its base.

use super::{Scope, Weighting, settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

settings! {
    /// The base plus the sum of the task vectors, times `lambda`.
    TaskArithmetic {
        /// Factor of the sum.
        #[schemars(range(min = -100.0, max = 100.0))]
        lambda: f64 = 1.0,
        /// Whether weights are divided by their sum. Absent: not for models in files, as
        /// published; yes in a fleet, where a sum over many agents has no meaning.
        #[serde(skip_serializing_if = "Option::is_none")]
        normalise: Option<bool> = None,
        /// What a contribution counts.
        weighting: Weighting = Weighting::Tasks,
    }
}

/// What a coordinate's sign is elected by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// The sign of the sum.
    #[default]
    Sum,
    /// The sign that more have.
    Count,
}

settings! {
    /// Keeps the largest entries of every task vector, elects a sign for every coordinate, and
    /// averages the entries that agree with it.
    Ties {
        /// Share of a task vector's entries that is kept.
        #[schemars(range(min = 0.0, max = 1.0))]
        density: f64 = 0.2,
        /// Factor of the merged task vector.
        #[schemars(range(min = -100.0, max = 100.0))]
        lambda: f64 = 1.0,
        /// Whether agreeing entries are divided by the sum of their weights.
        normalise: bool = true,
        /// What a sign is elected by.
        sign: Sign = Sign::Sum,
        /// What a contribution counts.
        weighting: Weighting = Weighting::Tasks,
        /// What counts as one vector.
        scope: Scope = Scope::Model,
    }
}

/// What is made of sparse task vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// Their weighted sum or mean.
    #[default]
    Linear,
    /// Sign election, as in TIES.
    Ties,
}

settings! {
    /// Drops entries of every task vector at random and multiplies the others so that the
    /// expectation stays.
    Dare {
        /// Probability that an entry is kept.
        #[schemars(range(min = 0.001, max = 1.0))]
        density: f64 = 0.1,
        /// Whether what is kept is divided by `density`.
        rescale: bool = true,
        /// What is made of the sparse task vectors.
        then: Then = Then::Linear,
        /// Factor of the merged task vector.
        #[schemars(range(min = -100.0, max = 100.0))]
        lambda: f64 = 1.0,
        /// Whether weights are divided by their sum. Absent: not for models in files, as
        /// published; yes in a fleet.
        #[serde(skip_serializing_if = "Option::is_none")]
        normalise: Option<bool> = None,
        /// What a contribution counts.
        weighting: Weighting = Weighting::Tasks,
    }
}

settings! {
    /// Drops entries at random, the smaller the likelier, and divides each that stays by its
    /// own probability to.
    Della {
        /// Mean probability that an entry is kept.
        #[schemars(range(min = 0.001, max = 1.0))]
        density: f64 = 0.3,
        /// The smallest entry is kept with probability `density − epsilon`, the largest with
        /// `density + epsilon`, the others by their rank in between.
        #[schemars(range(min = 0.0, max = 0.5))]
        epsilon: f64 = 0.15,
        /// Whether what is kept is divided by its probability.
        rescale: bool = true,
        /// What is made of the sparse task vectors.
        then: Then = Then::Ties,
        /// Factor of the merged task vector.
        #[schemars(range(min = -100.0, max = 100.0))]
        lambda: f64 = 1.0,
        /// Whether (agreeing) entries are divided by the sum of their weights.
        normalise: bool = true,
        /// What a contribution counts.
        weighting: Weighting = Weighting::Tasks,
        /// What counts as one vector: ranks are taken within it.
        scope: Scope = Scope::Block,
    }
}

settings! {
    /// Drops the smallest and the very largest entries of every task vector.
    Breadcrumbs {
        /// Share of a task vector's entries that is kept.
        #[schemars(range(min = 0.0, max = 1.0))]
        density: f64 = 0.143,
        /// Share of the largest entries that is dropped.
        #[schemars(range(min = 0.0, max = 1.0))]
        gamma: f64 = 0.007,
        /// What is made of the sparse task vectors.
        then: Then = Then::Linear,
        /// Factor of the merged task vector.
        #[schemars(range(min = -100.0, max = 100.0))]
        lambda: f64 = 1.0,
        /// Whether (agreeing) entries are divided by the sum of their weights. Absent: not for
        /// models in files, as published; yes in a fleet.
        #[serde(skip_serializing_if = "Option::is_none")]
        normalise: Option<bool> = None,
        /// What a contribution counts.
        weighting: Weighting = Weighting::Tasks,
        /// What counts as one vector.
        scope: Scope = Scope::Tensor,
    }
}

settings! {
    /// Of the merged task vector, keeps the entries that at least `k` of the tasks need: those
    /// where a task's own entry outweighs what the others make of it.
    Consensus {
        /// Tasks that must need an entry.
        #[schemars(range(min = 0, max = 1_000_000))]
        k: u32 = 2,
        /// A task needs an entry where its own is at least `threshold` times as large as the
        /// merged one without it.
        #[schemars(range(min = 0.0, max = 100.0))]
        threshold: f64 = 0.4,
        /// Factor of the merged task vector.
        #[schemars(range(min = -100.0, max = 100.0))]
        lambda: f64 = 1.0,
        /// Whether weights are divided by their sum for the merged task vector. Absent: not for
        /// models in files, as published; yes in a fleet.
        #[serde(skip_serializing_if = "Option::is_none")]
        normalise: Option<bool> = None,
        /// What a contribution counts.
        weighting: Weighting = Weighting::Tasks,
    }
}

settings! {
    /// Moves every coordinate of the base towards the other model by at most `t`. Needs exactly
    /// one contribution.
    Nearswap {
        /// The longest move.
        #[schemars(range(min = 0.0, max = 1e6))]
        t: f64 = 0.001,
    }
}

settings! {
    /// Takes over from the other model the entries whose importance, change times the
    /// divergence of the row's softmax, lies above the median by 1.5 interquartile ranges.
    /// Needs exactly one contribution.
    ArceeFusion {}
}

settings! {
    /// Sums entries that one task vector alone changed, averages those that several did.
    Ram {
        /// A change is larger than this.
        #[schemars(range(min = 0.0, max = 1e6))]
        epsilon: f64 = 1e-5,
    }
}

settings! {
    /// [`Ram`], where entries that one task vector alone changed are multiplied by
    /// `1 + r · min(shared/unique, alpha)`.
    RamplusTl {
        /// Strength of the amplification.
        #[schemars(range(min = 0.0, max = 100.0))]
        r: f64 = 0.1,
        /// Highest ratio of shared to unique entries that counts.
        #[schemars(range(min = 0.0, max = 100.0))]
        alpha: f64 = 0.2,
        /// A change is larger than this.
        #[schemars(range(min = 0.0, max = 1e6))]
        epsilon: f64 = 1e-5,
        /// What counts as one vector: changes are counted within it.
        scope: Scope = Scope::Tensor,
    }
}
