//! Random numbers by the thousand.

use super::philox::{self, WIDTH};
use super::simd::{Kernel, Vector, run_widest};
use super::vectors::prefetch_line;
use crate::maths::normal_pair_f32;

/// Numbers that are asked for ahead of their time.
const AHEAD: usize = 512;

/// The name of a sequence of Philox counters `[position, rest…]` under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Philox's key.
    pub key: [u32; 2],
    /// The counter's words beside the position.
    pub rest: [u32; 3],
}

impl Counters {
    /// The four words at one position.
    #[inline(always)]
    pub fn words(&self, position: u32) -> [u32; 4] {
        let [a, b, c] = self.rest;
        philox::philox4x32([position, a, b, c], self.key)
    }

    /// # Safety
    /// The caller has V's instruction set, of eight or sixteen lanes.
    #[inline(always)]
    unsafe fn words_wide<V: Vector>(&self, position: u32, words: &mut [[u32; WIDTH]; 4]) {
        for i in (0..WIDTH).step_by(V::LANES) {
            let position = position.wrapping_add(i as u32);
            // SAFETY: as the caller vouches; a row of words has room for sixteen lanes.
            unsafe {
                let [drawn] = philox::wide::<V, 1>(position, self.rest, self.key);
                for w in 0..4 {
                    drawn[w].store(words[w].as_mut_ptr().add(i).cast());
                }
            }
        }
    }
}

/// The words of sixteen positions in a row: `words[w][i]` is word `w` at `position + i`.
#[inline]
pub fn fill_words(counters: Counters, position: u32, words: &mut [[u32; WIDTH]; 4]) {
    run_widest(Words { counters, position, words });
}

struct Words<'a> {
    counters: Counters,
    position: u32,
    words: &'a mut [[u32; WIDTH]; 4],
}

impl Kernel for Words<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        // SAFETY: the caller has V's instruction set.
        unsafe { self.counters.words_wide::<V>(self.position, self.words) };
    }
}

/// Fills `out` with the words of the entries `first..first + out.len()`, 64 entries of 16 positions
/// in a row, all first words before all second ones. Both are multiples of 64.
#[inline]
pub fn fill_entries(counters: Counters, first: usize, out: &mut [u32]) {
    run_widest(Entries { counters, first, out });
}

struct Entries<'a> {
    counters: Counters,
    first: usize,
    out: &'a mut [u32],
}

impl Kernel for Entries<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        debug_assert!(self.first.is_multiple_of(4 * WIDTH), "entries are drawn by 64");
        let Counters { key, rest } = self.counters;
        let position = (self.first / 4) as u32;
        let positions = self.out.len() / (4 * WIDTH) * WIDTH;
        let whole = positions / (TOGETHER * V::LANES) * TOGETHER * V::LANES;
        let store = |words: [V; 4], at: usize, out: &mut [u32]| {
            let to = &mut out[at / WIDTH * 4 * WIDTH..][..4 * WIDTH];
            for (w, word) in words.into_iter().enumerate() {
                // SAFETY: the caller has V's instruction set; a vector's lanes fit the sixteen
                // positions of a word.
                unsafe { word.store(to[w * WIDTH + at % WIDTH..].as_mut_ptr().cast()) };
            }
        };
        for at in (0..whole).step_by(TOGETHER * V::LANES) {
            // SAFETY: the caller has V's instruction set.
            let drawn =
                unsafe { philox::wide::<V, TOGETHER>(position.wrapping_add(at as u32), rest, key) };
            for (b, words) in drawn.into_iter().enumerate() {
                store(words, at + b * V::LANES, self.out);
            }
        }
        for at in (whole..positions).step_by(V::LANES) {
            // SAFETY: as above.
            let [words] =
                unsafe { philox::wide::<V, 1>(position.wrapping_add(at as u32), rest, key) };
            store(words, at, self.out);
        }
    }
}

/// What is kept of values by the words of their entries.
#[derive(Clone, Copy, Debug)]
pub struct Thinning {
    /// Whose words decide: those of 64 entries are those of 16 positions in a row, all first words
    /// before all second ones.
    pub counters: Counters,
    /// Values are kept whose word is below it.
    pub below: u64,
    /// What is kept is multiplied by it.
    pub factor: f32,
}

/// `out[i]` = `factor · values[i]` where the word of entry `first + i` is below `below`, else zero.
/// `first` is a multiple of 64.
///
/// # Panics
/// Where the lengths differ.
pub fn thin(thinning: Thinning, first: usize, values: &[f32], out: &mut [f32]) {
    if thinning.below == 0 {
        return out.fill(0.0);
    }
    run_widest(Thin::<false> { thinning, weight: 0.0, first, values, out });
}

