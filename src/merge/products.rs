//! Dot products and distances of a group's vectors, whatever their size.

use super::MergeError;
use super::group::{Group, Segment};
use crate::params::kernels::dot_f64;
use crate::params::kernels::merging::{CHUNK, gram, parallel_chunks, squared_distances};

/// Mean square below which sums of squares in single precision lose digits; beyond its range they
/// are infinite. Either way they are taken again in double precision.
const LEAST_SQUARE: f64 = 1e-30;

/// Dot products and squared distances of all pairs of a group's vectors, `n × n` each.
///
/// Where two members do not share all segments, both are those over the segments that they
/// share, in proportion to all numbers of the group (Dixon 1979, "Pattern recognition with
/// partly missing data"); members that share none have product 0 and an infinite distance.
#[derive(Clone, Debug, PartialEq)]
pub struct Products {
    /// Members.
    pub n: usize,
    /// `inner[i · n + j] = ⟨x_i, x_j⟩`.
    pub inner: Vec<f64>,
    /// `distances[i · n + j] = ‖x_i − x_j‖²`.
    pub distances: Vec<f64>,
}

impl Products {
    /// `‖x_i‖`.
    pub fn norm(&self, i: usize) -> f64 {
        self.inner[i * self.n + i].max(0.0).sqrt()
    }

    /// `⟨x_i, x_j⟩`.
    pub fn dot(&self, i: usize, j: usize) -> f64 {
        self.inner[i * self.n + j]
    }

    /// The cosine of the angle between `x_i` and `x_j`; zero where one of them is.
    pub fn cosine(&self, i: usize, j: usize) -> f64 {
        let norms = self.norm(i) * self.norm(j);
        if norms > 0.0 { (self.dot(i, j) / norms).clamp(-1.0, 1.0) } else { 0.0 }
    }

    /// `‖x_i − x_j‖²`.
    pub fn distance(&self, i: usize, j: usize) -> f64 {
        self.distances[i * self.n + j]
    }
}

/// Distances below this share of the two vectors' squared lengths are taken directly: in the
/// difference of dot products, rounding would be more than a thousandth of them.
const CANCELLED: f64 = 1e-2;

impl Group<'_> {
    /// Dot products and distances of all pairs, in one pass over all vectors, and another over
    /// those that are too close together for the first to tell.
    ///
    /// # Errors
    /// As of [`read`](Group::read).
    pub fn products(&mut self) -> Result<Products, MergeError> {
        let (n, entries) = (self.n(), self.entries() as f64);
        let (mut inner, mut shared) = (vec![0.0; n * n], vec![0.0; n * n]);
        let mut lengths = vec![0.0; n * n];
        let look = |segment: &Segment<'_>, here: &mut Vec<f64>| {
            let rows = segment.values();
            here.resize(rows.len() * rows.len(), 0.0);
            inner_products(&rows, segment.threads(), here);
            lower(here, rows.len());
        };
        self.measure(look, |segment, here| {
            let members = || segment.rows.iter().map(|row| row.member);
            let diagonal = |a: usize| here[a * (a + 3) / 2];
            let mut at = 0;
            for (a, i) in members().enumerate() {
                for (b, j) in members().take(a + 1).enumerate() {
                    inner[i * n + j] += here[at];
                    shared[i * n + j] += segment.len() as f64;
                    // of either, where it has the other beside it
                    lengths[i * n + j] += diagonal(a);
                    if i != j {
                        lengths[j * n + i] += diagonal(b);
                    }
                    at += 1;
                }
            }
        })?;
        let mut distances = vec![0.0; n * n];
        let mut close = vec![Vec::new(); n];
        for i in 0..n {
            for j in 0..i {
                let lengths = lengths[i * n + j] + lengths[j * n + i];
                let distance = (lengths - 2.0 * inner[i * n + j]).max(0.0);
                if distance < CANCELLED * lengths {
                    close[i].push(j);
                } else {
                    distances[i * n + j] = distance;
                }
            }
        }
        if close.iter().any(|others| !others.is_empty()) {
            self.measure(
                |segment, found| measure_close(segment, &close, found),
                |_, found| {
                    for told in found.chunks_exact(3) {
                        distances[told[0] as usize * n + told[1] as usize] += told[2];
                    }
                },
            )?;
        }
        for i in 0..n {
            for j in 0..=i {
                let share = shared[i * n + j];
                let factor = if share == entries { 1.0 } else { entries / share };
                inner[i * n + j] = if share > 0.0 { inner[i * n + j] * factor } else { 0.0 };
                inner[j * n + i] = inner[i * n + j];
                if i != j {
                    let far = share == 0.0 && entries > 0.0;
                    let d = distances[i * n + j] * factor;
                    distances[i * n + j] = if far { f64::INFINITY } else { d };
                    distances[j * n + i] = distances[i * n + j];
                }
            }
        }
        Ok(Products { n, inner, distances })
    }
}

