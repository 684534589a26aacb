//! Lineage: whose learning a core is made of.

use crate::params::Layout;
use crate::state::{Reader, StateError, Writer};
use std::ops::Range;

/// Each origin's part in the displacement of a core from where it started, block by block,
/// exact for whatever moves the core linearly in what agents send: means with any weights,
/// decay, momentum (kept as a lineage of its own), a stale or foreign core that is mixed in (its
/// lineage is absorbed).
///
/// A core is `start + Σ_o D_o`, `D_o` being what origin `o` (an agent, a company, a hive) moved it
/// by in all rounds, as far as it was not undone since. A share is the part of the whole
/// displacement `D = Σ_o D_o` that lies in its direction,
///
/// ```text
/// share_o = ⟨D_o, D⟩ / ‖D‖²
/// ```
///
/// on the block. Shares sum to 1; an origin that pulled against the rest has a negative one.
/// Holds `origins × entries` numbers of 8 bytes: group agents where a core is large.
#[derive(Clone, Debug)]
pub struct Lineage {
    layout: Layout,
    origins: usize,
    /// `origins × entries`.
    moved: Vec<f64>,
}

impl Lineage {
    /// A core at its start, with so many origins.
    pub fn new(layout: Layout, origins: usize) -> Self {
        let moved = vec![0.0; origins * layout.entries()];
        Lineage { layout, origins, moved }
    }

    /// Puts what every origin moved into a checkpoint.
    pub fn keep(&self, out: &mut Writer<'_>) {
        out.put(&self.moved);
    }

    /// Takes up what as many origins moved.
    ///
    /// # Errors
    /// Where they are more or fewer, or of another layout.
    pub fn take_up(&mut self, from: &mut Reader<'_>) -> Result<(), StateError> {
        let moved: Vec<f64> = from.get()?;
        StateError::unless_same("numbers of a lineage:", moved.len(), self.moved.len())?;
        self.moved = moved;
        Ok(())
    }

    fn place(&self, block: u32, origin: usize) -> Range<usize> {
        assert!(origin < self.origins, "origin {origin} of {}", self.origins);
        let within = self.layout.range(block);
        let first = origin * self.layout.entries();
        first + within.start..first + within.end
    }

    /// The core's block moves by `weight × values` because of `origin`: a contribution with its
    /// weight in the mean.
    ///
    /// # Panics
    /// If there is no such origin, or the values are not as many as the block's entries.
    pub fn add(&mut self, block: u32, origin: usize, weight: f64, values: &[f32]) {
        let place = self.place(block, origin);
        let moved = &mut self.moved[place];
        assert_eq!(moved.len(), values.len(), "a block's entries");
        for (m, v) in moved.iter_mut().zip(values) {
            *m += weight * f64::from(*v);
        }
    }

    /// The core's block keeps a part `factor` of its displacement: `core ← start + factor·(core −
    /// start)`, as in a mean of the old core with something new, whose part is added afterwards.
    pub fn scale(&mut self, block: u32, factor: f64) {
        for origin in 0..self.origins {
            let place = self.place(block, origin);
            self.moved[place].iter_mut().for_each(|m| *m *= factor);
        }
    }

    /// Moves by `rate` times what another lineage holds: the server's momentum, another core.
    ///
    /// # Panics
    /// If the other has another layout or other origins.
    pub fn absorb(&mut self, rate: f64, other: &Lineage) {
        assert_eq!(self.origins, other.origins, "the same origins");
        assert_eq!(self.moved.len(), other.moved.len(), "the same layout");
        for (m, o) in self.moved.iter_mut().zip(&other.moved) {
            *m += rate * o;
        }
    }

    /// The whole displacement of a block from the start.
    pub fn displacement(&self, block: u32) -> Vec<f64> {
        let mut sum = vec![0.0; self.layout.range(block).len()];
        for origin in 0..self.origins {
            let part = &self.moved[self.place(block, origin)];
            sum.iter_mut().zip(part).for_each(|(s, m)| *s += m);
        }
        sum
    }

