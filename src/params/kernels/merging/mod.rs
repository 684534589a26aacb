//! Kernels of merge strategies: many long rows, coordinate by coordinate or as wholes.
//! Lives here: order statistics, thresholds by magnitude, sign election, Gram matrices,
//! distances, and how sums over coordinates are cut.
//! May not: know what a contribution or a strategy is, nor start more threads than it is told.
//!
//! Every result has the same bits whatever the instruction set, however the coordinates are
//! cut where a kernel goes coordinate by coordinate, and however many threads share the chunks
//! where it sums over coordinates.

mod abreast;
mod bisect;
mod bracket;
mod elect;
mod gram;
mod magnitudes;
mod network;
mod order;
mod parts;
mod rank;
mod scratch;
mod select;
mod weighted;

pub use elect::{DivideBy, ElectBy, Election, elect};
pub use gram::{gram, mirror};
pub use magnitudes::Magnitudes;
pub use order::{mean_around_median, median, trimmed_mean};
pub use parts::{CHUNK, PARTS_MAX, parallel_chunks, parallel_chunks_with, parts, parts_mut};
pub use scratch::MergeScratch;
pub use select::{
    Cut, Selection, add_between, between, cut_of_largest, cuts_of_largest, keep_band, share_of,
};
pub use weighted::{
    dots, mean_and_distances, mean_and_distances_chunk, squared_distances, squared_norms,
};

#[cfg(test)]
mod tests;
