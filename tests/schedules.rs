//! When cores are published: in step, with every so many learnings, and with every one.

mod common;

use common::{MACHINES, common_hash, run};
use hivesim::measure::Outcome;

const HIVE: &str = "rounds = 6\n[fleet]\nagents = 37\ntasks = 12\n\
                    [world]\nskills = 6\ncompanies = 4\n\
                    [measure]\npanel = 9\nprobes = 16\n";

const BUFFERED: &str = "distiller.schedule.kind=buffered";
const ASYNCHRONOUS: &str = "distiller.schedule.kind=asynchronous";
const UNEVEN: &str = "fleet.speed.kind=lognormal fleet.speed.spread=0.8";
const COMING: &str = "fleet.availability.kind=markov fleet.churn.rate=0.1";
const HOURS: &str = "fleet.availability.kind=hours fleet.availability.period=6 \
                     fleet.availability.hours=2";

#[test]
fn a_buffer_for_everyone_is_a_round_where_all_keep_step() {
    const FEDSIM: &str = "job_knowledge.personalisation=fedsim";
    for sets in [
        "",
        "measure.bounds=[\"isolated\",\"pooled\"]",
        "distiller.combine.kind=median world.drift.rho=0.9 measure.every=4",
        "distiller.server.kind=fedadam feedback.kind=verifiable",
        &format!("{FEDSIM} job_knowledge.pull=decay"),
        &format!("{FEDSIM} job_knowledge.pull=rebase"),
        &format!("{FEDSIM} job_knowledge.pull=reset"),
        "learner.kind=mlp learner.hidden=[12]",
        "fleet.churn.rate=0.3",
        &format!("{FEDSIM} job_knowledge.pull=rebase fleet.churn.rate=0.3 measure.every=4"),
        "fleet.churn.rate=0.3 measure.bounds=[\"isolated\"] measure.panel=0",
    ] {
        let together = run(HIVE, sets);
        let buffered = run(HIVE, &format!("{sets} {BUFFERED} distiller.schedule.learnings=37"));
        assert_eq!(buffered.result_hash, together.result_hash, "{sets}");
    }
}

#[test]
fn agents_out_of_step_agree_on_all_engines() {
    let mut hashes = std::collections::BTreeSet::new();
    let bounds = "measure.bounds=[\"isolated\",\"pooled\"]";
    let cases = [
        format!("{BUFFERED} {UNEVEN} {bounds} rounds=15"),
        format!("{BUFFERED} {UNEVEN} {bounds} rounds=5 distiller.schedule.learnings=50"),
        format!("{BUFFERED} {UNEVEN} fleet.jitter=0.3 fleet.latency=0.2 rounds=15"),
        format!("{BUFFERED} {UNEVEN} fleet.participants=20 rounds=12 measure.every=5"),
        format!("{BUFFERED} fleet.speed.kind=pareto distiller.combine.kind=median rounds=15"),
        format!("{ASYNCHRONOUS} {UNEVEN} {bounds} rounds=80 measure.every=20"),
        format!(
            "{ASYNCHRONOUS} {UNEVEN} rounds=60 job_knowledge.personalisation=fedsim \
             job_knowledge.pull=decay world.drift.rho=0.9"
        ),
        format!("{BUFFERED} {UNEVEN} {COMING} {bounds} rounds=15"),
        format!("{ASYNCHRONOUS} {HOURS} fleet.churn.rate=0.2 rounds=40 measure.every=7"),
        format!(
            "{BUFFERED} {UNEVEN} {COMING} fleet.churn.replace=false {bounds} fleet.participants=20 \
             distiller.schedule.learnings=4 rounds=60 job_knowledge.personalisation=fedsim"
        ),
    ];
    for sets in &cases {
        hashes.insert(common_hash(HIVE, sets, MACHINES));
    }
    assert_eq!(hashes.len(), cases.len(), "every setting makes a difference");
}

fn norms(outcome: &Outcome) -> Vec<f64> {
    outcome.hive.rounds[1..].iter().map(|row| row.step_norm).collect()
}

