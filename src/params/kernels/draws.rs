//! Random numbers by the thousand.

use super::simd::{Kernel, Vector, run16};
use crate::maths::normal_pair_f32;
use crate::stream::Key;

/// Counters whose words are drawn together; each gives four normals.
const WIDTH: usize = 16;

/// Fills `out` with standard normals: entry `i` is a function of the stream's name and of
/// `first_position · 4 + i` alone, where `first_position` counts groups of four.
pub fn fill_normals(key: Key, first_position: u32, out: &mut [f32]) {
    run16(Normals { key, first: first_position, out });
}

struct Normals<'a> {
    key: Key,
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
            block(self.key, position, chunk);
            position = position.wrapping_add(WIDTH as u32);
        }
        let rest = chunks.into_remainder();
        if !rest.is_empty() {
            let mut last = [0.0; 4 * WIDTH];
            block(self.key, position, &mut last);
            rest.copy_from_slice(&last[..rest.len()]);
        }
    }
}

/// `4 · WIDTH` normals: counter `position + i` gives entries `i`, `WIDTH + i`, … of the block.
#[inline(always)]
fn block(key: Key, position: u32, out: &mut [f32]) {
    let mut words = [[0_u32; WIDTH]; 4];
    key.words_wide(position, &mut words);
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
