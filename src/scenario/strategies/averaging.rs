//! Averaging.

use super::{Weighting, settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

settings! {
    /// Weighted mean of the contributions that hold a block.
    Mean {
        /// What a contribution counts.
        weighting: Weighting = Weighting::Tasks,
        /// Whether weights are divided by their sum; if not, this is a weighted sum.
        normalise: bool = true,
    }
}

settings! {
    /// Normalised averaging: what an agent learned counts per gradient step, so that agents
    /// with more steps do not pull the core towards their own optimum.
    Fednova {
        /// What a contribution counts.
        weighting: Weighting = Weighting::Tasks,
    }
}
