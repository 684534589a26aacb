//! Strategies on the singular vectors of task matrices.

use super::singular::singular;
use super::{Group, MergeError, Segment, Strategy};
use crate::params::kernels::first_not_finite;
use crate::scenario;
use nalgebra::DMatrix;

/// A row's matrix, without padding.
fn matrix(segment: &Segment<'_>, values: &[f32]) -> DMatrix<f64> {
    let shape = segment.shape;
    DMatrix::from_fn(shape.rows, shape.live, |i, j| f64::from(values[i * shape.columns + j]))
}

/// Adds `factor` times a matrix to a segment's values.
fn add(segment: &Segment<'_>, matrix: &DMatrix<f64>, factor: f64, out: &mut [f32]) {
    for i in 0..segment.shape.rows {
        for j in 0..segment.shape.live {
            out[i * segment.shape.columns + j] += (factor * matrix[(i, j)]) as f32;
        }
    }
}

/// Writes `lambda` times what `merge` makes of a segment's matrices, divided by their number if
/// `normalise` says so; of what is no matrix, `lambda` times the mean. `merge` gives a matrix and
/// its factor, or none where all are zero.
fn by_matrix(
    group: &mut Group<'_>,
    (lambda, normalise): (f64, Option<bool>),
    merge: impl Fn(&Segment<'_>) -> Option<(DMatrix<f64>, f64)>,
) -> Result<(), MergeError> {
    let mean = group.normalises(normalise);
    group.write(|segment, out| {
        let tasks = segment.rows.len();
        if segment.shape.rows < 2 || segment.shape.live < 2 {
            let share = (lambda / tasks as f64) as f32;
            out.weighted(&vec![share; tasks], &segment.values());
            return Ok(());
        }
        let out = out.zeros();
        if segment.rows.iter().any(|row| passes_on(row.values, out)) {
            return Ok(());
        }
        if let Some((merged, factor)) = merge(segment) {
            let lambda = if mean { lambda / tasks as f64 } else { lambda };
            add(segment, &merged, factor * lambda, out);
        }
        Ok(())
    })
}

/// Passes on the first number that is infinite or none, if there is one, so that it is told where
/// it stands: the decomposition of its matrix would never end.
fn passes_on(values: &[f32], out: &mut [f32]) -> bool {
    let at = first_not_finite(values);
    at.inspect(|at| out[*at] = values[*at]).is_some()
}

/// Of the largest singular value: what is smaller is zero but for rounding.
const LEAST: f64 = 1e-7;

/// The nearest matrix with orthonormal columns (or rows): `P Qᵀ` of `P D Qᵀ`, the solution of the
/// orthogonal Procrustes problem (Schönemann 1966).
fn orthogonal(matrix: &DMatrix<f64>) -> DMatrix<f64> {
    let (p, _, q) = singular(matrix.clone(), LEAST);
    p * q.transpose()
}

/// Task singular vectors (TSV-Merge): each task matrix keeps its top `1/T` of the singular vectors;
/// all tasks' left vectors are made orthogonal together, and so are the right ones; the merged
/// matrix is `U Σ Vᵀ` with all their singular values (Gargiulo et al. 2025, "Task singular
/// vectors: reducing task interference in model merging", CVPR).
///
/// What is no matrix is averaged. Breakdown point 0. Cost: `T + 2` decompositions a matrix.
#[derive(Clone, Debug)]
pub struct Tsv(pub scenario::Tsv);

impl Strategy for Tsv {
    fn name(&self) -> &'static str {
        "tsv"
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let spec = &self.0;
        by_matrix(group, (spec.lambda, spec.normalise), |segment| {
            let full = segment.shape.rows.min(segment.shape.live);
            let share = spec.rank.unwrap_or(1.0 / segment.rows.len() as f64);
            let keep = ((share * full as f64) as usize).clamp(1, full);
            let (mut lefts, mut rights) = (Vec::new(), Vec::new());
            let mut values: Vec<f64> = Vec::new();
            for row in &segment.rows {
                let (u, s, v) = singular(matrix(segment, row.values), LEAST);
                let keep = keep.min(s.len());
                lefts.extend(u.column_iter().take(keep).map(|c| c.into_owned()));
                rights.extend(v.column_iter().take(keep).map(|c| c.into_owned()));
                values.extend(&s[..keep]);
            }
            if values.is_empty() {
                return None;
            }
            let u = orthogonal(&DMatrix::from_columns(&lefts));
            let v = orthogonal(&DMatrix::from_columns(&rights));
            let scaled = DMatrix::from_fn(u.nrows(), u.ncols(), |i, k| u[(i, k)] * values[k]);
            Some((scaled * v.transpose(), 1.0))
        })
    }
}

/// Isotropic merging in the common subspace: of `Σ Δ_i = U Σ Vᵀ`, all singular values become their
/// mean, `σ̄ U Vᵀ` (Iso-C: Marczak et al. 2025, "No task left behind: isotropic model merging with
/// common and task-specific subspaces", ICML). Directions that no task has stay empty.
///
/// What is no matrix is averaged. Breakdown point 0. Cost: one decomposition a matrix.
#[derive(Clone, Debug)]
pub struct IsoC(pub scenario::IsoC);

impl Strategy for IsoC {
    fn name(&self) -> &'static str {
        "iso-c"
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        by_matrix(group, (self.0.lambda, self.0.normalise), |segment| {
            // in doubles, where no sum of finite numbers is infinite
            let sum = segment.rows.iter().map(|row| matrix(segment, row.values)).sum();
            let (u, values, v) = singular(sum, LEAST);
            if values.is_empty() {
                return None;
            }
            let level = values.iter().sum::<f64>() / values.len() as f64;
            Some((u * v.transpose(), level))
        })
    }
}
