//! `hivesim bench`: what engines and fabrics carry.

mod case;
mod table;

pub(super) use case::{CaseArgs, run_case};

use super::closing::thousands;
use super::watch::{Progress, Watcher, ticking};
use super::{Failure, above_zero, failed, folder_of, no_thread, print};
use crate::bench::{Axes, Bench, Case, Row, STANDARD, Sample, Workload, check};
use crate::compare::contenders;
use crate::record::{Content, RunDirectory, described, pretty, read_bench, rfc3339, write_bench};
use crate::report::render_bench;
use crate::scenario::{CoreSlot, EngineKind, Fabric, Override, Scenario};
use crate::text::plain;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use std::time::SystemTime;

const AFTER_HELP: &str = "\
Examples:
  hivesim bench --quick                                         all engines and fabrics, in short
  hivesim bench --engines live --fabrics map-dashmap,channel-crossbeam --agents 1000,100000
  hivesim bench --workload synthetic:0 --agents 10000           the runtime and the fabrics alone
  hivesim bench scenarios/first-hive.toml --strategies mean,median --tasks 10,100
  hivesim bench --compare runs/bench-1/bench.json               what got slower since then

All combinations are run, and a plain loop on one thread for each load, which the others are held
against. Each repeat is a process of its own, and repeats go round all cases, so that what else the
machine does meets all alike. docs/concurrency.md explains every number.

Output: a table on standard output; in DIR bench.json, bench.parquet, scenario.toml and report.html.
A cell shows the median of the repeats and, where there is room, the least and the most. With --compare
what got slower, or faster, beyond all repeats of both is listed.

Exit codes: 0 fine, also where something got slower; 1 failed, 2 bad input; interrupted, nothing is
written";

/// Arguments of `hivesim bench`.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct BenchArgs {
    /// The scenario that agents learn in [default: a small one of its own].
    scenario: Option<PathBuf>,
    /// Engines, separated by commas.
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        value_enum,
        default_value = "serial,pool,tasks,live"
    )]
    engines: Vec<EngineKind>,
    /// Fabrics of the engine live.
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        value_enum,
        default_value = "channel-tokio,channel-crossbeam,map-dashmap,map-mutex"
    )]
    fabrics: Vec<Fabric>,
    /// Where agents of the engine live have the newest core from.
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        value_enum,
        default_value = "snapshot"
    )]
    publications: Vec<CoreSlot>,
    /// Numbers of agents [default: 100,1000,10000].
    #[arg(long, value_name = "LIST", value_delimiter = ',',
          value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    agents: Vec<u32>,
    /// Numbers of worker threads [default: 1 and one a core].
    #[arg(long, value_name = "LIST", value_delimiter = ',',
          value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Vec<u32>,
    /// Tasks of a round [default: the scenario's].
    #[arg(long, value_name = "LIST", value_delimiter = ',',
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    tasks: Vec<u32>,
    /// Merge strategies, named as for `hivesim compare`.
    #[arg(long, value_name = "LIST", default_value = "mean")]
    strategies: String,
    /// What agents do: `learning`, or `synthetic:NANOS`, which spins for so long a round and hands
    /// over 64 bytes.
    #[arg(long, value_name = "LOAD", default_value = "learning")]
    workload: Workload,
    /// Learnings of a publication of the engine live, 0 for as many as there are agents.
    #[arg(long, value_name = "N", default_value_t = 0,
          value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    learnings: u32,
    /// Repeats of each case [default: 7, or 3 in short].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeats: Option<u32>,
    /// Seconds that a repeat is measured [default: 0.5, or 0.2 in short].
    #[arg(long, value_name = "S", value_parser = seconds)]
    seconds: Option<f64>,
    /// Seconds that it runs before it is measured [default: 0.2, or 0.1 in short].
    #[arg(long, value_name = "S", value_parser = seconds)]
    warm_up: Option<f64>,
    /// In short: fewer agents, repeats and seconds.
    #[arg(long)]
    quick: bool,
    /// Set a key of the scenario, as in --set engine.live.capacity=100; may be given again.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Say what got slower or faster than in this bench.json.
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// Where results go [default: runs/NAME-bench].
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print bench.json on standard output, and nothing else there.
    #[arg(long)]
    json: bool,
    /// Print nothing but errors.
    #[arg(long)]
    quiet: bool,
}

/// A time above 0 and up to an hour.
fn seconds(text: &str) -> Result<f64, String> {
    above_zero(text, 3600.0, "seconds,")
}

