//! What feedback teaches: answers that are told against rewards, and days of which every task
//! has to go right.

use super::{Row, Rows, Trial};
use crate::halt::Halt;
use crate::learner::{Learner, Lesson, Order, Plan, Scratch, Share, Softmax, Targets};
use crate::maths::{exp, ln, pow};
use crate::params::Local;
use crate::scenario::{self, Feedback, FeedbackKind};
use crate::world::{Facts, Tasks};

/// One agent with a softmax policy over one task, whose right answer is the first.
struct Agent {
    learner: Softmax,
    local: Local,
    scratch: Scratch,
    plan: Plan,
    inputs: Vec<f32>,
    answers: Vec<u32>,
    baseline: f32,
    halt: Halt,
    logits: Vec<f32>,
}

impl Agent {
    /// One that sees the task so often in one gradient step.
    fn new(answers: usize, rate: f64, tasks: usize, feedback: Feedback) -> Self {
        let facts = Facts {
            agents: 1,
            companies: 1,
            inputs: 1,
            answers,
            skills: vec!["s0".into()],
            frequencies: vec![1.0],
            values: vec![1.0],
            names: Vec::new(),
            finite: false,
        };
        let spec = scenario::Softmax { rate, ..scenario::Softmax::default() };
        let learner = Softmax::new(&spec, &facts, 1, false);
        let mut local = Local::new(learner.core_layout().clone(), learner.job_layout().clone());
        local.touch(0, 1);
        let batch = tasks / feedback.horizon as usize;
        Agent {
            learner,
            local,
            scratch: Scratch::default(),
            plan: Plan { batch, epochs: 1, prox: 0.0, share: Share::Core { rate: 1.0 }, feedback },
            inputs: vec![1.0; tasks],
            answers: vec![0; tasks],
            baseline: 0.0,
            halt: Halt::default(),
            logits: Vec::new(),
        }
    }

    fn tasks(&self) -> Tasks<'_> {
        Tasks { inputs: 1, x: &self.inputs, skills: &[], answers: &self.answers }
    }

    /// One gradient step.
    fn step(&mut self, seed: u64, owner: u32, round: u32) {
        let lesson = Lesson {
            efficiency: 1.0,
            uptake: 1.0,
            tasks: Tasks { inputs: 1, x: &self.inputs, skills: &[], answers: &self.answers },
            targets: Targets::Feedback,
            plan: &self.plan,
            halt: &self.halt,
            epochs: 1,
            baseline: &mut self.baseline,
            values: &[1.0],
            name: (seed, owner, round),
            order: Order::AsDealt,
        };
        self.learner.train(lesson, &mut self.local, &mut self.scratch);
    }

    /// Probability that it gives the right answer.
    fn right(&mut self) -> f64 {
        let mut logits = std::mem::take(&mut self.logits);
        let one = self.tasks().first(1);
        self.learner.logits(self.local.now(0), &one, &mut Scratch::default(), &mut logits);
        let (answers, _) = self.learner.answers();
        let others: f64 =
            logits[1..answers].iter().map(|l| exp(f64::from(*l) - f64::from(logits[0]))).sum();
        self.logits = logits;
        1.0 / (1.0 + others)
    }
}

