//! Checkpoints of models, and merge vectors of other implementations.
//! Lives here: the form of merge vectors and how a result is held to them.
//! May not: know what a strategy computes.

pub mod manifest;
