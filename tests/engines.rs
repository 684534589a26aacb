//! One meaning, several machines: every engine and thread count gives the same result hash.

use hivesim::engine::{Experiment, Silent};
use hivesim::scenario::Scenario;

fn hash(sets: &[&str], engine: &str, threads: u32) -> String {
    let text = "rounds = 4\n[fleet]\nagents = 37\ntasks = 12\n[world]\nskills = 6\ncompanies = 4\n\
                [measure]\npanel = 9\nprobes = 16\nbounds = [\"isolated\", \"pooled\"]\n";
    let mut sets: Vec<String> = sets.iter().map(|s| s.to_string()).collect();
    sets.push(format!("engine.kind={engine}"));
    sets.push(format!("engine.threads={threads}"));
    let scenario = Scenario::parse(text, "engines", &sets).unwrap_or_else(|e| panic!("{e}"));
    Experiment::new(scenario).run(&Silent).unwrap_or_else(|e| panic!("{e}")).result_hash
}

#[test]
fn every_engine_and_thread_count_gives_the_same_hash() {
    let mut hashes = std::collections::BTreeSet::new();
    let mut cases = 0;
    for exchange in ["weights", "experience", "predictions"] {
        for personal in ["none", "fedsim", "fedalt", "nested"] {
            if personal == "nested" && exchange != "weights" {
                continue; // refused: nested splits contributions, and only this exchange sends them
            }
            for extra in ["feedback.kind=semantic", "feedback.kind=verifiable"] {
                let exchange = format!("distiller.exchange={exchange}");
                let personal = format!("job_knowledge.personalisation={personal}");
                let sets = [exchange.as_str(), personal.as_str(), extra];
                let reference = hash(&sets, "serial", 1);
                for engine in ["pool", "tasks"] {
                    for threads in [1, 2, 3, 8] {
                        assert_eq!(
                            hash(&sets, engine, threads),
                            reference,
                            "{engine} {threads} {sets:?}"
                        );
                    }
                }
                hashes.insert(reference);
                cases += 1;
            }
        }
    }
    assert_eq!(hashes.len(), cases, "every setting makes a difference");
}

#[test]
fn pull_policies_stragglers_and_drift_agree_on_all_engines() {
    for sets in [
        &["job_knowledge.personalisation=fedsim", "job_knowledge.pull=rebase"][..],
        &["job_knowledge.personalisation=fedsim", "job_knowledge.pull=decay"],
        &["job_knowledge.personalisation=fedsim", "job_knowledge.pull=reset"],
        &["fleet.participants=11", "fleet.stragglers.share=0.5", "world.drift.rho=0.9"],
        &["learner.buckets=2", "learner.solver.prox=0.5", "world.temperature=0.5"],
    ] {
        let reference = hash(sets, "serial", 1);
        assert_eq!(hash(sets, "pool", 3), reference, "{sets:?}");
        assert_eq!(hash(sets, "tasks", 2), reference, "{sets:?}");
    }
}

#[test]
fn kernels_of_every_instruction_set_give_the_same_hash() {
    use hivesim::params::kernels::{Level, force_level, level};
    let best = level();
    let reference = hash(&[], "serial", 1);
    for lower in [Level::Baseline, Level::Avx2] {
        force_level(lower);
        assert_eq!(hash(&[], "serial", 1), reference, "{lower:?}");
    }
    force_level(best);
}
