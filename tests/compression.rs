//! Contributions that are compressed on their way: what they weigh, that every machine sends the
//! same, and whom it concerns.

mod common;

use common::{MACHINES, common_hash, hash, run};
use hivesim::measure::Outcome;

const HIVE: &str = "rounds = 4\n[fleet]\nagents = 37\ntasks = 12\n\
                    [world]\nskills = 6\ncompanies = 4\n\
                    [measure]\npanel = 9\nprobes = 16\n";

/// All kinds, each with settings of its own.
const KINDS: &[&str] = &[
    "kind=top-k",
    "kind=top-k feedback=false scope=contribution share=0.3",
    "kind=random-k",
    "kind=random-k feedback=false scaled=true scope=contribution",
    "kind=int8",
    "kind=int8 rounding=nearest feedback=true scope=contribution",
    "kind=one-bit",
    "kind=one-bit feedback=false scope=contribution",
];

fn compressed(kind: &str) -> String {
    kind.split(' ').map(|set| format!("distiller.compression.{set} ")).collect()
}

#[test]
fn every_kind_comes_to_the_same_on_every_engine_and_thread_count() {
    let mut hashes = std::collections::BTreeSet::new();
    hashes.insert(hash(HIVE, "", "serial", 1));
    for kind in KINDS {
        hashes.insert(common_hash(HIVE, &compressed(kind), MACHINES));
    }
    assert_eq!(hashes.len(), KINDS.len() + 1, "every setting makes a difference");
}

#[test]
fn schedules_topologies_strategies_and_learners_agree_on_all_engines() {
    let mut hashes = std::collections::BTreeSet::new();
    let others = [
        "distiller.schedule.kind=buffered fleet.speed.kind=lognormal fleet.jitter=0.2",
        "distiller.schedule.kind=asynchronous fleet.speed.kind=lognormal rounds=60",
        "distiller.topology=hierarchical distiller.hierarchy.team=4",
        "hives=[{name=\"a\"},{name=\"b\",share=2.0}] market.preference=2.0",
        "distiller.combine.kind=median",
        "distiller.combine.kind=fisher",
        "distiller.server.kind=fedadam fleet.participants=11",
        "learner.kind=mlp learner.hidden=[12] job_knowledge.personalisation=fedsim",
        "fleet.stragglers.share=0.5 fleet.stragglers.partial=drop",
        "measure.lineage=true measure.interference=true measure.barriers=2",
    ];
    for other in others {
        for kind in ["kind=random-k", "kind=one-bit"] {
            let sets = format!("{} {other}", compressed(kind));
            hashes.insert(common_hash(HIVE, &sets, &[("pool", 3), ("tasks", 2)]));
        }
    }
    assert_eq!(hashes.len(), 2 * others.len(), "every setting makes a difference");
}

#[test]
fn kernels_of_every_instruction_set_send_the_same() {
    use hivesim::params::kernels::{Level, force_level, level};
    let best = level();
    for kind in KINDS {
        let sets = compressed(kind);
        let reference = hash(HIVE, &sets, "serial", 1);
        for lower in [Level::Baseline, Level::Avx2] {
            force_level(lower);
            assert_eq!(hash(HIVE, &sets, "serial", 1), reference, "{lower:?} {kind}");
        }
        force_level(best);
    }
}

/// What is sent up in each round.
fn bytes_up(outcome: &Outcome) -> Vec<u64> {
    outcome.hive.rounds.iter().map(|row| row.bytes_up).filter(|bytes| *bytes > 0).collect()
}

/// One skill: an agent sends one block, of 3 inputs and the constant by 5 answers in rows of 8 lanes.
#[test]
fn bytes_are_those_worked_out_by_hand() {
    const TINY: &str = "rounds = 3\n[fleet]\nagents = 2\ntasks = 4\n\
                        [world]\nskills = 1\ncompanies = 1\nfeatures = 3\nanswers = 5\n\
                        [measure]\npanel = 2\n";
    // agent, version, tasks and length; id and tasks of the block
    let (message, block) = (16, 8);
    for (kind, payload) in [
        ("kind=none", 4 * 20),
        ("kind=top-k", 2 * 8),
        ("kind=top-k share=0.49", 9 * 8),
        ("kind=top-k share=0.51", 4 * 20),
        ("kind=random-k share=0.5", 8 + 10 * 4),
        ("kind=int8", 20 + 4),
        ("kind=one-bit", 3 + 4),
        ("kind=one-bit scope=contribution", 3 + 4),
    ] {
        let got = bytes_up(&run(TINY, &compressed(kind)));
        assert_eq!(got, [2 * (message + block + payload); 3], "{kind}");
    }
    // what goes along is not compressed: Fisher's diagonal is as long as the contribution
    let fisher = format!("{} distiller.combine.kind=fisher", compressed("kind=one-bit"));
    assert_eq!(bytes_up(&run(TINY, &fisher)), [2 * (message + block + 7 + 4 * 20); 3]);
}

#[test]
fn what_merges_nothing_sends_as_before() {
    let bounds = "measure.bounds=[\"isolated\",\"pooled\"]";
    let plain = run(HIVE, bounds);
    let one_bit = run(HIVE, &format!("{bounds} {}", compressed("kind=one-bit")));
    let skills = |outcome: &Outcome| -> Vec<Vec<f32>> {
        let bounds = outcome.bounds.iter().map(|(_, trace)| trace);
        let traces = std::iter::once(&outcome.hive).chain(bounds);
        traces.map(|trace| trace.frames.iter().flat_map(|f| f.panel.clone()).collect()).collect()
    };
    let (plain, one_bit) = (skills(&plain), skills(&one_bit));
    assert!(plain.len() == 3 && plain[0] != one_bit[0]);
    assert_eq!(plain[1..], one_bit[1..], "bounds do not compress");
    assert_eq!(
        hash(HIVE, "", "serial", 1),
        hash(HIVE, &compressed("kind=none"), "serial", 1),
        "none is the default"
    );
}

/// What is measured of agents' own work is of what they learned, not of what they sent.
#[test]
fn agents_know_what_they_learned_and_not_what_they_sent() {
    let sets = "measure.interference=true job_knowledge.personalisation=fedsim rounds=1";
    let plain = run(HIVE, sets);
    let sent = run(HIVE, &format!("{sets} {}", compressed("kind=random-k share=0.05")));
    // one round: both worked on the same core, and differ in what became of it alone
    let work = |outcome: &Outcome| outcome.hive.rounds[1].work_accuracy;
    assert_eq!(work(&plain), work(&sent));
    let losses = |outcome: &Outcome| outcome.hive.interference.first().map(|row| row.loss);
    assert!(losses(&sent) > losses(&plain), "{:?} {:?}", losses(&sent), losses(&plain));
}
