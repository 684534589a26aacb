//! Dot products of all pairs of rows.

use super::super::simd::{Kernel, Vector, run_widest};
use super::super::vectors::prefetch_line;
use super::MergeScratch;
use super::parts::{PARTS_MAX, add_parts, parallel_chunks_with, parts};
use std::ops::Range;

/// Coordinates whose products are added up in single precision, in sixteen sums of 64, before
/// their total goes to the pair's sum in double precision.
const BLOCK: usize = 1024;

/// Sums of a pair in a block, whatever the vectors' width.
const SUMS: usize = 16;

/// Rows whose blocks stay in the second cache while all their pairs are made: whole tiles of both
/// heights.
const BAND: usize = 96;

/// Rows whose blocks are read where they lie. Blocks of more are read so often that it pays to copy
/// them to where no vector straddles two lines of memory.
const IN_PLACE: usize = 32;

/// Numbers from one copied row to the next: with a line more than a block, not all of them are after
/// the same places of the caches.
const STRIDE: usize = BLOCK + 16;

/// Rows and columns of a tile that is mirrored at once: 32 KB.
const MIRRORED: usize = 64;

/// Numbers that all parts of a matrix may hold together.
const NUMBERS_MAX: usize = 8 << 20;

/// The upper half of the Gram matrix `out[i · n + j] = Σ_k rows[i][k] · rows[j][k]` of `n` rows, `i ≤ j`;
/// [`mirror`] makes it whole. Below the diagonal are zeros.
///
/// Products are added in single precision within 1024 coordinates (sixteen sums, then by halves)
/// and in double precision beyond, so an entry's relative error to `Σ |products|` is below
/// 1e-5. Costs `n² / 2` multiply-adds a coordinate; every row is read from memory once, and of more
/// than 96 rows again out of caches. The bits depend on the rows alone, not on `threads`. Threads share
/// parts of the coordinates, for each of which it allocates a matrix, at most 32 and 64 MiB of them; where
/// there is one part, they share the pairs.
///
/// # Panics
/// Where rows differ in length, or `out` is not `n × n`.
pub fn gram(rows: &[&[f32]], threads: usize, out: &mut [f64]) {
    let n = rows.len();
    assert_eq!(out.len(), n * n, "a Gram matrix of {n} rows");
    let Some(len) = rows.first().map(|row| row.len()) else { return };
    let most = (NUMBERS_MAX / (n * n)).clamp(1, PARTS_MAX);
    assert!(rows.iter().all(|row| row.len() == len), "rows differ in length");
    let items: Vec<_> = parts(len, most).collect();
    if let [part] = &items[..] {
        out.fill(0.0);
        let shares = shares(n, threads, out);
        parallel_chunks_with(threads, shares, |(first, out), scratch: &mut MergeScratch| {
            let near = scratch.take((n - first) * STRIDE);
            run_widest(Gram { rows, part: part.clone(), first, near, out });
        });
    } else {
        let sums = parallel_chunks_with(threads, items, |part, scratch: &mut MergeScratch| {
            let mut sum = vec![0.0; n * n];
            let near = scratch.take(n * STRIDE);
            run_widest(Gram { rows, part, first: 0, near, out: &mut sum });
            sum
        });
        add_parts(&sums, out);
    }
}

/// Copies what a matrix of `n` rows has above its diagonal to below it.
pub fn mirror(matrix: &mut [f64], n: usize) {
    // tile by tile, as a column is in as many pages as it has numbers
    for top in (0..n).step_by(MIRRORED) {
        for left in (0..=top).step_by(MIRRORED) {
            for i in top..n.min(top + MIRRORED) {
                for j in left..i.min(left + MIRRORED) {
                    matrix[i * n + j] = matrix[j * n + i];
                }
            }
        }
    }
}

