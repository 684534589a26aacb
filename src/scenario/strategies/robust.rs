//! Strategies that hold against some contributions being anything at all.

use super::{Scope, Weighting, settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

settings! {
    /// The median of every coordinate.
    Median {}
}

settings! {
    /// The mean of every coordinate without its least and greatest values.
    TrimmedMean {
        /// Share of the values that is cut from each end, rounded down.
        #[schemars(range(min = 0.0, max = 0.499))]
        proportion: f64 = 0.2,
        /// Values cut from each end, in place of a share.
        #[schemars(range(min = 0, max = 1_000_000))]
        #[serde(skip_serializing_if = "Option::is_none")]
        f: Option<u32> = None,
    }
}

settings! {
    /// The mean of the `n − f` values of a coordinate that are nearest to its median.
    MeanAroundMedian {
        /// Attackers to hold against; absent takes a fifth of the contributions.
        #[schemars(range(min = 0, max = 1_000_000))]
        #[serde(skip_serializing_if = "Option::is_none")]
        f: Option<u32> = None,
    }
}

/// How many neighbours Krum's score is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Neighbours {
    /// `n − f − 2` others, as published.
    #[default]
    #[serde(rename = "n-f-2")]
    Published,
    /// `n − f − 1` others, as ByzFL has it.
    #[serde(rename = "n-f-1")]
    OneMore,
}

settings! {
    /// The contribution whose squared distances to its nearest neighbours sum to the least.
    Krum {
        /// Attackers to hold against; absent takes a fifth of the contributions, and no more
        /// than `n ≥ 2f + 3` allows.
        #[schemars(range(min = 0, max = 1_000_000))]
        #[serde(skip_serializing_if = "Option::is_none")]
        f: Option<u32> = None,
        /// How many neighbours are counted.
        neighbours: Neighbours = Neighbours::Published,
        /// What counts as one vector.
        scope: Scope = Scope::Model,
    }
}

settings! {
    /// The mean of the contributions with the least Krum scores.
    MultiKrum {
        /// Attackers to hold against; absent takes a fifth of the contributions, and no more
        /// than `n ≥ 2f + 3` allows.
        #[schemars(range(min = 0, max = 1_000_000))]
        #[serde(skip_serializing_if = "Option::is_none")]
        f: Option<u32> = None,
        /// Contributions that are averaged; absent takes `n − f`.
        #[schemars(range(min = 1, max = 1_000_000))]
        #[serde(skip_serializing_if = "Option::is_none")]
        keep: Option<u32> = None,
        /// How many neighbours are counted.
        neighbours: Neighbours = Neighbours::Published,
        /// What a kept contribution counts.
        weighting: Weighting = Weighting::Uniform,
        /// What counts as one vector.
        scope: Scope = Scope::Model,
    }
}

settings! {
    /// Chooses `n − 2f` contributions by Krum, one after the other, then takes of every
    /// coordinate the mean of the `n − 4f` values nearest to the median of the chosen.
    Bulyan {
        /// Attackers to hold against; absent takes a fifth of the contributions, and no more
        /// than `n ≥ 4f + 3` allows.
        #[schemars(range(min = 0, max = 1_000_000))]
        #[serde(skip_serializing_if = "Option::is_none")]
        f: Option<u32> = None,
        /// What counts as one vector.
        scope: Scope = Scope::Model,
    }
}

/// Where an iteration starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// At zero: where the core stands.
    #[default]
    Zero,
    /// At the last round's result; at zero in the first.
    Previous,
}

settings! {
    /// The point with the least sum of distances to all contributions.
    GeometricMedian {
        /// Weiszfeld steps, one pass over all contributions each.
        #[schemars(range(min = 1, max = 10_000))]
        iterations: u32 = 3,
        /// Distances below this count as this much.
        #[schemars(range(min = 1e-12, max = 1e6))]
        nu: f64 = 1e-6,
        /// What a contribution counts.
        weighting: Weighting = Weighting::Uniform,
        /// What counts as one vector.
        scope: Scope = Scope::Model,
    }
}

