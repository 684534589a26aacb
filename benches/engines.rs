//! What engines cost, and how they scale: `cargo bench --bench engines`.

mod common;

use common::{Limit, Line, Run, run};

/// Runs of each engine.
const RUNS: usize = 5;

const SCENARIO: &str = include_str!("../scenarios/first-hive.toml");

fn line(name: String, cores: usize, run: &Run) -> Line {
    Line {
        name,
        work: run.tasks,
        unit: "tasks",
        limits: vec![(Limit::MultiplyAdds, run.multiply_adds / run.tasks)],
        beside: Vec::new(),
        cores,
        seconds: Some(run.round_seconds),
    }
}

fn main() {
    common::measure_multiply_adds();
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
        lines.push(line(format!("{engine}-{threads}/{agents}x{tasks}"), threads as usize, &run));
        run.round_seconds.0
    };
    // several runs of each in turn, so that what else the machine does meets all alike
    let mut medians = [const { Vec::new() }; 6];
    for _ in 0..RUNS {
        let seconds = [
            run_on("pool", 1, 10_000, 50),
            run_on("pool", 2, 10_000, 50),
            run_on("serial", 1, 1_000, 100),
            run_on("pool", 1, 1_000, 100),
            run_on("pool", 2, 1_000, 100),
            run_on("tasks", 2, 1_000, 100),
        ];
        medians.iter_mut().zip(seconds).for_each(|(all, seconds)| all.push(seconds));
    }
    let [one, two, serial, pool_one, pool, tasks] = medians.map(|mut all| {
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    });
    let text = [
        common::table(&lines[lines.len() - 6..]),
        String::new(),
        format!("- pool on 2 threads over 1, 10,000 agents: {:.2} times", one / two),
        format!(
            "- tasks over pool, 2 threads, 1,000 agents: {:+.1} %",
            100.0 * (tasks / pool - 1.0)
        ),
        format!("- pool on 1 thread over serial: {:+.1} %", 100.0 * (pool_one / serial - 1.0)),
    ];
    common::publish("engines", &text.join("\n"));
}
