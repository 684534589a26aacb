//! Merging dense contributions: `cargo bench --bench merge`.

mod common;

use common::{Limit, Line};
use criterion::{Criterion, Throughput};
use hivesim::ids::AgentId;
use hivesim::merge::{Contribution, Gathered, Mean, MergeRound, Strategy};
use hivesim::params::{Layout, Sparse};
use hivesim::scenario;
use hivesim::stream::{Purpose, Stream};

/// Contributions, and parameters of each: 16 times 16 MiB, which no cache holds.
const CONTRIBUTIONS: u32 = 16;
const PARAMETERS: usize = 4 << 20;

fn mean(c: &mut Criterion) -> Line {
    let layout = Layout::new([PARAMETERS]);
    let deltas: Vec<Sparse> = (0..CONTRIBUTIONS)
        .map(|agent| {
            let mut delta = Sparse::default();
            let mut stream = Stream::new(1, Purpose::Job, agent, 0);
            let values = delta.push(0, 1 + agent, PARAMETERS);
            values.iter_mut().for_each(|v| *v = stream.uniform_f32() - 0.5);
            delta
        })
        .collect();
    let contributions: Vec<_> =
        deltas.iter().map(|delta| Contribution::fresh(AgentId(0), delta)).collect();
    let base = vec![0.0; PARAMETERS];
    let mut next = base.clone();
    let mut strategy = Mean::new(&scenario::Mean::default());
    let bytes = 4.0 * f64::from(CONTRIBUTIONS) * PARAMETERS as f64;
    let mut group = c.benchmark_group("merge");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("mean-dense", |b| {
        b.iter(|| {
            let gathered = Gathered::All(&contributions);
            let round = MergeRound { layout: &layout, base: &base, gathered, name: (1, 1) };
            strategy.merge(round, &mut next).expect("the mean takes anything");
        });
    });
    group.finish();
    Line {
        name: "merge/mean-dense".into(),
        work: bytes,
        unit: "bytes",
        limit: Some((Limit::ReadBandwidth, 1.0, 1)),
        seconds: None,
    }
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    common::bench_read_bandwidth(&mut c);
    let lines = [mean(&mut c)];
    c.final_summary();
    common::publish("merge", &common::table(&lines));
}
