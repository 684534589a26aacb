//! What merge strategies do to many long rows: `cargo bench --bench strategies`.
//!
//! Bytes are those of all rows, each counted once however often it is read.

mod common;

use common::{Limit, Line};
use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use hivesim::params::kernels::merging::{
    Cut, DivideBy, ElectBy, Election, MergeScratch, PARTS_MAX, Selection, cut_of_largest, elect,
    gram, mean_and_distances, mean_around_median, median, parallel_chunks, parts_mut, trimmed_mean,
};
use hivesim::params::kernels::{Counters, fill_normals};

/// Rows and their length: few long ones, many, and the many short ones of a large round.
const SIZES: [(usize, usize, &str); 3] =
    [(16, 8 << 20, "16x8M"), (64, 1 << 20, "64x1M"), (1000, 100_000, "1000x100k")];

const THREADS: [usize; 2] = [1, 2];

struct Bench<'a> {
    group: BenchmarkGroup<'a, WallTime>,
    rows: Vec<Vec<f32>>,
    size: &'static str,
    lines: Vec<Line>,
}

impl Bench<'_> {
    /// Measures `work(rows, threads)` on one and two threads.
    fn line(&mut self, name: &str, mut work: impl FnMut(&[&[f32]], usize)) {
        let bytes = self.bytes();
        self.line_of(name, (bytes, "bytes", Limit::ReadBandwidth), &mut work);
    }

    fn line_of(
        &mut self,
        name: &str,
        (amount, unit, limit): (f64, &'static str, Limit),
        mut work: impl FnMut(&[&[f32]], usize),
    ) {
        let rows: Vec<&[f32]> = self.rows.iter().map(Vec::as_slice).collect();
        for threads in THREADS {
            let name = format!("{name}-{}-{threads}", self.size);
            self.group.bench_function(&name, |b| b.iter(|| work(&rows, threads)));
            let name = format!("strategies/{name}");
            let limits = vec![(limit, 1.0)];
            self.lines.push(Line {
                name,
                work: amount,
                unit,
                limits,
                beside: Vec::new(),
                cores: threads,
                seconds: None,
            });
        }
    }

    fn bytes(&self) -> f64 {
        4.0 * self.rows.len() as f64 * self.rows[0].len() as f64
    }
}

/// Runs `work(start, part, scratch)` on parts of `out`.
fn spread(
    threads: usize,
    out: &mut [f32],
    work: impl Fn(usize, &mut [f32], &mut MergeScratch) + Sync,
) {
    let items: Vec<(usize, &mut [f32])> = parts_mut(out, PARTS_MAX).collect();
    parallel_chunks(threads, items, |(start, out)| work(start, out, &mut MergeScratch::default()));
}

fn strategies(c: &mut Criterion, (n, len, size): (usize, usize, &'static str)) -> Vec<Line> {
    let rows = (0..n).map(|row| {
        let mut values = vec![0.0; len];
        fill_normals(Counters { key: [1, row as u32], rest: [0; 3] }, 0, &mut values);
        values
    });
    let mut group = c.benchmark_group("strategies");
    group.sample_size(10);
    let mut bench = Bench { group, rows: rows.collect(), size, lines: Vec::new() };
    bench.group.throughput(Throughput::Bytes(bench.bytes() as u64));
    let mut out = vec![0.0; len];
    bench.line("median", |rows, threads| {
        spread(threads, &mut out, |start, out, s| median(rows, start, out, s));
    });
    bench.line("trimmed-mean", |rows, threads| {
        spread(threads, &mut out, |start, out, s| trimmed_mean(rows, n / 5, start, out, s));
    });
    bench.line("mean-around-median", |rows, threads| {
        let keep = n - n / 5;
        spread(threads, &mut out, |start, out, s| mean_around_median(rows, keep, start, out, s));
    });
    let weights = vec![1.0 / n as f32; n];
    bench.line("ties", |rows, threads| {
        let cut = |row: &&[f32]| cut_of_largest(row, len / 5, &mut Selection::default());
        let cuts: Vec<Cut> = parallel_chunks(threads, rows.iter().collect(), cut);
        let election = Election { by: ElectBy::Sum, divide: DivideBy::AgreeingWeights, scale: 1.0 };
        spread(threads, &mut out, |start, out, _| {
            elect(election, rows, &weights, &cuts, start, out);
        });
    });
    let mut distances = vec![0.0; n];
    bench.line("weiszfeld-step", |rows, threads| {
        mean_and_distances(rows, &weights, threads, &mut out, &mut distances);
    });
    let mut matrix = vec![0.0; n * n];
    let products = (n * (n + 1) / 2 * len) as f64;
    let limit = (products, "multiply-adds", Limit::MultiplyAdds);
    bench.line_of("gram", limit, |rows, threads| gram(rows, threads, &mut matrix));
    bench.group.finish();
    bench.lines
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    common::bench_read_bandwidth(&mut c);
    common::bench_multiply_adds(&mut c);
    let lines: Vec<Line> = SIZES.into_iter().flat_map(|size| strategies(&mut c, size)).collect();
    c.final_summary();
    println!("\n{}\n", common::table(&lines));
}
