//! Strategies that try cores out and keep what does well.

use super::group::even;
use super::{Group, MergeError, Strategy};
use crate::scenario::{self, Scope};

/// How well the sum `Σ weights[i] x_i` does as a core.
fn score(group: &mut Group<'_>, weights: &[f64]) -> Result<f64, MergeError> {
    let Some(judge) = group.context().judge else {
        let found = "none: models in files cannot be tried out, nor can a world without probes";
        return Err(group.needs("a judge of cores", found));
    };
    Ok(judge(&group.candidate(weights)?))
}

fn scores(group: &mut Group<'_>) -> Result<Vec<f64>, MergeError> {
    let n = group.n();
    (0..n).map(|i| score(group, &even(n, &[i]))).collect()
}

/// The core of the contribution that does best on the distiller's probe tasks, the first of equal
/// ones: copying the champion (Lazer and Friedman 2007, "The network structure of exploration and
/// exploitation").
///
/// Needs a judge. Breakdown point: holds as long as one contribution is good and the judge is
/// honest. Cost: `n` cores tried.
#[derive(Clone, Debug)]
pub struct BestByProbe(pub scenario::BestByProbe);

impl Strategy for BestByProbe {
    fn name(&self) -> &'static str {
        "best-by-probe"
    }

    fn scope(&self) -> Scope {
        Scope::Model
    }

    fn probes(&self) -> Option<u32> {
        Some(self.0.probes)
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let scores = scores(group)?;
        let order = |a: &usize, b: &usize| scores[*a].total_cmp(&scores[*b]).then(b.cmp(a));
        let best = (0..scores.len()).max_by(order).unwrap_or(0);
        group.combine(&even(scores.len(), &[best]))
    }
}

/// Greedy soup: contributions in the order of how well they do; each joins the mean if the mean
/// does no worse with it (Wortsman et al. 2022, "Model soups: averaging weights of multiple
/// fine-tuned models improves accuracy without increasing inference time", ICML).
///
/// Needs a judge. Breakdown point: holds as long as one contribution is good and the judge is
/// honest. Cost: `2n` cores tried.
#[derive(Clone, Debug)]
pub struct GreedySoup(pub scenario::GreedySoup);

impl Strategy for GreedySoup {
    fn name(&self) -> &'static str {
        "greedy-soup"
    }

    fn scope(&self) -> Scope {
        Scope::Model
    }

    fn probes(&self) -> Option<u32> {
        Some(self.0.probes)
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let n = group.n();
        let scores = scores(group)?;
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
        let mut soup = vec![order[0]];
        let mut best = scores[order[0]];
        for &next in &order[1..] {
            soup.push(next);
            let with = score(group, &even(n, &soup))?;
            if with >= best {
                best = with;
            } else {
                soup.pop();
            }
        }
        group.combine(&even(n, &soup))
    }
}
