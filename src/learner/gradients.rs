//! Every learner's steps against finite differences of its loss in double precision.

use super::{Learner, Lesson, Mlp, Order, Plan, Scratch, Share, Softmax, Targets};
use crate::params::{Layout, Local};
use crate::scenario::{self, Activation, Feedback};
use crate::stream::{Key, Purpose, Stream};
use crate::world::{Facts, Tasks};

mod statistics;

const SEED: u64 = 9;
const INPUTS: usize = 4;
const ANSWERS: usize = 3;
const SKILLS: usize = 3;
const TASKS: usize = 8;

fn facts() -> Facts {
    Facts {
        agents: 1,
        companies: 1,
        inputs: INPUTS,
        answers: ANSWERS,
        skills: (0..SKILLS).map(|s| s.to_string()).collect(),
        frequencies: vec![1.0 / SKILLS as f64; SKILLS],
        values: vec![1.0; SKILLS],
        names: Vec::new(),
        finite: false,
    }
}

/// A matrix within a parameter vector: where it begins, and its rows of `outputs` numbers,
/// `stride` apart.
#[derive(Clone, Copy)]
struct Matrix {
    at: usize,
    rows: usize,
    outputs: usize,
    stride: usize,
}

impl Matrix {
    fn end(&self) -> usize {
        self.at + self.rows * self.stride
    }

    fn times(&self, params: &[f64], x: &[f64]) -> Vec<f64> {
        assert_eq!(x.len(), self.rows);
        let column = |k| (0..self.rows).map(|j| x[j] * params[self.at + j * self.stride + k]).sum();
        (0..self.outputs).map(column).collect()
    }
}

