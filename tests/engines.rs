//! One meaning, several machines: every engine and thread count gives the same result hash.

mod common;

use common::{MACHINES, common_hash, hash};
use hivesim::engine::{Experiment, Observer, Registry, Stage};
use hivesim::measure::RoundRow;
use hivesim::scenario::{Bound, Scenario};
use std::sync::{Arc, Mutex};

const MIXED: &str = "rounds = 4\n[fleet]\nagents = 37\ntasks = 12\n\
                     [world]\nskills = 6\ncompanies = 4\n\
                     [measure]\npanel = 9\nprobes = 16\nbounds = [\"isolated\", \"pooled\"]\n";

const PAPER: &str = "rounds = 3\n[fleet]\nagents = 20\n[world]\nkind = \"synthetic\"\n\
                     features = 12\n[world.sizes]\nkind = \"fixed\"\nexamples = 23\n\
                     [learner.solver]\nbatch = 4\nepochs = 2\n\
                     [measure]\npanel = 9\nbounds = [\"isolated\", \"pooled\"]\n";

/// Small networks: the grid is large.
const MLP: &str = "learner.kind=mlp learner.hidden=[12]";

#[test]
fn every_engine_and_thread_count_gives_the_same_hash() {
    let mut hashes = std::collections::BTreeSet::new();
    let mut cases = 0;
    for learner in ["learner.kind=softmax", MLP] {
        for exchange in ["weights", "experience", "predictions"] {
            for personal in ["none", "fedsim", "fedalt", "nested"] {
                if personal == "nested" && (exchange != "weights" || learner == MLP) {
                    continue; // refused: nested splits what is sent, in the core's own space
                }
                for feedback in ["kind=semantic", "kind=verifiable", "horizon=3"] {
                    let reward =
                        if feedback == "horizon=3" { "feedback.kind=verifiable" } else { "" };
                    hashes.insert(common_hash(
                        MIXED,
                        &format!(
                            "{learner} distiller.exchange={exchange} feedback.{feedback} {reward} \
                             job_knowledge.personalisation={personal}"
                        ),
                        MACHINES,
                    ));
                    cases += 1;
                }
            }
        }
    }
    assert_eq!(hashes.len(), cases, "every setting makes a difference");
}

#[test]
fn worlds_pull_policies_stragglers_and_drift_agree_on_all_engines() {
    const FEDSIM: &str = "job_knowledge.personalisation=fedsim job_knowledge.ridge=0.1";
    let mut hashes = std::collections::BTreeSet::new();
    let mixed = [
        format!("{FEDSIM} job_knowledge.pull=rebase"),
        format!("{FEDSIM} job_knowledge.pull=decay"),
        format!("{FEDSIM} job_knowledge.pull=reset"),
        format!("{MLP} {FEDSIM} job_knowledge.pull=decay"),
        format!("{MLP} {FEDSIM} job_knowledge.pull=reset"),
        format!("{MLP} learner.hidden=[9,20] learner.activation=tanh learner.solver.prox=0.5"),
        "fleet.participants=11 fleet.stragglers.share=0.5 world.drift.rho=0.9".into(),
        "learner.buckets=2 learner.solver.prox=0.5 world.temperature=0.5".into(),
        "feedback.noise=0.2".into(),
    ];
    let paper = [String::new(), MLP.into(), format!("{MLP} {FEDSIM} feedback.noise=0.1")];
    let cases = mixed.iter().map(|sets| (MIXED, sets)).chain(paper.iter().map(|s| (PAPER, s)));
    for (text, sets) in cases {
        hashes.insert(common_hash(text, sets, &[("pool", 3), ("tasks", 2)]));
    }
    assert_eq!(hashes.len(), mixed.len() + paper.len(), "every setting makes a difference");
}

#[test]
fn kernels_of_every_instruction_set_give_the_same_hash() {
    use hivesim::params::kernels::{Level, force_level, level};
    const FEDSIM: &str = "job_knowledge.personalisation=fedsim";
    let best = level();
    for sets in [
        String::new(),
        format!("{FEDSIM} world.temperature=0.5"),
        format!("{MLP} learner.activation=tanh learner.hidden=[20,5]"),
        format!("{MLP} {FEDSIM} feedback.kind=verifiable"),
    ] {
        let reference = hash(MIXED, &sets, "serial", 1);
        for lower in [Level::Baseline, Level::Avx2] {
            force_level(lower);
            assert_eq!(hash(MIXED, &sets, "serial", 1), reference, "{lower:?} {sets}");
        }
        force_level(best);
    }
}

/// What the registry holds after each round.
struct Census(Arc<Registry>, Mutex<Vec<(Stage, u32, usize, u64)>>);

impl Observer for Census {
    fn round(&self, stage: Stage, row: &RoundRow) {
        let tasks = self.0.iter().map(|status| status.tasks).sum();
        self.1.lock().unwrap().push((stage, row.round, self.0.len(), tasks));
    }
}

#[test]
fn the_live_registry_holds_the_fleet_under_way_and_no_other() {
    let scenario = Scenario::parse(MIXED, "engines", &["engine.kind=tasks".into()]).unwrap();
    let experiment = Experiment::new(scenario);
    let census = Census(experiment.registry(), Mutex::default());
    experiment.run(&census).unwrap();
    let rounds = census.1.into_inner().unwrap();
    assert_eq!(rounds.len(), 15);
    for (stage, round, agents, tasks) in rounds {
        let (most, fleet) = match stage {
            // the visits of round r do the work of the next
            Stage::Hive | Stage::Bound(Bound::Isolated) => (37 * 12 * u64::from(round + 1), 37),
            Stage::Bound(Bound::Pooled) => (0, 0),
        };
        assert_eq!((agents, tasks), (fleet, most.min(37 * 12 * 4)), "{stage:?} {round}");
    }
}

const NK: &str = "rounds = 6\n[fleet]\nagents = 1100\n[world]\nkind = \"nk\"\nn = 12\nk = 4\n\
                  [learner]\nkind = \"search\"\n[measure]\npanel = 9\nbounds = [\"isolated\"]\n";

#[test]
fn searchers_of_a_landscape_agree_on_all_engines() {
    const GOSSIP: &str = "distiller.topology=gossip measure.bounds=[]";
    let mut hashes = std::collections::BTreeSet::new();
    let cases = [
        "".into(),
        "learner.every=3 learner.error=0.05".into(),
        "learner.publish=majority".into(),
        "learner.publish=most-frequent world.neighbours=adjacent".into(),
        "world.n=64 world.k=20 world.scaled=false".into(),
        "distiller.topology=isolated measure.bounds=[]".into(),
        format!("{GOSSIP} learner.rule=conform"),
        format!("{GOSSIP} learner.looks=2"),
        format!("{GOSSIP} distiller.gossip.graph=ring learner.error=0.01"),
        format!("{GOSSIP} distiller.gossip.graph=small-world learner.rule=conform"),
        format!("{GOSSIP} distiller.gossip.graph=scale-free learner.looks=2 learner.every=2"),
    ];
    for sets in &cases {
        hashes.insert(common_hash(NK, sets, MACHINES));
    }
    assert_eq!(hashes.len(), cases.len(), "every setting makes a difference");
}
