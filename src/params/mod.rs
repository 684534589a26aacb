//! Parameters: blocks, dense and sparse, and their arithmetic.
//! Lives here: layouts, vectors over layouts, sums of many, stores for many owners, kernels.
//! May not: know who owns a vector or what it means.

pub mod kernels;
mod layout;
mod local;
mod sparse;
mod store;
mod sum;
mod tree;

pub use layout::Layout;
pub use local::Local;
pub use sparse::Sparse;
pub(crate) use store::first;
pub use store::{Store, feed_values};
pub use sum::BlockSum;
pub use tree::{FixedTree, Node};