    /// Each origin's share in a block; NaN where the block has not moved. They sum to 1.
    pub fn shares(&self, block: u32) -> Vec<f64> {
        let whole = self.displacement(block);
        let square = dot(&whole, &whole);
        (0..self.origins).map(|o| dot(&self.moved[self.place(block, o)], &whole) / square).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// What each group's taking part does to a merge, block by block, for strategies of any kind: the
/// core is merged again without each group in turn (leave-one-out influence; Cook 1977,
/// "Detection of influential observation in linear regression").
///
/// ```text
/// influence_g = ‖m − m_(−g)‖ / Σ_h ‖m − m_(−h)‖
/// ```
///
/// on a block; sums to 1, NaN where no group makes a difference. `merge(None)` is the merge of
/// all, `merge(Some(g))` the one without group `g`, each of the layout's entries. Returns `groups ×
/// blocks` numbers, group by group, and costs `groups + 1` merges.
pub fn leave_one_out(
    layout: &Layout,
    groups: usize,
    mut merge: impl FnMut(Option<usize>) -> Vec<f32>,
) -> Vec<f64> {
    let blocks = layout.blocks();
    let whole = merge(None);
    let mut influence = Vec::with_capacity(groups * blocks);
    for group in 0..groups {
        let without = merge(Some(group));
        influence.extend((0..blocks as u32).map(|block| {
            let range = layout.range(block);
            let pairs = whole[range.clone()].iter().zip(&without[range]);
            let apart: Vec<f64> = pairs.map(|(a, b)| f64::from(*a) - f64::from(*b)).collect();
            dot(&apart, &apart).sqrt()
        }));
    }
    for block in 0..blocks {
        let total: f64 = (0..groups).map(|g| influence[g * blocks + block]).sum();
        (0..groups).for_each(|g| influence[g * blocks + block] /= total);
    }
    influence
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: &[f64], want: &[f64]) {
        assert_eq!(got.len(), want.len());
        assert!(got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-12), "{got:?}, not {want:?}");
    }

    /// Two blocks; in the first both pull one way, in the second one pulls against the other.
    #[test]
    fn shares_are_projections_and_sum_to_one() {
        let mut lineage = Lineage::new(Layout::new([2, 1]), 2);
        lineage.add(0, 0, 0.5, &[2.0, 0.0]);
        lineage.add(0, 1, 0.5, &[0.0, 6.0]);
        lineage.add(1, 0, 1.0, &[4.0]);
        lineage.add(1, 1, 0.5, &[-2.0]);
        close(&lineage.displacement(0), &[1.0, 3.0]);
        close(&lineage.shares(0), &[0.1, 0.9]);
        close(&lineage.shares(1), &[4.0 / 3.0, -1.0 / 3.0]);
        let still = Lineage::new(Layout::new([1]), 2);
        assert!(still.shares(0).iter().all(|s| s.is_nan()));
    }

    /// A core that forgets half of its displacement a round holds the older learning for less.
    #[test]
    fn what_decays_counts_for_less() {
        let mut lineage = Lineage::new(Layout::new([1]), 2);
        lineage.add(0, 0, 1.0, &[8.0]);
        lineage.scale(0, 0.5);
        lineage.scale(0, 0.5);
        lineage.add(0, 1, 1.0, &[6.0]);
        close(&lineage.displacement(0), &[8.0]);
        close(&lineage.shares(0), &[0.25, 0.75]);
    }

    /// FedAvgM by its definition, `v ← βv + Δ, θ ← θ + ηv`, against the lineage of its parts.
    #[test]
    fn momentum_is_a_lineage_of_its_own() {
        let (beta, eta) = (0.9, 0.5);
        let deltas = [[1.0_f32, -2.0], [0.5, 3.0], [-1.0, 0.25]];
        let (mut core, mut velocity) = (0.0, [0.0; 2]);
        let mut parts = [0.0; 2];
        let mut lineage = Lineage::new(Layout::new([1]), 2);
        let mut momentum = lineage.clone();
        for delta in deltas {
            momentum.scale(0, beta);
            for origin in 0..2 {
                momentum.add(0, origin, 0.5, &[delta[origin]]);
                velocity[origin] = beta * velocity[origin] + 0.5 * f64::from(delta[origin]);
                parts[origin] += eta * velocity[origin];
                core += eta * velocity[origin];
            }
            lineage.absorb(eta, &momentum);
        }
        close(&lineage.displacement(0), &[core]);
        close(&lineage.shares(0), &[parts[0] / core, parts[1] / core]);
    }

    /// Without the first of three members a mean of 1, 2 and 6 moves from 3 to 4; without the
    /// second to 3.5; without the third to 1.5. A median moves by 2, 1.5 and 0.5.
    #[test]
    fn influence_is_what_a_merge_does_without_a_group() {
        let values = [1.0_f32, 2.0, 6.0];
        let rest = |without: Option<usize>| -> Vec<f32> {
            (0..3).filter(|&i| Some(i) != without).map(|i| values[i]).collect()
        };
        let layout = Layout::new([1, 1]);
        let got = leave_one_out(&layout, 3, |without| {
            let rest = rest(without);
            let middle = if rest.len() == 3 { rest[1] } else { 0.5 * (rest[0] + rest[1]) };
            vec![rest.iter().sum::<f32>() / rest.len() as f32, middle]
        });
        let means: Vec<f64> = got.iter().copied().step_by(2).collect();
        let medians: Vec<f64> = got.iter().copied().skip(1).step_by(2).collect();
        close(&means, &[1.0 / 3.0, 0.5 / 3.0, 1.5 / 3.0]);
        close(&medians, &[2.0 / 4.0, 1.5 / 4.0, 0.5 / 4.0]);
        assert!(leave_one_out(&layout, 2, |_| vec![1.0, 1.0]).iter().all(|x| x.is_nan()));
    }
}
