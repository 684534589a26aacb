//! Strategies that try cores out on probe tasks.

use super::settings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

settings! {
    /// The core of the agent that does best on the distiller's probe tasks.
    BestByProbe {
        /// Probe tasks of a skill and round.
        #[schemars(range(min = 1, max = 100_000))]
        probes: u32 = 32,
    }
}

settings! {
    /// From the best core on, adds to a mean of cores whatever does not make it worse on the
    /// distiller's probe tasks, best first.
    GreedySoup {
        /// Probe tasks of a skill and round.
        #[schemars(range(min = 1, max = 100_000))]
        probes: u32 = 32,
    }
}
