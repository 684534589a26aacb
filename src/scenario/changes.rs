//! `[[changes]]`: keys that change while a run is under way.

use super::Scenario;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Keys that change in the middle of a run, as when somebody takes another strategy or an attack
/// begins. What a strategy or a server step remembers of rounds before goes with it; what is not
/// named stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// From the work on that leads to the core of this round; out of step, from the work that begins
    /// with the core before it. Rounds rise from entry to entry.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub round: u32,
    /// What is set, one after the other, as by `--set`: `"attack.share=0.2"`. A table that is given
    /// another `kind` is emptied of what it held before.
    #[schemars(length(min = 1, max = 64))]
    pub set: Vec<String>,
}

impl Change {
    /// The keys that may change, `*` for any entry of a list.
    pub const KEYS: [&str; 14] = [
        "distiller.pre",
        "distiller.combine",
        "distiller.server",
        "distiller.hierarchy.company.pre",
        "distiller.hierarchy.company.combine",
        "distiller.hierarchy.company.server",
        "distiller.hierarchy.global.pre",
        "distiller.hierarchy.global.combine",
        "distiller.hierarchy.global.server",
        "hives.*.pre",
        "hives.*.combine",
        "hives.*.server",
        "faults",
        "attack",
    ];

    /// Whether a key may change.
    pub(super) fn may(key: &str) -> bool {
        let under = |pattern: &str| {
            let mut parts = key.split('.').map(str::trim);
            pattern.split('.').all(|wanted| {
                parts.next().is_some_and(|part| part == wanted || wanted == "*" && !part.is_empty())
            })
        };
        Change::KEYS.into_iter().any(under)
    }
}

/// A part of a run in which no key changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// Its first round: it begins with the work that leads to this core.
    pub round: u32,
    /// The scenario of it; what changes later is not in there.
    pub scenario: Scenario,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_merges_and_what_goes_wrong_may_change_and_nothing_else() {
        for key in ["distiller.combine", "distiller.pre.0.kind", "hives.3.server.kind", "attack"] {
            assert!(Change::may(key), "{key}");
        }
        for key in
            ["distiller", "distiller.absent", "hives.0.share", "faultss.loss", "fleet.agents", ""]
        {
            assert!(!Change::may(key), "{key}");
        }
    }
}
