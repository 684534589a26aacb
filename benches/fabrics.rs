//! What free agents and the fabrics between them and the distiller carry alone, with contributions of
//! 64 bytes and no learning: `cargo bench --bench fabrics`.
#![allow(clippy::disallowed_methods, reason = "benchmarks read the clock")]

mod common;

use common::si;
use hivesim::bench::Spread;
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
        live: Live { fabric, publication, ..Live::default() },
        warm_up: Duration::from_millis(200),
        time: Duration::from_millis(500),
    }
}

/// Bytes of memory that this process has in hand.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib * 1024.0)
}

/// A million agents that are started and work.
fn million() -> Vec<String> {
    // before anything else takes memory and gives it back
    let before = resident();
    let mut idle = f64::NAN;
    let bare = bare(MILLION, 2, Fabric::ChannelCrossbeam, CoreSlot::Snapshot);
    let run = bare.run(|| idle = resident() - before).expect("there are threads");
    vec![format!(
        "- {MILLION} agents: started in {:.2} s, {:.0} bytes an agent, {} learnings a second",
        run.report.spawn_seconds,
        idle / f64::from(MILLION),
        si(run.merged as f64 / run.seconds),
    )]
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
    let million = million();
    let mut cases = Vec::new();
    for fabric in Fabric::ALL {
        for publication in [CoreSlot::Watch, CoreSlot::Snapshot] {
            cases.extend(
                [1, 2].map(|threads| (bare(AGENTS, threads, fabric, publication), Vec::new())),
            );
        }
    }
    for _ in 0..RUNS {
        for (bare, runs) in &mut cases {
            runs.push(bare.run(|| ()).expect("there are threads"));
        }
    }
    let mut text = vec![
        "| fabric | core from | threads | learnings a second | least to most | merged after, p50 / p99 | waited for room | waited for locks | a plain loop's rate |"
            .to_owned(),
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    let looped = |threads| {
        let bare = bare(AGENTS, threads, Fabric::MapMutex, CoreSlot::Snapshot);
        let rates = (0..RUNS).map(|_| {
            let (rounds, seconds) = bare.plain_loop(threads);
            rounds as f64 / seconds
        });
        Spread::of(rates).median
    };
    let plain = [1, 2].map(looped);
    for (bare, runs) in &cases {
        let over = |get: &dyn Fn(&BareRun) -> f64| Spread::of(runs.iter().map(get));
        let rate = over(&|run| run.merged as f64 / run.seconds);
        let us = |get: fn(&BareRun) -> f64| over(&|run| 1e6 * get(run)).median;
        let threads = bare.threads;
        let wait = over(&|run| run.report.wait_seconds / (f64::from(AGENTS) * run.report.seconds));
        let lock = over(&|run| run.report.lock_seconds / (threads as f64 * run.report.seconds));
        text.push(format!(
            "| {} | {} | {threads} | {} | {} to {} | {:.0} / {:.0} us | {:.1} % of agents' time | {:.1} % of threads' | {:.1} % |",
            bare.live.fabric.name(),
            bare.live.publication.name(),
            si(rate.median).trim(),
            si(rate.low).trim(),
            si(rate.high).trim(),
            us(|run| run.report.to_merge.p50),
            us(|run| run.report.to_merge.p99),
            100.0 * wait.median,
            100.0 * lock.median,
            100.0 * rate.median / plain[threads - 1],
        ));
    }
    text.push(String::new());
    text.push(format!(
        "- a plain loop that does the same arithmetic: {} contributions a second on 1 thread, {} on 2",
        si(plain[0]).trim(),
        si(plain[1]).trim()
    ));
    text.push(format!(
        "- memory brings {} of them a second to one core, were they nowhere nearer",
        si(read_limit()).trim()
    ));
    text.extend(million);
    common::publish("fabrics", &text.join("\n"));
}
