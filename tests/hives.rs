//! Several hives in one world: what each learns, what leaks, and where agents go.

mod common;

use common::{MACHINES, common_hash};
use hivesim::measure::{HiveRow, Trace};

const TWO: &str = "rounds = 12\n[fleet]\nagents = 60\ntasks = 20\n\
                   [world]\nskills = 8\ncompanies = 4\ncompany = 0.0\n\
                   [measure]\npanel = 0\nprobes = 8\nevery = 4\n\
                   [[hives]]\nname = \"a\"\n[[hives]]\nname = \"b\"\n";

fn run(sets: &[&str]) -> Trace {
    common::run(TWO, &sets.join(" ")).hive
}

/// The rows of a hive, round by round.
fn of(trace: &Trace, hive: u32) -> Vec<&HiveRow> {
    trace.hives.iter().filter(|row| row.hive == hive).collect()
}

#[test]
fn hives_agree_on_every_engine_and_thread_count() {
    let mut hashes = std::collections::BTreeSet::new();
    let cases = [
        &[][..],
        &["hives.0.efficiency=0.2", "market.preference=8.0"],
        &["market.leak=0.5", "market.delay=2", "hives.1.efficiency=0.0"],
        &["market.movers=0.2", "job_knowledge.personalisation=fedsim"],
        &["hives.0.growth=1.2", "hives.0.efficiency=0.1", "learner.kind=mlp", "learner.hidden=[6]"],
        &["hives.0.share=3.0", "distiller.combine.kind=median", "fleet.participants=20"],
    ];
    for case in cases {
        hashes.insert(common_hash(TWO, &case.join(" "), MACHINES));
    }
    assert_eq!(hashes.len(), cases.len(), "every setting makes a difference");
}

#[test]
fn a_hive_that_does_not_learn_on_the_job_stays_where_it_began() {
    let trace = run(&["hives.1.efficiency=0.0"]);
    let (a, b) = (of(&trace, 0), of(&trace, 1));
    assert_eq!((a.len(), b.len()), (13, 13));
    // the same core on other fresh tasks: chance, 1/8 of 8 answers, with 8 skills of 32 tasks, so
    // that four standard errors are 4 sqrt(1/8 · 7/8 / 256) = 0.083
    assert!(b.iter().all(|row| (row.skill - 0.125).abs() < 0.09), "{b:?}");
    assert!(a[12].skill > b[12].skill + 0.3, "{} {}", a[12].skill, b[12].skill);
    assert!(trace.hives.iter().all(|row| row.agents == 30), "nobody moves without a market");
}

#[test]
fn what_leaks_lifts_the_hive_that_learns_nothing_itself() {
    let sets = ["hives.1.efficiency=0.0", "market.leak=0.5"];
    let at = |delay: &str| {
        let trace = run(&[&sets[..], &[delay]].concat());
        of(&trace, 1).iter().map(|row| row.skill).collect::<Vec<f64>>()
    };
    let (soon, late) = (at("market.delay=0"), at("market.delay=6"));
    assert!(soon[12] > 0.4, "{soon:?}");
    // cores of rounds 0 to 6 are all that can be seen by round 12
    assert!(late[12] < soon[12] && late[12] > 0.2, "{late:?}");
    assert!((late[6] - 0.125).abs() < 0.09, "nothing can be seen before round 7: {late:?}");
}

#[test]
fn agents_go_where_customers_want_them_and_none_is_lost() {
    let trace = run(&["hives.1.efficiency=0.1", "market.preference=10.0", "market.pace=0.5"]);
    let (a, b) = (of(&trace, 0), of(&trace, 1));
    for (a, b) in a.iter().zip(&b) {
        assert_eq!(a.agents + b.agents, 60);
        assert!((a.wanted + b.wanted - 1.0).abs() < 1e-12);
    }
    assert!(a[12].share > 0.6 && a[12].skill > b[12].skill, "{:?} {:?}", a[12], b[12]);
    // half of the way to the wanted share, to within half an agent
    let moved = a[0].share + 0.5 * (a[1].wanted - a[0].share);
    assert!((a[1].share - moved).abs() <= 0.5 / 60.0 + 1e-12, "{:?}", a[1]);
}

#[test]
fn efficiency_grows_up_to_its_most() {
    let sets = ["hives.0.efficiency=0.1", "hives.0.growth=1.5", "hives.0.most=0.5"];
    let trace = run(&sets);
    let grown: Vec<f64> = of(&trace, 0).iter().map(|row| row.efficiency).collect();
    assert!((grown[1] - 0.1).abs() < 1e-12 && (grown[2] - 0.15).abs() < 1e-12, "{grown:?}");
    assert_eq!(grown[12], 0.5);
}
