//! Random fleets, and what a distiller makes of them.

use hivesim::ids::AgentId;
use hivesim::learner::Statistic;
use hivesim::merge::{Context, Contribution, MergeError, Pipeline, Vectors, strategy};
use hivesim::params::{Layout, Sparse};
use hivesim::scenario::{Absent, Combine, Distiller, Scope};
use hivesim::stream::{Purpose, Stream};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::ops::RangeInclusive;

/// The same cases every time.
pub fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[derive(Clone, Debug)]
pub struct Agent {
    pub id: u32,
    pub delta: Sparse,
    pub tasks: u64,
    pub steps: u64,
    /// By what a strategy asks for: a number a parameter, and `rows × rows` a block.
    pub fisher: Sparse,
    pub gram: Sparse,
}

#[derive(Clone, Debug)]
pub struct Fleet {
    /// Rows and columns of every block.
    pub shapes: Vec<(usize, usize)>,
    pub base: Vec<f32>,
    pub agents: Vec<Agent>,
    /// Where the judge of cores would have the core.
    pub target: Vec<f32>,
}

/// Which blocks an agent holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    All,
    /// The first, so that any two agents share one, and seven of ten others.
    Some,
}

impl Fleet {
    /// Normal deltas around a common direction; the core stands at zero.
    pub fn random(shapes: &[(usize, usize)], n: usize, holds: Holds, seed: u64) -> Self {
        let entries = shapes.iter().map(|(r, c)| r * c).sum();
        let mut stream = Stream::new(seed, Purpose::Job, 0, 0);
        let common: Vec<f64> = (0..entries).map(|_| 0.5 * stream.normal()).collect();
        let agent = |id: u32| {
            let mut stream = Stream::new(seed, Purpose::Job, id + 1, 0);
            let tasks = 1 + stream.below(20);
            let steps = 1 + u64::from(stream.below(9));
            let (mut delta, mut fisher, mut gram) =
                (Sparse::default(), Sparse::default(), Sparse::default());
            let mut start = 0;
            for (block, &(rows, columns)) in shapes.iter().enumerate() {
                let len = rows * columns;
                if holds == Holds::All || block == 0 || stream.uniform() < 0.7 {
                    let count = 1 + stream.below(tasks);
                    let to = delta.push(block as u32, count, len).iter_mut();
                    to.zip(&common[start..]).for_each(|(x, c)| *x = (c + stream.normal()) as f32);
                    fisher
                        .push(block as u32, count, len)
                        .fill_with(|| (0.1 + stream.uniform()) as f32);
                    // positive definite, as a Gram matrix of enough inputs is
                    let v: Vec<f64> = (0..rows).map(|_| stream.normal()).collect();
                    let to = gram.push(block as u32, count, rows * rows);
                    for (at, to) in to.iter_mut().enumerate() {
                        let (i, j) = (at / rows, at % rows);
                        *to = (v[i] * v[j] + if i == j { 1.0 } else { 0.0 }) as f32;
                    }
                }
                start += len;
            }
            Agent { id, delta, tasks: tasks.into(), steps, fisher, gram }
        };
        let agents = (0..n as u32).map(agent).collect();
        let target = common.iter().map(|c| (c + 0.3 * stream.normal()) as f32).collect();
        Fleet { shapes: shapes.to_vec(), base: vec![0.0; entries], agents, target }
    }

    pub fn layout(&self) -> Layout {
        Layout::new(self.shapes.iter().map(|(rows, columns)| rows * columns))
    }

    /// The core stands somewhere.
    pub fn on_a_base(mut self, seed: u64) -> Self {
        let mut stream = Stream::new(seed, Purpose::Job, 0, 1);
        self.base.fill_with(|| stream.normal() as f32);
        self
    }

    /// Every delta, and the target, entry by entry: `change(entry of the layout, value)`.
    pub fn changed(mut self, change: impl Fn(usize, f32) -> f32) -> Self {
        let layout = self.layout();
        for agent in &mut self.agents {
            let old = std::mem::take(&mut agent.delta);
            for (block, count, values) in old.iter() {
                let start = layout.range(block).start;
                let to = agent.delta.push(block, count, values.len()).iter_mut();
                to.zip(values).enumerate().for_each(|(i, (to, x))| *to = change(start + i, *x));
            }
        }
        self.target.iter_mut().enumerate().for_each(|(i, x)| *x = change(i, *x));
        self
    }

    /// All agents took one step.
    pub fn of_one_step(mut self) -> Self {
        self.agents.iter_mut().for_each(|agent| agent.steps = 1);
        self
    }

    /// All agents bring what the first does.
    pub fn identical(mut self) -> Self {
        let delta = self.agents[0].delta.clone();
        self.agents.iter_mut().for_each(|agent| agent.delta = delta.clone());
        self
    }

