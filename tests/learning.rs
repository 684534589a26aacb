//! Learning is real: the order of effects, on means over five seeds.

use hivesim::engine::{Experiment, Silent};
use hivesim::measure::RoundRow;
use hivesim::scenario::Scenario;

/// Final rows of hive, isolated and pooled, averaged over five seeds: own job, never practised.
fn levels(sets: &[&str]) -> [(f64, f64); 3] {
    let text =
        "[measure]\nevery = 30\nbounds = [\"isolated\", \"pooled\"]\n[engine]\nkind = \"pool\"\n";
    let mut means = [(0.0, 0.0); 3];
    for seed in 1..=5 {
        let mut sets: Vec<String> = sets.iter().map(|s| s.to_string()).collect();
        sets.push(format!("seed={seed}"));
        let scenario = Scenario::parse(text, "learning", &sets).unwrap_or_else(|e| panic!("{e}"));
        let outcome = Experiment::new(scenario).run(&Silent).unwrap_or_else(|e| panic!("{e}"));
        let traces = [&outcome.hive, &outcome.bounds[0].1, &outcome.bounds[1].1];
        for (mean, trace) in means.iter_mut().zip(traces) {
            let last: &RoundRow = trace.rounds.last().expect("the first core has a row");
            mean.0 += last.panel_skill / 5.0;
            mean.1 += last.unpractised_skill / 5.0;
        }
    }
    means
}

#[test]
fn without_company_variation_the_hive_comes_close_to_pooled_and_far_above_isolated() {
    let [hive, isolated, pooled] = levels(&["world.company=0.0"]);
    assert!((hive.0 - pooled.0).abs() < 0.05, "{hive:?} {pooled:?}");
    assert!(hive.0 > isolated.0 + 0.15 && hive.1 > isolated.1 + 0.5, "{hive:?} {isolated:?}");
}

#[test]
fn without_a_general_part_nobody_learns_alone_what_it_never_practised() {
    let [hive, isolated, _] = levels(&["world.company=0.0", "world.general=0.0"]);
    assert!(isolated.1.abs() < 0.02 && hive.1 > 0.5, "{hive:?} {isolated:?}");
}

#[test]
fn strong_company_variation_turns_the_hive_against_those_without_job_knowledge() {
    let [bare, isolated, _] = levels(&["world.company=1.0"]);
    let fedsim = ["world.company=1.0", "job_knowledge.personalisation=fedsim"];
    let [knowing, ..] = levels(&fedsim);
    assert!(bare.0 < isolated.0 - 0.1, "{bare:?} {isolated:?}");
    assert!(knowing.0 > isolated.0 + 0.02, "{knowing:?} {isolated:?}");
}
