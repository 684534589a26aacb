//! What a task teaches: from probabilities and the right answer to a gradient on the logits.

use super::Tally;
use crate::maths::ln_f32;
use crate::scenario::{Feedback, FeedbackKind};
use crate::stream::Stream;

/// Smallest probability that a logarithm is taken of.
const LEAST: f32 = 1e-38;

/// `−log2 p`.
fn bits(p: f32) -> f64 {
    f64::from(-ln_f32(p.max(LEAST)) * std::f32::consts::LOG2_E)
}

/// A teacher for the length of one lesson.
pub(super) struct Teacher<'a> {
    pub feedback: &'a Feedback,
    /// The agent's running mean of rewards.
    pub baseline: &'a mut f32,
    /// Answers that are tried.
    pub action: Stream,
    /// Wrong feedback.
    pub noise: Stream,
}

impl Teacher<'_> {
    /// Decisions that share one feedback.
    pub fn horizon(&self) -> usize {
        match self.feedback.kind {
            FeedbackKind::Semantic => 1,
            FeedbackKind::Verifiable => self.feedback.horizon as usize,
        }
    }

    /// Turns the probabilities of one episode (`answers.len()` rows of `stride` lanes, one a
    /// decision) into gradients of the loss on the logits, and tallies the episode where
    /// `tally` is given. `chosen` are the policy's best answers. `answers` become the answers as
    /// the agent now knows them: as told, or as tried and rewarded, else `u32::MAX`.
    pub fn teach(
        &mut self,
        outputs: usize,
        stride: usize,
        rows: &mut [f32],
        answers: &mut [u32],
        chosen: &[u32],
        tally: Option<(&mut Tally, &dyn Fn(usize) -> f64)>,
    ) {
        match self.feedback.kind {
            FeedbackKind::Semantic => {
                answers[0] = self.tell(outputs, rows, answers[0], chosen[0], tally);
            }
            FeedbackKind::Verifiable => self.reward(outputs, stride, rows, answers, tally),
        }
    }

    /// Cross-entropy on the answer that is told: `p − e_y`.
    fn tell(
        &mut self,
        outputs: usize,
        row: &mut [f32],
        answer: u32,
        chosen: u32,
        tally: Option<(&mut Tally, &dyn Fn(usize) -> f64)>,
    ) -> u32 {
        let mut told = answer;
        if self.feedback.noise > 0.0 && self.noise.uniform() < self.feedback.noise {
            let other = self.noise.below(outputs as u32 - 1);
            told = other + u32::from(other >= answer);
        }
        if let Some((tally, value)) = tally {
            tally.loss -= f64::from(ln_f32(row[answer as usize].max(LEAST)));
            tally.bits += bits(row[told as usize]);
            if chosen == answer {
                tally.correct += 1;
                tally.value += value(0);
            }
        }
        row[told as usize] -= 1.0;
        told
    }

    /// REINFORCE with a running baseline (Williams 1992): one reward for the whole episode,
    /// `(R − b)(p − e_a)` for each of its decisions.
    fn reward(
        &mut self,
        outputs: usize,
        stride: usize,
        rows: &mut [f32],
        answers: &mut [u32],
        mut tally: Option<(&mut Tally, &dyn Fn(usize) -> f64)>,
    ) {
        let mut all_right = true;
        let mut chance = 1.0_f32;
        for (i, (row, answer)) in rows.chunks_exact_mut(stride).zip(&mut *answers).enumerate() {
            let p = row[*answer as usize];
            chance *= p;
            let tried = draw(&row[..outputs], self.action.uniform_f32());
            let right = tried == *answer as usize;
            all_right &= right;
            if let Some((tally, value)) = &mut tally {
                tally.loss -= f64::from(ln_f32(p.max(LEAST)));
                if right {
                    tally.correct += 1;
                    tally.value += value(i);
                }
            }
            row[tried] -= 1.0;
            *answer = tried as u32;
        }
        if let Some((tally, _)) = tally {
            tally.bits += bits(if all_right { chance } else { 1.0 - chance });
        }
        let noise = self.feedback.noise;
        let flipped = noise > 0.0 && self.noise.uniform() < noise;
        let reward = if all_right != flipped { 1.0 } else { 0.0 };
        if reward == 0.0 {
            answers.fill(u32::MAX);
        }
        let advantage = reward - *self.baseline;
        *self.baseline += self.feedback.baseline_rate as f32 * advantage;
        rows.iter_mut().for_each(|g| *g *= advantage);
    }
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
            let p = [0.5_f32, 0.3, 0.15, 0.05, 0.0, 0.0, 0.0, 0.0];
            let chosen = vec![1_u32; horizon];
            let mut baseline = 0.0;
            let mut teacher = Teacher {
                feedback: &feedback,
                baseline: &mut baseline,
                action: Stream::new(5, Purpose::Action, 0, 0),
                noise: Stream::new(5, Purpose::FeedbackNoise, 0, 0),
            };
            let n = 400_000;
            let mut mean = [0.0_f64; 4];
            for _ in 0..n {
                let mut rows = p.repeat(horizon);
                teacher.teach(4, 8, &mut rows, &mut chosen.clone(), &chosen, None);
                for k in 0..4 {
                    mean[k] += f64::from(rows[k]) / f64::from(n);
                }
            }
            let success = crate::maths::pow(0.3, horizon as f64);
            for k in 0..4 {
                let told = f64::from(p[k]) - if k == 1 { 1.0 } else { 0.0 };
                // a gradient is bounded by 1 and non-zero with probability `success`
                let error = 4.0 * (success / f64::from(n)).sqrt();
                assert!((mean[k] - success * told).abs() < error, "horizon {horizon}, {mean:?}");
            }
        }
    }
}
