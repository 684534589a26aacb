//! `[faults]`, `[fleet.availability]` and `[fleet.churn]`: what goes wrong without anyone's ill will.

use super::strategies::settings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

settings! {
    /// What happens to learnings on their way to the distiller. Each one's fate is drawn by itself,
    /// from its agent's stream for the round.
    Faults {
        /// Probability that a learning never arrives.
        #[schemars(range(min = 0.0, max = 1.0))]
        loss: f64 = 0.0,
        /// Probability that one which is not lost is damaged: a bit of it flips on the way, or its
        /// sender put a number into it that is none, or left the end out, one as often as the other.
        /// The distiller refuses it.
        #[schemars(range(min = 0.0, max = 1.0))]
        corruption: f64 = 0.0,
        /// Probability that one which is neither lost nor damaged arrives twice. The distiller
        /// refuses the second.
        #[schemars(range(min = 0.0, max = 1.0))]
        duplication: f64 = 0.0,
        /// Probability that one which is neither lost nor damaged is late: it arrives in a later
        /// round, maybe after a later one of the same agent, and is merged then, stale.
        #[schemars(range(min = 0.0, max = 1.0))]
        delay: f64 = 0.0,
        /// The most rounds that a late one is late, from 1, one as often as the other.
        #[schemars(range(min = 1, max = 10_000))]
        lateness: u32 = 3,
        /// The distiller refuses what began more publications ago than this; 0 refuses none.
        #[schemars(range(min = 0, max = 1_000_000))]
        max_staleness: u32 = 0,
    }
}

impl Faults {
    /// Whether anything can go wrong.
    pub fn any(&self) -> bool {
        let chances = [self.loss, self.corruption, self.duplication, self.delay];
        chances.iter().any(|p| *p > 0.0) || self.max_staleness > 0
    }
}

/// When agents can work. Who cannot in a round neither works nor sends, and goes on with the newest
/// core once it can again. Out of step a round is a unit of time, and who can work when it begins
/// finishes what it has begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Availability {
    /// In every round.
    Always(Always),
    /// They drop out and come back by chance (a Markov chain of two states, which each agent begins
    /// in by its long-run share).
    Markov(Markov),
    /// In some of the rounds of every period, as the day has its hours, each agent in its own.
    Hours(Hours),
    /// As a file has it for devices that were watched.
    Trace(Trace),
}

impl Default for Availability {
    fn default() -> Self {
        Availability::Always(Always::default())
    }
}

settings! {
    /// In every round.
    Always {}
}

settings! {
    /// In the long run a share `back / (leave + back)` of the agents can work.
    Markov {
        /// Probability that one who could work in a round cannot in the next.
        #[schemars(range(min = 0.0, max = 1.0))]
        leave: f64 = 0.1,
        /// Probability that one who could not can in the next.
        #[schemars(range(min = 0.001, max = 1.0))]
        back: f64 = 0.3,
    }
}

settings! {
    /// The first rounds of a period that begins when it does for each agent, uniformly.
    Hours {
        /// Rounds of a period.
        #[schemars(range(min = 2, max = 100_000))]
        period: u32 = 24,
        /// Rounds of it in which an agent works.
        #[schemars(range(min = 1, max = 100_000))]
        hours: u32 = 8,
    }
}

/// As a file has it. Devices are dealt to agents at random, each to as many as any other or one more,
/// and where there are more devices than agents some to none. A device is there in a round if it is
/// when the round begins: at 0, `unit`, 2 `unit` and so on of the file's time, which begins anew
/// after `period`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// A table of comma-separated values whose header has the columns `device` (a name), `from` and
    /// `to` (whole numbers): a row says that a device is there from a time on and up to another.
    /// Relative paths start at the scenario file's folder, or at the working folder when given with
    /// `--set`.
    #[schemars(length(min = 1))]
    pub file: String,
    /// The file's units of time in a round: 1 where it is in rounds, 600 for rounds of ten minutes
    /// where it is in seconds.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    #[serde(default = "one")]
    pub unit: u32,
    /// When the file's time begins anew, in its units; 0 takes the last `to`.
    #[schemars(range(min = 0, max = 1_000_000_000_000_000u64))]
    #[serde(default)]
    pub period: u64,
}

fn one() -> u32 {
    1
}

/// Agents that leave for good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Churn {
    /// Probability that an agent leaves for good after a round; out of step, after its own work of
    /// one.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub rate: f64,
    /// Whether a new copy takes over its job: it pulls the newest core and knows nothing else. Else
    /// the job is left undone, and is not measured any more.
    pub replace: bool,
}

impl Default for Churn {
    fn default() -> Self {
        Churn { rate: 0.0, replace: true }
    }
}
