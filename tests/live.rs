//! Agents that run freely: the same bits where they keep step, exact accounts where they do not, and
//! in the mean over seeds what virtual time says.

mod common;

use common::run;
use hivesim::engine::{Experiment, Observer, RunError, Silent, Stage};
use hivesim::ids::AgentId;
use hivesim::measure::{AccountRow, Outcome, RoundRow};
use hivesim::scenario::Scenario;
use proptest::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const HIVE: &str = "rounds = 6\n[fleet]\nagents = 37\ntasks = 12\n\
                    [world]\nskills = 6\ncompanies = 4\n\
                    [measure]\npanel = 9\nprobes = 16\n[engine]\nkind = \"live\"\n";

const BUFFERED: &str = "distiller.schedule.kind=buffered";

#[test]
fn agents_that_keep_step_learn_the_same_bits_as_on_every_engine() {
    for sets in [
        "",
        "distiller.combine.kind=median job_knowledge.personalisation=fedsim",
        "distiller.server.kind=fedadam world.drift.rho=0.9 measure.every=4",
        "job_knowledge.personalisation=nested",
        "distiller.exchange=experience",
        "distiller.exchange=predictions",
        "learner.solver.scaffold=true",
        "fleet.churn.rate=0.3 fleet.availability.kind=markov fleet.participants=20",
        "fleet.stragglers.share=0.3 fleet.stragglers.partial=drop fleet.newcomers.agents=5 \
         fleet.newcomers.round=3",
        "faults.loss=0.1 faults.corruption=0.1 faults.duplication=0.1",
        "attack.share=0.2 attack.method.kind=sign-flip distiller.combine.kind=krum",
        "measure.lineage=true measure.interference=true measure.barriers=3",
    ] {
        let reference = run(HIVE, &format!("{sets} engine.kind=serial")).result_hash;
        for (threads, fabric, publication) in
            [(1, "channel-tokio", "watch"), (3, "channel-crossbeam", "snapshot")]
        {
            let machine = format!(
                "engine.threads={threads} engine.live.fabric={fabric} \
                 engine.live.publication={publication}"
            );
            let live = run(HIVE, &format!("{sets} {machine}"));
            assert_eq!(live.result_hash, reference, "{sets} {machine}");
            let report = live.hive.live.expect("it ran freely");
            assert_eq!(report.exact(&live.hive.accounts), Ok(()), "{sets}");
        }
    }
}

#[test]
fn a_core_is_measured_on_fixed_data_wherever_its_agents_are() {
    const DATA: &str = "rounds = 5\n[fleet]\nagents = 20\n[world]\nkind = \"synthetic\"\n\
                        sizes = { kind = \"fixed\", examples = 30 }\n[engine]\nkind = \"live\"\n";
    let in_step = run(DATA, "");
    assert_eq!(in_step.result_hash, run(DATA, "engine.kind=serial").result_hash);
    let free = run(DATA, &format!("{BUFFERED} rounds=40 measure.every=8"));
    let losses: Vec<f64> = free.hive.rounds.iter().step_by(8).map(|row| row.train_loss).collect();
    assert_eq!(losses.len(), 6);
    assert!(losses.iter().all(|loss| loss.is_finite()), "{losses:?}");
    assert_eq!(losses[0], in_step.hive.rounds[0].train_loss);
    assert!(losses[5] < losses[0], "{losses:?}");
}

#[test]
fn a_bound_beside_free_agents_is_that_of_every_engine() {
    let sets = "measure.bounds=[\"isolated\",\"pooled\"]";
    let levels = |engine: &str| {
        let outcome = run(HIVE, &format!("{sets} {BUFFERED} engine.kind={engine}"));
        let last = |trace: &hivesim::measure::Trace| trace.rounds.last().unwrap().panel_skill;
        outcome.bounds.iter().map(|(_, trace)| last(trace)).collect::<Vec<_>>()
    };
    assert_eq!(levels("live"), levels("serial"));
}

