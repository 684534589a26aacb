//! What a task teaches: from probabilities and the right answer to a gradient on the logits.

use super::{Batch, Tally};
use crate::params::kernels::surprises;
use crate::scenario::{Feedback, FeedbackKind};
use crate::stream::Stream;

/// A teacher for the length of one lesson.
pub(super) struct Teacher<'a> {
    pub feedback: &'a Feedback,
    /// The agent's running mean of rewards.
    pub baseline: &'a mut f32,
    /// Value of a task done right, a skill.
    pub values: &'a [f64],
    /// Possible answers, and the lanes that a row of logits takes.
    pub answers: (usize, usize),
    /// Answers that are tried.
    pub action: Stream,
    /// Wrong feedback.
    pub noise: Stream,
    /// The share of the episodes that teach anything, and which.
    pub attention: (f64, Stream),
}

/// What is noted of a lesson's examples when they are first seen.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Probability that the policy gave the right answer, an example.
    right: Vec<f32>,
    /// Probability that the policy gave the feedback that came, a feedback.
    heard: Vec<f32>,
    nats: Vec<f32>,
}

impl Marks {
    /// Forgets all.
    pub fn clear(&mut self) {
        self.right.clear();
        self.heard.clear();
    }

    /// Adds the loss on the right answers and the information of the feedback to a tally.
    pub fn count(&mut self, tally: &mut Tally) {
        self.nats.resize(self.right.len(), 0.0);
        surprises(&self.right, &mut self.nats);
        self.nats.iter().for_each(|nats| tally.loss += f64::from(*nats));
        surprises(&self.heard, &mut self.nats);
        let heard = &self.nats[..self.heard.len()];
        heard.iter().for_each(|nats| tally.bits += f64::from(nats * std::f32::consts::LOG2_E));
    }
}

/// Where a first pass over tasks is noted: the tally, the marks, and each task's answer as the
/// agent knows it from then on: as told, or as tried and rewarded, else `u32::MAX`.
type FirstPass<'a> = (&'a mut Tally, &'a mut Marks, &'a mut [u32]);

impl Teacher<'_> {
    /// Decisions that share one feedback.
    pub fn horizon(&self) -> usize {
        match self.feedback.kind {
            FeedbackKind::Semantic => 1,
            FeedbackKind::Verifiable => self.feedback.horizon as usize,
        }
    }

    /// Turns the probabilities of a batch (a row of `stride` lanes each, whole episodes) into
    /// gradients of the loss on its logits.
    #[inline(always)]
    pub fn teach(&mut self, batch: Batch<'_>, rows: &mut [f32], mut first: Option<FirstPass<'_>>) {
        let again = first
            .as_mut()
            .map(|(tally, marks, known)| (&mut **tally, &mut **marks, &mut known[..]));
        match self.feedback.kind {
            FeedbackKind::Semantic => self.tell(batch, rows, again),
            FeedbackKind::Verifiable => self.reward(batch, rows, again),
        }
        if self.attention.0 < 1.0 {
            self.miss(batch, rows, first);
        }
    }

    /// Takes back what the episodes taught that the agent learns nothing from.
    #[cold]
    fn miss(&mut self, batch: Batch<'_>, rows: &mut [f32], mut first: Option<FirstPass<'_>>) {
        let (_, stride) = self.answers;
        let horizon = self.horizon();
        let episodes = batch.len() / horizon;
        for (episode, rows) in rows.chunks_exact_mut(horizon * stride).take(episodes).enumerate() {
            let (share, which) = &mut self.attention;
            if which.uniform() < *share {
                continue;
            }
            rows.fill(0.0);
            if let Some((_, marks, known)) = &mut first {
                let decisions = episode * horizon..(episode + 1) * horizon;
                decisions.for_each(|i| known[batch.rows[i] as usize] = u32::MAX);
                // what is sure to come tells nothing
                let heard = marks.heard.len() - episodes + episode;
                marks.heard[heard] = 1.0;
            }
        }
    }

    /// Cross-entropy on the answers that are told: `p − e_y`.
    #[inline(always)]
    fn tell(&mut self, batch: Batch<'_>, rows: &mut [f32], first: Option<FirstPass<'_>>) {
        let (outputs, stride) = self.answers;
        let noise = self.feedback.noise;
        let Some((tally, marks, known)) = first else {
            for i in 0..batch.len() {
                let row = &mut rows[i * stride..(i + 1) * stride];
                let told = told(batch.answer(i), outputs, noise, &mut self.noise);
                row[told as usize] -= 1.0;
            }
            return;
        };
        for i in 0..batch.len() {
            let row = &mut rows[i * stride..(i + 1) * stride];
            let answer = batch.answer(i);
            let told = told(answer, outputs, noise, &mut self.noise);
            marks.right.push(row[answer as usize]);
            marks.heard.push(row[told as usize]);
            known[batch.rows[i] as usize] = told;
            if is_first_of_largest(&row[..outputs], answer as usize) {
                tally.correct += 1;
                tally.value += self.values[batch.skill(i) as usize];
            }
            row[told as usize] -= 1.0;
        }
    }

    /// REINFORCE with a running baseline (Williams 1992): one reward for a whole episode,
    /// `(R − b)(p − e_a)` for each of its decisions.
    fn reward(&mut self, batch: Batch<'_>, rows: &mut [f32], mut first: Option<FirstPass<'_>>) {
        let (outputs, stride) = self.answers;
        let horizon = self.horizon();
        for (episode, rows) in rows.chunks_exact_mut(horizon * stride).enumerate() {
            let decisions = episode * horizon..(episode + 1) * horizon;
            let mut all_right = true;
            let mut chance = 1.0_f32;
            for (i, row) in decisions.clone().zip(rows.chunks_exact_mut(stride)) {
                let answer = batch.answer(i);
                let p = row[answer as usize];
                chance *= p;
                let tried = draw(&row[..outputs], self.action.uniform_f32());
                let right = tried == answer as usize;
                all_right &= right;
                if let Some((tally, marks, known)) = &mut first {
                    marks.right.push(p);
                    known[batch.rows[i] as usize] = tried as u32;
                    if right {
                        tally.correct += 1;
                        tally.value += self.values[batch.skill(i) as usize];
                    }
                }
                row[tried] -= 1.0;
            }
            let noise = self.feedback.noise;
            let flipped = noise > 0.0 && self.noise.uniform() < noise;
            let reward = if all_right != flipped { 1.0 } else { 0.0 };
            if let Some((_, marks, known)) = &mut first {
                // what comes is a success with probability `chance`, unless it is flipped
                let success = f64::from(chance);
                let success = success * (1.0 - noise) + (1.0 - success) * noise;
                marks.heard.push(if reward == 1.0 { success } else { 1.0 - success } as f32);
                if reward == 0.0 {
                    decisions.for_each(|i| known[batch.rows[i] as usize] = u32::MAX);
                }
            }
            let advantage = reward - *self.baseline;
            *self.baseline += self.feedback.baseline_rate as f32 * advantage;
            rows.iter_mut().for_each(|g| *g *= advantage);
        }
    }
}

