//! What goes astray: every learning is accounted for, whatever happens to it, on every engine.

mod common;

use common::{MACHINES, common_hash, run};
use hivesim::measure::{AccountRow, Accounts, Outcome};
use proptest::prelude::*;

const HIVE: &str = "rounds = 10\n[fleet]\nagents = 40\ntasks = 10\n\
                    [world]\nskills = 5\ncompanies = 4\nfeatures = 8\nanswers = 4\n\
                    [measure]\npanel = 12\nprobes = 16\n";

const ALL: &str = "faults.loss=0.1 faults.corruption=0.1 faults.duplication=0.2 faults.delay=0.3 \
                   faults.max_staleness=2";
const BUFFERED: &str = "distiller.schedule.kind=buffered distiller.schedule.learnings=9 \
                        fleet.speed.kind=lognormal";

fn total(outcome: &Outcome) -> (Accounts, u64) {
    AccountRow::total(&outcome.hive.accounts).expect("something was sent")
}

/// Nothing is lost that is not accounted for, in no round: what is in flight changes by what was
/// sent and became nothing yet.
fn balances(outcome: &Outcome) -> Result<(), TestCaseError> {
    let mut in_flight = 0;
    for row in &outcome.hive.accounts {
        let became: u64 = row.accounts.fates().iter().sum();
        prop_assert_eq!(in_flight + row.accounts.sent, became + row.in_flight, "{:?}", row);
        in_flight = row.in_flight;
    }
    for row in &outcome.hive.rounds {
        let of = outcome.hive.accounts.iter().find(|account| account.round == row.round);
        let of = of.map_or_else(Accounts::default, |account| account.accounts);
        prop_assert_eq!((row.learnings, row.dropped), (of.merged, of.dropped()));
    }
    Ok(())
}

#[test]
fn whatever_goes_wrong_goes_wrong_on_every_engine() {
    let mut hashes = std::collections::BTreeSet::new();
    let cases = [
        ALL.to_owned(),
        format!("{ALL} distiller.combine.kind=median"),
        format!("{ALL} distiller.topology=hierarchical"),
        format!("{ALL} hives=[{{name=\"a\"}},{{name=\"b\"}}]"),
        format!("{ALL} {BUFFERED} rounds=30"),
        format!("{ALL} distiller.schedule.kind=asynchronous rounds=60 fleet.jitter=0.3"),
        format!("{ALL} attack.share=0.2 attack.method.kind=a-little fleet.participants=25"),
        format!("{ALL} learner.kind=mlp learner.hidden=[6] job_knowledge.personalisation=fedsim"),
        "faults.loss=0.3 distiller.exchange=experience".into(),
        "faults.loss=0.3 faults.duplication=0.3 distiller.exchange=predictions".into(),
        "faults.loss=0.3 job_knowledge.personalisation=nested".into(),
        "fleet.availability.kind=markov fleet.churn.rate=0.1".into(),
        "fleet.availability.kind=hours fleet.churn.rate=0.1 fleet.churn.replace=false".into(),
        format!("{ALL} {BUFFERED} fleet.availability.kind=markov fleet.churn.rate=0.1 rounds=30"),
        "fleet.churn.rate=0.3 job_knowledge.personalisation=fedsim job_knowledge.pull=rebase"
            .into(),
    ];
    for sets in &cases {
        hashes.insert(common_hash(HIVE, sets, MACHINES));
    }
    assert_eq!(hashes.len(), cases.len(), "every setting makes a difference");
}

#[test]
fn every_cause_comes_up_and_every_learning_is_accounted_for() {
    for more in ["", BUFFERED] {
        let outcome = run(HIVE, &format!("{ALL} {more} rounds=60 fleet.agents=60"));
        balances(&outcome).unwrap();
        let (accounts, in_flight) = total(&outcome);
        let fates = Accounts::FATES.into_iter().zip(accounts.fates());
        // the latter of free agents alone
        for (name, number) in fates.filter(|(name, _)| !["unfinished", "overflow"].contains(name)) {
            assert!(number > 0, "{name} {more}");
        }
        assert!(in_flight > 0, "{more}");
    }
    let (accounts, in_flight) =
        total(&run(HIVE, "fleet.stragglers.share=0.25 fleet.stragglers.partial=drop"));
    assert_eq!((accounts.sent, accounts.merged, accounts.unfinished), (400, 300, 100));
    assert_eq!(in_flight, 0);
}

#[test]
fn a_hive_that_hears_nothing_stays_where_it_is() {
    let outcome = run(HIVE, "faults.loss=1");
    assert!(outcome.hive.rounds[1..].iter().all(|row| row.step_norm == 0.0 && row.learnings == 0));
    assert_eq!(total(&outcome).0.lost, 400);
    let outcome = run(HIVE, "faults.corruption=1");
    let (accounts, _) = total(&outcome);
    assert_eq!(accounts.broken + accounts.not_finite + accounts.misfit, 400);
    assert!(outcome.hive.rounds[1..].iter().all(|row| row.step_norm == 0.0));
}

#[test]
fn a_second_copy_changes_nothing_but_the_bytes() {
    let (plain, doubled) = (run(HIVE, ""), run(HIVE, "faults.duplication=1"));
    for (a, b) in plain.hive.rounds.iter().zip(&doubled.hive.rounds).skip(1) {
        assert_eq!(
            (a.step_norm, a.panel_skill, a.learnings),
            (b.step_norm, b.panel_skill, b.learnings)
        );
        assert_eq!(2 * a.bytes_up, b.bytes_up);
    }
}

