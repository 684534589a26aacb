//! Robust strategies that look for a steady subset.

use super::group::even;
use super::{Group, MergeError, Products, Strategy};
use crate::scenario::{self, Scope};
use nalgebra::{DMatrix, SymmetricEigen};

/// Minimum diameter averaging: the mean of the `n − f` contributions with the smallest largest
/// distance between two of them, the first such subset in lexical order (El Mhamdi, Guerraoui
/// and Rouault 2021, "Distributed momentum for Byzantine-resilient SGD", ICLR).
///
/// Needs `n ≥ 2f + 1` and few enough subsets to try. Breakdown point `f/n`, below 1/2. Cost: a
/// Gram matrix, and a search through at most `n choose f` subsets that leaves out those whose
/// beginning is too wide.
#[derive(Clone, Debug)]
pub struct Mda(pub scenario::Mda);

impl Strategy for Mda {
    fn name(&self) -> &'static str {
        "mda"
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
        group.few_enough(&scenario::Combine::Mda(self.0.clone()))?;
        let products = group.products()?;
        let mut search = Narrowest {
            products: &products,
            keep: n - f,
            chosen: Vec::new(),
            best: (f64::INFINITY, (0..n - f).collect()),
        };
        search.extend(0, 0.0);
        let subset = search.best.1;
        group.combine(&even(n, &subset))
    }
}

struct Narrowest<'p> {
    products: &'p Products,
    keep: usize,
    chosen: Vec<usize>,
    best: (f64, Vec<usize>),
}

impl Narrowest<'_> {
    /// Tries all subsets that begin with what is chosen, of that diameter, and go on from `from`.
    fn extend(&mut self, from: usize, diameter: f64) {
        if self.chosen.len() == self.keep {
            self.best = (diameter, self.chosen.clone());
            return;
        }
        let missing = self.keep - self.chosen.len();
        for next in from..=self.products.n - missing {
            let to = self.chosen.iter().map(|i| self.products.distance(*i, next));
            let wider = to.fold(diameter, f64::max);
            if wider < self.best.0 {
                self.chosen.push(next);
                self.extend(next + 1, wider);
                self.chosen.pop();
            }
        }
    }
}

/// `⟨x_i − μ, x_j − μ⟩` for the members of a subset, `μ = Σ w x` over it: `−½ J D Jᵀ` with
/// `J = I − 1wᵀ` of the squared distances `D` (Torgerson 1952), which keeps small differences
/// between long vectors.
fn centred(products: &Products, subset: &[usize], weights: &[f64]) -> DMatrix<f64> {
    let m = subset.len();
    let d = |a: usize, b: usize| products.distance(subset[a], subset[b]);
    let row: Vec<f64> = (0..m).map(|a| (0..m).map(|b| weights[b] * d(a, b)).sum()).collect();
    let all: f64 = row.iter().zip(weights).map(|(r, w)| r * w).sum();
    DMatrix::from_fn(m, m, |a, b| -0.5 * (d(a, b) - row[a] - row[b] + all))
}

/// The members that are left when those with the most others at an infinite distance go, one by
/// one, until there are none: who is that far out, is no number, or shares no block with others
/// has no covariance with them.
fn within_reach(products: &Products) -> Vec<usize> {
    let mut left: Vec<usize> = (0..products.n).collect();
    loop {
        let apart =
            |i: usize| left.iter().filter(|j| !products.distance(i, **j).is_finite()).count();
        let (most, at) = left.iter().map(|i| (apart(*i), *i)).max().unwrap_or_default();
        if most == 0 {
            return left;
        }
        left.retain(|i| *i != at);
    }
}

/// The largest eigenvalue of a symmetric matrix, and its eigenvector. Infinite where the matrix
/// is not finite: its decomposition would never end.
fn top(matrix: DMatrix<f64>) -> (f64, Vec<f64>) {
    if matrix.iter().any(|x| !x.is_finite()) {
        return (f64::INFINITY, vec![0.0; matrix.nrows()]);
    }
    let eigen = SymmetricEigen::new(matrix);
    let order = |a: &usize, b: &usize| {
        eigen.eigenvalues[*a].total_cmp(&eigen.eigenvalues[*b]).then(b.cmp(a))
    };
    let at = (0..eigen.eigenvalues.len()).max_by(order).unwrap_or(0);
    (eigen.eigenvalues[at], eigen.eigenvectors.column(at).iter().copied().collect())
}

