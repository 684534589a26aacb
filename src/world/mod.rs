//! Worlds: what generates work, and the data behind it.
//! Lives here: skills, companies, tasks and their truths; federated data, read or generated.
//! May not: know how an agent learns from it or who merges what.

pub mod dataset;
pub mod synthetic;