/// How much is done at once depends on when agents are measured; what comes of it does not.
#[test]
fn cores_do_not_depend_on_when_agents_are_measured() {
    for sets in [
        format!("{BUFFERED} {UNEVEN} distiller.schedule.learnings=7"),
        format!("{BUFFERED} {UNEVEN} distiller.schedule.learnings=50"),
        format!("{BUFFERED} {UNEVEN} fleet.participants=11 job_knowledge.personalisation=fedsim"),
        format!("{ASYNCHRONOUS} fleet.speed.kind=pareto fleet.jitter=0.5"),
        format!(
            "{BUFFERED} {UNEVEN} {COMING} job_knowledge.personalisation=fedsim measure.panel=0"
        ),
        format!("{ASYNCHRONOUS} {COMING} fleet.participants=9 fleet.churn.replace=false"),
        format!("{BUFFERED} {UNEVEN} {HOURS} fleet.churn.rate=0.2 faults.delay=0.4"),
    ] {
        let every = |n: u32| run(HIVE, &format!("{sets} rounds=48 measure.every={n}"));
        let (always, seldom) = (every(1), every(16));
        assert_eq!(norms(&always), norms(&seldom), "{sets}");
        let frames = &always.hive.frames;
        for frame in &seldom.hive.frames {
            let at = frames.iter().find(|other| other.round == frame.round).unwrap();
            // those who have left have no level, which equals nothing
            let bits =
                |panel: &[f32]| panel.iter().map(|level| level.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&frame.panel), bits(&at.panel), "{sets}: round {}", frame.round);
            assert_eq!(frame.practised, at.practised, "{sets}: round {}", frame.round);
        }
    }
}

fn times(outcome: &Outcome) -> Vec<f64> {
    outcome.hive.rounds.iter().map(|row| row.time).collect()
}

