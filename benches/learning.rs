//! One agent's local learning on one core: `cargo bench --bench learning`.
//!
//! All that an agent does with a round's tasks is counted: the blocks that they touch are laid
//! out, trained, and turned into a contribution.

mod common;

use common::{Limit, Line};
use criterion::{BatchSize, Criterion, Throughput};
use hivesim::learner::{Learner, Lesson, Order, Plan, Scratch, Share, Softmax, Targets};
use hivesim::params::{Local, Sparse};
use hivesim::scenario::{self, Feedback};
use hivesim::stream::{Purpose, Stream};
use hivesim::world::{Facts, TaskBuffer};

/// A workload: shape of the tasks, and how they are gone through.
struct Load {
    name: &'static str,
    skills: usize,
    features: usize,
    answers: usize,
    tasks: usize,
    batch: usize,
    epochs: u32,
    share: Share,
}

const LOADS: [Load; 4] = [
    Load {
        name: "softmax-60x10-batch10",
        skills: 1,
        features: 60,
        answers: 10,
        tasks: 50,
        batch: 10,
        epochs: 10,
        share: Share::Core { rate: 1.0 },
    },
    Load {
        name: "softmax-16x8-online-24skills",
        skills: 24,
        features: 16,
        answers: 8,
        tasks: 50,
        batch: 1,
        epochs: 1,
        share: Share::Core { rate: 1.0 },
    },
    Load {
        name: "softmax-16x8-online-1skill",
        skills: 1,
        features: 16,
        answers: 8,
        tasks: 50,
        batch: 1,
        epochs: 1,
        share: Share::Core { rate: 1.0 },
    },
    Load {
        name: "softmax-16x8-online-24skills-fedsim",
        skills: 24,
        features: 16,
        answers: 8,
        tasks: 50,
        batch: 1,
        epochs: 1,
        share: Share::Together { rate: 0.25, ridge: 0.0 },
    },
];

/// Tasks with random features and answers; an agent works on about four skills.
fn tasks(load: &Load) -> TaskBuffer {
    let mut stream = Stream::new(1, Purpose::TaskFeatures, 0, 0);
    let mut tasks = TaskBuffer::default();
    tasks.clear(load.features + 1);
    for _ in 0..load.tasks {
        let mut x: Vec<f32> = (0..load.features).map(|_| stream.normal() as f32).collect();
        x.push(1.0);
        let skill = stream.below(load.skills.min(4) as u32);
        tasks.push(&x, skill, stream.below(load.answers as u32));
    }
    tasks
}

fn bench(c: &mut Criterion, load: &Load) -> Line {
    let facts = Facts {
        agents: 1,
        companies: 1,
        inputs: load.features + 1,
        answers: load.answers,
        skills: (0..load.skills).map(|s| format!("s{s}")).collect(),
        frequencies: vec![1.0 / load.skills as f64; load.skills],
        values: vec![1.0; load.skills],
        names: Vec::new(),
        finite: load.epochs > 1,
    };
    let knows_job = !matches!(load.share, Share::Core { .. });
    let learner = Softmax::new(&scenario::Softmax::default(), &facts, 1, knows_job);
    let plan = Plan {
        batch: load.batch,
        epochs: load.epochs,
        prox: 0.0,
        share: load.share,
        feedback: Feedback::default(),
    };
    let tasks = tasks(load);
    let core = vec![0.0_f32; learner.core_layout().entries()];
    let mut local = Local::new(learner.core_layout().clone(), learner.job_layout().clone());
    let (mut scratch, mut contribution) = (Scratch::default(), Sparse::default());
    let steps = load.tasks as u64 * u64::from(load.epochs);
    let mut group = c.benchmark_group("learning");
    group.throughput(Throughput::Elements(steps));
    let mut multiply_adds = 0;
    group.bench_function(load.name, |b| {
        b.iter_batched(
            || (),
            |()| {
                local.clear();
                learner.touch(&tasks.view(), &mut local);
                for slot in 0..local.len() {
                    let (block, _) = local.block(slot);
                    let range = learner.core_layout().range(block);
                    local.set_start(slot, |to| to.copy_from_slice(&core[range]));
                }
                let shuffled = Order::Shuffled(Purpose::Shuffle);
                let lesson = Lesson {
                    efficiency: 1.0,
                    uptake: 1.0,
                    tasks: tasks.view(),
                    targets: Targets::Feedback,
                    plan: &plan,
                    halt: &Default::default(),
                    epochs: plan.epochs,
                    baseline: &mut 0.0,
                    values: &facts.values,
                    name: (1, 0, 1),
                    order: if facts.finite { shuffled } else { Order::AsDealt },
                };
                let tally = learner.train(lesson, &mut local, &mut scratch);
                local.contribution(&mut contribution);
                multiply_adds = tally.multiply_adds;
                contribution.values()[0]
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
    Line {
        name: format!("learning/{}", load.name),
        work: steps as f64,
        unit: "sample-steps",
        limits: vec![(Limit::MultiplyAdds, multiply_adds as f64 / steps as f64)],
        beside: Vec::new(),
        cores: 1,
        seconds: None,
    }
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    common::bench_multiply_adds(&mut c);
    let lines: Vec<Line> = LOADS.iter().map(|load| bench(&mut c, load)).collect();
    c.final_summary();
    common::publish("learning", &common::table(&lines));
}
