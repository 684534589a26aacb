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
    ] {
        let every = |n: u32| run(HIVE, &format!("{sets} rounds=48 measure.every={n}"));
        let (always, seldom) = (every(1), every(16));
        assert_eq!(norms(&always), norms(&seldom), "{sets}");
        let frames = &always.hive.frames;
        for frame in &seldom.hive.frames {
            let at = frames.iter().find(|other| other.round == frame.round).unwrap();
            assert_eq!(frame.panel, at.panel, "{sets}: round {}", frame.round);
            assert_eq!(frame.practised, at.practised, "{sets}: round {}", frame.round);
        }
    }
}
