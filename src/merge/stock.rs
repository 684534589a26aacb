//! Strategies by the geometry of task vectors.

use super::{Group, MergeError, Segment, Strategy};
use crate::params::kernels::merging::{
    Cut, PARTS_MAX, Selection, cut_of_largest, parallel_chunks, parts_mut,
};
use crate::scenario::{self, Scope};

/// From the base towards the mean, `θ_0 + t (mean − θ_0)` with `t = N c/(1 + (N − 1) c)`, `c` the
/// mean cosine between the task vectors of `N` models (Jang, Yun and Han 2024, "Model stock: all
/// we need is just a few fine-tuned models", ECCV; with more than two models the paper leaves `c`
/// open, and mergekit takes the mean over pairs).
///
/// Needs two contributions or more. Breakdown point 0. Cost: two passes, the first a Gram matrix.
#[derive(Clone, Debug)]
pub struct ModelStock(pub scenario::ModelStock);

impl Strategy for ModelStock {
    fn name(&self) -> &'static str {
        "model-stock"
    }

    fn scope(&self) -> Scope {
        self.0.scope
    }

    fn spreads(&self) -> bool {
        true
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let n = group.n();
        if n < 2 {
            return Err(group.needs("at least two contributions", "one"));
        }
        let products = group.products()?;
        let mut sum = 0.0;
        for i in 0..n {
            for j in i + 1..n {
                sum += products.cosine(i, j);
            }
        }
        let (count, pairs) = (n as f64, (n * (n - 1) / 2) as f64);
        let cosine = sum / pairs;
        // vectors that point apart as far as they can (c = −1/(N−1)) cancel out: t has no bound,
        // and below the rounding of cosines no sense
        let room = 1.0 + (count - 1.0) * cosine;
        let t = if room > 1e-5 * count { count * cosine / room } else { 0.0 };
        group.combine(&vec![t / count; n])
    }
}

/// Select, calculate, erase: keeps the coordinates with the highest variance between the task
/// vectors, weighs each task vector by the mean square of what is kept of it, and leaves out
/// entries against the sign of the sum (Wan et al. 2024, "FuseChat: knowledge fusion of chat
/// models"; ties as in mergekit). Where nothing kept is other than zero, all weigh the same.
///
/// Breakdown point 0. Cost: three passes, and one vector of deviations.
#[derive(Clone, Debug)]
pub struct Sce(pub scenario::Sce);

impl Strategy for Sce {
    fn name(&self) -> &'static str {
        "sce"
    }

    fn scope(&self) -> Scope {
        self.0.scope
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let n = group.n();
        let mut spread: Vec<f32> = Vec::new();
        if self.0.density < 1.0 {
            group.read(|segment| {
                let start = spread.len();
                spread.resize(start + segment.len(), 0.0);
                deviations(segment, &mut spread[start..]);
                Ok(())
            })?;
        }
        let varying = spread.iter().filter(|v| **v != 0.0).count();
        let keep = (varying as f64 * self.0.density) as usize;
        let cut = if self.0.density >= 1.0 {
            Cut::ALL
        } else {
            cut_of_largest(&spread, keep, &mut Selection::default())
        };
        let kept = |at: usize| self.0.density >= 1.0 || cut.keeps(at, spread[at]);
        let (mut energy, mut start) = (vec![0.0; n], 0);
        group.read(|segment| {
            for row in &segment.rows {
                let squares = row.values.iter().enumerate().filter(|(i, _)| kept(start + i));
                energy[row.member] +=
                    squares.map(|(_, x)| f64::from(*x) * f64::from(*x)).sum::<f64>();
            }
            start += segment.len();
            Ok(())
        })?;
        let total: f64 = energy.iter().sum();
        let weight = |i: usize| if total > 0.0 { energy[i] / total } else { 1.0 / n as f64 };
        let weights: Vec<f32> = (0..n).map(|i| weight(i) as f32).collect();
        let mut start = 0;
        group.write(|segment, out| {
            let rows: Vec<(f32, &[f32])> =
                segment.rows.iter().map(|row| (weights[row.member], row.values)).collect();
            out.fill(|from, out| {
                for (i, out) in out.iter_mut().enumerate() {
                    let i = from + i;
                    if !kept(start + i) {
                        continue;
                    }
                    let sum: f32 = rows.iter().map(|(_, row)| row[i]).sum();
                    let sign = if sum >= 0.0 { 1.0 } else { -1.0 };
                    let agreeing = rows.iter().filter(|(_, row)| row[i] * sign > 0.0);
                    let (mut top, mut bottom) = (0.0, 0.0);
                    agreeing.for_each(|(w, row)| (top, bottom) = (top + w * row[i], bottom + w));
                    *out = if bottom > 0.0 { top / bottom } else { 0.0 };
                }
            });
            start += segment.len();
            Ok(())
        })
    }
}

/// The standard deviation of every coordinate over the vectors, dividing by their number: in the
/// order of the variances, and in the range of the values. Taken from the first of them, so that
/// it is zero where all are equal.
fn deviations(segment: &Segment<'_>, out: &mut [f32]) {
    let rows = segment.values();
    let Some(first) = rows.first() else { return };
    let count = rows.len() as f64;
    let parts: Vec<(usize, &mut [f32])> = parts_mut(out, PARTS_MAX).collect();
    parallel_chunks(segment.threads(), parts, |(start, out)| {
        for (i, out) in out.iter_mut().enumerate() {
            let from = f64::from(first[start + i]);
            let values = || rows.iter().map(|row| f64::from(row[start + i]) - from);
            let mean = values().sum::<f64>() / count;
            let variance = values().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
            *out = variance.sqrt() as f32;
        }
    });
}