/// What a symmetric `n × n` matrix has below its diagonal and on it, row by row, in its place.
fn lower(square: &mut Vec<f64>, n: usize) {
    let mut end = 0;
    for row in 0..n {
        square.copy_within(row * n..row * n + row + 1, end);
        end += row + 1;
    }
    square.truncate(end);
}

/// Takes again by `exact` what single precision could not hold of the rows' sums of squares.
pub(super) fn retake(rows: &[&[f32]], squares: &mut [f64], exact: impl Fn(&[f32]) -> f64) {
    for (row, square) in rows.iter().zip(squares) {
        if !is_held(*square, row.len()) {
            *square = exact(row);
        }
    }
}

/// Whether a sum of squares of `len` numbers could be taken in single precision.
fn is_held(square: f64, len: usize) -> bool {
    square.is_finite() && square >= LEAST_SQUARE * len as f64
}

/// Dot products of all pairs of rows, `n × n`, for numbers of any size.
pub(super) fn inner_products(rows: &[&[f32]], threads: usize, out: &mut [f64]) {
    gram(rows, threads, out);
    let n = rows.len();
    for i in 0..n {
        let held = is_held(out[i * n + i], rows[i].len());
        if !held && rows[i].iter().any(|x| *x != 0.0) {
            for j in 0..n {
                out[i * n + j] = dot_f64(rows[i], rows[j]);
                out[j * n + i] = out[i * n + j];
            }
        }
    }
}

/// `‖a − b‖²` in double precision.
pub(super) fn distance_f64(a: &[f32], b: &[f32]) -> f64 {
    let square = |(a, b): (&f32, &f32)| {
        let difference = f64::from(*a) - f64::from(*b);
        difference * difference
    };
    a.iter().zip(b).map(square).sum()
}

/// A segment's parts of the distances between members that are close together: which two, and how
/// much.
fn measure_close(segment: &Segment<'_>, close: &[Vec<usize>], parts: &mut Vec<f64>) {
    let mut at = vec![None; close.len()];
    segment.rows.iter().for_each(|row| at[row.member] = Some(row.values));
    let starts: Vec<usize> = (0..segment.len()).step_by(16 * CHUNK).collect();
    let found = parallel_chunks(segment.threads(), starts, |start| {
        let end = (start + 16 * CHUNK).min(segment.len());
        let mut sums = Vec::new();
        for (i, others) in close.iter().enumerate() {
            let Some(point) = at[i] else { continue };
            let rows: Vec<(usize, &[f32])> =
                others.iter().filter_map(|j| Some((*j, &at[*j]?[start..end]))).collect();
            let values: Vec<&[f32]> = rows.iter().map(|(_, row)| *row).collect();
            let mut found = vec![0.0; rows.len()];
            squared_distances(&values, &point[start..end], 1, &mut found);
            retake(&values, &mut found, |row| distance_f64(row, &point[start..end]));
            sums.extend(rows.iter().zip(found).map(|((j, _), d)| [i as f64, *j as f64, d]));
        }
        sums
    });
    parts.extend(found.into_iter().flatten().flatten());
}
