//! How sums over coordinates are cut, so that their bits depend on nothing but their lengths.

pub use crate::threads::{parallel_chunks, parallel_chunks_with};

/// Coordinates of a chunk, the least that sums over coordinates are cut into.
pub const CHUNK: usize = 4096;

/// Parts that sums over coordinates are put together from, at most: threads beyond so many
/// have nothing to do.
pub const PARTS_MAX: usize = 32;

/// Coordinates `start..end` of each part of `len` coordinates: whole chunks, but for the last.
/// Depends on the two numbers alone.
pub fn parts(len: usize, most: usize) -> impl ExactSizeIterator<Item = std::ops::Range<usize>> {
    let chunks = len.div_ceil(CHUNK);
    let parts = chunks.min(most);
    (0..parts).map(move |part| {
        let at = |part: usize| (part * chunks / parts * CHUNK).min(len);
        at(part)..at(part + 1)
    })
}

/// The [`parts`] of `numbers`, each with its first coordinate.
pub fn parts_mut(
    numbers: &mut [f32],
    most: usize,
) -> impl ExactSizeIterator<Item = (usize, &mut [f32])> {
    let mut rest = numbers;
    parts(rest.len(), most).map(move |part| {
        let (numbers, later) = std::mem::take(&mut rest).split_at_mut(part.len());
        rest = later;
        (part.start, numbers)
    })
}

/// `out` = the sum of what the parts came to, in their order.
pub(super) fn add_parts(sums: &[Vec<f64>], out: &mut [f64]) {
    out.fill(0.0);
    for sum in sums {
        out.iter_mut().zip(sum).for_each(|(out, sum)| *out += sum);
    }
}
