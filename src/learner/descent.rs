//! Minibatch gradient descent through a round's work, the same for every learner that follows
//! gradients.

use super::feedback::{Marks, Teacher};
use super::{Scratch, Tally};
use crate::halt::Halt;
use crate::params::kernels::{Around, Rows, prefetch, run_around, softmax_rows};
use crate::scenario::Feedback;
use crate::stream::{Purpose, Stream};
use crate::world::Tasks;

/// How a learner goes through its work; the same for all agents.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Examples a step.
    pub batch: usize,
    /// Passes over the work.
    pub epochs: u32,
    /// `mu` of FedProx.
    pub prox: f32,
    /// Who moves.
    pub share: Share,
    /// What a task teaches.
    pub feedback: Feedback,
}

/// Who moves on a gradient: the contribution, job knowledge, or both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Share {
    /// The core's parameters alone, at `rate` times the learner's own rate.
    Core {
        /// Factor on the learner's rate.
        rate: f32,
    },
    /// Both on the same gradient (FedSim).
    Together {
        /// Job knowledge's rate relative to the core's.
        rate: f32,
        /// Ridge on job knowledge.
        ridge: f32,
    },
    /// First job knowledge alone, for `share` of the steps, then the contribution alone (FedAlt).
    InTurn {
        /// Job knowledge's rate relative to the core's.
        rate: f32,
        /// Ridge on job knowledge.
        ridge: f32,
        /// Share of the steps that are job knowledge's.
        share: f32,
    },
}

/// Factors of one gradient step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// On the gradients of the examples, whose sum makes the step: one over their number, or
    /// over that of episodes.
    pub mean: f32,
    /// On the learner's rate, for the core's parameters.
    pub core: f32,
    /// On the learner's rate, for job knowledge.
    pub job: f32,
    /// Pull of the core's parameters towards where they started.
    pub prox: f32,
    /// Pull of job knowledge towards zero.
    pub ridge: f32,
}

impl Share {
    /// The factors of step `step` of `steps`.
    fn rates(&self, step: usize, steps: usize, prox: f32) -> Rates {
        match *self {
            Share::Core { rate } => Rates { mean: 1.0, core: rate, job: 0.0, prox, ridge: 0.0 },
            Share::Together { rate, ridge } => {
                Rates { mean: 1.0, core: 1.0, job: rate, prox, ridge }
            }
            Share::InTurn { rate, ridge, share } => {
                if (step as f32) < share * steps as f32 {
                    Rates { mean: 1.0, core: 0.0, job: rate, prox: 0.0, ridge }
                } else {
                    Rates { mean: 1.0, core: 1.0, job: 0.0, prox, ridge: 0.0 }
                }
            }
        }
    }
}

/// What the tasks' outputs are trained towards.
#[derive(Clone, Copy, Debug)]
pub enum Targets<'a> {
    /// The answers, by way of the plan's feedback.
    Feedback,
    /// The tasks' answers as they stand, with certainty.
    Answers,
    /// Probabilities, `n × stride`, task by task.
    Soft(&'a [f32]),
}

/// One agent's work of one round, or the distiller's.
pub struct Lesson<'a> {
    /// The work.
    pub tasks: Tasks<'a>,
    /// What it teaches.
    pub targets: Targets<'a>,
    /// How it is gone through.
    pub plan: &'a Plan,
    /// Cuts it short: what was learned by then is of no use.
    pub halt: &'a Halt,
    /// How far a step goes, relative to the learner's rate.
    pub efficiency: f32,
    /// Share of the tasks, or episodes, that teach anything under the plan's feedback; the others
    /// are done all the same.
    pub uptake: f64,
    /// Passes over the work, at most the plan's: a straggler makes fewer.
    pub epochs: u32,
    /// The agent's running reward baseline.
    pub baseline: &'a mut f32,
    /// Value of a task done right, a skill.
    pub values: &'a [f64],
    /// Seed, agent and round: the names of the lesson's streams.
    pub name: (u64, u32, u32),
    /// What the order of examples is drawn for.
    pub order: Order,
}

