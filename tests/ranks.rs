//! One fleet over several ranks: every number of them gives the result of one process. Ranks are
//! threads here; `tests/mpi.rs` has processes.

mod common;

#[path = "common/memories.rs"]
mod memories;

use common::hash;
use hivesim::engine::{Experiment, Link, RunError, Safekeeping, Silent, Threads, Vault};
use hivesim::scenario::Scenario;
use memories::{Memories, Memory};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const HIVE: &str = "rounds = 4\n[fleet]\nagents = 37\ntasks = 8\n\
                    [world]\nskills = 5\ncompanies = 4\nfeatures = 6\nanswers = 4\n\
                    [measure]\npanel = 9\nprobes = 8\n";

const PAPER: &str = "rounds = 3\n[world]\nkind = \"synthetic\"\nfeatures = 6\nanswers = 3\n\
                     sizes = { kind = \"fixed\", examples = 20 }\n[fleet]\nagents = 30\n\
                     [learner.solver]\nbatch = 5\nepochs = 2\n[measure]\npanel = 5\n";

/// What each of some ranks comes to.
fn on_ranks(text: &str, sets: &str, ranks: usize) -> Vec<Result<String, RunError>> {
    let sets = format!("{sets} engine.kind=mpi engine.threads={}", 1 + ranks % 2);
    let sets: Vec<String> = sets.split_whitespace().map(str::to_owned).collect();
    let scenario = Scenario::parse(text, "test", &sets).unwrap_or_else(|e| panic!("{sets:?}: {e}"));
    std::thread::scope(|scope| {
        let threads: Vec<_> = Threads::new(ranks)
            .into_iter()
            .map(|link| {
                let experiment = Experiment::new(scenario.clone()).over(Arc::new(link));
                scope.spawn(move || experiment.run(&Silent).map(|outcome| outcome.result_hash))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// All of some numbers of ranks come to what one process comes to.
fn agree(text: &str, sets: &str, some: &[usize]) -> String {
    let reference = hash(text, sets, "pool", 2);
    for ranks in some {
        for (rank, got) in on_ranks(text, sets, *ranks).into_iter().enumerate() {
            let got = got.unwrap_or_else(|e| panic!("{sets} {ranks}: {e}"));
            assert_eq!(got, reference, "rank {rank} of {ranks}: {sets}");
        }
    }
    reference
}

#[test]
fn any_number_of_ranks_gives_the_result_of_one_process() {
    let strategies = [
        "mean",
        "fednova",
        "median",
        "trimmed-mean",
        "krum",
        "multi-krum",
        "bulyan",
        "geometric-median",
        "ties",
        "dare",
        "mda distiller.combine.f=1 fleet.participants=9",
        "karcher",
        "fisher",
        "regmean",
        "best-by-probe",
        "centred-clipping distiller.combine.tau=0.3",
    ];
    let mut hashes = std::collections::BTreeSet::new();
    for kind in strategies {
        hashes.insert(agree(HIVE, &format!("distiller.combine.kind={kind}"), &[1, 2, 3, 4, 7]));
    }
    assert!(hashes.len() > 12, "strategies differ: {hashes:?}");
}

#[test]
fn what_counts_as_one_vector_may_lie_on_all_ranks() {
    for kind in [
        "krum",
        "multi-krum",
        "bulyan",
        "geometric-median",
        "centred-clipping distiller.combine.tau=0.3",
        "norm-bound distiller.combine.norm=0.3",
        "karcher",
        "model-stock",
        "mda distiller.combine.f=1 fleet.participants=9",
        "sce",
        "ties",
    ] {
        for scope in ["model", "tensor"] {
            let sets = format!("distiller.combine.kind={kind} distiller.combine.scope={scope}");
            agree(HIVE, &sets, &[2, 3]);
            agree(HIVE, &format!("{sets} distiller.absent=zero"), &[3]);
        }
    }
}

/// Products of so many pairs are told of a block at a time, while each rank looks at its next.
#[test]
fn products_of_many_go_over_ranks_block_by_block() {
    for kind in ["krum", "geometric-median", "multi-krum distiller.absent=zero"] {
        let sets = "fleet.agents=600 fleet.tasks=3 rounds=2 distiller.combine.scope=model";
        agree(HIVE, &format!("{sets} distiller.combine.kind={kind}"), &[2, 3, 5]);
    }
}

#[test]
fn servers_and_what_comes_before_a_strategy_go_over_ranks() {
    for server in ["fedavgm", "fedadam", "fedyogi", "feddf"] {
        let server = format!("distiller.server.kind={server}");
        agree(HIVE, &server, &[3]);
        agree(HIVE, &format!("{server} distiller.combine.kind=median"), &[3]);
    }
    for pre in ["nearest-neighbour-mixing", "bucketing", "clip", "adaptive-clip"] {
        for combine in ["mean", "median", "krum"] {
            let sets = format!("distiller.combine.kind={combine} distiller.pre=[{{kind='{pre}'}}]");
            if Scenario::parse(HIVE, "test", &sets.split(' ').map(Into::into).collect::<Vec<_>>())
                .is_ok()
            {
                agree(HIVE, &sets, &[3]);
            }
        }
    }
}

#[test]
fn every_topology_schedule_and_exchange_goes_over_ranks() {
    const NESTED: &str = "job_knowledge.personalisation=nested";
    const MLP: &str = "learner.kind=mlp learner.hidden=[7] learner.code=3";
    const BUFFERED: &str = "distiller.schedule.kind=buffered fleet.speed.kind=lognormal";
    for sets in [
        "measure.bounds=[\"isolated\",\"pooled\"] job_knowledge.personalisation=fedsim",
        "distiller.topology=hierarchical distiller.hierarchy.team=3",
        "distiller.topology=hierarchical distiller.combine.kind=median",
        "distiller.topology=gossip distiller.gossip.graph=ring",
        "distiller.topology=gossip distiller.combine.kind=krum",
        "hives=[{},{}]",
        "distiller.exchange=experience",
        "distiller.exchange=predictions",
        "distiller.exchange=predictions distiller.combine.kind=median",
        "measure.lineage=true",
        "measure.interference=true",
        NESTED,
        "learner.solver.scaffold=true distiller.combine.kind=median",
        MLP,
        &format!("{MLP} distiller.combine.kind=krum distiller.combine.scope=model"),
        &format!("{MLP} distiller.combine.kind=tsv"),
        &format!("{BUFFERED} rounds=12"),
        &format!("{BUFFERED} rounds=12 distiller.combine.kind=median fleet.churn.rate=0.2"),
        "distiller.schedule.kind=asynchronous fleet.speed.kind=lognormal rounds=20 measure.every=5",
        "attack.share=0.2 attack.method.kind=a-little distiller.combine.kind=trimmed-mean",
        "faults.loss=0.1 faults.corruption=0.1 faults.duplication=0.2",
        "faults.loss=0.1 faults.delay=0.3 faults.max_staleness=2 distiller.combine.kind=median",
        "fleet.participants=11 fleet.stragglers.share=0.5 fleet.stragglers.partial=drop",
        "fleet.participants=2 distiller.combine.kind=median",
        "distiller.compression.kind=top-k distiller.combine.kind=median",
    ] {
        let sets_of: Vec<String> = sets.split_whitespace().map(str::to_owned).collect();
        if let Err(error) = Scenario::parse(HIVE, "test", &sets_of) {
            panic!("{sets}: {error}");
        }
        agree(HIVE, sets, &[2, 3]);
    }
    for sets in ["", "distiller.combine.kind=median", "learner.solver.scaffold=true"] {
        agree(PAPER, sets, &[3]);
    }
}

#[test]
fn a_fleet_that_is_smaller_than_its_ranks_has_idle_ones() {
    for agents in [1, 9] {
        let sets = format!("fleet.agents={agents} measure.panel=0 world.companies=1");
        agree(HIVE, &sets, &[4]);
        agree(HIVE, &format!("{sets} distiller.combine.kind=median"), &[4]);
    }
}

/// A link that counts the bytes that come in.
struct Counting(Threads, Arc<AtomicUsize>);

impl Counting {
    fn count(&self, message: Vec<u8>) -> Vec<u8> {
        self.1.fetch_add(message.len(), Ordering::Relaxed);
        message
    }
}

impl Link for Counting {
    fn rank(&self) -> usize {
        self.0.rank()
    }

    fn ranks(&self) -> usize {
        self.0.ranks()
    }

    fn beside(&self) -> usize {
        self.0.beside()
    }

    fn send(&self, to: usize, message: &[u8]) {
        self.0.send(to, message);
    }

    fn receive(&self, from: usize) -> Vec<u8> {
        self.count(self.0.receive(from))
    }

    fn swap(&self, to: usize, message: &[u8], from: usize) -> Vec<u8> {
        self.count(self.0.swap(to, message, from))
    }
}

/// Bytes that all of some ranks receive in a run.
fn bytes(sets: &str, ranks: usize) -> usize {
    let sets = format!("fleet.agents=400 world.features=40 rounds=2 {sets} engine.kind=mpi");
    let sets: Vec<String> = sets.split_whitespace().map(str::to_owned).collect();
    let scenario = Scenario::parse(HIVE, "test", &sets).unwrap_or_else(|e| panic!("{sets:?}: {e}"));
    let received = Arc::new(AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for link in Threads::new(ranks) {
            let link = Counting(link, received.clone());
            let experiment = Experiment::new(scenario.clone()).over(Arc::new(link));
            scope.spawn(move || experiment.run(&Silent).unwrap());
        }
    });
    received.load(Ordering::Relaxed)
}

#[test]
fn no_more_travels_than_whoever_merges_has_to_see() {
    // of each learning the general block and those of some skills, 4 x 41 numbers each, are ...
    let kind = |kind: &str| format!("distiller.combine.kind={kind}");
    let sums = bytes(&kind("mean"), 3);
    let shards = bytes(&kind("median"), 3);
    let whole = bytes(&kind("best-by-probe"), 3);
    // ... added up by each rank, ...
    assert!(3 * sums < shards, "{sums} {shards}");
    // ... sent to the one of three ranks that merges the block, if that is another, ...
    let two_thirds_of_all = 2.0 / 3.0;
    // ... or to all: a rank's third to the first, or by way of it, and all from there to two
    let by_the_first = 2.0 / 3.0 + 2.0;
    let share = shards as f64 / whole as f64;
    // those that are compared with each other, 24 of 400, go to all whole
    let compared = 24.0 / 400.0 * 2.0;
    assert!(share < 1.1 * (two_thirds_of_all + compared) / by_the_first, "{shards} {whole}");
}

#[test]
fn what_goes_wrong_on_one_rank_goes_wrong_on_all() {
    // each step overshoots what pulls it back a hundred thousand times
    for got in on_ranks(HIVE, "fleet.tasks=60 learner.rate=100.0 learner.solver.prox=1000.0", 3) {
        assert!(got.unwrap_err().to_string().contains("diverged"));
    }
}

#[test]
fn ranks_that_do_not_run_the_same_say_which() {
    let outcomes: Vec<RunError> = std::thread::scope(|scope| {
        let threads: Vec<_> = Threads::new(3)
            .into_iter()
            .map(|link| {
                let seed = format!("seed={}", u32::from(link.rank() == 2));
                let sets = [seed, "engine.kind=mpi".into()];
                let scenario = Scenario::parse(HIVE, "test", &sets).unwrap();
                let experiment = Experiment::new(scenario).over(Arc::new(link));
                scope.spawn(move || experiment.run(&Silent).unwrap_err())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for error in outcomes {
        assert!(error.to_string().starts_with("rank 2 runs another scenario"), "{error}");
    }
}

#[test]
fn a_halt_on_one_rank_ends_the_round_on_all() {
    use hivesim::agent::Halt;
    use hivesim::engine::{Observer, Stage};
    struct After(u32, Halt);
    impl Observer for After {
        fn touring(&self, _: Stage, round: u32) {
            if round == self.0 {
                self.1.set();
            }
        }
    }
    let rounds: Vec<(bool, usize, String)> = std::thread::scope(|scope| {
        let threads: Vec<_> = Threads::new(3)
            .into_iter()
            .map(|link| {
                let scenario = Scenario::parse(HIVE, "test", &["engine.kind=mpi".into()]).unwrap();
                let round = if link.rank() == 1 { 2 } else { u32::MAX };
                let experiment = Experiment::new(scenario).over(Arc::new(link));
                scope.spawn(move || {
                    let outcome = experiment.run(&After(round, experiment.halt())).unwrap();
                    (outcome.complete, outcome.hive.rounds.len(), outcome.result_hash)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!((rounds[0].0, rounds[0].1), (false, 3));
    assert!(rounds.iter().all(|other| *other == rounds[0]), "{rounds:?}");
}

/// Runs on some ranks, from a state or from the beginning, the first with a vault.
fn kept_on_ranks(sets: &str, ranks: usize, from: Option<&Memory>) -> (String, Memories) {
    let sets: Vec<String> =
        format!("{sets} engine.kind=mpi").split_whitespace().map(str::to_owned).collect();
    let scenario = Scenario::parse(HIVE, "test", &sets).unwrap_or_else(|e| panic!("{sets:?}: {e}"));
    let memories = Memories::default();
    let hashes: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = Threads::new(ranks)
            .into_iter()
            .map(|link| {
                let vault = (link.rank() == 0).then_some(&memories as &dyn Vault);
                let experiment = Experiment::new(scenario.clone()).over(Arc::new(link));
                let from = from.map(Memory::kept);
                scope.spawn(move || {
                    let safe = Safekeeping { vault, from };
                    experiment.run_safely(&Silent, safe).unwrap().result_hash
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(hashes.iter().all(|hash| *hash == hashes[0]));
    (hashes[0].clone(), memories)
}

#[test]
fn a_run_over_ranks_goes_on_on_any_number_of_them() {
    for sets in [
        "job_knowledge.personalisation=fedsim measure.bounds=[\"isolated\",\"pooled\"]",
        "distiller.combine.kind=median distiller.server.kind=fedadam fleet.participants=20",
        "distiller.topology=hierarchical distiller.server.kind=fedavgm",
        "distiller.schedule.kind=buffered fleet.speed.kind=lognormal",
        "learner.solver.scaffold=true distiller.combine.kind=krum",
    ] {
        let whole = hash(HIVE, sets, "pool", 2);
        let (got, memories) = kept_on_ranks(sets, 3, None);
        assert_eq!(got, whole, "keeping changes nothing: {sets}");
        let states = memories.0.into_inner().unwrap();
        assert!(states.len() > 3, "{sets}");
        for (i, state) in states.iter().enumerate() {
            let ranks = 1 + (i + 1) % 4;
            let (got, _) = kept_on_ranks(sets, ranks, Some(state));
            assert_eq!(got, whole, "{:?} on {ranks} ranks: {sets}", state.moment);
        }
    }
}

#[test]
fn without_ranks_the_engine_is_refused() {
    let scenario = Scenario::parse(HIVE, "test", &["engine.kind=mpi".into()]).unwrap();
    let error = Experiment::new(scenario).run(&Silent).unwrap_err().to_string();
    assert!(error.contains("engine.kind"), "{error}");
}