settings! {
    /// From a starting point, steps by the mean of the differences to it, each shortened to
    /// `tau`.
    CentredClipping {
        /// Steps.
        #[schemars(range(min = 1, max = 10_000))]
        iterations: u32 = 1,
        /// Longest difference that counts in full.
        #[schemars(range(min = 1e-9, max = 1e9))]
        tau: f64 = 10.0,
        /// Where the first step starts.
        start: Start = Start::Previous,
        /// What counts as one vector.
        scope: Scope = Scope::Model,
    }
}

settings! {
    /// The mean of contributions no longer than `norm`, plus Gaussian noise: with noise, a round
    /// is differentially private, and the (ε, δ) spent so far is accounted for.
    NormBound {
        /// Longest contribution that counts in full.
        #[schemars(range(min = 1e-9, max = 1e9))]
        norm: f64 = 1.0,
        /// Noise multiplier `z`: the sum of the clipped contributions gets noise of standard
        /// deviation `z · norm`.
        #[schemars(range(min = 0.0, max = 1e6))]
        noise: f64 = 0.0,
        /// `δ` at which the `ε` spent is told.
        #[schemars(range(min = 1e-15, max = 0.5))]
        delta: f64 = 1e-5,
        /// What counts as one vector.
        scope: Scope = Scope::Model,
    }
}

settings! {
    /// The mean of the `n − f` contributions with the smallest diameter.
    Mda {
        /// Attackers to hold against; absent takes a fifth of the contributions.
        #[schemars(range(min = 0, max = 1_000_000))]
        #[serde(skip_serializing_if = "Option::is_none")]
        f: Option<u32> = None,
        /// What counts as one vector.
        scope: Scope = Scope::Model,
    }
}

settings! {
    /// The mean of the `n − f` contributions whose covariance has the smallest top eigenvalue.
    Smea {
        /// Attackers to hold against; absent takes a fifth of the contributions.
        #[schemars(range(min = 0, max = 1_000_000))]
        #[serde(skip_serializing_if = "Option::is_none")]
        f: Option<u32> = None,
        /// What counts as one vector.
        scope: Scope = Scope::Model,
    }
}

settings! {
    /// Lowers the weights of contributions that stand out along the covariance's top
    /// eigenvector until `n − 2f` are left, and takes the steadiest of the means on the way.
    Caf {
        /// Attackers to hold against; absent takes a fifth of the contributions.
        #[schemars(range(min = 0, max = 1_000_000))]
        #[serde(skip_serializing_if = "Option::is_none")]
        f: Option<u32> = None,
        /// What counts as one vector.
        scope: Scope = Scope::Model,
    }
}

settings! {
    /// Every contribution becomes the mean of the `n − f` nearest to it, itself among them.
    NearestNeighbourMixing {
        /// Attackers to hold against; absent takes a fifth of the contributions.
        #[schemars(range(min = 0, max = 1_000_000))]
        #[serde(skip_serializing_if = "Option::is_none")]
        f: Option<u32> = None,
        /// What counts as one vector.
        scope: Scope = Scope::Model,
    }
}

settings! {
    /// Contributions in random order become the means of so many in a row.
    Bucketing {
        /// Contributions of a bucket; the last one may have fewer.
        #[schemars(range(min = 1, max = 1_000_000))]
        size: u32 = 2,
    }
}

settings! {
    /// Every contribution is shortened to a length.
    Clip {
        /// Longest that stays as it is.
        #[schemars(range(min = 1e-9, max = 1e9))]
        norm: f64 = 1.0,
        /// What counts as one vector.
        scope: Scope = Scope::Model,
    }
}

settings! {
    /// The `⌊2f(n − f)/n⌋` longest contributions are shortened to the longest of the others.
    AdaptiveRobustClipping {
        /// Attackers to hold against; absent takes a fifth of the contributions.
        #[schemars(range(min = 0, max = 1_000_000))]
        #[serde(skip_serializing_if = "Option::is_none")]
        f: Option<u32> = None,
        /// What counts as one vector.
        scope: Scope = Scope::Model,
    }
}
