//! The learner mlp really learns, and says so where it cannot.

use hivesim::engine::{Experiment, Silent};
use hivesim::measure::{Outcome, RoundRow};
use hivesim::scenario::Scenario;

const SMALL: &str = "rounds = 40\n[fleet]\nagents = 48\ntasks = 50\n\
                     [world]\nskills = 4\ncompanies = 4\nfeatures = 8\nanswers = 4\n\
                     [learner]\nkind = \"mlp\"\n\
                     [measure]\nevery = 40\nbounds = [\"isolated\"]\n[engine]\nkind = \"pool\"\n";

fn run(sets: &[&str], seed: u64) -> Outcome {
    let mut sets: Vec<String> = sets.iter().map(|s| s.to_string()).collect();
    sets.push(format!("seed={seed}"));
    let scenario = Scenario::parse(SMALL, "mlp", &sets).unwrap_or_else(|e| panic!("{e}"));
    Experiment::new(scenario).run(&Silent).unwrap_or_else(|e| panic!("{e}"))
}

/// Last rows of hive and isolated agents, averaged over five seeds: own job, never practised.
fn levels(sets: &[&str]) -> [(f64, f64); 2] {
    let mut means = [(0.0, 0.0); 2];
    for seed in 1..=5 {
        let outcome = run(sets, seed);
        for (mean, trace) in means.iter_mut().zip([&outcome.hive, &outcome.bounds[0].1]) {
            let last: &RoundRow = trace.rounds.last().expect("the first core has a row");
            mean.0 += last.panel_skill / 5.0;
            mean.1 += last.unpractised_skill / 5.0;
        }
    }
    means
}

#[test]
fn probe() {
    for sets in [
        &["world.company=0.0"][..],
        &["world.company=1.0"],
        &["world.company=1.0", "job_knowledge.personalisation=fedsim"],
        &["world.company=1.0", "job_knowledge.personalisation=fedalt"],
    ] {
        eprintln!("{sets:?} {:?}", levels(sets));
    }
}
