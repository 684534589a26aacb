//! A strategy of your own: a mean in which a contribution counts the less, the farther it is from
//! the plain mean of all. It runs in place of the scenario's, on any engine, beside pre-aggregations
//! and server steps.
//!
//! ```text
//! cargo run --release --example own_strategy
//! ```

use hivesim::engine::{Experiment, Silent};
use hivesim::merge::{Group, MergeError, Strategy};
use hivesim::scenario::{Scenario, Scope};

struct NearCounts;

impl Strategy for NearCounts {
    fn name(&self) -> &'static str {
        "near-counts"
    }

    /// All parameters are one vector.
    fn scope(&self) -> Scope {
        Scope::Model
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let even = vec![1.0 / group.n() as f64; group.n()];
        let far = group.distances_to(&even)?;
        let weights: Vec<f64> = far.iter().map(|square| 1.0 / square.max(1e-12)).collect();
        let total: f64 = weights.iter().sum();
        group.combine(&weights.iter().map(|w| w / total).collect::<Vec<_>>())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scenario = |name: &str| {
        let sets = [format!("distiller.combine={{ kind = \"{name}\", weighting = \"uniform\" }}")];
        Scenario::parse("[fleet]\nagents = 60\n[world]\ncompany = 0.0\n", "own", &sets)
    };
    let mean = Experiment::new(scenario("mean")?);
    let own = Experiment::new(scenario("mean")?).with_strategy(|| Box::new(NearCounts));
    let robust = Experiment::new(scenario("geometric-median")?);
    for (name, experiment) in [("mean", mean), ("own", own), ("geometric median", robust)] {
        let outcome = experiment.run(&Silent)?;
        let last = &outcome.hive.rounds[outcome.hive.rounds.len() - 1];
        println!("{name:16} core skill {:.3}, result {}", last.core_skill, outcome.result_hash);
    }
    Ok(())
}
