//! Strategies by the geometry of task vectors, by statistics, and by singular vectors.

use super::{Scope, Weighting, settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

settings! {
    /// From the base towards the mean, as far as the mean angle between the task vectors says.
    /// Needs two contributions or more.
    ModelStock {
        /// What counts as one vector.
        scope: Scope = Scope::Tensor,
    }
}

settings! {
    /// Keeps the coordinates that vary most between task vectors, weighs task vectors by their
    /// energy there, and leaves out entries against the majority's sign.
    Sce {
        /// Share of the varying coordinates that is kept.
        #[schemars(range(min = 0.0, max = 1.0))]
        density: f64 = 0.1,
        /// What counts as one vector.
        scope: Scope = Scope::Tensor,
    }
}

settings! {
    /// The mean of every coordinate weighted by its Fisher information: how sharply an agent's
    /// likelihood depends on it.
    Fisher {
        /// Least information of a coordinate, so that none divides by zero.
        #[schemars(range(min = 0.0, max = 1.0))]
        floor: f64 = 1e-6,
        /// What a contribution counts beside.
        weighting: Weighting = Weighting::Tasks,
    }
}

settings! {
    /// The linear map that comes nearest, in least squares, to what every agent's map gives on
    /// the agent's own inputs.
    Regmean {
        /// Factor of the Gram matrices' entries off the diagonal.
        #[schemars(range(min = 0.0, max = 1.0))]
        alpha: f64 = 0.9,
    }
}

settings! {
    /// Sum of low-rank task matrices whose singular vectors have been made orthogonal, so that
    /// tasks do not interfere. What is no matrix is averaged.
    Tsv {
        /// Share of the singular vectors that each task keeps; absent takes one part in as many
        /// as there are tasks.
        #[schemars(range(min = 0.0, max = 1.0))]
        #[serde(skip_serializing_if = "Option::is_none")]
        rank: Option<f64> = None,
        /// Factor of the merged task vector.
        #[schemars(range(min = -100.0, max = 100.0))]
        lambda: f64 = 1.0,
        /// Whether the sum is divided by the number of tasks. Absent: not for models in files, as
        /// published; yes in a fleet, where a sum over many agents has no meaning.
        #[serde(skip_serializing_if = "Option::is_none")]
        normalise: Option<bool> = None,
    }
}

settings! {
    /// The sum of task matrices with all its singular values made equal to their mean. What is
    /// no matrix is averaged.
    IsoC {
        /// Factor of the merged task vector.
        #[schemars(range(min = -100.0, max = 100.0))]
        lambda: f64 = 1.0,
        /// Whether the sum is divided by the number of tasks. Absent: not for models in files, as
        /// published; yes in a fleet, where a sum over many agents has no meaning.
        #[serde(skip_serializing_if = "Option::is_none")]
        normalise: Option<bool> = None,
    }
}
