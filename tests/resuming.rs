//! A run that is cut off between any two rounds goes on to the same result, on whatever engine.

mod common;

#[path = "common/memories.rs"]
mod memories;

use common::run;
use hivesim::engine::{Experiment, RunError, Safekeeping, Silent};
use hivesim::measure::Outcome;
use hivesim::scenario::Scenario;
use memories::{Memories, Memory};

fn experiment(text: &str, sets: &str) -> Experiment {
    let sets: Vec<String> = sets.split_whitespace().map(str::to_owned).collect();
    Experiment::new(
        Scenario::parse(text, "test", &sets).unwrap_or_else(|e| panic!("{sets:?}: {e}")),
    )
}

fn memories(text: &str, sets: &str) -> (Outcome, Vec<Memory>) {
    let vault = Memories::default();
    let safe = Safekeeping { vault: Some(&vault), from: None };
    let outcome = experiment(text, sets).run_safely(&Silent, safe);
    (outcome.unwrap_or_else(|e| panic!("{sets}: {e}")), vault.0.into_inner().unwrap())
}

fn resume(text: &str, sets: &str, memory: &Memory) -> Result<Outcome, RunError> {
    let safe = Safekeeping { vault: None, from: Some(memory.kept()) };
    experiment(text, sets).run_safely(&Silent, safe)
}

/// All that is told of a run, but for what is of the machine.
fn told(outcome: &Outcome) -> String {
    let mut outcome = outcome.clone();
    outcome.hive.live = None;
    format!("{:?}", (&outcome.result_hash, outcome.complete, &outcome.hive, &outcome.bounds))
}

/// Holds a run to itself cut off at every moment, and gone on with on one engine and another.
fn goes_on(text: &str, sets: &str, engines: &[&str]) {
    let whole = told(&run(text, &format!("{sets} engine.kind={}", engines[0])));
    let mut before: Option<Vec<Memory>> = None;
    for engine in engines {
        let (outcome, kept) = memories(text, &format!("{sets} engine.kind={engine}"));
        assert_eq!(told(&outcome), whole, "keeping changes nothing: {engine} {sets}");
        if let Some(before) = &before {
            for (a, b) in before.iter().zip(&kept) {
                assert_eq!(a.moment, b.moment);
                assert!(a.head == b.head && a.agents == b.agents, "{:?} {engine} {sets}", a.moment);
            }
        }
        before = Some(kept);
    }
    for (i, memory) in before.iter().flatten().enumerate() {
        let engine = engines[i % engines.len()];
        let threads = if engine == "serial" { 1 } else { 1 + i % 3 };
        let sets = format!("{sets} engine.kind={engine} engine.threads={threads}");
        let outcome = resume(text, &sets, memory);
        let outcome = outcome.unwrap_or_else(|e| panic!("{:?} {sets}: {e}", memory.moment));
        assert_eq!(told(&outcome), whole, "{:?} {sets}", memory.moment);
    }
}

const ENGINES: &[&str] = &["serial", "pool", "tasks"];

const MIXED: &str = "rounds = 5\n[fleet]\nagents = 21\ntasks = 8\n[world]\nskills = 5\n\
                     companies = 3\n[measure]\npanel = 7\nprobes = 8\n";

#[test]
fn whatever_agents_keep_and_send() {
    for sets in [
        "measure.bounds=[\"isolated\",\"pooled\"]",
        "job_knowledge.personalisation=fedsim",
        "job_knowledge.personalisation=fedalt job_knowledge.pull=rebase",
        "job_knowledge.personalisation=fedsim job_knowledge.pull=decay fleet.participants=6",
        "job_knowledge.personalisation=nested",
        "learner.solver.scaffold=true",
        "feedback.kind=verifiable feedback.horizon=2 fleet.participants=5",
        "distiller.exchange=experience",
        "distiller.exchange=predictions",
        "distiller.compression.kind=top-k",
        "learner.kind=mlp learner.hidden=[6] job_knowledge.personalisation=fedsim",
        "world.drift.rho=0.9 measure.interference=true measure.barriers=3 measure.every=2",
        "fleet.newcomers.agents=4 fleet.newcomers.round=3 fleet.stragglers.share=0.3",
        "pretraining.tasks=8 measure.every=3",
    ] {
        goes_on(MIXED, sets, ENGINES);
    }
}

#[test]
fn whoever_merges_and_remembers() {
    for sets in [
        "distiller.server.kind=fedadam",
        "distiller.server.kind=nesterov distiller.combine.kind=median",
        "distiller.combine.kind=centred-clipping distiller.combine.start=previous",
        "distiller.combine.kind=fisher",
        "distiller.combine.kind=best-by-probe",
        "measure.lineage=true distiller.server.kind=fedavgm",
        "measure.lineage=true distiller.combine.kind=krum",
        "distiller.topology=hierarchical distiller.hierarchy.team=3 \
         distiller.hierarchy.company.period=2 distiller.hierarchy.global.period=4 \
         distiller.server.kind=fedadagrad",
        "distiller.topology=gossip distiller.gossip.contacts=2",
    ] {
        goes_on(MIXED, sets, ENGINES);
    }
}

