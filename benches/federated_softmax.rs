//! The workload by which simulators of federated learning are compared here: 1,000 agents,
//! softmax 60 → 10 with bias, 50 examples each, 10 epochs of batch 10, weighted mean, every
//! agent every round: `cargo bench --bench federated_softmax`.

mod common;

use common::{Limit, Line};

const SCENARIO: &str = include_str!("../scenarios/federated-softmax.toml");

fn main() {
    common::measure_multiply_adds();
    let mut lines = Vec::new();
    for (engine, threads) in [("serial", 1), ("pool", 1), ("pool", 2), ("tasks", 2)] {
        let kind = format!("engine.kind={engine}");
        let threads_set = format!("engine.threads={threads}");
        let run = common::run(SCENARIO, &[&kind, &threads_set, "rounds=40"]);
        lines.push(Line {
            name: format!("federated_softmax/{engine}-{threads}"),
            work: run.sample_steps,
            unit: "sample-steps",
            limits: vec![(Limit::MultiplyAdds, run.multiply_adds / run.sample_steps)],
            beside: Vec::new(),
            cores: threads,
            seconds: Some(run.round_seconds),
        });
    }
    common::publish("federated_softmax", &common::table(&lines));
}
