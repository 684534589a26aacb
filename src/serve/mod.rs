//! The live page: a run looked at, and held, from a browser while it goes.
//! Lives here: the board that a run writes and viewers read, the server, and who may ask it for what.
//! May not: run anything by itself, or touch what a run computes other than through its
//! [`Controls`](crate::controls::Controls) and [`Halt`](crate::agent::Halt).
//!
//! ```text
//!   run ── Observer ──► Board ── 10 a second ──► Issue, made text once ──► feed, one a viewer
//!    ▲                                                                        │
//!    └─────────────── Controls, Halt ◄── routes ◄── guard ◄── listen ◄────────┘ browser
//! ```
//!
//! A viewer that does not read misses issues, it does not queue them: what a server holds for it is
//! one issue, which all viewers share. Connections, requests, bodies and waiting times are bounded
//! (`listen.rs`, `guard.rs`, `answer.rs`).

#![allow(clippy::disallowed_methods, reason = "what is watched is watched by the clock")]

mod answer;
mod board;
mod choices;
mod feed;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod guard;
mod issue;
mod listen;
mod routes;
mod runs;
mod scenarios;
mod site;
mod tiles;

pub use board::Board;
pub use listen::{ServeError, Server};
pub use site::{Launch, Site};
