//! placeholder
/// A small network with low-rank adapters as job knowledge.
pub struct Mlp;
