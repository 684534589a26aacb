//! Interpolation along spheres.

use super::{Scope, Weighting, settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

settings! {
    /// Along the great circle from the first model to the second; with one contribution, from
    /// the base to it.
    Slerp {
        /// How far along.
        #[schemars(range(min = 0.0, max = 1.0))]
        t: f64 = 0.5,
        /// Where the cosine's magnitude is above this, the models count as parallel and are
        /// interpolated along the straight line.
        #[schemars(range(min = 0.0, max = 1.0))]
        dot_threshold: f64 = 0.9995,
        /// What counts as one vector.
        scope: Scope = Scope::Tensor,
    }
}

settings! {
    /// Along the great circle between two task vectors (or models without a base), as far as
    /// the second's share of the weights.
    Nuslerp {
        /// What a contribution counts.
        weighting: Weighting = Weighting::Tasks,
        /// What counts as one vector.
        scope: Scope = Scope::Tensor,
    }
}

settings! {
    /// The weighted mean of directions, taken in the tangent space at their straight mean, with
    /// the weighted mean of the lengths.
    MultiSlerp {
        /// Whether weights are divided by their sum.
        normalise: bool = true,
        /// What a contribution counts.
        weighting: Weighting = Weighting::Tasks,
        /// What counts as one vector.
        scope: Scope = Scope::Tensor,
    }
}

settings! {
    /// The direction with the least sum of squared angles to all models, with the mean of their
    /// lengths.
    Karcher {
        /// Most steps.
        #[schemars(range(min = 1, max = 10_000))]
        iterations: u32 = 10,
        /// A step shorter than this is the last.
        #[schemars(range(min = 0.0, max = 1.0))]
        tolerance: f64 = 1e-5,
        /// What a contribution counts.
        weighting: Weighting = Weighting::Uniform,
        /// What counts as one vector.
        scope: Scope = Scope::Tensor,
    }
}
