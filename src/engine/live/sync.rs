//! What the bell is made of; `tests/bell_model.rs` gives it loom's in their place, which tries every
//! order in which threads can meet.

pub(super) use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
pub(super) use std::sync::{Condvar, Mutex, PoisonError};