/// Who shuffles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Nobody: tasks come as they come.
    AsDealt,
    /// An agent its local data, afresh every epoch.
    Shuffled(Purpose),
}

/// The examples of a step: some rows of a lesson's work.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The lesson's work.
    pub tasks: Tasks<'a>,
    /// Which of its tasks, in the order of the step.
    pub rows: &'a [u32],
}

impl<'a> Batch<'a> {
    /// Number of examples.
    #[inline]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The skill of an example.
    #[inline]
    pub fn skill(&self, example: usize) -> u32 {
        self.tasks.skill(self.rows[example] as usize)
    }

    /// The right answer of an example.
    #[inline]
    pub fn answer(&self, example: usize) -> u32 {
        self.tasks.answers[self.rows[example] as usize]
    }

    /// The inputs of all examples, for the kernels.
    #[inline]
    pub fn inputs(&self) -> Rows<'a> {
        Rows::picked(self.tasks.x, self.rows)
    }

    /// The inputs of an example.
    #[inline]
    pub fn row(&self, example: usize) -> &'a [f32] {
        self.tasks.row(self.rows[example] as usize)
    }
}

/// A policy that can be evaluated and moved.
pub trait Model {
    /// Possible answers, and the lanes that a row of logits takes.
    fn answers(&self) -> (usize, usize);
    /// Logits of a batch, `n × stride`.
    fn logits(&mut self, batch: Batch<'_>, to: &mut [f32]);
    /// One step against `gradient`, each example's own derivative of its loss on the logits of
    /// the same batch, `n × stride`; `rates` says what share of their sum to go.
    fn step(&mut self, batch: Batch<'_>, gradient: &mut [f32], rates: Rates);
    /// Multiply-adds of a step, an example.
    fn multiply_adds(&self, rates: Rates) -> u64;
}

/// Buffers of [`descend`].
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    order: Vec<u32>,
    logits: Vec<f32>,
    norms: Vec<(f32, f32)>,
    marks: Marks,
    /// The answer of each task as the agent knows it; `u32::MAX` where it does not.
    told: Vec<u32>,
}

/// Goes through a lesson step by step.
///
/// With a horizon `H`, a step is an episode of `H` tasks whose gradients add up; tasks left
/// over at the end make no episode and teach nothing.
pub(crate) fn descend(lesson: Lesson<'_>, model: &mut impl Model, scratch: &mut Buffers) -> Tally {
    run_around(Descent { lesson, model, scratch })
}

struct Descent<'a, 'b, M> {
    lesson: Lesson<'a>,
    model: &'b mut M,
    scratch: &'b mut Buffers,
}

impl<M: Model> Around for Descent<'_, '_, M> {
    type Output = Tally;
    #[inline(always)]
    fn run(self) -> Tally {
        steps(self.lesson, self.model, self.scratch)
    }
}

/// When to look for a halt: the first time at once, then every few milliseconds of work.
struct Look {
    next: usize,
    every: usize,
}

impl Look {
    /// For steps of `n` examples of so many multiply-adds each.
    fn new(n: usize, multiply_adds: u64) -> Look {
        /// Some milliseconds of a core.
        const MULTIPLY_ADDS: u64 = 1 << 23;
        let step = (n as u64).saturating_mul(multiply_adds).max(1);
        Look { next: 0, every: (MULTIPLY_ADDS / step).max(1) as usize }
    }

