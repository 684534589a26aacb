//! A deadline for a round's work: who is too slow for it, and what becomes of what they did.

mod common;

use common::{MACHINES, common_hash, run};
use hivesim::agent::Pace;
use hivesim::ids::{AgentId, Round};
use hivesim::measure::{AccountRow, Outcome};

const HIVE: &str = "rounds = 5\n[fleet]\nagents = 60\ntasks = 20\n\
                    [world]\nskills = 4\ncompanies = 3\nfeatures = 8\nanswers = 4\n\
                    [measure]\npanel = 9\nprobes = 16\n";

const LATE: &str = "fleet.speed.kind=pareto fleet.jitter=0.3 fleet.latency=0.2 \
                    fleet.stragglers.deadline=1.6";
const DROP: &str = "fleet.stragglers.partial=drop";

/// The tasks of each agent by a deadline, and whether they are all, told from its time alone.
fn done_by(outcome: &Outcome, deadline: f64, round: u32) -> Vec<(u64, bool)> {
    let spec = &outcome.scenario.fleet;
    let plain = scenario_without_latency(spec);
    let pace = Pace::new(spec, outcome.scenario.seed.0);
    let still = Pace::new(&plain, outcome.scenario.seed.0);
    let tasks = f64::from(spec.tasks);
    (0..spec.agents)
        .map(|agent| {
            let of = |pace: &Pace| pace.time(AgentId(agent), Round(round));
            let (time, work) = (of(&pace), of(&still));
            let share = (deadline - (time - work)) / work;
            ((share.clamp(0.0, 1.0) * tasks + 1e-9) as u64, time <= deadline)
        })
        .collect()
}

fn scenario_without_latency(spec: &hivesim::scenario::Fleet) -> hivesim::scenario::Fleet {
    hivesim::scenario::Fleet { latency: 0.0, ..spec.clone() }
}

#[test]
fn who_is_late_has_done_what_fits() {
    let outcome = run(HIVE, LATE);
    for (row, accounts) in outcome.hive.rounds[1..].iter().zip(&outcome.hive.accounts) {
        let done = done_by(&outcome, 1.6, row.round);
        assert_eq!(row.tasks, done.iter().map(|(tasks, _)| tasks).sum::<u64>());
        let nothing = done.iter().filter(|(tasks, whole)| *tasks == 0 && !whole).count() as u64;
        assert_eq!((row.learnings, row.dropped), (60 - nothing, nothing));
        assert_eq!((accounts.accounts.sent, accounts.accounts.unfinished), (60, nothing));
        assert!((row.time - 1.6 * f64::from(row.round)).abs() < 1e-9, "{}", row.time);
        assert!(done.iter().any(|(tasks, _)| *tasks > 0 && *tasks < 20));
    }
    let dropped = run(HIVE, &format!("{LATE} {DROP}"));
    for (row, kept) in dropped.hive.rounds[1..].iter().zip(&outcome.hive.rounds[1..]) {
        let late = done_by(&dropped, 1.6, row.round).iter().filter(|(_, whole)| !whole).count();
        assert_eq!((row.learnings, row.dropped), (60 - late as u64, late as u64));
        assert_eq!((row.tasks, row.time), (kept.tasks, kept.time));
        assert!(row.bytes_up < kept.bytes_up);
    }
}

/// `P(T > t) = t^-tail` of those who work are late where nothing else varies.
#[test]
fn as_many_are_late_as_the_distribution_of_speeds_has_it() {
    let sets = "fleet.agents=4000 fleet.tasks=2 rounds=1 measure.panel=4 fleet.speed.kind=pareto \
                fleet.speed.tail=1.5 fleet.stragglers.deadline=2 fleet.stragglers.partial=drop";
    let outcome = run(HIVE, sets);
    let (accounts, _) = AccountRow::total(&outcome.hive.accounts).unwrap();
    let late = 0.125_f64.sqrt();
    let error = (late * (1.0 - late) / 4000.0).sqrt();
    let got = accounts.unfinished as f64 / 4000.0;
    assert!((got - late).abs() < 4.0 * error, "{got} of {late}");
}

