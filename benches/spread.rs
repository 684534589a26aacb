//! Contacts a second of push-pull gossip among a million agents, and what measuring them costs:
//! `cargo bench --bench spread`.

mod common;

use common::{Limit, Line, run};
use criterion::Criterion;

const SCENARIO: &str = "[world]\nskills = 1\ncompanies = 1\n[fleet]\nagents = 1000000\ntasks = 0\n\
                        [learner]\nkind = \"practice\"\nteachers = 1\n\
                        [distiller]\ntopology = \"gossip\"\n[engine]\nkind = \"pool\"\n";

/// Rounds of a run: from the first who knows to all, some 16, and as many after.
const ROUNDS: u32 = 40;

fn main() {
    let mut c = Criterion::default().configure_from_args();
    common::bench_read_bandwidth(&mut c);
    c.final_summary();
    let mut lines = Vec::new();
    let mut text = Vec::new();
    for (name, keys) in [
        ("1 skill", "world.skills=1"),
        ("16 skills", "world.skills=16"),
        ("1 skill that fades", "learner.forgetting=0.1"),
        ("1 skill on a random graph", "distiller.gossip.graph=regular"),
        ("1 skill that is practised", "fleet.tasks=1"),
        ("16 skills that are practised", "world.skills=16 fleet.tasks=1"),
    ] {
        for threads in common::CORES {
            let machine = format!("engine.threads={threads} rounds={ROUNDS}");
            let sets: Vec<&str> = machine.split(' ').chain(keys.split(' ')).collect();
            let seconds = run(SCENARIO, &sets).round_seconds;
            lines.push(Line {
                name: format!("{name}, {threads} threads"),
                work: 1e6,
                unit: "contacts",
                beside: Vec::new(),
                // a callee's row lies in a line of its own; more than all of it is a cache's doing
                limits: vec![(Limit::ReadBandwidth, 64.0)],
                cores: threads,
                seconds: Some(seconds),
            });
            let measured = common::run_measured(SCENARIO, &sets).round_seconds.0;
            let share = 100.0 * (1.0 - seconds.0 / measured);
            text.push(format!(
                "- {name}, {threads} threads: measuring takes {share:.1} % of a run"
            ));
        }
    }
    let mut all = vec![common::table(&lines), String::new()];
    all.append(&mut text);
    common::publish("spread", &all.join("\n"));
}
