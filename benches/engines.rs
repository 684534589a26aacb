//! What engines cost, and how they scale: `cargo bench --bench engines`.

mod common;

use common::{Line, Run, run};

const SCENARIO: &str = include_str!("../scenarios/first-hive.toml");

fn line(name: String, run: &Run) -> Line {
    let seconds = Some(run.round_seconds);
    Line { name, work: run.tasks, unit: "tasks", limit: None, seconds }
}

fn main() {
    let bare = "measure.bounds=[]";
    let mut lines = Vec::new();
    let mut run_on = |engine: &str, threads: u32, agents: u32, tasks: u32| {
        let sets = [
            format!("engine.kind={engine}"),
            format!("engine.threads={threads}"),
            format!("fleet.agents={agents}"),
            format!("fleet.tasks={tasks}"),
        ];
        let mut sets: Vec<&str> = sets.iter().map(String::as_str).collect();
        sets.push(bare);
        let run = run(SCENARIO, &sets);
        lines.push(line(format!("{engine}-{threads}/{agents}x{tasks}"), &run));
        run.round_seconds.0
    };
    let one = run_on("pool", 1, 10_000, 50);
    let two = run_on("pool", 2, 10_000, 50);
    let pool = run_on("pool", 2, 1_000, 100);
    let tasks = run_on("tasks", 2, 1_000, 100);
    let serial = run_on("serial", 1, 1_000, 100);
    let pool_one = run_on("pool", 1, 1_000, 100);
    common::print_shares("Engines: whole rounds of first-hive, without its bounds", &lines);
    println!("pool, 2 threads over 1, 10,000 agents: {:.2}x", one / two);
    println!("tasks over pool, 1,000 agents, 100 tasks: {:+.1} %", 100.0 * (tasks / pool - 1.0));
    println!("pool on 1 thread over serial: {:+.1} %", 100.0 * (pool_one / serial - 1.0));
}
