//! Weighted means and distances to them, in one pass over memory.

use super::super::simd::{Kernel, Vector, run16};
use super::super::vectors::{AHEAD, prefetch_line};
use super::parts::{CHUNK, PARTS_MAX, add_parts, parallel_chunks, parts, parts_mut};

/// Coordinates whose terms are added up in single precision: of so many rows a block stays in
/// the first caches. A function of the number of rows alone, for the sums' bits depend on it.
fn block_of(rows: usize) -> usize {
    if rows <= 64 { 512 } else { 128 }
}

/// One step of Weiszfeld's iteration: `mean[i] = Σ_r weights[r] · rows[r][i]`, and the squared
/// distance of every row to that mean. Weights are taken as they are: to be a mean they must
/// add up to one.
///
/// Each row is read from memory once; costs four operations a value. The terms of a distance
/// are added in single precision within 512 coordinates (128 beyond 64 rows) and in double
/// precision beyond. The bits depend on the rows and weights alone, not on `threads`.
///
/// # Panics
/// Where there are other than as many weights and distances as rows, or a row is shorter
/// than `mean`.
///
/// # Source
/// Pillutla, Kakade and Harchaoui, "Robust aggregation for federated learning", 2022: the
/// weights of the next step are `1 / max(ν, distance)`, normalised.
pub fn mean_and_distances(
    rows: &[&[f32]],
    weights: &[f32],
    threads: usize,
    mean: &mut [f32],
    distances: &mut [f64],
) {
    assert_eq!(distances.len(), rows.len(), "a distance for each row");
    let items = parts_mut(mean, PARTS_MAX).collect();
    let sums = parallel_chunks(threads, items, |(start, mean): (usize, &mut [f32])| {
        let mut sums = vec![0.0; rows.len()];
        for (i, mean) in mean.chunks_mut(CHUNK).enumerate() {
            mean_and_distances_chunk(rows, weights, start + i * CHUNK, mean, &mut sums);
        }
        sums
    });
    add_parts(&sums, distances);
}

/// Adds the parts of a chunk, from `start`, to the squared distances, and writes its part of
/// the mean; see [`mean_and_distances`].
///
/// # Panics
/// As there.
pub fn mean_and_distances_chunk(
    rows: &[&[f32]],
    weights: &[f32],
    start: usize,
    mean: &mut [f32],
    distances: &mut [f64],
) {
    assert_eq!(weights.len(), rows.len(), "a weight for each row");
    assert_eq!(distances.len(), rows.len(), "a distance for each row");
    assert!(rows.iter().all(|row| row.len() >= start + mean.len()), "a row is too short");
    run16(MeanAndDistances { rows, weights, start, mean, distances });
}

struct MeanAndDistances<'a> {
    rows: &'a [&'a [f32]],
    weights: &'a [f32],
    start: usize,
    mean: &'a mut [f32],
    distances: &'a mut [f64],
}

/// Vectors of the mean that are summed together.
const TOGETHER: usize = 4;

impl Kernel for MeanAndDistances<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let block = block_of(self.rows.len());
        for (i, mean) in self.mean.chunks_mut(block).enumerate() {
            let start = self.start + i * block;
            let step = TOGETHER * V::LANES;
            let whole = mean.len() / step * step;
            for i in (0..whole).step_by(step) {
                // SAFETY: the caller has V's instruction set; no row ends before
                // `start + mean.len()`.
                unsafe {
                    let mut sums = [V::splat(0.0); TOGETHER];
                    for (row, &weight) in self.rows.iter().zip(self.weights) {
                        let at = row.as_ptr().add(start + i);
                        for k in 0..TOGETHER {
                            let x = V::load(at.add(k * V::LANES));
                            sums[k] = V::splat(weight).fma(x, sums[k]);
                        }
                    }
                    for k in 0..TOGETHER {
                        sums[k].store(mean.as_mut_ptr().add(i + k * V::LANES));
                    }
                }
            }
            for (i, mean) in mean.iter_mut().enumerate().skip(whole) {
                *mean = 0.0;
                for (row, &weight) in self.rows.iter().zip(self.weights) {
                    *mean = weight.mul_add(row[start + i], *mean);
                }
            }
            for (row, sum) in self.rows.iter().zip(self.distances.iter_mut()) {
                let row = &row[start..start + mean.len()];
                // SAFETY: the caller has V's instruction set.
                *sum += f64::from(unsafe { terms::<V, Distance>(row, mean) });
            }
        }
    }
}

/// What is added up over two vectors.
trait Term {
    /// # Safety
    /// The caller has V's instruction set.
    unsafe fn add<V: Vector>(x: V, y: V, sum: V) -> V;
    fn add_one(x: f32, y: f32, sum: f32) -> f32;
}

