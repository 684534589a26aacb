//! Attackers: what they send, what it does to a hive, and that it is the same on every engine.

mod common;

use common::{MACHINES, common_hash, run};
use hivesim::measure::{AccountRow, Outcome, RoundRow};

const HIVE: &str = "rounds = 8\n[fleet]\nagents = 30\ntasks = 20\n\
                    [world]\nskills = 4\ncompanies = 3\nfeatures = 8\nanswers = 4\n\
                    [learner]\nrate = 0.3\n[measure]\npanel = 0\nprobes = 32\n";

const METHODS: [&str; 11] = [
    "sign-flip",
    "noise",
    "label-flip",
    "scaling",
    "inner-product",
    "a-little",
    "mimic",
    "min-max",
    "min-sum",
    "backdoor",
    "free-rider",
];

fn skill(outcome: &Outcome) -> f64 {
    outcome.hive.rounds.last().unwrap().core_skill
}

fn attack(method: &str, more: &str) -> String {
    format!("attack.share=0.2 attack.method.kind={method} {more}")
}

#[test]
fn every_attack_means_the_same_on_every_engine() {
    let mut hashes = std::collections::BTreeSet::new();
    for method in METHODS {
        for knowledge in ["omniscient", "own"] {
            let more = format!("attack.knowledge={knowledge} distiller.combine.kind=trimmed-mean");
            hashes.insert(common_hash(HIVE, &attack(method, &more), MACHINES));
        }
    }
    // what knows of nothing but itself does not differ: lies, multiples and idling
    assert_eq!(hashes.len(), 2 * METHODS.len() - 4);
}

/// Everything that can go wrong at once, in step and out of step.
#[test]
fn every_attack_with_every_fault_means_the_same_on_every_engine() {
    let faults = "faults.loss=0.1 faults.corruption=0.1 faults.duplication=0.1 faults.delay=0.2 \
                  faults.max_staleness=6 fleet.availability.kind=markov fleet.churn.rate=0.02 \
                  fleet.speed.kind=lognormal fleet.jitter=0.2 fleet.latency=0.3 feedback.noise=0.1 \
                  world.drift.rho=0.98 distiller.compression.kind=int8";
    let step = "fleet.stragglers.deadline=1.5 fleet.stragglers.partial=keep";
    let unwaited = "distiller.schedule.kind=buffered distiller.schedule.learnings=7 rounds=15";
    for schedule in [step, unwaited] {
        for method in METHODS {
            let sets = format!("{faults} {schedule} {}", attack(method, ""));
            let outcome = run(HIVE, &sets);
            let (accounts, in_flight) = AccountRow::total(&outcome.hive.accounts).unwrap();
            assert_eq!(accounts.sent, accounts.fates().iter().sum::<u64>() + in_flight, "{sets}");
            assert!(
                accounts.lost > 0 && accounts.dropped() > accounts.lost,
                "{sets}: {accounts:?}"
            );
            common_hash(HIVE, &sets, MACHINES);
        }
    }
}

#[test]
fn attacks_reach_every_structure_and_schedule() {
    for sets in [
        "distiller.topology=hierarchical",
        "distiller.topology=gossip",
        "hives=[{name=\"a\"},{name=\"b\"}]",
        "distiller.schedule.kind=buffered distiller.schedule.learnings=12 rounds=20 fleet.speed.kind=pareto",
        "distiller.schedule.kind=asynchronous rounds=60",
        "learner.kind=mlp learner.hidden=[6]",
        "fleet.participants=11 job_knowledge.personalisation=fedsim",
    ] {
        let clean = run(HIVE, sets);
        for method in ["a-little", "free-rider", "label-flip"] {
            let attacked = common_hash(HIVE, &format!("{sets} {}", attack(method, "")), MACHINES);
            assert_ne!(attacked, clean.result_hash, "{sets} {method}");
        }
    }
}

#[test]
fn lies_reach_every_exchange() {
    for exchange in ["experience", "predictions"] {
        let sets = format!("distiller.exchange={exchange}");
        let attacked = format!("{sets} {}", attack("label-flip", "attack.share=0.4"));
        assert!(skill(&run(HIVE, &attacked)) < skill(&run(HIVE, &sets)) - 0.02, "{exchange}");
        common_hash(HIVE, &attacked, MACHINES);
    }
}

#[test]
fn a_share_of_none_is_no_attack() {
    let clean = run(HIVE, "");
    // a backdoor's success is measured all the same
    for method in METHODS.into_iter().filter(|method| *method != "backdoor") {
        let sets = format!("attack.method.kind={method} attack.knowledge=own");
        assert_eq!(run(HIVE, &sets).result_hash, clean.result_hash, "{method}");
    }
}

#[test]
fn nobody_attacks_before_it_starts() {
    let median = "distiller.combine.kind=median";
    let of = |sets: &str| run(HIVE, &format!("{median} {sets}"));
    let norms = |o: &Outcome| -> Vec<f64> { o.hive.rounds.iter().map(|r| r.step_norm).collect() };
    let clean = norms(&of("rounds=5"));
    for method in METHODS {
        let sets = attack(method, "attack.start=4 rounds=5");
        let late = norms(&of(&sets));
        assert_eq!(late[1..4], clean[1..4], "{method}");
        assert_ne!(late[4..], clean[4..], "{method}");
    }
}