fn sum(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// A learner as its documentation has it: slow and obvious.
enum Reference {
    /// A matrix a block, the same in core and job knowledge; the number of skill blocks.
    Softmax(Vec<Matrix>, usize),
    /// `W`, `A` and `B` of every layer, the adapters' factor and the codes.
    Mlp(Vec<[Matrix; 3]>, f64, Activation, Vec<Vec<f64>>),
}

impl Reference {
    fn softmax(buckets: usize) -> Self {
        let stride = 8;
        let matrix = |b| Matrix { at: b * INPUTS * stride, rows: INPUTS, outputs: ANSWERS, stride };
        Reference::Softmax((0..=buckets).map(matrix).collect(), buckets)
    }

    fn mlp(spec: &scenario::Mlp) -> Self {
        let stride = |outputs: usize| if outputs <= 8 { 8 } else { outputs.div_ceil(16) * 16 };
        let (mut layers, mut core, mut job) = (Vec::new(), 0, 0);
        let (mut rows, rank) = (spec.code as usize + INPUTS, spec.rank as usize);
        for outputs in spec.hidden.iter().map(|w| *w as usize).chain([ANSWERS]) {
            let w = Matrix { at: core, rows, outputs, stride: stride(outputs) };
            let a = Matrix { at: job, rows, outputs: rank, stride: stride(rank) };
            let b = Matrix { at: a.end(), rows: rank, outputs, stride: stride(outputs) };
            (core, job, rows) = (w.end(), b.end(), outputs + 1);
            layers.push([w, a, b]);
        }
        let codes = (0..SKILLS as u32).map(|skill| {
            let mut bits = Key::new(SEED, Purpose::SkillCode, skill, 0).stream();
            (0..spec.code).map(|_| if bits.word() >> 31 == 0 { 1.0 } else { -1.0 }).collect()
        });
        let factor = spec.scale / f64::from(spec.rank);
        Reference::Mlp(layers, factor, spec.activation, codes.collect())
    }

    /// The matrices of the core and of job knowledge.
    fn matrices(&self) -> (Vec<Matrix>, Vec<Matrix>) {
        match self {
            Reference::Softmax(blocks, _) => (blocks.clone(), blocks.clone()),
            Reference::Mlp(layers, ..) => (
                layers.iter().map(|l| l[0]).collect(),
                layers.iter().flat_map(|l| [l[1], l[2]]).collect(),
            ),
        }
    }

    fn logits(&self, core: &[f64], job: &[f64], x: &[f64], skill: usize) -> Vec<f64> {
        match self {
            Reference::Softmax(blocks, buckets) => {
                let policy = sum(core, job);
                let own = blocks[if *buckets == SKILLS { 1 + skill } else { 1 }];
                sum(&blocks[0].times(&policy, x), &own.times(&policy, x))
            }
            Reference::Mlp(layers, factor, activation, codes) => {
                let mut h = [&codes[skill], x].concat();
                for (l, [w, a, b]) in layers.iter().enumerate() {
                    let around = b.times(job, &a.times(job, &h)).into_iter().map(|v| factor * v);
                    h = sum(&w.times(core, &h), &around.collect::<Vec<_>>());
                    if l + 1 < layers.len() {
                        h.iter_mut().for_each(|h| match activation {
                            Activation::Tanh => *h = libm::tanh(*h),
                            Activation::Relu => *h = h.max(0.0),
                        });
                        h.push(1.0);
                    }
                }
                h
            }
        }
    }

    /// The learner's rate on an entry of the core or of the softmax's job knowledge.
    fn rate(&self, entry: usize) -> f64 {
        match self {
            Reference::Softmax(blocks, _) if entry < blocks[0].end() => 0.25,
            _ => 0.5,
        }
    }
}

/// Cross-entropy between `targets` (`n × ANSWERS`) and the policy, mean over the batch.
fn loss(reference: &Reference, core: &[f64], job: &[f64], batch: &[Example]) -> f64 {
    let of = |example: &Example| {
        let logits = reference.logits(core, job, &example.x, example.skill);
        let total: f64 = logits.iter().map(|l| libm::exp(*l)).sum();
        let ln = libm::log(total);
        logits.iter().zip(&example.target).map(|(l, q)| q * (ln - l)).sum::<f64>()
    };
    batch.iter().map(of).sum::<f64>() / batch.len() as f64
}

/// How the agent knows what is right.
#[derive(Clone, Copy, PartialEq)]
enum Told {
    /// By semantic feedback.
    Feedback,
    /// Answer by answer, as the distiller is in a pool.
    Answers,
    /// Probability by probability.
    Odds,
}

struct Example {
    x: Vec<f64>,
    skill: usize,
    target: Vec<f64>,
}

/// `∂f/∂p_i` by central differences. In double precision a step of 1e-5 leaves an error of
/// about `1e-10/6 · f‴` from the truncation and `1e-16/1e-5` from rounding: nothing beside
/// single precision. What lies between the matrices is not differentiated: zero.
fn gradient(matrices: &[Matrix], mut f: impl FnMut(&[f64]) -> f64, at: &[f64]) -> Vec<f64> {
    const STEP: f64 = 1e-5;
    let (mut p, mut gradient) = (at.to_vec(), vec![0.0; at.len()]);
    for m in matrices {
        for i in (0..m.rows * m.outputs).map(|i| m.at + i / m.outputs * m.stride + i % m.outputs) {
            p[i] = at[i] + STEP;
            let above = f(&p);
            p[i] = at[i] - STEP;
            gradient[i] = (above - f(&p)) / (2.0 * STEP);
            p[i] = at[i];
        }
    }
    gradient
}

/// Random numbers in the matrices, zeros between.
fn draw(matrices: &[Matrix], scale: f64, stream: &mut Stream) -> Vec<f64> {
    let mut params = vec![0.0; matrices.iter().map(Matrix::end).max().unwrap_or(0)];
    for m in matrices {
        for at in (0..m.rows).map(|j| m.at + j * m.stride) {
            // single precision holds these numbers exactly
            params[at..at + m.outputs].fill_with(|| f64::from((scale * stream.normal()) as f32));
        }
    }
    params
}

fn single(v: &[f64]) -> Vec<f32> {
    v.iter().map(|v| *v as f32).collect()
}

/// Trains on `TASKS` tasks both ways and compares all parameters at the end.
///
/// Rounding: a step's gradient is made of sums of at most 24 products on each of at most
/// three layers, forward and back, so that about 150 roundings of 2⁻²⁴ meet in an entry, of
/// numbers of up to about 2; at a rate of at most 0.5, eight steps add up to at most
/// `8 · 0.5 · 150 · 2⁻²⁴ · 2 ≈ 7e-5`. The parameters move by more than a hundred times that.
fn compare(name: &str, learner: &dyn Learner, reference: &Reference, plan: &Plan, told: Told) {
    let mut stream = Stream::new(SEED, Purpose::TaskFeatures, 0, 0);
    let examples: Vec<Example> = (0..TASKS)
        .map(|task| {
            let mut x: Vec<f64> = (1..INPUTS).map(|_| f64::from(stream.normal() as f32)).collect();
            x.push(1.0);
            let answer = stream.below(ANSWERS as u32) as usize;
            let target = (0..ANSWERS).map(|k| match (told == Told::Odds, k == answer) {
                (true, true) => 0.5,
                (true, false) => 0.25,
                (false, right) => f64::from(u8::from(right)),
            });
            // neighbours in a batch share a skill or do not
            Example { x, skill: [0, 1, 1, 2][task % 4], target: target.collect() }
        })
        .collect();
    let (core_matrices, job_matrices) = reference.matrices();
    let core = draw(&core_matrices, 0.5, &mut stream);
    let mut job = draw(&job_matrices, 0.5, &mut stream);
    let knows_job = !learner.job_layout().is_empty();
    if !knows_job {
        job.fill(0.0);
    }

    let (mut want_core, mut want_job) = (core.clone(), job.clone());
    let steps = TASKS.div_ceil(plan.batch);
    for (step, batch) in examples.chunks(plan.batch).enumerate() {
        let (core_rate, job_rate, ridge) = match plan.share {
            Share::Core { rate } => (rate, 0.0, 0.0),
            Share::Together { rate, ridge } => (1.0, rate, ridge),
            Share::InTurn { rate, ridge, share } if (step as f32) < share * steps as f32 => {
                (0.0, rate, ridge)
            }
            Share::InTurn { .. } => (1.0, 0.0, 0.0),
        };
        let prox = f64::from(plan.prox);
        let on_core = |p: &[f64]| {
            let far: f64 = p.iter().zip(&core).map(|(p, s)| (p - s) * (p - s)).sum();
            loss(reference, p, &want_job, batch) + prox / 2.0 * far
        };
        let on_job = |p: &[f64]| {
            let large: f64 = p.iter().map(|p| p * p).sum();
            loss(reference, &want_core, p, batch) + f64::from(ridge) / 2.0 * large
        };
        let by_core = gradient(&core_matrices, on_core, &want_core);
        let by_job = gradient(&job_matrices, on_job, &want_job);
        for (i, (p, g)) in want_core.iter_mut().zip(by_core).enumerate() {
            *p -= reference.rate(i) * f64::from(core_rate) * g;
        }
        for (i, (p, g)) in want_job.iter_mut().zip(by_job).enumerate() {
            let rate = match reference {
                Reference::Softmax(..) => reference.rate(i),
                Reference::Mlp(..) => 0.5,
            };
            *p -= rate * f64::from(job_rate) * g;
        }
    }

    let x: Vec<f32> = examples.iter().flat_map(|e| single(&e.x)).collect();
    let skills: Vec<u32> = examples.iter().map(|e| e.skill as u32).collect();
    let answer = |e: &Example| e.target.iter().position(|q| *q >= 0.5).unwrap_or(0) as u32;
    let answers: Vec<u32> = examples.iter().map(answer).collect();
    let (_, stride) = learner.answers();
    let mut rows = vec![0.0_f32; TASKS * stride];
    for (row, e) in rows.chunks_exact_mut(stride).zip(&examples) {
        row[..ANSWERS].copy_from_slice(&single(&e.target));
    }
    let tasks = Tasks { inputs: INPUTS, x: &x, skills: &skills, answers: &answers };
    let mut local = Local::new(learner.core_layout().clone(), learner.job_layout().clone());
    learner.touch(&tasks, &mut local);
    for slot in 0..local.len() {
        let (block, _) = local.block(slot);
        let from = single(&core[learner.core_layout().range(block)]);
        local.set_start(slot, |to| to.copy_from_slice(&from));
        if knows_job {
            let from = single(&job[learner.job_layout().range(block)]);
            local.parts(slot).2.copy_from_slice(&from);
        }
    }
    let lesson = Lesson {
        efficiency: 1.0,
        uptake: 1.0,
        tasks,
        targets: match told {
            Told::Feedback => Targets::Feedback,
            Told::Answers => Targets::Answers,
            Told::Odds => Targets::Soft(&rows),
        },
        plan,
        halt: &Default::default(),
        epochs: 1,
        baseline: &mut 0.0,
        values: &[1.0; SKILLS],
        name: (SEED, 0, 0),
        order: Order::AsDealt,
    };
    learner.train(lesson, &mut local, &mut Scratch::default());

    let mut moved = [0.0_f64; 2];
    for slot in 0..local.len() {
        let (block, _) = local.block(slot);
        let mut check = |which: usize, layout: &Layout, want: &[f64], from: &[f64], got: &[f32]| {
            let range = layout.range(block);
            for ((want, from), got) in want[range.clone()].iter().zip(&from[range]).zip(got) {
                let error = (f64::from(*got) - want).abs();
                assert!(error < 7e-5, "{name}, {plan:?}, block {block}: {got} for {want}");
                moved[which] = moved[which].max((want - from).abs());
            }
        };
        check(0, learner.core_layout(), &want_core, &core, local.now(slot));
        if knows_job {
            check(1, learner.job_layout(), &want_job, &job, local.knowledge(slot));
        }
    }
    assert!(moved[0] > 0.01, "{name}, {plan:?}: the core hardly moved");
    let job_moves = knows_job && !matches!(plan.share, Share::Core { .. });
    let enough = if job_moves { moved[1] > 0.01 } else { moved[1] == 0.0 };
    assert!(enough, "{name}, {plan:?}: job knowledge moved by {}", moved[1]);
}

/// All ways of going through a lesson, on one learner with job knowledge and without.
fn compare_all(name: &str, make: impl Fn(bool) -> Box<dyn Learner>, reference: &Reference) {
    let shares = [
        Share::Core { rate: 1.0 },
        Share::Core { rate: 0.5 },
        Share::Together { rate: 0.7, ridge: 0.3 },
        Share::InTurn { rate: 0.7, ridge: 0.3, share: 0.5 },
    ];
    let (with, without) = (make(true), make(false));
    for share in shares {
        for batch in [1, 3] {
            let told = [(0.0, Told::Feedback), (0.4, Told::Answers), (0.4, Told::Odds)];
            for (prox, told) in told {
                let plan = Plan { batch, epochs: 1, prox, share, feedback: Feedback::default() };
                compare(name, with.as_ref(), reference, &plan, told);
                if matches!(share, Share::Core { .. }) {
                    compare(name, without.as_ref(), reference, &plan, told);
                }
            }
        }
    }
}

#[test]
fn steps_of_the_softmax_follow_the_gradient() {
    for buckets in [SKILLS, 1] {
        let spec = scenario::Softmax {
            rate: 0.5,
            general_rate: Some(0.25),
            buckets: Some(buckets as u32),
            ..Default::default()
        };
        let make = |job| Box::new(Softmax::new(&spec, &facts(), SEED, job)) as Box<dyn Learner>;
        compare_all(&format!("softmax, {buckets} blocks"), make, &Reference::softmax(buckets));
    }
}

#[test]
fn steps_of_the_mlp_follow_the_gradient() {
    for activation in [Activation::Tanh, Activation::Relu] {
        for (hidden, code, rank) in [(vec![5, 4], 2, 2), (vec![20], 0, 9)] {
            // at this rate a larger scale would diverge
            let (scale, rate) = (2.0, 0.5);
            let solver = scenario::Solver::default();
            let spec = scenario::Mlp { hidden, code, rank, activation, scale, rate, solver };
            let make = |job| Box::new(Mlp::new(&spec, &facts(), SEED, job)) as Box<dyn Learner>;
            compare_all(&format!("{spec:?}"), make, &Reference::mlp(&spec));
        }
    }
}
