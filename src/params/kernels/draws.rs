//! Random numbers by the thousand.

use super::philox;
use super::simd::{Kernel, Vector, run8, run16};
use crate::maths::normal_pair_f32;

/// Counters whose words are drawn together; each gives four normals.
const WIDTH: usize = 16;

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

    #[inline(always)]
    fn words_wide<const N: usize>(&self, position: u32, words: &mut [[u32; N]; 4]) {
        philox::wide(position, self.rest, self.key, words);
    }
}

/// The words of `N` positions in a row: `words[w][i]` is word `w` at `position + i`.
#[inline]
pub fn fill_words<const N: usize>(counters: Counters, position: u32, words: &mut [[u32; N]; 4]) {
    run8(Words { counters, position, words });
}

struct Words<'a, const N: usize> {
    counters: Counters,
    position: u32,
    words: &'a mut [[u32; N]; 4],
}

impl<const N: usize> Kernel for Words<'_, N> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        self.counters.words_wide(self.position, self.words);
    }
}

/// Fills `out` with standard normals: entry `i` is a function of the counters' name and of
/// `first_position · 4 + i` alone, where `first_position` counts groups of four.
pub fn fill_normals(counters: Counters, first_position: u32, out: &mut [f32]) {
    run16(Normals { counters, first: first_position, out });
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
            block(self.counters, position, chunk);
            position = position.wrapping_add(WIDTH as u32);
        }
        let rest = chunks.into_remainder();
        if !rest.is_empty() {
            let mut last = [0.0; 4 * WIDTH];
            block(self.counters, position, &mut last);
            rest.copy_from_slice(&last[..rest.len()]);
        }
    }
}

/// `4 · WIDTH` normals: counter `position + i` gives entries `i`, `WIDTH + i`, … of the block.
#[inline(always)]
fn block(counters: Counters, position: u32, out: &mut [f32]) {
    let mut words = [[0_u32; WIDTH]; 4];
    counters.words_wide(position, &mut words);
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