/// Runs it.
pub(super) fn run(args: &BenchArgs) -> Result<(), Failure> {
    let bad = |message: String| Failure::BadInput(message);
    let old = args.compare.as_deref().map(read_bench).transpose().map_err(bad)?;
    let (text, origin) = match &args.scenario {
        Some(path) => {
            let text = Scenario::text(path).map_err(|e| bad(e.to_string()))?;
            (text, path.display().to_string())
        }
        None => (STANDARD.to_owned(), "bench".to_owned()),
    };
    let sets: Vec<Override> = args.sets.iter().map(|set| Override::set(set)).collect();
    let base = Scenario::parse_over(&text, &origin, &sets).map_err(|e| bad(e.to_string()))?;
    let cases = args.axes(&base)?.cases();
    let warm_up_seconds = args.warm_up.unwrap_or(if args.quick { 0.1 } else { 0.2 });
    let measured_seconds = args.seconds.unwrap_or(if args.quick { 0.2 } else { 0.5 });
    let request = |case: &Case| CaseArgs {
        case: case.clone(),
        text: text.clone(),
        origin: origin.clone(),
        sets: args.sets.clone(),
        learnings: args.learnings,
        warm_up_seconds,
        measured_seconds,
    };
    let learns = args.workload == Workload::Learning;
    let refused = |case: &Case| {
        let checked = check(case, (&text, &origin, &sets), args.learnings);
        checked.err().filter(|_| learns)
    };
    let row = |case: Case| Row { refused: refused(&case), case, samples: Vec::new() };
    let mut rows: Vec<Row> = cases.into_iter().map(row).collect();
    if let (true, Some(why)) = (rows.iter().all(|row| row.refused.is_some()), &rows[0].refused) {
        return Err(bad(format!("all cases are refused, the first of them: {why}")));
    }
    let out = args.out.clone().unwrap_or_else(|| folder_of(&base.name, "bench"));
    let directory =
        RunDirectory::create_for(&out, Content::Bench).map_err(|error| bad(error.to_string()))?;
    let started = SystemTime::now();
    let repeats = args.repeats.unwrap_or(if args.quick { 3 } else { 7 });
    let measured = measure_all(args, &mut rows, repeats, request);
    measured.inspect_err(|_| directory.made().remove())?;
    let bench = Bench {
        hivesim: env!("CARGO_PKG_VERSION").into(),
        started: rfc3339(started),
        machine: described(),
        repeats,
        warm_up_seconds,
        measured_seconds,
        rows,
    };
    let toml = base.to_toml();
    let page = render_bench(&bench, &base.name, &toml).map_err(failed)?;
    write_bench(&directory, &bench, &toml, &page).map_err(failed)?;
    if args.json {
        return print(&pretty(&bench.to_json()));
    }
    if args.quiet {
        return Ok(());
    }
    let changes = old.map(|old| table::changes(&old, &bench)).unwrap_or_default();
    let report = out.join("report.html");
    let report = plain(&report.to_string_lossy());
    print(&format!("{}{changes}report  {report}\n", table::rows(&bench)))
}

impl BenchArgs {
    fn axes(&self, base: &Scenario) -> Result<Axes, Failure> {
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
        let some = |given: &[u32], default: &[u32]| {
            if given.is_empty() { default.to_vec() } else { given.to_vec() }
        };
        if self.engines.contains(&EngineKind::Auto) {
            let message = "--engines auto: which that is depends on the agents; wanted serial, pool, \
                           tasks or live";
            return Err(Failure::BadInput(message.into()));
        }
        if self.engines.contains(&EngineKind::Mpi) {
            let message = "--engines mpi: a case is measured in one process; wanted serial, pool, tasks \
                           or live (docs/scaling.md measures ranks)";
            return Err(Failure::BadInput(message.into()));
        }
        Ok(Axes {
            engines: self.engines.clone(),
            fabrics: self.fabrics.clone(),
            publications: self.publications.clone(),
            agents: some(
                &self.agents,
                if self.quick { &[100, 1000] } else { &[100, 1000, 10_000] },
            ),
            threads: some(&self.threads, &[1, cores]),
            tasks: some(&self.tasks, &[base.fleet.tasks]),
            strategies: {
                let named = contenders(&self.strategies, base).map_err(Failure::BadInput)?;
                named.into_iter().map(|contender| contender.name).collect()
            },
            workload: self.workload,
        })
    }
}

/// Repeats go round all cases that are not refused.
fn measure_all(
    args: &BenchArgs,
    rows: &mut [Row],
    repeats: u32,
    request: impl Fn(&Case) -> CaseArgs,
) -> Result<(), Failure> {
    let progress = Progress::fitting(!args.quiet && !args.json);
    let number = rows.iter().filter(|row| row.refused.is_none()).count() as u64;
    let bar = match progress {
        Progress::Bar => {
            let style = "{wide_bar} {pos}/{len} repeats  {eta} left  {msg}";
            let style = ProgressStyle::with_template(style)
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(number * u64::from(repeats)).with_style(style)
        }
        Progress::Silent | Progress::Lines => ProgressBar::hidden(),
    };
    let all = || -> Result<(), Failure> {
        for repeat in 1..=repeats {
            let said = format!("repeat {repeat} of {repeats}, {} cases", thousands(number as f64));
            if progress == Progress::Lines {
                Watcher::say(progress, &bar, &said);
            }
            for row in rows.iter_mut().filter(|row| row.refused.is_none()) {
                bar.set_message(format!("{}, {}", row.case.machine(), row.case.load()));
                let sample: Sample = request(&row.case).in_a_process()?;
                row.samples.push(sample);
                bar.inc(1);
            }
        }
        Ok(())
    };
    let done = ticking(|| bar.tick(), all).map_err(no_thread)?;
    bar.finish_and_clear();
    done
}