#[test]
fn a_round_is_over_when_all_are_done_or_at_the_deadline() {
    const UNEVEN: &str = "fleet.speed.kind=lognormal fleet.jitter=0.2";
    let open = run(HIVE, UNEVEN);
    let far = run(HIVE, &format!("{UNEVEN} fleet.stragglers.deadline=1000"));
    assert_eq!(open.result_hash, far.result_hash, "a deadline that all keep changes nothing");
    // one between the slowest of some rounds and of others
    let spans: Vec<f64> = open.hive.rounds.windows(2).map(|r| r[1].time - r[0].time).collect();
    let mut sorted = spans.clone();
    sorted.sort_by(f64::total_cmp);
    let deadline = sorted[2];
    let cut = run(HIVE, &format!("{UNEVEN} fleet.stragglers.deadline={deadline}"));
    for (rows, span) in cut.hive.rounds.windows(2).zip(spans) {
        assert!((rows[1].time - rows[0].time - span.min(deadline)).abs() < 1e-9);
    }
}

/// Ten of twenty tasks are done by half the time that they take; of an episode of four, two.
#[test]
fn episodes_are_done_whole() {
    let tasks = |more: &str| {
        let outcome = run(HIVE, &format!("fleet.stragglers.deadline=0.5 {more}"));
        outcome.hive.rounds[1].tasks / 60
    };
    assert_eq!(tasks(""), 10);
    // 0.29 times 100 is a little less than 29
    assert_eq!(tasks("fleet.tasks=100 fleet.stragglers.deadline=0.29"), 29);
    assert_eq!(tasks("feedback.kind=verifiable feedback.horizon=4"), 8);
    assert_eq!(tasks("fleet.stragglers.deadline=0.01"), 0);
}

#[test]
fn a_hive_too_slow_for_its_deadline_stays_where_it_is() {
    for world in ["", "world.kind=synthetic fleet.agents=20"] {
        let outcome = run("rounds = 3\n", &format!("fleet.stragglers.deadline=0.01 {world}"));
        for row in &outcome.hive.rounds[1..] {
            assert_eq!((row.learnings, row.tasks, row.step_norm), (0, 0, 0.0));
            assert!(row.dropped > 0);
        }
    }
}

#[test]
fn passes_over_local_data_are_done_whole() {
    const PAPER: &str = "rounds = 2\n[fleet]\nagents = 10\n[world]\nkind = \"synthetic\"\n\
                         [learner.solver]\nepochs = 5\n";
    let whole = run(PAPER, "").hive.rounds[1].sample_steps;
    let half = run(PAPER, "fleet.stragglers.deadline=0.5").hive.rounds[1].sample_steps;
    assert_eq!(5 * half, 2 * whole);
}

#[test]
fn deadlines_agree_on_all_engines() {
    let bounds = "measure.bounds=[\"isolated\",\"pooled\"]";
    let mut hashes = std::collections::BTreeSet::new();
    let cases = [
        format!("{LATE} {bounds}"),
        format!("{LATE} {DROP} {bounds}"),
        format!("{LATE} {DROP} fleet.participants=25 fleet.availability.kind=markov"),
        format!("{LATE} faults.loss=0.2 faults.delay=0.3 attack.share=0.2"),
        format!("{LATE} distiller.topology=hierarchical distiller.combine.kind=median"),
        format!("{LATE} distiller.topology=gossip"),
        format!("{LATE} job_knowledge.personalisation=fedsim measure.interference=true {DROP}"),
    ];
    for sets in &cases {
        hashes.insert(common_hash(HIVE, sets, MACHINES));
    }
    assert_eq!(hashes.len(), cases.len(), "every setting makes a difference");
    let outcome = run(HIVE, &cases[1]);
    assert!(outcome.bounds.iter().all(|(_, trace)| {
        trace.accounts.is_empty() && trace.rounds.iter().all(|row| row.dropped == 0)
    }));
}