/// `out[i] += weight · x[i]`, fused, with `x` what [`thin`] makes of `values`.
///
/// # Panics
/// As there.
pub fn add_thin(thinning: Thinning, weight: f32, first: usize, values: &[f32], out: &mut [f32]) {
    if thinning.below > 0 {
        run_widest(Thin::<true> { thinning, weight, first, values, out });
    }
}

struct Thin<'a, const ADD: bool> {
    thinning: Thinning,
    weight: f32,
    first: usize,
    values: &'a [f32],
    out: &'a mut [f32],
}

/// Entries that are decided of together, by the words of so many positions.
const ENTRIES: usize = 4 * POSITIONS;
const POSITIONS: usize = 2 * WIDTH;

/// Vectors of positions whose words are drawn together.
const TOGETHER: usize = 2;

impl<const ADD: bool> Kernel for Thin<'_, ADD> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        assert_eq!(self.values.len(), self.out.len());
        debug_assert!(self.first.is_multiple_of(4 * WIDTH), "entries are drawn by 64");
        let Thinning { counters: Counters { key, rest }, below, factor } = self.thinning;
        // the greatest word that keeps a value
        let last = u32::try_from(below - 1).unwrap_or(u32::MAX);
        let mut position = (self.first / 4) as u32;
        let chunks = self.values.chunks(ENTRIES).zip(self.out.chunks_mut(ENTRIES));
        for (values, out) in chunks {
            let (mut last_values, mut last_out) = ([0.0; ENTRIES], [0.0; ENTRIES]);
            let whole = values.len() == ENTRIES;
            if !whole {
                last_values[..values.len()].copy_from_slice(values);
                last_out[..out.len()].copy_from_slice(out);
            }
            let from = if whole { values.as_ptr() } else { last_values.as_ptr() };
            let to = if whole { out.as_mut_ptr() } else { last_out.as_mut_ptr() };
            for i in (0..POSITIONS).step_by(TOGETHER * V::LANES) {
                // SAFETY: the caller has V's instruction set, and so many numbers lie at either
                // end.
                unsafe {
                    let words = philox::wide::<V, TOGETHER>(position, rest, key);
                    for v in 0..4 * TOGETHER {
                        let (i, w) = (i + v / 4 * V::LANES, v % 4);
                        let at = i / WIDTH * 4 * WIDTH + w * WIDTH + i % WIDTH;
                        let (from, to) = (from.add(at), to.add(at));
                        prefetch_line(from.wrapping_add(AHEAD));
                        let x = V::load(from).mul(V::splat(factor));
                        let kept = words[v / 4][w].where_words_up_to(last, x);
                        let weight = V::splat(self.weight);
                        let sum = if ADD { weight.fma(kept, V::load(to)) } else { kept };
                        sum.store(to);
                    }
                }
                position = position.wrapping_add((TOGETHER * V::LANES) as u32);
            }
            if !whole {
                out.copy_from_slice(&last_out[..out.len()]);
            }
        }
    }
}

/// Fills `out` with standard normals: entry `i` is a function of the counters' name and of
/// `first_position · 4 + i` alone, where `first_position` counts groups of four.
pub fn fill_normals(counters: Counters, first_position: u32, out: &mut [f32]) {
    run_widest(Normals { counters, first: first_position, out });
}

struct Normals<'a> {
    counters: Counters,
    first: u32,
    out: &'a mut [f32],
}

impl Kernel for Normals<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let mut position = self.first;
        let mut chunks = self.out.chunks_exact_mut(4 * WIDTH);
        for chunk in &mut chunks {
            // SAFETY: the caller has V's instruction set.
            unsafe { block::<V>(self.counters, position, chunk) };
            position = position.wrapping_add(WIDTH as u32);
        }
        let rest = chunks.into_remainder();
        if !rest.is_empty() {
            let mut last = [0.0; 4 * WIDTH];
            // SAFETY: as above.
            unsafe { block::<V>(self.counters, position, &mut last) };
            rest.copy_from_slice(&last[..rest.len()]);
        }
    }
}

/// `4 · WIDTH` normals: counter `position + i` gives entries `i`, `WIDTH + i`, … of the block.
///
/// # Safety
/// The caller has V's instruction set, of eight or sixteen lanes.
#[inline(always)]
unsafe fn block<V: Vector>(counters: Counters, position: u32, out: &mut [f32]) {
    let mut words = [[0_u32; WIDTH]; 4];
    // SAFETY: as the caller vouches.
    unsafe { counters.words_wide::<V>(position, &mut words) };
    let (first, second) = out.split_at_mut(2 * WIDTH);
    let (a, b) = first.split_at_mut(WIDTH);
    let (c, d) = second.split_at_mut(WIDTH);
    for i in 0..WIDTH {
        (a[i], b[i]) = normal_pair_f32(words[0][i], words[1][i]);
    }
    for i in 0..WIDTH {
        (c[i], d[i]) = normal_pair_f32(words[2][i], words[3][i]);
    }
}
