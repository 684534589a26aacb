//! `[checkpoint]`: how often a run's state is kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How often the state of a run is kept in its folder, so that `hivesim resume` can go on from there
/// if it is cut off. No key here changes a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Checkpoint {
    /// Rounds between two checkpoints; 0 does not count rounds.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub rounds: u32,
    /// Seconds between two checkpoints, and no less than 24 times what the last one took, so that they
    /// cost less than a twentieth of the run; 0 does not look at the clock. With `rounds = 0` too, none
    /// is kept.
    #[schemars(range(min = 0.0, max = 1_000_000.0))]
    pub seconds: f64,
    /// Checkpoints that are kept, the newest; an earlier one serves where a later one is damaged.
    #[schemars(range(min = 1, max = 100))]
    pub keep: u32,
}

impl Default for Checkpoint {
    fn default() -> Self {
        Checkpoint { rounds: 0, seconds: 60.0, keep: 2 }
    }
}

impl Checkpoint {
    /// Whether any are kept.
    pub fn any(&self) -> bool {
        self.rounds > 0 || self.seconds > 0.0
    }
}
