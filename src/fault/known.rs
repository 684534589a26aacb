//! What attackers know of a round: some contributions, block by block.

use crate::params::kernels::merging::{gram, mirror};
use crate::params::{Layout, Sparse};
use std::collections::BTreeMap;

/// Contributions that attackers see.
pub(super) struct Known<'a> {
    layout: &'a Layout,
    contributions: Vec<&'a Sparse>,
    /// Whether what a contribution does not hold counts as zeros.
    zeros: bool,
}

/// A block of some contributions.
pub(super) struct Seen<'a> {
    /// Mean of the tasks that those who hold it have for it, at least 1.
    pub tasks: u32,
    /// The values of those who hold it.
    pub rows: Vec<&'a [f32]>,
    /// How many it is a mean over: those who hold it, or all.
    pub n: f64,
}

impl Seen<'_> {
    /// The mean of coordinate `i`.
    pub fn mean(&self, i: usize) -> f64 {
        self.rows.iter().map(|row| f64::from(row[i])).sum::<f64>() / self.n
    }

    /// The standard deviation of coordinate `i` around its mean, over all and not over one fewer.
    pub fn deviation(&self, i: usize, mean: f64) -> f64 {
        let square = |row: &&[f32]| (f64::from(row[i]) - mean) * (f64::from(row[i]) - mean);
        let absent = self.n - self.rows.len() as f64;
        let sum = self.rows.iter().map(square).sum::<f64>() + absent * mean * mean;
        (sum / self.n).sqrt()
    }
}

impl<'a> Known<'a> {
    pub fn new(layout: &'a Layout, contributions: Vec<&'a Sparse>, zeros: bool) -> Self {
        Known { layout, contributions, zeros }
    }

    /// All that is held by anyone, block by block, in rising order.
    pub fn blocks(&self) -> BTreeMap<u32, Seen<'a>> {
        let mut blocks: BTreeMap<u32, Seen<'a>> = BTreeMap::new();
        for contribution in &self.contributions {
            for (block, tasks, values) in contribution.iter() {
                let new = || Seen { tasks: 0, rows: Vec::new(), n: 0.0 };
                let seen = blocks.entry(block).or_insert_with(new);
                // a sum of counts for now
                seen.tasks = seen.tasks.saturating_add(tasks);
                seen.rows.push(values);
            }
        }
        for seen in blocks.values_mut() {
            let holders = seen.rows.len();
            seen.tasks = (seen.tasks / holders as u32).max(1);
            seen.n = if self.zeros { self.contributions.len() } else { holders } as f64;
        }
        blocks
    }

    /// Root mean square of all values that are held; 0 of none.
    pub fn root_mean_square(&self) -> f64 {
        let (mut sum, mut n) = (0.0, 0);
        for contribution in &self.contributions {
            let values = contribution.values();
            sum += values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>();
            n += values.len();
        }
        if n == 0 { 0.0 } else { (sum / n as f64).sqrt() }
    }

    /// The contributions as whole vectors, zeros where one holds nothing.
    pub fn whole(&self) -> Vec<Vec<f32>> {
        self.contributions.iter().map(|contribution| whole(self.layout, contribution)).collect()
    }
}

/// A contribution as a whole vector, zeros where it holds nothing.
pub(super) fn whole(layout: &Layout, contribution: &Sparse) -> Vec<f32> {
    let mut row = vec![0.0; layout.entries()];
    contribution.add_to(layout, &mut row);
    row
}

/// Squared distances between all pairs of whole vectors, `n × n`.
pub(super) fn squared_distances(rows: &[Vec<f32>], threads: usize) -> Vec<f64> {
    let n = rows.len();
    let slices: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
    let mut inner = vec![0.0; n * n];
    gram(&slices, threads, &mut inner);
    mirror(&mut inner, n);
    let at = |i: usize, j: usize| inner[i * n + j];
    let pairs = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
    pairs.map(|(i, j)| (at(i, i) + at(j, j) - 2.0 * at(i, j)).max(0.0)).collect()
}
