//! Whom mimics copy.

use crate::ids::AgentId;
use crate::params::{Layout, Sparse};
use crate::state::{Reader, StateError, Writer};
use crate::stream::{Purpose, Stream};
use std::collections::BTreeMap;

/// Looks for the honest agent that is furthest out along the direction in which honest
/// contributions vary most, a step of the power method a round (Oja 1982), and stays with the one
/// that it has found by the end of some rounds (Karimireddy, He and Jaggi 2022,
/// "Byzantine-robust learning on heterogeneous datasets via bucketing", ICLR, appendix B.1).
#[derive(Debug)]
pub(super) struct Lookout {
    /// Rounds in which it looks.
    rounds: u32,
    /// Rounds in which it has looked.
    looked: u32,
    /// Mean of what honest agents sent.
    mean: Vec<f64>,
    /// The direction, of length 1.
    direction: Vec<f64>,
    /// How far each agent was out along the direction, round by round, summed.
    out: BTreeMap<AgentId, f64>,
}

impl Lookout {
    /// One that looks for so many rounds, in a direction at first that the seed gives.
    pub fn new(layout: &Layout, seed: u64, rounds: u32) -> Self {
        let mut stream = Stream::new(seed, Purpose::Attack, u32::MAX, 0);
        let mut direction: Vec<f64> = (0..layout.entries()).map(|_| stream.normal()).collect();
        normalise(&mut direction);
        let mean = vec![0.0; layout.entries()];
        Lookout { rounds, looked: 0, mean, direction, out: BTreeMap::new() }
    }

    /// Puts what it has seen into a checkpoint.
    pub fn keep(&self, out: &mut Writer<'_>) {
        out.put(&(self.looked, &self.mean, &self.direction, &self.out));
    }

    /// Takes up what another has seen.
    ///
    /// # Errors
    /// Where that one looked at cores of another size.
    pub fn take_up(&mut self, from: &mut Reader<'_>) -> Result<(), StateError> {
        let entries = self.mean.len();
        (self.looked, self.mean, self.direction, self.out) = from.get()?;
        StateError::unless_same("numbers of a mean:", self.mean.len(), entries)?;
        StateError::unless_same("numbers of a direction:", self.direction.len(), entries)
    }

    /// Takes a round in, if it still looks; which of those who sent is to be copied.
    pub fn choose(&mut self, layout: &Layout, honest: &[(AgentId, &Sparse)]) -> Option<usize> {
        if self.looked < self.rounds {
            self.look(layout, honest);
        }
        let out = |agent: &AgentId| self.out.get(agent).map_or(0.0, |out| out.abs());
        let furthest =
            |a: &usize, b: &usize| out(&honest[*a].0).total_cmp(&out(&honest[*b].0)).then(b.cmp(a));
        (0..honest.len()).max_by(furthest)
    }

    fn look(&mut self, layout: &Layout, honest: &[(AgentId, &Sparse)]) {
        let Some(n) = std::num::NonZero::new(honest.len()) else { return };
        let (old, new) = shares(self.looked);
        self.looked += 1;
        let before = self.mean.clone();
        self.mean.iter_mut().for_each(|mean| *mean *= old);
        let share = new / n.get() as f64;
        for (_, contribution) in honest {
            each(layout, contribution, |i, x| self.mean[i] += share * x);
        }
        // Σ (x − μ')(x − μ)ᵀ z: what is not held is zeros
        let along: f64 = before.iter().zip(&self.direction).map(|(m, z)| m * z).sum();
        let mut step = vec![0.0; self.mean.len()];
        let mut all = 0.0;
        for (agent, contribution) in honest {
            let mut out = 0.0;
            each(layout, contribution, |i, x| out += x * self.direction[i]);
            *self.out.entry(*agent).or_insert(0.0) += out;
            let weight = out - along;
            each(layout, contribution, |i, x| step[i] += weight * x);
            all += weight;
        }
        step.iter_mut().zip(&self.mean).for_each(|(step, mean)| *step -= all * mean);
        normalise(&mut step);
        self.direction.iter_mut().zip(&step).for_each(|(z, step)| *z = old * *z + new * step);
        normalise(&mut self.direction);
    }
}

/// The shares of what was known before `looked` rounds and of what a further one tells.
fn shares(looked: u32) -> (f64, f64) {
    let t = f64::from(looked);
    (t / (t + 1.0), 1.0 / (t + 1.0))
}

fn each(layout: &Layout, contribution: &Sparse, mut take: impl FnMut(usize, f64)) {
    for (block, _, values) in contribution.iter() {
        layout.range(block).zip(values).for_each(|(i, x)| take(i, f64::from(*x)));
    }
}

/// Gives a vector the length 1; leaves zeros.
fn normalise(vector: &mut [f64]) {
    let norm = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
    if norm > 0.0 {
        vector.iter_mut().for_each(|v| *v /= norm);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_furthest_out_is_found_and_kept() {
        let layout = Layout::new([3]);
        // agents vary along the second coordinate, and agent 7 is furthest out
        let rows = [[1.0, 0.2, 0.0], [1.0, -0.4, 0.1], [1.0, 3.0, 0.0], [1.0, -0.9, 0.1]];
        let sent: Vec<Sparse> = rows
            .iter()
            .map(|row| {
                let mut sparse = Sparse::default();
                sparse.push(0, 1, 3).copy_from_slice(row);
                sparse
            })
            .collect();
        let agents = [2, 4, 7, 9].map(AgentId);
        let honest: Vec<(AgentId, &Sparse)> = agents.into_iter().zip(&sent).collect();
        let mut lookout = Lookout::new(&layout, 3, 4);
        let chosen: Vec<Option<usize>> = (0..6).map(|_| lookout.choose(&layout, &honest)).collect();
        assert_eq!(chosen[3..], [Some(2); 3]);
        assert!(lookout.direction[1].abs() > 0.9, "{:?}", lookout.direction);
        // once it has found one, it looks no more
        let swapped: Vec<(AgentId, &Sparse)> = agents.into_iter().zip(sent.iter().rev()).collect();
        assert_eq!(lookout.choose(&layout, &swapped), Some(2));
        assert_eq!(lookout.choose(&layout, &[]), None);
    }
}