/// The accounts of a run: sent, merged, dropped for want of room, and most in flight at a publication.
fn accounts(outcome: &Outcome) -> (u64, u64, u64, u64) {
    let (total, _) = AccountRow::total(&outcome.hive.accounts).unwrap();
    let most = outcome.hive.accounts.iter().map(|row| row.in_flight).max().unwrap();
    (total.sent, total.merged, total.overflow, most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// A run whose accounts do not add up is an error, so that it need only come to an end.
    #[test]
    fn every_learning_is_accounted_for_whatever_carries_it(
        fabric in prop::sample::select(vec!["channel-tokio", "channel-crossbeam", "map-dashmap", "map-mutex"]),
        publication in prop::sample::select(vec!["watch", "snapshot"]),
        full in prop::sample::select(vec!["wait", "drop-oldest", "merge-early"]),
        capacity in prop::sample::select(vec![0_u32, 1, 2, 5, 40, 1000]),
        learnings in 1..60_u32,
        faults in prop::sample::select(vec!["", "faults.loss=0.3 faults.duplication=0.2 faults.corruption=0.1", "faults.max_staleness=2"]),
        threads in 1..4_u32,
        agents in 1..50_u32,
        seed in 0..1000_u64,
    ) {
        let full = if fabric.starts_with("map") && full == "drop-oldest" { "wait" } else { full };
        let sets = format!(
            "{BUFFERED} distiller.schedule.learnings={learnings} rounds=12 measure.every=6 {faults} \
             engine.live.fabric={fabric} engine.live.publication={publication} seed={seed} \
             engine.live.full={full} engine.live.capacity={capacity} engine.threads={threads} \
             fleet.agents={agents} world.companies=1 measure.panel=0"
        );
        let outcome = run(HIVE, &sets);
        let (sent, merged, overflow, in_flight) = accounts(&outcome);
        let all = learnings * if fabric.starts_with("map") { 1 } else { 2 };
        let room = if capacity == 0 { all } else { capacity };
        prop_assert!(in_flight <= room.into(), "{} in flight, {}", in_flight, sets);
        prop_assert!(merged <= sent);
        prop_assert!(full == "drop-oldest" || overflow == 0, "{} dropped, {}", overflow, sets);
        prop_assert_eq!(outcome.hive.rounds.len(), 13);
        let report = outcome.hive.live.unwrap();
        prop_assert_eq!(report.exact(&outcome.hive.accounts), Ok(()));
        prop_assert!(report.visits >= report.sent && report.checked > 0);
        // time goes on
        let times: Vec<f64> = outcome.hive.rounds.iter().map(|row| row.time).collect();
        prop_assert!(times.is_sorted(), "{:?}", times);
    }
}

#[test]
fn a_slow_distiller_is_met_as_the_policy_says() {
    // pairwise distances of twenty learnings a core: far slower than agents with few tasks
    let slow = format!(
        "{BUFFERED} distiller.schedule.learnings=20 distiller.combine.kind=krum fleet.agents=200 \
         fleet.tasks=1 world.skills=40 rounds=60 measure.every=60 engine.threads=2 \
         engine.live.capacity=30"
    );
    let of = |full: &str| run(HIVE, &format!("{slow} engine.live.full={full}"));
    let waits = of("wait");
    assert_eq!(waits.hive.rounds.iter().map(|row| row.learnings).sum::<u64>(), 60 * 20);
    assert!(waits.hive.live.as_ref().unwrap().waits > 0, "200 agents have no room for 30");
    let drops = of("drop-oldest");
    let (sent, merged, overflow, most) = accounts(&drops);
    assert_eq!(merged, 60 * 20);
    assert!(overflow > 0 && sent > merged && most <= 30, "{sent} {merged} {overflow} {most}");
    let early = of("merge-early");
    assert!(early.hive.rounds.iter().skip(1).any(|row| row.learnings > 20), "some cores hold more");
    assert_eq!(accounts(&early).2, 0);
    // room for fewer than a publication wants
    let short = of("merge-early distiller.schedule.learnings=100");
    let rows = || short.hive.rounds.iter().skip(1);
    assert!(rows().all(|row| (1..100).contains(&row.learnings)), "no core waits for more than 30");
}

#[test]
fn a_sum_has_room_for_one_publication_and_holds_no_more() {
    for fabric in ["map-dashmap", "map-mutex"] {
        let sets = format!(
            "{BUFFERED} distiller.schedule.learnings=20 rounds=50 measure.every=50 fleet.agents=200 \
             engine.live.fabric={fabric} engine.threads=1"
        );
        let outcome = run(HIVE, &sets);
        let rows = || outcome.hive.rounds.iter().skip(1);
        assert!(rows().all(|row| row.learnings == 20), "{fabric}");
    }
}

/// A distiller that takes its time.
struct Slow;

impl Observer for Slow {
    fn distilling(&self, _: Stage, _: u32) {
        std::thread::sleep(Duration::from_millis(3));
    }
}

#[test]
fn a_fleet_that_stands_in_one_queue_is_as_stale_as_virtual_time_says() {
    let experiment = experiment(&format!(
        "{BUFFERED} distiller.schedule.learnings=20 rounds=200 measure.every=200 fleet.agents=200 \
         fleet.tasks=3 engine.threads=1"
    ));
    // all wait with a core in hand until it is their turn: (W - 1)/K publications, and as many as the
    // distiller has room for; fewer at first
    let law = (199.0 + 40.0) / 20.0;
    let outcome = experiment.run(&Slow).unwrap();
    let mean = hivesim::measure::Ages::of(&outcome.hive.staleness).unwrap().mean();
    assert!(mean > 0.9 * law && mean <= law, "{mean} and not {law}");
}

/// Skill at the end over seeds, of a fleet of uneven agents.
fn skills(seeds: std::ops::Range<u64>, sets: &str) -> Vec<f64> {
    let skill = |seed| {
        let outcome = run(HIVE, &format!("seed={seed} {sets}"));
        outcome.hive.rounds.last().unwrap().panel_skill
    };
    seeds.map(skill).collect()
}

#[test]
fn free_agents_agree_with_virtual_time_in_the_mean_over_twenty_seeds() {
    let fleet = format!(
        "{BUFFERED} distiller.schedule.learnings=10 rounds=60 measure.every=60 measure.panel=0 \
         fleet.tasks=5 fleet.speed.kind=lognormal fleet.speed.spread=0.6 fleet.jitter=0.2"
    );
    let virtual_time = format!("{fleet} engine.kind=pool");
    for fabric in ["channel-crossbeam", "map-dashmap"] {
        // 200 rounds of work a second and agent
        let live = format!("{fleet} engine.live.time_scale=200 engine.live.fabric={fabric}");
        let differences: Vec<f64> =
            std::iter::zip(skills(1..21, &live), skills(1..21, &virtual_time))
                .map(|(a, b)| a - b)
                .collect();
        let n = differences.len() as f64;
        let mean = differences.iter().sum::<f64>() / n;
        let variance = differences.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / (n - 1.0);
        // Student's t for 19 degrees of freedom at 99.9 %: once in a thousand runs it is chance
        let half = 3.883 * (variance / n).sqrt();
        assert!(mean.abs() <= half, "{fabric}: {mean} beyond {half}: {differences:?}");
        // not because there is nothing to tell apart
        assert!(half < 0.05, "{half}");
    }
}

/// Halts a run at a round, or pauses it there for a while.
struct At<F>(u32, F);

impl<F: Fn() + Sync> Observer for At<F> {
    fn round(&self, _: Stage, row: &RoundRow) {
        if row.round == self.0 {
            (self.1)();
        }
    }
}

fn experiment(sets: &str) -> Experiment {
    let sets: Vec<String> = sets.split_whitespace().map(str::to_owned).collect();
    Experiment::new(Scenario::parse(HIVE, "test", &sets).unwrap())
}

#[test]
fn a_halted_run_sends_its_agents_home_and_keeps_its_books() {
    for sets in [
        format!("{BUFFERED} rounds=1000000 measure.every=1000"),
        "rounds=1000000 measure.every=1000".to_owned(),
        // agents that sleep are not waited for
        format!(
            "{BUFFERED} rounds=1000000 measure.every=1000 engine.live.time_scale=5 \
                 distiller.schedule.learnings=1 fleet.speed.kind=pareto"
        ),
    ] {
        let experiment = experiment(&sets);
        let halt = experiment.halt();
        let outcome = experiment.run(&At(3, move || halt.set())).unwrap();
        assert!(!outcome.complete);
        assert!(outcome.hive.rounds.len() >= 4, "{}", outcome.hive.rounds.len());
        assert_eq!(outcome.hive.live.unwrap().whole(), Ok(()), "{sets}");
    }
}

#[test]
fn a_paused_fleet_stands_still() {
    let experiment = experiment(&format!("{BUFFERED} rounds=40 measure.every=40 engine.threads=2"));
    let (controls, registry) = (experiment.controls(), experiment.registry());
    let tasks = || registry.iter().map(|agent| agent.tasks).sum::<u64>();
    let seen = [const { AtomicU64::new(0) }; 2];
    let paused = controls.clone();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !controls.is_paused() {
                std::thread::yield_now();
            }
            // a visit under way ends
            std::thread::sleep(Duration::from_millis(300));
            seen[0].store(tasks(), Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(100));
            seen[1].store(tasks(), Ordering::SeqCst);
            controls.resume();
        });
        let outcome = experiment.run(&At(5, move || paused.pause())).unwrap();
        assert!(outcome.complete);
    });
    let [before, after] = seen.map(|seen| seen.load(Ordering::SeqCst));
    assert!(before > 0 && before == after, "{before} {after}");
    assert!(tasks() > after, "it went on");
    assert!(registry.contains_key(&AgentId(0)));
}

#[test]
fn free_agents_that_diverge_are_named() {
    let experiment =
        experiment(&format!("{BUFFERED} learner.rate=100 learner.kind=mlp rounds=200"));
    let error = experiment.run(&Silent).unwrap_err();
    let named =
        matches!(error, RunError::Agent { .. } | RunError::Loss { .. } | RunError::Merge { .. });
    assert!(named && error.to_string().contains("round"), "{error}");
}
