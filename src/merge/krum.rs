//! Strategies that choose contributions by their neighbours.

use super::group::even;
use super::{Group, MergeError, Products, Strategy};
use crate::params::kernels::merging::mean_around_median;
use crate::scenario::{self, Neighbours, Scope};
use crate::threads::{SHARES, parallel_chunks_with};

/// Distances below which a second thread costs more than it brings.
const WORTH_A_THREAD: usize = 1 << 18;

/// `score(i) = Σ ‖x_i − x_j‖²` over the nearest others of `i` among `of`; how many is `n − f − 2`
/// as published, at least one.
fn scores(
    products: &Products,
    of: &[usize],
    f: usize,
    neighbours: Neighbours,
    threads: usize,
) -> Vec<f64> {
    let beyond = f + if neighbours == Neighbours::Published { 2 } else { 1 };
    let count = of.len().saturating_sub(beyond).max(1);
    let threads = if of.len().pow(2) < WORTH_A_THREAD { 1 } else { threads };
    let some = of.chunks(of.len().div_ceil(SHARES * threads).max(1)).collect();
    let scores = parallel_chunks_with(threads, some, |some: &[usize], distances: &mut Vec<f64>| {
        let score = |i: &usize| -> f64 {
            distances.clear();
            distances.extend(of.iter().filter(|j| *j != i).map(|j| products.distance(*i, *j)));
            distances.sort_unstable_by(f64::total_cmp);
            distances.iter().take(count).sum()
        };
        some.iter().map(score).collect::<Vec<f64>>()
    });
    scores.concat()
}

/// The place of the least score, the first of equal ones.
fn least(scores: &[f64]) -> usize {
    let order = |a: &usize, b: &usize| scores[*a].total_cmp(&scores[*b]).then(a.cmp(b));
    (0..scores.len()).min_by(order).unwrap_or(0)
}

/// The contribution whose squared distances to its `n − f − 2` nearest others sum to the least
/// (Blanchard, El Mhamdi, Guerraoui and Stainer 2017, "Machine learning with adversaries:
/// Byzantine tolerant gradient descent", NeurIPS). ByzFL counts `n − f − 1` neighbours.
///
/// Needs `n ≥ 2f + 3`. Breakdown point `f/n`, below 1/2. Cost: a Gram matrix, `n²/2`
/// multiply-adds a value.
#[derive(Clone, Debug)]
pub struct Krum(pub scenario::Krum);

impl Strategy for Krum {
    fn name(&self) -> &'static str {
        "krum"
    }

    fn scope(&self) -> Scope {
        self.0.scope
    }

    fn spreads(&self) -> bool {
        true
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let n = group.n();
        let f = group.attackers(self.0.attackers(n))?;
        let products = group.products()?;
        let all: Vec<usize> = (0..n).collect();
        let threads = group.context().threads;
        let best = least(&scores(&products, &all, f, self.0.neighbours, threads));
        group.combine(&even(n, &[best]))
    }
}

/// The mean of the contributions with the least Krum scores (Blanchard et al. 2017).
///
/// Needs `n ≥ 2f + 3`. Breakdown point `f/n`, below 1/2. Cost: as [`Krum`].
#[derive(Clone, Debug)]
pub struct MultiKrum(pub scenario::MultiKrum);

impl Strategy for MultiKrum {
    fn name(&self) -> &'static str {
        "multi-krum"
    }

    fn scope(&self) -> Scope {
        self.0.scope
    }

    fn spreads(&self) -> bool {
        true
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let n = group.n();
        let f = group.attackers(self.0.attackers(n))?;
        let keep = group.attackers(self.0.keep(n))?;
        let products = group.products()?;
        let all: Vec<usize> = (0..n).collect();
        let threads = group.context().threads;
        let scores = scores(&products, &all, f, self.0.neighbours, threads);
        let mut order = all;
        order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]).then(a.cmp(b)));
        let counts = group.weights_of_mean(self.0.weighting)?;
        let total: f64 = order[..keep].iter().map(|i| counts[*i]).sum();
        let mut weights = vec![0.0; n];
        order[..keep].iter().for_each(|i| weights[*i] = counts[*i] / total);
        group.combine(&weights)
    }
}

/// Chooses `θ = n − 2f` contributions by Krum, one after the other among those that are left,
/// then takes of every coordinate the mean of the `θ − 2f` values nearest to the median of the
/// chosen (El Mhamdi, Guerraoui and Rouault 2018, "The hidden vulnerability of distributed
/// learning in Byzantium", ICML).
///
/// Needs `n ≥ 4f + 3`. Breakdown point `f/n`, below 1/4. Cost: a Gram matrix, `n³` comparisons
/// beside, and a mean around the median.
#[derive(Clone, Debug)]
pub struct Bulyan(pub scenario::Bulyan);

impl Strategy for Bulyan {
    fn name(&self) -> &'static str {
        "bulyan"
    }

    fn scope(&self) -> Scope {
        self.0.scope
    }

    fn spreads(&self) -> bool {
        true
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let n = group.n();
        let f = group.attackers(self.0.attackers(n))?;
        let products = group.products()?;
        let mut left: Vec<usize> = (0..n).collect();
        let mut chosen = vec![false; n];
        let threads = group.context().threads;
        for _ in 0..n - 2 * f {
            group.go_on()?;
            let best = least(&scores(&products, &left, f, Neighbours::Published, threads));
            chosen[left.remove(best)] = true;
        }
        group.write(|segment, out| {
            let here = segment.rows.iter().filter(|row| chosen[row.member]);
            let rows: Vec<&[f32]> = here.map(|row| row.values).collect();
            // with no more than 2f there is nothing to vouch for
            if rows.len() > 2 * f {
                let keep = rows.len() - 2 * f;
                out.fill_with(|start, out, scratch| {
                    mean_around_median(&rows, keep, start, out, scratch);
                });
            }
            Ok(())
        })
    }
}