/// `(x - y)²`
struct Distance;
/// `x · y`
struct Product;

impl Term for Distance {
    #[inline(always)]
    unsafe fn add<V: Vector>(x: V, y: V, sum: V) -> V {
        // SAFETY: as the caller vouches.
        unsafe {
            let d = x.sub(y);
            d.fma(d, sum)
        }
    }
    #[inline(always)]
    fn add_one(x: f32, y: f32, sum: f32) -> f32 {
        (x - y).mul_add(x - y, sum)
    }
}

impl Term for Product {
    #[inline(always)]
    unsafe fn add<V: Vector>(x: V, y: V, sum: V) -> V {
        // SAFETY: as the caller vouches.
        unsafe { x.fma(y, sum) }
    }
    #[inline(always)]
    fn add_one(x: f32, y: f32, sum: f32) -> f32 {
        x.mul_add(y, sum)
    }
}

/// The terms of a block in single precision: two vectors of sums, then by halves, and what no
/// vector holds one by one.
///
/// # Safety
/// The caller has V's instruction set, of sixteen lanes.
#[inline(always)]
unsafe fn terms<V: Vector, T: Term>(x: &[f32], y: &[f32]) -> f32 {
    debug_assert_eq!(x.len(), y.len());
    let whole = x.len() / (2 * V::LANES) * 2 * V::LANES;
    // SAFETY: as the caller vouches; vectors lie below `whole`.
    let mut sum = unsafe {
        let mut sums = [V::splat(0.0); 2];
        for i in (0..whole).step_by(2 * V::LANES) {
            for k in 0..2 {
                prefetch_line(x.as_ptr().wrapping_add(AHEAD + i + 16 * k));
                let (x, y) = (x.as_ptr().add(i), y.as_ptr().add(i));
                let (x, y) = (V::load(x.add(k * V::LANES)), V::load(y.add(k * V::LANES)));
                sums[k] = T::add(x, y, sums[k]);
            }
        }
        sums[0].add(sums[1]).sum()
    };
    for (x, y) in x[whole..].iter().zip(&y[whole..]) {
        sum = T::add_one(*x, *y, sum);
    }
    sum
}

/// `out[r] = Σ_i (rows[r][i] - point[i])²`; see [`dots`].
///
/// # Panics
/// Where there are other than as many results as rows, or a row is not as long as `point`.
pub fn squared_distances(rows: &[&[f32]], point: &[f32], threads: usize, out: &mut [f64]) {
    reduce::<Distance>(rows, Some(point), threads, out);
}

/// `out[r] = Σ_i rows[r][i]²`; see [`dots`].
///
/// # Panics
/// Where there are other than as many results as rows, or rows differ in length.
pub fn squared_norms(rows: &[&[f32]], threads: usize, out: &mut [f64]) {
    reduce::<Product>(rows, None, threads, out);
}

/// `out[r] = Σ_i rows[r][i] · point[i]`.
///
/// Each row is read from memory once. Terms are added in single precision within 512
/// coordinates and in double precision beyond; the bits depend on the rows alone, not on
/// `threads`.
///
/// # Panics
/// Where there are other than as many results as rows, or a row is not as long as `point`.
pub fn dots(rows: &[&[f32]], point: &[f32], threads: usize, out: &mut [f64]) {
    reduce::<Product>(rows, Some(point), threads, out);
}

fn reduce<T: Term>(rows: &[&[f32]], point: Option<&[f32]>, threads: usize, out: &mut [f64]) {
    assert_eq!(out.len(), rows.len(), "a result for each row");
    let len = point.or(rows.first().copied()).map_or(0, <[f32]>::len);
    assert!(rows.iter().all(|row| row.len() == len), "rows differ in length");
    let sums = parallel_chunks(threads, parts(len, PARTS_MAX).collect(), |part| {
        let mut sums = vec![0.0; rows.len()];
        for start in part.clone().step_by(CHUNK) {
            let chunk = start..part.end.min(start + CHUNK);
            for (row, sum) in rows.iter().zip(&mut sums) {
                let x = &row[chunk.clone()];
                let y = point.map_or(x, |point| &point[chunk.clone()]);
                *sum += run16(Reduce::<T> { x, y, term: std::marker::PhantomData });
            }
        }
        sums
    });
    add_parts(&sums, out);
}

struct Reduce<'a, T> {
    x: &'a [f32],
    y: &'a [f32],
    term: std::marker::PhantomData<T>,
}

impl<T: Term> Kernel for Reduce<'_, T> {
    type Output = f64;
    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> f64 {
        let mut sum = 0.0;
        for (x, y) in self.x.chunks(512).zip(self.y.chunks(512)) {
            // SAFETY: the caller has V's instruction set.
            sum += f64::from(unsafe { terms::<V, T>(x, y) });
        }
        sum
    }
}