/// Whether `p[at]` is the first of the largest.
#[inline]
fn is_first_of_largest(p: &[f32], at: usize) -> bool {
    let (before, rest) = p.split_at(at);
    before.iter().all(|q| *q < rest[0]) && rest.iter().all(|q| *q <= rest[0])
}

/// The answer that is told: the right one, or with probability `noise` one of the others.
#[inline(always)]
fn told(answer: u32, outputs: usize, noise: f64, stream: &mut Stream) -> u32 {
    if noise > 0.0 { mistold(answer, outputs, noise, stream) } else { answer }
}

#[cold]
fn mistold(answer: u32, outputs: usize, noise: f64, stream: &mut Stream) -> u32 {
    if stream.uniform() >= noise {
        return answer;
    }
    let other = stream.below(outputs as u32 - 1);
    other + u32::from(other >= answer)
}

/// The first answer at which the cumulative probability passes `u`.
fn draw(p: &[f32], u: f32) -> usize {
    let mut sum = 0.0;
    for (k, p) in p.iter().enumerate() {
        sum += p;
        if u < sum {
            return k;
        }
    }
    p.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Purpose;
    use crate::world::Tasks;

    /// SCIENCE: the expected bandit gradient is `p_y` times the cross-entropy gradient, with
    /// a horizon the product of the `p_y` times it.
    #[test]
    fn expected_reward_gradient_is_the_success_probability_times_the_told_one() {
        for horizon in [1, 2, 3] {
            let feedback = Feedback {
                kind: FeedbackKind::Verifiable,
                horizon: horizon as u32,
                baseline_rate: 0.0,
                ..Default::default()
            };
            let p = [0.5_f64, 0.3, 0.15, 0.05];
            let mut row = [0.0_f32; 8];
            row.iter_mut().zip(p).for_each(|(row, p)| *row = p as f32);
            let answers = vec![1_u32; horizon];
            let order: Vec<u32> = (0..horizon as u32).collect();
            let tasks = Tasks { inputs: 1, x: &[], skills: &[], answers: &answers };
            let batch = Batch { tasks, rows: &order };
            let mut baseline = 0.0;
            let mut teacher = Teacher {
                feedback: &feedback,
                baseline: &mut baseline,
                values: &[1.0],
                answers: (4, 8),
                action: Stream::new(5, Purpose::Action, 0, 0),
                noise: Stream::new(5, Purpose::FeedbackNoise, 0, 0),
                attention: (1.0, Stream::new(5, Purpose::Uptake, 0, 0)),
            };
            let n = 400_000;
            let mut mean = [0.0_f64; 4];
            for _ in 0..n {
                let mut rows = row.repeat(horizon);
                teacher.teach(batch, &mut rows, None);
                for k in 0..4 {
                    mean[k] += f64::from(rows[k]) / f64::from(n);
                }
            }
            let success = crate::maths::pow(0.3, horizon as f64);
            for k in 0..4 {
                let told = p[k] - if k == 1 { 1.0 } else { 0.0 };
                // a gradient is bounded by 1 and non-zero with probability `success`
                let error = 4.0 * (success / f64::from(n)).sqrt();
                assert!((mean[k] - success * told).abs() < error, "horizon {horizon}, {mean:?}");
            }
        }
    }
}