/// Cuts an `n × n` matrix into shares of whole bands, each with its first row and with about as many
/// pairs in the upper half as every other.
fn shares(n: usize, threads: usize, matrix: &mut [f64]) -> Vec<(usize, &mut [f64])> {
    let wanted = if threads > 1 { 2 * threads } else { 1 };
    let mut rest = matrix;
    let mut first = 0;
    let mut shares = Vec::new();
    for share in 1..=wanted {
        // the rows before it have the share `1 − (1 − row/n)²` of all pairs
        let left = 1.0 - share as f64 / wanted as f64;
        let row = (n as f64 * (1.0 - left.sqrt())) as usize;
        let end = if share == wanted { n } else { row.next_multiple_of(BAND).clamp(first, n) };
        let (own, after) = rest.split_at_mut((end - first) * n);
        if end > first {
            shares.push((first, own));
        }
        (rest, first) = (after, end);
    }
    shares
}

/// The products of a part of the coordinates, which all rows have, of some rows with themselves and those
/// after them.
struct Gram<'a> {
    rows: &'a [&'a [f32]],
    part: Range<usize>,
    /// The first of the rows.
    first: usize,
    /// Room for a block of every row from there on.
    near: &'a mut [f32],
    /// The rows of the matrix.
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
    /// Makes all pairs block by block, `TALL` rows with each other or with `WIDE` at a time;
    /// meanwhile the rows' next block is asked for.
    ///
    /// # Safety
    /// The caller has V's instruction set.
    #[inline(always)]
    unsafe fn blocks<V: Vector, const TALL: usize, const WIDE: usize>(self) {
        let Gram { rows, part, first, near, out } = self;
        let n = rows.len();
        let tiles = tiles(n, first..first + out.len() / n, TALL, WIDE);
        let ahead_of = &rows[first..];
        for start in part.clone().step_by(BLOCK) {
            let len = (part.end - start).min(BLOCK);
            let whole = len.next_multiple_of(SUMS);
            // the last block need not be whole sums
            let copied = n > IN_PLACE || len < whole;
            if copied {
                for (row, to) in rows[first..].iter().zip(near.chunks_exact_mut(STRIDE)) {
                    // SAFETY: the caller has V's instruction set.
                    unsafe { copy::<V>(&row[start..start + len], &mut to[..len]) };
                    to[len..whole].fill(0.0);
                }
            }
            // tiles at the edge make the last row's products once more
            let at = |r: usize| {
                let r = r.min(n - 1);
                if copied {
                    near[(r - first) * STRIDE..(r - first) * STRIDE + whole].as_ptr()
                } else {
                    rows[r][start..start + whole].as_ptr()
                }
            };
            for (t, tile) in tiles.iter().enumerate() {
                let asked = |tile: usize| tile * ahead_of.len() / tiles.len();
                let ahead = (&ahead_of[asked(t)..asked(t + 1)], start + BLOCK);
                let (mut tall, mut wide) = ([std::ptr::null(); TALL], [std::ptr::null(); WIDE]);
                for r in 0..TALL {
                    tall[r] = at(tile.i + r);
                }
                // SAFETY: the caller has V's instruction set; every row has so much.
                unsafe {
                    if tile.i == tile.j {
                        let among = products::<V, TALL, TALL>(tall, None, whole, ahead);
                        tile.add(among, n, first, out);
                    } else {
                        for c in 0..WIDE {
                            wide[c] = at(tile.j + c);
                        }
                        let between = products::<V, TALL, WIDE>(tall, Some(wide), whole, ahead);
                        tile.add(between, n, first, out);
                    }
                }
            }
        }
    }
}

/// Copies a row, which a call to the system's copying would do more slowly while memory is busy.
///
/// # Safety
/// The caller has V's instruction set; both are of one length.
#[inline(always)]
unsafe fn copy<V: Vector>(from: &[f32], to: &mut [f32]) {
    debug_assert_eq!(from.len(), to.len());
    let whole = from.len() / V::LANES * V::LANES;
    for i in (0..whole).step_by(V::LANES) {
        // SAFETY: as the caller vouches.
        unsafe { V::load(from.as_ptr().add(i)).store(to.as_mut_ptr().add(i)) };
    }
    to[whole..].copy_from_slice(&from[whole..]);
}

