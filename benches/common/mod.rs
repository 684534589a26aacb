//! What all benchmarks share: the machine's limits, and the table that holds results against
//! them.
#![allow(clippy::disallowed_methods, reason = "benchmarks read the clock")]
#![allow(dead_code)]

use criterion::{Criterion, Throughput};
use hivesim::engine::{Experiment, Observer, Stage};
use hivesim::measure::RoundRow;
use hivesim::params::kernels::merging::parallel_chunks;
use hivesim::params::kernels::{multiply_adds_of, read_all, spin_multiply_adds};
use hivesim::scenario::Scenario;
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// One measured thing: its name, the unit of its work, and what the limit allows.
pub struct Line {
    /// `group/benchmark`, as criterion names it.
    pub name: String,
    /// Work of one iteration, in `unit`s.
    pub work: f64,
    /// What is counted.
    pub unit: &'static str,
    /// The limits that it is held against, and how much of each one unit of work takes: the one
    /// that binds is shown.
    pub limits: Vec<(Limit, f64)>,
    /// Units a second of the limits that were measured between its own iterations; of the others
    /// the run's own measurement counts.
    pub beside: Vec<(Limit, f64)>,
    /// On how many cores.
    pub cores: usize,
    /// Seconds of an iteration, where criterion did not measure them: median, least, most.
    pub seconds: Option<(f64, f64, f64)>,
}

/// A limit of the machine.
#[derive(Clone, Copy, PartialEq)]
pub enum Limit {
    /// Single-precision multiply-adds.
    MultiplyAdds,
    /// Bytes read from memory.
    ReadBandwidth,
}

/// Cores that limits are measured on: two need not have twice as much as one.
pub const CORES: [usize; 2] = [1, 2];

const SPINS: u64 = 100_000;
/// Numbers that no cache holds: 512 MiB.
const NUMBERS: usize = 128 << 20;

/// Measures multiply-adds a second.
pub fn bench_multiply_adds(c: &mut Criterion) {
    let mut group = c.benchmark_group("limit");
    for cores in CORES {
        group.throughput(Throughput::Elements(cores as u64 * multiply_adds_of(SPINS)));
        group.bench_function(Limit::MultiplyAdds.name(cores), |b| {
            b.iter(|| on_each(cores, |_| spin_multiply_adds(black_box(SPINS))));
        });
    }
    group.finish();
}

/// The machine beside a benchmark: what it can do is measured again before every iteration, as it
/// may change by a third from one minute to the next where others share it.
pub struct Machine {
    numbers: Vec<Vec<f32>>,
}

impl Machine {
    /// Takes the memory that is read.
    pub fn new() -> Machine {
        Machine { numbers: CORES.map(|_| (0..NUMBERS).map(|i| (i % 1013) as f32).collect()).into() }
    }

    /// Units a second, measured for some hundredths of a second.
    fn rate(&self, limit: Limit, cores: usize) -> f64 {
        const TIMES: u64 = 20;
        let begun = Instant::now();
        let units = match limit {
            Limit::MultiplyAdds => {
                on_each(cores, |_| spin_multiply_adds(black_box(TIMES * SPINS)));
                multiply_adds_of(TIMES * SPINS) as f64
            }
            Limit::ReadBandwidth => {
                on_each(cores, |core| read_all(black_box(&self.numbers[core])));
                4.0 * NUMBERS as f64
            }
        };
        cores as f64 * units / begun.elapsed().as_secs_f64()
    }

    /// Times some work, of which `iterations` are asked for, each after a measurement of the
    /// limits; their rates go to `rates`.
    pub fn time(
        &self,
        (limits, cores): (&[Limit], usize),
        rates: &mut Vec<Vec<f64>>,
        iterations: u64,
        mut work: impl FnMut(),
    ) -> Duration {
        rates.resize(limits.len(), Vec::new());
        let mut total = Duration::ZERO;
        for _ in 0..iterations {
            for (limit, rates) in limits.iter().zip(rates.iter_mut()) {
                rates.push(self.rate(*limit, cores));
            }
            let begun = Instant::now();
            work();
            total += begun.elapsed();
        }
        total
    }
}

/// The middle of some rates; none where a filter left the benchmark out.
pub fn median(mut rates: Vec<f64>) -> Option<f64> {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied()
}

/// Measures no more than the multiply-adds, for what is not timed by criterion itself.
pub fn measure_multiply_adds() {
    let mut c = Criterion::default().configure_from_args();
    bench_multiply_adds(&mut c);
    c.final_summary();
}

/// Measures bytes read a second.
pub fn bench_read_bandwidth(c: &mut Criterion) {
    let numbers: Vec<Vec<f32>> =
        CORES.map(|_| (0..NUMBERS).map(|i| (i % 1013) as f32).collect()).into();
    let mut group = c.benchmark_group("limit");
    group.sample_size(10);
    for cores in CORES {
        group.throughput(Throughput::Bytes(4 * (cores * NUMBERS) as u64));
        group.bench_function(Limit::ReadBandwidth.name(cores), |b| {
            b.iter(|| on_each(cores, |core| read_all(black_box(&numbers[core]))));
        });
    }
    group.finish();
}

/// Does the same on some cores at once.
fn on_each<T: Send>(cores: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    parallel_chunks(cores, (0..cores).collect(), work)
}

