//! Time of a round from 10,000 to 1,000,000 agents: `cargo bench --bench million`.

mod common;

use common::{Limit, Line, run};

const SCENARIO: &str = include_str!("../scenarios/million.toml");

fn main() {
    common::measure_multiply_adds();
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(2);
    let threads = format!("engine.threads={cores}");
    let mut lines = Vec::new();
    let mut each = Vec::new();
    for (agents, rounds) in [(10_000_u32, 40), (100_000, 12), (1_000_000, 6)] {
        let (agents_set, rounds) = (format!("fleet.agents={agents}"), format!("rounds={rounds}"));
        // as many agents to a company whatever the size of the fleet
        let companies = format!("world.companies={}", agents / 1000);
        let run = run(SCENARIO, &["engine.kind=pool", &threads, &agents_set, &rounds, &companies]);
        each.push((agents, run.round_seconds.0 / f64::from(agents)));
        let seconds = Some(run.round_seconds);
        let name = format!("million/{agents}");
        lines.push(Line {
            name,
            work: run.tasks,
            unit: "tasks",
            limits: vec![(Limit::MultiplyAdds, run.multiply_adds / run.tasks)],
            beside: Vec::new(),
            cores,
            seconds,
        });
    }
    let mut text = vec![common::table(&lines), String::new()];
    for (agents, seconds) in &each {
        let relative = 100.0 * (seconds / each[0].1 - 1.0);
        let each = seconds * 1e6;
        text.push(format!("- {agents} agents: {each:.3} us an agent and round ({relative:+.1} %)"));
    }
    common::publish("million", &text.join("\n"));
}
