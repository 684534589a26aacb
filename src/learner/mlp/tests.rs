use super::*;
use crate::learner::{Order, Plan, Share, Targets};
use crate::scenario::Feedback;
use crate::stream::Stream;

const SEED: u64 = 4;
const SKILLS: usize = 5;
const TASKS: usize = 70;

fn facts() -> Facts {
    Facts {
        agents: 1,
        companies: 1,
        inputs: 7,
        answers: 9,
        skills: (0..SKILLS).map(|s| s.to_string()).collect(),
        frequencies: vec![1.0 / SKILLS as f64; SKILLS],
        values: vec![1.0; SKILLS],
        names: Vec::new(),
        finite: false,
    }
}

fn spec(activation: Activation) -> scenario::Mlp {
    scenario::Mlp { hidden: vec![21, 6], code: 5, rank: 3, activation, ..Default::default() }
}

/// Tasks with random inputs and answers.
struct Work {
    x: Vec<f32>,
    skills: Vec<u32>,
    answers: Vec<u32>,
}

impl Work {
    fn new() -> Self {
        let mut stream = Stream::new(SEED, Purpose::TaskFeatures, 0, 0);
        let mut x = Vec::new();
        for _ in 0..TASKS {
            x.extend((1..7).map(|_| stream.normal() as f32));
            x.push(1.0);
        }
        let skills = (0..TASKS).map(|_| stream.below(SKILLS as u32)).collect();
        let answers = (0..TASKS).map(|_| stream.below(9)).collect();
        Work { x, skills, answers }
    }

    fn tasks(&self) -> Tasks<'_> {
        Tasks { inputs: 7, x: &self.x, skills: &self.skills, answers: &self.answers }
    }
}

/// A first core, and a working copy of it with first job knowledge.
fn begin(mlp: &Mlp, tasks: &Tasks<'_>) -> (Vec<f32>, Local) {
    let mut core = vec![0.0; mlp.core.entries()];
    mlp.initial_core(SEED, &mut core);
    let mut local = Local::new(mlp.core.clone(), mlp.job.clone());
    mlp.touch(tasks, &mut local);
    for slot in 0..local.len() {
        let (block, _) = local.block(slot);
        local.set_start(slot, |to| to.copy_from_slice(&core[mlp.core.range(block)]));
        mlp.initial_job(SEED, 0, block, local.parts(slot).2);
    }
    (core, local)
}

/// Logits on the path that training takes.
fn training_logits(mlp: &Mlp, tasks: &Tasks<'_>, local: &mut Local) -> Vec<f32> {
    let mut buffers = Buffers::default();
    let mut to = vec![0.0; TASKS * 16];
    let rows: Vec<u32> = (0..TASKS as u32).collect();
    let batch = Batch { tasks: *tasks, rows: &rows };
    Policy { mlp, local, buffers: &mut buffers }.logits(batch, &mut to);
    to
}

fn train(mlp: &Mlp, tasks: Tasks<'_>, local: &mut Local) {
    let share = Share::InTurn { rate: 1.0, ridge: 0.0, share: 1.0 };
    let plan = Plan { batch: 2, epochs: 1, prox: 0.0, share, feedback: Feedback::default() };
    let lesson = Lesson {
        efficiency: 1.0,
        uptake: 1.0,
        tasks,
        targets: Targets::Feedback,
        plan: &plan,
        halt: &Default::default(),
        epochs: 1,
        baseline: &mut 0.0,
        values: &[1.0; SKILLS],
        name: (SEED, 0, 0),
        order: Order::AsDealt,
    };
    mlp.train(lesson, local, &mut Scratch::default());
}

fn absorbed(mlp: &Mlp, core: &[f32], local: &Local) -> Vec<f32> {
    let mut policy = core.to_vec();
    for slot in 0..local.len() {
        let (block, _) = local.block(slot);
        mlp.absorb(block, local.knowledge(slot), &mut policy[mlp.core.range(block)]);
    }
    policy
}

