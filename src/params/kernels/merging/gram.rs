//! Dot products of all pairs of rows.

use super::super::simd::{Kernel, Vector, run8};
use super::super::vectors::prefetch_line;
use super::parts::{CHUNK, PARTS_MAX, add_parts, parallel_chunks, parts};

/// Coordinates whose products are added up in single precision, in eight sums of 128, before
/// their total goes to the pair's sum in double precision.
const BLOCK: usize = 1024;

/// Rows whose blocks stay in the second cache while all their pairs are made.
const BAND: usize = 48;

/// Rows of a tile of pairs, and rows that they are paired with: twelve sums and what they need
/// fill sixteen registers.
const TALL: usize = 4;
const WIDE: usize = 3;

/// Numbers that all parts of a matrix may hold together.
const NUMBERS_MAX: usize = 8 << 20;

/// The Gram matrix `out[i · n + j] = Σ_k rows[i][k] · rows[j][k]` of `n` rows.
///
/// Products are added in single precision within 1024 coordinates (eight sums, then by halves)
/// and in double precision beyond, so an entry's relative error to `Σ |products|` is below
/// 1e-5. Costs `n² / 2` multiply-adds a coordinate; every row is read from memory once for each
/// 48 rows. The bits depend on the rows alone, not on `threads`. Allocates a matrix for each of
/// at most 32 parts of the coordinates, 64 MiB of them at most.
///
/// # Panics
/// Where rows differ in length, or `out` is not `n × n`.
pub fn gram(rows: &[&[f32]], threads: usize, out: &mut [f64]) {
    let n = rows.len();
    assert_eq!(out.len(), n * n, "a Gram matrix of {n} rows");
    let Some(len) = rows.first().map(|row| row.len()) else { return };
    let most = (NUMBERS_MAX / (n * n)).clamp(1, PARTS_MAX);
    let sums = parallel_chunks(threads, parts(len, most).collect(), |part| {
        let mut sum = vec![0.0; n * n];
        for start in part.step_by(CHUNK) {
            gram_chunk(rows, start, &mut sum);
        }
        sum
    });
    add_parts(&sums, out);
    for i in 0..n {
        for j in 0..i {
            out[i * n + j] = out[j * n + i];
        }
    }
}

/// Adds the products of a chunk's coordinates, from `start`, to the upper triangle of `out`.
///
/// # Panics
/// Where rows differ in length, `start` is no chunk's, or `out` is not `n × n`.
pub fn gram_chunk(rows: &[&[f32]], start: usize, out: &mut [f64]) {
    let n = rows.len();
    assert_eq!(out.len(), n * n, "a Gram matrix of {n} rows");
    let len = rows.first().map_or(0, |row| row.len());
    assert!(rows.iter().all(|row| row.len() == len), "rows differ in length");
    assert!(start.is_multiple_of(CHUNK) && start <= len, "no chunk starts at {start}");
    for start in (start..len.min(start + CHUNK)).step_by(BLOCK) {
        run8(Gram { rows, start, end: len.min(start + BLOCK), out });
    }
}

/// The products of coordinates `start..end`, which all rows have.
struct Gram<'a> {
    rows: &'a [&'a [f32]],
    start: usize,
    end: usize,
    out: &'a mut [f64],
}

impl Kernel for Gram<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let n = self.rows.len();
        let mut tiles = 0;
        for top in (0..n).step_by(BAND) {
            for left in (top..n).step_by(BAND) {
                for i in (top..n.min(top + BAND)).step_by(TALL) {
                    let last = n.min(left + BAND);
                    for j in (left.max(i)..last).step_by(WIDE) {
                        // tiles at the edge take the last row several times
                        let tall: [&[f32]; TALL] =
                            std::array::from_fn(|r| self.rows[(i + r).min(n - 1)]);
                        let wide: [&[f32]; WIDE] =
                            std::array::from_fn(|c| self.rows[(j + c).min(n - 1)]);
                        // each tile asks for one row's next block
                        let later = self
                            .rows
                            .get(tiles)
                            .map_or(std::ptr::null(), |row| row.as_ptr().wrapping_add(BLOCK));
                        tiles += 1;
                        // SAFETY: the caller has V's instruction set, and rows reach to `end`.
                        let sums = unsafe { tile::<V>(tall, wide, later, self.start, self.end) };
                        for r in 0..TALL.min(n - i) {
                            for c in 0..WIDE.min(last - j) {
                                if i + r <= j + c {
                                    self.out[(i + r) * n + j + c] += f64::from(sums[r][c]);
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// # Safety
/// The caller has V's instruction set, of eight lanes, and the rows have coordinates
/// `start..end`.
#[inline(always)]
unsafe fn tile<V: Vector>(
    tall: [&[f32]; TALL],
    wide: [&[f32]; WIDE],
    later: *const f32,
    start: usize,
    end: usize,
) -> [[f32; WIDE]; TALL] {
    debug_assert_eq!(V::LANES, 8);
    let whole = start + (end - start) / 8 * 8;
    // SAFETY: as the caller vouches.
    unsafe {
        let mut sums = [[V::splat(0.0); WIDE]; TALL];
        let mut k = start;
        while k < whole {
            prefetch_line(later.wrapping_add(k));
            let mut columns = [V::splat(0.0); WIDE];
            for c in 0..WIDE {
                columns[c] = V::load(wide[c].as_ptr().add(k));
            }
            for r in 0..TALL {
                let row = V::load(tall[r].as_ptr().add(k));
                for c in 0..WIDE {
                    sums[r][c] = row.fma(columns[c], sums[r][c]);
                }
            }
            k += 8;
        }
        if whole < end {
            let rest = |row: &[f32]| {
                let mut last = [0.0; 8];
                last[..end - whole].copy_from_slice(&row[whole..end]);
                last
            };
            let (tall, wide) = (tall.map(rest), wide.map(rest));
            for r in 0..TALL {
                for c in 0..WIDE {
                    let (row, column) = (V::load(tall[r].as_ptr()), V::load(wide[c].as_ptr()));
                    sums[r][c] = row.fma(column, sums[r][c]);
                }
            }
        }
        let mut totals = [[0.0; WIDE]; TALL];
        for r in 0..TALL {
            for c in 0..WIDE {
                totals[r][c] = sums[r][c].sum();
            }
        }
        totals
    }
}
