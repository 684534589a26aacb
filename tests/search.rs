//! Fleets that search a rugged landscape: what copying does to what they end at.

use hivesim::engine::{Experiment, Silent};
use hivesim::measure::Outcome;
use hivesim::scenario::Scenario;

const NK: &str = "rounds = 120\n[fleet]\nagents = 60\n[world]\nkind = \"nk\"\n\
                  [learner]\nkind = \"search\"\n[engine]\nkind = \"serial\"\n\
                  [measure]\npanel = 0\nevery = 10\n";

fn run(sets: &str, seed: u64) -> Outcome {
    let mut sets: Vec<String> = sets.split_whitespace().map(str::to_owned).collect();
    sets.push(format!("seed={seed}"));
    let scenario = Scenario::parse(NK, "search", &sets).unwrap_or_else(|e| panic!("{e}"));
    Experiment::new(scenario).run(&Silent).unwrap_or_else(|e| panic!("{e}"))
}

fn end(sets: &str, seed: u64) -> f64 {
    run(sets, seed).hive.rounds.last().unwrap().panel_skill
}

/// Mean of a difference on the same landscapes, and its standard error.
fn lead(of: &str, over: &str, seeds: u64) -> (f64, f64) {
    let differences: Vec<f64> = (1..=seeds).map(|s| end(of, s) - end(over, s)).collect();
    let n = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / n;
    let squares: f64 = differences.iter().map(|d| (d - mean) * (d - mean)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

/// By 4 standard errors over landscapes.
fn assert_ahead(of: &str, over: &str) {
    let (lead, error) = lead(of, over, 24);
    assert!(lead > 4.0 * error, "{of:?} over {over:?}: {lead} ± {error}");
}

#[test]
fn a_core_of_the_best_is_what_everyone_seeing_everyone_comes_to() {
    for every in ["learner.every=1", "learner.every=7"] {
        let star = run(every, 5).hive;
        let gossip = run(&format!("{every} distiller.topology=gossip"), 5).hive;
        for (a, b) in star.frames.iter().zip(&gossip.frames) {
            assert_eq!((&a.panel, &a.adopters), (&b.panel, &b.adopters));
        }
    }
}

#[test]
fn merging_every_round_ends_below_merging_when_all_have_climbed() {
    assert_ahead("learner.every=50", "learner.every=1");
}

#[test]
fn a_ring_ends_above_a_complete_graph() {
    let gossip = "distiller.topology=gossip distiller.gossip.graph";
    assert_ahead(&format!("{gossip}=ring"), &format!("{gossip}=complete"));
}

/// A mean of good solutions, rounded bit by bit, lies in a valley.
#[test]
fn the_best_solution_makes_a_better_core_than_what_most_have_bit_by_bit() {
    assert_ahead("learner.every=50", "learner.every=50 learner.publish=majority");
}

#[test]
fn without_interactions_everyone_ends_at_the_highest_point_alone() {
    let outcome = run("world.k=0 rounds=400 distiller.topology=isolated", 2);
    let last = outcome.hive.frames.last().unwrap();
    // a bit that is wrong is tried in a round with probability 1/20, and one of 60 · 20 is not
    // tried in 400 rounds with less than 2 in a million
    assert!(last.panel.iter().all(|level| *level == 1.0), "{:?}", last.panel);
    assert_eq!(last.adopters, [60]);
}

#[test]
fn a_round_counts_its_tries_its_copies_and_what_is_sent() {
    let outcome = run("learner.every=5", 3);
    let rows = &outcome.hive.rounds;
    for row in &rows[1..] {
        assert_eq!(row.tasks + row.learnings, 60, "all try or copy");
        let looked = row.round % 5 == 0;
        // 20 bits are 3 bytes
        let sent = if looked { 180 } else { 0 };
        assert_eq!((row.bytes_up, row.bytes_down), (sent, sent));
        assert!(looked || row.learnings == 0);
    }
    assert!(rows[5].learnings > 50, "most are worse than the best");
    let last = outcome.hive.frames.last().unwrap();
    let sum: f64 = last.panel.iter().map(|level| f64::from(*level)).sum();
    // levels of a frame have single precision
    assert!((rows[120].value - sum).abs() < 60.0 * 1e-7);
}
