//! What free agents and the fabrics between them and the distiller carry alone, with contributions of
//! 64 bytes and no learning: `cargo bench --bench fabrics`.
#![allow(clippy::disallowed_methods, reason = "benchmarks read the clock")]

mod common;

use common::si;
use hivesim::bench::{Spread, resident_bytes};
use hivesim::engine::{Bare, BareRun, NUMBERS};
use hivesim::params::kernels::read_all;
use hivesim::scenario::{CoreSlot, Fabric, Live};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Runs of each, in turn.
const RUNS: usize = 7;
const AGENTS: u32 = 10_000;
const MILLION: u32 = 1_000_000;

fn bare(agents: u32, threads: usize, fabric: Fabric, publication: CoreSlot) -> Bare {
    Bare {
        agents,
        threads,
        work: Duration::ZERO,
        learnings: Some(AGENTS),
        // as much room for all of them
        live: Live { fabric, publication, capacity: 2 * AGENTS, ..Live::default() },
        warm_up: Duration::from_millis(200),
        time: Duration::from_millis(500),
    }
}

/// What a run in a process of its own comes to, which finds no memory that another left: learnings a
/// second, two latencies, shares of time waited for room and for locks, seconds to start, bytes an agent.
type Told = [f64; 7];

/// Runs one case and prints what it comes to.
fn child(args: &[String]) {
    let number = |i: usize| args[i].parse::<usize>().expect("a number");
    let publication = [CoreSlot::Watch, CoreSlot::Snapshot][number(3)];
    let bare = bare(number(0) as u32, number(1), Fabric::ALL[number(2)], publication);
    let (before, mut idle) = (resident_bytes(), f64::NAN);
    let run = bare.run(|| idle = resident_bytes() - before).expect("there are threads");
    let BareRun { merged, seconds, report, .. } = &run;
    let agents = f64::from(bare.agents);
    let told: Told = [
        *merged as f64 / seconds,
        report.to_merge.p50,
        report.to_merge.p99,
        report.wait_seconds / (agents * report.seconds),
        report.lock_seconds / (bare.threads as f64 * report.seconds),
        report.spawn_seconds,
        idle / agents,
    ];
    println!("{}", told.map(|x| x.to_string()).join(" "));
}

/// Runs a case in a process of its own.
fn run(agents: u32, threads: usize, fabric: usize, publication: usize) -> Told {
    let program = std::env::current_exe().expect("this program");
    let args = [agents as usize, threads, fabric, publication].map(|arg| arg.to_string());
    let output = std::process::Command::new(program).arg("case").args(args).output();
    let text = String::from_utf8(output.expect("it runs").stdout).expect("numbers");
    let told: Vec<f64> = text.split_whitespace().map(|x| x.parse().expect("a number")).collect();
    told.try_into().expect("all of them")
}

/// Contributions a second that memory could bring, at 64 bytes each.
fn read_limit() -> f64 {
    let numbers: Vec<f32> = (0..64 << 20).map(|i| (i % 1013) as f32).collect();
    let rates = (0..9).map(|_| {
        let begun = Instant::now();
        read_all(black_box(&numbers));
        (numbers.len() / NUMBERS) as f64 / begun.elapsed().as_secs_f64()
    });
    Spread::of(rates).median
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|arg| arg == "case") {
        return child(&args[1..]);
    }
    let mut cases = Vec::new();
    for fabric in 0..Fabric::ALL.len() {
        for publication in 0..2 {
            cases.extend([1, 2].map(|threads| (threads, fabric, publication, Vec::new())));
        }
    }
    for _ in 0..RUNS {
        for (threads, fabric, publication, runs) in &mut cases {
            runs.push(run(AGENTS, *threads, *fabric, *publication));
        }
    }
    let mut text = vec![
        "| fabric | core from | threads | learnings a second | least to most | merged after, p50 / p99 | waited for room | waited for locks |"
            .to_owned(),
        "| --- | --- | --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    for (threads, fabric, publication, runs) in &cases {
        let over = |at: usize| Spread::of(runs.iter().map(|told: &Told| told[at]));
        let rate = over(0);
        text.push(format!(
            "| {} | {} | {threads} | {} | {} to {} | {:.0} / {:.0} us | {:.0} % of agents' time | {:.1} % of threads' |",
            Fabric::ALL[*fabric].name(),
            ["watch", "snapshot"][*publication],
            si(rate.median).trim(),
            si(rate.low).trim(),
            si(rate.high).trim(),
            1e6 * over(1).median,
            1e6 * over(2).median,
            100.0 * over(3).median,
            100.0 * over(4).median,
        ));
    }
    text.push(String::new());
    for threads in [1, 2] {
        let bare = bare(AGENTS, threads, Fabric::MapMutex, CoreSlot::Snapshot);
        let rates = (0..RUNS).map(|_| {
            let (rounds, seconds) = bare.plain_loop(threads);
            rounds as f64 / seconds
        });
        text.push(format!(
            "- the same arithmetic in plain loops: {} contributions a second, threads: {threads}",
            si(Spread::of(rates).median).trim()
        ));
    }
    text.push(format!(
        "- memory brings {} of them a second to one core, were they nowhere nearer",
        si(read_limit()).trim()
    ));
    let [rate, .., spawn, bytes] = run(MILLION, 2, 1, 1);
    text.push(format!(
        "- {MILLION} agents: started in {spawn:.2} s, {bytes:.0} bytes an agent, {} learnings a second",
        si(rate).trim()
    ));
    common::publish("fabrics", &text.join("\n"));
}