/// The mean of the `n − f` contributions whose empirical covariance has the smallest largest
/// eigenvalue, the first such subset in lexical order (SMEA: Allouah, Guerraoui, Gupta, Pinot and
/// Stephan 2023, "On the privacy-robustness-utility trilemma in distributed learning", ICML).
///
/// Needs `n ≥ 2f + 1` and few enough subsets to try. Breakdown point `f/n`, below 1/2. Cost: a
/// Gram matrix, and an eigenvalue of each of the `n choose f` subsets.
#[derive(Clone, Debug)]
pub struct Smea(pub scenario::Smea);

impl Strategy for Smea {
    fn name(&self) -> &'static str {
        "smea"
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
        group.few_enough(&scenario::Combine::Smea(self.0.clone()))?;
        let products = group.products()?;
        let keep = n - f;
        let shares = vec![1.0 / keep as f64; keep];
        let mut subset: Vec<usize> = (0..keep).collect();
        let (mut least, mut best) = (f64::INFINITY, subset.clone());
        loop {
            let (value, _) = top(centred(&products, &subset, &shares));
            if value < least {
                (least, best) = (value, subset.clone());
            }
            if !advance(&mut subset, n) {
                break;
            }
        }
        group.combine(&even(n, &best))
    }
}

/// The next subset of `0..n` in lexical order, if there is one.
fn advance(subset: &mut [usize], n: usize) -> bool {
    let k = subset.len();
    let Some(at) = (0..k).rev().find(|i| subset[*i] < n - k + i) else { return false };
    subset[at] += 1;
    for i in at + 1..k {
        subset[i] = subset[i - 1] + 1;
    }
    true
}

/// Covariance-bound agnostic filter: from equal weights `c`, while they sum to more than
/// `n − 2f`, `c_i ← c_i (1 − τ_i/max τ)` with `τ_i = ⟨x_i − μ_c, v⟩²` along the top eigenvector `v`
/// of the weighted covariance; of the weighted means on the way, the one whose top eigenvalue is
/// the smallest (CAF: Allouah, Guerraoui and Stephan 2025, "Towards trustworthy federated learning
/// with untrusted participants", ICML). The eigenvector is exact where ByzFL makes one step of a
/// power iteration from a random start.
///
/// Needs `n ≥ 2f + 1`. Breakdown point `f/n`, below 1/2. Cost: a Gram matrix, and at most `2f`
/// eigenvectors of an `n × n` matrix.
#[derive(Clone, Debug)]
pub struct Caf(pub scenario::Caf);

impl Strategy for Caf {
    fn name(&self) -> &'static str {
        "caf"
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
        let near = within_reach(&products);
        let m = near.len();
        let mut counts = vec![1.0; m];
        let (mut least, mut best) = (f64::INFINITY, vec![1.0 / m as f64; m]);
        loop {
            let total: f64 = counts.iter().sum();
            if total <= (n - 2 * f) as f64 {
                break;
            }
            let weights: Vec<f64> = counts.iter().map(|c| c / total).collect();
            let inner = centred(&products, &near, &weights);
            let roots: Vec<f64> = weights.iter().map(|w| w.sqrt()).collect();
            let scaled = DMatrix::from_fn(m, m, |i, j| roots[i] * roots[j] * inner[(i, j)]);
            let (value, vector) = top(scaled);
            if value < least {
                (least, best) = (value, weights);
            }
            // v = Σ √w_j u_j (x_j − μ), up to its length
            let along = |i: usize| -> f64 {
                (0..m).map(|j| inner[(i, j)] * roots[j] * vector[j]).sum::<f64>()
            };
            let squares: Vec<f64> = (0..m).map(|i| along(i) * along(i)).collect();
            let most = (0..m).filter(|i| counts[*i] > 0.0).map(|i| squares[i]).fold(0.0, f64::max);
            if most == 0.0 {
                break;
            }
            counts.iter_mut().zip(squares).for_each(|(c, s)| *c *= (1.0 - s / most).max(0.0));
        }
        let mut all = vec![0.0; n];
        near.iter().zip(best).for_each(|(i, weight)| all[*i] = weight);
        group.combine(&all)
    }
}