    /// The blocks that a test on them keeps.
    pub fn only(&self, keep: impl Fn(u32) -> bool) -> Self {
        let mut fleet = self.clone();
        let kept = |old: &Sparse| {
            let mut new = Sparse::default();
            for (block, count, values) in old.iter().filter(|(block, ..)| keep(*block)) {
                new.push(block, count, values.len()).copy_from_slice(values);
            }
            new
        };
        for agent in &mut fleet.agents {
            agent.delta = kept(&agent.delta);
            agent.fisher = kept(&agent.fisher);
            agent.gram = kept(&agent.gram);
        }
        fleet
    }

    /// The largest magnitude that an agent brings.
    pub fn largest(&self) -> f32 {
        let values = self.agents.iter().flat_map(|agent| agent.delta.values());
        values.fold(0.0, |most, x| most.max(x.abs()))
    }

    /// The next core, of one round.
    pub fn merged(&self, spec: &Distiller, threads: usize) -> Result<Vec<f32>, MergeError> {
        self.merged_by(&mut Pipeline::new(spec), spec, threads, 1)
    }

    /// The next core of a pipeline that may remember rounds.
    pub fn merged_by(
        &self,
        pipeline: &mut Pipeline,
        spec: &Distiller,
        threads: usize,
        round: u32,
    ) -> Result<Vec<f32>, MergeError> {
        let (layout, statistic) = (self.layout(), strategy(&spec.combine).statistic());
        let contributions: Vec<Contribution<'_>> = self
            .agents
            .iter()
            .map(|agent| Contribution {
                tasks: agent.tasks,
                steps: agent.steps,
                statistics: statistic.map(|statistic| match statistic {
                    Statistic::Fisher => &agent.fisher,
                    Statistic::Gram => &agent.gram,
                }),
                ..Contribution::fresh(AgentId(agent.id), &agent.delta)
            })
            .collect();
        let columns: Vec<(usize, usize)> = self.shapes.iter().map(|(_, c)| (*c, *c)).collect();
        let mut next = self.base.clone();
        let mut vectors = Vectors::contributions(
            &layout,
            &columns,
            &self.base,
            &contributions,
            spec.absent,
            &mut next,
        );
        let judge = |core: &[f32]| -> f64 {
            let square = |(x, y): (&f32, &f32)| {
                let apart = f64::from(*x) - f64::from(*y);
                apart * apart
            };
            -core.iter().zip(&self.target).map(square).sum::<f64>()
        };
        let context = Context { threads, judge: Some(&judge), ..Context::new(7, round) };
        pipeline.merge(&mut vectors, &context)?;
        Ok(next)
    }
}

/// A distiller with this strategy.
pub fn with(combine: &Combine) -> Distiller {
    Distiller { combine: combine.clone(), absent: Absent::Skip, ..Distiller::default() }
}

/// What a strategy counts as one vector.
pub fn scope(combine: &Combine) -> Scope {
    strategy(combine).scope()
}

/// One to four blocks, about 3000 entries at most, some of a single entry or row.
pub fn shapes() -> impl Strategy<Value = Vec<(usize, usize)>> {
    prop::collection::vec((1_usize..=32, 1_usize..=24), 1..=4)
}

/// Random fleets of a number of agents, small ones as often as large ones.
pub fn fleets(
    members: RangeInclusive<usize>,
    holds: impl Strategy<Value = Holds>,
) -> impl Strategy<Value = Fleet> {
    (shapes(), members, holds, any::<u64>())
        .prop_map(|(shapes, n, holds, seed)| Fleet::random(&shapes, n, holds, seed))
}

/// Asserts that two cores, or two errors, are the same but for rounding.
#[track_caller]
pub fn assert_near(
    got: &Result<Vec<f32>, MergeError>,
    expected: &Result<Vec<f32>, MergeError>,
    within: f32,
    what: &str,
) {
    match (got, expected) {
        (Ok(got), Ok(expected)) => {
            for (i, (x, y)) in got.iter().zip(expected).enumerate() {
                assert!((x - y).abs() <= within, "{what}: entry {i} is {x}, not {y} ± {within}");
            }
        }
        _ => assert_eq!(got, expected, "{what}"),
    }
}

/// Asserts that two cores, or two errors, are the same bit for bit.
#[track_caller]
pub fn assert_same(
    got: &Result<Vec<f32>, MergeError>,
    expected: &Result<Vec<f32>, MergeError>,
    what: &str,
) {
    let bits = |core: &Result<Vec<f32>, MergeError>| {
        core.clone().map(|core| core.into_iter().map(f32::to_bits).collect::<Vec<u32>>())
    };
    if bits(got) != bits(expected) {
        // says where
        assert_near(got, expected, 0.0, what);
        panic!("{what}: zeros differ in sign");
    }
}
