//! Dot products and distances of a group's vectors, whatever their size.

use super::group::{Group, Segment};
use super::{MergeError, spare};
use crate::params::kernels::dot_f64;
use crate::params::kernels::merging::{CHUNK, gram, mirror, parallel_chunks, squared_distances};
use std::iter;
use std::ops::Range;

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

impl Drop for Products {
    fn drop(&mut self) {
        let matrices = [&mut self.inner, &mut self.distances];
        matrices.into_iter().map(std::mem::take).for_each(spare::put_by);
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
        let entries = self.entries() as f64;
        let mut pairs = Pairs::none(self.n());
        let look = |segment: &Segment<'_>, here: &mut Vec<f64>| {
            let rows = segment.values();
            here.resize(rows.len() * rows.len(), 0.0);
            inner_products(&rows, segment.threads_for_pairs(), here);
            Upper(rows.len()).pack(here);
        };
        self.measure(look, |segment, here| pairs.add(segment, here))?;
        let close = pairs.tell_apart();
        if close.iter().any(|others| !others.is_empty()) {
            self.measure(
                |segment, found| measure_close(segment, &close, found),
                |_, found| {
                    for told in found.chunks_exact(3) {
                        *pairs.distance(told[1] as usize, told[0] as usize) += told[2];
                    }
                },
            )?;
        }
        Ok(pairs.products(entries))
    }
}

/// Sums over segments for all pairs `i ≤ j` of members, packed.
struct Pairs {
    all: Upper,
    /// Dot products.
    inner: Vec<f64>,
    /// Numbers that both have.
    shared: Vec<f64>,
    /// Squared lengths of the first on what both have; in the end the squared distances.
    first: Vec<f64>,
    /// Squared lengths of the second.
    second: Vec<f64>,
}

impl Pairs {
    fn none(n: usize) -> Self {
        let all = Upper(n);
        let [inner, shared, first, second] = [(); 4].map(|()| spare::zeros(all.pairs()));
        Pairs { all, inner, shared, first, second }
    }

    /// Adds a segment, of whose vectors `here` holds the products.
    fn add(&mut self, segment: &Segment<'_>, here: &[f64]) {
        let members: Vec<usize> = segment.rows.iter().map(|row| row.member).collect();
        let (some, len) = (Upper(members.len()), segment.len() as f64);
        let squares: Vec<f64> = (0..some.0).map(|a| here[some.row(a).start]).collect();
        for (a, &i) in members.iter().enumerate() {
            let (here, row) = (&here[some.row(a)], self.all.row(i));
            if some.0 == self.all.0 {
                add(&mut self.inner[row.clone()], here.iter());
                add(&mut self.shared[row.clone()], iter::repeat(&len));
                add(&mut self.first[row.clone()], iter::repeat(&squares[a]));
                add(&mut self.second[row], squares[a..].iter());
                continue;
            }
            for ((&j, product), square) in members[a..].iter().zip(here).zip(&squares[a..]) {
                let pair = row.start + j - i;
                self.inner[pair] += product;
                self.shared[pair] += len;
                self.first[pair] += squares[a];
                self.second[pair] += square;
            }
        }
    }

    /// Makes the distances, but for those between members that are close together: these are none, and
    /// told, each with the member after which it comes.
    fn tell_apart(&mut self) -> Vec<Vec<usize>> {
        let n = self.all.0;
        let mut close = vec![Vec::new(); n];
        for i in 0..n {
            for (pair, j) in self.all.row(i).zip(i..n) {
                let lengths = self.first[pair] + self.second[pair];
                let distance = (lengths - 2.0 * self.inner[pair]).max(0.0);
                let is_close = distance < CANCELLED * lengths;
                self.first[pair] = if is_close { 0.0 } else { distance };
                if is_close && i != j {
                    close[j].push(i);
                }
            }
        }
        close
    }

    /// The distance of a pair, once they are made.
    fn distance(&mut self, i: usize, j: usize) -> &mut f64 {
        &mut self.first[self.all.row(i).start + j - i]
    }

    /// The whole matrices, in proportion to so many numbers of a vector.
    fn products(self, entries: f64) -> Products {
        let Pairs { all, inner: packed, shared, first, second } = self;
        let n = all.0;
        let [mut inner, mut distances] = [(); 2].map(|()| spare::zeros(n * n));
        for i in 0..n {
            for (pair, j) in all.row(i).zip(i..n) {
                let share = shared[pair];
                let factor = if share == entries { 1.0 } else { entries / share };
                inner[i * n + j] = if share > 0.0 { packed[pair] * factor } else { 0.0 };
                if i != j {
                    let far = share == 0.0 && entries > 0.0;
                    distances[i * n + j] = if far { f64::INFINITY } else { first[pair] * factor };
                }
            }
        }
        mirror(&mut inner, n);
        mirror(&mut distances, n);
        [packed, shared, first, second].into_iter().for_each(spare::put_by);
        Products { n, inner, distances }
    }
}

fn add<'a>(to: &mut [f64], numbers: impl Iterator<Item = &'a f64>) {
    to.iter_mut().zip(numbers).for_each(|(to, x)| *to += x);
}

/// What a symmetric matrix of so many rows has on its diagonal and above it, row after row.
#[derive(Clone, Copy)]
struct Upper(usize);

impl Upper {
    /// Numbers in all.
    fn pairs(self) -> usize {
        self.0 * (self.0 + 1) / 2
    }

    /// The places of a row, of which the first is the diagonal's.
    fn row(self, i: usize) -> Range<usize> {
        let start = i * (2 * self.0 + 1 - i) / 2;
        start..start + self.0 - i
    }

    /// Packs a whole matrix in its place.
    fn pack(self, matrix: &mut Vec<f64>) {
        let n = self.0;
        for i in 0..n {
            matrix.copy_within(i * n + i..(i + 1) * n, self.row(i).start);
        }
        matrix.truncate(self.pairs());
    }
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

/// Dot products of all pairs of rows, for numbers of any size: the upper half of an `n × n` matrix, whose
/// lower half may be anything.
pub(super) fn inner_products(rows: &[&[f32]], threads: usize, out: &mut [f64]) {
    gram(rows, threads, out);
    let n = rows.len();
    for i in 0..n {
        let held = is_held(out[i * n + i], rows[i].len());
        if !held && rows[i].iter().any(|x| *x != 0.0) {
            for j in 0..n {
                out[i.min(j) * n + i.max(j)] = dot_f64(rows[i], rows[j]);
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
    parts.clear();
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