impl Limit {
    fn unit(self) -> &'static str {
        match self {
            Limit::MultiplyAdds => "multiply-adds",
            Limit::ReadBandwidth => "bytes",
        }
    }

    fn name(self, cores: usize) -> String {
        let name = match self {
            Limit::MultiplyAdds => "multiply-adds",
            Limit::ReadBandwidth => "read-bandwidth",
        };
        format!("{name}-{cores}")
    }

    /// Units a second, out of this run's own measurement.
    fn rate(self, cores: usize) -> Option<f64> {
        let work = match self {
            Limit::MultiplyAdds => multiply_adds_of(SPINS) as f64,
            Limit::ReadBandwidth => 4.0 * NUMBERS as f64,
        };
        Some(cores as f64 * work / seconds(&format!("limit/{}", self.name(cores)))?.0)
    }
}

/// Median seconds of an iteration and its 95 % interval, as criterion just wrote them.
fn seconds(name: &str) -> Option<(f64, f64, f64)> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    let file = target.join("criterion").join(name).join("new/estimates.json");
    let text = std::fs::read_to_string(file).ok()?;
    let estimates: serde_json::Value = serde_json::from_str(&text).ok()?;
    let median = &estimates["median"];
    let interval = &median["confidence_interval"];
    let number = |value: &serde_json::Value| value.as_f64().map(|ns| ns * 1e-9);
    Some((
        number(&median["point_estimate"])?,
        number(&interval["lower_bound"])?,
        number(&interval["upper_bound"])?,
    ))
}

/// A table of each line's work a second, with its interval (95 % where criterion measured it,
/// else the whole range), next to the machine's limit.
pub fn table(lines: &[Line]) -> String {
    let mut rows = vec![
        "| benchmark | work a second | interval | limit | share |".to_owned(),
        "| --- | --- | --- | --- | --- |".to_owned(),
    ];
    for line in lines {
        let Some((median, low, high)) = line.seconds.or_else(|| seconds(&line.name)) else {
            continue;
        };
        let rate = line.work / median;
        let span = format!("{} to {}", si(line.work / high), si(line.work / low));
        let cores = line.cores;
        let held = line.limits.iter().filter_map(|(limit, each)| {
            let beside = line.beside.iter().find(|(beside, _)| beside == limit);
            let most = beside.map(|(_, rate)| *rate).or_else(|| limit.rate(cores))?;
            Some((100.0 * rate * each / most, *limit, most))
        });
        let limit = held.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(share, limit, most)| {
            let cores = if cores == 1 { "1 core".to_owned() } else { format!("{cores} cores") };
            (format!("{}{}/s on {cores}", si(most), limit.unit()), format!("{share:.1} %"))
        });
        let (limit, share) = limit.unwrap_or_default();
        let work = format!("{}{}/s", si(rate), line.unit);
        rows.push(format!("| {} | {work} | {span} | {limit} | {share} |", line.name));
    }
    rows.join("\n")
}

/// Prints a benchmark's table; with HIVESIM_WRITE set it also takes the place of the last one
/// in docs/performance.md.
pub fn publish(name: &str, text: &str) {
    println!("\n{text}\n");
    if std::env::var_os("HIVESIM_WRITE").is_none() {
        return;
    }
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/performance.md");
    let page = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let begin = format!("<!-- generated: {name} -->\n");
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("no region {name}"));
    let (_, after) = rest.split_once("<!-- end -->").unwrap_or_else(|| panic!("{name} is open"));
    let page = format!("{before}{begin}{text}\n<!-- end -->{after}");
    std::fs::write(&file, page).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
}

/// Three digits and a prefix.
pub fn si(x: f64) -> String {
    for (size, prefix) in [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")] {
        if x >= size {
            return format!("{:.3}{prefix}", x / size);
        }
    }
    format!("{x:.3} ")
}

/// When each tour of a run began.
#[derive(Default)]
struct Clock(Mutex<Vec<Instant>>);

impl Observer for Clock {
    fn touring(&self, _: Stage, _: u32) {
        self.0.lock().expect("no tour panicked").push(Instant::now());
    }
    fn round(&self, _: Stage, _: &RoundRow) {}
}

/// A whole run of a scenario, timed round by round.
pub struct Run {
    /// Seconds of a round: median, least, most. The first round, in which memory is touched
    /// for the first time, and the last, which is measured, are left out.
    pub round_seconds: (f64, f64, f64),
    /// Tasks of a round.
    pub tasks: f64,
    /// Examples trained on in a round.
    pub sample_steps: f64,
    /// Multiply-adds spent on learning in a round.
    pub multiply_adds: f64,
}

/// Runs a scenario with overrides; only its first and last core are measured.
pub fn run(text: &str, sets: &[&str]) -> Run {
    let mut sets = sets.to_vec();
    sets.push("measure.every=1000000");
    run_measured(text, &sets)
}

/// Runs a scenario with overrides, measured as it says.
pub fn run_measured(text: &str, sets: &[&str]) -> Run {
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    let scenario = Scenario::parse(text, "benchmark", &sets).unwrap_or_else(|e| panic!("{e}"));
    let clock = Clock::default();
    let outcome = Experiment::new(scenario).run(&clock).unwrap_or_else(|e| panic!("{e}"));
    let begun = clock.0.into_inner().expect("no tour panicked");
    let mut seconds: Vec<f64> =
        begun.windows(2).skip(1).map(|w| (w[1] - w[0]).as_secs_f64()).collect();
    seconds.sort_by(f64::total_cmp);
    let row = &outcome.hive.rounds[2];
    Run {
        round_seconds: (seconds[seconds.len() / 2], seconds[0], seconds[seconds.len() - 1]),
        tasks: row.tasks as f64,
        sample_steps: row.sample_steps as f64,
        multiply_adds: row.multiply_adds as f64,
    }
}