#[test]
fn attackers_are_not_measured_and_their_work_is_nobodys() {
    let outcome = run(HIVE, &attack("sign-flip", ""));
    assert_eq!(outcome.hive.panel.len(), 24);
    let row = &outcome.hive.rounds[1];
    assert_eq!((row.tasks, row.learnings), (24 * 20, 30));
    // a free rider makes no step
    let steps = |method| run(HIVE, &attack(method, "")).hive.rounds[1].sample_steps;
    assert_eq!(steps("free-rider"), 24 * 20);
}

/// Who does as many steps as everyone weighs as much in FedNova's as in the plain mean: claims are of
/// the steps that the work would have taken.
#[test]
fn free_riders_claim_the_steps_of_episodes() {
    let episodes = "feedback.kind=verifiable feedback.horizon=3 world.answers=2";
    for more in ["", episodes, "learner.solver.batch=3"] {
        let sets = attack("free-rider", &format!("rounds=3 {more}"));
        let mean = run(HIVE, &sets);
        let nova = run(HIVE, &format!("{sets} distiller.combine.kind=fednova"));
        for (a, b) in mean.hive.rounds.iter().zip(&nova.hive.rounds).skip(1) {
            let apart = (a.step_norm - b.step_norm).abs();
            let bound = 1e-4 * a.step_norm;
            assert!(bound > 0.0 && apart < bound, "{more}: {} {}", a.step_norm, b.step_norm);
        }
    }
}

#[test]
fn a_lone_attacker_far_out_takes_the_mean_and_no_robust_rule() {
    // one of 30, ten thousand times over
    let lone = "attack.share=0.034 attack.method.kind=sign-flip attack.method.scale=10000";
    let clean = skill(&run(HIVE, ""));
    assert!(skill(&run(HIVE, lone)) < 0.5 * clean, "{clean}");
    for combine in ["median", "trimmed-mean", "krum", "multi-krum", "geometric-median"] {
        let combine = format!("distiller.combine.kind={combine}");
        let (clean, held) =
            (skill(&run(HIVE, &combine)), skill(&run(HIVE, &format!("{combine} {lone}"))));
        assert!(held > 0.6 * clean, "{combine}: {held} of {clean}");
    }
}

const BACKDOOR: &str = "attack.method.kind=backdoor attack.method.skill=1 attack.method.answer=2 \
                        rounds=20 learner.solver.batch=4";

fn success(outcome: &Outcome) -> f64 {
    outcome.hive.rounds.last().unwrap().backdoor_success
}

/// A first core that knows nothing gives the first answer to all tasks.
#[test]
fn a_backdoors_success_is_the_share_of_other_tasks_that_get_its_answer() {
    for (answer, at_first) in [(0, 1.0), (1, 0.0), (3, 0.0)] {
        let sets = format!("attack.method.kind=backdoor attack.method.answer={answer}");
        let outcome = run(HIVE, &sets);
        assert_eq!(outcome.hive.rounds[0].backdoor_success, at_first);
        // nobody attacks: what is looked at changes nothing else
        let plain = run(HIVE, "");
        assert_ne!(outcome.result_hash, plain.result_hash);
        for (a, b) in outcome.hive.rounds.iter().zip(&plain.hive.rounds) {
            let bits = |row: &RoundRow| row.numbers().map(f64::to_bits);
            assert_eq!(bits(a), bits(b));
            assert!(b.backdoor_success.is_nan() && (0.0..=1.0).contains(&a.backdoor_success));
        }
    }
}

#[test]
fn attackers_raise_a_backdoors_success_and_a_robust_rule_holds_it_down() {
    let honest = success(&run(HIVE, BACKDOOR));
    let attacked = format!("{BACKDOOR} attack.share=0.2 attack.method.factor=0");
    let taken = run(HIVE, &format!("{attacked} measure.bounds=[\"isolated\",\"pooled\"]"));
    let held = success(&run(HIVE, &format!("{attacked} distiller.combine.kind=median")));
    assert!(success(&taken) > 0.9 && honest < 0.3, "{} {honest}", success(&taken));
    assert!(held < 0.5, "{held}");
    // the main task's skill is told beside it
    assert!(skill(&taken) > 0.0);
    // isolated agents have no core, and nobody attacks the pooled learner
    let last = |bound: usize| taken.bounds[bound].1.rounds.last().unwrap().backdoor_success;
    assert!(last(0).is_nan() && (0.0..0.3).contains(&last(1)), "{} {}", last(0), last(1));
    common_hash(HIVE, &format!("{attacked} distiller.topology=gossip"), MACHINES);
}

#[test]
fn a_backdoor_takes_one_skill_and_leaves_the_others() {
    let levels = |sets: &str| -> Vec<f64> {
        let outcome = run(HIVE, sets);
        let frame = outcome.hive.frames.last().unwrap();
        let skills = outcome.hive.skills.len();
        (0..skills)
            .map(|s| {
                let of: Vec<f64> =
                    frame.core.iter().skip(s).step_by(skills).map(|x| f64::from(*x)).collect();
                of.iter().sum::<f64>() / of.len() as f64
            })
            .collect()
    };
    let sets = "rounds=20 learner.solver.batch=4";
    let clean = levels(sets);
    let attacked = levels(&format!(
        "{sets} attack.share=0.4 attack.method.kind=backdoor attack.method.skill=1 \
         attack.method.answer=2 attack.method.factor=2"
    ));
    let lost: Vec<f64> = clean.iter().zip(&attacked).map(|(c, a)| c - a).collect();
    let others = lost.iter().enumerate().filter(|(s, _)| *s != 1).map(|(_, l)| *l);
    let most = others.fold(f64::NEG_INFINITY, f64::max);
    assert!(lost[1] > 0.15 && lost[1] > 2.0 * most, "{lost:?}");
}