/// The time of a softmax policy over `K` answers from chance to probability .9 of the right
/// one. Under the gradient flow the answer that is told takes
/// `(ln(p/(1−p)) + 1/(1−p)) (K−1)/K`, as difference between end and start; a reward without
/// baseline `(2 ln(p/(1−p)) + 1/(1−p) − 1/p) (K−1)/K`, because its expected gradient is `p` times
/// the other.
pub(super) fn told_and_rewarded(trial: &Trial) -> Rows {
    let told = |p: f64| ln(p / (1.0 - p)) + 1.0 / (1.0 - p);
    let rewarded = |p: f64| 2.0 * ln(p / (1.0 - p)) + 1.0 / (1.0 - p) - 1.0 / p;
    let mut rows = Vec::new();
    for answers in trial.sized(vec![10_u32, 50], vec![10, 50, 250]) {
        let (from, others) = (1.0 / f64::from(answers), f64::from(answers - 1));
        let whole = f64::from(answers) / others;
        let noise = trial.model(0.0, 0.05);
        let feedback = |kind| Feedback { kind, noise, baseline_rate: 0.0, ..Feedback::default() };
        let agent = |kind, rate, tasks| Agent::new(answers as usize, rate, tasks, feedback(kind));
        let got_told = whole * time(trial, answers, agent(FeedbackKind::Semantic, 0.01, 1), 0.01);
        let (rate, tasks) = (0.02, 512);
        let agent = agent(FeedbackKind::Verifiable, rate, tasks);
        let got_rewarded = whole * time(trial, answers, agent, rate);
        let law_told = told(0.9) - told(from);
        let law_rewarded = rewarded(0.9) - rewarded(from);
        // Steps of η instead of a flow: η/2 times the change of the logarithm of the logit's speed,
        // which is 1 − p told, ln 10 at most, and p (1 − p) rewarded, where the rise to 1/2 and the
        // fall to .09 make up for each other in part.
        let steps = |rate: f64| 0.5 * rate * 3.0;
        let what = format!("{answers} answers: time told");
        rows.push(Row::within(what, law_told, got_told, steps(0.01)));
        // Rewards: from p = 1/K on each raises the logit m by η/tasks, and they come p tasks/η
        // in a unit of time, p = e^m/K: waiting times whose variances sum to η K²/(2 tasks).
        let noise = f64::from(answers) * (rate / 2.0 / tasks as f64).sqrt();
        let law = law_rewarded / law_told;
        let within = (4.0 * noise + 2.0 * steps(rate)) / law_told + law * steps(0.01) / law_told;
        let what = format!("{answers} answers: time rewarded over told");
        rows.push(Row::within(what, law, got_rewarded / got_told, within));
    }
    Ok(rows)
}

/// When the agent comes to probability .9, on the line between steps of `rate` each.
fn time(trial: &Trial, owner: u32, mut agent: Agent, rate: f64) -> f64 {
    // ten times what the slowest takes
    const MOST: u32 = 1_000_000;
    let mut before = agent.right();
    for step in 1..MOST {
        agent.step(trial.seed, owner, step);
        let now = agent.right();
        if now >= 0.9 {
            return rate * (f64::from(step) - (now - 0.9) / (now - before));
        }
        before = now;
    }
    f64::INFINITY
}

/// A day of `n` tasks pays only if every one is right: an agent who is right with probability
/// `p` makes `p^n` of it (Kremer's O-ring). The days are episodes of one reward, counted by the
/// agent's own running baseline.
pub(super) fn whole_days(trial: &Trial) -> Rows {
    let (days, length) = (2000_usize, 100_u32);
    let (lessons, slow) = trial.sized((30, 1e-4), (200, 2e-5));
    let worked = trial.model(length, 80);
    let rows = [0.95, 0.99].into_iter().enumerate().map(|(case, p)| {
        let feedback = Feedback {
            kind: FeedbackKind::Verifiable,
            horizon: worked,
            baseline_rate: slow,
            ..Feedback::default()
        };
        // a rate of 0: the policy stays what it is
        let mut agent = Agent::new(2, 0.0, days * worked as usize, feedback);
        agent.local.set_start(0, |weights| weights[0] = ln(p / (1.0 - p)) as f32);
        (1..=lessons).for_each(|lesson| agent.step(trial.seed, case as u32, lesson));
        let law = pow(p, f64::from(length));
        // a running mean of Bernoulli draws has r/(2 − r) of their variance, and has forgotten
        // its zero start but for (1 − r)^days
        let start = pow(1.0 - slow, f64::from(lessons) * days as f64);
        let within = 4.0 * (law * (1.0 - law) * slow / (2.0 - slow)).sqrt() + start * law;
        let what = format!("accuracy {p}, {length} tasks: share of days that pay");
        Row::within(what, law, f64::from(agent.baseline), within)
    });
    Ok(rows.collect())
}