#[test]
fn time_is_what_the_slowest_takes_or_what_it_takes_to_fill_a_buffer() {
    assert_eq!(times(&run(HIVE, "")), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    // speeds stay: every round takes as long as the first
    let together = times(&run(HIVE, UNEVEN));
    assert!(together[1] > 2.0, "{together:?}");
    let each = |times: &[f64]| times.windows(2).map(|t| t[1] - t[0]).collect::<Vec<f64>>();
    assert!(each(&together).iter().all(|span| (span - together[1]).abs() < 1e-9));
    // who jitters does not
    let jittered = each(&times(&run(HIVE, "fleet.jitter=0.5")));
    assert!(jittered.windows(2).all(|t| t[0] != t[1]), "{jittered:?}");
    let buffered = run(HIVE, &format!("{BUFFERED} {UNEVEN} rounds=20"));
    let spans = each(&times(&buffered));
    assert!(spans.iter().all(|span| *span > 0.0 && *span < together[1]), "{spans:?}");
    assert!(buffered.hive.rounds[1..].iter().all(|row| row.learnings == 10));
    // bounds have the same time for the same work
    let bounds =
        run(HIVE, &format!("{BUFFERED} {UNEVEN} measure.bounds=[\"isolated\",\"pooled\"]"));
    for (_, bound) in &bounds.bounds {
        for (row, hive) in bound.rounds.iter().zip(&bounds.hive.rounds) {
            assert_eq!((row.time, row.tasks), (hive.time, hive.tasks));
        }
        assert!(bound.staleness.is_empty());
    }
}

/// Agents that all work in the same two of six units of time, and then wait for the next two.
#[test]
fn who_is_away_begins_when_it_is_back() {
    let sets = format!(
        "{BUFFERED} {HOURS} fleet.agents=1 world.companies=1 measure.panel=1 \
         distiller.schedule.learnings=1 rounds=12"
    );
    let ends = times(&run(HIVE, &sets));
    let first = ends[1];
    let two = ends[2] == first + 1.0;
    // work takes 1: a unit's work ends with it
    for (i, end) in ends[1..].iter().enumerate() {
        let turns = (i + usize::from(!two)) / 2;
        let second = (i + usize::from(!two)) % 2;
        let base = if two { first } else { first - 1.0 };
        assert_eq!(*end, base + 6.0 * turns as f64 + second as f64, "{ends:?}");
    }
    // a place that nobody can take waits: as many work at a time as are there
    let busy = run(HIVE, &format!("{BUFFERED} {HOURS} distiller.schedule.learnings=37 rounds=12"));
    let per_unit = 37.0 * 12.0 / times(&busy)[12];
    assert!((per_unit / (37.0 / 3.0) - 1.0).abs() < 0.15, "{per_unit}");
}

/// Little's law for those who come and go: of agents that are there for a share `p` of the time and
/// whose work takes 1, `p` times as many work as there are.
#[test]
fn as_much_is_done_as_agents_are_there() {
    let sets = format!(
        "{ASYNCHRONOUS} fleet.availability.kind=markov fleet.availability.leave=0.2 \
         fleet.availability.back=0.2 fleet.tasks=1 rounds=4000 measure.every=4000"
    );
    let outcome = run(HIVE, &sets);
    let per_unit = 4000.0 / outcome.hive.rounds[4000].time;
    // 37 agents over 216 units; spells of 5 leave 216·37/9 independent looks or so
    let error = 37.0 * (0.25 / (216.0 * 37.0 / 9.0_f64)).sqrt();
    assert!((per_unit - 18.5).abs() < 4.0 * error, "{per_unit}");
}

/// A hive that all have left publishes what is left, and then nothing new, once a unit of time.
#[test]
fn a_hive_that_all_have_left_goes_on_with_nothing() {
    for schedule in [format!("{BUFFERED} {UNEVEN}"), ASYNCHRONOUS.to_owned()] {
        let sets = format!(
            "{schedule} fleet.churn.rate=0.7 fleet.churn.replace=false rounds=150 measure.panel=0"
        );
        let outcome = run(HIVE, &sets);
        assert!(outcome.complete);
        let last: Vec<_> = outcome.hive.rounds[147..].iter().collect();
        assert!(last.iter().all(|row| row.step_norm == 0.0 && row.learnings == 0));
        assert!(last.windows(2).all(|two| two[1].time - two[0].time == 1.0));
        let frame = outcome.hive.frames.last().unwrap();
        assert!(frame.panel.iter().all(|level| level.is_nan()));
        let merged: u64 = outcome.hive.rounds.iter().map(|row| row.learnings).sum();
        // a geometric number of shifts each, of the mean 1/0.7
        assert!(
            (merged as f64 - 37.0 / 0.7).abs() < 4.0 * (37.0_f64 * 0.3).sqrt() / 0.7,
            "{merged}"
        );
    }
}

/// One agent is never stale: FedAsync with `α = 1` is then what everyone in step does.
#[test]
fn an_agent_on_its_own_is_never_stale() {
    const ALONE: &str = "fleet.agents=1 world.companies=1 measure.panel=1 measure.probes=16";
    let together = run(HIVE, ALONE);
    let mixed = |alpha: f64| {
        run(HIVE, &format!("{ALONE} {ASYNCHRONOUS} distiller.schedule.mixing={alpha}"))
    };
    assert_eq!(norms(&mixed(1.0)), norms(&together));
    // the first step is the share of it that is asked for
    let (half, whole) = (norms(&mixed(0.5))[0], norms(&together)[0]);
    assert!((half - 0.5 * whole).abs() < 1e-6 * whole, "{half} {whole}");
    assert_eq!(mixed(0.5).hive.staleness.iter().map(|row| row.staleness).max(), Some(0));
}

/// The first publications merge learnings of the first core: after `k` of them a learning counts
/// `s(k)`, as all steps before it leave it as it is.
#[test]
fn a_stale_learning_counts_as_its_staleness_says() {
    // slow agents whose first work ends one by one, long before anyone's second
    let sets = |staleness: &str| {
        format!(
            "{BUFFERED} distiller.schedule.learnings=1 fleet.jitter=0.1 rounds=4 \
             distiller.schedule.staleness.{staleness}"
        )
    };
    let plain = norms(&run(HIVE, &sets("kind=constant")));
    for (staleness, weights) in [
        ("kind=polynomial", [1.0, 0.5_f64.sqrt(), (1.0_f64 / 3.0).sqrt(), 0.5]),
        ("kind=polynomial distiller.schedule.staleness.exponent=1", [1.0, 0.5, 1.0 / 3.0, 0.25]),
        (
            "kind=hinge distiller.schedule.staleness.slope=2 distiller.schedule.staleness.grace=1",
            [1.0, 1.0, 1.0 / 3.0, 0.2],
        ),
    ] {
        let got = norms(&run(HIVE, &sets(staleness)));
        for (i, (got, plain)) in got.iter().zip(&plain).enumerate() {
            let want = weights[i] * plain;
            assert!((got - want).abs() < 1e-4 * want, "{staleness} {i}: {got}, {want}");
        }
    }
}

/// `W` agents at work and `K` learnings a publication make a mean staleness of `(W − 1)/K` in the
/// long run, whatever their speeds.
#[test]
fn staleness_is_as_littles_law_has_it() {
    for (sets, working, learnings) in [
        (format!("{BUFFERED} {UNEVEN} distiller.schedule.learnings=4"), 37.0, 4.0),
        (format!("{BUFFERED} fleet.speed.kind=pareto fleet.latency=0.3"), 37.0, 10.0),
        (
            format!("{BUFFERED} {UNEVEN} fleet.participants=16 distiller.schedule.learnings=5"),
            16.0,
            5.0,
        ),
    ] {
        let sets = format!("{sets} rounds=3000 fleet.tasks=1 measure.every=3000");
        let outcome = run(HIVE, &sets);
        let mean = outcome.hive.rounds[1..].iter().map(|row| row.staleness).sum::<f64>() / 3000.0;
        let want = (working - 1.0) / learnings;
        assert!((mean / want - 1.0).abs() < 0.02, "{sets}: {mean}, {want}");
    }
}