#[test]
fn late_learnings_are_merged_later_as_stale_as_they_are_late() {
    let outcome = run(HIVE, "faults.delay=1 faults.lateness=1 rounds=6");
    let learnings: Vec<u64> = outcome.hive.rounds.iter().map(|row| row.learnings).collect();
    assert_eq!(learnings, [0, 0, 40, 40, 40, 40, 40]);
    assert!(outcome.hive.rounds[2..].iter().all(|row| row.staleness == 1.0));
    assert_eq!(outcome.hive.accounts.last().map(|row| row.in_flight), Some(40));
    // the first core that is made of anything is made of what was learned from the first core
    let fresh = run(HIVE, "rounds=1");
    let (late, fresh) = (outcome.hive.rounds[2].step_norm, fresh.hive.rounds[1].step_norm);
    assert!((late - fresh).abs() < 1e-6 * fresh, "{late} {fresh}");
    let refused = run(HIVE, "faults.delay=1 faults.lateness=3 faults.max_staleness=1");
    assert!(refused.hive.staleness.iter().all(|row| row.staleness <= 1));
    assert!(total(&refused).0.stale > 100);
}

#[test]
fn successors_know_what_the_core_knows_and_nothing_else() {
    let sets = "job_knowledge.personalisation=fedsim measure.panel=0 rounds=12";
    let skill = |more: &str| run(HIVE, &format!("{sets} {more}")).hive.rounds[12].panel_skill;
    let (kept, renewed) = (skill(""), skill("fleet.churn.rate=0.9"));
    assert!(renewed < kept - 0.01, "{renewed} {kept}");
    let gone = run(HIVE, "fleet.churn.rate=0.3 fleet.churn.replace=false measure.panel=0");
    let frame = gone.hive.frames.last().unwrap();
    assert!(frame.panel.iter().any(|level| level.is_nan()));
    let learnings: Vec<u64> = gone.hive.rounds[1..].iter().map(|row| row.learnings).collect();
    assert!(learnings.windows(2).all(|two| two[1] <= two[0]) && learnings[9] < 10, "{learnings:?}");
}

/// Work that is done by the last core and in none is done all the same: it is measured.
#[test]
fn a_run_ends_whatever_is_still_on_its_way() {
    for seed in 1..=8 {
        for schedule in [
            "kind=buffered distiller.schedule.learnings=3 fleet.speed.kind=pareto faults.delay=0.5",
            "kind=asynchronous fleet.jitter=0.4 faults.delay=0.9",
        ] {
            let sets = format!(
                "distiller.schedule.{schedule} faults.lateness=5 rounds=6 measure.every=3 \
                 fleet.agents=20 fleet.tasks=4 seed={seed}"
            );
            let outcome = run(HIVE, &sets);
            assert!(outcome.complete);
            balances(&outcome).unwrap();
        }
    }
}

#[test]
fn bounds_do_the_work_and_lose_nothing() {
    let bounds = "measure.bounds=[\"isolated\",\"pooled\"]";
    for more in ["", BUFFERED] {
        let (plain, faulty) =
            (run(HIVE, &format!("{bounds} {more}")), run(HIVE, &format!("{bounds} {ALL} {more}")));
        for (a, b) in plain.bounds.iter().zip(&faulty.bounds) {
            assert!(b.1.accounts.is_empty() && b.1.rounds.iter().all(|row| row.dropped == 0));
            if more.is_empty() {
                let skill = |trace: &hivesim::measure::Trace| trace.rounds[10].panel_skill;
                assert_eq!(skill(&a.1), skill(&b.1));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_goes_unaccounted_for_in_any_mix(
        loss in 0.0..0.6, corruption in 0.0..0.6, duplication in 0.0..1.0, delay in 0.0..1.0,
        lateness in 1_u32..6, oldest in 0_u32..4, schedule in 0..3, attackers in 0.0..0.5,
        presence in 0..6, seed in 1_u32..1000,
    ) {
        let schedule = match schedule {
            0 => "",
            1 => "distiller.schedule.kind=buffered distiller.schedule.learnings=7 rounds=20 fleet.speed.kind=pareto",
            _ => "distiller.schedule.kind=asynchronous rounds=40 fleet.jitter=0.4",
        };
        let presence = match presence {
            0 => "",
            1 => "fleet.availability.kind=markov",
            2 => "fleet.churn.rate=0.2 fleet.participants=13",
            3 => "fleet.churn.rate=0.3 fleet.churn.replace=false fleet.availability.kind=hours",
            4 => "fleet.availability.kind=markov fleet.churn.rate=0.3 fleet.latency=0.5",
            _ if schedule.is_empty() => "fleet.stragglers.deadline=0.9 fleet.latency=0.3",
            _ => "fleet.latency=0.3",
        };
        let sets = format!(
            "faults.loss={loss} faults.corruption={corruption} faults.duplication={duplication} \
             faults.delay={delay} faults.lateness={lateness} faults.max_staleness={oldest} \
             attack.share={attackers} attack.method.kind=min-max seed={seed} \
             fleet.agents=20 fleet.tasks=4 measure.every=5 {schedule} {presence}"
        );
        balances(&run(HIVE, &sets))?;
    }
}