#[test]
fn learnings_on_their_way_and_agents_that_come_and_go() {
    const FAULTY: &str = "faults.loss=0.1 faults.corruption=0.1 faults.duplication=0.2 \
                          faults.delay=0.4 faults.max_staleness=3";
    const UNEVEN: &str = "fleet.speed.kind=lognormal fleet.speed.spread=0.8 rounds=9";
    for sets in [
        FAULTY,
        "fleet.availability.kind=markov fleet.churn.rate=0.2",
        "fleet.availability.kind=markov fleet.churn.rate=0.1 fleet.churn.replace=false",
        &format!("distiller.schedule.kind=buffered distiller.schedule.learnings=4 {UNEVEN}"),
        &format!(
            "distiller.schedule.kind=buffered distiller.schedule.learnings=5 measure.every=4 \
             fleet.participants=9 fleet.availability.kind=markov fleet.churn.rate=0.1 \
             distiller.combine.kind=median {FAULTY} {UNEVEN}"
        ),
        &format!(
            "distiller.schedule.kind=asynchronous measure.every=2 \
             job_knowledge.personalisation=fedsim measure.bounds=[\"isolated\",\"pooled\"] {UNEVEN}"
        ),
    ] {
        goes_on(MIXED, sets, ENGINES);
    }
}

#[test]
fn attackers_several_hives_and_what_changes_on_the_way() {
    let hives = "\n[[hives]]\nshare = 0.5\n[[hives]]\nshare = 0.5\n[hives.server]\nkind = \"fedadam\"\n\
                 [market]\nleak = 0.3\ndelay = 2\npreference = 4\nmovers = 0.1\n";
    let changes = "\n[[changes]]\nround = 2\nset = [\"distiller.combine.kind=median\"]\n\
                   [[changes]]\nround = 4\nset = [\"attack.share=0.3\", \"faults.loss=0.2\"]\n";
    for (text, sets) in [
        (MIXED.to_owned(), "attack.share=0.3 attack.method.kind=mimic attack.method.rounds=3"),
        (MIXED.to_owned(), "attack.share=0.2 attack.method.kind=a-little attack.start=2"),
        (MIXED.to_owned() + hives, ""),
        (MIXED.to_owned() + changes, "distiller.server.kind=fedadam"),
        (MIXED.to_owned() + changes, "distiller.schedule.kind=buffered measure.every=2 rounds=7"),
    ] {
        goes_on(&text, sets, ENGINES);
    }
}

#[test]
fn fleets_of_numbers() {
    const PRACTICE: &str = "rounds = 5\n[learner]\nkind = \"practice\"\n[fleet]\nagents = 60\n\
                            [measure]\npanel = 9\n";
    const NK: &str = "rounds = 8\n[fleet]\nagents = 20\n[world]\nkind = \"nk\"\nn = 12\nk = 3\n\
                      [learner]\nkind = \"search\"\n";
    for (text, sets) in [
        (PRACTICE, "measure.bounds=[\"isolated\",\"pooled\"]"),
        (PRACTICE, "distiller.topology=gossip distiller.gossip.contacts=1"),
        (PRACTICE, "distiller.topology=gossip fleet.tasks=0 learner.teachers=2"),
        (NK, ""),
        (NK, "distiller.topology=gossip"),
    ] {
        goes_on(text, sets, ENGINES);
    }
}

#[test]
fn free_agents_that_keep_step() {
    goes_on(MIXED, "job_knowledge.personalisation=fedsim", &["serial", "live"]);
}

#[test]
fn a_state_of_another_run_is_refused() {
    let (_, kept) = memories(MIXED, "");
    for sets in
        ["fleet.agents=9", "world.skills=4", "measure.panel=3", "distiller.server.kind=fedadam"]
    {
        let error = resume(MIXED, sets, &kept[1]).err();
        match error {
            Some(error @ RunError::State(_)) => {
                let text = error.to_string();
                assert!(text.starts_with("the run cannot go on from its checkpoint"), "{text}");
            }
            other => assert!(sets.contains("fedadam") && other.is_none(), "{sets}: {other:?}"),
        }
    }
}

/// Whatever is in it, a state is taken up or refused, and never a cause of a panic.
#[test]
fn damaged_states_are_refused() {
    let sets =
        "distiller.schedule.kind=buffered faults.delay=0.3 job_knowledge.personalisation=fedsim";
    let (_, kept) = memories(MIXED, sets);
    let whole = |memory: &&Memory| memory.agents.last().is_some_and(|last| !last.is_empty());
    let memory = kept.iter().rev().find(whole).unwrap();
    let mut refused = 0;
    for at in (0..memory.head.len()).step_by(memory.head.len() / 200) {
        let mut short = memory.clone();
        short.head.truncate(at);
        assert!(matches!(resume(MIXED, sets, &short), Err(RunError::State(_))), "{at}");
        let mut agents = memory.clone();
        let all = agents.agents.last_mut().unwrap();
        all.truncate(at % all.len());
        refused += u32::from(matches!(resume(MIXED, sets, &agents), Err(RunError::State(_))));
    }
    assert!(refused > 100, "{refused}");
}
