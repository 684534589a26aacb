//! Kernels of merge strategies: many long rows, coordinate by coordinate or as wholes.
//! Lives here: order statistics, thresholds by magnitude, sign election, Gram matrices,
//! distances.
//! May not: know what a contribution or a strategy is, nor start threads of its own accord.
//!
//! Every result has the same bits whatever the instruction set, however the coordinates are
//! cut where a kernel is coordinate by coordinate, and however chunks are spread over threads
//! where it sums over coordinates.

mod bisect;
mod network;
mod order;

pub use order::{OrderScratch, mean_around_median, median, trimmed_mean};
