//! Strategies on dense vectors, through the same pipeline as a fleet and as files:
//! `cargo bench --bench merge`.

mod common;

use common::{Limit, Line, Machine};
use criterion::{Criterion, Throughput};
use hivesim::merge::{Context, Flat, Member, Pipeline, Space, Vectors};
use hivesim::params::Layout;
use hivesim::params::kernels::{Counters, fill_normals};
use hivesim::scenario::{Combine, Distiller};

/// Vectors and their length: few long ones, many, and the many short ones of a large round.
const SIZES: [(usize, usize, &str); 3] =
    [(16, 8 << 20, "16x8M"), (64, 1 << 20, "64x1M"), (1000, 100_000, "1000x100k")];

const THREADS: [usize; 2] = [1, 2];

/// Strategies, as they are by default.
fn strategies() -> Vec<(&'static str, Combine)> {
    let kind = |toml: &str| toml::from_str(toml).unwrap_or_else(|e| panic!("{toml}: {e}"));
    [
        ("mean", "kind = 'mean'"),
        ("median", "kind = 'median'"),
        ("trimmed-mean", "kind = 'trimmed-mean'"),
        ("mean-around-median", "kind = 'mean-around-median'"),
        ("krum", "kind = 'krum'"),
        ("geometric-median", "kind = 'geometric-median'"),
        ("ties", "kind = 'ties'"),
        ("dare", "kind = 'dare'"),
        ("breadcrumbs", "kind = 'breadcrumbs'"),
    ]
    .into_iter()
    .map(|(name, toml)| (name, kind(toml)))
    .collect()
}

fn bench(
    c: &mut Criterion,
    machine: &Machine,
    (n, len, size): (usize, usize, &'static str),
) -> Vec<Line> {
    let vectors: Vec<Vec<f32>> = (0..n)
        .map(|row| {
            let mut values = vec![0.0; len];
            fill_normals(Counters { key: [1, row as u32], rest: [0; 3] }, 0, &mut values);
            values
        })
        .collect();
    let rows: Vec<&[f32]> = vectors.iter().map(Vec::as_slice).collect();
    let member = |id| Member { id, weight: 1.0 + f64::from(id), steps: 1, staleness: 0 };
    let members: Vec<Member> = (0..n as u32).map(member).collect();
    let layout = Layout::new([len]);
    let (base, mut next) = (vec![0.5; len], vec![0.0; len]);
    let bytes = 4.0 * n as f64 * len as f64;
    let mut group = c.benchmark_group("merge");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(bytes as u64));
    let mut lines = Vec::new();
    for (name, combine) in strategies() {
        let mut limits = vec![(Limit::ReadBandwidth, 1.0)];
        if name == "krum" {
            // half of all pairs of vectors, and each vector with itself
            limits.push((Limit::MultiplyAdds, (n + 1) as f64 / 8.0));
        }
        let mut pipeline = Pipeline::new(&Distiller { combine, ..Distiller::default() });
        for threads in THREADS {
            let name = format!("{name}-{size}-{threads}");
            let context = Context { threads, ..Context::new(1, 1) };
            let mut merge = || {
                let (given, base) = ((&rows[..], Space::Deltas), Some(&base[..]));
                let mut vectors =
                    Vectors::whole(&layout, &Flat, base, given, members.clone(), &mut next);
                pipeline.merge(&mut vectors, &context).unwrap_or_else(|e| panic!("{e}"));
            };
            let held: Vec<Limit> = limits.iter().map(|(limit, _)| *limit).collect();
            let mut rates = Vec::new();
            group.bench_function(&name, |b| {
                b.iter_custom(|n| machine.time((&held, threads), &mut rates, n, &mut merge));
            });
            let rates = rates.into_iter().map(common::median);
            let beside = held.iter().zip(rates).filter_map(|(limit, rate)| Some((*limit, rate?)));
            lines.push(Line {
                name: format!("merge/{name}"),
                work: bytes,
                unit: "bytes",
                limits: limits.clone(),
                beside: beside.collect(),
                cores: threads,
                seconds: None,
            });
        }
    }
    group.finish();
    lines
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    let machine = Machine::new();
    let lines: Vec<Line> =
        SIZES.into_iter().flat_map(|size| bench(&mut c, &machine, size)).collect();
    c.final_summary();
    common::publish("merge", &common::table(&lines));
}