#[test]
fn adapters_add_nothing_at_first() {
    let (work, mlp) = (Work::new(), Mlp::new(&spec(Activation::Tanh), &facts(), SEED, true));
    let (core, mut local) = begin(&mlp, &work.tasks());
    assert_eq!(absorbed(&mlp, &core, &local), core);
    let mut logits = Vec::new();
    mlp.logits(&core, &work.tasks(), &mut Scratch::default(), &mut logits);
    assert_eq!(training_logits(&mlp, &work.tasks(), &mut local), logits);
    assert!(local.knowledge(0).iter().any(|a| *a != 0.0), "A is drawn, or nothing ever learns");
    let without = Mlp::new(&spec(Activation::Tanh), &facts(), SEED, false);
    let mut bare = Vec::new();
    without.logits(&core, &work.tasks(), &mut Scratch::default(), &mut bare);
    assert_eq!(bare, logits);
}

/// Both paths add up the same products in another order. A layer's output is a sum of at most
/// 28 terms, each relatively off by at most (28 + 3) roundings of 2⁻²⁴; the terms add up to
/// at most 30 in size, and the next layer's weights (in sum at most 6 a row) carry the error
/// on: `31 · 2⁻²⁴ · 30 · (1 + 6 + 36) = 2.4e-3` as a bound, where errors that cancel like a
/// random walk leave `sqrt(31) · 2⁻²⁴ · sqrt(30) · 10 = 2e-5`; four times that is asked for.
#[test]
fn an_absorbed_policy_answers_as_the_one_that_was_trained() {
    for activation in [Activation::Tanh, Activation::Relu] {
        let (work, mlp) = (Work::new(), Mlp::new(&spec(activation), &facts(), SEED, true));
        let (core, mut local) = begin(&mlp, &work.tasks());
        train(&mlp, work.tasks(), &mut local);
        let trained = training_logits(&mlp, &work.tasks(), &mut local);
        let policy = absorbed(&mlp, &core, &local);
        let (mut logits, mut bare) = (Vec::new(), Vec::new());
        mlp.logits(&policy, &work.tasks(), &mut Scratch::default(), &mut logits);
        mlp.logits(&core, &work.tasks(), &mut Scratch::default(), &mut bare);
        let furthest =
            |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(furthest(&logits, &trained) < 8e-5, "{}", furthest(&logits, &trained));
        assert!(furthest(&logits, &bare) > 0.1, "job knowledge learned");
    }
}

#[test]
fn decay_shrinks_what_job_knowledge_adds_by_its_factor_and_leaves_it_able_to_learn() {
    let (work, mlp) = (Work::new(), Mlp::new(&spec(Activation::Tanh), &facts(), SEED, true));
    let (_, mut local) = begin(&mlp, &work.tasks());
    train(&mlp, work.tasks(), &mut local);
    let nothing = vec![0.0; mlp.core.entries()];
    let before = absorbed(&mlp, &nothing, &local);
    let decay = |local: &mut Local, left| {
        for slot in 0..local.len() {
            let (block, _) = local.block(slot);
            mlp.decay(block, left, local.parts(slot).2);
        }
    };
    // a power of two, so that nothing is rounded
    decay(&mut local, 0.25);
    let quarter: Vec<f32> = before.iter().map(|v| 0.25 * v).collect();
    assert_eq!(absorbed(&mlp, &nothing, &local), quarter);
    decay(&mut local, 0.0);
    assert!(absorbed(&mlp, &nothing, &local).iter().all(|v| *v == 0.0));
    train(&mlp, work.tasks(), &mut local);
    assert!(absorbed(&mlp, &nothing, &local).iter().any(|v| v.abs() > 1e-3));
}

#[test]
fn skills_have_codes_of_their_own_and_without_codes_are_all_alike() {
    let work = Work::new();
    let tasks = work.tasks();
    let mut core = vec![0.0; 10_000];
    for (code, alike) in [(16, false), (0, true)] {
        let spec = scenario::Mlp { code, ..spec(Activation::Relu) };
        let mlp = Mlp::new(&spec, &facts(), SEED, false);
        core.truncate(mlp.core.entries());
        core.fill(0.0);
        mlp.initial_core(SEED, &mut core);
        let logits = |skill: u32| {
            let skills = vec![skill; TASKS];
            let mut to = Vec::new();
            let same = Tasks { skills: &skills, ..tasks };
            mlp.logits(&core, &same, &mut Scratch::default(), &mut to);
            to
        };
        let first = logits(0);
        assert!((1..SKILLS as u32).all(|skill| (logits(skill) == first) == alike), "code {code}");
    }
}
