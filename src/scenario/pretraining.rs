//! `[pretraining]`: skills that are put into the first core in advance.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Training of the first core, before anyone works: bespoke pipelines for the most frequent
/// skills, each with its equal part of a budget of tasks whose right answers are told. Tasks come as
/// they do at a company where a random agent works, of the truths of round 0; the core is the mean of
/// the iterates over the second half of the way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pretraining {
    /// Tasks in all; 0 leaves the first core untrained.
    #[schemars(range(min = 0, max = 100_000_000))]
    pub tasks: u32,
    /// How many skills they are of, the most frequent ones; 0 takes all.
    #[schemars(range(min = 0, max = 100_000))]
    pub skills: u32,
}
