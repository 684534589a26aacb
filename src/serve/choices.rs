//! What may be chosen while a run is under way, out of the catalogue and the scenario's schema. What
//! agents are does not change: their solver stays as it is.

use crate::catalogue::{bare, brief, entries};
use crate::scenario::{Stage, attacks, mishaps};
use serde_json::{Value, json};

/// Strategies with their parameters, faults, and attacks with theirs.
pub(super) fn choices() -> Value {
    let strategies = entries().filter(|entry| entry.stage != Stage::Solver).map(|entry| {
        let kind = entry.kind();
        json!({
            "name": entry.name,
            "key": entry.stage.key(),
            "family": entry.family.name(),
            "about": bare(&kind.about),
            "breakdown": brief(entry.breakdown),
            "parameters": kind.parameters,
        })
    });
    json!({
        "strategies": strategies.collect::<Vec<_>>(),
        "mishaps": mishaps(),
        "attacks": attacks(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_strategies_faults_and_attacks_can_be_chosen() {
        let choices = choices();
        let names = |key: &str, name: &str| -> Vec<String> {
            let all = choices[key].as_array().unwrap().iter();
            all.map(|each| each[name].as_str().unwrap().to_string()).collect()
        };
        assert!(names("strategies", "name").contains(&"krum".into()));
        let mut keys = names("strategies", "key");
        keys.sort();
        keys.dedup();
        assert_eq!(keys, ["distiller.combine", "distiller.pre", "distiller.server"]);
        let mishaps = names("mishaps", "key");
        for key in ["faults.loss", "faults.max_staleness", "attack.share", "attack.knowledge"] {
            assert!(mishaps.contains(&key.into()), "{mishaps:?}");
        }
        assert!(!mishaps.contains(&"attack.method".into()), "it has kinds of its own");
        assert!(names("attacks", "name").contains(&"sign-flip".into()));
    }
}
