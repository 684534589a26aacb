//! What is kept of a run under way: values as bytes, and back.
//! Lives here: the [`Writer`] by which whatever has a state puts it into a checkpoint, and the
//! [`Reader`] by which it takes it up again.
//! May not: know what a state is of, or where its bytes lie.
//!
//! Whoever takes up a state is made anew first, as it stands at the beginning of a run, and is then
//! filled: what a scenario says is not written down a second time. Numbers keep all their bits. A
//! reader trusts nothing: no length is believed before there are as many bytes, and whoever is
//! filled holds what it reads against what it is.

mod reader;
mod writer;

pub use reader::{Reader, StateError};
pub use writer::Writer;

#[cfg(test)]
mod tests;
