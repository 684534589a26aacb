//! Dot products of all pairs of rows.

use super::super::simd::{Kernel, Vector, run_widest};
use super::super::vectors::prefetch_line_far;
use super::MergeScratch;
use super::parts::{PARTS_MAX, add_parts, parallel_chunks_with, parts};
use std::array::from_fn;
use std::ops::Range;

/// Coordinates whose products are added up in single precision, in sixteen sums of 64, before
/// their total goes to the pair's sum in double precision.
const BLOCK: usize = 1024;

/// Sums of a pair in a block, whatever the vectors' width.
const SUMS: usize = 16;

/// Rows whose blocks stay in the second cache while all their pairs are made.
const BAND: usize = 48;

/// Numbers that all parts of a matrix may hold together.
const NUMBERS_MAX: usize = 8 << 20;

/// The Gram matrix `out[i · n + j] = Σ_k rows[i][k] · rows[j][k]` of `n` rows.
///
/// Products are added in single precision within 1024 coordinates (sixteen sums, then by halves)
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
    assert!(rows.iter().all(|row| row.len() == len), "rows differ in length");
    let items = parts(len, most).collect();
    let sums = parallel_chunks_with(threads, items, |part, scratch: &mut MergeScratch| {
        let mut sum = vec![0.0; n * n];
        let last = scratch.take(n * BLOCK);
        run_widest(Gram { rows, part, last, out: &mut sum });
        sum
    });
    add_parts(&sums, out);
    for i in 0..n {
        for j in 0..i {
            out[i * n + j] = out[j * n + i];
        }
    }
}

/// The products of a part of the coordinates, which all rows have.
struct Gram<'a> {
    rows: &'a [&'a [f32]],
    part: Range<usize>,
    /// Room for a block of every row: the last one, which need not be whole sums.
    last: &'a mut [f32],
    out: &'a mut [f64],
}

impl Kernel for Gram<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        // SAFETY: the caller has V's instruction set. The sums of a tile and what they need fill
        // 32 registers, or sixteen.
        unsafe {
            match V::LANES {
                SUMS => self.blocks::<V, 6, 4>(),
                _ => self.blocks::<V, 3, 3>(),
            }
        }
    }
}

impl Gram<'_> {
    /// Makes all pairs block by block, `TALL` rows with `WIDE` at a time; meanwhile the rows'
    /// next block is asked for.
    ///
    /// # Safety
    /// The caller has V's instruction set.
    #[inline(always)]
    unsafe fn blocks<V: Vector, const TALL: usize, const WIDE: usize>(self) {
        let Gram { rows, part, last, out } = self;
        let n = rows.len();
        let tiles = tiles(n, TALL, WIDE);
        // rows that a tile asks for
        let asked = n.div_ceil(tiles.len());
        for start in part.clone().step_by(BLOCK) {
            let len = (part.end - start).min(BLOCK);
            let whole = len.next_multiple_of(SUMS);
            if len < whole {
                for (row, to) in rows.iter().zip(last.chunks_exact_mut(BLOCK)) {
                    to[..len].copy_from_slice(&row[start..start + len]);
                    to[len..whole].fill(0.0);
                }
            }
            // tiles at the edge make the last row's products once more
            let at = |r: usize| {
                let r = r.min(n - 1);
                if len < whole { last[r * BLOCK..].as_ptr() } else { rows[r][start..].as_ptr() }
            };
            for (t, &Tile { i, j, last }) in tiles.iter().enumerate() {
                let asking = &rows[(t * asked).min(n)..((t + 1) * asked).min(n)];
                let (tall, wide) = (from_fn(|r| at(i + r)), from_fn(|c| at(j + c)));
                // SAFETY: the caller has V's instruction set; every row has so much.
                let sums = unsafe { tile::<V, TALL, WIDE>(tall, wide, whole, (asking, start)) };
                for r in 0..TALL.min(n - i) {
                    for c in 0..WIDE.min(last - j) {
                        if i + r <= j + c {
                            out[(i + r) * n + j + c] += f64::from(sums[r][c]);
                        }
                    }
                }
            }
        }
    }
}

/// Pairs of the rows from `i` on with those from `j` on, up to `last`.
struct Tile {
    i: usize,
    j: usize,
    last: usize,
}

/// The tiles that hold all pairs of `n` rows, band by band.
fn tiles(n: usize, tall: usize, wide: usize) -> Vec<Tile> {
    let mut tiles = Vec::new();
    for top in (0..n).step_by(BAND) {
        for left in (top..n).step_by(BAND) {
            let last = n.min(left + BAND);
            for i in (top..n.min(top + BAND)).step_by(tall) {
                tiles.extend((left.max(i)..last).step_by(wide).map(|j| Tile { i, j, last }));
            }
        }
    }
    tiles
}

/// The products of `len` numbers, a multiple of sixteen, of every pair of rows. Asks for the
/// block after that which starts at a coordinate of the rows `ahead`.
///
/// # Safety
/// The caller has V's instruction set, of eight or sixteen lanes, and rows have so many numbers.
#[inline(always)]
unsafe fn tile<V: Vector, const TALL: usize, const WIDE: usize>(
    tall: [*const f32; TALL],
    wide: [*const f32; WIDE],
    len: usize,
    (ahead, start): (&[&[f32]], usize),
) -> [[f32; WIDE]; TALL] {
    // SAFETY: as the caller vouches.
    unsafe {
        // vectors of half the width go over the coordinates twice, so that sums stay in registers
        let mut halves = [[[V::splat(0.0); WIDE]; TALL]; 2];
        for (h, sums) in halves.iter_mut().take(SUMS / V::LANES).enumerate() {
            let mut here = *sums;
            for k in (h * V::LANES..len).step_by(SUMS) {
                if h == 0 {
                    for row in ahead {
                        prefetch_line_far(row.as_ptr().wrapping_add(start + BLOCK + k));
                    }
                }
                // no closures in here: one that is not inlined has no instruction set
                let mut columns = [V::splat(0.0); WIDE];
                for c in 0..WIDE {
                    columns[c] = V::load(wide[c].add(k));
                }
                for r in 0..TALL {
                    let row = V::load(tall[r].add(k));
                    for c in 0..WIDE {
                        here[r][c] = row.fma(columns[c], here[r][c]);
                    }
                }
            }
            *sums = here;
        }
        let mut totals = [[0.0; WIDE]; TALL];
        for r in 0..TALL {
            let mut sums = [V::splat(0.0); 4];
            for c in 0..WIDE {
                let (a, b) = (halves[0][r][c], halves[1][r][c]);
                sums[c] = if V::LANES == SUMS { a } else { a.add(b) };
            }
            totals[r].copy_from_slice(&V::sums(sums)[..WIDE]);
        }
        totals
    }
}
