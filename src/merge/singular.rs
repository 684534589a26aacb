//! Singular values and vectors, by rotating pairs of columns until all are at right angles.
//!
//! The one-sided Jacobi method (Hestenes 1958; Demmel & Veselić 1992, "Jacobi's method is more
//! accurate than QR"). nalgebra's decomposition, by bidiagonalisation, comes out wrong or not a
//! number for one in six matrices of rank one, and task matrices of colluders are of low rank.

use nalgebra::DMatrix;

/// Sweeps over all pairs: convergence is quadratic, and ten are many.
const SWEEPS: usize = 60;
/// Columns whose cosine is smaller are at right angles, as far as doubles can tell.
const RIGHT: f64 = 1e-15;

/// A matrix' singular values, the largest first, with the left and the right vectors as columns;
/// those below `least` of the largest, and zeros, are left out. Its numbers are finite.
pub(super) fn singular(matrix: DMatrix<f64>, least: f64) -> (DMatrix<f64>, Vec<f64>, DMatrix<f64>) {
    let (rows, columns) = matrix.shape();
    if rows < columns {
        let (left, values, right) = singular(matrix.transpose(), least);
        return (right, values, left);
    }
    // its columns become U Σ, and turns those of the identity V
    let mut turned = matrix;
    let mut turns = DMatrix::identity(columns, columns);
    for _ in 0..SWEEPS {
        let mut turning = false;
        for p in 0..columns {
            for q in p + 1..columns {
                let Some(turn) = right_angle(&turned, p, q) else { continue };
                turning = true;
                rotate(&mut turned, p, q, turn);
                rotate(&mut turns, p, q, turn);
            }
        }
        if !turning {
            break;
        }
    }
    let norms: Vec<f64> =
        (0..columns).map(|j| dot(column(&turned, j), column(&turned, j)).sqrt()).collect();
    let mut order: Vec<usize> = (0..columns).collect();
    order.sort_by(|a, b| norms[*b].total_cmp(&norms[*a]).then(a.cmp(b)));
    let most = order.first().map_or(0.0, |i| norms[*i]);
    order.retain(|i| norms[*i] > least * most && norms[*i] > 0.0);
    let left = DMatrix::from_fn(rows, order.len(), |i, k| turned[(i, order[k])] / norms[order[k]]);
    let right = DMatrix::from_fn(columns, order.len(), |j, k| turns[(j, order[k])]);
    (left, order.iter().map(|i| norms[*i]).collect(), right)
}

/// The cosine and sine of the turn that puts two columns at right angles; none where they are.
fn right_angle(matrix: &DMatrix<f64>, p: usize, q: usize) -> Option<(f64, f64)> {
    let (a, b) = (column(matrix, p), column(matrix, q));
    let (aa, bb, ab) = (dot(a, a), dot(b, b), dot(a, b));
    if ab.abs() <= RIGHT * (aa * bb).sqrt() {
        return None;
    }
    let zeta = (bb - aa) / (2.0 * ab);
    let tangent = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
    let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
    Some((cosine, cosine * tangent))
}

/// Turns two columns in their plane.
fn rotate(matrix: &mut DMatrix<f64>, p: usize, q: usize, (cosine, sine): (f64, f64)) {
    let rows = matrix.nrows();
    let (before, after) = matrix.as_mut_slice().split_at_mut(q * rows);
    let (a, b) = (&mut before[p * rows..(p + 1) * rows], &mut after[..rows]);
    for (a, b) in a.iter_mut().zip(b) {
        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    }
}

/// nalgebra keeps matrices by columns.
fn column(matrix: &DMatrix<f64>, j: usize) -> &[f64] {
    let rows = matrix.nrows();
    &matrix.as_slice()[j * rows..(j + 1) * rows]
}

/// In eight sums, so that it takes vectors on any machine and gives the same bits on all.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for i in 0..8 {
            sums[i] += a[i] * b[i];
        }
    }
    rest + sums.iter().sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{Purpose, Stream};

    /// `U Σ Vᵀ` is the matrix, and the vectors are orthonormal.
    fn holds(matrix: &DMatrix<f64>) -> usize {
        let (left, values, right) = singular(matrix.clone(), 1e-12);
        let size = matrix.amax();
        let middle = DMatrix::from_diagonal(&nalgebra::DVector::from_vec(values.clone()));
        let error = (&left * middle * right.transpose() - matrix).amax();
        assert!(error <= 1e-11 * size, "{error} of {size}: {matrix}");
        for vectors in [&left, &right] {
            let apart =
                vectors.transpose() * vectors - DMatrix::identity(values.len(), values.len());
            assert!(apart.is_empty() || apart.amax() < 1e-10, "{vectors}");
        }
        assert!(values.windows(2).all(|pair| pair[0] >= pair[1]), "{values:?}");
        values.len()
    }

    #[test]
    fn matrices_of_any_rank_come_apart_and_together_again() {
        let mut stream = Stream::new(5, Purpose::Job, 0, 0);
        for i in 0..400 {
            let (rows, columns) = [(8, 17), (17, 8), (8, 40), (5, 5), (1, 9), (24, 3)][i % 6];
            let rank = 1 + i % rows.min(columns);
            let scale = crate::maths::exp(30.0 * stream.normal());
            let factor =
                |n: usize, stream: &mut Stream| DMatrix::from_fn(n, rank, |_, _| stream.normal());
            let (a, b) = (factor(rows, &mut stream), factor(columns, &mut stream));
            assert_eq!(holds(&(a * b.transpose() * scale)), rank, "{rows} x {columns}");
        }
    }

    /// Colluders send one thing many times over: nalgebra's values of some such matrices are wrong.
    #[test]
    fn columns_that_come_again_and_zeros_do_no_harm() {
        let mut stream = Stream::new(6, Purpose::Job, 0, 0);
        for i in 0..200 {
            let few = 1 + i % 4;
            let base = DMatrix::from_fn(8, few, |_, _| stream.normal());
            let again = DMatrix::from_fn(8, 40, |row, j| {
                if j % 5 == 4 && i % 2 == 0 { 0.0 } else { base[(row, j % few)] }
            });
            assert_eq!(holds(&again), few);
        }
        assert_eq!(holds(&DMatrix::zeros(4, 3)), 0);
    }

    /// Known by hand: `[[3, 0], [4, 5]]` has `√45` and `√5`.
    #[test]
    fn a_small_one_is_known_by_hand() {
        let (_, values, _) = singular(DMatrix::from_row_slice(2, 2, &[3.0, 0.0, 4.0, 5.0]), 0.0);
        assert!((values[0] - 45.0_f64.sqrt()).abs() < 1e-14, "{values:?}");
        assert!((values[1] - 5.0_f64.sqrt()).abs() < 1e-14, "{values:?}");
    }
}