/// Pairs of the rows from `i` on with those from `j` on, up to `last`; where both are the same, of
/// the rows with each other.
struct Tile {
    i: usize,
    j: usize,
    last: usize,
}

impl Tile {
    /// Adds the pairs' products to theirs in the upper half of an `n × n` matrix, of which there are
    /// rows from `first` on.
    #[inline(always)]
    fn add<const TALL: usize, const WIDE: usize>(
        &self,
        products: [[f32; WIDE]; TALL],
        n: usize,
        first: usize,
        out: &mut [f64],
    ) {
        let &Tile { i, j, last } = self;
        for r in 0..TALL.min(n - i) {
            for c in 0..WIDE.min(last - j) {
                if i + r <= j + c {
                    out[(i + r - first) * n + j + c] += f64::from(products[r][c]);
                }
            }
        }
    }
}

/// The tiles that hold all pairs of some of `n` rows, whole bands of them, with those and with later
/// ones, band by band.
fn tiles(n: usize, some: Range<usize>, tall: usize, wide: usize) -> Vec<Tile> {
    let mut tiles = Vec::new();
    for top in some.step_by(BAND) {
        for left in (top..n).step_by(BAND) {
            let last = n.min(left + BAND);
            for i in (top..n.min(top + BAND)).step_by(tall) {
                tiles.extend((left == top).then_some(Tile { i, j: i, last }));
                let beside = (left.max(i + tall)..last).step_by(wide);
                tiles.extend(beside.map(|j| Tile { i, j, last }));
            }
        }
    }
    tiles
}

/// The products of `len` numbers, a multiple of sixteen, of every pair of a tall and a wide row;
/// without wide rows, of the tall ones with themselves and those after them, and of no account
/// elsewhere. Asks for the block from some coordinate on of the rows `ahead`.
///
/// # Safety
/// The caller has V's instruction set, of eight or sixteen lanes, and rows have so many numbers.
#[inline(always)]
unsafe fn products<V: Vector, const TALL: usize, const WIDE: usize>(
    tall: [*const f32; TALL],
    wide: Option<[*const f32; WIDE]>,
    len: usize,
    (ahead, start): (&[&[f32]], usize),
) -> [[f32; WIDE]; TALL] {
    let first = |r: usize| if wide.is_some() { 0 } else { r };
    // SAFETY: as the caller vouches.
    unsafe {
        // vectors of half the width go over the coordinates twice, so that sums stay in registers
        let mut halves = [[[V::splat(0.0); WIDE]; TALL]; 2];
        for (h, sums) in halves.iter_mut().take(SUMS / V::LANES).enumerate() {
            let mut here = *sums;
            for k in (h * V::LANES..len).step_by(SUMS) {
                if h == 0 {
                    for row in ahead {
                        prefetch_line(row.as_ptr().wrapping_add(start + k));
                    }
                }
                // no closures on vectors: one that is not inlined has no instruction set
                let mut columns = [V::splat(0.0); WIDE];
                for c in 0..WIDE {
                    let column = if let Some(wide) = wide { wide[c] } else { tall[c] };
                    columns[c] = V::load(column.add(k));
                }
                for r in 0..TALL {
                    let row = if wide.is_some() { V::load(tall[r].add(k)) } else { columns[r] };
                    for c in first(r)..WIDE {
                        here[r][c] = row.fma(columns[c], here[r][c]);
                    }
                }
            }
            *sums = here;
        }
        let mut totals = [[0.0; WIDE]; TALL];
        for r in 0..TALL {
            for four in (first(r)..WIDE).step_by(4) {
                let end = WIDE.min(four + 4);
                let mut sums = [V::splat(0.0); 4];
                for c in four..end {
                    let (a, b) = (halves[0][r][c], halves[1][r][c]);
                    sums[c - four] = if V::LANES == SUMS { a } else { a.add(b) };
                }
                totals[r][four..end].copy_from_slice(&V::sums(sums)[..end - four]);
            }
        }
        totals
    }
}