    #[inline(always)]
    fn is_due(&mut self, step: usize) -> bool {
        let due = step >= self.next;
        if due {
            self.next = step + self.every;
        }
        due
    }
}

#[inline(always)]
fn steps<M: Model>(lesson: Lesson<'_>, model: &mut M, scratch: &mut Buffers) -> Tally {
    let Lesson {
        tasks,
        targets,
        plan,
        halt,
        efficiency,
        uptake,
        epochs,
        baseline,
        values,
        name,
        order: habit,
    } = lesson;
    let (seed, agent, round) = name;
    let (outputs, stride) = model.answers();
    let mut teacher = Teacher {
        feedback: &plan.feedback,
        baseline,
        values,
        answers: (outputs, stride),
        action: Stream::new(seed, Purpose::Action, agent, round),
        noise: Stream::new(seed, Purpose::FeedbackNoise, agent, round),
        attention: (uptake, Stream::new(seed, Purpose::Uptake, agent, round)),
    };
    let taught = matches!(targets, Targets::Feedback);
    let horizon = if taught { teacher.horizon() } else { 1 };
    let per_step = plan.batch * horizon;
    let whole = tasks.len() / horizon * horizon;
    let steps = whole.div_ceil(per_step.max(1)) * epochs as usize;
    let Buffers { order, logits, norms, marks, told } = scratch;
    logits.resize(per_step * stride, 0.0);
    norms.resize(per_step, (0.0, 0.0));
    told.clear();
    told.resize(if taught { tasks.len() } else { 0 }, u32::MAX);
    marks.clear();
    order.clear();
    order.extend(0..whole as u32);
    if habit != Order::AsDealt {
        // as much as the nearest cache holds
        prefetch(&tasks.x[..tasks.x.len().min(8192)]);
    }
    let mut shuffler = match habit {
        Order::AsDealt => None,
        Order::Shuffled(purpose) => Some(Stream::new(seed, purpose, agent, round)),
    };
    let mut tally = Tally::default();
    let mut step = 0;
    let mut look = Look::new(per_step, model.multiply_adds(plan.share.rates(0, 1, plan.prox)));
    'lesson: for epoch in 0..epochs {
        if let Some(shuffler) = &mut shuffler {
            shuffler.shuffle(order);
        }
        for rows in order.chunks(per_step) {
            if look.is_due(step) && halt.is_set() {
                break 'lesson;
            }
            let n = rows.len();
            let batch = Batch { tasks, rows };
            // the mean over episodes, each of which is a sum over its decisions
            let episodes = if horizon == 1 { n } else { n / horizon };
            let mean = efficiency / episodes as f32;
            let rates = Rates { mean, ..plan.share.rates(step, steps, plan.prox) };
            let logits = &mut logits[..n * stride];
            model.logits(batch, logits);
            softmax_rows(outputs, stride, logits, norms);
            match targets {
                Targets::Feedback => {
                    let first = (epoch == 0).then_some((&mut tally, &mut *marks, &mut told[..]));
                    teacher.teach(batch, logits, first);
                }
                Targets::Answers => {
                    for (i, row) in logits.chunks_exact_mut(stride).enumerate() {
                        row[batch.answer(i) as usize] -= 1.0;
                    }
                }
                Targets::Soft(soft) => {
                    for (row, &task) in logits.chunks_exact_mut(stride).zip(rows) {
                        let target = &soft[task as usize * stride..][..stride];
                        row.iter_mut().zip(target).for_each(|(p, q)| *p -= q);
                    }
                }
            }
            model.step(batch, logits, rates);
            tally.multiply_adds += n as u64 * model.multiply_adds(rates);
            step += 1;
        }
    }
    marks.count(&mut tally);
    tally.steps = step as u64;
    tally.sample_steps = whole as u64 * u64::from(epochs);
    if taught {
        tally.tasks = whole as u64;
    }
    tally
}

impl Scratch {
    /// Goes through a lesson step by step with this scratch's buffers.
    pub fn descend(&mut self, lesson: Lesson<'_>, model: &mut impl Model) -> Tally {
        descend(lesson, model, &mut self.descent)
    }

    /// The answers of the last lesson's tasks as the agent knows them: as told, or as tried
    /// and found right; `u32::MAX` where it does not. Empty where nothing was taught.
    pub fn told(&self) -> &[u32] {
        &self.descent.told
    }
}
